/** The interpreter and real XState actors, side by side. */
import { describe, expect, it } from 'vitest';
import { conformance } from '../../src/verify/index.ts';
import { deskWorld } from './machines.ts';

/** Room for a loaded machine. */
describe('conformance', { timeout: 120_000 }, () => {
  it('finds no difference in 20,000 steps of the right machines', () => {
    const result = conformance(deskWorld(), { seed: 7, steps: 20_000 });
    expect(result.difference).toBeUndefined();
    expect(result.steps).toBe(20_000);
  });

  it('finds none in 5,000 steps when every message is held and handed over in any order', () => {
    const result = conformance(deskWorld(), { seed: 7, steps: 5_000, delivery: 'async', posts: 3 });
    expect(result.difference).toBeUndefined();
    expect(result.steps).toBe(5_000);
  });

  it('finds a machine that differs, and prints the seed and the way there', () => {
    const options = { seed: 11, steps: 5_000, actors: deskWorld({ timerKept: true }) };
    const { difference } = conformance(deskWorld(), options);
    expect(difference).toMatch(/^seed 11, walk \d+: (state|moves) differ/);
    expect(difference).toContain('real only: ');
    expect(difference).toMatch(/\n1\. user \d \w+\n/);
  });

  it('finds it too when messages are held', () => {
    const actors = deskWorld({ timerKept: true });
    const options = { seed: 11, steps: 5_000, delivery: 'async', actors } as const;
    expect(conformance(deskWorld(), options).difference).toContain('real only: ');
  });

  it('finds an abstraction that forgets what matters', () => {
    const world = deskWorld();
    const forgetful = {
      ...world,
      roles: world.roles.map((role) =>
        role.name === 'desk' ? { ...role, ctxKey: () => 0 } : role,
      ),
    };
    const counting = deskWorld({ counted: true });
    const blind = {
      ...counting,
      roles: counting.roles.map((role) =>
        role.name === 'desk' ? { ...role, ctxKey: () => 0 } : role,
      ),
    };
    expect(conformance(forgetful, { seed: 3, steps: 2_000 }).difference).toBeUndefined();
    expect(conformance(blind, { seed: 3, steps: 2_000 }).difference).toContain('differ');
  });

  it('walks the same way for the same seed', () => {
    const options = { seed: 5, steps: 3_000, actors: deskWorld({ childLeaked: true }) };
    const first = conformance(deskWorld(), options);
    const second = conformance(deskWorld(), options);
    expect(first.difference).toBeDefined();
    expect(second.difference).toBe(first.difference);
  });

  it('says so when the interpreter finds a broken promise on the way', () => {
    const { difference } = conformance(deskWorld({ timerDoubled: true }), {
      seed: 1,
      steps: 5_000,
    });
    expect(difference).toContain('the interpreter found timer-discipline');
  });
});
