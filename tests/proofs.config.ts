/**
 * The proofs that are too long for `npm test`: the same checker with wider bounds, more runs, real
 * peers. `npm run verify` is what CI runs; `npm run verify:full` (mode `full`) adds the widest.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  test: {
    include: ['tests/**/*.proof.ts', ...(mode === 'full' ? ['tests/**/*.full.ts'] : [])],
    expect: { requireAssertions: true },
    // a proof uses one core
    maxWorkers: 2,
    testTimeout: 1_800_000,
    // how often each race of tests/scenarios is run
    env: { RACES: mode === 'full' ? '20000' : '4000' },
    reporters: ['default', './tests/reporter.ts'],
  },
}));
