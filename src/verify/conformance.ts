/**
 * Real actors against the interpreter: random walks in which both sides must offer the same
 * moves and be in the same state after each one. The real side counts generations without
 * renaming, so this also shows that renaming and `ctxKey` lose nothing that matters. The same
 * seed always walks the same way; a walk prefers what was rarely done in the state where it is.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { RealSystem } from './actors.ts';
import type { Delivery } from './delivery.ts';
import { deliveryOf } from './explore.ts';
import { compare, Model } from './model.ts';
import type { World } from './world.ts';

export interface ConformanceOptions {
  seed: number;
  /** moves in all */
  steps: number;
  /** moves before a fresh start (default 60) */
  walk?: number;
  /** `rtc` (default): XState's own order; `async`: every message held, and handed over later */
  delivery?: 'rtc' | 'async';
  /** posts that may wait in the queue, or messages in flight (default 2) */
  posts?: number;
  /** the world of the real side, when it is not to be the same: shows that a difference is found */
  actors?: World;
}

export interface Conformance {
  seed: number;
  steps: number;
  walks: number;
  /** different states that the walks came to */
  states: number;
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
  const walks = new Walks(world, options);
  while (!walks.isOver) walks.next();
  return walks.result();
}

/**
 * The same walks with pauses, in which timers and signals get their turn; `proceed` is asked in
 * each pause, and its `false` ends them.
 */
export async function conformanceWhile(
  world: World,
  options: ConformanceOptions,
  proceed: (steps: number) => boolean,
): Promise<Conformance> {
  const walks = new Walks(world, options);
  let paused = performance.now();
  while (!walks.isOver) {
    walks.next();
    if (performance.now() - paused < SLICE_MS) continue;
    await turn();
    paused = performance.now();
    if (!proceed(walks.steps)) break;
  }
  return walks.result();
}

const SLICE_MS = 40;

/** Without limit on what the user asks for: how often it was asked, real actors do not count. */
export function unlimited(world: World, delivery: 'rtc' | 'async', posts: number): Delivery {
  const free = { ...world, user: world.user.map(({ event }) => ({ event })) };
  return deliveryOf(free, { delivery, posts, inFlight: posts, channel: 64 });
}

class Walks {
  readonly #started = performance.now();
  readonly #options: Required<Omit<ConformanceOptions, 'actors'>>;
  readonly #actors: World;
  readonly #model: Model;
  readonly #next: () => number;
  /** where each move of each state led to, and how often each state was come to */
  readonly #led = new Map<string, number>();
  readonly #visits: number[] = [];
  readonly #path: string[] = [];
  #walks = 0;
  /** nothing can happen in this world */
  #isStuck = false;
  #difference: string | undefined;
  steps = 0;

  constructor(world: World, options: ConformanceOptions) {
    const { actors = world, walk = 60, posts = 2, delivery = 'rtc', ...rest } = options;
    this.#options = { walk, posts, delivery, ...rest };
    this.#actors = actors;
    this.#model = new Model(unlimited(world, delivery, posts));
    this.#next = chance(rest.seed);
  }

  get isOver(): boolean {
    const isDone = this.#isStuck || this.steps >= this.#options.steps;
    return isDone || this.#difference !== undefined;
  }

  /** One walk from the start. */
  next(): void {
    const { seed, steps, walk } = this.#options;
    this.#walks += 1;
    this.#path.length = 0;
    const transport = this.#options.delivery === 'rtc' ? 'process' : 'network';
    const real = new RealSystem(this.#actors, { transport });
    const found = this.#walk(real, Math.min(walk, steps - this.steps));
    real.stop();
    this.#isStuck = this.#path.length === 0;
    if (found === undefined) return;
    const path = this.#path.map((move, i) => `${i + 1}. ${move}`);
    this.#difference = [`seed ${seed}, walk ${this.#walks}: ${found}`, ...path].join('\n');
  }

  result(): Conformance {
    const difference = this.#difference;
    return {
      seed: this.#options.seed,
      steps: this.steps,
      walks: this.#walks,
      states: this.#model.states,
      ms: performance.now() - this.#started,
      ...(difference === undefined ? {} : { difference }),
    };
  }

  #walk(real: RealSystem, most: number): string | undefined {
    const { posts } = this.#options;
    this.#model.start();
    for (let made = 0; ; made++) {
      const difference = compare(this.#model, real, posts);
      if (difference !== undefined || made === most) return difference;
      const state = this.#model.here();
      const moves = this.#model.moves();
      const isOver = moves.every((move) => this.#led.get(`${state} ${move}`) === state);
      if (isOver && made > 0 && this.#next() < GIVE_UP) return undefined;
      const move = this.#pick(state, moves);
      if (move === undefined) return undefined;
      this.#path.push(move);
      this.steps += 1;
      this.#model.make(move);
      const next = this.#model.here();
      this.#led.set(`${state} ${move}`, next);
      this.#visits[next] = (this.#visits[next] ?? 0) + 1;
      real.make(move);
    }
  }

  /**
   * What the user asks for ends most things, so it is rare; mostly the move whose end was visited
   * least often, as far as that is known, so that walks go where none has been.
   */
  #pick(state: number, moves: readonly string[]): string | undefined {
    const isUsers = (move: string) => move.startsWith('user ');
    const others = moves.filter((move) => !isUsers(move));
    const open = others.length === 0 || this.#next() < USER ? moves.filter(isUsers) : others;
    const visits = (move: string) =>
      this.#visits[this.#led.get(`${state} ${move}`) ?? Number.NaN] ?? 0;
    const least = Math.min(...open.map(visits));
    const rare = this.#next() < RARE ? open.filter((move) => visits(move) === least) : open;
    return rare[Math.floor(this.#next() * rare.length)];
  }
}

/** how often the user is asked, where something else could happen */
const USER = 0.1;
const RARE = 0.75;
/**
 * How soon a walk ends where nothing leads on. Not at once: that nothing does is what the
 * interpreter says, and the real actors may count what it has forgotten.
 */
const GIVE_UP = 0.2;
