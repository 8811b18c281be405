/**
 * The last lines of a recording, up to a count and a size. It promises that what is let go is
 * folded into what was true before the rest. It must never let go what happened later first.
 */
import type { Entry } from './recording.ts';
import { Replica } from './replica.ts';

export class Ring {
  readonly #most: number;
  readonly #bytesMost: number;
  readonly #base = new Replica();
  #lines: string[] = [];
  #first = 0;
  #bytes = 0;
  missing = 0;
  #baseAt = { n: 0, at: 0 };

  constructor(most: number, bytesMost: number) {
    this.#most = most;
    this.#bytesMost = bytesMost;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
    while (this.#lines.length - this.#first > this.#most || this.#bytes > this.#bytesMost)
      this.#drop();
    // an array that is only read from its middle is made anew
    if (this.#first > 1_000 && this.#first * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
  }

  #drop(): void {
    const line = this.#lines[this.#first] ?? '';
    this.#lines[this.#first] = '';
    this.#first += 1;
    this.#bytes -= sizeOf(line);
    this.missing += 1;
    const entry = JSON.parse(line) as Entry;
    this.#baseAt = { n: entry.n, at: entry.at };
    this.#base.apply(entry);
  }

  lines(): string[] {
    const kept = this.#lines.slice(this.#first);
    if (this.missing === 0) return kept;
    const actors = [...this.#base.actors.values()];
    const base: Entry = { ...this.#baseAt, kind: 'base', actors };
    return [`${JSON.stringify(base)}\n`, ...kept];
  }
}

const sizeOf = (line: string): number =>
  /^[\x20-\x7e\n]*$/.test(line) ? line.length : new TextEncoder().encode(line).length;
