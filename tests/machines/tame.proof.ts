/**
 * The world is not tame: every report of every leaf and contract, every reaction, every order and
 * every command of the user is taken away by itself, and without it the machines come to less. It
 * must never let a move stand that nothing depends on, unless a line here says beside what it does.
 */
import { describe, expect, it } from 'vitest';
import { anyone, asking } from '../../machines/anyone.ts';
import {
  absentServiceContract,
  type Contract,
  linkContract,
  serviceContract,
  untaken,
} from '../../machines/automata.ts';
import { reload, socket } from '../../machines/leaves.ts';
import { parts } from '../../machines/parts.ts';
import { both, linkAlone, serviceOnce } from '../../machines/world.ts';
import { explore } from '../../src/verify/explore.ts';
import type { Leaf, Result, View, World } from '../../src/verify/index.ts';
import { Stepper } from '../../src/verify/step.ts';

/** A world without one move. */
interface Removal {
  move: string;
  world: World;
  /** the role that is another now; a command of the user belongs to none */
  role?: string;
  /** a reaction: without it somebody goes on as before, and there may be more states as well */
  isReaction?: boolean;
}

const partNamed = (name: string): World => {
  const part = parts.find((one) => one.name === name);
  if (part === undefined) throw new RangeError(`no part is called ${name}`);
  return part.world;
};

// what can be taken away -----------------------------------------------------

const withLeaf = (world: World, name: string, leaf: Leaf): World => ({
  ...world,
  roles: world.roles.map((role) => (role.name === name ? { name, leaf } : role)),
});

type Reactions = NonNullable<Leaf['receives']>;

const unheard = (receives: Reactions, state: string, type: string): Reactions => {
  const others = Object.entries(receives[state] ?? {}).filter(([other]) => other !== type);
  return { ...receives, [state]: Object.fromEntries(others) };
};

const named = (state: string, report: object, next: string): string =>
  `${state} says ${JSON.stringify(report)} → ${next}`;

/** The leaf without the reports that are `gone`. */
const without = (leaf: Leaf, gone: readonly string[]): Leaf => ({
  ...leaf,
  emits: Object.fromEntries(
    Object.entries(leaf.emits).map(([state, all]) => [
      state,
      all.filter(({ report, next }) => !gone.includes(named(state, report, next))),
    ]),
  ),
});

const ofReports = (world: World, name: string, leaf: Leaf): Removal[] =>
  Object.entries(leaf.emits).flatMap(([state, all]) =>
    all.map(({ report, next }) => {
      const move = named(state, report, next);
      return { move, world: withLeaf(world, name, without(leaf, [move])), role: name };
    }),
  );

function ofReactions(world: World, name: string, leaf: Leaf): Removal[] {
  const { receives = {} } = leaf;
  return Object.entries(receives).flatMap(([state, reactions]) =>
    Object.entries(reactions).map(([type, next]) => ({
      move: `${state} takes ${type} → ${next}`,
      world: withLeaf(world, name, { ...leaf, receives: unheard(receives, state, type) }),
      role: name,
      isReaction: true,
    })),
  );
}

/** The world without the commands that are `gone`. */
const unasked = (world: World, gone: readonly string[]): World => ({
  ...world,
  user: world.user.filter(({ event }) => !gone.includes(JSON.stringify(event))),
});

const ofUser = (world: World): Removal[] =>
  world.user.map(({ event }) => {
    const move = JSON.stringify(event);
    return { move, world: unasked(world, [move]) };
  });

/** Every order and hint that changes something, with the state that takes it. */
const taken = ({ receives }: Contract): (readonly [state: string, type: string])[] =>
  Object.entries(receives).flatMap(([state, reactions]) =>
    Object.entries(reactions)
      .filter(([, next]) => next !== untaken)
      .map(([type]) => [state, type] as const),
  );

