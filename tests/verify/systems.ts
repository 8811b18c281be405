/**
 * Small systems drawn at random, that keep the rules: a root, a machine below it and a leaf below
 * each of them. Which states there are, what goes where and who tells whom is chance; that every
 * child is let in by a new generation and shut out by another is not.
 */
import fc from 'fast-check';
import { type AnyStateMachine, type EventObject, sendParent, setup } from 'xstate';
import type { Leaf, World } from '../../src/verify/index.ts';
import { port } from './machines.ts';

interface Turn {
  /** undefined: it stays where it is, and may tell its child something */
  target: number | undefined;
  told: string;
  /** to its parent, when it has one */
  said: string | undefined;
}

interface Part {
  holdsKid: boolean;
  holdsLeaf: boolean;
  /** by event, in the order of `alphabets` */
  turns: readonly Turn[];
  later: Turn | undefined;
}

interface Place {
  emits: readonly { said: string; next: number }[];
  hears: readonly [a: number, b: number];
}

export interface Plan {
  root: readonly Part[];
  kid: readonly Part[];
  tap: readonly Place[];
  bulb: readonly Place[];
  /** how often the user may ask for `b` */
  most: number | undefined;
}

const word = fc.constantFrom('a', 'b');

const turn = (count: number): fc.Arbitrary<Turn> =>
  fc.record({
    target: fc.option(fc.nat(count - 1), { nil: undefined, freq: 2 }),
    told: word,
    said: fc.option(word, { nil: undefined }),
  });

const parts: fc.Arbitrary<Part[]> = fc.integer({ min: 2, max: 3 }).chain((count) => {
  const part = fc.record({
    holdsKid: fc.boolean(),
    holdsLeaf: fc.boolean(),
    turns: fc.array(turn(count), { minLength: 6, maxLength: 6 }),
    later: fc.option(turn(count), { nil: undefined }),
  });
  return fc.array(part, { minLength: count, maxLength: count });
});

const places: fc.Arbitrary<Place[]> = fc.array(
  fc.record({
    emits: fc.array(fc.record({ said: word, next: fc.nat(1) }), { minLength: 1, maxLength: 2 }),
    hears: fc.tuple(fc.nat(1), fc.nat(1)),
  }),
  { minLength: 2, maxLength: 2 },
);

export const plan: fc.Arbitrary<Plan> = fc.record({
  root: parts,
  kid: parts,
  tap: places,
  bulb: places,
  most: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
});

export function systemOf({ root, kid, tap, bulb, most }: Plan): World {
  return {
    roles: [
      { name: 'root', machine: machineOf('root', root) },
      { name: 'kid', machine: machineOf('kid', kid) },
      { name: 'tap', leaf: leafOf('tap', tap) },
      { name: 'bulb', leaf: leafOf('bulb', bulb) },
    ],
    root: 'root',
    user: [
      { event: { type: 'a' } },
      { event: { type: 'b' }, ...(most === undefined ? {} : { max: most }) },
    ],
  };
}

function leafOf(name: string, states: readonly Place[]): Leaf {
  const all = states.map(({ emits, hears }, i) => ({
    emits: emits.map(({ said, next }) => ({
      report: { type: `${name}.${said}` },
      next: `s${next}`,
    })),
    receives: { 'set.a': `s${hears[0]}`, 'set.b': `s${hears[1]}` },
    state: `s${i}`,
  }));
  return {
    initial: 's0',
    emits: Object.fromEntries(all.map(({ state, emits }) => [state, emits])),
    receives: Object.fromEntries(all.map(({ state, receives }) => [state, receives])),
  };
}

const alphabets = {
  root: ['a', 'b', 'kid.a', 'kid.b', 'tap.a', 'tap.b'],
  kid: ['do.a', 'do.b', 'bulb.a', 'bulb.b'],
};

interface Context {
  gen: number;
  gens: Readonly<Record<string, number>>;
}
interface Envelope extends EventObject {
  gen: number;
  report: Envelope;
  order: Envelope;
}

const child = port<{ gen: number }>();

type Id = 'kid' | 'tap' | 'bulb';

const base = setup({
  types: { context: {} as Context, events: {} as Envelope, input: {} as { gen?: number } },
  actors: { kid: child, tap: child, bulb: child },
});
const opens = (id: Id) =>
  base.assign({ gens: ({ context: { gens } }) => ({ ...gens, [id]: (gens[id] ?? 0) + 1 }) });
const tells = (id: Id, told: string) =>
  base.sendTo(id, ({ context }) =>
    id === 'kid'
      ? { type: 'order', gen: context.gens[id], order: { type: `do.${told}` } }
      : { type: `set.${told}` },
  );
const reports = (name: string, said: string) =>
  sendParent<Context, Envelope, undefined, EventObject, Envelope>(({ context }) => ({
    type: `from.${name}`,
    gen: context.gen,
    report: { type: `${name}.${said}` },
  }));

function turned(name: 'root' | 'kid', held: readonly Id[], { target, told, said }: Turn) {
  const report = name === 'kid' && said !== undefined ? [reports(name, said)] : [];
  if (target !== undefined) {
    return { target: `#${name}.s${target}`, reenter: true, actions: report };
  }
  const [to] = held;
  const order = to === 'kid' ? [opens(to), tells(to, told)] : to ? [tells(to, told)] : [];
  return { actions: [...order, ...report] };
}

function stateOf(name: 'root' | 'kid', { holdsKid, holdsLeaf, turns, later }: Part) {
  const leaf: Id = name === 'root' ? 'tap' : 'bulb';
  const held: Id[] = [];
  if (holdsKid && name === 'root') held.push('kid');
  if (holdsLeaf) held.push(leaf);
  return {
    entry: held.map(opens),
    exit: held.map(opens),
    invoke: held.map((id) => ({
      id,
      src: id,
      input: ({ context }: { context: Context }) => ({ gen: context.gens[id] ?? 0 }),
    })),
    on: Object.fromEntries(
      alphabets[name].flatMap((type, i) => {
        const one = turns[i];
        return one === undefined ? [] : [[type, turned(name, held, one)]];
      }),
    ),
    ...(later === undefined ? {} : { after: { 100: turned(name, held, later) } }),
  };
}

function machineOf(name: 'root' | 'kid', states: readonly Part[]): AnyStateMachine {
  const children: Id[] = name === 'root' ? ['kid', 'tap'] : ['bulb'];
  const hears = base.raise(({ event }) => event.report);
  const obeys = [
    base.assign({ gen: ({ event }) => event.gen }),
    base.raise(({ event }) => event.order),
  ];
  return base.createMachine({
    id: name,
    context: ({ input }) => ({
      gen: input?.gen ?? 0,
      gens: Object.fromEntries(children.map((id) => [id, 0])),
    }),
    initial: 's0',
    on: {
      ...Object.fromEntries(
        children.map((id) => [
          `from.${id}`,
          { guard: ({ context, event }) => event.gen === context.gens[id], actions: hears },
        ]),
      ),
      ...(name === 'kid' ? { order: { actions: obeys } } : {}),
    },
    states: Object.fromEntries(states.map((part, i) => [`s${i}`, stateOf(name, part)])),
  });
}
