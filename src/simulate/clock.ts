/**
 * A clock that moves when somebody moves it. It promises that timers fire one at a time, in the
 * order in which they are due. It must never move by itself, never fire from inside the call that
 * armed a timer, and never be early.
 */
import type { Clock } from '../ports.ts';

const birth = 1_700_000_000_000;

interface Timer {
  due: number;
  run: () => void;
}

export class VirtualClock implements Clock {
  /** of so many timers that are due in the same moment: which one is the next */
  choose: (count: number) => number = () => 0;
  /** how often a timer was armed or disarmed: as long as this grows, somebody is at work */
  protected stirs = 0;
  #now = 0;
  #ids = 0;
  readonly #timers = new Map<unknown, Timer>();

  get armed(): number {
    return this.#timers.size;
  }

  /** When each armed timer is due, soonest first, in the milliseconds of `now`. */
  get dues(): number[] {
    return [...this.#timers.values()].map(({ due }) => due).sort((a, b) => a - b);
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return birth + this.#now;
  }

  setTimeout(run: () => void, ms: number): unknown {
    this.stirs += 1;
    this.#ids += 1;
    this.#timers.set(this.#ids, { due: this.#now + Math.max(0, ms), run });
    return this.#ids;
  }

  clearTimeout(id: unknown): void {
    if (this.#timers.delete(id)) this.stirs += 1;
  }

  /** When the next timer fires, in the milliseconds of `now`. */
  nextDue(): number | undefined {
    let first: number | undefined;
    for (const { due } of this.#timers.values()) {
      if (first === undefined || due < first) first = due;
    }
    return first;
  }

  /** Goes to the next timer that is due by `end`, and fires it; false when there is none. */
  fireNext(end: number): boolean {
    const due = this.nextDue();
    if (due === undefined || due > end) return false;
    const late = Math.max(due, this.#now);
    const ready: [id: unknown, timer: Timer][] = [];
    for (const entry of this.#timers) if (entry[1].due <= late) ready.push(entry);
    // the order of those that are due at once is theirs in which they were due, unless chosen
    if (ready.length > 1) ready.sort(([, a], [, b]) => a.due - b.due);
    const [id, timer] = ready[this.choose(ready.length)] ?? [];
    if (timer === undefined) return false;
    this.#now = late;
    this.#timers.delete(id);
    timer.run();
    return true;
  }

  /** Goes there without firing anything: what was due meanwhile is late. */
  sleep(until: number): void {
    this.#now = Math.max(this.#now, until);
  }

  /** Fires what is due on the way, without a turn of the event loop. */
  jump(ms: number): void {
    const end = this.#now + ms;
    while (this.fireNext(end));
    this.sleep(end);
  }
}
