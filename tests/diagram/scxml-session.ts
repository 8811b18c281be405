/**
 * The algorithm of the W3C recommendation (its appendix D), as far as our texts need it: what an
 * interpreter that keeps to it leaves, enters and does. Guards are answered by who starts it.
 */
import { type Act, type Arrow, everyNode, type Node } from './read-scxml.ts';

type Holds = (cond: string, active: ReadonlySet<string>) => boolean;

/** What a step needs of a transition; the first one has no more. */
interface Step {
  source: Node;
  targets: Node[];
  isInternal: boolean;
  acts: Act[];
}

const isAtomic = ({ tag, inside }: Node): boolean =>
  tag === 'final' || (tag === 'state' && inside.length === 0);

const isCompound = ({ tag, inside }: Node): boolean =>
  tag === 'scxml' || (tag === 'state' && inside.length > 0);

const regionsOf = ({ inside }: Node): Node[] => inside.filter(({ tag }) => tag !== 'history');

/** Everything that a state stands in, from the inside out, as far as `end`. */
function above({ parent }: Node, end?: Node): Node[] {
  return parent === undefined || parent === end ? [] : [parent, ...above(parent, end)];
}

const isWithin = (inner: Node, outer: Node): boolean => above(inner).includes(outer);

const meet = <T>(some: ReadonlySet<T>, others: ReadonlySet<T>): boolean =>
  [...some].some((one) => others.has(one));

/** `a` hears `a` and `a.b`, and so does `a.*`. */
const hears = (descriptor: string, event: string): boolean =>
  descriptor === '*' || `${event}.`.startsWith(`${descriptor.replace(/\.\*$/, '')}.`);

/** A machine that moves for ever by itself does so in XState too, which then never returns. */
export class Restless extends Error {}

export class Session {
  readonly #order: Node[];
  readonly #byId: Map<string, Node>;
  readonly #holds: Holds;
  #active = new Set<Node>();
  readonly #memory = new Map<Node, Node[]>();
  readonly #internal: string[] = [];
  #isRunning = true;
  #did: string[] = [];

