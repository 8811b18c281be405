/**
 * Strongly connected components of a part of a finished graph, by Tarjan's algorithm without
 * recursion, so that a long chain of states is no deep stack. It must never report a single state
 * without an edge to itself: that is no cycle.
 */
import type { Numbers } from './encode.ts';

/** Edges of state s are `targets` from `starts[s]` up to `starts[s + 1]`. */
export interface Graph {
  readonly states: number;
  readonly starts: Numbers;
  readonly targets: Numbers;
}

/** Calls `found` with the states of each cyclic component that lies wholly inside. */
export function components(
  { states, starts, targets }: Graph,
  inside: Uint8Array,
  found: (members: readonly number[]) => void,
): void {
  const order = new Int32Array(states);
  const low = new Int32Array(states);
  const open = new Uint8Array(states);
  const edge = new Int32Array(states);
  const path: number[] = [];
  const waiting: number[] = [];
  let count = 0;
  const enter = (state: number): void => {
    count += 1;
    order[state] = count;
    low[state] = count;
    open[state] = 1;
    edge[state] = starts.at(state);
    path.push(state);
    waiting.push(state);
  };
  const lower = (state: number, to: number): void => {
    low[state] = Math.min(low[state] ?? 0, to);
  };
  const close = (root: number): void => {
    const members = waiting.splice(waiting.lastIndexOf(root));
    for (const member of members) open[member] = 0;
    if (members.length > 1 || loops(root)) found(members);
  };
  const loops = (state: number): boolean => {
    for (let i = starts.at(state); i < starts.at(state + 1); i++) {
      if (targets.at(i) === state) return true;
    }
    return false;
  };
  const advance = (state: number): void => {
    const next = edge[state] ?? 0;
    if (next < starts.at(state + 1)) {
      edge[state] = next + 1;
      const target = targets.at(next);
      if (inside[target] !== 1) return;
      if (order[target] === 0) enter(target);
      else if (open[target] === 1) lower(state, order[target] ?? 0);
      return;
    }
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) lower(parent, low[state] ?? 0);
    if (low[state] === order[state]) close(state);
  };
  for (let root = 0; root < states; root++) {
    if (inside[root] !== 1 || order[root] !== 0) continue;
    enter(root);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) advance(at);
  }
}
