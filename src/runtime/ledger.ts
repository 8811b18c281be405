/**
 * The restarts that were asked for: by whom, why, due when, and what became of each. Data only;
 * the machine counts them and decides. Promises that each is told once when it is entered and once
 * with its outcome, whatever that is. It must never drop an entry that has none.
 */
import type { Clock } from '../ports.ts';
import type { PendingIntent } from './status.ts';

/** `failed`: what replaced the process did not start, and whoever asked has the error */
export type Outcome = 'replaced' | 'joined' | 'superseded' | 'refused' | 'failed';

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

  enter(number: number, ask: { because: string; by: 'user' | 'host'; settleMs: number }): Entry {
    const { because, by, settleMs } = ask;
    const dueAt = this.#clock.wallNow() + settleMs;
    const joined = this.#entries.length > 0;
    const entry = { id: this.#nextId++, number, because, by, dueAt, joined };
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

const shown = ({ id, because, by, dueAt }: Entry): PendingIntent => ({ id, because, by, dueAt });

/** How far the restarts have come, as the root counts them. */
export interface Numbers {
  asked: number;
  served: number;
  dropped: number;
  refused: number;
}

/** What became of a restart without a launch: a stop dropped it, or it was not ours to replace. */
export function unserved(number: number, { dropped, refused }: Numbers) {
  if (refused >= number) return { value: 'refused' as const };
  return dropped >= number ? { value: 'superseded' as const } : undefined;
}

export function numbersIn(context: Readonly<Record<string, unknown>>): Numbers {
  const { asked = 0, served = 0, dropped = 0, refused = 0 }: Partial<Numbers> = context;
  return { asked, served, dropped, refused };
}
