/**
 * Which transitions of each machine were ever taken in a cold step, so that what a world never
 * reaches can be listed. Data only: it must never decide whether a run passes.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { RoleCoverage } from './world.ts';

interface Microstep {
  type: string;
  _transitions?: readonly object[];
}

interface Inspectable {
  inspect(observer: { next(event: Microstep): void }): unknown;
}

export class Coverage {
  readonly #machines = new Map<string, AnyTransitionDefinition[]>();
  readonly #taken = new Set<object>();

  /** `system` is the one in whose name every machine is stepped. */
  constructor(system: unknown) {
    (system as Inspectable).inspect({
      next: ({ type, _transitions }) => {
        if (type !== '@xstate.microstep') return;
        for (const transition of _transitions ?? []) this.#taken.add(transition);
      },
    });
  }

  add(name: string, machine: AnyStateMachine): void {
    this.#machines.set(name, transitionsOf(machine.root));
  }

  report(): Record<string, RoleCoverage> {
    const entries = [...this.#machines].map(([name, all]) => {
      const never = all.filter((transition) => !this.#taken.has(transition)).map(inWords);
      return [name, { transitions: all.length, never }] as const;
    });
    return Object.fromEntries(entries);
  }
}

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
