/** Processes that try mutants are attended: by their CPU time, and to the last mutant. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { attended, cpuMs } from './attend.ts';

/** Tries mutants as the trial does; what a mutant does to it is in its name. */
const program = `
  import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
  const home = process.env.HOLDFAST_TRIAL;
  const wanted = readFileSync(home + '/wanted', 'utf8').split('\\n').map((one) => JSON.parse(one));
  appendFileSync(home + '/starts', 'x');
  for (const [turn, { mutant, first }] of wanted.entries()) {
    const begun = { pid: process.pid, turn, mutant, scenario: first ?? 'any' };
    writeFileSync(home + '/begun', JSON.stringify(begun));
    while (mutant === 'spins');
    if (mutant === 'waits') await new Promise((resolve) => setTimeout(resolve, 2_000));
    if (mutant === 'ends') process.exit(1);
    if (mutant === 'ends once' && !existsSync(home + '/ended')) {
      writeFileSync(home + '/ended', '');
      process.exit(1);
    }
    appendFileSync(home + '/verdicts', JSON.stringify({ mutant }) + '\\n');
  }`;

function trial(text: string, mutants: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-attend-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'trial.mjs');
  writeFileSync(file, text);
  const wanted = mutants.map((mutant) => ({ mutant, first: 'a scenario' }));
  return attended({ argv: [file], cwd: folder, folder, wanted, limitMs: 1_000 });
}

it('ends what spins, and tries the rest in a new process', async () => {
  expect(await trial(program, ['one', 'spins', 'two'])).toEqual([
    { mutant: 'one' },
    { mutant: 'spins', by: 'a scenario', why: 'does not end' },
    { mutant: 'two' },
  ]);
});

it('leaves what only waits alone, however long that is', async () => {
  expect(await trial(program, ['waits'])).toEqual([{ mutant: 'waits' }]);
});

it('counts what takes the process with it when it does so twice', async () => {
  expect(await trial(program, ['ends once', 'ends', 'one'])).toEqual([
    { mutant: 'ends once' },
    { mutant: 'ends', by: 'a scenario', why: 'ends the whole process' },
    { mutant: 'one' },
  ]);
});

it('says why when nothing can be tried at all', async () => {
  const broken = `console.error('a scenario fails as it is'); process.exit(1);`;
  await expect(trial(broken, ['one'])).rejects.toThrow('a scenario fails as it is');
});

it('reads the CPU time of a process, and none of one that is gone', () => {
  const before = cpuMs(process.pid) ?? 0;
  const until = process.cpuUsage().user + 200_000;
  while (process.cpuUsage().user < until);
  expect((cpuMs(process.pid) ?? 0) - before).toBeGreaterThanOrEqual(150);
  expect(cpuMs(2 ** 22 + 1)).toBeUndefined();
});
