/**
 * The search: breadth first over every reachable state of a world, exact, with the move that
 * first led to each, so that the first violation found is a shortest one. It must never stop
 * early without saying so: what a bound kept from being expanded is counted.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { AsyncDelivery } from './async.ts';
import type { Slots } from './cells.ts';
import { type Delivery, MAX_MOVES, MAX_ROW, type Row } from './delivery.ts';
import { Numbers, States } from './encode.ts';
import { type Edges, firstWithout, packEdge } from './goals.ts';
import { RtcDelivery } from './rtc.ts';
import type { Stepper } from './step.ts';
import { replay } from './trace.ts';
import { brief, RowView } from './view.ts';
import type {
  Bounds,
  Check,
  ExploreOptions,
  Finding,
  Goal,
  Progress,
  Result,
  Violation,
  World,
} from './world.ts';

const DEFAULT_POSTS = 2;
const DEFAULT_IN_FLIGHT = 2;
const DEFAULT_CHANNEL = 12;
/** how many states are expanded between two looks at the time */
const SLICE_STATES = 64;
const SLICE_MS = 40;

/** `stepper`: tables of this world that are known from elsewhere; the default is new ones. */
export function explore(world: World, options: ExploreOptions, stepper?: Stepper): Result {
  return new Search(world, options, stepper).run();
}

/**
 * The same search with pauses, in which timers and signals get their turn; `proceed` is asked in
 * each pause. After its first `false` every state that is left counts in `cut`, and no goal is
 * judged.
 */
export function exploreWhile(
  world: World,
  options: ExploreOptions,
  proceed: (progress: Progress) => boolean,
): Promise<Result> {
  return new Search(world, options).runWhile(proceed);
}

/** The delivery that was asked for, defaults filled in. */
export function deliveryOf(
  world: World,
  options: Bounds & Pick<ExploreOptions, 'delivery'>,
  stepper?: Stepper,
): Delivery {
  const { channel = DEFAULT_CHANNEL, dropDead = false } = options;
  const inFlight = options.inFlight ?? DEFAULT_IN_FLIGHT;
  return options.delivery === 'rtc'
    ? new RtcDelivery(world, { posts: options.posts ?? DEFAULT_POSTS, channel }, stepper)
    : new AsyncDelivery(world, { inFlight, channel, dropDead }, stepper);
}

/** Where a search begins when it is not in the first state alone. */
export interface Seeds {
  /** slots in the order of the search that the ways are from, so that their moves mean the same */
  readonly slots: Slots;
  /** moves from the first state on; a way ends where a move is not open */
  readonly ways: readonly (readonly number[])[];
}

/** Hears of every move before it is made in `row`, a copy of which is `state`. */
export type Heed = (state: number, delivery: Delivery, row: Row, move: number) => void;

export class Search {
  readonly #options: ExploreOptions;
  readonly #delivery: Delivery;
  readonly #states = new States();
  readonly #row = new Int32Array(MAX_ROW);
  readonly #work = new Int32Array(MAX_ROW);
  readonly #moves = new Int32Array(MAX_MOVES);
  readonly #always: readonly [string, Check][];
  readonly #atRest: readonly [string, Check][];
  readonly #keepEdges: boolean;
  /** target and kind of each edge, when a goal asks; the edges of state s start at `starts[s]` */
  readonly #packed = new Numbers();
  readonly #starts = new Numbers();
  /** states whose future is only partly known */
  readonly #open = new Set<number>();
  /** states on the way to a seed, which are not expanded */
  readonly #passed = new Set<number>();
  readonly #ends = new Set<number>();
  readonly #seeds: Seeds | undefined;
  readonly #heed: Heed | undefined;
  #edges = 0;
  #cut = 0;
  #overflow = 0;
  #depth = 0;
  #isAbandoned = false;
  /** goals that were asked of no state yet: of what nobody asks nothing has to be reached */
  readonly #unasked: Set<Goal>;

