/**
 * What the shipped machines come to in the end, each half with all that it may fail and with
 * messages that overtake each other. It must never pass for want of states to judge.
 */
import { describe, expect, it } from 'vitest';
import { eventually } from '../../machines/guarantees.ts';
import { linkAlone, serviceAlone } from '../../machines/world.ts';
import { formatLasso, type LivenessOptions, liveness, type World } from '../../src/verify/index.ts';

const overtaking = { delivery: 'async', inFlight: 1 } as const;
const inOrder = { delivery: 'rtc', posts: 1 } as const;

describe('what is wanted comes true once the world behaves', () => {
  it.each<[what: string, world: World, options: Omit<LivenessOptions, 'goal'>]>([
    ['a link alone, delivered in any order', linkAlone, overtaking],
    ['a service alone, delivered in any order', serviceAlone, overtaking],
    ['a service alone, in the exact order of one process', serviceAlone, inOrder],
  ])('for %s', (what, world, options) => {
    for (const goal of eventually) {
      const { violation, ...searched } = liveness(world, { ...options, goal });
      console.info(`${goal.id}, ${what}: ${JSON.stringify(searched)}`);
      expect(violation === undefined ? '' : formatLasso(violation)).toBe('');
      expect(searched).toMatchObject({ cut: 0, overflow: 0 });
      expect(searched.outside).toBeGreaterThan(1_000);
    }
  });
});
