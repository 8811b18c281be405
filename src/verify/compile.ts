/**
 * XState's collected actions of one macrostep, turned into a program of effects. It must refuse
 * (as a fault) every action or idiom that the interpreters do not model; silently dropping one
 * would make every later "no violation" a lie.
 */
import { Broken } from './fault.ts';
import type { Interner } from './intern.ts';
import {
  ARM,
  CANCEL,
  type Effect,
  effect,
  OPEN,
  REPORT,
  SEND,
  SHOW,
  SPAWN,
  STOP,
} from './program.ts';
import {
  type Context,
  type Generations,
  generationOf,
  NONE,
  openedSlots,
  rename,
  renamed,
  withGeneration,
} from './tokens.ts';
import type { Message } from './world.ts';

/** The part of a machine snapshot that is read here. */
export interface RawSnapshot {
  status: string;
  value: unknown;
  context: Context;
  children: Readonly<Record<string, unknown>>;
  historyValue?: Readonly<Record<string, readonly { id: string }[]>>;
  output?: unknown;
  error?: unknown;
}

/** An executable action, as XState hands it to the scope's `actionExecutor`. */
export interface RawAction {
  type: string;
  params: unknown;
}

interface ChildRef {
  id: string;
  _syncSnapshot?: boolean;
}

/** Where names get their numbers. */
interface Numbering {
  readonly names: Interner<string>;
  readonly timers: Interner<{ id: string; delay: string }>;
  eventId(message: Message): number;
  initId(role: number, input: unknown): number;
  roleId(name: string): number;
  travels(message: Message): void;
}

export interface Compilation {
  actions: readonly RawAction[];
  parent: unknown;
  self: unknown;
  /** it serves no generation: what it says to its parent needs no envelope */
  plain: boolean;
  /** an actor's first step: XState starts the children before it runs the other effects */
  initial: boolean;
  before: Generations;
  after: Generations;
  childrenBefore: readonly string[];
  childrenAfter: readonly string[];
  to: Numbering;
}

/** An effect before the order is settled; `ref` is the child that was spawned. */
interface Draft {
  effect: Effect;
  ref?: unknown;
}

export function compile(from: Compilation): readonly Effect[] {
  const opened = openedSlots(from.before, from.after);
  const drafts: Draft[] = [];
  for (const action of from.actions) draft(action, from, opened, drafts);
  const effects = ordered(drafts, from.initial);
  oneReport(effects);
  sameChildren(effects, from);
  return [...opened.map((slot) => effect(OPEN, nameId(from.to, slot))), ...effects];
}

const nameId = (to: Numbering, name: string): number => to.names.id(name, () => name);

function draft(action: RawAction, from: Compilation, opened: string[], drafts: Draft[]): void {
  const { to } = from;
  const params = (action.params ?? {}) as Record<string, unknown>;
  switch (action.type) {
    case 'xstate.spawnChild':
      drafts.push(spawn(params, from, opened));
      return;
    case 'xstate.stopChild':
      if (action.params) stop(action.params as ChildRef, to, drafts);
      return;
    case 'xstate.sendTo':
      drafts.push({ effect: send(params, from) });
      return;
    case 'xstate.raise':
      if (typeof params.delay === 'number') drafts.push({ effect: arm(params, to) });
      return;
    case 'xstate.cancel':
      drafts.push({ effect: effect(CANCEL, timerId(to, String(params.sendId), '')) });
      return;
    case 'xstate.emit':
      drafts.push({ effect: effect(SHOW, -1, to.eventId(params.event as Message)) });
      return;
    case 'xstate.log':
      return;
    default:
      if (action.type.startsWith('xstate.')) {
        throw new Broken('modelled', `the action ${action.type} is unknown to the checker`);
      }
      drafts.push({
        effect: effect(SHOW, -1, to.eventId({ type: action.type, params: action.params ?? null })),
      });
  }
}

function spawn(params: Record<string, unknown>, from: Compilation, opened: string[]): Draft {
  const { src, systemId, input } = params;
  const ref = params.actorRef as ChildRef;
  // a function may have made it
  const id = params.id === undefined ? undefined : ref.id;
  if (typeof src !== 'string') throw new Broken('modelled', 'a child was spawned by inline logic');
  if (id === undefined) throw new Broken('modelled', `child '${src}' has no id of its own`);
  if (systemId !== undefined) throw new Broken('modelled', `child '${id}' has a systemId`);
  if (ref._syncSnapshot) throw new Broken('modelled', `child '${id}' syncs its snapshot`);
  const gen = (input as { gen?: unknown } | undefined)?.gen;
  if (gen !== undefined && !opened.includes(id)) {
    throw new Broken('generations', `child '${id}' was spawned without opening a generation`);
  }
  const token = rename(gen, generationOf(from.after, id));
  const given = typeof input === 'object' && input !== null ? withGeneration(input, token) : input;
  const init = from.to.initId(from.to.roleId(src), given);
  return { effect: effect(SPAWN, nameId(from.to, id), -1, init), ref };
}

