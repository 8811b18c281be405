/** The interpreter and real XState actors, side by side. */
import { describe, expect, it } from 'vitest';
import { linkAlone } from '../../machines/world.ts';
import { RealSystem } from '../../src/verify/actors.ts';
import { conformance, explore, tour } from '../../src/verify/index.ts';
import { deskWorld } from './machines.ts';

describe('conformance', { timeout: 120_000 }, () => {
  it('finds no difference in 5,000 steps of the right machines', () => {
    const result = conformance(deskWorld(), { seed: 7, steps: 5_000 });
    expect(result.difference).toBeUndefined();
    expect(result.steps).toBe(5_000);
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

describe('a walk', () => {
  it('ends where nothing leads on, and the steps are made elsewhere', () => {
    const { steps, states, walks } = conformance(deskWorld(), { seed: 2, steps: 1_000 });
    expect({ steps, isMany: states > 10 && walks > 10 }).toEqual({ steps: 1_000, isMany: true });
  });

  it('ends at once in a world in which nothing can happen', () => {
    const quiet = { ...deskWorld(), user: [] };
    expect(conformance(quiet, { seed: 1, steps: 100 })).toMatchObject({ steps: 0, walks: 1 });
  });
});

describe('a tour', () => {
  it('makes every move of every state, and finds no difference in the right machines', async () => {
    const world = deskWorld();
    const { difference, ...made } = await tour(world, { posts: 2 });
    const { states, edges } = explore(world, { delivery: 'rtc', posts: 2 });
    expect(difference).toBeUndefined();
    expect(made).toMatchObject({ states, edges, covered: edges });
    expect(made.steps).toBeGreaterThanOrEqual(edges);
  });

  it('finds a machine that differs, and prints a way that can be walked', async () => {
    const actors = deskWorld({ timerKept: true });
    const { difference = '', covered, edges } = await tour(deskWorld(), { actors });
    expect(covered).toBeLessThan(edges);
    const [first = '', ...rest] = difference.split('\n');
    expect(first).toMatch(/^after \d+\. (user|timer|post|world) .+: (state|moves) differ$/);
    expect(rest.some((line) => line.startsWith('   real only: '))).toBe(true);
    const real = new RealSystem(actors);
    for (const line of rest) {
      const [, move] = /^\d+\. (.+)$/.exec(line) ?? [];
      if (move !== undefined) real.make(move);
    }
    const shown = real.actors().find(({ path }) => path === 'desk');
    real.stop();
    expect(shown?.timers).toEqual(['again']);
  });

  it('ends when it is told to, and says how far it came', async () => {
    const { covered, edges, difference } = await tour(linkAlone, {}, () => false);
    expect(difference).toBeUndefined();
    expect(covered).toBeLessThan(edges);
  });

  it('is not made where the interpreter finds a broken promise', async () => {
    const { difference } = await tour(deskWorld({ timerDoubled: true }));
    expect(difference).toContain('the interpreter found timer-discipline');
  });
});
