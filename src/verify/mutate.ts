/**
 * Every machine that differs from a given one in a single place: a transition, target, guard,
 * action, order of two, entry, exit, child, delay, start or history dropped or twisted. The
 * mutants are a function of the machine alone, in the order of its config, and their ids stay the
 * same as long as the place does. It must never change the machine that it was given.
 */
import { type AnyStateMachine, type AnyStateNode, StateMachine } from 'xstate';
import {
  absolute,
  edited,
  type Group,
  groupsOf,
  isTree,
  listed,
  nodesOf,
  type Path,
  placeOf,
  type Transition,
  withGroup,
} from './edit.ts';
import {
  actionVariants,
  guardVariants,
  nameOfAction,
  nameOfGuard,
  negated,
} from './ingredients.ts';
import { heard } from './rules.ts';

export const mutantKinds = [
  'transition',
  'target',
  'guard',
  'action',
  'order',
  'entry',
  'exit',
  'invoke',
  'delay',
  'reenter',
  'initial',
  'history',
  'assign',
] as const;
export type MutantKind = (typeof mutantKinds)[number];

export interface Mutant {
  /** `reconnect.trying.opening/connection.ended/dropped` */
  readonly id: string;
  readonly kind: MutantKind;
  /** the id of the machine that was changed */
  readonly machine: string;
  /** XState's id of the state that was changed; undefined for a guard or action of any state */
  readonly state: string | undefined;
  /** the event that this state must be asked about before anything can differ, where it is one */
  readonly event?: string;
  /** where, and what was done there */
  readonly sentence: string;
  build(): AnyStateMachine;
}

/** A machine that cannot come to rest must fail and not hang. */
const maxIterations = 1_000;

export function mutantsOf(machine: AnyStateMachine): Mutant[] {
  const places = nodesOf(machine.root).flatMap((node) => [
    ...groupsOf(node).flatMap((group) => ofGroup(node, group)),
    ...ofState(node),
  ]);
  return [...places, ...ofGuards(machine), ...ofActions(machine)];
}

function remade(machine: AnyStateMachine, config: unknown, more: object = {}): AnyStateMachine {
  const options = { maxIterations };
  const whole = { ...(isTree(config) ? config : {}), options };
  const { implementations } = machine;
  return new StateMachine(whole as AnyStateMachine['config'], { ...implementations, ...more });
}

/** Makes the mutants of one place; `what` is a word for the id. */
type Make = (kind: MutantKind, what: string, words: string, config: () => unknown) => Mutant;

function maker(
  { machine, id: state }: AnyStateNode,
  id: string,
  place: string,
  event?: string,
): Make {
  return (kind, what, words, config) => ({
    id: `${id}/${what}`,
    kind,
    machine: machine.id,
    state,
    ...(event === undefined ? {} : { event }),
    sentence: `${place}: ${words}`,
    build: () => remade(machine, config()),
  });
}

const nameOf = (node: AnyStateNode): string => node.path.join('.') || 'root';
const idOf = (node: AnyStateNode): string => [node.machine.id, ...node.path].join('.');

function ofGroup(node: AnyStateNode, group: Group): Mutant[] {
  const { machine } = node;
  const delays = ofDelay(node, group);
  const each = group.transitions.flatMap((_, i) => {
    const isOne = group.transitions.length === 1;
    const words = isOne ? group.words : `${group.words} (${i + 1})`;
    const id = `${idOf(node)}/${group.words.replace(' ', '-')}${isOne ? '' : `-${i + 1}`}`;
    const isOn = group.path.at(-2) === 'on' && !group.words.includes('*');
    const event = isOn ? group.words : undefined;
    const make = maker(node, id, `${machine.id}: ${nameOf(node)}, ${words}`, event);
    return ofTransition(node, group, i, make);
  });
  return [...each, ...delays];
}

