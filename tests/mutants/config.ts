/** Scenarios under mutants: one process, one file that runs them all. `npm run mutants`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { standInPlugin } from './plugin.ts';

export default defineConfig({
  plugins: [standInPlugin()],
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['tests/mutants/trial.ts'],
    pool: 'forks',
    testTimeout: 3_600_000,
    // what a mutant leaves behind is the scenario's to notice
    dangerouslyIgnoreUnhandledErrors: true,
    reporters: ['dot'],
  },
});
