/**
 * What the folder diagrams/ must hold: of every machine that a module exports a text and a picture
 * at each level, and nothing else of that kind. Says what is stale in one line a reader can judge.
 * It must never touch the disk: the command reads and writes, this file compares.
 */

import type { AnyStateMachine } from 'xstate';
import { chartOf } from './chart.ts';
import { difference } from './difference.ts';
import { drawingOf, type Engine } from './layout.ts';
import { widthOf } from './lettering.ts';
import { atLevel, type Level, levelsOf } from './level.ts';
import { mark as mermaidMark, toMermaid } from './mermaid.ts';
import { type DiagramModel, modelOf } from './model.ts';
import { overlayOf, type Reach } from './overlay.ts';
import { mark as svgMark, toSvg } from './svg.ts';
import { actorsOf, isSystem, systemOf } from './system.ts';
import type { Theme } from './theme.ts';

/** Texts by file name. */
export type Drawings = Map<string, string>;

export interface Stale {
  file: string;
  /** `connection: + open → closing on \`link.retire\``; '' where another line says it */
  line: string;
}

/** Whether a file is one of ours, and not one that somebody drew by hand. */
export const isDrawing = (file: string, text: string): boolean =>
  (file.endsWith('.mmd') && text.includes(mermaidMark)) ||
  (file.endsWith('.svg') && text.includes(svgMark));

/** Every machine among `exports`, under the name of its file: `processMachine` is `process`. */
export function machinesIn(exports: Record<string, unknown>): Map<string, AnyStateMachine> {
  const found = new Map<string, AnyStateMachine>();
  for (const [exported, value] of Object.entries(exports)) {
    if (!isMachine(value)) continue;
    const name = exported === 'default' ? value.id : exported.replace(/(?<=.)Machine$/, '');
    const other = found.get(name);
    if (other && other !== value) throw new Error(`two machines would be drawn as "${name}"`);
    found.set(name, value);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** By its shape, so that a machine of another copy of XState counts. */
function isMachine(value: unknown): value is AnyStateMachine {
  if (typeof value !== 'object' || value === null) return false;
  const { root, implementations } = value as Partial<AnyStateMachine>;
  return typeof implementations === 'object' && root?.transitions instanceof Map;
}

/** What is to be drawn of a module: its machines, and the actors of a world that it exports. */
export function modelsIn(exports: Record<string, unknown>): Map<string, DiagramModel> {
  const { world } = exports;
  const machines = [...machinesIn(exports)];
  const models = new Map(machines.map(([name, machine]) => [name, modelOf(machine)]));
  if (isSystem(world)) {
    models.set('actors', actorsOf(world));
    models.set('system', systemOf(world));
  }
  return models;
}

/** Every text and every picture. */
export async function drawAll(
  models: ReadonlyMap<string, DiagramModel>,
  engine: Engine,
  reach?: Reach,
): Promise<Drawings> {
  const drawn: Drawings = new Map();
  for (const [name, model] of models) {
    drawn.set(`${name}.mmd`, toMermaid(model));
    for (const level of levelsOf(model)) {
      drawn.set(pictureName(name, level), await pictureOf(model, level, engine, { reach }));
    }
  }
  return drawn;
}

/** `gateway.svg` is all of it, `gateway.overview.svg` and `gateway.life.wanted.svg` are levels. */
export const pictureName = (name: string, level: Level): string =>
  level === 'full' ? `${name}.svg` : `${name}.${level}.svg`;

export async function pictureOf(
  model: DiagramModel,
  level: Level,
  engine: Engine,
  { theme = 'auto', reach }: { theme?: Theme | undefined; reach?: Reach | undefined } = {},
): Promise<string> {
  const chart = chartOf(atLevel(model, level));
  const direction = level === 'overview' ? 'RIGHT' : (model.direction ?? 'DOWN');
  if (reach === undefined) return toSvg(await drawingOf(chart, direction, engine), { theme });
  const overlay = overlayOf(model, reach);
  const room = widthOf(` ×${Math.max(0, ...overlay.counts.values())}`);
  const drawing = await drawingOf(chart, direction, engine, room);
  return toSvg(drawing, { theme, ...overlay });
}

/**
 * What keeps the committed files from being the drawn ones; empty when nothing does. Where the text
 * of a machine says what differs, its pictures are not told as well.
 */
export function staleIn(committed: Drawings, drawn: Drawings): Stale[] {
  const files = [...new Set([...committed.keys(), ...drawn.keys()])].sort(textsFirst);
  const told = new Set<string>();
  return files.flatMap((file) => {
    const [name = ''] = file.split('.');
    const what = differs(committed.get(file), drawn.get(file), file);
    if (what === '') return [];
    const line = told.has(name) ? '' : `${file.replace(/\.mmd$/, '')}: ${what}`;
    if (file.endsWith('.mmd')) told.add(name);
    return [{ file, line }];
  });
}

const textsFirst = (a: string, b: string): number =>
  Number(b.endsWith('.mmd')) - Number(a.endsWith('.mmd')) || (a < b ? -1 : 1);

function differs(before: string | undefined, after: string | undefined, file: string): string {
  if (before === after) return '';
  if (before === undefined) return 'has not been drawn yet';
  const isText = file.endsWith('.mmd');
  if (after === undefined) return isText ? 'no such machine any more' : 'no such level any more';
  return isText ? difference(before, after) : 'the same machine is drawn differently';
}
