/**
 * A model as mermaid `stateDiagram-v2`: the text twin of every picture, which GitHub draws. One
 * line is one thing, so that a change of the machine reads as a change of the text: states in
 * place and in document order, arrows last, one line each. Whatever a name contains, the text
 * must never fail to parse, and it must never draw a state inside the wrong one.
 *
 * What mermaid cannot draw becomes a row: handlers without an arrow, and arrows between a state
 * and its own descendants. A composite's rows stand in a box of their own, inside it.
 */

import type { DiagramModel, StateModel, TransitionModel } from './model.ts';
import type { ActionModel } from './names.ts';

/** The model with what a writer keeps asking for. */
interface Chart {
  root: StateModel;
  states: Map<string, StateModel>;
  children: Map<string, StateModel[]>;
  /** what a state says of itself: what runs in it, what it does, what it handles in place */
  rows: Map<string, string[]>;
  arrows: TransitionModel[];
  /** the mermaid name of a state, and of the box that holds a composite's rows */
  ids: Map<string, string>;
}

/** Marks a file as ours to rewrite and to remove. */
export const mark = '%% Drawn from the machine by `npm run generate`.';

export function toMermaid(model: DiagramModel): string {
  const chart = chartOf(model);
  const lines = ['stateDiagram-v2', `  ${mark}`];
  lines.push(`  accTitle: ${safe(model.id)}`);
  if (model.description) lines.push(`  accDescr: ${safe(model.description)}`);
  lines.push(...top(chart).map((line) => `  ${line}`));
  for (const arrow of chart.arrows) {
    for (const target of arrow.targets) {
      const label = safe(transitionWords(arrow));
      lines.push(`  ${named(chart, arrow.source)} --> ${named(chart, target)} : ${label}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

// the model, arranged ---------------------------------------------------------------------------

function chartOf({ states, transitions }: DiagramModel): Chart {
  const [root] = states;
  if (!root) throw new Error('a model has at least its root state');
  const children = new Map<string, StateModel[]>(states.map(({ id }) => [id, []]));
  for (const state of states) if (state.parent) children.get(state.parent)?.push(state);
  const byId = new Map(states.map((state) => [state.id, state]));
  const chart: Chart = {
    root,
    states: byId,
    children,
    rows: new Map(),
    arrows: [],
    ids: new Map(),
  };
  nameStates(chart);
  for (const state of states) {
    const own = transitions.filter(({ source }) => source === state.id);
    chart.rows.set(state.id, rowsOf(chart, state, own));
    chart.arrows.push(...own.filter((t) => !isRow(chart, t)));
  }
  return chart;
}

/** Mermaid cannot draw an arrow between a state and what it contains; a loop says too little. */
function isRow({ states, root }: Chart, { source, targets }: TransitionModel): boolean {
  if (targets.length === 0 || source === root.id) return true;
  const from = states.get(source);
  return targets.some((id) => {
    const to = states.get(id);
    return !from || !to || contains(from, to) || contains(to, from);
  });
}

const contains = (outer: StateModel, inner: StateModel): boolean =>
  outer.path === '' || inner.path === outer.path || inner.path.startsWith(`${outer.path}.`);

function rowsOf(chart: Chart, state: StateModel, own: TransitionModel[]): string[] {
  const handlers = own.filter((t) => isRow(chart, t) && !t.plumbing);
  return [
    ...regionsOf(chart, state),
    ...state.invokes.map((invoke) => runWords(invoke, state)),
    ...(state.entry.length > 0 ? [`entry / ${names(state.entry)}`] : []),
    ...(state.exit.length > 0 ? [`exit / ${names(state.exit)}`] : []),
    ...(state.tags.length > 0 ? [`tagged ${state.tags.join(', ')}`] : []),
    ...handlers.map((t) => rowWords(chart, state, t)),
    ...footnote(own.filter((t) => t.plumbing).map(({ event }) => event)),
  ];
}

/** A parallel root has no frame that dividers could divide, so it says it in words. */
function regionsOf({ root, children }: Chart, state: StateModel): string[] {
  if (state.id !== root.id || state.type !== 'parallel') return [];
  const keys = children.get(state.id)?.map(({ key }) => key) ?? [];
  return [`${keys.join(', ')} run side by side`];
}

function runWords({ id, src }: { id: string; src: string }, state: StateModel): string {
  const madeUp = id.endsWith(`.${state.id}`);
  return madeUp || id === src ? `runs ${src}` : `runs ${id} (${src})`;
}

/** The choke points in two lines: they are the same in every machine, and lead nowhere. */
function footnote(envelopes: string[]): string[] {
  const heard = envelopes.filter((e) => e !== 'order').map((e) => e.replace(/^from\./, ''));
  const takes = heard.length < envelopes.length ? ['takes orders'] : [];
  return heard.length > 0 ? [...takes, `hears ${heard.join(', ')}`] : takes;
}

// names that mermaid accepts --------------------------------------------------------------------

/** Words at which mermaid's lexer leaves the path, whatever follows them. */
const reserved = new Set(
  'click href default state note style scale class classdef statediagram acctitle accdescr'.split(
    ' ',
  ),
);

/** Paths, as far as mermaid takes them; it makes `x_start` and `x_end` itself. */
function nameStates({ states, children, root, ids }: Chart) {
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

const named = ({ ids }: Chart, key: string): string => ids.get(key) ?? key;

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

const names = (actions: ActionModel[]): string => actions.map(({ name }) => name).join(', ');

function transitionWords({ label, guard, actions }: TransitionModel, where = ''): string {
  const when = guard === undefined ? '' : ` [${guard}]`;
  const does = actions.length === 0 ? '' : ` / ${names(actions)}`;
  return `${label}${when}${where}${does}`;
}

function rowWords(chart: Chart, state: StateModel, t: TransitionModel): string {
  if (t.targets.length === 0) {
    return t.actions.length === 0 ? `ignores ${transitionWords(t)}` : transitionWords(t);
  }
  const where = t.targets.map((id) => destination(state, chart.states.get(id))).join(' and ');
  const anew = t.reenter && !t.targets.includes(state.id) ? ' anew' : '';
  return transitionWords(t, ` → ${where}${anew}`);
}

/** Where a row leads, said from where it stands. */
function destination(from: StateModel, to: StateModel | undefined): string {
  if (!to || to.id === from.id) return 'itself';
  const inside = contains(from, to) && from.path !== '';
  return (inside ? to.path.slice(from.path.length + 1) : to.path) || to.key;
}

// states ----------------------------------------------------------------------------------------

/**
 * The root is the page itself and has no frame. Mermaid's layout fails on an arrow to a composite
 * inside three frames (11.17.2 and 10.9.3 do), so none is spent where nothing needs it.
 */
function top(chart: Chart): string[] {
  const { root, children } = chart;
  if (children.get(root.id)?.length === 0) return drawn(chart, root);
  return [...boxOf(chart, root, 'any state'), ...inner(chart, root)];
}

function drawn(chart: Chart, state: StateModel): string[] {
  const id = named(chart, state.id);
  const deep = state.history === 'deep' ? 'H*' : 'H';
  const title = safe(state.type === 'history' ? deep : state.key);
  const header = `state "${title}" as ${id}`;
  if (chart.children.get(state.id)?.length === 0) {
    const rows = chart.rows.get(state.id) ?? [];
    return [header, ...rows.map((row) => `${id} : ${safe(row)}`)];
  }
  const rows = boxOf(chart, state, `throughout ${state.key}`);
  const divided = rows.length > 0 && state.type === 'parallel' ? [...rows, '--'] : rows;
  const body = [...divided, ...inner(chart, state)];
  return [`${header} {`, ...body.map((line) => `  ${line}`), '}'];
}

function boxOf(chart: Chart, state: StateModel, title: string): string[] {
  const rows = chart.rows.get(state.id) ?? [];
  if (rows.length === 0) return [];
  const id = named(chart, box(state.id));
  return [`state "${safe(title)}" as ${id}`, ...rows.map((row) => `${id} : ${safe(row)}`)];
}

function inner(chart: Chart, state: StateModel): string[] {
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
