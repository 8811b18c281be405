/**
 * Time as it passed, or faster: from one moment of a recording to the next. It promises that a
 * pause in which nothing happens takes no longer than a person waits. It must never go back.
 */
import type { Entry } from '../recording.ts';

/** So much faster than it was. */
export const speeds = [1, 4, 16] as const;

/** As long as anybody waits for something to happen, milliseconds. */
const waitMost = 1_000;

/** A place between two entries: how many were, and for how long nothing has happened since. */
export interface Place {
  length: number;
  sinceMs: number;
}

/** Where it is after so many milliseconds. */
export function onwards(entries: readonly Entry[], place: Place, passedMs: number): Place {
  let { length, sinceMs } = place;
  let left = passedMs;
  for (;;) {
    const [last, next] = [entries[length - 1], entries[length]];
    if (next === undefined) return { length, sinceMs: 0 };
    const gap = Math.min(waitMost, next.at - (last?.at ?? next.at)) - sinceMs;
    if (gap > left) return { length, sinceMs: sinceMs + left };
    left -= Math.max(0, gap);
    length += 1;
    sinceMs = 0;
  }
}