function ofTransition(node: AnyStateNode, group: Group, i: number, make: Make): Mutant[] {
  const { machine } = node;
  const found = group.transitions[i];
  if (found === undefined) return [];
  const { config, definition } = found;
  const change = (next: Transition) => () =>
    withGroup(machine, group.path, (all) => all.with(i, next));
  const { guard, target, reenter, ...others } = config;
  const kept = { ...others, ...(reenter === undefined ? {} : { reenter }) };
  const guarded = guard === undefined ? {} : { guard };
  const aimed = target === undefined ? {} : { target };
  const mutants = [
    make('transition', 'dropped', 'dropped', () =>
      withGroup(machine, group.path, (all) => all.toSpliced(i, 1)),
    ),
  ];
  const [to] = definition.target ?? [];
  if (to !== undefined) {
    mutants.push(make('target', 'stays', 'leads nowhere', change({ ...others, ...guarded })));
    const beside = siblingOf(to);
    if (beside !== undefined) {
      const elsewhere = { ...kept, ...guarded, target: absolute(beside) };
      const words = `leads to ${nameOf(beside)}, not to ${nameOf(to)}`;
      mutants.push(make('target', 'sibling', words, change(elsewhere)));
    }
  }
  if (reenter === true && to !== undefined) {
    const inside = change({ ...others, ...guarded, ...aimed });
    mutants.push(make('reenter', 'stays-in', 'does not leave the state first', inside));
  }
  const unguarded = { ...kept, ...aimed };
  if (guard !== undefined) {
    mutants.push(...ofGuard(guard, make, (other) => change({ ...unguarded, ...other })));
  }
  const actions = (next: readonly unknown[]) => change({ ...config, actions: next });
  return [...mutants, ...ofList(listed(config.actions), 'action', '', make, actions)];
}

type Guarding = (guard: { guard?: unknown }) => () => unknown;

function ofGuard(guard: unknown, make: Make, guarding: Guarding): Mutant[] {
  const name = nameOfGuard(guard);
  return [
    make('guard', 'unguarded', `guard ${name} dropped`, guarding({})),
    make('guard', 'negated', `guard ${name} negated`, guarding({ guard: negated(guard) })),
    ...guardVariants(guard).map(({ id, words, made }) =>
      make('guard', `guard-${id}`, `in guard ${name}, ${words}`, guarding({ guard: made })),
    ),
  ];
}

/** Each action of a list dropped, each two neighbours swapped. */
function ofList(
  all: readonly unknown[],
  kind: 'action' | 'entry' | 'exit',
  prefix: string,
  make: Make,
  becomes: (next: readonly unknown[]) => () => unknown,
): Mutant[] {
  const dropped = all.map((action, i) => {
    const name = nameOfAction(action);
    const id = all.findIndex((other) => nameOfAction(other) === name) < i ? `${name}-${i}` : name;
    const next = becomes(all.toSpliced(i, 1));
    return make(kind, `${prefix}without-${id}`, `${prefix}action ${name} dropped`, next);
  });
  const swapped = all.slice(1).map((second, i) => {
    const [one, two] = [nameOfAction(all[i]), nameOfAction(second)];
    const next = becomes(all.with(i, second).with(i + 1, all[i]));
    return make('order', `${prefix}${two}-before-${one}`, `${prefix}${two} before ${one}`, next);
  });
  return [...dropped, ...swapped];
}

function siblingOf(node: AnyStateNode): AnyStateNode | undefined {
  const all = Object.values(node.parent?.states ?? {});
  const beside = all[(all.indexOf(node) + 1) % all.length];
  // of regions that run side by side none can be entered without the others
  return beside === node || node.parent?.type === 'parallel' ? undefined : beside;
}

