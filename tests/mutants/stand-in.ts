/**
 * Stands in for each shipped machine while scenarios run under mutants: whoever wired it once gets
 * the mutant that is in force when an actor begins. Without one it is the machine itself. It must
 * never be exchanged while a scenario plays.
 */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  StateNode,
} from 'xstate';

const originals = new Map<string, AnyStateMachine>();
let inForce: { readonly machine: string; readonly made: AnyStateMachine } | undefined;

/** The machines that were loaded, as they ship. */
export const shippedMachines = (): AnyStateMachine[] => [...originals.values()];

/** From now on `machine` is `made`, and every other machine is itself. */
export function put(machine: string, made: AnyStateMachine): void {
  inForce = { machine, made };
}

export function restore(): void {
  inForce = undefined;
}

export function standIn<M extends AnyStateMachine>(original: M): M {
  originals.set(original.id, original);
  const present = () => (inForce?.machine === original.id ? inForce.made : original);
  return late(present) as M;
}

/**
 * States that were active after some step, as `machine/state`, and which state was asked what to
 * do on which event, as `machine/state event`.
 */
let visited: Set<string> | undefined;

/** XState keeps to itself how a state is asked. */
const asked = StateNode.prototype as unknown as {
  next(this: AnyStateNode, snapshot: unknown, event: { readonly type: string }): unknown;
};

/** Hears of every state that is visited while `play` runs, and of every one that is asked. */
export async function visits(play: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  visited = seen;
  const { next } = asked;
  asked.next = function (snapshot, event) {
    seen.add(`${this.machine.id}/${this.id} ${event.type}`);
    return next.call(this, snapshot, event);
  };
  try {
    await play();
  } finally {
    visited = undefined;
    asked.next = next;
  }
  return seen;
}

function note(machine: AnyStateMachine, { _nodes: nodes }: AnyMachineSnapshot): void {
  for (const { id } of nodes) visited?.add(`${machine.id}/${id}`);
}

type Provided = Parameters<AnyStateMachine['provide']>[0];

function late(present: () => AnyStateMachine): AnyStateMachine {
  return new Proxy(present(), {
    get: (_, key) => {
      const machine = present();
      if (visited !== undefined && (key === 'transition' || key === 'getInitialSnapshot')) {
        return (...given: unknown[]) => {
          const next: AnyMachineSnapshot = Reflect.apply(machine[key], machine, given);
          note(machine, next);
          return next;
        };
      }
      if (key !== 'provide') return Reflect.get(machine, key, machine);
      return (more: Provided) => {
        const made = new WeakMap<AnyStateMachine, AnyStateMachine>();
        return late(() => {
          const from = present();
          const known = made.get(from) ?? from.provide(more);
          made.set(from, known);
          return known;
        });
      };
    },
  });
}
