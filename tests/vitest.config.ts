/** How the tests run. They live here, beside what they configure; the root stays the repository. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutantPlugin } from './scenarios/mutants.ts';

/** Tests that count what their own process holds: sockets, timers, children. Each has its own. */
const counting = [
  'tests/{drivers,e2e}/**/*.test.ts',
  'tests/hostile/{impostor,tls,upgrade}.test.ts',
  'tests/protocols/**/practice.test.ts',
];

export default defineConfig({
  plugins: [mutantPlugin(process.env.HOLDFAST_MUTANT)],
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    pool: 'forks',
    // most of a test's time is waiting for real processes and sockets
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { requireAssertions: true },
    reporters: ['default', fileURLToPath(new URL('reporter.ts', import.meta.url))],
    projects: [
      { extends: true, test: { name: 'counting', include: counting } },
      {
        extends: true,
        test: {
          name: 'sharing',
          include: ['tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...counting],
          isolate: false,
        },
      },
    ],
  },
});
