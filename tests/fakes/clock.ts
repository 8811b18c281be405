/**
 * A clock that moves when a test moves it. It promises that timers fire one at a time, in the
 * order in which they are due, and that what follows from one has happened before the next. It
 * must never move by itself, and never fire from inside the call that armed a timer.
 */
import { VirtualClock } from '../../src/simulate/clock.ts';

/** a fact that hops through transport, driver and runtime is home after so many */
const turnsAtLeast = 6;
const roundsMax = 1000;

/** Lets every microtask and every immediate that is due run. */
export async function turns(count = turnsAtLeast): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export class FakeClock extends VirtualClock {
  /** called after each flush, when nothing moves: the place for checks of the whole */
  onStep: () => void = () => {};

  /** Lets what is under way happen, without moving time. */
  async settle(): Promise<void> {
    await this.#flush();
    this.onStep();
  }

  /** Fires what is due on the way, in order, and lets what follows from it happen. */
  async pass(ms: number): Promise<void> {
    const end = this.now() + ms;
    await this.settle();
    while (this.fireNext(end)) await this.settle();
    if (this.now() === end) return;
    this.sleep(end);
    await this.settle();
  }

  /** Goes from timer to timer until it is so; fails when that takes more than `limitMs`. */
  async until(what: () => boolean, limitMs: number): Promise<void> {
    const begin = this.now();
    await this.settle();
    while (!what()) {
      if (!this.fireNext(begin + limitMs)) throw new Error(this.#complaint(what, begin, limitMs));
      await this.settle();
    }
  }

  async #flush(): Promise<void> {
    for (let round = 0; round < roundsMax; round += 1) {
      const before = this.stirs;
      await turns();
      if (this.stirs === before) return;
    }
    throw new Error(`timers are armed and disarmed without end at ${this.now()} ms`);
  }

  #complaint(what: () => boolean, begin: number, limitMs: number): string {
    const { dues } = this;
    const armed = dues.length === 0 ? 'no timer is armed' : `timers are due at ${dues.join(', ')}`;
    const span = `${limitMs} ms from ${begin} on`;
    return `still not so after ${span}, now ${this.now()} and ${armed}: ${what}`;
  }
}
