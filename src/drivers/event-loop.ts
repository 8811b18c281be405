/**
 * When something runs, and by chance what: the two ways to leave the caller's stack, and the
 * dice. Real ones; a simulator brings its own.
 */
import type { Defer, Random } from '../ports.ts';

/** At the end of the running job, before any I/O. */
export const microtaskDefer: Defer = (task) => queueMicrotask(task);

/** After everything that is due in this turn of the event loop. */
export const immediateDefer: Defer = (task) => {
  setImmediate(task);
};

export const systemRandom: Random = () => Math.random();