  constructor(top: Node, holds: Holds) {
    this.#order = everyNode(top);
    this.#byId = new Map(this.#order.map((node) => [node.id, node]));
    this.#holds = holds;
    const targets = this.#find(top.start.targets);
    this.#enter([{ source: top, targets, isInternal: true, acts: [] }]);
    this.#settle();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** XState's names of the states in which it is. */
  get active(): Set<string> {
    return new Set([...this.#active].flatMap(({ name }) => name ?? []));
  }

  /** What has been done since it was last asked. */
  takeDone(): string[] {
    return this.#did.splice(0);
  }

  send(event: string): void {
    if (!this.#isRunning) return;
    this.#step(this.#select(event));
    this.#settle();
  }

  #settle(): void {
    for (let steps = 0; this.#isRunning; steps += 1) {
      if (steps > 100) throw new Restless('it never comes to rest');
      let arrows = this.#select(undefined);
      if (arrows.length === 0) {
        const event = this.#internal.shift();
        if (event === undefined) return;
        arrows = this.#select(event);
      }
      this.#step(arrows);
    }
    for (const node of this.#inOrder(this.#active).reverse()) this.#do(node.exit);
  }

  // which transitions ---------------------------------------------------------------------------

  #select(event: string | undefined): Step[] {
    const enabled = new Set<Arrow>();
    for (const state of this.#inOrder(this.#active).filter(isAtomic)) {
      const arrows = [state, ...above(state)].flatMap((node) => node.arrows);
      const first = arrows.find((arrow) => this.#isEnabled(arrow, event));
      if (first) enabled.add(first);
    }
    const steps = [...enabled].map((arrow) => ({ ...arrow, targets: this.#find(arrow.targets) }));
    return this.#withoutConflicts(steps);
  }

  #isEnabled({ events, cond }: Arrow, event: string | undefined): boolean {
    const isHeard = event === undefined ? events.length === 0 : events.some((e) => hears(e, event));
    return isHeard && (cond === undefined || this.#holds(cond, this.active));
  }

  #withoutConflicts(enabled: Step[]): Step[] {
    const kept = new Set<Step>();
    for (const step of enabled) {
      const leaves = this.#exits([step]);
      const rivals = [...kept].filter((other) => meet(this.#exits([other]), leaves));
      if (!rivals.every((other) => isWithin(step.source, other.source))) continue;
      for (const other of rivals) kept.delete(other);
      kept.add(step);
    }
    return [...kept];
  }

  // where they lead -----------------------------------------------------------------------------

  #effective(targets: Node[]): Node[] {
    return targets.flatMap((target) => {
      if (target.tag !== 'history') return [target];
      return this.#memory.get(target) ?? this.#effective(this.#otherwise(target));
    });
  }

  #otherwise({ arrows }: Node): Node[] {
    return this.#find(arrows[0]?.targets ?? []);
  }

  #domain({ source, targets, isInternal }: Step): Node | undefined {
    const all = this.#effective(targets);
    if (all.length === 0) return undefined;
    const inside = all.every((target) => isWithin(target, source));
    if (isInternal && isCompound(source) && inside) return source;
    const common = above(source).filter((node) => all.every((target) => isWithin(target, node)));
    return common.find(isCompound);
  }

  #exits(steps: Step[]): Set<Node> {
    const domains = steps.flatMap((step) => this.#domain(step) ?? []);
    const left = [...this.#active].filter((node) => domains.some((one) => isWithin(node, one)));
    return new Set(left);
  }

  // a step --------------------------------------------------------------------------------------

  #step(steps: Step[]): void {
    const left = this.#inOrder(this.#exits(steps)).reverse();
    for (const node of left) this.#remember(node);
    for (const node of left) {
      this.#do(node.exit);
      this.#active.delete(node);
    }
    for (const { acts } of steps) this.#do(acts);
    this.#enter(steps);
  }

  #remember(node: Node): void {
    for (const past of node.inside.filter(({ tag }) => tag === 'history')) {
      const isDeep = past.about('type') === 'deep';
      const kept = (one: Node) =>
        isDeep ? isAtomic(one) && isWithin(one, node) : one.parent === node;
      this.#memory.set(past, this.#inOrder(this.#active).filter(kept));
    }
  }

  #enter(steps: Step[]): void {
    const entry = new Entry(
      (past) => this.#memory.get(past),
      (node) => this.#find(node.tag === 'history' ? this.#pathOf(node) : this.#startOf(node)),
    );
    for (const step of steps) {
      for (const target of step.targets) entry.down(target);
      const end = this.#domain(step);
      for (const target of this.#effective(step.targets)) entry.up(target, end);
    }
    for (const node of this.#inOrder(entry.entered)) {
      this.#active.add(node);
      this.#do(node.entry);
      if (entry.started.has(node)) this.#do(node.start.acts);
      this.#do(entry.remembered.get(node) ?? []);
      if (node.tag === 'final') this.#end(node);
    }
  }

  #pathOf = ({ arrows }: Node): string[] => arrows[0]?.targets ?? [];

  #startOf({ start, inside }: Node): string[] {
    return start.targets.length > 0 ? start.targets : inside.slice(0, 1).map(({ id }) => id);
  }

  #end({ parent }: Node): void {
    if (parent === undefined || parent.tag === 'scxml') {
      this.#isRunning = false;
      return;
    }
    this.#internal.push(`done.state.${parent.id}`);
    const among = parent.parent;
    if (among?.tag !== 'parallel' || !this.#isEnded(among)) return;
    this.#internal.push(`done.state.${among.id}`);
  }

  #isEnded(node: Node): boolean {
    if (node.tag === 'parallel') return regionsOf(node).every((region) => this.#isEnded(region));
    return node.inside.some((child) => child.tag === 'final' && this.#active.has(child));
  }

  // the rest ------------------------------------------------------------------------------------

  #do(acts: Act[]): void {
    this.#did.push(...acts.map(({ name }) => name));
  }

  #find(ids: string[]): Node[] {
    return ids.map((id) => {
      const node = this.#byId.get(id);
      if (!node) throw new Error(`no state has the id ${id}`);
      return node;
    });
  }

  #inOrder(nodes: ReadonlySet<Node>): Node[] {
    return this.#order.filter((node) => nodes.has(node));
  }
}

/** What a step enters: its targets, what is in them by default, and what they stand in. */
class Entry {
  readonly entered = new Set<Node>();
  /** compound states that are entered by default */
  readonly started = new Set<Node>();
  /** what is done on the way from a history state, by its parent */
  readonly remembered = new Map<Node, Act[]>();
  readonly #memory: (past: Node) => Node[] | undefined;
  readonly #firstOf: (node: Node) => Node[];

  constructor(memory: (past: Node) => Node[] | undefined, firstOf: (node: Node) => Node[]) {
    this.#memory = memory;
    this.#firstOf = firstOf;
  }

  down(node: Node): void {
    if (node.tag === 'history') {
      this.#recall(node);
      return;
    }
    this.entered.add(node);
    if (node.tag === 'parallel') this.#fill(node);
    if (node.tag === 'parallel' || !isCompound(node)) return;
    this.started.add(node);
    const first = this.#firstOf(node);
    for (const one of first) this.down(one);
    for (const one of first) this.up(one, node);
  }

  up(node: Node, end: Node | undefined): void {
    for (const outer of above(node, end).filter(({ tag }) => tag !== 'scxml')) {
      this.entered.add(outer);
      if (outer.tag === 'parallel') this.#fill(outer);
    }
  }

  #recall(past: Node): void {
    const kept = this.#memory(past);
    const acts = past.arrows[0]?.acts ?? [];
    if (!kept && past.parent) this.remembered.set(past.parent, acts);
    const nodes = kept ?? this.#firstOf(past);
    for (const node of nodes) this.down(node);
    for (const node of nodes) this.up(node, past.parent);
  }

  /** Regions of which nothing is entered yet. */
  #fill(parallel: Node): void {
    for (const region of regionsOf(parallel)) {
      const has = [...this.entered].some((node) => isWithin(node, region));
      if (!has) this.down(region);
    }
  }
}
