/**
 * Whether a mutant is the machine that it was made from, told by tables: every step that the
 * world can ask of it is the same, and along random walks in which nothing of a context is merged
 * it is the same in every field and every delay. It must never call two machines equal because of
 * what a key leaves out.
 */
import { chance } from './conformance.ts';
import { type Delivery, MAX_MOVES, MAX_ROW } from './delivery.ts';
import { deliveryOf } from './explore.ts';
import type { TableRow } from './memo.ts';
import { type Effect, OPEN, SEND, SPAWN, STOP } from './program.ts';
import { isMachineRole } from './roles.ts';
import { Stepper } from './step.ts';
import type { ExploreOptions, Role, World } from './world.ts';

const walks = 60;
const walkMoves = 80;
const seed = 1;

/** The same world, its contexts told apart to the last field. */
const unmerged = (world: World): World => ({
  ...world,
  roles: world.roles.map((role: Role) =>
    isMachineRole(role) ? { name: role.name, machine: role.machine } : role,
  ),
});

export class Walked {
  readonly #world: World;
  readonly #stepper: Stepper;
  readonly #inOrder: boolean;
  /** by role: rows met on the walks, and what the original does in them */
  readonly #rows = new Map<string, { row: TableRow; does: string | undefined }[]>();

  constructor(world: World, options: ExploreOptions) {
    this.#world = unmerged(world);
    this.#stepper = new Stepper(this.#world);
    this.#inOrder = options.delivery === 'rtc';
    wander(deliveryOf(this.#world, options, this.#stepper));
  }

  /** Rows in full that were compared for this role. */
  count(role: string): number {
    return this.#of(role).length;
  }

  /** Whether `mutant`, the same world with another machine in this role, does the same. */
  isSame(mutant: World, role: string): boolean {
    const other = new Stepper(unmerged(mutant), this.#stepper, role);
    return this.#of(role).every(
      ({ row, does }) =>
        isSameRow(other, row, this.#inOrder) && other.inFull(row.snapshot, row.event) === does,
    );
  }

  #of(role: string) {
    let rows = this.#rows.get(role);
    if (!rows) {
      const { memo } = this.#stepper;
      rows = memo.rows(this.#stepper.roleId(role)).map((row) => ({
        row,
        does: this.#stepper.inFull(row.snapshot, row.event),
      }));
      this.#rows.set(role, rows);
    }
    return rows;
  }
}

/**
 * Whether a step of other tables is the one of this row; both must count by the same numbers.
 * `inOrder`: also what goes to one child before what goes to another.
 */
export function isSameRow(
  other: Pick<Stepper, 'step'>,
  { snapshot, event, step }: TableRow,
  inOrder: boolean,
): boolean {
  const { next, effects, fault } = other.step(snapshot, event);
  if (fault !== undefined || next !== step.next || effects.length !== step.effects.length) {
    return false;
  }
  const [is, was] = inOrder ? [effects, step.effects] : [apart(effects), apart(step.effects)];
  return is.every((one, i) => isSameEffect(one, was[i]));
}

const isSameEffect = (one: Effect, other: Effect | undefined): boolean =>
  one.kind === other?.kind &&
  one.name === other.name &&
  one.event === other.event &&
  one.init === other.init;

/** Which child an effect is about; -1 for the machine itself, its timers and its parent. */
const childOf = ({ kind, name }: Effect): number =>
  [OPEN, SPAWN, STOP, SEND].includes(kind) ? name : -1;

/** By child, each in its order: where messages overtake each other nobody can tell more. */
const apart = (effects: readonly Effect[]): readonly Effect[] =>
  effects.toSorted((a, b) => childOf(a) - childOf(b));

function wander(delivery: Delivery): void {
  const row = new Int32Array(MAX_ROW);
  const moves = new Int32Array(MAX_MOVES);
  const next = chance(seed);
  for (let walk = 0; walk < walks; walk++) {
    row.fill(0);
    delivery.start(row);
    for (let made = 0; made < walkMoves && !delivery.fault; made++) {
      const count = delivery.moves(row, moves);
      // one of four moves is any, the others are not the user's: the user would drown the rest
      const own = [...moves.subarray(0, count)].filter(
        (move) => delivery.kind(row, move) !== 'user',
      );
      const all = own.length === 0 || next() < 0.25 ? [...moves.subarray(0, count)] : own;
      const move = all[Math.floor(next() * all.length)];
      if (move === undefined) break;
      delivery.apply(row, move);
    }
  }
}
