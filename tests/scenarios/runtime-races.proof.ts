/** The two named races over the runtime, 20,000 runs each. A failure prints seed and path. */
import { describe, expect, it } from 'vitest';
import { runtimeRaces } from './races.ts';

describe('over the runtime', () => {
  for (const [title, run] of Object.entries(runtimeRaces)) {
    it(`${title}, 20,000 times`, async () => expect(await run(20_000)).toBe(20_000));
  }
});
