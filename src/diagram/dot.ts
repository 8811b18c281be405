/**
 * A model as Graphviz DOT, for who lays out pictures with tools of his own. It says the same words
 * as every other drawing, one line each: states in place and in document order, edges last, one
 * for each transition and target. Whatever a name contains, Graphviz must read it as text, never
 * as an escape, an entity, HTML or the end of its string.
 *
 * A composite is a cluster. An edge needs a node, so one that cannot be seen stands in its cluster
 * under its name, and the edge is cut off where it meets the frame. What is no arrow in a picture
 * is a row here too: Graphviz cannot cut an edge between a frame and what is inside it.
 */

import { type Chart, chartOf, names, type Row, rowsIn, sentence, wordsOf } from './chart.ts';
import type { DiagramModel, StateModel } from './model.ts';

const mark = '// Drawn from the machine by holdfast diagram.';

export function toDot(model: DiagramModel): string {
  const chart = chartOf(model);
  const { root, children } = chart;
  const isAlone = children.get(root.id)?.length === 0;
  const direction = model.direction === 'RIGHT' ? 'LR' : 'TB';
  const lines = [
    `digraph ${quoted(model.id)} {`,
    ...indented([
      mark,
      `graph [compound=true rankdir=${direction} labeljust=l labelloc=t fontname=Arial]`,
      'node [shape=box style=rounded margin="0.2,0.08" fontname=Arial]',
      'edge [fontname=Arial fontsize=11]',
      ...labelled('graph', '', titleOf(model), isAlone ? [] : rowsIn(chart, root)),
      ...(isAlone ? drawn(chart, root) : inner(chart, root)),
      ...chart.arrows.flatMap((arrow) => {
        const label = safe(sentence(wordsOf(arrow)));
        return arrow.targets.map((target) => edge(chart, arrow.source, target, label));
      }),
    ]),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

// text ------------------------------------------------------------------------------------------

/** An identity: two of them stay two. What Graphviz could take for its own becomes a number. */
const quoted = (id: string, more = ''): string =>
  `"${id.replace(/[~%&"\\\p{C}]/gu, (sign) => `~${sign.codePointAt(0)?.toString(16)};`)}${more}"`;

const cluster = (id: string): string => quoted(`cluster_${id}`);

/** A start has no identity of its own; a lone ~ is in none. */
const start = (id: string): string => quoted(id, '~start');

/** Words in a label, in one line. */
const safe = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^$/, '…')
    .replace(/\p{Cc}|\p{Surrogate}/gu, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/[\\"]/g, '\\$&');

const titleOf = ({ id, description }: DiagramModel): string[] =>
  description === undefined ? [id] : [id, description];

/** A title in the middle of a box and at the left of a frame, and rows at the left. */
function labelled(
  name: string,
  look: string,
  title: readonly string[],
  rows: readonly Row[],
): string[] {
  const end = name === 'graph' ? '\\l' : '\\n';
  const [first = '', ...rest] = [
    ...title.map((line) => `"${safe(line)}${end}"`),
    ...rows.map(({ words }) => `"${safe(sentence(words))}\\l"`),
  ];
  return [`${name} [${look}label=${first}`, ...rest.map((line) => `  + ${line}`), ']'];
}

// states ----------------------------------------------------------------------------------------

function drawn(chart: Chart, state: StateModel): string[] {
  const rows = rowsIn(chart, state);
  const name = quoted(state.id);
  if (state.type === 'history') {
    const title = state.history === 'deep' ? 'H*' : 'H';
    return labelled(name, 'shape=circle ', [title], rows);
  }
  const style = `style="${styleOf(chart, state)}" `;
  if (chart.children.get(state.id)?.length === 0) {
    const look = state.type === 'final' ? `${style}peripheries=2 ` : style;
    return labelled(name, look, [state.key], rows);
  }
  return [
    `subgraph ${cluster(state.id)} {`,
    ...indented([
      ...labelled('graph', style, [state.key], rows),
      `${name} [shape=point style=invis]`,
      ...inner(chart, state),
    ]),
    '}',
  ];
}

function styleOf({ states }: Chart, { parent, outside }: StateModel): string {
  if (outside) return 'rounded,dotted';
  const isRegion = states.get(parent ?? '')?.type === 'parallel';
  return isRegion ? 'rounded,dashed' : 'rounded';
}

/** Its dot comes first, so that its layout begins there. */
function inner(chart: Chart, state: StateModel): string[] {
  const inside = chart.children.get(state.id) ?? [];
  const first = inside.find(({ id }) => id === state.initial);
  const label = state.initialActions ? safe(`/ ${names(state.initialActions)}`) : '';
  return [
    ...(first ? [`${start(state.id)} [shape=point width=0.12]`] : []),
    ...inside.flatMap((child) => drawn(chart, child)),
    ...(first ? [line(start(state.id), quoted(first.id), label, headOf(chart, first.id))] : []),
    ...inside.flatMap(({ id, type, initial }) =>
      type === 'history' && initial !== undefined ? [edge(chart, id, initial, 'at first')] : [],
    ),
  ];
}

// edges -----------------------------------------------------------------------------------------

function edge(chart: Chart, from: string, to: string, label: string): string {
  const tail = isFrame(chart, from) ? ` ltail=${cluster(from)}` : '';
  return line(quoted(from), quoted(to), label, `${tail}${headOf(chart, to)}`);
}

const line = (from: string, to: string, label: string, cut: string): string =>
  `${from} -> ${to} [label="${label}"${cut}]`;

const headOf = (chart: Chart, to: string): string =>
  isFrame(chart, to) ? ` lhead=${cluster(to)}` : '';

const isFrame = ({ children }: Chart, id: string): boolean => (children.get(id)?.length ?? 0) > 0;
