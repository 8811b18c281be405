/** The two named races over the machines, 20,000 runs each. A failure prints seed and path. */
import { describe, expect, it } from 'vitest';
import { machineRaces } from './races.ts';

describe('over the machines', () => {
  for (const [title, run] of Object.entries(machineRaces)) {
    it(`${title}, 20,000 times`, async () => expect(await run(20_000)).toBe(20_000));
  }
});
