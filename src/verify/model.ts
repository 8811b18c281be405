/**
 * The interpreter in the words of the real side: the same names for moves and the same lines for
 * actors, so that the two can be compared after every move. It must never correct what the
 * interpreter does.
 */
import type { RealActor, RealSystem } from './actors.ts';
import type { Cell } from './cells.ts';
import { type Delivery, MAX_MOVES, MAX_ROW, type Row } from './delivery.ts';
import { States } from './encode.ts';
import { byName } from './program.ts';
import { generationOf, generationsOf, rename, renameContext } from './tokens.ts';

export function compare(model: Model, real: RealSystem, posts: number): string | undefined {
  if (model.fault) return `the interpreter found ${model.fault}`;
  if (real.error !== undefined) return `a real actor failed: ${String(real.error)}`;
  return compareStates(model, real) ?? firstDifference('moves', model.moves(), real.moves(posts));
}

export function compareStates(model: Model, real: RealSystem): string | undefined {
  const theirs = real.actors().map((actor, _, all) => model.describe(actor, all));
  return firstDifference('state', model.actors(), theirs.sort());
}

function firstDifference(what: string, ours: string[], theirs: string[]): string | undefined {
  if (ours.length === theirs.length && ours.every((line, i) => line === theirs[i])) {
    return undefined;
  }
  const only = (left: string[], right: string[]) => left.filter((line) => !right.includes(line));
  return [
    `${what} differ`,
    ...only(ours, theirs).map((line) => `   interpreter only: ${line}`),
    ...only(theirs, ours).map((line) => `   real only: ${line}`),
  ].join('\n');
}

/** States are numbered by depth; the edges of state s are `starts[s]` up to `starts[s + 1]`. */
export interface Graph {
  readonly states: number;
  /** what was broken on the way: the graph ends there */
  readonly fault: string | undefined;
  readonly starts: Int32Array;
  /** by edge */
  readonly moves: Int32Array;
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  /** by state: the edge by which it was first come to */
  readonly ways: Int32Array;
}

type Lists = Record<'starts' | 'moves' | 'sources' | 'targets' | 'ways', number[]>;

/** The interpreter, speaking the same words as the real side. */
export class Model {
  readonly delivery: Delivery;
  readonly row: Row = new Int32Array(MAX_ROW);
  readonly #moves = new Int32Array(MAX_MOVES);
  readonly #roles: ReadonlyMap<string, number>;
  readonly #states = new States();
  /** by cell, and by move of a cell: both say the same words again and again */
  readonly #lines = new Map<number, string>();
  readonly #names = new Map<number, string>();
  #byName = new Map<string, number>();

  constructor(delivery: Delivery) {
    this.delivery = delivery;
    this.#roles = new Map(delivery.world.roles.map(({ name }, i) => [name, i]));
  }

  /** How many different states it has been asked about. */
  get states(): number {
    return this.#states.size;
  }

  /** The number of the present state, counted as they are first met. */
  here(): number {
    return this.#states.add(this.row, this.delivery.length(), -1, -1);
  }

