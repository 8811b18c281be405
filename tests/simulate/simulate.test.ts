/** A short simulation of what ships: enough to see that it runs, counts and repeats itself. */
import { describe, expect, it } from 'vitest';
import { faults, kinds } from '../../src/simulate/faults.ts';
import { inText, planOf, replay, runTwice, simulate } from '../../src/simulate/index.ts';
import { scriptOf } from '../../src/simulate/script.ts';

describe('a simulation', () => {
  it('breaks nothing, and meets its faults', async () => {
    const tally = await simulate({ seed: 11, hours: 4, runs: 4 });
    expect(tally.violated).toEqual([]);
    expect(tally.simulatedMs).toBeGreaterThan(4 * 3_600_000);
    expect(tally.faults).toBeGreaterThan(40);
    expect(tally.restarts).toBeGreaterThan(0);
    expect(tally.reconnects).toBeGreaterThan(0);
  }, 60_000);

  it('is the same again for the same seed, and another one for another', async () => {
    const plan = planOf({ seed: 5, hours: 0.5, runs: 1 });
    const first = await runTwice(plan, 0);
    expect(await replay(plan, 0)).toEqual(first);
    expect((await replay({ ...plan, seed: 6 }, 0)).digest).not.toBe(first.digest);
  }, 60_000);

  it('is another one when an act is left out', async () => {
    const plan = planOf({ seed: 5, hours: 0.5, runs: 1 });
    const whole = await replay(plan, 0);
    const less = await replay(plan, 0, [0, 1]);
    expect(less.digest).not.toBe(whole.digest);
    expect(less.faults).toBeLessThanOrEqual(2);
  }, 60_000);

  it('ends after the run that is under way when it is asked to', async () => {
    const tally = await simulate({ hours: 0.2, runs: 20, mayGoOn: () => false });
    expect(tally.runs).toBe(0);
  });

  it('shares its hours among a run for every two of them', () => {
    expect(planOf({})).toEqual({ seed: 1, hours: 10, runs: 5 });
    expect(planOf({ hours: 0.1 }).runs).toBe(1);
  });
});

describe('the script of a run', () => {
  const scripts = Array.from({ length: 60 }, (_, run) => scriptOf(9, run, 2));

  it('is data, and the same for the same seed', () => {
    expect(scriptOf(9, 3, 2)).toEqual(scripts[3]);
    expect(JSON.parse(JSON.stringify(scripts[3]))).toEqual(scripts[3]);
  });

  it('has every kind of act, every protocol and every half in some run', () => {
    const drawn = new Set(scripts.flatMap(({ acts }) => acts.map(({ kind }) => kind)));
    expect(kinds.filter((kind) => !drawn.has(kind))).toEqual([]);
    expect(new Set(scripts.map(({ protocol }) => protocol)).size).toBe(3);
    expect(new Set(scripts.map(({ halves }) => halves)).size).toBe(3);
  });

  it('has a fault about every three minutes', () => {
    const acts = scripts.flatMap((script) => script.acts);
    const faulty = acts.filter(({ kind }) => faults[kind].is === 'fault').length;
    expect(faulty / (2 * scripts.length)).toBeGreaterThan(20);
  });
});

it('what broke is told with its schedule and the command that shows it again', () => {
  const { acts, ...script } = scriptOf(1, 2, 0.5);
  const broken = { rule: 'one-socket', message: 'two', at: 61_500, story: ['0:01:01.000 x'] };
  const some = acts.slice(0, 2);
  const text = inText(planOf({ hours: 2, runs: 4 }), {
    ...{ ...broken, run: 2, acts: some, keep: [0, 1], of: acts.length, script },
  });
  expect(text).toContain('one-socket is broken at 0:01:01.500 of run 2: two');
  expect(text).toContain(`2 of ${acts.length} acts are needed:`);
  expect(text).toContain('holdfast simulate --seed 1 --hours 2 --runs 4 --run 2 --keep 0,1');
});
