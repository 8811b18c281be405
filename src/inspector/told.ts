/**
 * What XState tells whoever looks on, as far as it is read here, and what of it is to be kept of
 * an actor. It must never hold on to an event or a snapshot of XState's.
 */
import type { AnyStateMachine } from 'xstate';
import type { identityOf } from '../verify/reached.ts';
import type { Value } from './recording.ts';
import { type Shown, type Sights, shownError, shownText } from './shown.ts';

/** XState's inspection events, as far as they are read here. */
export interface Inspected {
  type: string;
  actorRef: Ref;
  sourceRef?: Ref;
  event?: { type: string };
  snapshot?: Snapshot;
  action?: { type: string; params?: Readonly<Record<string, unknown>> };
  _transitions?: readonly Parameters<typeof identityOf>[0][];
}

/** An actor, as far as it is known here. */
export interface Ref {
  id: string;
  logic?: unknown;
  _parent?: Ref;
  send(event: { type: string }): void;
}

export interface Snapshot {
  status: 'active' | 'stopped' | 'done' | 'error';
  value?: Value;
  context?: object;
  error?: unknown;
}

export interface Watched {
  readonly number: number;
  readonly path: string;
  readonly machine: string | undefined;
  /** that of its machine */
  readonly config: unknown;
  readonly sights: Sights;
  isOver: boolean;
  value: string;
  readonly context: Map<string, string>;
  /** by its id: the event that it will send, and when */
  readonly timers: Map<string, { event: unknown; due: number }>;
  /** events that were sent and not done with yet, with their entries */
  readonly under: Map<object, number>;
}

export type Guard = (...args: never[]) => unknown;

/** One that is composed of others is not wrapped: its parts are. */
export const isGuard = (guard: unknown): guard is Guard =>
  typeof guard === 'function' && !('check' in guard);

/** By its shape, so that a machine of another copy of XState counts. */
export function isMachine(logic: unknown): logic is AnyStateMachine {
  if (typeof logic !== 'object' || logic === null) return false;
  const { root, config } = logic as Partial<AnyStateMachine>;
  return typeof config === 'object' && root?.transitions instanceof Map;
}

export const shownEvent = (event: { type: string }, { events }: Sights): Shown => {
  const { type, ...rest } = event;
  const { error, ...more } = rest as { error?: unknown };
  const fields = events.of(more);
  return {
    type: shownText(type),
    ...fields,
    ...(error !== undefined && { error: shownError(error) }),
  };
};

export function changedValue(actor: Watched, snapshot: Snapshot | undefined): { value?: Value } {
  const { value } = snapshot ?? {};
  if (value === undefined) return {};
  const text = JSON.stringify(value);
  if (text === actor.value) return {};
  actor.value = text;
  return { value };
}

export function changedContext(actor: Watched, { context }: Snapshot): { context?: Shown } {
  if (actor.machine === undefined || typeof context !== 'object') return {};
  const changed: { [name: string]: Shown } = {};
  for (const [name, field] of Object.entries(actor.sights.context.of(context))) {
    const text = JSON.stringify(field);
    if (actor.context.get(name) === text) continue;
    actor.context.set(name, text);
    changed[name] = field;
  }
  return Object.keys(changed).length === 0 ? {} : { context: changed };
}

export const isEvent = (event: unknown): event is { type: string } =>
  typeof event === 'object' && event !== null && 'type' in event;

/** One without an id can be cancelled by nobody; it goes by its event. */
export function unnamed({ timers }: Watched, event: { type: string }): string {
  const type = shownText(event.type);
  let name = type;
  for (let twin = 2; timers.has(name); twin += 1) name = `${type}~${twin}`;
  return name;
}