/** Whoever stands above a half and believes in a contract with one order less. */
const ofOrders = (world: World, id: string, contract: Contract, input: object): Removal[] =>
  taken(contract).map(([state, type]) => {
    const less = { ...contract, receives: unheard(contract.receives, state, type) };
    const machine = anyone(id, less, input);
    const roles = world.roles.map((role) =>
      role.name === 'gateway' ? { name: role.name, machine } : role,
    );
    const move = `${state} takes ${type}`;
    return {
      move,
      world: { ...world, roles },
      role: 'gateway',
      isReaction: contract.hints.includes(type),
    };
  });
// what it costs ---------------------------------------------------------------

/** What is lost, the most first; `given`: the gateway gives an order that would not be taken. */
const kinds = ['states', 'a transition', 'given', 'nothing'] as const;
type Loss = (typeof kinds)[number];

const losses = new Map<string, Loss>();

/** A move that several worlds have counts by the one that needs it most. */
function note(move: string, loss: Loss): void {
  const known = losses.get(move) ?? 'nothing';
  losses.set(move, kinds.indexOf(loss) < kinds.indexOf(known) ? loss : known);
}

const reach = (world: World, stepper?: Stepper, inFlight = 1): Result => {
  const result = explore(world, { delivery: 'async', inFlight }, stepper);
  const { cut, overflow, violation } = result;
  expect({ cut, overflow, violation }).toEqual({ cut: 0, overflow: 0, violation: undefined });
  return result;
};

const never = ({ coverage }: Result): number =>
  Object.values(coverage).reduce((sum, role) => sum + role.never.length, 0);

/** The states of the actors together, in words. */
function statesOf(world: World, stepper: Stepper): ReadonlySet<string> {
  const states = new Set<string>();
  const name = ({ actors }: View): undefined => {
    states.add(actors.map(({ path, value }) => `${path} ${JSON.stringify(value)}`).join());
  };
  const promises = { always: { name } };
  explore(world, { delivery: 'async', inFlight: 1, promises }, stepper);
  return states;
}

/** Every removal, explored on the tables of the whole. */
function cost(name: string, world: World, removals: readonly Removal[]): void {
  const base = new Stepper(world);
  const whole = reach(world, base);
  const least: number[] = [];
  for (const { move, world: less, role, isReaction = false } of removals) {
    const tables = role === undefined ? base : new Stepper(less, base, role);
    const lost = whole.states - reach(less, tables).states;
    if (!isReaction) expect(lost, move).toBeGreaterThanOrEqual(0);
    if (!isReaction && lost > 0) least.push(lost);
    if (lost !== 0) note(move, 'states');
    else if (isReaction) note(move, losesName(world, base, less, tables) ? 'states' : 'nothing');
    // tables that are computed anew say which transitions are taken
    else if (role === undefined && !losses.has(move)) {
      note(move, never(reach(less)) > never(whole) ? 'a transition' : 'nothing');
    } else note(move, 'nothing');
  }
  const fewest = `the least that is lost: ${Math.min(...least)}`;
  console.info(`${name}: ${removals.length} moves, ${whole.states} states; ${fewest}`);
}

/** As many states, and others. */
function losesName(world: World, base: Stepper, less: World, tables: Stepper): boolean {
  const left = statesOf(less, tables);
  return [...statesOf(world, base)].some((state) => !left.has(state));
}

const leavesOf = (world: World): [string, Leaf][] =>
  world.roles.flatMap((role): [string, Leaf][] => ('leaf' in role ? [[role.name, role.leaf]] : []));

const by = (who: string, removals: readonly Removal[]): Removal[] =>
  removals.map((one) => ({ ...one, move: `${who}: ${one.move}` }));

/** Every report and reaction of every leaf. */
const ofWorld = (world: World): Removal[] =>
  leavesOf(world).flatMap(([role, leaf]) =>
    by(role, [...ofReports(world, role, leaf), ...ofReactions(world, role, leaf)]),
  );

