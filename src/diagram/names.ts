/**
 * What the parts of a compiled XState machine are called: actions, guards, delays, events. Every
 * name comes from what the author wrote, never from an internal number, a duration or the name of
 * a library function that a bundler may shorten. It must never run an action, a guard, a delay or
 * an actor of the machine it names.
 */

import type { AnyStateMachine } from 'xstate';

type ActionKind =
  /** a name or a function of the author's; what it does is his business */
  'custom' | 'assign' | 'raise' | 'send' | 'spawn' | 'stop' | 'emit' | 'log' | 'cancel' | 'enqueue';

/** `kind` is what the name stands for, as far as the machine itself provides it. */
export interface ActionModel {
  name: string;
  kind: ActionKind;
}

/** The fields that XState leaves on what it builds; which ones depends on the builder. */
interface Built {
  name?: string;
  type?: unknown;
  params?: unknown;
  event?: unknown;
  delay?: unknown;
  to?: unknown;
  src?: unknown;
  sendId?: unknown;
  actorRef?: unknown;
  label?: unknown;
  guards?: unknown;
  stateValue?: unknown;
  check?: unknown;
}

type Check = (snapshot: unknown, scope: unknown, held: { guards: (() => boolean)[] }) => boolean;

const kinds: Record<string, ActionKind> = {
  'xstate.assign': 'assign',
  'xstate.raise': 'raise',
  'xstate.sendTo': 'send',
  'xstate.spawnChild': 'spawn',
  'xstate.stopChild': 'stop',
  'xstate.emit': 'emit',
  'xstate.log': 'log',
  'xstate.cancel': 'cancel',
  'xstate.enqueueActions': 'enqueue',
};

const isBuilt = (value: unknown): value is Built =>
  typeof value === 'function' || (typeof value === 'object' && value !== null);

const kindOf = (action: unknown): ActionKind =>
  (typeof action === 'function' && kinds[String((action as Built).type)]) || 'custom';

const worded = (...words: (string | undefined)[]) => words.filter(Boolean).join(' ');

/** The name of a thing that may be a string, an object with a type or id, or a function. */
function nameOf(thing: unknown): string | undefined {
  if (typeof thing === 'string') return thing === '#_parent' ? 'parent' : thing;
  if (typeof thing !== 'object' || thing === null) return undefined;
  const { type, id } = thing as { type?: unknown; id?: unknown };
  return [type, id].find((name): name is string => typeof name === 'string');
}

/** Property names under which JavaScript files a function that its author never named. */
const unnamed = ['', 'guard', 'actions', 'entry', 'exit', 'input'];

const ownName = (fn: Built, otherwise: string): string =>
  fn.name === undefined || unnamed.includes(fn.name) ? otherwise : fn.name;

function builtInName(kind: ActionKind, built: Built): string {
  const delay = built.delay === undefined ? undefined : `after ${delayName(built.delay)}`;
  if (kind === 'raise' || kind === 'emit') return worded(kind, nameOf(built.event) ?? '…', delay);
  if (kind === 'send') {
    return worded('send', nameOf(built.event) ?? '…', 'to', nameOf(built.to) ?? '…', delay);
  }
  if (kind === 'spawn') return worded('spawn', nameOf(built.src) ?? 'inline actor');
  if (kind === 'stop') return worded('stop', nameOf(built.actorRef) ?? '…');
  if (kind === 'cancel') return worded('cancel', nameOf(built.sendId) ?? '…');
  return worded(kind, nameOf(built.label));
}

/** XState compiles `after` into a raise at entry and a cancel at exit: machinery, not behaviour. */
export function isTimerPlumbing(action: unknown): boolean {
  if (!isBuilt(action)) return false;
  const id = action.type === 'xstate.cancel' ? action.sendId : nameOf(action.event);
  return kindOf(action) !== 'custom' && typeof id === 'string' && id.startsWith('xstate.after.');
}

/** `not`, `and`, `or` by what they answer: their names do not survive a bundler. */
function connective(check: Check): 'not' | 'and' | 'or' {
  const snapshot = { machine: { implementations: { guards: {} } } };
  const ask = (...answers: boolean[]) =>
    check(snapshot, {}, { guards: answers.map((a) => () => a) });
  if (ask(false)) return 'not';
  return ask(true, false) ? 'or' : 'and';
}

function stateWords(value: unknown, machine: AnyStateMachine): string {
  const own = `#${machine.id}.`;
  if (typeof value === 'string') {
    return value.startsWith(own) ? value.slice(own.length) : value.replace(/^#/, '');
  }
  if (!isBuilt(value)) return '…';
  return Object.entries(value)
    .map(([key, inner]) => worded(`${key}${inner ? `.${stateWords(inner, machine)}` : ''}`))
    .join(' and ');
}

/** Actions and guards of one machine; `bare`: without the values that they are given. */
export class Names {
  readonly #machine: AnyStateMachine;
  readonly #bare: boolean;

  constructor(machine: AnyStateMachine, bare: boolean) {
    this.#machine = machine;
    this.#bare = bare;
  }

  action(action: unknown): ActionModel {
    if (typeof action === 'function') {
      const kind = kindOf(action);
      const named = kind === 'custom';
      return { name: named ? ownName(action, 'inline action') : builtInName(kind, action), kind };
    }
    const name = nameOf(action) ?? 'inline action';
    const provided: Record<string, unknown> = this.#machine.implementations.actions;
    const params = isBuilt(action) ? this.#params(action.params) : '';
    return { name: `${name}${params}`, kind: kindOf(provided[name]) };
  }

  /** In words: `ready`, `not ready`, `(a or b) and not c`, `in open.steady`. */
  guard(guard: unknown, inside = false): string {
    if (!isBuilt(guard)) return nameOf(guard) ?? 'inline guard';
    if (guard.stateValue !== undefined) return `in ${stateWords(guard.stateValue, this.#machine)}`;
    if (Array.isArray(guard.guards) && typeof guard.check === 'function') {
      const word = connective(guard.check as Check);
      const parts = guard.guards.map((part) => this.guard(part, true));
      if (word === 'not') return `not ${parts[0]}`;
      const joined = parts.join(` ${word} `);
      return inside && parts.length > 1 ? `(${joined})` : joined;
    }
    if (typeof guard === 'function') return ownName(guard, 'inline guard');
    return `${nameOf(guard) ?? 'inline guard'}${this.#params(guard.params)}`;
  }

  /** Plain values that tell two uses of one name apart; a computed parameter says nothing. */
  #params(params: unknown): string {
    if (this.#bare) return '';
    const values = typeof params === 'object' && params !== null ? Object.values(params) : [params];
    const said = values.filter((value) => ['string', 'number', 'boolean'].includes(typeof value));
    return said.length > 0 ? `(${said.join(', ')})` : '';
  }
}

export function delayName(delay: unknown): string {
  if (typeof delay === 'number') return `${delay} ms`;
  return typeof delay === 'string' ? delay : 'inline delay';
}

/** `xstate.done.actor.ID` and its kin, taken apart; undefined for an event of the author's. */
export function systemEvent(event: string): { word: string; actor?: string } | undefined {
  if (event.startsWith('xstate.done.state.')) return { word: 'done' };
  const match = /^xstate\.(done\.actor|error\.actor|snapshot)\.(.+)$/.exec(event);
  if (!match?.[1] || !match[2]) return undefined;
  const words: Record<string, string> = { 'done.actor': 'done', 'error.actor': 'failed' };
  return { word: words[match[1]] ?? 'changed', actor: match[2] };
}
