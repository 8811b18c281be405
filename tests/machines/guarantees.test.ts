/** Every interleaving of the shipped machines, in the layers that a push can wait for. */
import { describe, expect, it } from 'vitest';
import { linkAlone, serviceAlone, serviceOnce } from '../../machines/world.ts';
import { conformance } from '../../src/verify/index.ts';
import { prove } from './worlds.ts';

/** Room for a loaded machine: how long a proof takes is printed, never asserted. */
const timeout = 120_000;

describe('a link alone keeps every guarantee', { timeout }, () => {
  it('with one message in flight, delivered in any order', () => {
    prove(linkAlone, { delivery: 'async', inFlight: 1 });
  });

  it('in the exact order of one process, with one post of a leaf queued', () => {
    prove(linkAlone, { delivery: 'rtc', posts: 1 });
  });
});

describe('a service alone that may fail once keeps every guarantee', { timeout }, () => {
  it('with one message in flight, delivered in any order', () => {
    prove(serviceOnce, { delivery: 'async', inFlight: 1 });
  });
});

describe('the checker and XState agree', { timeout }, () => {
  it('on 10,000 random steps of a link', () => {
    const agreed = conformance(linkAlone, { seed: 1, steps: 10_000 });
    expect(agreed.difference).toBeUndefined();
    expect(agreed.steps).toBeGreaterThanOrEqual(10_000);
  });

  it('on 10,000 random steps of a service', () => {
    const agreed = conformance(serviceAlone, { seed: 1, steps: 10_000 });
    expect(agreed.difference).toBeUndefined();
    expect(agreed.steps).toBeGreaterThanOrEqual(10_000);
  });
});
