/** Seven classic bugs, seeded one by one: each is found, by its promise, on a shortest way. */
import { describe, expect, it } from 'vitest';
import { explore } from '../../src/verify/index.ts';
import { retrace } from '../../src/verify/retrace.ts';
import { type Seed, seeds } from './seeded.ts';
import { promises } from './worlds.ts';

/** Room for a loaded machine; how long each takes alone is what tests/bench/seeded.ts prints. */
const timeout = 120_000;

const found = ({ world, options }: Seed) => explore(world, { ...options, promises }).violation;

describe('a seeded bug', { timeout }, () => {
  it.each(seeds)('is found by its promise, and real actors break it too: $bug', (seed) => {
    const { world, options, guarantee, depth } = seed;
    const violation = found(seed);
    expect(violation).toMatchObject({ guarantee });
    expect(violation?.trace).toHaveLength(depth);
    const moves = violation?.trace.map(({ what }) => what) ?? [];
    const made = retrace(world, { ...options, moves, promises, guarantee });
    expect(made).toMatchObject({ model: { guarantee }, actors: { guarantee } });
    expect(made.steps).toHaveLength(depth);
  });
});
