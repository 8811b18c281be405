/**
 * One who reads a recording while it grows. It promises the whole of it, in order and without a
 * gap, or an end. It must never let what waits for a slow reader grow beyond its bound.
 */
import type { ServerResponse } from 'node:http';
import type { Recorder } from './recorder.ts';

/** A recorder, or what a file holds. */
export type Source = Pick<Recorder, 'text' | 'listen'> & Partial<Pick<Recorder, 'actor' | 'asked'>>;

/** What may wait for a reader besides what had been recorded before he came, bytes. */
const waitingMost = 1024 * 1024;
/** Of what had been recorded, so much is written at once, bytes. */
const pieceMost = 64 * 1024;

export class Reader {
  readonly #response: ServerResponse;
  readonly #tooSlow: () => void;
  readonly #quiet: () => void;
  /** what had been recorded when he came, and how far he has it */
  #past: string;
  #at = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #isOver = false;

  constructor(recording: Source, response: ServerResponse, tooSlow: () => void) {
    this.#response = response;
    this.#tooSlow = tooSlow;
    this.#past = recording.text();
    this.#quiet = recording.listen((line) => this.#hear(line));
    this.#go();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#quiet();
    // what was recorded last is written; who had not even the past has missed more than that
    const last = this.#past === '' ? this.#waiting.join('') : '';
    this.#past = '';
    this.#waiting = [];
    this.#response.end(last);
  }

  #hear(line: string): void {
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (this.#waitingBytes > waitingMost) {
      this.#tooSlow();
      this.#waiting = [];
      this.end();
      this.#response.destroy();
    } else if (!this.#isWriting) {
      // not within the step that is being recorded
      this.#isWriting = true;
      setImmediate(() => this.#go()).unref();
    }
  }

  #go(): void {
    this.#isWriting = true;
    while (!this.#isOver) {
      const piece = this.#next();
      if (piece === '') {
        this.#isWriting = false;
        return;
      }
      if (this.#response.write(piece)) continue;
      this.#response.once('drain', () => this.#go());
      return;
    }
  }

  #next(): string {
    if (this.#at < this.#past.length) {
      // whole lines: a sign that takes two units is not cut
      const end = this.#past.indexOf('\n', this.#at + pieceMost) + 1 || this.#past.length;
      const piece = this.#past.slice(this.#at, end);
      this.#at = end;
      return piece;
    }
    this.#past = '';
    this.#at = 0;
    const piece = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingBytes = 0;
    return piece;
  }
}
