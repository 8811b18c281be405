/** The wider layers of the same guarantees, for which a push does not wait. */
import { describe, expect, it } from 'vitest';
import { both, linkAlone, serviceAlone, serviceOnce } from '../../machines/world.ts';
import { conformance } from '../../src/verify/index.ts';
import { prove } from './worlds.ts';

describe('a service alone keeps every guarantee', () => {
  it('that may fail once, with two messages in flight, delivered in any order', () => {
    prove(serviceOnce, { delivery: 'async', inFlight: 2 });
  });

  it('in the exact order of one process, with two posts of leaves queued', () => {
    prove(serviceAlone, { delivery: 'rtc', posts: 2 });
  });
});

describe('a link alone keeps every guarantee', () => {
  it('with two messages in flight, delivered in any order', () => {
    prove(linkAlone, { delivery: 'async', inFlight: 2 });
  });

  it('in the exact order of one process, with two posts of leaves queued', () => {
    prove(linkAlone, { delivery: 'rtc', posts: 2 });
  });
});

describe('real actors whose messages are held and handed over in any order', () => {
  it.each([
    ['a link', linkAlone],
    ['a service', serviceAlone],
    ['both', both],
  ])('do as the checker says, for 50,000 steps: %s', (_, world) => {
    const walked = { seed: 2, steps: 50_000, delivery: 'async', posts: 3 } as const;
    const { steps, difference } = conformance(world, walked);
    expect({ steps, difference }).toEqual({ steps: 50_000, difference: undefined });
  });
});
