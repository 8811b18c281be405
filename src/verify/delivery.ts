/**
 * What the two ways of delivering messages have in common: the layout of a global state, the
 * moves that are open in it, and the words for them. A state is a row of numbers: the queue of
 * posts, how often each limited user command was used, then one cell per slot (0 = nobody).
 * A move must be a function of state and move number alone, so that a trace can be replayed.
 */
import { type Cell, type LocalMove, type Slots, Slots as SlotTable, TimerSets } from './cells.ts';
import type { Fault, Guarantee } from './fault.ts';
import { Cells, Inboxes } from './inboxes.ts';
import { Stepper } from './step.ts';
import { STALE } from './tokens.ts';
import type { MessageView, MoveKind, Sent, World } from './world.ts';

/** A global state while it is worked on; at least `MAX_ROW` long. */
export type Row = Int32Array;
export const MAX_ROW = 96;
export const MAX_MOVES = 1024;

/** Where the queue of posts is kept in a row. */
export const POSTS = 0;

/** A move is `slot * 256 + index`; these stand where a slot would. */
export const USER_SLOT = 0xff;
export const POST_SLOT = 0xfe;
const MAX_SLOTS = 64;

/** A move in words; `what` holds all of them. */
export interface MoveWords extends Sent {
  kind: MoveKind;
  what: string;
}

export const localMove = (kind: MoveKind, index: number, event: number, next = -1): LocalMove => ({
  kind,
  index,
  event,
  next,
  outcome: undefined,
});

export abstract class Delivery {
  readonly stepper: Stepper;
  readonly cells: Cells;
  readonly inboxes: Inboxes;
  readonly timers = new TimerSets();
  readonly slots: Slots;
  readonly world: World;
  /** first cell of a row */
  readonly base: number;
  /** set by a move that broke a guarantee */
  fault: Fault | undefined;
  /** set by a move that did not fit */
  full = false;
  /** set by a move that certainly left the row as it was */
  unchanged = false;
  /** when set, hears every message that is sent */
  log: ((sent: Sent, waits: boolean) => void) | undefined;
  /** when set, hears of every timer that is armed and, as timer -1, of every actor that starts */
  begun: ((slot: number, timer: number) => void) | undefined;
  readonly #budgets: readonly number[];
  readonly userEvents: readonly number[];

  constructor(world: World, dropDead = false, stepper = new Stepper(world)) {
    this.world = world;
    this.stepper = stepper;
    this.cells = new Cells(this.stepper);
    this.inboxes = new Inboxes(this.stepper, dropDead);
    this.slots = new SlotTable(world.root);
    this.userEvents = world.user.map(({ event }) => this.stepper.eventId(event));
    let next = POSTS + 1;
    this.#budgets = world.user.map(({ max }) => (max === undefined ? -1 : next++));
    this.base = next;
  }

  /** Fills `row` with the state after the root has started. */
  abstract start(row: Row): void;
  /** Makes one move in `row`; look at `fault` and `full` afterwards. */
  abstract apply(row: Row, move: number): void;
  /** Writes the open moves of `row` to `moves` and returns how many there are. */
  abstract moves(row: Row, moves: Int32Array): number;
  abstract inFlight(row: Row): number;
  abstract messages(row: Row): MessageView[];
  abstract describe(row: Row, move: number): MoveWords;
  /** What an actor may do by itself, given its cell. */
  protected abstract localMoves(cell: Cell): LocalMove[];

  /** How many numbers of a row are in use. */
  length(): number {
    return this.base + this.slots.size;
  }

  cellAt(row: Row, slot: number): Cell | undefined {
    const id = row[this.base + slot];
    return id === undefined || id === 0 ? undefined : this.cells.at(id);
  }

  set(row: Row, slot: number, cell: Cell | undefined): void {
    row[this.base + slot] = cell === undefined ? 0 : cell.id;
  }

  child(slot: number, name: number): number {
    const child = this.slots.child(slot, name, (id) => this.stepper.names.at(id));
    if (child >= MAX_SLOTS) throw new RangeError(`more than ${MAX_SLOTS} paths of actors`);
    return child;
  }

  /** The id by which a child's parent knows it. */
  protected ownName(slot: number): string {
    const name = this.slots.names[slot] ?? -1;
    return name < 0 ? this.world.root : this.stepper.names.at(name);
  }

  movesOf(cell: Cell): LocalMove[] {
    cell.moves ??= this.localMoves(cell);
    return cell.moves;
  }

  /** Timers and, of a leaf, what the outside may do. */
  protected ownMoves(cell: Cell): LocalMove[] {
    const timers = cell.timers.items.map(({ event }, index) => localMove('timer', index, event));
    if (!cell.leaf) return timers;
    return this.stepper
      .emissions(cell.snapshot, this.ownName(cell.slot))
      .map(({ event, next }, index) => localMove('world', index, event, next));
  }