const { link, service } = both.input;
const contracts = [
  { id: 'link', name: 'the link', contract: linkContract, policy: link },
  { id: 'service', name: 'the service', contract: serviceContract, policy: service },
] as const;

describe('without any one of its moves the world comes to less', () => {
  it.each([
    ['a link alone', linkAlone],
    ['a service alone', serviceOnce],
  ])('every report, reaction and command of %s', (name, world) => {
    cost(name, world, [...ofWorld(world), ...by('user', ofUser(world))]);
  });

  it.each(['gateway-above-contracts', 'gateway-without-service'])(
    'every report of the contracts in %s, and every command',
    (name) => {
      const world = partNamed(name);
      const removals = leavesOf(world).flatMap(([role, leaf]) =>
        by(`${name}, ${role}`, ofReports(world, role, leaf)),
      );
      cost(name, world, [...removals, ...by('user', ofUser(world))]);
    },
  );

  it('every report of a reload', () => {
    const world = partNamed('service-below-anyone');
    const removals = ofReports(world, 'reload', reload);
    expect(removals).toHaveLength(3);
    cost('a reload', world, by('reload', removals));
  });

  it.each(contracts)(
    'every order and hint of the contract of $name',
    ({ id, contract, policy }) => {
      const name = `${id}-below-anyone`;
      const world = partNamed(name);
      const hints = contract.hints.map((type) => JSON.stringify({ type: asking(type) }));
      const asked = ofUser(world).filter(({ move }) => hints.includes(move));
      expect(asked).toHaveLength(hints.length);
      const orders = ofOrders(world, id, contract, { luck: 0.5, policy });
      cost(name, world, by(`order, ${id}`, [...orders, ...asked]));
    },
  );

  it.each([
    ['order, link', 'gateway-above-contracts', 'link', linkContract, 1],
    ['order, service', 'gateway-above-contracts', 'service', serviceContract, 1],
    ['order, absent service', 'gateway-without-service', 'service', absentServiceContract, 2],
  ] as const)(
    'an order not taken is one that is given: %s',
    (who, part, role, contract, inFlight) => {
      const world = partNamed(part);
      const base = new Stepper(world);
      const isTaken = (view: View) =>
        view.at(`gateway/${role}`)?.matches(untaken) ? 'not taken' : undefined;
      const options = { delivery: 'async', inFlight, promises: { always: { isTaken } } } as const;
      expect(explore(world, options, base).violation).toBeUndefined();
      const orders = taken(contract).filter(([, type]) => !contract.hints.includes(type));
      for (const [state, type] of orders) {
        const reactions = { ...contract.receives[state], [type]: untaken };
        const leaf = { ...contract, receives: { ...contract.receives, [state]: reactions } };
        const less = withLeaf(world, role, leaf);
        const { violation } = explore(less, options, new Stepper(less, base, role));
        note(`${who}: ${state} takes ${type}`, violation === undefined ? 'nothing' : 'given');
      }
      expect(orders.length).toBeGreaterThan(5);
    },
  );
});

/** Moves whose effect another one has too: both together lose more than the other alone. */
interface Pair {
  world: World;
  role: string;
  moves: readonly [move: string, beside: string];
}

const ends = (socket.emits.going ?? []).map(({ report, next }) => named('going', report, next));
const felled = '{"type":"os.exited"} → felled';
const pairs: readonly Pair[] = [
  // a peer that says that it goes is as gone as one that does not say it
  ...ends.flatMap((going): Pair[] => {
    const accepted = going.replace('going', 'accepted');
    const pair = { world: linkAlone, role: 'socket' };
    return [
      { ...pair, moves: [accepted, going] },
      { ...pair, moves: [going, accepted] },
    ];
  }),
  // who was killed before it was there ends as if it had been there first
  {
    world: serviceOnce,
    role: 'os',
    moves: [`doomed says ${felled}`, `signalled says ${felled}`],
  },
  // the first request of a burst may settle either way, a joined one is as good as a user's
  {
    world: partNamed('gateway-above-contracts'),
    role: 'user',
    moves: [
      '{"type":"reload","settleMs":100,"later":false}',
      '{"type":"reload","settleMs":100,"later":true}',
    ],
  },
  {
    world: serviceOnce,
    role: 'user',
    moves: [
      '{"type":"restart","by":"host","settleMs":100,"later":false}',
      '{"type":"restart","by":"host","settleMs":100,"later":true}',
    ],
  },
];

