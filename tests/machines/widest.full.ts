/** The widest layers of the same guarantees: minutes each, `npm run verify:full`. */
import { describe, it } from 'vitest';
import { parts } from '../../machines/parts.ts';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
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

describe('a service and the link to it keep every guarantee', () => {
  it('with one message in flight, delivered in any order', () => {
    prove(both, { delivery: 'async', inFlight: 1 });
  });
});

describe.each(parts)('$name keeps every guarantee', ({ world, promised }) => {
  it('with three messages in flight, delivered in any order', () => {
    prove(world, { delivery: 'async', inFlight: 3 }, promised);
  });
});
