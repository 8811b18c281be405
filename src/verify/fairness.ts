/**
 * What a well-behaved world owes in one state: each channel its delivery, each leaf a report that
 * is no fault, each wait its end, and a deadline only where nothing else can come first. What is
 * owed is known by a number, so that two states can be compared. A bound must never excuse
 * anything here: it is ours, not the world's.
 */
import type { Cell, LocalMove } from './cells.ts';
import { type Delivery, POST_SLOT, type Row, USER_SLOT } from './delivery.ts';

const CHANNEL = 0;
const TIMER = 1;
const LEAF = 2;
const MAX_NAMES = 1 << 16;

const debt = (slot: number, kind: number, name = 0): number =>
  (slot * 4 + kind) * MAX_NAMES + name + 2;
/** Whether it is a timer that this is about. */
export const isTimer = (key: number): boolean =>
  Math.floor((key - 2) / MAX_NAMES) % 4 === TIMER && key !== POSTED;
const slotOf = (key: number): number => Math.floor(key / (MAX_NAMES * 4));
const POSTED = debt(POST_SLOT, CHANNEL);

/** What one move pays of what was owed, and which debts begin anew with it. */
export class Payment {
  readonly timers = new Set<number>();
  readonly slots = new Set<number>();
  readonly key: number;

  constructor(key: number) {
    this.key = key;
  }

  /** After this move nobody can say that `key` was owed all the while. */
  settles(key: number): boolean {
    return this.key === key || this.timers.has(key) || this.slots.has(slotOf(key));
  }
}

export class Fairness {
  readonly #delivery: Delivery;
  readonly #deadlines: ReadonlySet<string>;
  readonly #perCell = new Map<Cell, { urgent: number[]; waits: number[]; late: number[] }>();

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
    this.#deadlines = new Set(delivery.world.deadlines ?? []);
  }

  /** Everything that the world owes in this state. */
  owed(row: Row): number[] {
    const posted = this.#delivery.moves(row, scratch) > 0 && scratch[0] === POST_SLOT * 256;
    const urgent = posted ? [POSTED] : [];
    const waits: number[] = [];
    const late: number[] = [];
    for (let slot = 0; slot < this.#delivery.slots.size; slot++) {
      const cell = this.#delivery.cellAt(row, slot);
      if (!cell) continue;
      const own = this.#owedBy(cell);
      urgent.push(...own.urgent);
      waits.push(...own.waits);
      late.push(...own.late);
    }
    return urgent.length > 0 ? [...urgent, ...waits] : [...waits, ...late];
  }

  /** Every timer that is armed in this state, whether it may end now or not. */
  armed(row: Row): number[] {
    const keys: number[] = [];
    for (let slot = 0; slot < this.#delivery.slots.size; slot++) {
      const cell = this.#delivery.cellAt(row, slot);
      for (const { timer } of cell?.timers.items ?? []) keys.push(debt(slot, TIMER, timer));
    }
    return keys;
  }

  /** Which debt a move pays; undefined of a user's command and of a fault. */
  paidBy(row: Row, move: number): number | undefined {
    const slot = move >> 8;
    if (slot === USER_SLOT) return undefined;
    if (slot === POST_SLOT) return POSTED;
    const cell = this.#delivery.cellAt(row, slot);
    const local = cell && this.#delivery.movesOf(cell)[move & 255];
    return cell && local && this.#key(cell, local);
  }

  /** Makes a move in `row`, and tells what it settles. */
  pay(row: Row, move: number): Payment {
    const payment = new Payment(this.paidBy(row, move) ?? -1);
    this.#delivery.begun = (slot, timer) => {
      if (timer < 0) payment.slots.add(slot);
      else payment.timers.add(debt(slot, TIMER, timer));
    };
    this.#delivery.apply(row, move);
    this.#delivery.begun = undefined;
    return payment;
  }

  #owedBy(cell: Cell) {
    let own = this.#perCell.get(cell);
    if (own) return own;
    own = { urgent: [], waits: [], late: [] };
    for (const local of this.#delivery.movesOf(cell)) {
      const key = this.#key(cell, local);
      if (key === undefined) continue;
      if (local.kind !== 'timer') own.urgent.push(key);
      else (this.#isDeadline(cell, local) ? own.late : own.waits).push(key);
    }
    this.#perCell.set(cell, own);
    return own;
  }

  #key(cell: Cell, { kind, index }: LocalMove): number | undefined {
    if (kind === 'delivery') return debt(cell.slot, CHANNEL, cell.inbox.channels[index]?.from);
    if (kind === 'timer') return debt(cell.slot, TIMER, cell.timers.items[index]?.timer);
    const { stepper } = this.#delivery;
    const { state } = stepper.snapshot(cell.snapshot);
    const emission = stepper.leafOf(cell.snapshot)?.emits[state ?? '']?.[index];
    return emission?.fault ? undefined : debt(cell.slot, LEAF);
  }

  #isDeadline(cell: Cell, { index }: LocalMove): boolean {
    const timer = cell.timers.items[index]?.timer ?? -1;
    return this.#deadlines.has(this.#delivery.stepper.timers.at(timer).delay);
  }
}

const scratch = new Int32Array(1024);
