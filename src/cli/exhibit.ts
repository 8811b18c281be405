/**
 * One bug of the museum: what went wrong, and what keeps it from happening here. A keeper is a
 * scenario, whose mutant shows that it bites; a promise of the checker, with the moves of a world
 * that lead to the bug; or a test, by its path and its words. It must never describe where a bug
 * comes from.
 */

export interface Promised {
  promise: string;
  /**
   * in their order, as `machines/world.ts` knows them: `user restart`, `timer backoff`, or a leaf
   * with its state and its report, `os alive → os.exited`
   */
  moves: readonly string[];
}

export interface Tested {
  path: string;
  /** words of the title of a test in it */
  title: string;
}

/** A scenario is named by its id. */
export type Keeper = string | Promised | Tested;

export interface Exhibit {
  id: string;
  /** in our words */
  bug: string;
  kept: readonly Keeper[];
  /** why it cannot happen in what is built here */
  out?: string;
  /** what is missing */
  open?: string;
}

export const exhibit = (id: string, bug: string, ...kept: Keeper[]): Exhibit => ({ id, bug, kept });

export const promised = (promise: string, ...moves: string[]): Promised => ({ promise, moves });

export const tested = (path: string, title: string): Tested => ({ path, title });

/** It concerns neither machines nor runtime. */
export const out = (id: string, bug: string, why: string): Exhibit => ({
  id,
  bug,
  kept: [],
  out: why,
});

/** Nothing forbids it; what is there already may stand beside the reason. */
export const open = (id: string, bug: string, missing: string, ...kept: Keeper[]): Exhibit => ({
  id,
  bug,
  kept,
  open: missing,
});
