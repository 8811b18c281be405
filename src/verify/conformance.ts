/**
 * Real actors against the interpreter: random walks in which both sides must offer the same
 * moves and be in the same state after each one. The real side counts generations without
 * renaming, so this also shows that renaming and `ctxKey` lose nothing that matters. The same
 * seed always walks the same way.
 */
import { type RealActor, RealSystem } from './actors.ts';
import { MAX_MOVES, MAX_ROW } from './delivery.ts';
import { RtcDelivery } from './rtc.ts';
import { generationOf, generationsOf, rename, renameContext } from './tokens.ts';
import type { World } from './world.ts';

export interface ConformanceOptions {
  seed: number;
  /** moves in all */
  steps: number;
  /** moves before a fresh start (default 60) */
  walk?: number;
  /** posts that may wait in the queue (default 2) */
  posts?: number;
  /** the world of the real side, when it is not to be the same: shows that a difference is found */
  actors?: World;
}

export interface Conformance {
  seed: number;
  steps: number;
  walks: number;
  ms: number;
  /** the first difference, with the moves that led to it; undefined when there was none */
  difference?: string;
}

/** Mulberry32: small, seedable, the same everywhere. */
export function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

export function conformance(world: World, options: ConformanceOptions): Conformance {
  const started = performance.now();
  const { seed, steps, walk = 60, posts = 2 } = options;
  const next = chance(seed);
  const model = new Model(world, posts);
  let made = 0;
  let walks = 0;
  let difference: string | undefined;
  while (made < steps && difference === undefined) {
    walks += 1;
    const real = new RealSystem(options.actors ?? world);
    const result = oneWalk(model, real, Math.min(walk, steps - made), posts, next);
    real.stop();
    made += result.made;
    if (result.difference === undefined) continue;
    const path = result.path.map((move, i) => `${i + 1}. ${move}`);
    difference = [`seed ${seed}, walk ${walks}: ${result.difference}`, ...path].join('\n');
  }
  const ms = performance.now() - started;
  return { seed, steps: made, walks, ms, ...(difference === undefined ? {} : { difference }) };
}

function oneWalk(model: Model, real: RealSystem, steps: number, posts: number, next: () => number) {
  const path: string[] = [];
  model.start();
  for (;;) {
    const difference = compare(model, real, posts);
    if (difference !== undefined || path.length === steps) {
      return { made: path.length, path, difference };
    }
    const move = pick(model.moves(), next);
    if (move === undefined) return { made: path.length, path, difference };
    path.push(move);
    model.make(move);
    real.make(move);
  }
}

/** First a kind of move, then one of that kind, so that commands do not drown the rest. */
function pick(moves: readonly string[], next: () => number): string | undefined {
  const kinds = [...new Set(moves.map((move) => move.slice(0, move.indexOf(' '))))];
  const kind = kinds[Math.floor(next() * kinds.length)];
  const choice = moves.filter((move) => move.startsWith(`${kind} `));
  return choice[Math.floor(next() * choice.length)];
}

function compare(model: Model, real: RealSystem, posts: number): string | undefined {
  if (model.fault) return `the interpreter found ${model.fault}`;
  if (real.error !== undefined) return `a real actor failed: ${String(real.error)}`;
  const ours = model.actors();
  const theirs = real.actors().map((actor, _, all) => model.describe(actor, all));
  const states = firstDifference('state', ours, theirs.sort());
  return states ?? firstDifference('moves', model.moves(), real.moves(posts));
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
class Model {
  readonly #delivery: RtcDelivery;
  readonly #row = new Int32Array(MAX_ROW);
  readonly #moves = new Int32Array(MAX_MOVES);
  readonly #roles: ReadonlyMap<string, number>;
  #byName = new Map<string, number>();

  constructor(world: World, posts: number) {
    const unlimited = { ...world, user: world.user.map(({ event }) => ({ event })) };
    this.#delivery = new RtcDelivery(unlimited, { posts, channel: 64 });
    this.#roles = new Map(world.roles.map(({ name }, i) => [name, i]));
  }

  get fault(): string | undefined {
    if (this.#delivery.full) return 'a mailbox that was full';
    const { fault } = this.#delivery;
    return fault && `${fault.guarantee}: ${fault.message}`;
  }

  start(): void {
    this.#row.fill(0);
    this.#delivery.start(this.#row);
    this.#byName.clear();
  }

  moves(): string[] {
    const count = this.#delivery.moves(this.#row, this.#moves);
    const named = [...this.#moves.subarray(0, count)].map(
      (move) => [this.#delivery.name(this.#row, move), move] as const,
    );
    this.#byName = new Map(named);
    return named.map(([name]) => name).sort();
  }

  make(name: string): void {
    this.#delivery.apply(this.#row, this.#byName.get(name) ?? -1);
  }

  actors(): string[] {
    const { slots, stepper } = this.#delivery;
    const lines: string[] = [];
    for (let slot = 0; slot < slots.size; slot++) {
      const cell = this.#delivery.cellAt(this.#row, slot);
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
    const key = this.#delivery.stepper.key(this.#roleOf(path), { ...snapshot, context: shown });
    return line(path, key, token, timers);
  }

  #roleOf(path: string): number {
    const { slots, stepper } = this.#delivery;
    const cell = this.#delivery.cellAt(this.#row, slots.paths.indexOf(path));
    if (cell) return stepper.snapshot(cell.snapshot).role;
    return this.#roles.get(path) ?? 0;
  }
}

const line = (path: string, key: string, token: number, timers: readonly string[]): string =>
  `${path} ${key} gen ${token} timers ${timers.join(',') || 'none'}`;
