/**
 * The restarts and reloads that were asked for: by whom, why, due when, and what became of each.
 * Data only; the machine counts them and decides. Promises that each is told once when it is
 * entered and once with its outcome, whatever that is. It must never drop one that has none.
 */
import type { Clock } from '../ports.ts';
import type { PendingIntent } from './status.ts';

/** What is asked for; `because`: for the log and the status. */
export interface Ask {
  verb: 'restart' | 'reload';
  because: string;
  by: 'user' | 'host';
  settleMs: number;
}

/**
 * What came of it. Of a restart: `replaced`. Of a reload: `applied`, `skipped` when nothing was to
 * be done, or `restarted`. `failed`: the process was replaced and did not start again, and whoever
 * asked has the error
 */
export type Outcome =
  | ('replaced' | 'applied' | 'skipped' | 'restarted')
  | ('joined' | 'superseded' | 'refused' | 'failed');

export interface Entry extends PendingIntent {
  /** the machine's count when it took this one */
  number: number;
  /** somebody had asked before, and this one goes along */
  joined: boolean;
}

export class Ledger {
  #entries: Entry[] = [];
  #nextId = 1;
  #clock: Clock;
  #changed: (intent: PendingIntent & { outcome?: Outcome }) => void;

  constructor(clock: Clock, changed: (intent: PendingIntent & { outcome?: Outcome }) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** What still waits, oldest first; the same array until something changed. */
  pending: PendingIntent[] = [];

  /** Would a request with this delay be due after everything that waits? */
  isLater(settleMs: number): boolean {
    const due = this.#clock.wallNow() + settleMs;
    return this.#entries.every((entry) => entry.dueAt < due);
  }

  enter(number: number, { verb, because, by, settleMs }: Ask): Entry {
    const dueAt = this.#clock.wallNow() + settleMs;
    const joined = this.#entries.length > 0;
    const entry = { id: this.#nextId++, number, verb, because, by, dueAt, joined };
    this.#entries.push(entry);
    this.#changed(shown(entry));
    this.#publish();
    return entry;
  }

  settle(entry: Entry, outcome: Outcome) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#changed({ ...shown(entry), outcome });
    this.#publish();
  }

  /** Entries that the machine has served, dropped or refused are no longer waiting. */
  prune(done: number) {
    const kept = this.#entries.filter((entry) => entry.number > done);
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    this.#publish();
  }

  #publish() {
    this.pending = this.#entries.map(shown);
  }
}

const shown = ({ id, verb, because, by, dueAt }: Entry): PendingIntent => ({
  ...{ id, verb, because, by, dueAt },
});

/** How far the restarts and reloads have come, as the root counts them. */
export type Numbers = Record<'asked' | 'served' | 'applied' | 'dropped' | 'refused', number>;

/** What became of it without a launch: a reload, a stop that dropped it, or it was not ours. */
export function unserved(number: number, { applied, dropped, refused }: Numbers) {
  if (applied >= number) return { value: 'applied' as const };
  if (refused >= number) return { value: 'refused' as const };
  return dropped >= number ? { value: 'superseded' as const } : undefined;
}

export function numbersIn(context: Readonly<Record<string, unknown>>): Numbers {
  const counts: Partial<Numbers> = context;
  const { asked = 0, served = 0, applied = 0, dropped = 0, refused = 0 } = counts;
  return { asked, served, applied, dropped, refused };
}
