/** The search: what it finds, how short its traces are, and what it admits to have left out. */
import { describe, expect, it } from 'vitest';
import {
  type ExploreOptions,
  explore,
  formatResult,
  formatTrace,
  type Leaf,
  type MoveKind,
  type Promises,
  type View,
  type World,
} from '../../src/verify/index.ts';
import { type Bugs, deskPromises, deskWorld } from './machines.ts';

const both = ['async', 'rtc'] as const;
const run = (bugs: Bugs, options: Partial<ExploreOptions> = {}) =>
  explore(deskWorld(bugs), { delivery: 'async', promises: deskPromises, ...options });

describe.each(both)('with %s delivery', (delivery) => {
  it('finds nothing wrong with the right machines, whatever the number of restarts', () => {
    const result = run({}, { delivery });
    expect(result.violation).toBeUndefined();
    expect(result).toMatchObject({ cut: 0, overflow: 0 });
    expect(result.states).toBeGreaterThan(10);
  });

  const cases: [bug: keyof Bugs, what: string, guarantee: string][] = [
    ['childLeaked', 'a child that is left running', 'one-instance'],
    ['spawnedOver', 'a spawn over a live child', 'one-instance'],
    ['timerKept', 'a timer that is not cancelled', 'off is empty'],
    ['timerDoubled', 'a timer that is armed twice', 'timer-discipline'],
    ['reportedTwice', 'two reports in one macrostep', 'one-report'],
    ['reportedBare', 'a report without its envelope', 'no-inner-event'],
    ['hintedInner', 'an order that travels as a hint', 'no-inner-event'],
    ['actionUnknown', 'a built-in action that it does not know', 'modelled'],
    ['clockRead', 'a machine that reads the clock', 'pure'],
    ['changedInPlace', 'a context that is changed in place', 'pure'],
    ['coinTossed', 'a guard that remembers', 'pure'],
    ['childMissing', 'a message to a child that is not there', 'missing-child'],
    ['generationKept', 'a spawn that opens no generation', 'generations'],
    ['generationMade', 'a child that makes up its generation', 'generations'],
    ['finalChild', 'a child that ends by itself', 'never-final'],
  ];
  it.each(cases)('finds %s: %s', (bug, _what, guarantee) => {
    expect(run({ [bug]: true }, { delivery }).violation).toMatchObject({ guarantee });
  });
});

describe('delivery as a network', () => {
  it('finds a stale report that is heard, which one process alone cannot produce here', () => {
    const { violation } = run({ staleAccepted: true });
    expect(violation?.guarantee).toBe('stale-is-inert');
    expect(violation?.trace.map(({ what }) => what)).toEqual([
      'user → desk: start',
      'timer of desk/line: xstate.after.dial.line.held.dialing',
      'user → desk: restart',
      'a stopped actor → desk: line.down (stale generation) arrives',
    ]);
    expect(run({ staleAccepted: true }, { delivery: 'rtc' }).violation).toBeUndefined();
  });

  it('finds a guard that throws only when an order crosses a report', () => {
    expect(run({ guardThrows: true }).violation?.guarantee).toBe('nothing-throws');
  });

  it('covers every state that one process can be in', () => {
    const seen = (delivery: 'async' | 'rtc') => {
      const states = new Set<string>();
      const note = (view: View) => {
        const actors = view.actors.map(({ path, value, timers }) => [path, value, timers]);
        if (view.inFlight === 0) states.add(JSON.stringify(actors));
        return true;
      };
      run({}, { delivery, within: note });
      return states;
    };
    const network = seen('async');
    const process = seen('rtc');
    expect(process.size).toBeGreaterThan(3);
    expect([...process].filter((state) => !network.has(state))).toEqual([]);
  });
});

describe('a trace', () => {
  it('is a shortest one', () => {
    const lengths = both.map(
      (delivery) => run({ timerKept: true }, { delivery }).violation?.trace.length,
    );
    expect(lengths).toEqual([4, 3]);
  });

  it('reads as numbered steps that say who sent what to whom', () => {
    const { violation } = run({ timerKept: true }, { delivery: 'rtc' });
    expect(violation && formatTrace(violation)).toMatchInlineSnapshot(`
      "off is empty: off, but 1 actors or timers are left
      1. user → desk: start
          => desk=on.calling line=held.dialing+1 wire=dead
      2. timer of desk/line: xstate.after.dial.line.held.dialing
             desk/line → desk: line.down
          => desk=waiting+1
      3. user → desk: stop
          => desk=off+1"
    `);
  });
});

