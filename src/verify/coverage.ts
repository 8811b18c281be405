/**
 * Which transitions of each machine were ever taken in a cold step, so that what a world never
 * reaches can be listed. Data only: it must never decide whether a run passes.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { identityOf, type Reach, reached } from './reached.ts';
import type { RoleCoverage } from './world.ts';

interface Inspectable {
  inspect(observer: { next(event: unknown): void }): unknown;
}

export class Coverage {
  readonly #machines = new Map<string, AnyStateMachine>();
  readonly #reached = reached();

  /** `system` is the one in whose name every machine is stepped. */
  constructor(system: unknown) {
    (system as Inspectable).inspect({ next: this.#reached.inspect });
  }

  add(name: string, machine: AnyStateMachine): void {
    this.#machines.set(name, machine);
  }

  report(): Record<string, RoleCoverage> {
    const { transitions, states } = this.#reached.reach();
    const entries = [...this.#machines].map(([name, machine]) => {
      const all = transitionsOf(machine.root);
      const ids = all.map(identityOf);
      const never = all.filter((_, i) => !transitions[ids[i] ?? '']).map(inWords);
      const reach: Reach = {
        transitions: among(transitions, ids),
        states: among(states, nodesOf(machine.root)),
      };
      return [name, { transitions: all.length, never, reach }] as const;
    });
    return Object.fromEntries(entries);
  }
}

const among = (counts: Record<string, number>, ids: readonly string[]): Record<string, number> =>
  Object.fromEntries(ids.flatMap((id) => (counts[id] ? [[id, counts[id]]] : [])));

const nodesOf = ({ id, states }: AnyStateNode): string[] => [
  id,
  ...Object.values(states).flatMap(nodesOf),
];

function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [
    ...[...node.transitions.values()].flat(),
    ...(node.always ?? []),
    ...Object.values(node.states).flatMap(transitionsOf),
  ];
}

function inWords({ source, eventType, guard, target }: AnyTransitionDefinition): string {
  const when = guard === undefined ? '' : ` [${guardName(guard)}]`;
  const where = (target ?? []).map(({ id }) => id).join(', ');
  return `${source.id} on ${eventType || 'always'}${when} → ${where || 'itself'}`;
}

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { type, name } = guard as { type?: string; name?: string };
  return type ?? name ?? 'guard';
}
