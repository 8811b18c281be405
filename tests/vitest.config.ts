/** How the tests run. They live here, beside what they configure; the root stays the repository. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutantPlugin } from './scenarios/mutants.ts';

export default defineConfig({
  plugins: [mutantPlugin(process.env.HOLDFAST_MUTANT)],
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    // most of a test's time is waiting for real processes and sockets
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { requireAssertions: true },
    reporters: ['default', fileURLToPath(new URL('reporter.ts', import.meta.url))],
  },
});
