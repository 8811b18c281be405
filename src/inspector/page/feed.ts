/**
 * The recording as it comes in: every entry applied, the last ones kept, and any moment of them to
 * be had. It promises one change for as many lines as came together. It must never ask anybody but
 * the server of this page, or write the token anywhere.
 */
import type { DiagramModel } from '../../diagram/model.ts';
import { type Entry, readRecording } from '../recording.ts';
import { Moment } from './moment.ts';

export type Reading = 'waiting' | 'live' | 'over' | 'refused';

/** Entries between which one can go back in time; all are counted. */
const keptMost = 100_000;
/** Moments that are kept to go on from, each so many entries after the last. */
const stride = 2_000;

const header = '{"holdfast":"recording","version":1,"missing":0}\n';

export class Feed {
  reading: Reading = 'waiting';
  readonly models = new Map<string, DiagramModel>();
  /** those that are kept, without definitions */
  readonly entries: Entry[] = [];
  count = 0;
  missing = 0;
  readonly #last = new Moment();
  /** what was before each `stride` of the entries */
  readonly #marks: Moment[] = [];
  #rest = '';
  /** the moment of this page at which the recording was at 0 */
  #zero = Number.POSITIVE_INFINITY;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Where the recording is, in its own milliseconds; it stands still once nothing comes. */
  get now(): number {
    const { at } = this.#last;
    return this.reading === 'live' ? Math.max(at, performance.now() - this.#zero) : at;
  }

  /** After so many of the entries; without a number, after all. */
  moment(length?: number): Moment {
    if (length === undefined || length >= this.entries.length) return this.#last;
    const mark = Math.floor(length / stride);
    const moment = this.#marks[mark]?.copy() ?? new Moment();
    for (const entry of this.entries.slice(mark * stride, length)) moment.apply(entry);
    return moment;
  }

  async read(token: string): Promise<void> {
    try {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch('/recording', { headers, cache: 'no-store' });
      if (!response.ok || response.body === null) {
        this.#become('refused');
        return;
      }
      this.#become('live');
      const lines = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await lines.read(); !piece.done; piece = await lines.read()) {
        this.take(piece.value);
      }
    } catch {
      // the app has ended: what was read stays
    }
    this.#become('over');
  }

  take(text: string): void {
    const whole = `${this.#rest}${text}`;
    const end = whole.lastIndexOf('\n') + 1;
    this.#rest = whole.slice(end);
    let lines = whole.slice(0, end);
    if (lines.startsWith('{"holdfast"')) {
      const first = lines.indexOf('\n') + 1;
      this.missing = readRecording(lines.slice(0, first)).header.missing;
      lines = lines.slice(first);
    }
    if (lines === '') return;
    for (const entry of readRecording(`${header}${lines}`).entries) this.#apply(entry);
    this.#changed();
  }

  #become(reading: Reading): void {
    this.reading = reading;
    this.#changed();
  }

  #apply(entry: Entry): void {
    this.count += 1;
    if (entry.kind === 'machine') {
      this.models.set(entry.machine, entry.model);
      return;
    }
    if (this.entries.length % stride === 0) this.#marks.push(this.#last.copy());
    this.#zero = Math.min(this.#zero, performance.now() - entry.at);
    this.#last.apply(entry);
    this.entries.push(entry);
    if (this.entries.length <= keptMost) return;
    this.entries.splice(0, stride);
    this.#marks.shift();
  }
}
