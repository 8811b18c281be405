/** Real XState actors beside the checker, for as long as a push does not wait. */
import { describe, expect, it } from 'vitest';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
import { conformance, explore, tour, type World } from '../../src/verify/index.ts';

describe('real actors do what the checker computes', () => {
  it.each<[what: string, world: World, steps: number]>([
    ['a link alone', linkAlone, 70_000],
    ['a service alone', serviceAlone, 70_000],
    ['a service and the link to it', both, 60_000],
  ])('at random: %s', (what, world, steps) => {
    const { ms, ...walked } = conformance(world, { seed: 1, steps });
    console.info(`${what}: ${JSON.stringify(walked)}, ${Math.round(ms / 1_000)} s`);
    expect(walked).toMatchObject({ steps });
    expect(walked.difference).toBeUndefined();
  });

  it('in every move of every state of a link alone, with one post queued', async () => {
    const { states, edges } = explore(linkAlone, { delivery: 'rtc', posts: 1 });
    const { difference, ms, ...made } = await tour(linkAlone, { posts: 1 });
    console.info(`a link alone: ${JSON.stringify(made)}, ${Math.round(ms / 1_000)} s`);
    expect(difference).toBeUndefined();
    expect(made).toMatchObject({ states, edges, covered: edges });
  });
});
