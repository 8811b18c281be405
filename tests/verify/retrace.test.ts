/** Counterexamples made again, on the interpreter and on real actors. */
import { describe, expect, it } from 'vitest';
import { explore, type Promises, type Violation } from '../../src/verify/index.ts';
import { retrace } from '../../src/verify/retrace.ts';
import { replay } from '../../src/verify/testing.ts';
import { type Bugs, deskPromises, deskWorld } from './machines.ts';

const movesOf = ({ trace }: Violation) => trace.map(({ what }) => what);

const known = new Map<string, ReturnType<typeof search>>();

/** What is found of a bug, searched once. */
function found(bug: keyof Bugs, delivery: 'async' | 'rtc') {
  const one = known.get(`${bug} ${delivery}`) ?? search(bug, delivery);
  known.set(`${bug} ${delivery}`, one);
  return one;
}

function search(bug: keyof Bugs, delivery: 'async' | 'rtc') {
  const promises = deskPromises;
  const { violation } = explore(deskWorld({ [bug]: true }), { delivery, promises });
  if (!violation) throw new Error(`${bug} breaks nothing`);
  const { guarantee } = violation;
  return { guarantee, recording: { delivery, moves: movesOf(violation), promises, guarantee } };
}

const behaviour: (keyof Bugs)[] = ['childLeaked', 'spawnedOver', 'timerKept', 'timerDoubled'];
behaviour.push('childMissing', 'finalChild');
const writing: (keyof Bugs)[] = ['clockRead', 'reportedTwice', 'generationKept', 'hintedInner'];

describe.each(['async', 'rtc'] as const)('with %s delivery', (delivery) => {
  it.each(behaviour)('real actors break the same promise: %s', (bug) => {
    const { guarantee, recording } = found(bug, delivery);
    const { model, actors, missing, difference } = retrace(deskWorld({ [bug]: true }), recording);
    expect([model?.guarantee, actors?.guarantee]).toEqual([guarantee, guarantee]);
    expect({ missing, difference }).toEqual({ missing: undefined, difference: undefined });
  });

  it.each(writing)('says which promise no run can show: %s', (bug) => {
    const { guarantee, recording } = found(bug, delivery);
    const { model, actors, unjudged } = retrace(deskWorld({ [bug]: true }), recording);
    expect({ broken: model?.guarantee, actors }).toEqual({ broken: guarantee, actors: undefined });
    expect(unjudged).toContain('how a machine is written');
  });

  it.each(behaviour)('breaks nothing once it is mended: %s', (bug) => {
    const made = retrace(deskWorld(), found(bug, delivery).recording);
    expect(made).toMatchObject({ model: undefined, actors: undefined, difference: undefined });
  });
});

describe('a trace of a network', () => {
  it('is taken by real actors in its very order, late words of stopped actors included', () => {
    for (const bug of ['staleAccepted', 'guardThrows'] as const) {
      const { guarantee, recording } = found(bug, 'async');
      const { model, actors, steps } = retrace(deskWorld({ [bug]: true }), recording);
      expect([model?.guarantee, actors?.guarantee]).toEqual([guarantee, guarantee]);
      const before = steps.slice(0, -1);
      expect(before.length).toBeGreaterThan(1);
      expect(before.map(({ actors: state }) => state)).toEqual(before.map(({ model: s }) => s));
    }
  });
});

describe('a trace that does not fit', () => {
  it('stops at the first move that is not possible, and says what is', () => {
    const moves = ['user → desk: start', 'timer of desk: again', 'user → desk: stop'];
    const { missing, steps } = retrace(deskWorld(), { delivery: 'rtc', moves });
    expect(missing).toMatchObject({ number: 2, move: 'timer of desk: again' });
    expect(missing?.possible).toContain('timer of desk/line: xstate.after.dial.line.held.dialing');
    expect(steps).toHaveLength(1);
  });

  it('is told when checker and actors are not in the same state', () => {
    const counting = deskWorld({ counted: true });
    const roles = counting.roles.map((role) =>
      role.name === 'desk' ? { ...role, ctxKey: () => 0 } : role,
    );
    const moves = ['start', 'drop', 'start', 'drop', 'start'].map((type) => `user → desk: ${type}`);
    const { difference } = retrace({ ...counting, roles }, { delivery: 'rtc', moves });
    expect(difference).toMatch(/^state differ/);
  });
});

describe('a goal', () => {
  const lost: Promises = {
    goals: { up: { holds: (view) => view.liveLeaves > 0, by: ['world', 'delivery'] } },
  };

  it('is asked again where the trace ends, of the interpreter alone', () => {
    const { violation } = explore(deskWorld(), { delivery: 'rtc', promises: lost });
    const recording = { delivery: 'rtc', moves: [], promises: lost } as const;
    const { model, actors, unjudged } = retrace(deskWorld(), recording);
    expect([violation?.guarantee, model?.guarantee, actors]).toEqual(['up', 'up', undefined]);
    expect(unjudged).toContain('searched');
  });

  it('is kept where some way leads on', () => {
    const open: Promises = { goals: { up: { holds: (view) => view.liveLeaves > 0 } } };
    const { model } = retrace(deskWorld(), { delivery: 'rtc', moves: [], promises: open });
    expect(model).toBeUndefined();
  });
});

describe('replay()', () => {
  it('throws the trace while the promise breaks, and returns once it does not', async () => {
    const { recording } = found('timerKept', 'rtc');
    await expect(replay(deskWorld({ timerKept: true }), recording)).rejects.toThrow(
      /^off is empty: off, but 1 actors or timers are left\n1\. user → desk: start\n/,
    );
    await expect(replay(deskWorld(), recording)).resolves.toMatchObject({ missing: undefined });
  });

  it('passes what is no longer possible, but never without the commands of the user', async () => {
    const gone = {
      delivery: 'rtc',
      moves: ['user → desk: start', 'timer of desk: again'],
    } as const;
    await expect(replay(deskWorld(), gone)).resolves.toMatchObject({ missing: { number: 2 } });
    const strange = { delivery: 'rtc', moves: ['user → desk: begin'] } as const;
    await expect(replay(deskWorld(), strange)).rejects.toThrow('no command of this world');
  });
});
