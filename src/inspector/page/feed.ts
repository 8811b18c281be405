/**
 * The recording as it comes in: every entry applied, the last ones kept, and any moment of them to
 * be had. It promises one change for as many lines as came together. It must never ask anybody but
 * the server of this page, or write the token anywhere.
 */
import type { DiagramModel } from '../../diagram/model.ts';
import { lineOf } from '../line.ts';
import { type Entry, headerOf, type Offer, type Recording, readRecording } from '../recording.ts';
import { Moment } from './moment.ts';

export type Reading = 'waiting' | 'live' | 'over' | 'refused';

/** Entries between which one can go back in time; all are counted. */
const keptMost = 100_000;
/** Moments that are kept to go on from, each so many entries after the last. */
const stride = 500;

const header = `${JSON.stringify(headerOf(0))}\n`;

export class Feed {
  reading: Reading = 'waiting';
  readonly models = new Map<string, DiagramModel>();
  /** of every actor that there ever was */
  readonly paths = new Map<number, string>();
  /** those that are kept, without definitions */
  readonly entries: Entry[] = [];
  /** what may be asked for here */
  offer: Offer = { verbs: [], events: {} };
  count = 0;
  missing = 0;
  readonly #last = new Moment();
  /** what was before each `stride` of the entries */
  readonly #marks: Moment[] = [];
  /** how many entries there were with each that is odd */
  #odd: number[] = [];
  #rest = '';
  #headers: Readonly<Record<string, string>> = {};
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

  /** So many entries are shown where the next odd one is the last; undefined: there is none. */
  oddAfter(length: number): number | undefined {
    return this.#odd.find((at) => at > length);
  }

  oddBefore(length: number): number | undefined {
    return this.#odd.findLast((at) => at < length);
  }

  /** After so many of the entries; without a number, after all. */
  moment(length?: number): Moment {
    if (length === undefined || length >= this.entries.length) return this.#last;
    const mark = Math.floor(length / stride);
    const moment = this.#marks[mark]?.copy() ?? new Moment();
    for (const entry of this.entries.slice(mark * stride, length)) moment.apply(entry);
    return moment;
  }

  /** All that is kept. */
  recording(): Recording {
    const [first] = this.#marks;
    const actors = [...(first?.replica.actors.values() ?? [])];
    const gone = this.count - this.models.size - this.entries.length + this.missing;
    const base: Entry[] = actors.length === 0 ? [] : [{ n: 0, at: 0, kind: 'base', actors }];
    const models = [...this.models].map(([machine, model]): Entry => {
      return { n: 0, at: 0, kind: 'machine', machine, model };
    });
    return { header: headerOf(gone), entries: [...models, ...base, ...this.entries], cut: false };
  }

  /** False: it was refused, or nobody is there any more. */
  async ask(what: { verb: string } | { to: number; event: object }): Promise<boolean> {
    const headers = { ...this.#headers, 'content-type': 'application/json' };
    const body = JSON.stringify(what);
    const answer = await fetch('/commands', { method: 'POST', headers, body }).catch(() => null);
    return answer?.ok ?? false;
  }

  async read(token: string): Promise<void> {
    this.#headers = { authorization: `Bearer ${token}` };
    const headers = this.#headers;
    try {
      const response = await fetch('/recording', { headers });
      if (!response.ok || response.body === null) {
        this.#become('refused');
        return;
      }
      const offered = await fetch('/commands', { headers });
      if (offered.ok) this.offer = (await offered.json()) as Offer;
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

  /** A recording that is in the page. */
  hold(text: string): void {
    this.take(text);
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
    for (const { actor, path } of madeBy(entry)) this.paths.set(actor, path);
    if (this.entries.length % stride === 0) this.#marks.push(this.#last.copy());
    this.#zero = Math.min(this.#zero, performance.now() - entry.at);
    this.#last.apply(entry);
    this.entries.push(entry);
    if (this.#isOdd(entry)) this.#odd.push(this.entries.length);
    if (this.entries.length <= keptMost) return;
    this.entries.splice(0, stride);
    this.#marks.shift();
    this.#odd = this.#odd.flatMap((at) => (at > stride ? at - stride : []));
  }

  /** What somebody who looks for trouble looks for: also a machine that was made anew. */
  #isOdd(entry: Entry): boolean {
    const { spawns } = this.#last;
    if (entry.kind !== 'spawn') return lineOf(entry, this.paths)?.mark === 'odd';
    return entry.machine !== undefined && (spawns.get(entry.path) ?? 0) > 1;
  }
}

const madeBy = (entry: Entry): readonly { actor: number; path: string }[] => {
  if (entry.kind === 'base') return entry.actors;
  return entry.kind === 'spawn' ? [entry] : [];
};
