/**
 * What a process writes, line by line. Promises to keep at most 500 lines and 256 KiB of them,
 * newest last, each at most 16 KiB, without escape sequences and with secrets replaced before
 * anything is stored or handed to the log. It must never grow with what a process writes.
 */
import { stripVTControlCharacters } from 'node:util';
import { type Known, type Redact, redactor } from '../redact.ts';

export interface OutputLine {
  stream: 'stdout' | 'stderr';
  text: string;
}

/** Who else hears each line, as it may be shown. */
export interface LineLog {
  begin(): void;
  heard(line: OutputLine): void;
  /** nothing more comes */
  end(): void;
}

const linesMax = 500;
const bytesMax = 262_144;
const lineBytesMax = 16 * 1024;
const cutMark = ' [line cut at 16 KiB]';
/** how many of its last lines an exit is reported with, and how much of each */
const lastWords = { lines: 20, characters: 1_000 };

const silent: LineLog = { begin() {}, heard() {}, end() {} };

export class OutputRing {
  #lines: OutputLine[] = [];
  #bytes = 0;
  #redact: Redact;
  #log: LineLog;
  #readers = new Set<(line: OutputLine) => void>();

  /** `known`: what is known of the process before the first one begins */
  constructor(log: LineLog = silent, known: Known = {}) {
    this.#log = log;
    this.#redact = redactor(known);
  }

  /** A copy, oldest first. */
  get lines(): readonly OutputLine[] {
    return [...this.#lines];
  }

  /** The last lines that say something, oldest first. */
  get lastWords(): string[] {
    const said = this.#lines.filter(({ text }) => text.trim() !== '');
    return said.slice(-lastWords.lines).map(({ text }) => text.slice(0, lastWords.characters));
  }

  /** Without the secrets of the present process, or the last one. */
  clean(text: string): string {
    return this.#redact(text);
  }

  /** A new process begins: its words only, without what is secret in its environment. */
  begin(known: Known) {
    this.#log.end();
    this.#redact = redactor(known);
    this.#lines = [];
    this.#bytes = 0;
    this.#log.begin();
  }

  push(stream: OutputLine['stream'], raw: string) {
    const line = { stream, text: shown(raw, this.#redact) };
    this.#lines.push(line);
    this.#bytes += size(line);
    while (this.#lines.length > linesMax || this.#bytes > bytesMax) {
      const oldest = this.#lines.shift();
      this.#bytes -= oldest === undefined ? this.#bytes : size(oldest);
    }
    // readiness may have to read what must not be stored: a port, never kept beyond the match
    for (const reader of this.#readers) reader({ stream, text: raw });
    this.#log.heard(line);
  }

  /** Nobody is left who could write. */
  end() {
    this.#log.end();
  }

  /** Calls `reader` with every line from now on; returns how to stop. */
  follow(reader: (line: OutputLine) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}

/** How a line may be shown: without escapes and secrets, and not longer than 16 KiB. */
export function showing(known: Known): (raw: string) => string {
  const redact = redactor(known);
  return (raw) => shown(raw, redact);
}

/** A driver of the host's own may bring a line of any length, or one that was cut before. */
function shown(raw: string, redact: Redact): string {
  const marked = raw.endsWith(cutMark);
  const whole = marked ? raw.slice(0, -cutMark.length) : raw;
  const kept = clipped(whole, lineBytesMax);
  const cut = marked || kept.length < whole.length;
  const clean = redact(stripVTControlCharacters(kept), cut);
  const room = lineBytesMax - (cut ? cutMark.length : 0);
  return clipped(clean, room) + (cut ? cutMark : '');
}

const size = ({ text }: OutputLine): number => Buffer.byteLength(text);

/** At most so many bytes of it, in whole characters. */
function clipped(text: string, bytes: number): string {
  if (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes) return text;
  const head = Buffer.from(text.slice(0, bytes));
  let end = Math.min(bytes, head.length);
  while (end > 0 && ((head[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return head.toString('utf8', 0, end);
}
