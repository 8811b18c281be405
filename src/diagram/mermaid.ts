/**
 * A model as mermaid `stateDiagram-v2`: the text twin of every picture, which GitHub draws. One
 * line is one thing, so that a change of the machine reads as a change of the text: states in
 * place and in document order, arrows last, one line each. Whatever a name contains, the text
 * must never fail to parse, and it must never draw a state inside the wrong one.
 *
 * What mermaid cannot draw becomes a row: handlers without an arrow, and arrows between a state
 * and its own descendants. A composite's rows stand in a box of their own, inside it.
 */

import { type Chart, chartOf, names, sentence, wordsOf } from './chart.ts';
import type { DiagramModel, StateModel } from './model.ts';

/** The chart, and what mermaid calls every state and the box that holds a composite's rows. */
interface Page extends Chart {
  ids: Map<string, string>;
}

/** Marks a file as ours to rewrite and to remove. */
export const mark = '%% Drawn from the machine by holdfast diagram.';

export function toMermaid(model: DiagramModel): string {
  const chart: Page = { ...chartOf(model), ids: new Map() };
  nameStates(chart);
  const lines = ['stateDiagram-v2', `  ${mark}`];
  lines.push(`  accTitle: ${safe(model.id)}`);
  if (model.description) lines.push(`  accDescr: ${safe(model.description)}`);
  lines.push(...top(chart).map((line) => `  ${line}`));
  for (const arrow of chart.arrows) {
    for (const target of arrow.targets) {
      const label = safe(sentence(wordsOf(arrow)));
      lines.push(`  ${named(chart, arrow.source)} --> ${named(chart, target)} : ${label}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

// names that mermaid accepts --------------------------------------------------------------------

/** Words at which mermaid's lexer leaves the path, whatever follows them. */
const reserved = new Set(
  'click href default state note style scale class classdef statediagram acctitle accdescr'.split(
    ' ',
  ),
);

/** Paths, as far as mermaid takes them; it makes `x_start` and `x_end` itself. */
function nameStates({ states, children, root, ids }: Page) {
  const used = new Set<string>();
  const claim = (key: string, wanted: string) => {
    let id = wanted.replace(/[^A-Za-z0-9_.]/g, '_').replace(/_(start|end)$/, '_$1_');
    const first = id.split('.', 1)[0] ?? '';
    if (first === '' || reserved.has(first.toLowerCase())) id = id.replace(first, `${first}_`);
    while (used.has(id)) id += '_';
    used.add(id);
    ids.set(key, id);
  };
  const onPage = [...states.values()].filter(({ id }) => id !== root.id || states.size === 1);
  for (const { id, path, key } of onPage) claim(id, path || key);
  for (const { id, path } of states.values()) {
    const composite = id === root.id || children.get(id)?.length;
    if (composite) claim(box(id), path ? `${path}.any` : 'any');
  }
}

const box = (id: string) => `rows of ${id}`;

const named = ({ ids }: Page, key: string): string => ids.get(key) ?? key;

/** What the lexer or the markdown in a label would take for its own. */
function safe(text: string): string {
  const code = (char: string) => `#${char.codePointAt(0)};`;
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^$/, '…')
    .replace(/[#:;<>"&*\\`~${}%|]/g, code)
    .replace(/\[(?=\[)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, code)
    .replace(/^[-+=]|(?<=^\d+)[.)]/g, code)
    .replace(/d(?=irection\s)/gi, code);
}

// words -----------------------------------------------------------------------------------------

/** The label of the arrow from a dot: only what is done on the way. */
const startWords = ({ initialActions: actions }: StateModel): string =>
  actions ? ` : ${safe(`/ ${names(actions)}`)}` : '';

// states ----------------------------------------------------------------------------------------

/**
 * The root is the page itself and has no frame. Mermaid's layout fails on an arrow to a composite
 * inside three frames (11.17.2 and 10.9.3 do), so none is spent where nothing needs it.
 */
function top(chart: Page): string[] {
  const { root, children } = chart;
  if (children.get(root.id)?.length === 0) return drawn(chart, root);
  return [...boxOf(chart, root, 'any state'), ...inner(chart, root)];
}

function drawn(chart: Page, state: StateModel): string[] {
  const id = named(chart, state.id);
  const deep = state.history === 'deep' ? 'H*' : 'H';
  const title = safe(state.type === 'history' ? deep : state.key);
  const header = `state "${title}" as ${id}`;
  if (chart.children.get(state.id)?.length === 0) {
    const rows = chart.rows.get(state.id) ?? [];
    return [header, ...rows.map(({ words }) => `${id} : ${safe(sentence(words))}`)];
  }
  const rows = boxOf(chart, state, `throughout ${state.key}`);
  const divided = rows.length > 0 && state.type === 'parallel' ? [...rows, '--'] : rows;
  const body = [...divided, ...inner(chart, state)];
  return [`${header} {`, ...body.map((line) => `  ${line}`), '}'];
}

function boxOf(chart: Page, state: StateModel, title: string): string[] {
  const rows = chart.rows.get(state.id) ?? [];
  if (rows.length === 0) return [];
  const id = named(chart, box(state.id));
  return [
    `state "${safe(title)}" as ${id}`,
    ...rows.map(({ words }) => `${id} : ${safe(sentence(words))}`),
  ];
}

function inner(chart: Page, state: StateModel): string[] {
  const lines: string[] = [];
  for (const [index, child] of (chart.children.get(state.id) ?? []).entries()) {
    if (index > 0 && state.type === 'parallel' && state.parent) lines.push('--');
    lines.push(...drawn(chart, child));
    const id = named(chart, child.id);
    if (child.id === state.initial) lines.push(`[*] --> ${id}${startWords(state)}`);
    if (child.type === 'final') lines.push(`${id} --> [*]`);
    if (child.type === 'history' && child.initial) {
      lines.push(`${id} --> ${named(chart, child.initial)} : at first`);
    }
  }
  return lines;
}
