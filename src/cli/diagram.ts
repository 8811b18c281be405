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
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ships from '../../machines/index.ts';
import { elk } from '../diagram/elk.ts';
import {
  type Drawings,
  drawAll,
  isDrawing,
  machinesIn,
  pictureName,
  pictureOf,
  staleIn,
} from '../diagram/files.ts';
import { atLevel, UnknownLevel } from '../diagram/level.ts';
import { toMermaid } from '../diagram/mermaid.ts';
import { type DiagramModel, modelOf } from '../diagram/model.ts';
import type { Theme } from '../diagram/theme.ts';
import { type DiagramFormat, UsageError } from './arguments.ts';
import { type Exports, load } from './load.ts';

export interface DiagramOptions {
  machine?: string;
  format?: DiagramFormat;
  level?: string;
  theme?: Theme;
  out?: string;
  check?: boolean;
}

export async function diagram(files: readonly string[], options: DiagramOptions): Promise<number> {
  const exports = await exportsOf(files, options.machine);
  if (options.check) return check(exports, options);
  const { out } = options;
  if (out === undefined) return print(exports, options);
  const isAll = options.format === undefined && options.level === undefined;
  const drawn = isAll ? await drawAll(exports, await elk()) : await chosen(exports, options);
  write(out, drawn, [...drawn.keys()]);
  process.stdout.write([...drawn.keys()].map((file) => `${join(out, file)}\n`).join(''));
  return 0;
}

/** Those of all files together, under the names of their drawings. */
async function exportsOf(files: readonly string[], only: string | undefined): Promise<Exports> {
  const modules: Exports[] = files.length === 0 ? [ships] : [];
  for (const file of files) modules.push(await load(file));
  const machines = new Map(modules.flatMap((one) => [...machinesIn(one)]));
  const where = files.length === 0 ? 'holdfast' : files.join(', ');
  if (machines.size === 0)
    throw new UsageError(`${where} must export an XState machine; none found`);
  if (only === undefined) return Object.fromEntries(machines);
  const machine = machines.get(only);
  if (machine !== undefined) return { [only]: machine };
  const known = [...machines.keys()].join(', ');
  throw new UsageError(`--machine must be one of ${known}; got "${only}"`);
}

async function print(exports: Exports, options: DiagramOptions): Promise<number> {
  const [name, another] = machinesIn(exports).keys();
  if (name === undefined || another !== undefined) {
    const known = [...machinesIn(exports).keys()].join(', ');
    throw new UsageError(`--machine must name one of ${known}, or --out a folder for all of them`);
  }
  for (const text of (await chosen(exports, options)).values()) process.stdout.write(text);
  return 0;
}

const extensions: Readonly<Record<DiagramFormat, string>> = {
  svg: 'svg',
  mermaid: 'mmd',
  json: 'json',
};

/** One format at one level of every machine. */
async function chosen(exports: Exports, options: DiagramOptions): Promise<Drawings> {
  const { format = 'svg', level = 'full', theme = 'auto' } = options;
  const engine = await elk();
  const drawn: Drawings = new Map();
  for (const [name, machine] of machinesIn(exports)) {
    const file = pictureName(name, level).replace(/svg$/, extensions[format]);
    const model = seen(modelOf(machine), level);
    if (format === 'svg') drawn.set(file, await pictureOf(modelOf(machine), level, engine, theme));
    else drawn.set(file, asText(model, format));
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

const asText = (model: DiagramModel, format: Exclude<DiagramFormat, 'svg'>): string =>
  format === 'mermaid' ? toMermaid(model) : `${JSON.stringify(model, null, 2)}\n`;

// a folder of drawings --------------------------------------------------------------------------

const ownFolder = fileURLToPath(new URL('../../diagrams', import.meta.url));

async function check(exports: Exports, { out = ownFolder }: DiagramOptions): Promise<number> {
  const stale = staleIn(committedIn(out), await drawAll(exports, await elk()));
  for (const { line } of stale) if (line) console.log(line);
  return stale.length === 0 ? 0 : 1;
}

/** Line ends as written here, whatever a checkout has made of them. */
export function committedIn(folder: string): Drawings {
  const found: Drawings = new Map();
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (!statSync(join(folder, file)).isFile()) continue;
    const text = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n');
    if (isDrawing(file, text)) found.set(file, text);
  }
  return found;
}

/** Those of `files` that are not drawn are removed. */
export function write(folder: string, drawn: Drawings, files: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    const text = drawn.get(file);
    if (text === undefined) rmSync(join(folder, file));
    else writeFileSync(join(folder, file), text);
  }
}
