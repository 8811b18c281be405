/**
 * The last words of a process. Promises to keep at most 500 lines and 256 KiB, newest last, with
 * secrets replaced before anything is stored. It must never grow with what a process writes.
 */
import { redactor } from '../redact.ts';

export interface OutputLine {
  stream: 'stdout' | 'stderr';
  text: string;
}

const linesMax = 500;
const bytesMax = 262_144;

export class OutputRing {
  #lines: OutputLine[] = [];
  #bytes = 0;
  #redact: (text: string) => string = redactor();
  #readers = new Set<(line: OutputLine) => void>();

  /** A copy, oldest first. */
  get lines(): readonly OutputLine[] {
    return [...this.#lines];
  }

  last(count: number): string[] {
    return this.#lines.slice(-count).map((line) => line.text);
  }

  /** A new process begins: its words only, without what is secret in its environment. */
  begin(env: Readonly<Record<string, string | undefined>>) {
    this.#redact = redactor(env);
    this.#lines = [];
    this.#bytes = 0;
  }

  push(stream: OutputLine['stream'], raw: string) {
    const line = { stream, text: this.#redact(raw) };
    this.#lines.push(line);
    this.#bytes += line.text.length;
    while (this.#lines.length > linesMax || this.#bytes > bytesMax) {
      this.#bytes -= this.#lines.shift()?.text.length ?? 0;
    }
    // readiness may have to read what must not be stored: a port, never kept beyond the match
    for (const reader of this.#readers) reader({ stream, text: raw });
  }

  /** Calls `reader` with every line from now on; returns how to stop. */
  follow(reader: (line: OutputLine) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}
