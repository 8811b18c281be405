/**
 * Every move of every state, made by real actors: the graph of a world under `rtc` is walked edge
 * by edge, and before and after each both sides must be in the same state with the same moves open.
 * Real actors cannot be copied, so a walk goes on to whatever is near and not done yet, and starts
 * anew only where that is nearer; on the way it is not compared again. It must never count an edge
 * that the real actors did not make.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { RealSystem } from './actors.ts';
import { unlimited } from './conformance.ts';
import { compare, type Graph, Model } from './model.ts';
import type { World } from './world.ts';

export interface TourOptions {
  /** posts that may wait in the queue (default 1) */
  posts?: number;
  /** the world of the real side, when it is not to be the same: shows that a difference is found */
  actors?: World;
}

export interface Tour {
  states: number;
  /** moves of all states together */
  edges: number;
  /** edges that real actors have made */
  covered: number;
  /** moves made, with those of the ways between */
  steps: number;
  /** fresh starts */
  walks: number;
  ms: number;
  /** the first difference, with the moves that lead to it; undefined when there was none */
  difference?: string;
}

/** `proceed` is asked in each pause, and its `false` ends the tour: `covered` says how far. */
export async function tour(
  world: World,
  options: TourOptions = {},
  proceed: (covered: number, edges: number) => boolean = () => true,
): Promise<Tour> {
  const walker = new Walker(world, options);
  let paused = performance.now();
  while (walker.next()) {
    if (performance.now() - paused < SLICE_MS) continue;
    await turn();
    paused = performance.now();
    if (!proceed(walker.covered, walker.edges)) break;
  }
  return walker.result();
}

const SLICE_MS = 40;
/** what a fresh start costs, in moves */
const START_COST = 6;

class Walker {
  readonly #started = performance.now();
  readonly #actors: World;
  readonly #posts: number;
  readonly #model: Model;
  readonly #graph: Graph;
  /** by state: the first edge that is not done */
  readonly #next: Int32Array;
  /** by state: how many moves the shortest way from the start has */
  readonly #depth: Int32Array;
  readonly #from: Int32Array;
  readonly #seen: Int32Array;
  #search = 0;
  /** no state before this one has an edge left: states are numbered by depth */
  #shallowest = 0;
  #state = 0;
  #steps = 0;
  #walks = 0;
  #real: RealSystem;
  #path: string[] = [];
  #difference: string | undefined;
  covered = 0;

  constructor(world: World, { posts = 1, actors = world }: TourOptions) {
    this.#actors = actors;
    this.#posts = posts;
    this.#model = new Model(unlimited(world, 'rtc', posts));
    this.#graph = this.#model.graph();
    const { states, starts, ways } = this.#graph;
    this.#next = starts.slice();
    this.#depth = new Int32Array(states);
    for (let state = 1; state < states; state++) {
      this.#depth[state] = (this.#depth[this.#source(ways[state] ?? 0)] ?? 0) + 1;
    }
    this.#from = new Int32Array(states);
    this.#seen = new Int32Array(states);
    this.#real = this.#begin();
  }

  get edges(): number {
    return this.#graph.targets.length;
  }

  /** Makes one edge that is left, after the way to it; false when the tour is over. */
  next(): boolean {
    if (this.#difference !== undefined || this.#graph.fault) return false;
    while (this.#isDone(this.#shallowest)) this.#shallowest += 1;
    if (this.#shallowest === this.#graph.states) return false;
    const way = this.#wayOn();
    for (const edge of way) this.#make(edge);
    if (way.length > 0 && !this.#compare()) return false;
    const edge = this.#next[this.#state] ?? 0;
    this.#next[this.#state] = edge + 1;
    this.#make(edge);
    if (!this.#compare()) return false;
    this.covered += 1;
    return true;
  }

  result(): Tour {
    const { states, fault } = this.#graph;
    const difference = fault ? `the interpreter found ${fault}` : this.#difference;
    this.#real.stop();
    return {
      states,
      edges: this.edges,
      covered: this.covered,
      steps: this.#steps,
      walks: this.#walks,
      ms: performance.now() - this.#started,
      ...(difference === undefined ? {} : { difference }),
    };
  }

  #isDone(state: number): boolean {
    if (state >= this.#graph.states) return false;
    return (this.#next[state] ?? 0) >= (this.#graph.starts[state + 1] ?? 0);
  }

  #source(edge: number): number {
    return this.#graph.sources[edge] ?? 0;
  }

  /** The edges to the next state that has one left; from the start, when that is nearer. */
  #wayOn(): number[] {
    if (!this.#isDone(this.#state)) return [];
    const limit = (this.#depth[this.#shallowest] ?? 0) + START_COST;
    const way = this.#nearest(limit);
    if (way) return way;
    this.#real.stop();
    this.#real = this.#begin();
    return this.#wayFromStart(this.#shallowest);
  }

  #begin(): RealSystem {
    this.#walks += 1;
    this.#path = [];
    this.#state = 0;
    this.#model.start();
    return new RealSystem(this.#actors);
  }

  #wayFromStart(state: number): number[] {
    const way: number[] = [];
    for (let at = state; at !== 0; at = this.#source(way[0] ?? 0)) {
      way.unshift(this.#graph.ways[at] ?? 0);
    }
    return way;
  }

  /** Breadth first from here, at most `limit` moves deep. */
  #nearest(limit: number): number[] | undefined {
    const { starts, targets } = this.#graph;
    this.#search += 1;
    this.#seen[this.#state] = this.#search;
    let level = [this.#state];
    for (let depth = 0; depth < limit && level.length > 0; depth++) {
      const below: number[] = [];
      for (const state of level) {
        for (let edge = starts[state] ?? 0; edge < (starts[state + 1] ?? 0); edge++) {
          const target = targets[edge] ?? 0;
          if (this.#seen[target] === this.#search) continue;
          this.#seen[target] = this.#search;
          this.#from[target] = edge;
          if (!this.#isDone(target)) return this.#wayBack(target);
          below.push(target);
        }
      }
      level = below;
    }
    return undefined;
  }

  #wayBack(target: number): number[] {
    const way: number[] = [];
    for (let at = target; at !== this.#state; at = this.#source(way[0] ?? 0)) {
      way.unshift(this.#from[at] ?? 0);
    }
    return way;
  }

  #make(edge: number): void {
    const move = this.#model.makeNumber(this.#graph.moves[edge] ?? -1);
    this.#path.push(move);
    this.#steps += 1;
    this.#real.make(move);
    this.#state = this.#graph.targets[edge] ?? 0;
  }

  #compare(): boolean {
    const found = compare(this.#model, this.#real, this.#posts);
    if (found === undefined) return true;
    const path = this.#path.map((move, i) => `${i + 1}. ${move}`);
    this.#difference = [`after ${path.at(-1) ?? 'the start'}: ${found}`, ...path].join('\n');
    return false;
  }
}
