/**
 * Real actors against the interpreter: random walks in which both sides must offer the same
 * moves and be in the same state after each one. The real side counts generations without
 * renaming, so this also shows that renaming and `ctxKey` lose nothing that matters. The same
 * seed always walks the same way.
 */
import { RealSystem } from './actors.ts';
import { AsyncDelivery } from './async.ts';
import { compare, Model } from './counterpart.ts';
import { RtcDelivery } from './rtc.ts';
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
  ms: number;
  /** the first difference, with the moves that led to it; undefined when there was none */
  difference?: string;
}

/** Mulberry32: small, seedable, the same everywhere. */
function chance(seed: number): () => number {
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
  const { seed, steps, walk = 60, posts = 2, delivery = 'rtc' } = options;
  const next = chance(seed);
  const unlimited = { ...world, user: world.user.map(({ event }) => ({ event })) };
  const bounds = { posts, inFlight: posts, channel: 64 };
  const model = new Model(
    delivery === 'rtc' ? new RtcDelivery(unlimited, bounds) : new AsyncDelivery(unlimited, bounds),
  );
  const transport = delivery === 'rtc' ? 'process' : 'network';
  let made = 0;
  let walks = 0;
  let difference: string | undefined;
  while (made < steps && difference === undefined) {
    walks += 1;
    const real = new RealSystem(options.actors ?? world, { transport });
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
