/**
 * `npm run coverage`: what the scenarios, the explorer and the simulation reach of the machines,
 * each by itself and all together, drawn into coverage/ and listed. It judges nothing: that every
 * transition fires somewhere is a test of its own (tests/machines/coverage.proof.ts).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'coverage');

function run(what: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  console.log(`\n== ${what}`);
  const all = { ...process.env, ...env };
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: all });
  if (status !== 0) throw new Error(`${what} ended with ${status}`);
}

const holdfast = (...args: string[]): string[] => ['--import', 'tsx', 'src/cli/main.ts', ...args];

/** Some transitions need two messages under way; a service alone has too many states for that. */
const explored = [
  ['link', '2'],
  ['service', '1'],
  ['contracts', '2'],
] as const;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/vitest.config.ts'];
run('scenarios', [...vitest, 'tests/scenarios', '--reporter=dot'], { HOLDFAST_COVERAGE: folder });
for (const [world, inFlight] of explored) {
  const file = join(folder, `explorer-${world}.json`);
  const bound = ['--in-flight', inFlight];
  run(`explorer, ${world}`, holdfast('check', '--world', world, ...bound, '--coverage', file));
}
const played = join(folder, 'simulation.json');
run('simulation', holdfast('simulate', '--hours', '100', '--coverage', played));

const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
for (const source of ['scenarios', 'explorer', 'simulation', '']) {
  const some = files.filter((file) => file.startsWith(source));
  const given = some.flatMap((file) => ['--coverage', join(folder, file)]);
  const out = join(folder, source || 'together');
  run(source || 'all of them together', holdfast('diagram', ...given, '--out', out));
}