/** With one message in flight nothing else moves until it is heard. */
const early = [
  // it closes before its refusal is heard
  'socket: refused says {"type":"socket.closed","cause":"lost","floorMs":0} → closed',
  // it has rested, and is killed before that is heard
  'service: idle takes service.kill → fallen',
];

/**
 * What a paused link says by itself it says after the hint too, and what a service says that a
 * reload has met nowhere it says when it is down or raised too; the gateway cannot tell. That a
 * real one says each of it is proved in contracts.proof.ts.
 */
const saying = (part: string, role: string, contract: Contract, state: string) =>
  (contract.emits[state] ?? []).map(
    ({ report, next }) => `${part}, ${role}: ${named(state, report, next)}`,
  );
const byItself = [
  ...saying('gateway-above-contracts', 'link', linkContract, 'paused'),
  ...saying('gateway-without-service', 'link', linkContract, 'paused'),
  ...saying('gateway-above-contracts', 'service', serviceContract, 'lost'),
];

const lacking = (world: World, role: string, moves: readonly string[]): World => {
  if (role === 'user') return unasked(world, moves);
  const leaf = new Map(leavesOf(world)).get(role);
  if (leaf === undefined) throw new RangeError(`no leaf is called ${role}`);
  return withLeaf(world, role, without(leaf, moves));
};

describe('what loses nothing by itself', () => {
  it('stands here', () => {
    const here = pairs.map(({ role, moves: [move] }) => `${role}: ${move}`);
    const lost = [...losses].filter(([, loss]) => loss === 'nothing').map(([move]) => move);
    const count = (kind: Loss) => [...losses.values()].filter((loss) => loss === kind).length;
    console.info(kinds.map((kind) => `${kind}: ${count(kind)}`).join(', '));
    expect(lost.sort()).toEqual([...here, ...early, ...byItself].sort());
  });

  it.each([
    ['a link', linkAlone],
    ['a service', serviceOnce],
    ['the gateway', partNamed('gateway-above-contracts')],
  ])('loses more together with what it stands beside: %s', (_, world) => {
    const base = new Stepper(world);
    const left = (role: string, moves: readonly string[]): number => {
      const less = lacking(world, role, moves);
      return reach(less, role === 'user' ? base : new Stepper(less, base, role)).states;
    };
    reach(world, base);
    const own = pairs.filter((pair) => pair.world === world);
    for (const { role, moves } of own) {
      const [move, beside] = moves;
      expect(left(role, moves), `${move}, ${beside}`).toBeLessThan(left(role, [beside]));
    }
    expect(own.length).toBeGreaterThan(0);
  });

  it('or makes a difference when two messages may be in flight', () => {
    const base = new Stepper(linkAlone);
    const shape = ({ states, edges, depth }: Result) => ({ states, edges, depth });
    const whole = shape(reach(linkAlone, base, 2));
    const removals = ofWorld(linkAlone).filter(({ move }) => early.includes(move));
    expect(removals).toHaveLength(early.length);
    for (const { move, world, role } of removals) {
      const less = shape(reach(world, new Stepper(world, base, role), 2));
      console.info(`two in flight: ${JSON.stringify(whole)}, ${JSON.stringify(less)}: ${move}`);
      expect(less, move).not.toEqual(whole);
    }
  });
});
