/**
 * Hosts that are killed in each phase of their service, and at any moment: the next one has exactly
 * one process, nothing older lives, and nobody else was touched. `npm run bench:killed` makes 200.
 */
import { describe, expect, it } from 'vitest';
import { keepHouse } from './house.ts';
import { Killings, phases } from './killed-hosts.ts';

keepHouse();

describe('the host after one that was killed', () => {
  it('has one process, whenever that was', async () => {
    const seed = Math.floor(Math.random() * 1_000_000);
    const killings = new Killings(seed);
    await killings.begin();
    try {
      const all = [...phases, ...phases, null, null];
      for (const [number, phase] of all.entries()) {
        const { killed, found } = await killings.round(number, phase);
        expect(found).not.toBe('');
        expect(killed[0]?.phase).toBe(phase?.name ?? killed[0]?.phase);
      }
    } finally {
      await killings.end();
    }
  }, 120_000);
});
