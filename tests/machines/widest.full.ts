/** The widest layers of the same guarantees: minutes each, `npm run verify:full`. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../../machines/guarantees.ts';
import { parts } from '../../machines/parts.ts';
import { both, linkAlone, serviceAlone, serviceOnce } from '../../machines/world.ts';
import { formatLasso, liveness } from '../../src/verify/index.ts';
import { prove } from './worlds.ts';

describe('a link alone keeps every guarantee', () => {
  it('with three messages in flight, delivered in any order', () => {
    prove(linkAlone, { delivery: 'async', inFlight: 3 });
  });
});

describe('a service alone keeps every guarantee', () => {
  it('with two messages in flight, delivered in any order', () => {
    prove(serviceAlone, { delivery: 'async', inFlight: 2 });
  });
});

describe('a service that may fail once keeps every guarantee', () => {
  it('with three messages in flight, delivered in any order', () => {
    prove(serviceOnce, { delivery: 'async', inFlight: 3 });
  });
});

describe('a service and the link to it keep every guarantee', () => {
  it('with one message in flight, delivered in any order', () => {
    prove(both, { delivery: 'async', inFlight: 1 });
  });

  it('with one post of a leaf queued, in the exact order of one process', () => {
    prove(both, { delivery: 'rtc', posts: 1 });
  });

  it.each(eventually)('and $id comes in the end', (goal) => {
    const { violation, ...searched } = liveness(both, { delivery: 'async', inFlight: 1, goal });
    console.info(`${goal.id}, both: ${JSON.stringify(searched)}`);
    expect(violation === undefined ? '' : formatLasso(violation)).toBe('');
    expect(searched).toMatchObject({ cut: 0, overflow: 0 });
  });
});

describe.each(parts)('$name keeps every guarantee', ({ world, promised }) => {
  it('with three messages in flight, delivered in any order', () => {
    prove(world, { delivery: 'async', inFlight: 3 }, promised);
  });
});
