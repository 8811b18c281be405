/**
 * The neighbourhood of a change: where a world, as it is, first uses the steps that a mutant makes
 * otherwise, and a search from there in the mutant's own world. Each way there is gone by the
 * mutant from its first state on, so that nothing it finds is out of reach. It must never tell
 * that nothing is broken: it only looks nearby.
 */
import { type Delivery, type Row, USER_SLOT } from './delivery.ts';
import { Search, type Seeds } from './explore.ts';
import type { TableRow } from './memo.ts';
import { SPAWN } from './program.ts';
import type { Stepper } from './step.ts';
import type { ExploreOptions, Result, World } from './world.ts';

/** how many uses of a row are remembered, how many places and states a search has */
const usesMax = 3;
const seedsMax = 24;
export const nearbyStates = 3_000;

interface Use {
  readonly state: number;
  readonly move: number;
}

const keyOf = (snapshot: number, event: number): number => snapshot * 2 ** 24 + event;

/** The whole search of a world, with the first uses of each row of its tables. */
export class Survey {
  readonly result: Result;
  readonly #search: Search;
  readonly #uses = new Map<number, Use[]>();

  constructor(world: World, options: ExploreOptions, stepper: Stepper) {
    this.#search = new Search(world, options, stepper, {
      heed: (state, delivery, row, move) => this.#note(state, delivery, row, move),
    });
    this.result = this.#search.run();
  }

  /** Ways to where these rows are used first, each with the step itself, shortest first. */
  seeds(rows: readonly TableRow[]): Seeds {
    const uses = rows.map(({ snapshot, event }) => this.#uses.get(keyOf(snapshot, event)) ?? []);
    const byTurn = Array.from({ length: usesMax }, (_, turn) =>
      uses.flatMap((own) => own[turn] ?? []).sort((a, b) => a.state - b.state),
    );
    const ways = byTurn
      .flat()
      .slice(0, seedsMax)
      .map(({ state, move }) => [...this.#search.path(state), move]);
    return { slots: this.#search.slots, ways };
  }

  #note(state: number, delivery: Delivery, row: Row, move: number): void {
    const isUser = move >> 8 === USER_SLOT;
    const cell = delivery.cellAt(row, isUser ? 0 : move >> 8);
    if (cell === undefined || cell.leaf) return;
    const index = move & 255;
    const event = isUser ? delivery.userEvents[index] : delivery.movesOf(cell)[index]?.event;
    const key = keyOf(cell.snapshot, event ?? -1);
    const known = this.#uses.get(key);
    if (known === undefined) this.#uses.set(key, [{ state, move }]);
    else if (known.length < usesMax) known.push({ state, move });
  }
}

/** The rows of any role that start an actor whose first step is another one. */
export const startersOf = (rows: readonly TableRow[], inits: ReadonlySet<number>): TableRow[] =>
  rows.filter(({ step }) =>
    step.effects.some(({ kind, init }) => kind === SPAWN && inits.has(init)),
  );

/** Looks for a broken promise near these ways; goals are about a whole graph and are left out. */
export function searchNearby(
  world: World,
  { promises: { goals: _, ...promises } = {}, ...options }: ExploreOptions,
  stepper: Stepper,
  seeds: Seeds,
): Result {
  const near = { ...options, promises, maxStates: nearbyStates };
  return new Search(world, near, stepper, { seeds }).run();
}
