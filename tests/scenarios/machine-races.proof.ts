/** The two named races over the machines, thousands of runs. A failure prints seed and path. */
import { describe, expect, it } from 'vitest';
import { machineRaces } from './races.ts';

const times = Number(process.env.RACES);

describe('over the machines', () => {
  for (const [title, run] of Object.entries(machineRaces)) {
    it(`${title}, ${times} times`, async () => expect(await run(times)).toBe(times));
  }
});