describe('a bound', () => {
  it('that stops the search is counted, not hidden', () => {
    expect(run({}, { maxStates: 20 }).cut).toBeGreaterThan(0);
    expect(run({}, { maxDepth: 2 }).cut).toBeGreaterThan(0);
    const within = run({}, { within: (view) => !view.at('desk')?.matches('waiting') });
    expect(within.cut).toBeGreaterThan(0);
    expect(within.bounds).toEqual({ inFlight: 2, channel: 12, maxStates: null, maxDepth: null });
  });

  it('of a channel that is too narrow is an overflow, in both deliveries', () => {
    expect(run({}, { inFlight: 3, channel: 1 }).overflow).toBeGreaterThan(0);
    expect(run({}, { delivery: 'rtc', channel: 0 }).overflow).toBeGreaterThan(0);
  });

  it('on a command is kept', () => {
    const world = deskWorld();
    const once: World = { ...world, user: [{ event: { type: 'start' }, max: 1 }] };
    let starts = 0;
    explore(once, {
      delivery: 'async',
      within: (view) => {
        if (view.moves().includes('user → desk: start')) starts += 1;
        return true;
      },
    });
    expect(starts).toBe(1);
  });

  it('is part of the printed result', () => {
    const text = formatResult(run({}, { maxDepth: 2 }));
    expect(text).toContain('cut ');
    expect(text).toContain('inFlight 2');
    expect(text).toContain('maxDepth 2');
  });
});

describe('a goal', () => {
  it('that can always be reached is kept', () => {
    expect(run({}).violation).toBeUndefined();
  });

  it('that some state cannot reach is broken there, by a shortest trace', () => {
    const { violation } = run(
      {},
      {
        promises: { goals: { up: { holds: (v) => v.liveLeaves > 0, by: ['world', 'delivery'] } } },
      },
    );
    expect(violation).toMatchObject({ guarantee: 'up', trace: [] });
  });

  it('looks only at the states it is about', () => {
    const goals = (by: MoveKind): Promises => ({
      goals: {
        up: {
          from: (view) => view.at('desk')?.matches('waiting') ?? false,
          holds: (view) => view.liveLeaves > 0,
          by: [by],
        },
      },
    });
    expect(run({}, { promises: goals('timer') }).violation).toBeUndefined();
    expect(run({}, { promises: goals('world') }).violation?.guarantee).toBe('up');
  });
});

describe('a promise about a step', () => {
  it('is asked of every step of its role alone, and broken on a shortest way', () => {
    const steps: NonNullable<Promises['steps']> = {
      'never rests from talk': {
        role: 'desk',
        check: (before, after, { type }) =>
          before.matches('on.talking') && after.matches('off') ? `by ${type}` : undefined,
      },
    };
    const { violation } = run({}, { promises: { steps } });
    expect(violation).toMatchObject({
      guarantee: 'never rests from talk',
      message: 'desk: by drop',
    });
    expect(violation?.trace.at(-1)?.what).toBe('user → desk: drop');
    expect(violation?.trace).toHaveLength(5);
    const elsewhere = {
      x: { role: 'line', check: steps['never rests from talk']?.check ?? never },
    };
    expect(run({}, { promises: { steps: elsewhere } }).violation).toBeUndefined();
  });
});

const never = () => undefined;

describe.each(both)('a leaf, with %s delivery', (delivery) => {
  const withWire = (change: Partial<Leaf>): World => {
    const world = deskWorld();
    const roles = world.roles.map((role) =>
      'leaf' in role && role.name === 'wire'
        ? { ...role, leaf: { ...role.leaf, ...change } }
        : role,
    );
    return { ...world, roles };
  };

  it('that must come to its own end is not to be stopped before', () => {
    const world = withWire({ mustEnd: (state) => state === 'live' });
    expect(explore(world, { delivery }).violation).toMatchObject({
      guarantee: 'not-abandoned',
      message: 'desk/line/wire was stopped while live',
    });
    expect(explore(withWire({ mustEnd: () => false }), { delivery }).violation).toBeUndefined();
  });

  it('is not to speak while it is being stopped, where somebody could hear it', () => {
    const { violation } = explore(withWire({ parting: { type: 'wire.down' } }), { delivery });
    expect(violation).toMatchObject({
      guarantee: 'silent-once-stopped',
      message: "desk/line/wire said 'wire.down' while it was being stopped",
    });
  });
});

describe('coverage', () => {
  it('lists the transitions that no explored step took', () => {
    const world = deskWorld();
    const quiet: World = { ...world, user: [{ event: { type: 'start' } }] };
    const { coverage } = explore(quiet, { delivery: 'async' });
    expect(coverage.line?.never).toContain('line on order → itself');
    expect(explore(world, { delivery: 'async' }).coverage.line?.never).toEqual([]);
  });
});

describe('renaming of generations', () => {
  it('keeps the number of states independent of the number of restarts', () => {
    const world = deskWorld();
    const limited = (max: number): World => ({
      ...world,
      user: world.user.map((command) => ({ ...command, max })),
    });
    const sizes = [2, 3].map((max) => explore(limited(max), { delivery: 'rtc' }).snapshotsPerRole);
    const unlimited = explore(world, { delivery: 'rtc' });
    expect(sizes[1]).toEqual(sizes[0]);
    expect(unlimited.snapshotsPerRole).toEqual(sizes[0]);
    expect(unlimited.states).toBeLessThan(100);
  });
});
