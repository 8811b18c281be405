/**
 * `npm run mutants`: changes each machine in one place after another; a promise of the checker
 * must notice, or else a scenario. Prints who noticed, and every mutant that nobody did. It must
 * never count a mutant that a stage has not come to as killed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { attended, type Tried, verdictsIn, type Wanted } from './attend.ts';
import { type Kill, type Kills, killsFile, readKills, scenarioOf, writeKills } from './kills.ts';
import { reasons } from './reasons.ts';

const usage = `npm run mutants [-- OPTIONS]
  --machine NAME   the mutants of this machine only
  --mutant ID      this mutant only; may be repeated
  --only FILE      the mutants that a file names, an id on each line
  --seconds N      so long for the promises; who is not judged then goes to the scenarios
  --whole          explore the widest world to its end for what nobody noticed
  --ratchet        fail only for a mutant that kills.json calls killed
  --save           write to kills.json who killed whom; it only says what is tried first
  --json           one JSON object on stdout
Exit code 1 when a mutant survives that is not equivalent.`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const lookMs = 5_000;
/** of CPU time: ten times what the longest scenario needs */
const limitMs = 10_000;

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly sentence: string;
}

interface Judged {
  readonly equivalent: readonly { mutant: string; reason: string }[];
  readonly kills: readonly { mutant: string; by: string; world: string }[];
}

/** What a program of ours prints on stdout; its stderr is ours. */
async function output(argv: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code === 2 || code === null) throw new Error(`${argv.join(' ')} ended with ${code}`);
  return Buffer.concat(chunks).toString();
}

const holdfast = async <T>(...argv: string[]): Promise<T> =>
  JSON.parse(await output(['--import', 'tsx', 'src/cli/main.ts', 'mutants', '--json', ...argv]));

const said = (words: string): boolean => process.stderr.write(`${words}\n`);

/** A folder for as long as `use` runs. */
async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the promises say of these mutants. */
function judged(ids: readonly string[], more: readonly string[]): Promise<Judged> {
  if (ids.length === 0) return Promise.resolve({ equivalent: [], kills: [] });
  return inFolder(async (folder) => {
    const only = join(folder, 'only');
    writeFileSync(only, ids.join('\n'));
    return holdfast<Judged>('--only', only, '--kills', killsFile, ...more);
  });
}

/** Every scenario against every one of these mutants, on every core. */
function played(wanted: readonly Wanted[]): Promise<Tried[]> {
  return inFolder(async (home) => {
    const width = Math.min(availableParallelism(), wanted.length);
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const argv = [vitest, 'run', '--config', 'tests/mutants/config.ts'];
    const folders = Array.from({ length: width }, (_, i) => join(home, String(i)));
    for (const folder of folders) mkdirSync(folder);
    const looking = setInterval(() => {
      said(`${folders.flatMap(verdictsIn).length} of ${wanted.length} tried by the scenarios`);
    }, lookMs);
    try {
      const shards = folders.map((folder, i) => {
        const own = wanted.filter((_one, at) => at % width === i);
        return attended({ argv, cwd: root, folder, wanted: own, limitMs });
      });
      return (await Promise.all(shards)).flat();
    } finally {
      clearInterval(looking);
    }
  });
}

function byKind(all: readonly Listed[], killed: ReadonlyMap<string, Kill>, same: Set<string>) {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  const counted = kinds.map((kind) => {
    const own = all.filter((one) => one.kind === kind);
    const of = (ids: { has(id: string): boolean }) => own.filter(({ id }) => ids.has(id)).length;
    const counts = { total: own.length, killed: of(killed), equivalent: of(same) };
    return [kind, { ...counts, survived: counts.total - counts.killed - counts.equivalent }];
  });
  return Object.fromEntries(counted);
}

