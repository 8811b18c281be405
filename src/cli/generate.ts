/**
 * `npm run generate`: rewrites diagrams/ and the generated pages of docs/ from the code. With
 * `--check` it writes nothing, and
 * exits 1 with one line for every file that no longer says what the machine does. It must never
 * remove a file that it would not have written itself.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { elk } from '../diagram/elk.ts';
import { drawAll, modelsIn, staleIn } from '../diagram/files.ts';
import { committedIn, ships, write } from './diagram.ts';
import { pages, simulationPage } from './pages.ts';

const usage = `npm run generate [-- [--check] [--machines FILE] [--out DIR]]
  --check          write nothing; exit 1 and say what is stale
  --machines FILE  the module whose exported machines are drawn (default: machines/index.ts)
  --out DIR        where the drawings are (default: diagrams)`;

function options() {
  try {
    return parseArgs({
      options: {
        check: { type: 'boolean', default: false },
        machines: { type: 'string' },
        out: { type: 'string', default: fileURLToPath(new URL('../../diagrams', import.meta.url)) },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return process.exit(2);
  }
}

async function exportsOf(file: string | undefined): Promise<Record<string, unknown>> {
  if (file === undefined) return { ...ships };
  return import(pathToFileURL(resolve(file)).href);
}

const committed = (path: string): string =>
  existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : '';

/** The pages of docs/ whose text is not the generated one. */
async function stalePages(folder: string): Promise<[file: string, text: string][]> {
  const simulation = 'simulation.md';
  const drawn = pages();
  drawn.set(simulation, await simulationPage(committed(join(folder, simulation))));
  return [...drawn].filter(([file, text]) => committed(join(folder, file)) !== text);
}

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const { check, machines, out, help } = options();
if (help) {
  console.log(usage);
} else {
  const drawn = await drawAll(modelsIn(await exportsOf(machines)), await elk());
  const stale = staleIn(committedIn(out), drawn);
  const old = machines === undefined ? await stalePages(docs) : [];
  for (const { line } of stale) if (line) console.log(line);
  for (const [file] of old) console.log(`docs/${file}: differs from what the code says`);
  if (check && stale.length + old.length > 0) {
    console.log('\nWhat is generated is stale: run `npm run generate` and commit the result.');
    process.exitCode = 1;
  }
  if (!check) {
    write(
      out,
      drawn,
      stale.map(({ file }) => file),
    );
    for (const [file, text] of old) writeFileSync(join(docs, file), text);
  }
}