  /** Appends the user's commands that are still allowed. */
  protected userMoves(row: Row, moves: Int32Array, count: number): number {
    let next = count;
    for (let i = 0; i < this.userEvents.length; i++) {
      const budget = this.#budgets[i] ?? -1;
      if (budget >= 0 && (row[budget] ?? 0) >= (this.world.user[i]?.max ?? 0)) continue;
      moves[next++] = USER_SLOT * 256 + i;
    }
    return next;
  }

  protected spend(row: Row, command: number): number {
    const budget = this.#budgets[command] ?? -1;
    if (budget >= 0) row[budget] = (row[budget] ?? 0) + 1;
    return this.userEvents[command] ?? -1;
  }

  /** Whether a command may be used any number of times, so that using it leaves no mark. */
  protected isFree(command: number): boolean {
    return (this.#budgets[command] ?? -1) < 0;
  }

  protected broke(guarantee: Guarantee, message: string): void {
    this.fault ??= { guarantee, message };
  }

  /** A stale or orphaned event that had an effect. */
  protected notInert(to: number, event: number, why: string): void {
    const path = this.slots.paths[to];
    this.broke('stale-is-inert', `${path} reacted to '${this.words(event)}' ${why}`);
  }

  /** What a leaf must not do when it is stopped; whether its owner is still there to hear it. */
  protected leafStopped(slot: number, snapshot: number, isHeard: boolean): void {
    const leaf = this.stepper.leafOf(snapshot);
    const { state = '' } = this.stepper.snapshot(snapshot);
    const path = this.slots.paths[slot];
    if (leaf?.mustEnd?.(state)) this.broke('not-abandoned', `${path} was stopped while ${state}`);
    if (!leaf?.parting || !isHeard) return;
    const words = `${path} said '${leaf.parting.type}' while it was being stopped`;
    this.broke('silent-once-stopped', words);
  }

  /** A report under another name than the sender's own. */
  protected checkName(slot: number, event: number): void {
    const entry = this.stepper.event(event);
    const isPlain = entry.reportOf < 0;
    if (isPlain || entry.reportOf === this.slots.names[slot]) return;
    const path = this.slots.paths[slot];
    this.broke('no-inner-event', `${path} reported as '${entry.message.type}', not as itself`);
  }

  kind(row: Row, move: number): MoveKind {
    const slot = move >> 8;
    if (slot === USER_SLOT) return 'user';
    if (slot === POST_SLOT) return 'delivery';
    const cell = this.cellAt(row, slot);
    return (cell && this.movesOf(cell)[move & 255]?.kind) ?? 'delivery';
  }

  /** A move in words that mean the same to real actors. */
  name(row: Row, move: number): string {
    const slot = move >> 8;
    const index = move & 255;
    if (slot === USER_SLOT) return `user ${index} ${this.words(this.userEvents[index] ?? -1)}`;
    const cell = this.cellAt(row, slot);
    const local = cell && this.movesOf(cell)[index];
    if (local?.kind === 'world') return `world ${this.slots.paths[slot]} ${local.index}`;
    if (local?.kind !== 'timer') return `deliver ${this.describe(row, move).what}`;
    const { id } = this.stepper.timers.at(cell?.timers.items[local.index]?.timer ?? -1);
    return `timer ${this.slots.paths[slot]} ${id}`;
  }

  words(event: number): string {
    const entry = this.stepper.event(event);
    const order = entry.isOrder ? 'order ' : '';
    return `${order}${entry.label}${entry.token === STALE ? ' (stale generation)' : ''}`;
  }

  /** Tells who listens that a message was sent; it `waits` when it arrives by a later move. */
  protected say(from: number, to: number, event: number, waits = false): void {
    if (!this.log) return;
    const [sender, receiver = ''] = [this.slots.paths[from], this.slots.paths[to]];
    this.log({ from: sender, to: receiver, says: this.words(event) }, waits);
  }

  protected describeLocal(cell: Cell, move: LocalMove): MoveWords {
    const path = this.slots.paths[cell.slot] ?? '';
    if (move.kind === 'timer') {
      const says = this.stepper.timers.at(cell.timers.items[move.index]?.timer ?? -1).id;
      return { kind: 'timer', what: `timer of ${path}: ${says}`, from: path, to: path, says };
    }
    const says = this.words(move.event);
    return { kind: move.kind, what: `world → ${path}: ${says}`, from: 'world', to: path, says };
  }

  protected describeUser(command: number): MoveWords {
    const says = this.words(this.userEvents[command] ?? -1);
    const to = this.slots.paths[0] ?? '';
    return { kind: 'user', what: `user → ${to}: ${says}`, from: 'user', to, says };
  }
}
