/**
 * A part of a recording as a sequence to be drawn: the same picture as that of a counterexample.
 * It promises a number for every message, that of its entry, and the marks of what was dropped or
 * ignored. It must never leave out an entry by which something happened.
 */
import type { Event, Lane, Sequence, Told } from '../diagram/sequence.ts';
import { byTree, shortName, timerName } from '../verify/paths.ts';
import type { Entry, Recording, Value } from './recording.ts';
import type { Shown } from './shown.ts';

/** Who sends what no actor sends. */
const outside = 'outside';

export interface Part {
  /** the number of its first entry */
  from: number;
  /** the number of its last entry */
  to: number;
}

export function sequenceOf({ entries }: Recording, { from, to }: Part): Sequence {
  const paths = new Map<number, string>();
  for (const entry of entries) {
    if (entry.kind === 'base') for (const one of entry.actors) paths.set(one.actor, one.path);
    if (entry.kind === 'spawn') paths.set(entry.actor, entry.path);
  }
  const teller = new Teller(paths, entries);
  // what came before is told to nobody, and known
  for (const entry of entries) if (entry.n < from) teller.told(entry);
  const part = entries.filter(({ n, kind }) => n >= from && n <= to && kind !== 'base');
  const events = part.flatMap((entry) => teller.told(entry));
  const first = part.at(0);
  const last = part.at(-1);
  const span = first && last ? `, ${seconds(first.at)} to ${seconds(last.at)}` : '';
  return {
    id: 'recording',
    description: `entries ${from} to ${to}${span}`,
    lanes: lanesOf(events),
    events,
  };
}

const lasting = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toPrecision(3))} s`;

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

class Teller {
  readonly #paths: ReadonlyMap<number, string>;
  /** numbers of the entries whose event was taken and ignored */
  readonly #ignored: ReadonlySet<number>;
  /** and of those whose receiver ended before it took them */
  readonly #dropped: ReadonlySet<number>;
  readonly #values = new Map<number, Value>();
  /** how long each timer was to run */
  readonly #armed = new Map<string, number>();

  constructor(paths: ReadonlyMap<number, string>, entries: readonly Entry[]) {
    this.#paths = paths;
    this.#ignored = new Set(
      entries.flatMap((one) =>
        one.kind === 'step' && one.edges.length === 0 ? (one.of ?? []) : [],
      ),
    );
    this.#dropped = new Set(entries.flatMap((one) => (one.kind === 'dropped' ? one.of : [])));
  }

  told(entry: Entry): Told[] {
    const number = entry.n;
    return this.#events(entry).map((event, i) => (i === 0 ? { ...event, number } : event));
  }

  #events(entry: Entry): Event[] {
    switch (entry.kind) {
      case 'spawn': {
        const { actor, parent } = entry;
        const from = parent === undefined ? outside : this.#at(parent);
        return [{ kind: 'spawn', from, to: this.#at(actor) }];
      }
      case 'sent': {
        const isDropped = entry.dropped ?? this.#dropped.has(entry.n);
        const words = `${wordsOf(entry.event)}${this.#ignored.has(entry.n) ? ' (ignored)' : ''}`;
        const from = entry.from === undefined ? outside : this.#at(entry.from);
        const to = this.#at(entry.to);
        return [{ kind: 'message', from, to, words, ...(isDropped && { dropped: true }) }];
      }
      case 'fired': {
        const late = entry.lateMs >= lateFrom ? `, ${Math.round(entry.lateMs)} ms late` : '';
        const ms = this.#armed.get(`${entry.actor} ${entry.timer}`);
        const wait = ms === undefined ? '' : ` (${lasting(ms)})`;
        const words = `after ${timerName(entry.timer)}${wait}${late}`;
        return [{ kind: 'self', at: this.#at(entry.actor), words }];
      }
      case 'step':
      case 'state':
        return entry.value === undefined ? [] : [this.#moved(entry.actor, entry.value)];
      case 'armed':
        this.#armed.set(`${entry.actor} ${entry.timer}`, entry.ms);
        return [];
      case 'stopped':
        return [{ kind: 'stop', at: this.#at(entry.actor) }];
      default:
        return [];
    }
  }

  /** Of regions side by side, those that moved. */
  #moved(actor: number, value: Value): Event {
    const before = this.#values.get(actor);
    this.#values.set(actor, value);
    return { kind: 'state', at: this.#at(actor), words: becameWords(before, value) };
  }

  /** Those of one path, one after another, share a lane. */
  #at(actor: number): string {
    return this.#paths.get(actor) ?? `actor ${actor}`;
  }
}

/** A timer that is later than a busy event loop makes it, milliseconds. */
export const lateFrom = 50;

/** What is in an envelope, and the words that it carries: `socket.closed lost`. */
export function wordsOf(event: Shown): string {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return '…';
  const inner = event.report ?? event.order;
  if (inner !== undefined && event.gen !== undefined) return wordsOf(inner);
  const { type, ...rest } = event;
  const words = Object.values(rest).filter((one) => typeof one === 'string');
  return [type, ...words].join(' ');
}

/** Where it is now; of regions side by side, those that moved. */
export function becameWords(before: Value | undefined, now: Value): string {
  const regions = isRegions(now) && isRegions(before) ? moved(before, now) : {};
  return shortValue(Object.keys(regions).length === 0 ? now : regions);
}

/** As a trace writes it: `waiting.floored`, `life.wanted + ledger.idle`. */
export function shortValue(value: Value): string {
  if (typeof value === 'string') return value;
  const regions = Object.entries(value).map(([name, inner]) => {
    const below = shortValue(inner);
    return below === '' ? name : `${name}.${below}`;
  });
  return regions.join(' + ');
}

type Regions = { [region: string]: Value };

const isRegions = (value: Value | undefined): value is Regions =>
  typeof value === 'object' && Object.keys(value).length > 1;

function moved(before: Regions, after: Regions): Regions {
  const isNew = ([name, value]: [string, Value]) =>
    JSON.stringify(before[name]) !== JSON.stringify(value);
  return Object.fromEntries(Object.entries(after).filter(isNew));
}

/** In the order of the tree; whoever is outside comes first. */
function lanesOf(events: readonly Event[]): Lane[] {
  const seen = new Map<string, boolean>();
  for (const event of events) {
    for (const at of 'at' in event ? [event.at] : [event.from, event.to]) {
      const isSpawn = event.kind === 'spawn' && at === event.to;
      if (!seen.has(at)) seen.set(at, !isSpawn);
    }
  }
  const ids = [...seen.keys()].sort(
    (a, b) => Number(b === outside) - Number(a === outside) || byTree(a, b),
  );
  return ids.map((id) => ({ id, title: shortName(id, ids), before: seen.get(id) === true }));
}
