/**
 * The host's time. Promises that `now` never jumps, that no timer fires early, and that a timer
 * which fires late, or after the host slept, says so first: whoever counted silence meanwhile
 * counted the host's own absence. It must never fire a timer that was cleared because of that.
 */
import type { Clock } from '../ports.ts';

/** Beyond 2^31 - 1 ms Node fires at once, so longer waits are made of several. */
const longestMs = 2_147_483_647;

export interface SystemClockOptions {
  /** the host slept, was stopped or blocked; called before the timer that found out */
  onResume: () => void;
  /** a timer that fires later than this after its due time counts as late; default 500 ms */
  lateAfterMs?: number;
  /** a wall clock that ran ahead of the monotonic one by more than this means sleep; 1,000 ms */
  sleptAfterMs?: number;
  monotonic?: () => number;
  wall?: () => number;
}

interface Timer {
  handle: NodeJS.Timeout;
  cleared: boolean;
}

export function systemClock({
  onResume,
  lateAfterMs = 500,
  sleptAfterMs = 1_000,
  monotonic = () => performance.now(),
  wall = () => Date.now(),
}: SystemClockOptions): Clock {
  // the monotonic clock may stand still while the host sleeps; the wall clock does not
  let offset = wall() - monotonic();
  const slept = (): boolean => {
    const drift = wall() - monotonic() - offset;
    offset += drift;
    return drift > sleptAfterMs;
  };
  const arm = (timer: Timer, run: () => void, due: number) => {
    const rest = Math.min(Math.max(due - monotonic(), 0), longestMs);
    timer.handle = setTimeout(() => fire(timer, run, due), Math.ceil(rest));
  };
  const fire = (timer: Timer, run: () => void, due: number) => {
    const lateMs = monotonic() - due;
    const away = slept();
    if (lateMs > lateAfterMs || away) onResume();
    if (timer.cleared) return;
    if (lateMs < 0) arm(timer, run, due);
    else run();
  };
  return {
    now: monotonic,
    wallNow: wall,
    setTimeout(run, ms) {
      const timer: Timer = { handle: setTimeout(() => {}, 0), cleared: false };
      clearTimeout(timer.handle);
      arm(timer, run, monotonic() + Math.max(0, ms));
      return timer;
    },
    clearTimeout(id) {
      if (typeof id !== 'object' || id === null || !('handle' in id)) return;
      const timer = id as Timer;
      timer.cleared = true;
      clearTimeout(timer.handle);
    },
  };
}
