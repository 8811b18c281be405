/**
 * What stays possible: from every state some good one can be reached. A state whose future was
 * cut off is given the benefit of the doubt, since the result says that something was cut; a
 * state that was fully expanded never is.
 */
import type { Numbers } from './encode.ts';
import type { Goal, MoveKind, View } from './world.ts';

const kinds: readonly MoveKind[] = ['user', 'world', 'timer', 'delivery'];

/** The finished graph: edges of state s are `starts[s]` up to `starts[s + 1]`. */
export interface Edges {
  readonly states: number;
  readonly starts: Numbers;
  /** made by `packEdge` */
  readonly packed: Numbers;
  readonly unknown: ReadonlySet<number>;
}

export const packEdge = (target: number, kind: MoveKind): number =>
  target * kinds.length + kinds.indexOf(kind);

/** The first state (a shallowest one) from which the goal cannot be reached. */
export function firstWithout(
  { from, holds, by }: Goal,
  edges: Edges,
  viewOf: (state: number) => View,
): number | undefined {
  const reaches = new Uint8Array(edges.states);
  for (let state = 0; state < edges.states; state++) {
    if (edges.unknown.has(state) || holds(viewOf(state))) reaches[state] = 1;
  }
  spread(reaches, edges, by ?? kinds);
  for (let state = 0; state < edges.states; state++) {
    if (reaches[state] === 0 && (from?.(viewOf(state)) ?? true)) return state;
  }
  return undefined;
}

/** Marks every state with an allowed way to a marked one. */
function spread(reaches: Uint8Array, edges: Edges, by: readonly MoveKind[]): void {
  const { starts, sources } = reversed(edges, by);
  const work: number[] = [];
  reaches.forEach((mark, state) => {
    if (mark === 1) work.push(state);
  });
  for (let state = work.pop(); state !== undefined; state = work.pop()) {
    for (let i = starts[state] ?? 0; i < (starts[state + 1] ?? 0); i++) {
      const source = sources[i] ?? 0;
      if (reaches[source] === 1) continue;
      reaches[source] = 1;
      work.push(source);
    }
  }
}

/** The allowed edges, by target: a counting sort. */
function reversed({ states, starts, packed }: Edges, by: readonly MoveKind[]) {
  const allowed = kinds.map((kind) => by.includes(kind));
  const targetOf = (edge: number): number => {
    const value = packed.at(edge);
    return allowed[value % kinds.length] ? Math.floor(value / kinds.length) : -1;
  };
  const ends = new Int32Array(states + 1);
  for (let edge = 0; edge < packed.size; edge++) {
    const target = targetOf(edge);
    if (target >= 0) ends[target + 1] = (ends[target + 1] ?? 0) + 1;
  }
  for (let state = 0; state < states; state++) {
    ends[state + 1] = (ends[state + 1] ?? 0) + (ends[state] ?? 0);
  }
  const next = ends.slice();
  const sources = new Int32Array(ends[states] ?? 0);
  for (let state = 0; state < states; state++) {
    for (let edge = starts.at(state); edge < starts.at(state + 1); edge++) {
      const target = targetOf(edge);
      if (target < 0) continue;
      const place = next[target] ?? 0;
      next[target] = place + 1;
      sources[place] = state;
    }
  }
  return { starts: ends, sources };
}