  constructor(
    world: World,
    options: ExploreOptions,
    stepper?: Stepper,
    { seeds, heed }: { seeds?: Seeds; heed?: Heed } = {},
  ) {
    this.#options = options;
    this.#seeds = seeds;
    this.#heed = heed;
    this.#delivery = deliveryOf(world, options, stepper);
    this.#delivery.stepper.promises = options.promises?.steps ?? {};
    this.#always = Object.entries(options.promises?.always ?? {});
    this.#atRest = Object.entries(options.promises?.atRest ?? {});
    this.#unasked = new Set(Object.values(options.promises?.goals ?? {}));
    this.#keepEdges = this.#unasked.size > 0;
  }

  run(): Result {
    const started = performance.now();
    const search = this.#search();
    let step = search.next();
    while (!step.done) step = search.next();
    return this.#result(started, step.value ?? this.#unreached());
  }

  async runWhile(proceed: (progress: Progress) => boolean): Promise<Result> {
    const started = performance.now();
    const search = this.#search();
    let paused = started;
    let step = search.next();
    for (; !step.done; step = search.next()) {
      if (performance.now() - paused < SLICE_MS) continue;
      await turn();
      paused = performance.now();
      const progress = { states: this.#states.size, edges: this.#edges, depth: this.#depth };
      this.#isAbandoned = !proceed({ ...progress, ms: paused - started });
    }
    const found = step.value ?? (this.#isAbandoned ? undefined : this.#unreached());
    return this.#result(started, found);
  }

  #result(started: number, violation: Violation | undefined): Result {
    return {
      states: this.#states.size,
      edges: this.#edges,
      depth: this.#depth,
      ms: performance.now() - started,
      cut: this.#cut,
      overflow: this.#overflow,
      bounds: this.#bounds(),
      coldSteps: this.#delivery.stepper.coldSteps,
      snapshotsPerRole: this.#delivery.stepper.snapshotsPerRole(),
      coverage: this.#delivery.stepper.coverage(),
      bytes: this.#states.bytes + this.#packed.bytes + this.#starts.bytes,
      ...(violation ? { violation } : {}),
    };
  }

  #bounds(): Record<string, number | null> {
    const { delivery, inFlight, posts, channel, dropDead, maxStates, maxDepth } = this.#options;
    return {
      ...(delivery === 'rtc'
        ? { posts: posts ?? DEFAULT_POSTS }
        : { inFlight: inFlight ?? DEFAULT_IN_FLIGHT }),
      channel: channel ?? DEFAULT_CHANNEL,
      ...(dropDead ? { dropDead: 1 } : {}),
      maxStates: maxStates ?? null,
      maxDepth: maxDepth ?? null,
    };
  }

  /** Yields where it may be paused. */
  *#search(): Generator<undefined, Violation | undefined> {
    const start = this.#first();
    if (start) return this.#violation(start, []);
    for (const way of this.#seeds?.ways ?? []) {
      const broken = this.#plant(way);
      if (broken) return broken;
    }
    let levelEnd = this.#states.size;
    for (let state = 0; state < this.#states.size; state++) {
      if (state % SLICE_STATES === 0) yield;
      if (this.#isAbandoned) {
        this.#cut += this.#states.size - state;
        return undefined;
      }
      if (state === levelEnd) {
        this.#depth += 1;
        levelEnd = this.#states.size;
      }
      this.#starts.push(this.#packed.size);
      if (this.#passed.has(state) && !this.#ends.has(state)) continue;
      this.#states.load(state, this.#row);
      const broken = this.#isCut(state) ? undefined : this.#expand(state);
      if (broken) return broken;
    }
    this.#starts.push(this.#packed.size);
    return undefined;
  }

  get slots(): Slots {
    return this.#delivery.slots;
  }

