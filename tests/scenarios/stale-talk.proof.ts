/** PR-02 over the runtime, 20,000 runs, in a file of its own: proofs run side by side. */
import { describe, expect, it } from 'vitest';
import { runtimeRaces } from './races.ts';

const all = Object.entries(runtimeRaces).filter(([title]) => title.startsWith('PR-02'));

describe('over the runtime', () => {
  it.each(all)('%s, 20,000 times', async (_, run) => {
    expect(await run(20_000)).toBe(20_000);
  });
});
