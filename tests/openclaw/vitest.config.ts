/**
 * How the tests on the real OpenClaw gateway run: `npm run test:openclaw`. One file after the
 * other, because each keeps a gateway that would like two processors for itself.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('../..'),
  test: {
    // Not *.test.ts: `npm test` must not need a gateway.
    include: ['tests/openclaw/*.real.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { requireAssertions: true },
    reporters: ['verbose', here('../reporter.ts')],
  },
});
