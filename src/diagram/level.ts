/**
 * A model seen from another distance: an overview with every composite closed, all of it, or one
 * composite by itself. It promises a model again, so that every writer draws every level, and the
 * same identities at each. It must never invent a transition: what ends on a closed state stands
 * for one that ends inside it.
 */

import type { DiagramModel, StateModel, TransitionModel } from './model.ts';

/** `overview`, `full`, or the path of a composite state. */
export type Level = string;

/** Every level at which a machine has a picture of its own. */
export function levelsOf(model: DiagramModel): Level[] {
  const parents = new Set(model.states.map(({ parent }) => parent));
  const composites = model.states.filter(({ id, path }) => path !== '' && parents.has(id));
  if (composites.length === 0) return ['full'];
  return ['overview', 'full', ...composites.map(({ path }) => path)];
}

export function atLevel(model: DiagramModel, level: Level): DiagramModel {
  if (level === 'full') return model;
  if (level === 'overview') return overview(model);
  const inner = model.states.find(({ path, id }) => path === level || id === level);
  if (!inner || !levelsOf(model).includes(inner.path))
    throw new UnknownLevel(model.id, level, levelsOf(model));
  return closeUp(model, inner);
}

export class UnknownLevel extends Error {
  constructor(machine: string, level: string, known: readonly string[]) {
    super(`${machine} has no level "${level}"; it has ${known.join(', ')}`);
  }
}

// the overview ----------------------------------------------------------------------------------

/** What happens between the outermost states, and for which reason; not what is done on the way. */
function overview(model: DiagramModel): DiagramModel {
  const tree = new Tree(model);
  const shown = model.states.filter((state) => tree.isOutermost(state));
  const states = shown.map((state) => closed(state, tree));
  const transitions = model.transitions.flatMap((t): TransitionModel[] => {
    const source = tree.homeOf(t.source);
    const targets = [...new Set(t.targets.map((id) => tree.homeOf(id)))];
    const within = targets.length === 0 || targets.every((id) => id === source);
    return within ? [] : [{ ...t, source, targets, actions: [] }];
  });
  return { ...model, states, transitions };
}

function closed(state: StateModel, tree: Tree): StateModel {
  const inside = tree.isOpen(state) ? 0 : tree.countIn(state);
  const bare: StateModel = { ...state, entry: [], exit: [], tags: [] };
  if (inside === 0) return bare;
  const { initial, initialActions, ...rest } = bare;
  return { ...rest, type: 'atomic', inside };
}

class Tree {
  readonly #states: Map<string, StateModel>;
  readonly #root: StateModel | undefined;

  constructor({ states }: DiagramModel) {
    this.#states = new Map(states.map((state) => [state.id, state]));
    this.#root = states[0];
  }

  /** The root, and its regions where they run side by side: their insides are the outermost. */
  isOpen({ parent, type }: StateModel): boolean {
    if (parent === undefined) return true;
    return this.#root?.type === 'parallel' && parent === this.#root.id && type !== 'atomic';
  }

  isOutermost(state: StateModel): boolean {
    const parent = this.#parentOf(state);
    return parent === undefined || this.isOpen(parent);
  }

  /** The state that stands for another where composites are closed. */
  homeOf(id: string): string {
    let state = this.#states.get(id);
    while (state && !this.isOutermost(state)) state = this.#parentOf(state);
    return state?.id ?? id;
  }

  countIn({ id }: StateModel): number {
    const children = [...this.#states.values()].filter(({ parent }) => parent === id);
    return children.reduce((sum, child) => sum + 1 + this.countIn(child), 0);
  }

  #parentOf({ parent }: StateModel): StateModel | undefined {
    return parent === undefined ? undefined : this.#states.get(parent);
  }
}

// one composite ---------------------------------------------------------------------------------

/** One composite as if it were all, and whatever leads into it or out of it. */
function closeUp(model: DiagramModel, top: StateModel): DiagramModel {
  const inner = new Set(model.states.filter((state) => isWithin(state, top)).map(({ id }) => id));
  const isInner = (id: string) => inner.has(id) && id !== top.id;
  const touching = model.transitions.filter(
    ({ source, targets }) => inner.has(source) || targets.some(isInner),
  );
  const met = new Set(touching.flatMap(({ source, targets }) => [source, ...targets]));
  const outside = model.states.filter(({ id, parent }) => {
    return met.has(id) && !inner.has(id) && parent !== undefined;
  });
  const { parent, ...root } = top;
  const inside = model.states.filter(({ id }) => isInner(id));
  const states = [root, ...inside, ...outside.map((state) => neighbour(state, top))];
  const known = new Set(states.map(({ id }) => id));
  const { description } = top;
  return {
    id: `${model.id}: ${top.path}`,
    ...(description !== undefined && { description }),
    states,
    transitions: touching.filter(({ source }) => known.has(source)),
  };
}

const isWithin = ({ path }: StateModel, { path: top }: StateModel): boolean =>
  path === top || path.startsWith(`${top}.`);

/** A state beyond the frame: only its name, since its own picture says the rest. */
function neighbour({ id, path, type }: StateModel, top: StateModel): StateModel {
  const bare = { entry: [], exit: [], invokes: [], tags: [], parent: top.id, outside: true };
  return { id, key: path, path, type: type === 'final' ? type : 'atomic', ...bare };
}