  /** Every state from the start on, breadth first, and every move of each. */
  graph(): Graph {
    const states = new States();
    const row = new Int32Array(MAX_ROW);
    const graph: Lists = { starts: [0], moves: [], sources: [], targets: [], ways: [-1] };
    this.start();
    states.add(this.row, this.delivery.length(), -1, -1);
    let fault = this.fault;
    for (let state = 0; state < states.size && fault === undefined; state++) {
      states.load(state, row);
      const count = this.delivery.moves(row, this.#moves);
      for (let i = 0; i < count && fault === undefined; i++) {
        const move = this.#moves[i] ?? -1;
        this.row.set(row);
        this.delivery.apply(this.row, move);
        fault = this.fault;
        const target = states.add(this.row, this.delivery.length(), state, move);
        if (target === graph.ways.length) graph.ways.push(graph.targets.length);
        graph.moves.push(move);
        graph.sources.push(state);
        graph.targets.push(target);
      }
      graph.starts.push(graph.targets.length);
    }
    return {
      states: states.size,
      fault,
      starts: Int32Array.from(graph.starts),
      moves: Int32Array.from(graph.moves),
      sources: Int32Array.from(graph.sources),
      targets: Int32Array.from(graph.targets),
      ways: Int32Array.from(graph.ways),
    };
  }

  /** Makes a move by its number, and says its name. */
  makeNumber(move: number): string {
    const name = this.#name(move);
    this.delivery.apply(this.row, move);
    return name;
  }

  get fault(): string | undefined {
    if (this.delivery.full) return 'a mailbox that was full';
    const { fault } = this.delivery;
    return fault && `${fault.guarantee}: ${fault.message}`;
  }

  start(): void {
    this.row.fill(0);
    this.delivery.start(this.row);
    this.#byName.clear();
  }

  moves(): string[] {
    const count = this.delivery.moves(this.row, this.#moves);
    const open = [...this.#moves.subarray(0, count)];
    this.#byName = byName(open.map((move) => [this.#name(move), move] as const));
    return [...this.#byName.keys()].sort();
  }

  nameOf(move: number): string {
    this.moves();
    for (const [name, one] of this.#byName) if (one === move) return name;
    return this.#name(move);
  }

  #name(move: number): string {
    const cell = this.delivery.cellAt(this.row, move >> 8);
    if (!cell) return this.delivery.name(this.row, move);
    const key = cell.id * 256 + (move & 255);
    const name = this.#names.get(key) ?? this.delivery.name(this.row, move);
    this.#names.set(key, name);
    return name;
  }

  make(name: string): void {
    this.delivery.apply(this.row, this.#byName.get(name) ?? -1);
  }

  actors(): string[] {
    const lines: string[] = [];
    for (let slot = 0; slot < this.delivery.slots.size; slot++) {
      const cell = this.delivery.cellAt(this.row, slot);
      if (!cell) continue;
      const known = this.#lines.get(cell.id) ?? this.#line(cell);
      this.#lines.set(cell.id, known);
      lines.push(known);
    }
    return lines.sort();
  }

  #line({ slot, snapshot, timers }: Cell): string {
    const { slots, stepper } = this.delivery;
    const { key, token } = stepper.snapshot(snapshot);
    const armed = timers.items.map(({ timer }) => stepper.timers.at(timer).id).sort();
    return line(slots.paths[slot] ?? '', key, token, armed);
  }

  /** A real actor as the interpreter would show it: renamed, and under the role's `ctxKey`. */
  describe(actor: RealActor, all: readonly RealActor[]): string {
    const { path, snapshot, timers } = actor;
    const cut = path.lastIndexOf('/');
    const parent = all.find((other) => other.path === path.slice(0, cut));
    const present = generationOf(
      generationsOf(parent?.snapshot?.context ?? {}),
      path.slice(cut + 1),
    );
    const token = cut < 0 ? rename(actor.gen, Number(actor.gen)) : rename(actor.gen, present);
    if (!snapshot) return line(path, actor.state ?? '', token, timers);
    const context = renameContext(snapshot.context);
    const shown = 'gen' in context ? { ...context, gen: token } : context;
    const key = this.delivery.stepper.key(this.#roleOf(path), { ...snapshot, context: shown });
    return line(path, key, token, timers);
  }

  #roleOf(path: string): number {
    const { slots, stepper } = this.delivery;
    const cell = this.delivery.cellAt(this.row, slots.paths.indexOf(path));
    if (cell) return stepper.snapshot(cell.snapshot).role;
    return this.#roles.get(path) ?? 0;
  }
}

const line = (path: string, key: string, token: number, timers: readonly string[]): string =>
  `${path} ${key} gen ${token} timers ${timers.join(',') || 'none'}`;
