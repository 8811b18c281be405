/**
 * What of a machine was reached: which transitions fired, how often, and which states were entered
 * or stayed in, by XState's own identities (`source.id:index`, as in a drawing). To be given as
 * `inspect` to actors or gateways, any number of them. It must never change what it watches.
 */

/** By identity: how often each fired, and in how many steps each state was active. */
export interface Reach {
  transitions: Record<string, number>;
  states: Record<string, number>;
}

/** What XState tells of a step, as far as it is read here. */
interface Step {
  type: string;
  snapshot?: unknown;
  _transitions?: readonly Taken[];
}

interface Taken {
  source: Node;
}

interface Node {
  id: string;
  transitions: ReadonlyMap<string, readonly object[]>;
  always?: readonly object[] | undefined;
}

export interface Reached {
  /** for `createActor(logic, { inspect })` and for the option `inspect` of a gateway */
  readonly inspect: (event: unknown) => void;
  /** a copy of all that was reached so far */
  reach(): Reach;
  /** what was reached elsewhere, added */
  add(other: Reach): void;
}

/**
 * Counts from now on.
 *
 *     const seen = reached();
 *     createActor(machine, { inspect: seen.inspect }).start();
 *     seen.reach();   // to be drawn: holdfast diagram --coverage FILE
 */
export function reached(): Reached {
  const transitions = new Map<string, number>();
  const states = new Map<string, number>();
  const inspect = (event: unknown) => {
    if (!isStep(event)) return;
    for (const one of event._transitions ?? []) count(transitions, identityOf(one), 1);
    for (const { id } of activeIn(event.snapshot)) count(states, id, 1);
  };
  const reach = () => ({
    transitions: Object.fromEntries(transitions),
    states: Object.fromEntries(states),
  });
  const add = (other: Reach) => {
    for (const [id, times] of Object.entries(other.transitions)) count(transitions, id, times);
    for (const [id, times] of Object.entries(other.states)) count(states, id, times);
  };
  return { inspect, reach, add };
}

const count = (tally: Map<string, number>, id: string, by: number): void => {
  tally.set(id, (tally.get(id) ?? 0) + by);
};

/** A first snapshot comes without a step. */
const isStep = (event: unknown): event is Step =>
  typeof event === 'object' &&
  event !== null &&
  'type' in event &&
  (event.type === '@xstate.microstep' || event.type === '@xstate.snapshot');

const known = new WeakMap<object, string>();

/** Where it stands among the transitions of its state, `always` last. */
export function identityOf(transition: Taken): string {
  const found = known.get(transition);
  if (found !== undefined) return found;
  const { id, transitions, always = [] } = transition.source;
  const all = [...[...transitions.values()].flat(), ...always];
  const identity = `${id}:${all.indexOf(transition)}`;
  known.set(transition, identity);
  return identity;
}

function activeIn(snapshot: unknown): readonly { id: string }[] {
  if (typeof snapshot !== 'object' || snapshot === null || !('_nodes' in snapshot)) return [];
  const { _nodes: nodes } = snapshot;
  return Array.isArray(nodes) ? nodes : [];
}