  #first(): Finding | undefined {
    this.#work.fill(0);
    this.#delivery.start(this.#work);
    const { parents = [], names = [] } = this.#seeds?.slots ?? {};
    parents.forEach((parent, slot) => {
      if (parent >= 0) this.#delivery.child(parent, names[slot] ?? -1);
    });
    this.#states.add(this.#work, this.#delivery.length(), -1, -1);
    return this.#delivery.fault ?? this.#checked();
  }

  /** Goes one way as the machines that are here go it, and begins at its end. */
  #plant(way: readonly number[]): Violation | undefined {
    let state = 0;
    const passed: number[] = [];
    for (const move of way) {
      this.#states.load(state, this.#row);
      const count = this.#delivery.moves(this.#row, this.#moves);
      if (!this.#moves.subarray(0, count).includes(move)) break;
      this.#work.set(this.#row);
      this.#delivery.apply(this.#work, move);
      if (this.#delivery.full) break;
      const before = this.#states.size;
      const next = this.#states.add(this.#work, this.#delivery.length(), state, move);
      const broken = this.#delivery.fault ?? (next < before ? undefined : this.#checked());
      if (broken) return this.#violation(broken, [...this.path(state), move]);
      passed.push(state);
      state = next;
    }
    for (const one of passed) this.#passed.add(one);
    this.#ends.add(state);
    return undefined;
  }

  #isCut(state: number): boolean {
    const { maxStates, maxDepth, within } = this.#options;
    const cut =
      (maxDepth !== undefined && this.#depth >= maxDepth) ||
      (maxStates !== undefined && this.#states.size >= maxStates) ||
      (within !== undefined && !within(new RowView(this.#delivery, this.#row)));
    if (!cut) return false;
    this.#cut += 1;
    this.#open.add(state);
    return true;
  }

  /** Makes every open move of one state. */
  #expand(state: number): Violation | undefined {
    const count = this.#delivery.moves(this.#row, this.#moves);
    for (let i = 0; i < count; i++) {
      const move = this.#moves[i] ?? -1;
      this.#heed?.(state, this.#delivery, this.#row, move);
      this.#work.set(this.#row);
      this.#delivery.apply(this.#work, move);
      this.#edges += 1;
      if (this.#delivery.full) {
        this.#overflow += 1;
        this.#open.add(state);
        continue;
      }
      const broken = this.#delivery.fault ?? this.#follow(state, move);
      if (broken) return this.#violation(broken, [...this.path(state), move]);
    }
    return undefined;
  }

  #follow(state: number, move: number): Finding | undefined {
    const before = this.#states.size;
    const next = this.#delivery.unchanged
      ? state
      : this.#states.add(this.#work, this.#delivery.length(), state, move);
    if (this.#keepEdges) this.#packed.push(packEdge(next, this.#delivery.kind(this.#row, move)));
    return next < before ? undefined : this.#checked();
  }

  /** The promises about single states, for the state in `work`. */
  #checked(): Finding | undefined {
    if (this.#always.length + this.#atRest.length + this.#unasked.size === 0) return undefined;
    const view = new RowView(this.#delivery, this.#work);
    for (const goal of this.#unasked) if (goal.from?.(view) ?? true) this.#unasked.delete(goal);
    const checks = view.inFlight === 0 ? [...this.#always, ...this.#atRest] : this.#always;
    for (const [guarantee, check] of checks) {
      const message = check(view);
      if (message !== undefined) return { guarantee, message };
    }
    return undefined;
  }

  /** The moves that lead from the first state to `state`. */
  path(state: number): number[] {
    const moves: number[] = [];
    for (let at = state; this.#states.parent(at) >= 0; at = this.#states.parent(at)) {
      moves.unshift(this.#states.move(at));
    }
    return moves;
  }

  #violation({ guarantee, message }: Finding, moves: readonly number[]): Violation {
    this.#row.fill(0);
    this.#delivery.start(this.#row);
    return { guarantee, message, trace: replay(this.#delivery, this.#row, moves) };
  }

  /** The promises about what stays possible, over the finished graph. */
  #unreached(): Violation | undefined {
    const all = Object.entries(this.#options.promises?.goals ?? {});
    const goals = all.filter(([, goal]) => !this.#unasked.has(goal));
    if (goals.length === 0) return undefined;
    const edges: Edges = {
      states: this.#states.size,
      starts: this.#starts,
      packed: this.#packed,
      unknown: this.#open,
    };
    const viewOf = (state: number) => {
      this.#states.load(state, this.#row);
      return new RowView(this.#delivery, this.#row);
    };
    for (const [guarantee, goal] of goals) {
      const lost = firstWithout(goal, edges, viewOf);
      if (lost === undefined) continue;
      const message = `no way leads on from: ${brief(viewOf(lost))}`;
      return this.#violation({ guarantee, message }, this.path(lost));
    }
    return undefined;
  }
}
