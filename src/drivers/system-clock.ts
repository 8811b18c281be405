/**
 * The system's time. It promises that a timer never fires before its due time, that a timer which
 * is late (a stall, SIGSTOP, a debugger) or finds that the host has slept reports `onResume` first
 * and fires only if it is still armed, and that a wait may be longer than Node's timers can hold.
 * It must never swallow an error of a callback, and a pending timer keeps the process alive.
 */

import type { Clock } from '../ports.ts';

const int32Max = 2 ** 31 - 1;
const sleptMs = 1000;

/** Where time comes from. Only a test has another one. */
export interface TimeSource {
  /** stands still while the host sleeps, on Linux */
  monotonic(): number;
  /** goes on while the host sleeps */
  wall(): number;
  arm(run: () => void, ms: number): unknown;
  disarm(handle: unknown): void;
}

export interface SystemClockOptions {
  /** the process or the host was not running; called before the timer that found out */
  onResume(): void;
  /** how late a timer may be before that is news */
  lateAfterMs?: number;
  source?: TimeSource;
}

const system: TimeSource = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  arm: (run, ms) => setTimeout(run, ms),
  disarm: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

class Timer {
  readonly due: number;
  readonly run: () => void;
  armed = true;
  handle: unknown;

  constructor(due: number, run: () => void) {
    this.due = due;
    this.run = run;
  }
}

export function systemClock(options: SystemClockOptions): Clock {
  const { onResume, lateAfterMs = 500, source = system } = options;
  const offset = () => source.wall() - source.monotonic();
  /** wall minus monotonic time when we last looked: it grows by the length of a sleep */
  let offsetSeen = offset();
  /** a timer that was due before this is part of a stall that was already reported */
  let reportedAt = Number.NEGATIVE_INFINITY;

  function arm(timer: Timer, now: number): void {
    // Node cuts a fraction off and may be early by one; a timer that wakes early goes back to sleep
    const ms = Math.min(Math.max(1, Math.ceil(timer.due - now)), int32Max);
    timer.handle = source.arm(() => wake(timer), ms);
  }

  function wake(timer: Timer): void {
    const now = source.monotonic();
    const stalled = now > timer.due + lateAfterMs && timer.due >= reportedAt;
    const seen = offset();
    const slept = seen > offsetSeen + sleptMs;
    offsetSeen = seen;
    if (stalled || slept) reportedAt = now;
    try {
      if (stalled || slept) onResume();
    } finally {
      if (timer.armed) {
        if (now < timer.due) arm(timer, now);
        else {
          timer.armed = false;
          timer.run();
        }
      }
    }
  }

  return {
    now: source.monotonic,
    wallNow: source.wall,
    setTimeout(run, ms) {
      const now = source.monotonic();
      const timer = new Timer(now + (ms > 0 ? ms : 0), run);
      arm(timer, now);
      return timer;
    },
    clearTimeout(id) {
      if (!(id instanceof Timer)) return;
      id.armed = false;
      source.disarm(id.handle);
    },
  };
}
