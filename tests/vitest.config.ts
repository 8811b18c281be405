/** How the tests run. They live here, beside what they configure; the root stays the repository. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { requireAssertions: true },
    reporters: ['default', fileURLToPath(new URL('reporter.ts', import.meta.url))],
  },
});
