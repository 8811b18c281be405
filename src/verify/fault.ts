/**
 * A broken guarantee of the kernel's own list, carried as data through memoised steps. Making one
 * never stops the search by itself: whoever applies the step decides that.
 */
export type Guarantee =
  /** an event of a stopped or replaced sender, or of an older generation, changes nothing */
  | 'stale-is-inert'
  /** no transition throws, no machine gets the status `error` */
  | 'nothing-throws'
  /** no machine reaches a final state: children rest until they are stopped */
  | 'never-final'
  /** reports and orders travel in their envelopes only */
  | 'no-inner-event'
  /** nothing is spawned over a live child */
  | 'one-instance'
  /** a send id is not armed again before it fired or was cancelled */
  | 'timer-discipline'
  /** nothing is sent to a child that is not there, or to the parent of the root */
  | 'missing-child'
  /** at most one report a macrostep, as its last send */
  | 'one-report'
  /** generations grow, are opened by every spawn and taken from orders alone */
  | 'generations'
  /** no clock, no chance, no change in place; the same step twice is the same */
  | 'pure'
  /** only actions and idioms that the kernel models */
  | 'modelled'
  /** a leaf that must end by itself is stopped only once it has */
  | 'not-abandoned'
  /** a leaf posts nothing while it is being stopped */
  | 'silent-once-stopped';

export interface Fault {
  /** one of the list, or the name of a promise about steps */
  guarantee: string;
  message: string;
}

/** Thrown inside a cold step, caught by the stepper and kept as data. */
export class Broken extends Error {
  readonly fault: Fault;

  constructor(guarantee: Guarantee, message: string) {
    super(message);
    this.fault = { guarantee, message };
  }
}

/** Which promise an error of XState or of the engine is about. */
export function blame(error: unknown, text: string): Guarantee {
  if (text.startsWith('Unable to send event to actor')) return 'missing-child';
  // what a guard throws XState only quotes
  const quoted = text.startsWith('Unable to evaluate guard');
  if (quoted && /\na machine used \S+$/.test(text)) return 'pure';
  const plain = quoted || error instanceof TypeError;
  const frozen = plain && /read only|not extensible|delete/.test(text);
  return frozen ? 'pure' : 'nothing-throws';
}
