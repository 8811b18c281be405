/** The longer proofs: `npm run verify:full`. The same checker, wider bounds. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.proof.ts'],
    expect: { requireAssertions: true },
    // a proof uses one core
    maxWorkers: 2,
    testTimeout: 1_800_000,
    reporters: ['default', './tests/reporter.ts'],
  },
});
