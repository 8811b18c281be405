/** Every place of a machine is changed, each in one mutant, and a promise is what notices. */
import { describe, expect, it } from 'vitest';
import { and, assign, createMachine, not, setup } from 'xstate';
import * as shipped from '../../machines/index.ts';
import { parts } from '../../machines/parts.ts';
import { alone } from '../../src/verify/alone.ts';
import { Judge, type JudgeOptions, mutantsIn, tallied } from '../../src/verify/mutants.ts';
import { type Mutant, mutantsOf } from '../../src/verify/mutate.ts';
import type { Promises, StepState } from '../../src/verify/world.ts';
import { promisesWith } from '../machines/worlds.ts';

/** A turnstile: two coins open it, one push closes it. */
const turnstile = setup({
  types: { context: {} as { coins: number; pushes: number } },
  actions: {
    count: assign({ coins: ({ context }) => context.coins + 1, pushes: 0 }),
    clear: assign({ coins: 0, pushes: 0 }),
  },
  guards: {
    paid: ({ context }) => context.coins >= 1,
    closed: ({ context }) => context.coins < 2,
    paidOnce: and(['paid', not('free')]),
    free: () => false,
  },
  delays: { soon: 100, late: 1000 },
}).createMachine({
  id: 'turnstile',
  context: { coins: 0, pushes: 0 },
  initial: 'locked',
  states: {
    locked: {
      on: {
        coin: [
          { guard: 'paidOnce', target: 'open', actions: ['count', 'clear'] },
          { actions: 'count' },
        ],
      },
    },
    open: { entry: 'clear', on: { push: 'locked' }, after: { soon: 'locked' } },
  },
});

const ids = mutantsOf(turnstile).map(({ id }) => id.replace('turnstile', ''));

describe('the mutants of a machine', () => {
  it('change each place once', () => {
    expect(ids).toEqual([
      '/initial-open',
      '.locked/coin-1/dropped',
      '.locked/coin-1/stays',
      '.locked/coin-1/sibling',
      '.locked/coin-1/unguarded',
      '.locked/coin-1/negated',
      '.locked/coin-1/without-count',
      '.locked/coin-1/without-clear',
      '.locked/coin-1/clear-before-count',
      '.locked/coin-2/dropped',
      '.locked/coin-2/without-count',
      '.open/push/dropped',
      '.open/push/stays',
      '.open/push/sibling',
      '.open/after-soon/dropped',
      '.open/after-soon/stays',
      '.open/after-soon/sibling',
      '.open/after-soon/as-late',
      '.open/entry-without-clear',
      '/guard-paidOnce/part-1-dropped',
      '/guard-paidOnce/part-1-negated',
      '/guard-paidOnce/part-2-dropped',
      '/guard-paidOnce/part-2-without-not',
      '/action-count/coins-kept',
      '/action-count/pushes-kept',
      '/action-clear/coins-kept',
      '/action-clear/pushes-kept',
    ]);
  });

  it('leave the machine as it was', () => {
    const before = JSON.stringify(turnstile.config);
    for (const mutant of mutantsOf(turnstile)) mutant.build();
    expect(JSON.stringify(turnstile.config)).toBe(before);
  });

  it('say where and what in words', () => {
    const words = mutantsOf(turnstile).map(({ sentence }) => sentence);
    expect(words).toContain('turnstile: locked, coin (1): leads to locked, not to open');
    expect(words).toContain('turnstile: guard paidOnce: not of free dropped');
  });

  it('of the six machines that ship are more than a thousand, and all different', () => {
    const { connection, gateway, heartbeat, process, reconnect, supervisor } = shipped;
    const all = [connection, gateway, heartbeat, process, reconnect, supervisor].flatMap(mutantsOf);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(1_000);
    for (const [i, mutant] of all.entries()) {
      if (i % 40 === 0) expect(mutant.build().id).toBe(mutant.machine);
    }
  });
});

const promises: Promises = {
  always: {
    'open-when-paid': (view) =>
      view.actors[0]?.matches('open') && view.actors[0].context.coins !== 0 ? 'owes' : undefined,
  },
  goals: { 'can-open': { holds: (view) => view.actors[0]?.matches('open') ?? false } },
};

function part(name: string) {
  const found = parts.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`no part is called ${name}`);
  return found;
}

const worlds = [{ name: 'street', world: alone(turnstile) }];

function mutantOf(wanted: string): Mutant {
  const mutant = mutantsIn(worlds).find(({ id }) => id === `turnstile${wanted}`);
  if (mutant === undefined) throw new RangeError(`no mutant ${wanted}`);
  return mutant;
}

const judged = (wanted: string, more: Partial<JudgeOptions> = {}) =>
  new Judge(worlds, { delivery: 'rtc', promises, ...more }).judge(mutantOf(wanted));

