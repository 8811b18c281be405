/**
 * A clock that moves when a test moves it. It promises that timers fire one at a time, in the
 * order in which they are due, and that what follows from one has happened before the next. It
 * must never move by itself, and never fire from inside the call that armed a timer.
 */

import type { Clock } from '../../src/ports.ts';

/** a fact that hops through transport, driver and runtime is home after so many */
const turnsAtLeast = 6;
const roundsMax = 1000;
const birth = 1_700_000_000_000;

interface Timer {
  due: number;
  run: () => void;
}

/** Lets every microtask and every immediate that is due run. */
export async function turns(count = turnsAtLeast): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export class FakeClock implements Clock {
  /** called after each flush, when nothing moves: the place for checks of the whole */
  onStep: () => void = () => {};
  #now = 0;
  #ids = 0;
  /** how often a timer was armed or disarmed: as long as this grows, somebody is at work */
  #stirs = 0;
  readonly #timers = new Map<unknown, Timer>();

  get armed(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return birth + this.#now;
  }

  setTimeout(run: () => void, ms: number): unknown {
    this.#stirs += 1;
    this.#ids += 1;
    this.#timers.set(this.#ids, { due: this.#now + Math.max(0, ms), run });
    return this.#ids;
  }

  clearTimeout(id: unknown): void {
    if (this.#timers.delete(id)) this.#stirs += 1;
  }

  /** When the next timer fires, in the milliseconds of `now`. */
  nextDue(): number | undefined {
    return this.#first()?.[1].due;
  }

  /** Lets what is under way happen, without moving time. */
  async settle(): Promise<void> {
    await this.#flush();
    this.onStep();
  }

  /** Fires what is due on the way, in order, and lets what follows from it happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    while (this.#fireNext(end)) await this.settle();
    if (this.#now === end) return;
    this.#now = end;
    await this.settle();
  }

  /** Goes from timer to timer until it is so; fails when that takes more than `limitMs`. */
  async until(what: () => boolean, limitMs: number): Promise<void> {
    const begin = this.#now;
    await this.settle();
    while (!what()) {
      if (!this.#fireNext(begin + limitMs)) throw new Error(this.#complaint(what, begin, limitMs));
      await this.settle();
    }
  }

  /** As `pass`, without a turn of the event loop: for plain stores. */
  jump(ms: number): void {
    const end = this.#now + ms;
    while (this.#fireNext(end));
    this.#now = end;
  }

  #first(): [id: unknown, timer: Timer] | undefined {
    let first: [unknown, Timer] | undefined;
    for (const entry of this.#timers) {
      if (first === undefined || entry[1].due < first[1].due) first = entry;
    }
    return first;
  }

  #fireNext(end: number): boolean {
    const [id, timer] = this.#first() ?? [];
    if (timer === undefined || timer.due > end) return false;
    this.#now = timer.due;
    this.#timers.delete(id);
    timer.run();
    return true;
  }

  async #flush(): Promise<void> {
    for (let round = 0; round < roundsMax; round += 1) {
      const before = this.#stirs;
      await turns();
      if (this.#stirs === before) return;
    }
    throw new Error(`timers are armed and disarmed without end at ${this.#now} ms`);
  }

  #complaint(what: () => boolean, begin: number, limitMs: number): string {
    const dues = [...this.#timers.values()].map(({ due }) => due).sort((a, b) => a - b);
    const armed = dues.length === 0 ? 'no timer is armed' : `timers are due at ${dues.join(', ')}`;
    const span = `${limitMs} ms from ${begin} on`;
    return `still not so after ${span}, now ${this.#now} and ${armed}: ${what}`;
  }
}
