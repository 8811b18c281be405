/**
 * The rules of the kernel that can be read off a machine before it is stepped: sources and
 * actions have names, and an id stands for one child at a time. It must never refuse what the
 * kernel models, and never run anything of a machine.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { Broken } from './fault.ts';
import { isMachineRole } from './roles.ts';
import type { Violation, World } from './world.ts';

/** The first rule that a machine of this world breaks, as a violation without a step. */
export function brokenRule(world: World): Violation | undefined {
  try {
    for (const role of world.roles) if (isMachineRole(role)) read(role.name, role.machine);
  } catch (error) {
    if (error instanceof Broken) return { ...error.fault, trace: [] };
    throw error;
  }
  return undefined;
}

/** The `src` of everything that a machine invokes by name. */
export const invoked = (machine: AnyStateMachine): string[] =>
  nodesOf(machine.root).flatMap(({ invoke }) => invoke.map(({ src }) => String(src)));

/** Every event that a machine has a transition for: its own `events` leave out some. */
export const heard = (machine: AnyStateMachine): string[] =>
  nodesOf(machine.root).flatMap(({ transitions }) => [...transitions.keys()]);

function read(name: string, machine: AnyStateMachine): void {
  const nodes = nodesOf(machine.root);
  const known: Readonly<Record<string, unknown>> = machine.implementations.actions;
  for (const node of nodes) {
    for (const { src, id } of listed(node.config.invoke)) {
      if (typeof src !== 'string') {
        throw new Broken('modelled', `${name}: ${node.id} invokes an inline source: name it`);
      }
      if (id === undefined) {
        throw new Broken('modelled', `${name}: ${node.id} invokes '${src}' without an id`);
      }
    }
    for (const type of actionsOf(node)) {
      if (Object.hasOwn(known, type)) continue;
      throw new Broken('modelled', `${name}: ${node.id} has the unknown action '${type}'`);
    }
  }
  once(name, nodes);
}

/** No id may stand for two children that can live at the same time. */
function once(name: string, nodes: readonly AnyStateNode[]): void {
  const all = nodes.flatMap((node) => node.invoke.map(({ id }) => ({ id, node })));
  for (const [i, { id, node }] of all.entries()) {
    const other = all.slice(i + 1).find((one) => one.id === id && together(node, one.node));
    if (!other) continue;
    const message = `${name}: ${node.id} and ${other.node.id} both invoke under the id '${id}'`;
    throw new Broken('one-instance', message);
  }
}

/** Whether both may be active at once: one lies in the other, or a parallel state holds both. */
function together(one: AnyStateNode, other: AnyStateNode): boolean {
  const above = lineOf(one);
  const shared = lineOf(other).find((node) => above.includes(node));
  return shared === one || shared === other || shared?.type === 'parallel';
}

const lineOf = (node: AnyStateNode): AnyStateNode[] =>
  node.parent === undefined ? [node] : [node, ...lineOf(node.parent)];

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

function listed<T>(one: T | readonly T[] | undefined): readonly T[] {
  if (one === undefined) return [];
  return isList(one) ? one : [one];
}
const isList = <T>(one: T | readonly T[]): one is readonly T[] => Array.isArray(one);

/** Actions that are meant by name, also within a list that a transition holds. */
function actionsOf(node: AnyStateNode): string[] {
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  const initial = node.type === 'compound' ? node.initial.actions : [];
  const all: readonly unknown[] = [
    ...node.entry,
    ...node.exit,
    ...initial,
    ...transitions.flatMap(({ actions }) => actions),
  ];
  return all.flatMap((action) => {
    if (typeof action === 'string') return [action];
    if (typeof action !== 'object' || action === null || !('type' in action)) return [];
    return [String(action.type)];
  });
}
