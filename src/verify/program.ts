/**
 * What one macrostep does to the rest of the system, as data in the order XState would do it.
 * Compiled once per cold step and shared by every state that takes the step; it must never hold
 * a reference into XState.
 */
import type { Fault } from './fault.ts';
import type { Token } from './tokens.ts';
import type { Message } from './world.ts';

/** A generation was opened for child `name`: every older token of that slot is stale now. */
export const OPEN = 0;
export const SPAWN = 1;
export const STOP = 2;
/** An order, hint or command to child `name`. */
export const SEND = 3;
/** A report to the parent. */
export const REPORT = 4;
/** Timer `name` is armed; it will raise `event`. */
export const ARM = 5;
export const CANCEL = 6;
/** An emitted event or an action of the machine's own: seen from outside, changes nothing here. */
export const SHOW = 7;

export interface Effect {
  readonly kind: number;
  /** id of a child name (OPEN, SPAWN, STOP, SEND) or of a timer (ARM, CANCEL); otherwise -1 */
  readonly name: number;
  /** id of an event (SEND, REPORT, ARM, SHOW); otherwise -1 */
  readonly event: number;
  /** id of an initial step (SPAWN); otherwise -1 */
  readonly init: number;
}

/** Always the same shape, so that the loops that read effects stay fast. */
export const effect = (kind: number, name: number, event = -1, init = -1): Effect => ({
  kind,
  name,
  event,
  init,
});

export interface Step {
  /** id of the snapshot after it */
  readonly next: number;
  readonly effects: readonly Effect[];
  /** nothing at all changed */
  readonly noop: boolean;
  readonly fault: Fault | undefined;
}

/** One interned event. */
export interface EventEntry {
  readonly id: number;
  readonly message: Message;
  /** what it says, without its envelope */
  readonly label: string;
  /** of a report: the id of the child name it claims to come from; otherwise -1 */
  readonly reportOf: number;
  readonly isOrder: boolean;
  readonly token: Token;
  /** id of the same event with a stale token */
  readonly stale: number;
}

/** `cycle {"soon":true}`: the type, and the rest when there is any. */
export function label(message: Message): string {
  const { type, ...rest } = message;
  return Object.keys(rest).length === 0 ? type : `${type} ${JSON.stringify(rest)}`;
}

/** Values by name; a name that repeats is numbered: `a`, `a (2)`. */
export function byName<T>(named: Iterable<readonly [name: string, value: T]>): Map<string, T> {
  const found = new Map<string, T>();
  for (const [name, value] of named) {
    let free = name;
    for (let again = 2; found.has(free); again++) free = `${name} (${again})`;
    found.set(free, value);
  }
  return found;
}
