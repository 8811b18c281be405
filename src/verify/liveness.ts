/**
 * What comes to pass in the end: from some point on the user is quiet and the world behaves, and
 * then a promise has to come true again and again. Broken by a fair loop, or by a dead end, that
 * never meets it. It must never count a loop that starves somebody, nor one that needs a fault;
 * a state whose future a bound cut off is given the benefit of the doubt, and counted.
 */
import { components } from './components.ts';
import { type Delivery, MAX_MOVES, MAX_ROW } from './delivery.ts';
import { Numbers, States } from './encode.ts';
import { deliveryOf } from './explore.ts';
import { Fairness, isTimer, type Payment } from './fairness.ts';
import { replay } from './trace.ts';
import { RowView } from './view.ts';
import type { Lasso, LivenessOptions, LivenessResult, World } from './world.ts';

/**
 * Explores every state, then looks for a way to miss `goal` for ever. A fault of the machines
 * themselves throws an `Error`: `explore` shows the trace to it.
 */
export function liveness(world: World, options: LivenessOptions): LivenessResult {
  return new Lassos(world, options).run();
}

/** Of state s those from `starts[s]` up to `starts[s + 1]`. */
interface Edges {
  readonly starts: Numbers;
  readonly targets: Numbers;
}

interface Edge {
  readonly source: number;
  readonly move: number;
  readonly target: number;
  readonly payment: Payment;
}

/** A component with all that is owed and paid in it. */
interface Component {
  readonly owed: ReadonlyMap<number, ReadonlySet<number>>;
  readonly edges: ReadonlyMap<number, readonly Edge[]>;
}

class Lassos {
  readonly #options: LivenessOptions;
  readonly #delivery: Delivery;
  readonly #fairness: Fairness;
  readonly #states = new States();
  readonly #row = new Int32Array(MAX_ROW);
  readonly #work = new Int32Array(MAX_ROW);
  readonly #moves = new Int32Array(MAX_MOVES);
  /** the well-behaved edges between states outside the goal, and those that are no timer's */
  readonly #all: Edges = { starts: new Numbers(), targets: new Numbers() };
  readonly #instant: Edges = { starts: new Numbers(), targets: new Numbers() };
  /** states for which the goal is asked and does not hold */
  readonly #outside = new Numbers();
  /** a state outside in which nothing is owed, so that it may last */
  #deadEnd = -1;
  #cut = 0;
  #overflow = 0;

  constructor(world: World, options: LivenessOptions) {
    this.#options = options;
    this.#delivery = deliveryOf(world, options);
    this.#fairness = new Fairness(this.#delivery);
  }

