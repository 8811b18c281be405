/**
 * Time and order of a simulation: the runtime's timers, what the world does at a moment of its
 * own, and the hops between them. It promises that nothing happens but by `step`, one thing after
 * the other, and that what follows from one thing has come to rest before the next, unless a fault
 * asked for less. It must never look at a real clock.
 */
import { immediateDefer } from '../drivers/host.ts';
import type { Defer } from '../ports.ts';
import { VirtualClock } from './clock.ts';

/** more hops than this without any time passing is a loop */
const hopsMax = 20_000;
/** as the real clock: later than this is worth a report */
const lateAfterMs = 500;

interface Hop {
  lane: string;
  run: () => void;
}

interface Moment {
  due: number;
  run: () => void;
}

/** Lets every microtask run. */
const turn = () => new Promise<void>((resolve) => immediateDefer(resolve));

export class Timeline {
  readonly clock = new VirtualClock();
  /** of so many lanes that have something under way: whose turn it is; the oldest hop's if null */
  scramble: ((lanes: number) => number) | null = null;
  /** milliseconds that a hop of this lane is under way */
  latency: (lane: string) => number = () => 0;
  /** after each hop; everything that it caused at once has happened */
  onHop: () => void = () => {};
  /** the host has not run for a while: called before the first timer that is late */
  onWake: () => void = () => {};
  /** timers that come due within so many milliseconds of the first one fire together with it */
  bunchMs = 0;
  readonly #hops: Hop[] = [];
  readonly #moments: Moment[] = [];
  readonly #lastOf = new Map<string, number>();
  #asleepUntil = 0;

  get now(): number {
    return this.clock.now();
  }

  /** Hops through this lane arrive in the order in which they were begun. */
  lane(name: string): Defer {
    return (run) => {
      const latency = this.latency(name);
      const last = this.#lastOf.get(name) ?? 0;
      if (latency === 0 && last <= this.now) {
        this.#hops.push({ lane: name, run });
        return;
      }
      const due = Math.max(this.now + latency, last);
      this.#lastOf.set(name, due);
      this.at(due, () => this.#hops.push({ lane: name, run }));
    };
  }

  /** The world's own timer; nothing of the runtime's. */
  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** As `after`, for what the host itself does: it waits until the host runs again. */
  afterAwake(ms: number, run: () => void): void {
    this.after(ms, () => this.#hops.push({ lane: 'host', run }));
  }

  at(due: number, run: () => void): void {
    let place = this.#moments.length;
    while (place > 0 && (this.#moments[place - 1]?.due ?? 0) > due) place -= 1;
    this.#moments.splice(place, 0, { due, run });
  }

  /** The host does not run. */
  get isAsleep(): boolean {
    return this.#asleepUntil > this.now;
  }

  /** From now on the host does not run for so long; the world goes on. */
  stall(ms: number): void {
    this.#asleepUntil = Math.max(this.#asleepUntil, this.now + ms);
  }

  /** Takes every hop that is due, one at a time. Throws when they breed without end. */
  async settle(): Promise<void> {
    for (let count = 0; ; count += 1) {
      await turn();
      const hop = this.#nextHop();
      if (hop === undefined) return;
      if (count > hopsMax) throw new Error(`hops without end through ${hop.lane}`);
      hop.run();
      this.onHop();
    }
  }

  /** Goes to the next moment by `end` and lets it happen; false when there is none. */
  async step(end: number): Promise<boolean> {
    const moment = this.#moments[0]?.due ?? Number.POSITIVE_INFINITY;
    const timer = this.clock.nextDue() ?? Number.POSITIVE_INFINITY;
    const wakes = this.#asleepUntil;
    const { isAsleep } = this;
    const next = Math.min(moment, isAsleep ? wakes : timer);
    if (next > end) {
      this.clock.sleep(end);
      return false;
    }
    if (moment <= next) {
      this.clock.sleep(moment);
      this.#moments.shift()?.run();
      // who sleeps hears nothing until it wakes
      if (!isAsleep) await this.settle();
      return true;
    }
    if (isAsleep) await this.#wake(wakes);
    else await this.#fire(timer);
    return true;
  }

  async #wake(at: number): Promise<void> {
    const late = at - (this.clock.nextDue() ?? at);
    this.clock.sleep(at);
    if (late >= lateAfterMs) this.onWake();
    await this.#fireAll(at);
    await this.settle();
  }

  async #fire(first: number): Promise<void> {
    if (this.bunchMs === 0) this.clock.fireNext(first);
    else {
      const until = first + this.bunchMs;
      this.clock.sleep(Math.min(until, this.#moments[0]?.due ?? until));
      await this.#fireAll(this.now);
    }
    await this.settle();
  }

  /** In one turn of the event loop: microtasks run between them, and nothing else does. */
  async #fireAll(until: number): Promise<void> {
    const most = this.clock.armed;
    for (let fired = 0; fired < most && this.clock.fireNext(until); fired += 1) await turn();
  }

  #nextHop(): Hop | undefined {
    if (this.scramble === null || this.#hops.length < 2) return this.#hops.shift();
    const firsts: number[] = [];
    const seen = new Set<string>();
    for (const [at, { lane }] of this.#hops.entries()) {
      if (!seen.has(lane)) firsts.push(at);
      seen.add(lane);
    }
    return this.#hops.splice(firsts[this.scramble(firsts.length)] ?? 0, 1)[0];
  }
}
