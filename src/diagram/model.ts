/**
 * One plain JSON model of any XState v5 machine: the single source of every picture, text and
 * table. It promises document order, XState's own identities (`source.id:index` is the position
 * of the transition in its state's own list, `always` last) and delays by name. It must never
 * start the machine, run a function of its author, or leave a transition out.
 */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { type ActionModel, delayName, isTimerPlumbing, Names, systemEvent } from './names.ts';

interface InvokeModel {
  id: string;
  /** the name the actor is provided under; `inline actor` when it has none */
  src: string;
}

export interface StateModel {
  id: string;
  key: string;
  /** keys from the root down, joined by dots; '' for the root */
  path: string;
  type: 'atomic' | 'compound' | 'parallel' | 'history' | 'final';
  parent?: string;
  /** where a compound state starts, or where a history state leads when it has no memory */
  initial?: string;
  initialActions?: ActionModel[];
  history?: 'shallow' | 'deep';
  entry: ActionModel[];
  exit: ActionModel[];
  invokes: InvokeModel[];
  tags: string[];
  description?: string;
  /** of a composite that is drawn closed: how many states it holds (level.ts) */
  inside?: number;
  /** beyond the frame of what is drawn (level.ts) */
  outside?: boolean;
}

type TransitionKind = 'on' | 'after' | 'always' | 'done';

export interface TransitionModel {
  id: string;
  source: string;
  /** empty when the transition leads nowhere: it acts, or it forbids */
  targets: string[];
  /** as XState knows it; '' for `always` */
  event: string;
  /** as a reader knows it: `socket.opened`, `after open`, `always`, `plan done` */
  label: string;
  kind: TransitionKind;
  guard?: string;
  delay?: string;
  actions: ActionModel[];
  reenter: boolean;
  /** a channel's choke point: it lets an envelope in and hands its content on, nothing else */
  plumbing: boolean;
  description?: string;
}

export interface DiagramModel {
  id: string;
  description?: string;
  /** which way it reads best as a whole; default down */
  direction?: 'RIGHT' | 'DOWN';
  states: StateModel[];
  transitions: TransitionModel[];
}

/** What XState's own types hide or call `any`; this file reads nothing else from a transition. */
interface Definition {
  target?: readonly { id: string }[];
  actions: readonly unknown[];
  guard?: unknown;
  delay?: unknown;
  reenter: boolean;
  eventType: string;
  description?: string;
}

/** `bare`: without the values that guards and actions are given, which may be anything. */
export function modelOf(machine: AnyStateMachine, { bare = false } = {}): DiagramModel {
  const names = new Names(machine, bare);
  const states: StateModel[] = [];
  const transitions: TransitionModel[] = [];
  const visit = (node: AnyStateNode) => {
    states.push(stateModel(node, names));
    transitions.push(...ownTransitions(node, names));
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);
  const { description } = machine.root;
  return { id: machine.id, ...(description && { description }), states, transitions };
}

function stateModel(node: AnyStateNode, names: Names): StateModel {
  const { id, key, type, history, parent, description } = node;
  const name = (action: unknown) => names.action(action);
  const initial = start(node, names);
  return {
    id,
    key,
    path: node.path.join('.'),
    type,
    ...(parent && { parent: parent.id }),
    ...initial,
    ...(history && { history }),
    entry: node.entry.filter((action) => !isTimerPlumbing(action)).map(name),
    exit: node.exit.filter((action) => !isTimerPlumbing(action)).map(name),
    invokes: node.invoke.map((invoke) => ({ id: invoke.id, src: sourceName(invoke.src) })),
    tags: [...node.tags],
    ...(description && { description }),
  };
}

function start(node: AnyStateNode, names: Names) {
  if (node.type === 'history') return remembered(node);
  const first = node.type === 'compound' ? node.initial.target[0] : undefined;
  if (!first) return {};
  const initialActions = node.initial.actions.map((action) => names.action(action));
  return { initial: first.id, ...(initialActions.length > 0 && { initialActions }) };
}

/** A history state's own target: a path from its parent, or an id. */
function remembered(node: AnyStateNode): { initial?: string } {
  const { target } = node.config as { target?: unknown };
  if (typeof target !== 'string') return {};
  if (target.startsWith('#')) return { initial: node.machine.getStateNodeById(target).id };
  let at: AnyStateNode | undefined = node.parent;
  for (const key of target.replace(/^\./, '').split('.')) at = at?.states[key];
  return at ? { initial: at.id } : {};
}

const sourceName = (src: unknown): string =>
  typeof src === 'string' && !src.startsWith('xstate.invoke.') ? src : 'inline actor';

/** An actor is called by the id its author gave; XState's made-up one says only where it is. */
function actorName(id: string, node: AnyStateNode): string {
  const own = node.invoke.find((invoke) => invoke.id === id);
  return own && id.endsWith(`.${node.id}`) ? sourceName(own.src) : id;
}

function ownTransitions(node: AnyStateNode, names: Names): TransitionModel[] {
  const listed = [...node.transitions.values()].flat();
  const all = [...listed, ...(node.always ?? [])] as unknown as Definition[];
  return all.map((definition, index) => transitionModel(definition, index, node, names));
}

function transitionModel(
  definition: Definition,
  index: number,
  node: AnyStateNode,
  names: Names,
): TransitionModel {
  const { target, eventType: event, guard, reenter, description } = definition;
  const actions = definition.actions.map((action) => names.action(action));
  const { kind, label, delay } = trigger(definition, node);
  const model: TransitionModel = {
    id: `${node.id}:${index}`,
    source: node.id,
    targets: target?.map(({ id }) => id) ?? [],
    event,
    label,
    kind,
    ...(guard !== undefined && { guard: names.guard(guard) }),
    ...(delay !== undefined && { delay }),
    actions,
    reenter,
    plumbing: false,
    ...(description && { description }),
  };
  return { ...model, plumbing: isPlumbing(model, node) };
}

function trigger(definition: Definition, node: AnyStateNode) {
  const { eventType: event } = definition;
  if (event === '') return { kind: 'always' as const, label: 'always' };
  if (definition.delay !== undefined) {
    const delay = delayName(definition.delay);
    return { kind: 'after' as const, label: `after ${delay}`, delay };
  }
  const system = systemEvent(event);
  if (!system) return { kind: 'on' as const, label: event };
  const whose = system.actor === undefined ? '' : `${actorName(system.actor, node)} `;
  return { kind: 'done' as const, label: `${whose}${system.word}` };
}

/** The envelopes of machines/contracts.ts, heard at the root and turned into inner events. */
function isPlumbing({ event, targets, actions }: TransitionModel, node: AnyStateNode): boolean {
  const envelope = event === 'order' || event.startsWith('from.');
  const opens = actions.some(({ kind }) => kind === 'raise');
  return !node.parent && envelope && opens && targets.length === 0;
}
