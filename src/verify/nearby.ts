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
const usesMax = 12;
const seedsMax = 400;
export const nearbyStates = 6_000;

interface Use {
  readonly state: number;
  readonly move: number;
  /** what waits for the actor meanwhile: a change is often felt only by what comes next */
  readonly inbox: number;
}

const keyOf = (snapshot: number, event: number): number => snapshot * 2 ** 24 + event;

/** The whole search of a world, with the first uses of each row of its tables. */
export class Survey {
  readonly result: Result;
  readonly #search: Search;
  readonly #stepper: Stepper;
  readonly #uses = new Map<number, Use[]>();

  constructor(world: World, options: ExploreOptions, stepper: Stepper) {
    this.#stepper = stepper;
    this.#search = new Search(world, options, stepper, {
      heed: (state, delivery, row, move) => this.#note(state, delivery, row, move),
    });
    this.result = this.#search.run();
  }

  /** Ways to where these rows are used first, each with the step itself, shortest first. */
  seeds(rows: readonly TableRow[]): Seeds {
    const uses = this.#grouped(rows);
    const byTurn = Array.from({ length: usesMax }, (_, turn) =>
      uses.flatMap((own) => own[turn] ?? []).sort((a, b) => a.state - b.state),
    );
    const ways = byTurn
      .flat()
      .slice(0, seedsMax)
      .map(({ state, move }) => [...this.#search.path(state), move]);
    return { slots: this.#search.slots, ways };
  }

  /** The uses of rows that differ in nothing but their context, each with another inbox. */
  #grouped(rows: readonly TableRow[]): Use[][] {
    const groups = new Map<string, Use[]>();
    for (const { snapshot, event } of rows) {
      const { value } = this.#stepper.snapshot(snapshot).snapshot ?? {};
      const group = `${JSON.stringify(value)} ${event}`;
      const uses = this.#uses.get(keyOf(snapshot, event)) ?? [];
      groups.set(group, [...(groups.get(group) ?? []), ...uses]);
    }
    return [...groups.values()].map((uses) => {
      const inOrder = uses.sort((a, b) => a.state - b.state);
      const first = new Map(inOrder.toReversed().map((use) => [use.inbox, use]));
      return inOrder.filter((use) => first.get(use.inbox) === use);
    });
  }

  #note(state: number, delivery: Delivery, row: Row, move: number): void {
    const isUser = move >> 8 === USER_SLOT;
    const cell = delivery.cellAt(row, isUser ? 0 : move >> 8);
    if (cell === undefined || cell.leaf) return;
    const index = move & 255;
    const event = isUser ? delivery.userEvents[index] : delivery.movesOf(cell)[index]?.event;
    const key = keyOf(cell.snapshot, event ?? -1);
    const { id: inbox } = cell.inbox;
    const known = this.#uses.get(key);
    if (known === undefined) this.#uses.set(key, [{ state, move, inbox }]);
    else if (known.length < usesMax && known.every((use) => use.inbox !== inbox)) {
      known.push({ state, move, inbox });
    }
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
