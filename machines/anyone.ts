/**
 * Any parent at all of one child: gives every order that the child's contract takes, and every
 * hint, at any moment and without limit, and follows the contract by what it hears. Promises to be
 * in `breach` once a report of the generation in force comes that the contract does not allow; it
 * must never be pickier than the contract, or less would be proved than is said.
 */
import { type AnyStateMachine, setup } from 'xstate';
import { type Contract, untaken } from './automata.ts';
import { current, opened, orders, port, tell } from './channel.ts';

interface Context {
  gens: Record<string, number>;
}

interface Heard {
  type: string;
  report?: object;
}

/** What is sent to the parent to make it say `type`: an order never travels bare. */
export const asking = (type: string): string => `ask.${type}`;

/** `id` is the name by which the parent knows the child, `input` what it is given beside `gen`. */
export function anyone(id: string, contract: Contract, input: object): AnyStateMachine {
  const { emits, hints, initial, receives } = contract;
  const order = orders<{ type: string }>(id);
  const hint = tell<{ type: string }>(id);
  const asked = (reactions: Readonly<Record<string, string>>) =>
    Object.entries(reactions)
      .filter(([, next]) => next !== untaken)
      .map(([type, target]) => {
        const actions = hints.includes(type) ? hint({ type }) : order({ type });
        return [asking(type), { target, actions }];
      });
  const heard = (state: string) =>
    (emits[state] ?? []).map(({ report, next }) => ({
      guard: ({ context, event }: { context: Context; event: Heard }) =>
        current({ context, event }) && isSame(event.report, report),
      target: next,
    }));
  const states = Object.entries(receives).map(([state, reactions]) => {
    const reports = [...heard(state), { guard: current, target: 'breach' }];
    return [state, { on: { ...Object.fromEntries(asked(reactions)), [`from.${id}`]: reports } }];
  });
  return setup({
    types: { context: {} as Context, events: {} as Heard },
    actors: { [id]: port<object>(id) },
  }).createMachine({
    id: 'anyone',
    context: { gens: { [id]: 1 } },
    invoke: { id, src: id, input: ({ context }) => ({ ...input, gen: opened(context, id) }) },
    initial,
    on: Object.fromEntries(hints.map((type) => [asking(type), { actions: hint({ type }) }])),
    states: {
      ...Object.fromEntries(states),
      breach: { description: 'The child has said what its contract does not allow.' },
    },
  });
}

function isSame(one: object | undefined, other: object): boolean {
  if (one === undefined) return false;
  const expected = new Map<string, unknown>(Object.entries(other));
  const given = Object.entries(one);
  return given.length === expected.size && given.every(([key, it]) => expected.get(key) === it);
}
