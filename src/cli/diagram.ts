/**
 * `holdfast diagram`: machines as pictures and texts, to stdout or into a folder, and the check
 * that a folder still shows them. It promises to touch no file that it would not have drawn. It
 * must never run a function of the machine that it draws.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, extname, join } from 'node:path';
import { toDot } from '../diagram/dot.ts';
import { elk } from '../diagram/elk.ts';
import {
  type Drawings,
  drawAll,
  isDrawing,
  modelsIn,
  pictureName,
  pictureOf,
  type Stale,
  staleIn,
} from '../diagram/files.ts';
import { atLevel, UnknownLevel } from '../diagram/level.ts';
import { toMermaid } from '../diagram/mermaid.ts';
import type { DiagramModel } from '../diagram/model.ts';
import { neverReached, type Reach, shareOf } from '../diagram/overlay.ts';
import { toScxml } from '../diagram/scxml.ts';
import type { Theme } from '../diagram/theme.ts';
import { reached } from '../verify/index.ts';
import { type DiagramFormat, UsageError } from './arguments.ts';
import { type Exports, load } from './load.ts';
import { readReach } from './reach.ts';
import { drawn, isStory, kindOf } from './sequence.ts';
import { diagrams, ships } from './ships.ts';

export interface DiagramOptions {
  machine?: string;
  format?: DiagramFormat;
  level?: string;
  theme?: Theme;
  out?: string;
  check?: boolean;
  /** files of what was reached */
  coverage?: readonly string[];
  /** of a recording: the numbers of the first and the last entry */
  from?: number;
  to?: number;
}

export async function diagram(files: readonly string[], options: DiagramOptions): Promise<number> {
  if (files.some(isStory)) return sequence(files, options);
  if (options.from !== undefined || options.to !== undefined) {
    throw new UsageError('--from and --to must come with a recording (.ndjson)');
  }
  const models = await modelsOf(files, options.machine);
  if (options.check) return check(models, options, files.length === 0);
  const { out, machine, format, level } = options;
  const reach = reachIn(options.coverage);
  if (out === undefined) await print(models, options, reach);
  else if (format ?? level ?? machine) write(out, await chosen(models, options, reach));
  else say(out, keep(out, await drawAll(models, await elk(), reach)));
  if (reach) tell(models, reach);
  return 0;
}

/** What happened: a counterexample that check --save has written, or a recording. */
function sequence(files: readonly string[], options: DiagramOptions): number {
  const [file = '', another] = files;
  if (another !== undefined) throw new UsageError(`${kindOf(file)} must be the only FILE`);
  const { format = 'svg', theme, out, from, to, ...others } = options;
  const [wrong] = Object.keys(others);
  if (wrong !== undefined) throw new UsageError(`--${wrong} must not come with ${kindOf(file)}`);
  const text = drawn(file, { format, theme, from, to });
  const name = `${basename(file, extname(file))}.${extensions[format]}`;
  if (out === undefined) process.stdout.write(text);
  else write(out, new Map([[name, text]]));
  return 0;
}

type Models = ReadonlyMap<string, DiagramModel>;

/** Those of all files together, under the names of their drawings. */
async function modelsOf(files: readonly string[], only: string | undefined): Promise<Models> {
  const modules: Exports[] = files.length === 0 ? [ships] : [];
  for (const file of files) modules.push(await load(file));
  const models = new Map(modules.flatMap((one) => [...modelsIn(one)]));
  if (models.size === 0) {
    throw new UsageError(`${files.join(', ')} must export an XState machine; none found`);
  }
  if (only === undefined) return models;
  const model = models.get(only);
  if (model !== undefined) return new Map([[only, model]]);
  const known = [...models.keys()].join(', ');
  throw new UsageError(`--machine must be one of ${known}; got "${only}"`);
}

async function print(
  models: Models,
  options: DiagramOptions,
  reach: Reach | undefined,
): Promise<void> {
  if (models.size !== 1) {
    const known = [...models.keys()].join(', ');
    throw new UsageError(`--machine must name one of ${known}, or --out a folder for all of them`);
  }
  for (const text of (await chosen(models, options, reach)).values()) process.stdout.write(text);
}

