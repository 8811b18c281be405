/**
 * `npm run scenarios`: runs every scenario and prints one line for each. With `--audit` it also
 * applies, one after another, the mutants that stand beside the tests, and says for each id which
 * one makes its test fail. It must never call an id proved whose test passes under its mutant.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ids } from './ids.ts';
import type { Mutant } from './mutants.ts';

const usage = `npm run scenarios [-- OPTIONS]
  --audit      apply every mutant and say which scenario notices it; takes minutes
  --only IDS   these ids only, as CH-01,CH-02 or CH
  --json       one JSON line for each scenario instead of text
Exit code 1 when a scenario fails, is missing, or has no mutant that it notices.`;

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

interface Verdict {
  id: string;
  title: string;
  passes: boolean;
  /** what was changed, and whether the test noticed */
  mutant?: string;
  noticed?: boolean;
}

interface Report {
  testResults: { assertionResults: { title: string; status: string }[] }[];
}

/** Runs the scenarios of these ids, all without any, and answers which test passed. */
async function run(only: readonly string[], mutant?: Mutant): Promise<Map<string, boolean>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scenarios-'));
  const outputFile = join(folder, 'report.json');
  // a filter is a part of a path: files that hold none of these ids are not even loaded
  const files = only.length === 0 ? [] : holding(only);
  const match = only.length === 0 ? '' : `\\b(${only.join('|')})\\b`;
  const report = ['--reporter=json', `--outputFile=${outputFile}`, '-t', match];
  const where = files.length === 0 ? ['scenarios/'] : files;
  const args = [vitest, 'run', '--config', 'tests/vitest.config.ts', ...where];
  const env = { ...process.env, ...(mutant && { HOLDFAST_MUTANT: JSON.stringify(mutant) }) };
  const child = spawn(process.execPath, [...args, ...report], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  try {
    const { testResults } = JSON.parse(readFileSync(outputFile, 'utf8')) as Report;
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const ran = results.filter(({ status }) => status === 'passed' || status === 'failed');
    return new Map(ran.map(({ title, status }) => [title, status === 'passed']));
  } catch (error) {
    throw new Error(`the scenarios could not be run: ${complaint.trim().slice(-2_000)}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Files of tests that speak of these ids, or of these groups. */
const holding = (ids: readonly string[]): string[] =>
  readdirSync(here)
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => {
      const text = readFileSync(join(here, file), 'utf8');
      return ids.some((id) => text.includes(id));
    })
    .map((file) => `scenarios/${file}`);

const idsOf = (title: string): string[] => title.match(/\b[A-Z]{2}-\d{2}\b/g) ?? [];

async function mutants(): Promise<Mutant[]> {
  const files = readdirSync(here).filter((file) => file.endsWith('.mutants.ts'));
  const all = files.map(async (file) => {
    const module: { mutants: Mutant[] } = await import(pathToFileURL(join(here, file)).href);
    return module.mutants;
  });
  return (await Promise.all(all)).flat();
}

/** The tests of `wanted` that fail under the mutant. */
async function notices(mutant: Mutant, wanted: readonly string[]): Promise<Set<string>> {
  const results = await run(wanted, mutant);
  if (results.size === 0) {
    throw new Error(`no test of ${wanted.join()} could be loaded under ${oneLine(mutant.find)}`);
  }
  const failed = [...results].filter(([, passed]) => !passed).flatMap(([title]) => idsOf(title));
  return new Set(failed);
}

/** At most `width` at a time: each is a process of its own. */
async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>) {
  const queue = [...items];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function audit(verdicts: Map<string, Verdict>): Promise<void> {
  const all = (await mutants()).filter((mutant) => mutant.ids.some((id) => verdicts.has(id)));
  let done = 0;
  await inParallel(all, 2, async (mutant) => {
    const wanted = mutant.ids.filter((id) => verdicts.has(id));
    const failed = await notices(mutant, wanted);
    for (const id of wanted) {
      const verdict = verdicts.get(id);
      if (verdict === undefined || verdict.noticed === true) continue;
      verdict.mutant = `${mutant.file}: ${oneLine(mutant.find)} => ${oneLine(mutant.instead)}`;
      verdict.noticed = failed.has(id);
    }
    done += 1;
    process.stderr.write(`\raudited ${done} of ${all.length} mutants`);
  });
  process.stderr.write('\n');
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim() || '(nothing)';

function print(verdicts: readonly Verdict[], missing: readonly string[], audited: boolean): void {
  for (const { id, title, passes, mutant, noticed } of verdicts) {
    console.log(`${passes ? 'ok    ' : 'FAILED'} ${id}  ${title.replace(/^[^:]*: /, '')}`);
    if (!audited) continue;
    const said = noticed ? 'fails under' : mutant ? 'PASSES UNDER' : 'HAS NO MUTANT';
    console.log(`              ${said} ${mutant ?? ''}`);
  }
  for (const id of missing) console.log(`MISSING ${id}  no test has this id in its title`);
}

const { values } = parseArgs({
  options: {
    audit: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
} else {
  const only = values.only.split(',').filter((part) => part !== '');
  const wanted = ids.filter((id) => only.length === 0 || only.some((part) => id.startsWith(part)));
  const results = await run(only.length === 0 ? [] : wanted);
  const verdicts = new Map<string, Verdict>();
  for (const [title, passes] of results) {
    for (const id of idsOf(title)) {
      if (!wanted.includes(id)) continue;
      const before = verdicts.get(id);
      verdicts.set(id, { id, title, passes: passes && (before?.passes ?? true) });
    }
  }
  if (values.audit) await audit(verdicts);
  const all = [...verdicts.values()].sort((a, b) => wanted.indexOf(a.id) - wanted.indexOf(b.id));
  const missing = wanted.filter((id) => !verdicts.has(id));
  if (values.json) for (const verdict of all) console.log(JSON.stringify(verdict));
  else print(all, missing, values.audit);
  const passed = all.filter(({ passes }) => passes).length;
  const noticed = all.filter((verdict) => verdict.noticed === true).length;
  const proved = values.audit ? `, ${noticed} noticed their mutant` : '';
  const counts = `${passed} passed${proved}, ${missing.length} missing`;
  const summary = `${wanted.length} scenarios: ${counts}`;
  console.log(values.json ? JSON.stringify({ summary, missing }) : `\n${summary}`);
  const proven = !values.audit || noticed === wanted.length;
  process.exitCode = passed === wanted.length && proven ? 0 : 1;
}
