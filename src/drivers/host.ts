/**
 * What the host process lends: the two ways to leave the caller's stack, the dice, and names
 * that nobody else has. Real ones; a simulator brings its own.
 */
import { randomUUID } from 'node:crypto';
import type { Defer, Random } from '../ports.ts';

/** At the end of the running job, before any I/O. */
export const microtaskDefer: Defer = (task) => queueMicrotask(task);

/** After everything that is due in this turn of the event loop. */
export const immediateDefer: Defer = (task) => {
  setImmediate(task);
};

export const systemRandom: Random = () => Math.random();

/** Unique for the life of the host process, and beyond. */
export const uuid = (): string => randomUUID();