describe('a mutant', () => {
  it('is killed by the promise that it breaks', () => {
    expect(judged('.locked/coin-1/stays')).toMatchObject({
      outcome: 'killed',
      by: 'can-open',
      world: 'street',
    });
  });

  it('is equivalent when each step is the same, in every field', () => {
    expect(judged('.locked/coin-1/clear-before-count')).toMatchObject({
      outcome: 'equivalent',
      reason: expect.stringMatching(/^equal tables: the same in each of \d+ steps$/),
    });
  });

  it('survives when no promise speaks of what it does', () => {
    expect(judged('.open/after-soon/as-late')).toMatchObject({ outcome: 'survived' });
  });

  it('that grows without end is not decided, and not killed', () => {
    const { outcome, reason } = judged('.locked/coin-1/dropped');
    expect(outcome).toBe('survived');
    expect(reason).toMatch(/^street: cut \d+, overflow 0$/);
  });

  const paid = {
    role: 'turnstile',
    check: (before: StepState, after: StepState) =>
      before.context.coins === 0 && after.matches('open') ? 'opened for nothing' : undefined,
  };

  it('is killed by a promise about a single step', () => {
    const asked = judged('.locked/coin-1/unguarded', { promises: { steps: { paid } } });
    expect(asked).toMatchObject({ outcome: 'killed', by: 'paid' });
  });

  it('is judged the same wherever it was killed the last time, or never was', () => {
    const dumb = { name: 'garden', world: alone(turnstile), promises: {} };
    const judge = new Judge([dumb, ...worlds], { delivery: 'rtc', promises });
    const both = ['.locked/coin-1/stays', '.open/after-soon/as-late'].map(mutantOf);
    for (const first of [undefined, 'garden', 'street', 'a world that is gone']) {
      expect(both.map((one) => judge.judge(one, first))).toMatchObject([
        { outcome: 'killed', by: 'can-open', world: 'street' },
        { outcome: 'survived' },
      ]);
    }
  });

  it('of a large world is searched near what differs, or whole when that is asked', () => {
    const near = { smallStates: 0 };
    expect(judged('.open/after-soon/as-late', near)).toMatchObject({
      outcome: 'survived',
      reason: 'street: searched near what differs',
    });
    expect(judged('.locked/coin-1/stays', near)).toMatchObject({ outcome: 'survived' });
    expect(judged('.locked/coin-1/stays', { ...near, whole: true })).toMatchObject({
      outcome: 'killed',
      by: 'can-open',
    });
  });

  it('is looked for at the beginning of a world that is too wide for more', () => {
    const garden = { name: 'garden', world: alone(turnstile), promises: {} };
    const street = { name: 'street', world: alone(turnstile), promises: { steps: { paid } } };
    const outcome = (statesMax: number) =>
      new Judge([{ ...street, statesMax }, garden], { delivery: 'rtc' }).judge(
        mutantOf('.locked/coin-1/unguarded'),
      );
    expect(outcome(100)).toMatchObject({ outcome: 'killed', by: 'paid', world: 'street' });
    expect(outcome(1)).toMatchObject({ outcome: 'survived' });
  });

  it('that never comes to rest is killed, and hangs nobody', () => {
    const restless = createMachine({
      id: 'restless',
      initial: 'one',
      states: { one: { always: 'two' }, two: {}, three: { always: 'one' } },
    });
    const spinning = [{ name: 'room', world: alone(restless) }];
    const verdicts = mutantsIn(spinning).map((mutant) =>
      new Judge(spinning, { delivery: 'rtc' }).judge(mutant),
    );
    expect(verdicts.find(({ mutant }) => mutant.endsWith('always/sibling'))).toMatchObject({
      outcome: 'killed',
      by: 'nothing-throws',
    });
    expect(tallied(verdicts).target).toMatchObject({ killed: 1 });
  });
});

describe('a mutant of the root', () => {
  const { name, world, promised } = part('gateway-without-service');
  const root = [{ name, world }];
  const judgedIn = (delivery: 'async' | 'rtc', id: string) => {
    const mutant = mutantsIn(root).find((one) => one.id === id);
    if (mutant === undefined) throw new RangeError(`no mutant ${id}`);
    const bounds = { delivery, inFlight: 1, posts: 1, promises: promisesWith(promised) };
    return new Judge(root, bounds).judge(mutant);
  };

  it('that tells one half before the other is the same where messages overtake', () => {
    const id = 'gateway.life.wanted/stop-2/dropService-before-restLink';
    expect(judgedIn('async', id).outcome).toBe('equivalent');
    expect(judgedIn('rtc', id).outcome).toBe('survived');
  });

  it('that ignores what it should obey is killed by a promise about that very step', () => {
    expect(judgedIn('async', 'gateway.life.resting/dispose/dropped')).toMatchObject({
      outcome: 'killed',
      by: 'ended-for-ever',
    });
  });
});
