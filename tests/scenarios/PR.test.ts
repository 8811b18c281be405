/**
 * The two races that the product is named for, as properties: a stale generation changes nothing,
 * and a dispose during connect leaves nothing. Here some runs of each; `npm run verify` makes
 * 20,000. A failure prints seed and path, which replay it.
 */
import { describe, expect, it } from 'vitest';
import { machineRaces, runtimeRaces } from './races.ts';

describe('the two named races', { timeout: 120_000 }, () => {
  for (const [title, run] of Object.entries(machineRaces)) {
    it(`${title}, over the machines`, async () => expect(await run(200)).toBe(200));
  }
  for (const [title, run] of Object.entries(runtimeRaces)) {
    it(`${title}, over the runtime`, async () => expect(await run(75)).toBe(75));
  }
});