const { values } = parseArgs({
  options: {
    machine: { type: 'string' },
    mutant: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    seconds: { type: 'string' },
    whole: { type: 'boolean', default: false },
    ratchet: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function listed(): Promise<Listed[]> {
  const { machine, mutant, only } = values;
  const chosen = [
    ...(machine === undefined ? [] : ['--machine', machine]),
    ...mutant.flatMap((id) => ['--mutant', id]),
    ...(only === undefined ? [] : ['--only', only]),
  ];
  return (await holdfast<{ mutants: Listed[] }>('--list', ...chosen)).mutants;
}

/**
 * Whom a scenario killed the last time the scenarios try first, all others the promises; who is
 * left by either goes to the other. What is equal in the worlds may differ under options that no
 * world has, so that the scenarios see it too.
 */
async function tried(ids: readonly string[], last: Kills) {
  const { seconds, whole } = values;
  const more = [
    ...(seconds === undefined ? [] : ['--seconds', seconds]),
    ...(whole ? ['--whole'] : []),
  ];
  const byScenario = ids.filter((id) => scenarioOf(last.get(id)) !== undefined);
  const before = await judged(
    ids.filter((id) => !byScenario.includes(id)),
    more,
  );
  const killed = new Map<string, Kill>(before.kills.map(({ mutant, ...kill }) => [mutant, kill]));
  // the scenarios take long, and who is interrupted has this at least
  if (values.save) writeKills(killsFile, new Map([...last, ...killed]));
  const open = ids.filter((id) => !killed.has(id));
  const scenarios = await played(
    open.map((mutant) => {
      const first = scenarioOf(last.get(mutant));
      return first === undefined ? { mutant } : { mutant, first };
    }),
  );
  for (const { mutant, by } of scenarios) if (by !== undefined) killed.set(mutant, { by });
  const after = await judged(
    byScenario.filter((id) => !killed.has(id)),
    more,
  );
  for (const { mutant, ...kill } of after.kills) killed.set(mutant, kill);
  const equal = [...before.equivalent, ...after.equivalent];
  return { killed, equal: equal.filter(({ mutant }) => !killed.has(mutant)) };
}

async function main(): Promise<void> {
  const mutants = await listed();
  const ids = mutants.map(({ id }) => id);
  const last = readKills(killsFile);
  const { killed, equal } = await tried(ids, last);
  const same = new Set(equal.map(({ mutant }) => mutant));
  const explained = ids.flatMap((mutant) => {
    const reason = reasons[mutant];
    return reason === undefined || killed.has(mutant) || same.has(mutant)
      ? []
      : [{ mutant, reason }];
  });
  for (const { mutant } of explained) same.add(mutant);
  const survived = mutants
    .filter(({ id }) => !killed.has(id) && !same.has(id))
    .map(({ id, sentence }) => ({ mutant: id, sentence }));
  const kills = [...killed].map(([mutant, kill]) => ({ mutant, ...kill }));
  const byPromises = kills.filter(({ world }) => world !== undefined).length;
  const byScenarios = kills.length - byPromises;
  const counts = { total: ids.length, killed: kills.length, byPromises, byScenarios };
  const kinds = byKind(mutants, killed, same);
  const equivalent = [...equal, ...explained];
  if (values.json) {
    console.log(JSON.stringify({ ...counts, equivalent, survived, byKind: kinds, kills }));
  } else {
    for (const { mutant, sentence } of survived)
      console.log(`survived: ${mutant}\n    ${sentence}`);
    console.table(kinds);
    const parts = `${byPromises} by promises, ${byScenarios} by scenarios`;
    console.log(`${counts.total} mutants, ${counts.killed} killed: ${parts}`);
    console.log(`${equivalent.length} equivalent, ${survived.length} survived`);
  }
  if (values.save) save(ids, last, killed);
  const tooMany = explained.length * 50 > mutants.length;
  if (tooMany) said('more than one of fifty is explained away in reasons.ts');
  const counted = survived.filter(({ mutant }) => !values.ratchet || last.has(mutant));
  for (const { mutant } of values.ratchet ? counted : []) said(`no longer noticed: ${mutant}`);
  process.exitCode = counted.length === 0 && !tooMany ? 0 : 1;
}

/** What was not tried keeps its line. */
function save(ids: readonly string[], last: Kills, killed: ReadonlyMap<string, Kill>): void {
  const others = [...last].filter(([id]) => !ids.includes(id));
  writeKills(killsFile, new Map([...others, ...killed]));
}

if (values.help) console.log(usage);
else await main();