function ofDelay(node: AnyStateNode, { path, words }: Group): Mutant[] {
  if (path.at(-2) !== 'after') return [];
  const { machine } = node;
  const delay = String(path.at(-1));
  const named = Object.keys(machine.implementations.delays);
  const taken = Object.keys(node.config.after ?? {});
  const at = named.indexOf(delay);
  const others = [...named.slice(at + 1), ...named.slice(0, Math.max(at, 0))];
  const other = others.find((one) => !taken.includes(one));
  if (other === undefined) return [];
  const id = `${idOf(node)}/${words.replace(' ', '-')}`;
  const make = maker(node, id, `${machine.id}: ${nameOf(node)}, ${words}`);
  const change = () =>
    edited(machine.config, path.slice(0, -1), (old) => {
      const all = Object.entries(isTree(old) ? old : {});
      return Object.fromEntries(all.map(([name, to]) => [name === delay ? other : name, to]));
    });
  return [make('delay', `as-${other}`, `delay ${other} instead`, change)];
}

function ofState(node: AnyStateNode): Mutant[] {
  const { machine, config } = node;
  const at = placeOf(node);
  const make = maker(node, idOf(node), `${machine.id}: ${nameOf(node)}`);
  const put = (key: string, value: unknown) => () =>
    edited(machine.config, [...at, key], () => value);
  const list = (kind: 'entry' | 'exit') =>
    ofList(listed(config[kind]), kind, `${kind} `, slugged(make), (next) => put(kind, next));
  return [
    ...list('entry'),
    ...list('exit'),
    ...ofInvokes(node, at, make),
    ...ofInitial(node, make, put),
    ...ofHistory(node, make, put),
  ];
}

/** Ids have no blanks. */
const slugged =
  (make: Make): Make =>
  (kind, what, words, config) =>
    make(kind, what.replaceAll(' ', '-'), words, config);

function ofInvokes(node: AnyStateNode, at: Path, make: Make): Mutant[] {
  const all = listed(node.config.invoke);
  return all.map((_, i) => {
    const id = node.invoke[i]?.id ?? String(i);
    return make('invoke', `without-${id}`, `child ${id} is not started`, () =>
      edited(node.machine.config, [...at, 'invoke'], () => all.toSpliced(i, 1)),
    );
  });
}

type Put = (key: string, value: unknown) => () => unknown;

function ofInitial(node: AnyStateNode, make: Make, put: Put): Mutant[] {
  if (node.type !== 'compound') return [];
  const keys = Object.keys(node.states);
  const [first] = node.initial.target;
  const other = keys[(keys.indexOf(first?.key ?? '') + 1) % keys.length];
  if (first === undefined || other === undefined || other === first.key) return [];
  return [make('initial', `initial-${other}`, `begins in ${other}`, put('initial', other))];
}

function ofHistory(node: AnyStateNode, make: Make, put: Put): Mutant[] {
  if (node.type !== 'history') return [];
  const other = node.history === 'deep' ? 'shallow' : 'deep';
  return [make('history', `history-${other}`, `history is ${other}`, put('history', other))];
}

/** Guards that have a name and are made of others. */
function ofGuards(machine: AnyStateMachine): Mutant[] {
  const { guards } = machine.implementations;
  return Object.entries(guards).flatMap(([name, guard]) =>
    guardVariants(guard).map(
      ({ id, words, made }): Mutant => ({
        id: `${machine.id}/guard-${name}/${id}`,
        kind: 'guard',
        machine: machine.id,
        state: undefined,
        sentence: `${machine.id}: guard ${name}: ${words}`,
        build: () => remade(machine, machine.config, { guards: { ...guards, [name]: made } }),
      }),
    ),
  );
}

/** Actions that have a name and do several things. */
function ofActions(machine: AnyStateMachine): Mutant[] {
  const { actions } = machine.implementations;
  const types = [...new Set(heard(machine))];
  return Object.entries(actions).flatMap(([name, action]) =>
    actionVariants(action, types).map(
      ({ id, words, made }): Mutant => ({
        id: `${machine.id}/action-${name}/${id}`,
        kind: 'assign',
        machine: machine.id,
        state: undefined,
        sentence: `${machine.id}: action ${name}: ${words}`,
        build: () => remade(machine, machine.config, { actions: { ...actions, [name]: made } }),
      }),
    ),
  );
}
