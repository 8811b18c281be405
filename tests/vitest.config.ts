/** How the tests run. They live here, beside what they configure; the root stays the repository. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutantPlugin } from './scenarios/mutants.ts';

/** Tests without processes, sockets and timers of their own: they share what they import. */
const pure = [
  'tests/{machines,scenarios,runtime,fakes,verify}/**/*.test.ts',
  'tests/simulate/!(bites).test.ts',
  'tests/protocols/{,openclaw/}!(practice).test.ts',
  'tests/hostile/{frames,wire}.test.ts',
];

export default defineConfig({
  plugins: [mutantPlugin(process.env.HOLDFAST_MUTANT)],
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    pool: 'forks',
    // most of a test's time is waiting for real processes and sockets
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { requireAssertions: true },
    reporters: ['default', fileURLToPath(new URL('reporter.ts', import.meta.url))],
    projects: [
      { extends: true, test: { name: 'pure', include: pure, isolate: false } },
      {
        extends: true,
        test: {
          name: 'real',
          isolate: false,
          include: ['tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...pure],
        },
      },
    ],
  },
});
