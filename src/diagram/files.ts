/**
 * What the folder diagrams/ must hold: one text for every machine that a module exports, and
 * nothing else of that kind. Says what is stale in one line a reader can judge. It must never
 * touch the disk: the command reads and writes, this file compares.
 */

import type { AnyStateMachine } from 'xstate';
import { difference } from './difference.ts';
import { mark, toMermaid } from './mermaid.ts';
import { modelOf } from './model.ts';

/** Texts by file name. */
export type Drawings = Map<string, string>;

export interface Stale {
  file: string;
  /** names the machine and what differs: `connection: + open → closing on \`link.retire\`` */
  line: string;
}

const extension = '.mmd';

/** Whether a file is one of ours, and not one that somebody drew by hand. */
export const isDrawing = (file: string, text: string): boolean =>
  file.endsWith(extension) && text.includes(mark);

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

export function drawAll(exports: Record<string, unknown>): Drawings {
  const machines = [...machinesIn(exports)];
  return new Map(
    machines.map(([name, machine]) => [`${name}${extension}`, toMermaid(modelOf(machine))]),
  );
}

/** What keeps the committed texts from being the drawn ones; empty when nothing does. */
export function staleIn(committed: Drawings, drawn: Drawings): Stale[] {
  const files = [...new Set([...committed.keys(), ...drawn.keys()])].sort();
  return files.flatMap((file) => {
    const name = file.slice(0, -extension.length);
    const before = committed.get(file);
    const after = drawn.get(file);
    if (before === undefined) return [{ file, line: `${name}: has not been drawn yet` }];
    if (after === undefined) return [{ file, line: `${name}: no such machine any more` }];
    const what = difference(before, after);
    return what === '' ? [] : [{ file, line: `${name}: ${what}` }];
  });
}
