/**
 * The interpreter beside real actors: both told in the same words, so that any difference between
 * them can be seen. It must never take a decision: whoever compares chooses the moves.
 */
import type { RealActor, RealSystem } from './actors.ts';
import { type Delivery, MAX_MOVES, MAX_ROW, type Row } from './delivery.ts';
import { byName } from './program.ts';
import { generationOf, generationsOf, rename, renameContext } from './tokens.ts';

/** The first difference in states or in open moves, in words. */
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

/** The interpreter, speaking the same words as the real side. */
export class Model {
  readonly delivery: Delivery;
  readonly row: Row = new Int32Array(MAX_ROW);
  readonly #moves = new Int32Array(MAX_MOVES);
  readonly #roles: ReadonlyMap<string, number>;
  #byName = new Map<string, number>();

  constructor(delivery: Delivery) {
    this.delivery = delivery;
    this.#roles = new Map(delivery.world.roles.map(({ name }, i) => [name, i]));
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
    this.#byName = byName(open.map((move) => [this.delivery.name(this.row, move), move] as const));
    return [...this.#byName.keys()].sort();
  }

  nameOf(move: number): string {
    this.moves();
    for (const [name, one] of this.#byName) if (one === move) return name;
    return this.delivery.name(this.row, move);
  }

  make(name: string): void {
    this.delivery.apply(this.row, this.#byName.get(name) ?? -1);
  }

  actors(): string[] {
    const { slots, stepper } = this.delivery;
    const lines: string[] = [];
    for (let slot = 0; slot < slots.size; slot++) {
      const cell = this.delivery.cellAt(this.row, slot);
      if (!cell) continue;
      const { key, token } = stepper.snapshot(cell.snapshot);
      const timers = cell.timers.items.map(({ timer }) => stepper.timers.at(timer).id).sort();
      lines.push(line(slots.paths[slot] ?? '', key, token, timers));
    }
    return lines.sort();
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
