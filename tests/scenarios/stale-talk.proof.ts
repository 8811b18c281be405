/** PR-02 over the runtime, thousands of runs, in a file of its own: proofs run side by side. */
import { describe, expect, it } from 'vitest';
import { runtimeRaces } from './races.ts';

const all = Object.entries(runtimeRaces).filter(([title]) => title.startsWith('PR-02'));
const times = Number(process.env.RACES);

describe('over the runtime', () => {
  it.each(all)(`%s, ${times} times`, async (_, run) => {
    expect(await run(times)).toBe(times);
  });
});
