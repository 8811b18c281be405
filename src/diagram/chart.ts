/**
 * A model arranged to be drawn: which state stands in which, which transitions are arrows, and
 * what every state says of itself in rows. It promises that pictures and texts say the same words
 * in the same order. It must never leave a transition out: what is no arrow is a row.
 */

import type { DiagramModel, StateModel, TransitionModel } from './model.ts';
import type { ActionModel } from './names.ts';

/** What stands at an arrow or in a row: `event [guard] → where / actions`. */
export interface Words {
  label: string;
  guard?: string;
  where?: string;
  does?: string;
}

type RowKind = 'regions' | 'runs' | 'entry' | 'exit' | 'tagged' | 'handles' | 'hears';

/** `id` is the transition that the row stands for. */
export interface Row {
  kind: RowKind;
  words: Words;
  id?: string;
}

/** The model with what a writer keeps asking for. */
export interface Chart {
  id: string;
  description?: string;
  root: StateModel;
  states: Map<string, StateModel>;
  children: Map<string, StateModel[]>;
  /** what a state says of itself: what runs in it, what it does, what it handles in place */
  rows: Map<string, Row[]>;
  arrows: TransitionModel[];
}

export function chartOf({ id, description, states, transitions }: DiagramModel): Chart {
  const [root] = states;
  if (!root) throw new Error('a model has at least its root state');
  const children = new Map<string, StateModel[]>(states.map((state) => [state.id, []]));
  for (const state of states) if (state.parent) children.get(state.parent)?.push(state);
  const chart: Chart = {
    id,
    ...(description !== undefined && { description }),
    root,
    states: new Map(states.map((state) => [state.id, state])),
    children,
    rows: new Map(),
    arrows: [],
  };
  for (const state of states) {
    const own = transitions.filter(({ source }) => source === state.id);
    chart.rows.set(state.id, rowsOf(chart, state, own));
    chart.arrows.push(...own.filter((t) => !isRow(chart, t)));
  }
  leaveOut(chart);
  return chart;
}

/** Where only rows lead to, beyond the frame, has a name and needs no box. */
function leaveOut({ root, children, arrows }: Chart): void {
  const met = new Set(arrows.flatMap(({ source, targets }) => [source, ...targets]));
  const shown = children.get(root.id)?.filter(({ id, outside }) => !outside || met.has(id)) ?? [];
  children.set(root.id, shown);
}

/** A line between a state and what it contains would have no room; a loop says too little. */
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

// rows ------------------------------------------------------------------------------------------

function rowsOf(chart: Chart, state: StateModel, own: TransitionModel[]): Row[] {
  const handlers = own.filter((t) => isRow(chart, t) && !t.plumbing);
  const does = (kind: 'entry' | 'exit'): Row[] =>
    state[kind].length > 0 ? [{ kind, words: { label: kind, does: names(state[kind]) } }] : [];
  const tags = state.tags.join(', ');
  return [
    ...regionsOf(chart, state),
    ...state.invokes.map((invoke) => runs(invoke, state)),
    ...does('entry'),
    ...does('exit'),
    ...(tags ? [{ kind: 'tagged' as const, words: { label: `tagged ${tags}` } }] : []),
    ...handlers.map((t) => handles(chart, state, t)),
    ...hears(own.filter((t) => t.plumbing).map(({ event }) => event)),
  ];
}

/** A parallel root has no frame that dividers could divide, so it says it in words. */
function regionsOf({ root, children }: Chart, state: StateModel): Row[] {
  if (state.id !== root.id || state.type !== 'parallel') return [];
  const keys = children.get(state.id)?.map(({ key }) => key) ?? [];
  return [{ kind: 'regions', words: { label: `${keys.join(', ')} run side by side` } }];
}

/** All that a box says of its state; a closed composite, in the end, how much it holds. */
export function rowsIn({ rows }: Chart, { id, inside }: StateModel): Row[] {
  const own = rows.get(id) ?? [];
  if (inside === undefined) return own;
  const label = inside === 1 ? '1 state inside' : `${inside} states inside`;
  return [...own, { kind: 'hears', words: { label } }];
}

function runs({ id, src }: { id: string; src: string }, state: StateModel): Row {
  const madeUp = id.endsWith(`.${state.id}`);
  const label = madeUp || id === src ? `runs ${src}` : `runs ${id} (${src})`;
  return { kind: 'runs', words: { label } };
}

function handles(chart: Chart, state: StateModel, t: TransitionModel): Row {
  const words = wordsOf(t);
  const row = (said: Words): Row => ({ kind: 'handles', words: said, id: t.id });
  if (t.targets.length === 0) {
    return row(t.actions.length === 0 ? { ...words, label: `ignores ${words.label}` } : words);
  }
  const where = t.targets.map((id) => destination(state, chart.states.get(id))).join(' and ');
  const anew = t.reenter && !t.targets.includes(state.id) ? ' anew' : '';
  return row({ ...words, where: `${where}${anew}` });
}

/** Where a row leads, said from where it stands. */
function destination(from: StateModel, to: StateModel | undefined): string {
  if (!to || to.id === from.id) return 'itself';
  const inside = contains(from, to) && from.path !== '';
  return (inside ? to.path.slice(from.path.length + 1) : to.path) || to.key;
}

/** The choke points in two lines: they are the same in every machine, and lead nowhere. */
function hears(envelopes: string[]): Row[] {
  const heard = envelopes.filter((e) => e !== 'order').map((e) => e.replace(/^from\./, ''));
  const said = heard.length < envelopes.length ? ['takes orders'] : [];
  if (heard.length > 0) said.push(`hears ${heard.join(', ')}`);
  return said.map((label) => ({ kind: 'hears', words: { label } }));
}

// words -----------------------------------------------------------------------------------------

export const names = (actions: ActionModel[]): string => actions.map(({ name }) => name).join(', ');

export function wordsOf({ label, guard, actions }: TransitionModel): Words {
  const does = actions.length > 0 && { does: names(actions) };
  return { label, ...(guard !== undefined && { guard }), ...does };
}

/** A part of a sentence, and what it is, for who sets it in a colour of its own. */
export interface Part {
  kind: keyof Words;
  text: string;
}

export function partsOf({ label, guard, where, does }: Words): Part[] {
  const parts: Part[] = [{ kind: 'label', text: label }];
  if (guard !== undefined) parts.push({ kind: 'guard', text: ` [${guard}]` });
  if (where !== undefined) parts.push({ kind: 'where', text: ` → ${where}` });
  if (does !== undefined) parts.push({ kind: 'does', text: ` / ${does}` });
  return parts;
}

export const sentence = (words: Words): string =>
  partsOf(words)
    .map(({ text }) => text)
    .join('');