/** A child that was spawned in this very macrostep never starts; what was sent to it is lost. */
function stop(ref: ChildRef, to: Numbering, drafts: Draft[]): void {
  const name = nameId(to, ref.id);
  const spawned = drafts.findIndex((made) => made.ref === ref);
  if (spawned < 0) {
    drafts.push({ effect: effect(STOP, name) });
    return;
  }
  const isLost = (made: Draft, i: number) =>
    i === spawned || (i > spawned && made.effect.kind === SEND && made.effect.name === name);
  drafts.splice(0, drafts.length, ...drafts.filter((made, i) => !isLost(made, i)));
}

function send(params: Record<string, unknown>, from: Compilation): Effect {
  const { to, parent, self, after, plain } = from;
  const message = params.event as Message;
  const target = params.to as ChildRef;
  if (params.delay !== undefined) {
    throw new Broken('modelled', `'${message.type}' is sent with a delay: raise it to yourself`);
  }
  if (params.to === self) {
    throw new Broken('modelled', `'${message.type}' is sent to self: raise it`);
  }
  to.travels(message);
  if (params.to === parent) return plain ? told(message, to) : reportTo(message, to);
  if (message.type !== 'order') {
    return effect(SEND, nameId(to, target.id), to.eventId(message));
  }
  const token = rename(message.gen, generationOf(after, target.id));
  if (token === NONE) throw new Broken('generations', `an order to '${target.id}' has no gen`);
  return effect(SEND, nameId(to, target.id), to.eventId(withGeneration(message, token)));
}

/** A report as anybody would write it: `sendParent({ type })`. */
function told(message: Message, to: Numbering): Effect {
  if (message.type.startsWith('from.')) return reportTo(message, to);
  return effect(REPORT, -1, to.eventId(message));
}

function reportTo(message: Message, to: Numbering): Effect {
  if (!message.type.startsWith('from.')) {
    throw new Broken('no-inner-event', `'${message.type}' went to the parent without its envelope`);
  }
  renamed(message.gen, message.type);
  return effect(REPORT, -1, to.eventId(message));
}

function arm(params: Record<string, unknown>, to: Numbering): Effect {
  const message = params.event as Message;
  const { id, delay } = params;
  if (typeof id !== 'string') {
    throw new Broken('timer-discipline', `the delayed '${message.type}' has no id to cancel it by`);
  }
  const named = /^xstate\.after\.([^.]+)\./.exec(message.type)?.[1];
  return effect(ARM, timerId(to, id, named ?? `${String(delay)} ms`), to.eventId(message));
}

/** Timers are told apart by their send id alone; the first delay seen is the one displayed. */
const timerId = (to: Numbering, id: string, delay: string): number => {
  const known = to.timers.id(id, () => ({ id, delay }));
  if (to.timers.at(known).delay === '') to.timers.at(known).delay = delay;
  return known;
};

/**
 * XState's order: of an initial step, children start first; and what was sent to a child before
 * it started waits in its mailbox until it has.
 */
function ordered(drafts: readonly Draft[], initial: boolean): Effect[] {
  const effects = drafts.map((made) => made.effect);
  const isSpawn = (item: Effect) => item.kind === SPAWN;
  if (initial) return [...effects.filter(isSpawn), ...effects.filter((item) => !isSpawn(item))];
  return effects.flatMap((item, i) => {
    if (isSpawn(item)) return [item, ...early(effects.slice(0, i), item)];
    const later = effects.slice(i).find((other) => isSpawn(other) && other.name === item.name);
    return item.kind === SEND && later && early(effects.slice(0, i + 1), later).includes(item)
      ? []
      : [item];
  });
}

/** Sends to the child of `spawned` that come before its spawn, but after a stop of an older one. */
function early(before: readonly Effect[], spawned: Effect): Effect[] {
  const stopped = before.findLastIndex((item) => item.kind === STOP && item.name === spawned.name);
  return before
    .slice(stopped + 1)
    .filter((item) => item.kind === SEND && item.name === spawned.name);
}

function oneReport(effects: readonly Effect[]): void {
  const sends = effects.filter(({ kind }) => kind === SEND || kind === REPORT);
  const reports = sends.filter(({ kind }) => kind === REPORT);
  if (reports.length > 1) throw new Broken('one-report', 'two reports in one macrostep');
  if (reports.length === 1 && sends.at(-1)?.kind !== REPORT) {
    throw new Broken('one-report', 'a report was sent before another message of the same step');
  }
}

/** Every child that came or went must have an effect: `assign(spawn)` has none. */
function sameChildren(effects: readonly Effect[], from: Compilation): void {
  const expected = new Set(from.childrenBefore.map((id) => nameId(from.to, id)));
  for (const { kind, name } of effects) {
    if (kind === SPAWN) expected.add(name);
    if (kind === STOP) expected.delete(name);
  }
  for (const id of from.childrenAfter) {
    if (expected.delete(nameId(from.to, id))) continue;
    throw new Broken('modelled', `child '${id}' appeared without a spawn action`);
  }
  for (const name of expected) {
    throw new Broken('modelled', `child '${from.to.names.at(name)}' vanished without a stop`);
  }
}
