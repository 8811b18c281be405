/** The wider layers of the same guarantees, for which a push does not wait. */
import { describe, it } from 'vitest';
import { linkAlone, serviceAlone } from '../../machines/world.ts';
import { prove } from './worlds.ts';

describe('a service alone keeps every guarantee', () => {
  it('with two messages in flight, delivered in any order', () => {
    prove(serviceAlone, { delivery: 'async', inFlight: 2 });
  });

  it('in the exact order of one process, with two posts of leaves queued', () => {
    prove(serviceAlone, { delivery: 'rtc', posts: 2 });
  });
});

describe('a link alone keeps every guarantee', () => {
  it('with three messages in flight, delivered in any order', () => {
    prove(linkAlone, { delivery: 'async', inFlight: 3 });
  });
});