  run(): LivenessResult {
    const started = performance.now();
    this.#explore();
    const states = this.#states.size;
    const inside = new Uint8Array(states);
    for (let i = 0; i < this.#outside.size; i++) inside[this.#outside.at(i)] = 1;
    let count = 0;
    let entry = this.#deadEnd;
    let looping: Component | undefined;
    const search = (edges: Edges, timed: boolean) => {
      components({ states, ...edges }, inside, (members) => {
        count += 1;
        const first = members.reduce((a, b) => Math.min(a, b));
        if (entry >= 0 && entry <= first) return;
        const component = this.#component(members, timed);
        if (!isFair(component)) return;
        entry = first;
        looping = component;
      });
    };
    search(this.#all, true);
    search(this.#instant, false);
    return {
      states,
      outside: this.#outside.size,
      components: count,
      cut: this.#cut,
      overflow: this.#overflow,
      ...(entry < 0 ? {} : { violation: this.#lasso(entry, looping) }),
      ms: performance.now() - started,
    };
  }

  #explore(): void {
    this.#delivery.start(this.#work);
    this.#refuse();
    this.#states.add(this.#work, this.#delivery.length(), -1, -1);
    for (let state = 0; state < this.#states.size; state++) {
      this.#begin();
      if (this.#states.size >= (this.#options.maxStates ?? Number.POSITIVE_INFINITY)) {
        this.#cut += 1;
        continue;
      }
      this.#states.load(state, this.#row);
      this.#expand(state);
    }
    this.#begin();
  }

  #begin(): void {
    for (const { starts, targets } of [this.#all, this.#instant]) starts.push(targets.size);
  }

  #expand(state: number): void {
    const { from, holds } = this.#options.goal;
    const view = new RowView(this.#delivery, this.#row);
    const outside = (from?.(view) ?? true) && !holds(view);
    const owed = outside ? this.#fairness.owed(this.#row) : [];
    if (outside) this.#outside.push(state);
    if (outside && owed.length === 0 && this.#deadEnd < 0) this.#deadEnd = state;
    const count = this.#delivery.moves(this.#row, this.#moves);
    for (let i = 0; i < count; i++) {
      const move = this.#moves[i] ?? -1;
      this.#work.set(this.#row);
      this.#delivery.apply(this.#work, move);
      this.#refuse();
      if (this.#delivery.full) {
        this.#overflow += 1;
        continue;
      }
      const target = this.#delivery.unchanged
        ? state
        : this.#states.add(this.#work, this.#delivery.length(), state, move);
      const paid = outside ? this.#fairness.paidBy(this.#row, move) : undefined;
      if (paid === undefined || !owed.includes(paid)) continue;
      this.#all.targets.push(target);
      if (!isTimer(paid)) this.#instant.targets.push(target);
    }
  }

  #refuse(): void {
    const { fault } = this.#delivery;
    if (fault) throw new Error(`${fault.guarantee}: ${fault.message}`);
  }

  /**
   * With `timed` time passes in it, so that no timer is armed all the while and never ends; a loop
   * of messages alone takes none, as far as we know.
   */
  #component(members: readonly number[], timed: boolean): Component {
    const within = new Set(members);
    const owed = new Map<number, ReadonlySet<number>>();
    const edges = new Map<number, Edge[]>();
    for (const source of members) {
      this.#states.load(source, this.#row);
      const debts = new Set(this.#fairness.owed(this.#row));
      owed.set(source, timed ? new Set([...debts, ...this.#fairness.armed(this.#row)]) : debts);
      const own: Edge[] = [];
      const count = this.#delivery.moves(this.#row, this.#moves);
      for (const move of this.#moves.slice(0, count)) {
        const paid = this.#fairness.paidBy(this.#row, move) ?? -1;
        if (!debts.has(paid) || (!timed && isTimer(paid))) continue;
        this.#work.set(this.#row);
        const payment = this.#fairness.pay(this.#work, move);
        if (this.#delivery.full) continue;
        const target = this.#states.add(this.#work, this.#delivery.length(), source, move);
        if (within.has(target)) own.push({ source, move, target, payment });
      }
      edges.set(source, own);
    }
    return { owed, edges };
  }

  #lasso(entry: number, component: Component | undefined): Lasso {
    const moves: number[] = [];
    for (let at = entry; this.#states.parent(at) >= 0; at = this.#states.parent(at)) {
      moves.unshift(this.#states.move(at));
    }
    this.#row.fill(0);
    this.#delivery.start(this.#row);
    const stem = replay(this.#delivery, this.#row, moves);
    const round = component ? fairLoop(component, entry).map(({ move }) => move) : [];
    return { goal: this.#options.goal.id, stem, loop: replay(this.#delivery, this.#row, round) };
  }
}

/** Owed in every state that a way passes, and settled by none of its moves. */
function starved({ owed }: Component, way: readonly Edge[]): number[] {
  const [first, ...others] = new Set(way.map(({ source }) => source));
  return [...(owed.get(first ?? -1) ?? [])].filter(
    (key) =>
      others.every((state) => owed.get(state)?.has(key)) &&
      !way.some(({ payment }) => payment.settles(key)),
  );
}

/** Whether everybody gets a turn on a way round the whole component. */
function isFair(component: Component): boolean {
  return starved(component, [...component.edges.values()].flat()).length === 0;
}

/** A short round from `entry` on which nobody starves; there is one when the component is fair. */
function fairLoop(component: Component, entry: number): Edge[] {
  const turns: number[] = [];
  for (;;) {
    const way: Edge[] = [];
    const here = () => way.at(-1)?.target ?? entry;
    for (const key of turns) {
      const { owed } = component;
      const ends = ({ payment, target }: Edge) =>
        payment.settles(key) || !owed.get(target)?.has(key);
      if (!way.some(ends)) way.push(...nearest(component, here(), ends));
    }
    if (way.length === 0 || here() !== entry) {
      way.push(...nearest(component, here(), ({ target }) => target === entry));
    }
    const [next] = starved(component, way);
    if (next === undefined) return way;
    turns.push(next);
  }
}

/** The shortest way whose last edge is a wanted one. */
function nearest({ edges }: Component, from: number, wanted: (edge: Edge) => boolean): Edge[] {
  const reached = new Map<number, Edge | undefined>([[from, undefined]]);
  for (const state of reached.keys()) {
    for (const edge of edges.get(state) ?? []) {
      if (!wanted(edge)) {
        if (!reached.has(edge.target)) reached.set(edge.target, edge);
        continue;
      }
      const way = [edge];
      for (let back = reached.get(state); back; back = reached.get(back.source)) way.unshift(back);
      return way;
    }
  }
  throw new RangeError('a component without a way through it');
}
