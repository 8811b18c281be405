/**
 * `npm run mutants`: changes each machine in one place after another; a promise of the checker
 * must notice, or else a scenario. Prints who noticed, and every mutant that nobody did. It must
 * never count a mutant that a stage has not come to as killed.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reasons } from './reasons.ts';

const usage = `npm run mutants [-- OPTIONS]
  --machine NAME   the mutants of this machine only
  --mutant ID      this mutant only; may be repeated
  --only FILE      the mutants that a file names, an id on each line
  --seconds N      so long for the promises; who is not judged then goes to the scenarios
  --json           one JSON object on stdout
Exit code 1 when a mutant survives that is not equivalent.`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const lookMs = 1_000;

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly sentence: string;
}

interface Judged {
  readonly killed: number;
  readonly equivalent: readonly { mutant: string; reason: string }[];
  readonly kills: readonly { mutant: string; by: string; world: string }[];
}

interface Tried {
  readonly mutant: string;
  readonly by?: string;
  readonly why?: string;
}

/** What a program of ours prints on stdout; its stderr is ours. */
async function output(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code === 2 || code === null) throw new Error(`${argv.join(' ')} ended with ${code}`);
  return Buffer.concat(chunks).toString();
}

const holdfast = async <T>(...argv: string[]): Promise<T> =>
  JSON.parse(await output(['--import', 'tsx', 'src/cli/main.ts', 'mutants', '--json', ...argv]));

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

/** Every scenario against every one of these mutants, on every core. */
async function played(ids: readonly string[]): Promise<Tried[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'));
  const width = Math.min(availableParallelism(), ids.length);
  const shards = Array.from({ length: width }, (_, i) => ({
    ids: ids.filter((_id, at) => at % width === i),
    wanted: join(folder, `wanted-${i}`),
    verdicts: join(folder, `verdicts-${i}`),
  }));
  const tried = () => shards.flatMap(({ verdicts }) => linesOf(verdicts));
  const looking = setInterval(() => {
    process.stderr.write(`${tried().length} of ${ids.length} tried by the scenarios\n`);
  }, lookMs);
  try {
    const runs = shards.map(({ ids: own, wanted, verdicts }) => {
      writeFileSync(wanted, own.join('\n'));
      const env = { HOLDFAST_MUTANTS: wanted, HOLDFAST_VERDICTS: verdicts };
      const vitest = join(root, 'node_modules/vitest/vitest.mjs');
      return output([vitest, 'run', '--config', 'tests/mutants/config.ts'], env);
    });
    const said = await Promise.all(runs);
    const lines = tried();
    if (lines.length < ids.length) throw new Error(`not all were tried:\n${said.join('\n')}`);
    return lines.map((line): Tried => JSON.parse(line));
  } finally {
    clearInterval(looking);
    rmSync(folder, { recursive: true });
  }
}

function byKind(all: readonly Listed[], killed: ReadonlySet<string>, same: ReadonlySet<string>) {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  const counted = kinds.map((kind) => {
    const own = all.filter((one) => one.kind === kind);
    const of = (ids: ReadonlySet<string>) => own.filter(({ id }) => ids.has(id)).length;
    const counts = { total: own.length, killed: of(killed), equivalent: of(same) };
    return [kind, { ...counts, survived: counts.total - counts.killed - counts.equivalent }];
  });
  return Object.fromEntries(counted);
}

const sameIn = (all: readonly { mutant: string }[], id: string): boolean =>
  all.some(({ mutant }) => mutant === id);

const { values } = parseArgs({
  options: {
    machine: { type: 'string' },
    mutant: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const { machine, mutant, only: file, seconds } = values;
  const only = [
    ...(machine === undefined ? [] : ['--machine', machine]),
    ...mutant.flatMap((id) => ['--mutant', id]),
    ...(file === undefined ? [] : ['--only', file]),
  ];
  const within = seconds === undefined ? [] : ['--seconds', seconds];
  const { mutants } = await holdfast<{ mutants: Listed[] }>('--list', ...only);
  const judged = await holdfast<Judged>(...only, ...within);
  const settled = new Set(judged.kills.map(({ mutant }) => mutant));
  // what is equal in the worlds may differ under options that no world has
  const open = mutants.filter(({ id }) => !settled.has(id) && reasons[id] === undefined);
  const tried = open.length === 0 ? [] : await played(open.map(({ id }) => id));
  const scenarios = tried.filter(({ by }) => by !== undefined);
  const explained = mutants.flatMap(({ id }) => {
    const reason = reasons[id];
    return reason === undefined || settled.has(id) ? [] : [{ mutant: id, reason }];
  });
  const killed = new Set([...judged.kills, ...scenarios].map(({ mutant }) => mutant));
  const equal = judged.equivalent.filter(({ mutant }) => !killed.has(mutant));
  const equivalent = [...equal, ...explained.filter(({ mutant }) => !sameIn(equal, mutant))];
  const same = new Set(equivalent.map(({ mutant }) => mutant));
  const survived = mutants
    .filter(({ id }) => !killed.has(id) && !same.has(id))
    .map(({ id, sentence }) => ({ mutant: id, sentence }));
  const counts = {
    total: mutants.length,
    killed: killed.size,
    byPromises: judged.kills.length,
    byScenarios: scenarios.length,
  };
  const kinds = byKind(mutants, killed, same);
  if (values.json) {
    const kills = [...judged.kills, ...scenarios];
    console.log(JSON.stringify({ ...counts, equivalent, survived, byKind: kinds, kills }));
  } else {
    for (const { mutant, sentence } of survived)
      console.log(`survived: ${mutant}\n    ${sentence}`);
    console.table(kinds);
    const [total, dead, promises, played] = Object.values(counts);
    console.log(
      `${total} mutants, ${dead} killed: ${promises} by promises, ${played} by scenarios`,
    );
    console.log(`${equivalent.length} equivalent, ${survived.length} survived`);
  }
  const tooMany = explained.length * 50 > mutants.length;
  if (tooMany) console.error('more than one of fifty is explained away in reasons.ts');
  process.exitCode = survived.length === 0 && !tooMany ? 0 : 1;
}

if (values.help) console.log(usage);
else await main();