const extensions: Readonly<Record<DiagramFormat, string>> = {
  svg: 'svg',
  mermaid: 'mmd',
  json: 'json',
  scxml: 'scxml',
  dot: 'dot',
};

const texts = {
  mermaid: toMermaid,
  json: (model: DiagramModel) => `${JSON.stringify(model, null, 2)}\n`,
  scxml: toScxml,
  dot: toDot,
};

/** One format at one level of every machine. */
async function chosen(
  models: Models,
  options: DiagramOptions,
  reach: Reach | undefined,
): Promise<Drawings> {
  const { format = 'svg', level = 'full', theme } = options;
  const engine = await elk();
  const drawn: Drawings = new Map();
  for (const [name, whole] of models) {
    const file = pictureName(name, level).replace(/svg$/, extensions[format]);
    const model = seen(whole, level);
    if (format === 'svg') drawn.set(file, await pictureOf(whole, level, engine, { theme, reach }));
    else drawn.set(file, texts[format](model));
  }
  return drawn;
}

function seen(model: DiagramModel, level: string): DiagramModel {
  try {
    return atLevel(model, level);
  } catch (error) {
    if (!(error instanceof UnknownLevel)) throw error;
    throw new UsageError(`--level must be one of its own: ${error.message}`);
  }
}

// what was reached ------------------------------------------------------------------------------

/** All of them together; undefined when nothing was given. */
function reachIn(files: readonly string[] = []): Reach | undefined {
  const sum = reached();
  for (const file of files) sum.add(readReach(file));
  return files.length === 0 ? undefined : sum.reach();
}

/** On stderr: a drawing on stdout stays one. */
function tell(models: Models, reach: Reach): void {
  for (const [name, model] of models) {
    if (name in { actors: 0, system: 0 }) continue;
    process.stderr.write(`${name}: ${shareOf(model, reach)}\n`);
    for (const line of neverReached(model, reach)) process.stderr.write(`  never: ${line}\n`);
  }
}

// a folder of drawings --------------------------------------------------------------------------

/** Of what ships, the generated pages of docs/ too. */
async function check(models: Models, options: DiagramOptions, ours: boolean): Promise<number> {
  const { out = ours ? diagrams : 'diagrams', machine } = options;
  const isAsked = (file: string) => machine === undefined || file.startsWith(`${machine}.`);
  const there = new Map([...committedIn(out)].filter(([file]) => isAsked(file)));
  const lines = linesOf(staleIn(there, await drawAll(models, await elk())));
  if (ours && machine === undefined) lines.push(...(await pageLines()));
  for (const line of lines) console.log(line);
  return lines.length === 0 ? 0 : 1;
}

const linesOf = (stale: readonly Stale[]): string[] =>
  stale.flatMap(({ line }) => (line === '' ? [] : [line]));

async function pageLines(): Promise<string[]> {
  const { stalePages } = await import('./pages.ts');
  return (await stalePages()).map(([file]) => `docs/${file}: differs from what the code says`);
}

/** Line ends as written here, whatever a checkout has made of them. */
function committedIn(folder: string): Drawings {
  const found: Drawings = new Map();
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (!statSync(join(folder, file)).isFile()) continue;
    const text = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n');
    if (isDrawing(file, text)) found.set(file, text);
  }
  return found;
}

/** Makes a folder hold these drawings, and no others of ours; answers what was not as it is now. */
export function keep(folder: string, drawn: Drawings): Stale[] {
  const stale = staleIn(committedIn(folder), drawn);
  mkdirSync(folder, { recursive: true });
  for (const { file } of stale) {
    const text = drawn.get(file);
    if (text === undefined) rmSync(join(folder, file));
    else writeFileSync(join(folder, file), text);
  }
  return stale;
}

const say = (folder: string, stale: readonly Stale[]): void => {
  for (const { file } of stale) console.log(join(folder, file));
};

function write(folder: string, drawn: Drawings): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of drawn) {
    writeFileSync(join(folder, file), text);
    console.log(join(folder, file));
  }
}
