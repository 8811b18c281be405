/**
 * The compiled tables of one world, as data: every step, spawn, emission and command that its
 * reachable states need, and no other. They are closed: a search of the world asks for nothing
 * that is not in them. A step that breaks a rule is in them with the rule that it breaks. They
 * hold no state of the whole, so whoever reads them has to search for himself.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Cell } from './cells.ts';
import { type Delivery, MAX_MOVES, MAX_ROW } from './delivery.ts';
import { States } from './encode.ts';
import { deliveryOf } from './explore.ts';
import { type Effect, SPAWN, type Step } from './program.ts';
import { CURRENT, generationsOf, STALE } from './tokens.ts';
import type { Bounds, Message, Progress, World } from './world.ts';

/** Where an actor can live. Parents come before their children; number 0 is the root. */
export interface TableSlot {
  /** from the root down: '' is the root, `/link/socket` a grandchild */
  readonly path: string;
  /** number of the name by which its parent knows it, -1 for the root */
  readonly name: number;
  readonly parent: number;
  /** only leaves ever live here: they react at once and have no inbox */
  readonly isLeaf: boolean;
}

export interface TableEvent {
  readonly message: Message;
  /** of a report: number of the name that it claims to come from; otherwise -1 */
  readonly reportOf: number;
  /** a report of an older generation */
  readonly isStale: boolean;
  /** number of the same event once a newer generation is open */
  readonly stale: number;
}

export interface TableSnapshot {
  readonly role: string;
  readonly isLeaf: boolean;
  /** a leaf that holds a resource */
  readonly isLive: boolean;
  /** number of the same snapshot once a newer generation is open, -1 when that never happens */
  readonly stale: number;
}

export interface TableStep {
  readonly next: number;
  readonly isNoop: boolean;
  readonly breaks: string | undefined;
  /** `init` of a SPAWN is the number of the child's first step */
  readonly effects: readonly Effect[];
}

/** Everything is known by its number in one of these lists. */
export interface Tables {
  /** what the explorer found with the same bounds: for comparison, no part of the model */
  readonly states: number;
  readonly edges: number;
  readonly inFlight: number;
  /** messages in the fullest channel */
  readonly longest: number;
  readonly names: readonly string[];
  readonly timers: readonly string[];
  readonly slots: readonly TableSlot[];
  readonly events: readonly TableEvent[];
  readonly snapshots: readonly TableSnapshot[];
  readonly steps: readonly TableStep[];
  readonly rows: readonly { snapshot: number; event: number; step: number }[];
  /** what a leaf may do next, by where it lives and its state */
  readonly emissions: readonly {
    slot: number;
    snapshot: number;
    choices: readonly { event: number; next: number }[];
  }[];
  readonly armed: readonly { slot: number; timer: number }[];
  readonly user: readonly { event: number; max: number | undefined }[];
  /** the root's first step */
  readonly first: number;
}

/** Why there are no tables. */
export interface Untabulated {
  /** `cut`: `proceed` said no; `overflow`: a channel was full; `missed`: the dead have a say */
  readonly why: 'cut' | 'overflow' | 'missed';
  readonly message: string;
}

/**
 * Searches the world to the end, async, with the channels of the dead dropped, past whatever
 * breaks a rule; `proceed` is asked in each pause and its `false` ends the search. That nobody
 * misses what the dead had sent is shown on the finished tables: each such report changes nothing
 * in any reachable snapshot of its receiver that is without the sender, and as a stale one
 * nothing in any.
 */
export async function tabulate(
  world: World,
  bounds: Pick<Bounds, 'inFlight' | 'channel'>,
  proceed: (progress: Progress) => boolean = () => true,
): Promise<Tables | Untabulated> {
  const inFlight = bounds.inFlight ?? 1;
  const options = { ...bounds, inFlight, delivery: 'async', dropDead: true } as const;
  const delivery = deliveryOf(world, options);
  const search = new Closure(delivery);
  const started = performance.now();
  let paused = started;
  while (search.step()) {
    if (performance.now() - paused < SLICE_MS) continue;
    await turn();
    paused = performance.now();
    const { states, edges } = search;
    if (!proceed({ states, edges, depth: 0, ms: paused - started })) {
      return { why: 'cut', message: `${states} states were seen, and more are left` };
    }
  }
  if (search.overflow > 0) {
    return { why: 'overflow', message: `${search.overflow} moves did not fit into a channel` };
  }
  const tables = new Export(delivery, search, inFlight).tables();
  const missed = missedOf(delivery);
  return missed === undefined ? tables : { why: 'missed', message: missed };
}

const SLICE_MS = 40;
const SLICE_STATES = 64;

/** Every reachable state, once. */
class Closure {
  readonly #delivery: Delivery;
  readonly #states = new States();
  readonly #row = new Int32Array(MAX_ROW);
  readonly #work = new Int32Array(MAX_ROW);
  readonly #moves = new Int32Array(MAX_MOVES);
  #next = 0;
  edges = 0;
  overflow = 0;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
    delivery.start(this.#work);
    if (!delivery.fault) this.#states.add(this.#work, delivery.length(), -1, -1);
  }

  get states(): number {
    return this.#states.size;
  }

  /** Expands some states; false when there is none left. */
  step(): boolean {
    for (let i = 0; i < SLICE_STATES && this.#next < this.#states.size; i++) {
      this.#states.load(this.#next++, this.#row);
      this.#expand();
    }
    return this.#next < this.#states.size;
  }

  #expand(): void {
    const delivery = this.#delivery;
    const count = delivery.moves(this.#row, this.#moves);
    for (let i = 0; i < count; i++) {
      this.#work.set(this.#row);
      delivery.apply(this.#work, this.#moves[i] ?? -1);
      this.edges += 1;
      if (delivery.full) this.overflow += 1;
      else if (!delivery.fault) this.#states.add(this.#work, delivery.length(), -1, -1);
    }
  }
}

const everyCell = ({ cells }: Delivery): Cell[] =>
  Array.from({ length: cells.size }, (_, i) => cells.at(i + 1));

/** A report of the dead that somebody would have heard. */
function missedOf(delivery: Delivery): string | undefined {
  const { stepper, slots, inboxes } = delivery;
  const pairs = new Map<number, Set<number>>();
  for (const { slot, snapshot } of everyCell(delivery)) {
    const seen = pairs.get(slot) ?? new Set();
    pairs.set(slot, seen.add(snapshot));
  }
  for (const dropped of inboxes.dropped) {
    const { reportOf, stale, label } = stepper.event(dropped);
    for (const [slot, snapshots] of pairs) {
      if (!slots.kids[slot]?.some((kid) => slots.names[kid] === reportOf)) continue;
      for (const id of snapshots) {
        const { snapshot } = stepper.snapshot(id);
        const name = stepper.names.at(reportOf);
        // before the first opening nobody was there who could have sent anything
        if (generationsOf(snapshot?.context ?? {})[name] === STALE) continue;
        const isThere = Object.hasOwn(snapshot?.children ?? {}, name);
        if (stepper.step(id, isThere ? stale : dropped).noop) continue;
        return `${slots.paths[slot]} would react to '${label}' of a stopped actor`;
      }
    }
  }
  return undefined;
}

/** Numbers in the order of first use, whatever the ids were. */
class Renumbered {
  readonly ids: number[] = [];
  readonly #numbers = new Map<number, number>();

  of(id: number): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.ids.push(id) - 1;
      this.#numbers.set(id, number);
    }
    return number;
  }
}

class Export {
  readonly #delivery: Delivery;
  readonly #search: Closure;
  readonly #inFlight: number;
  readonly #snapshots = new Renumbered();
  readonly #events = new Renumbered();
  readonly #inits = new Map<number, number>();
  readonly #stepNumbers = new Map<string, number>();
  readonly #steps: TableStep[] = [];

  constructor(delivery: Delivery, search: Closure, inFlight: number) {
    this.#delivery = delivery;
    this.#search = search;
    this.#inFlight = inFlight;
  }

  tables(): Tables {
    const { stepper, slots, world, userEvents } = this.#delivery;
    const cells = everyCell(this.#delivery);
    const first = this.#init(stepper.initId(stepper.roleId(world.root), world.input));
    const rows = [...new Set(cells.map(({ snapshot }) => snapshot))].flatMap((id) =>
      [...stepper.snapshot(id).steps].map(([event, step]) => ({
        snapshot: this.#snapshots.of(id),
        event: this.#events.of(event),
        step: this.#step(step),
      })),
    );
    const user = userEvents.map((event, i) => ({
      event: this.#events.of(event),
      max: world.user[i]?.max,
    }));
    const emissions = this.#emissions(cells);
    return {
      states: this.#search.states,
      edges: this.#search.edges,
      inFlight: this.#inFlight,
      longest: longestOf(cells),
      names: Array.from({ length: stepper.names.size }, (_, i) => stepper.names.at(i)),
      timers: Array.from({ length: stepper.timers.size }, (_, i) => stepper.timers.at(i).id),
      slots: slots.paths.map((path, i) => ({
        path: path.slice(world.root.length),
        name: slots.names[i] ?? -1,
        parent: slots.parents[i] ?? -1,
        isLeaf: cells.every(({ slot, leaf }) => slot !== i || leaf),
      })),
      snapshots: this.#snapshotList(),
      events: this.#eventList(),
      steps: this.#steps,
      rows,
      emissions,
      armed: armedOf(cells),
      user,
      first,
    };
  }

  #emissions(cells: readonly Cell[]): Tables['emissions'] {
    const { stepper, slots } = this.#delivery;
    const leaves = new Map(
      cells.filter(({ leaf }) => leaf).map((cell) => [`${cell.slot} ${cell.snapshot}`, cell]),
    );
    return [...leaves.values()].map(({ slot, snapshot }) => {
      const name = stepper.names.at(slots.names[slot] ?? -1);
      const choices = stepper.emissions(snapshot, name).map(({ event, next }) => ({
        event: this.#events.of(event),
        next: this.#snapshots.of(next),
      }));
      return { slot, snapshot: this.#snapshots.of(snapshot), choices };
    });
  }

  #init(id: number): number {
    const known = this.#inits.get(id);
    if (known !== undefined) return known;
    const number = this.#step(this.#delivery.stepper.init(id));
    this.#inits.set(id, number);
    return number;
  }

  /** Equal steps have one number. */
  #step({ next, effects, noop, fault }: Step): number {
    const step: TableStep = {
      // what a broken step leads to is nobody's business
      next: fault === undefined ? this.#snapshots.of(next) : 0,
      isNoop: noop,
      breaks: fault?.guarantee,
      effects: effects.map((item) => ({
        ...item,
        event: item.event < 0 ? -1 : this.#events.of(item.event),
        init: item.kind === SPAWN ? this.#init(item.init) : -1,
      })),
    };
    const key = JSON.stringify(step);
    const known = this.#stepNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#steps.push(step) - 1;
    this.#stepNumbers.set(key, number);
    return number;
  }

  /** Grows while it is read: what is stale has a number too. */
  #snapshotList(): TableSnapshot[] {
    const { stepper } = this.#delivery;
    const list: TableSnapshot[] = [];
    for (let i = 0; i < this.#snapshots.ids.length; i++) {
      const id = this.#snapshots.ids[i] ?? -1;
      const { role, state, token, stale } = stepper.snapshot(id);
      const older = token === CURRENT ? stale : id;
      list.push({
        role: stepper.roleName(role),
        isLeaf: state !== undefined,
        isLive: state !== undefined && (stepper.leafOf(id)?.live?.(state) ?? false),
        stale: older < 0 ? -1 : this.#snapshots.of(older),
      });
    }
    return list;
  }

  #eventList(): TableEvent[] {
    const list: TableEvent[] = [];
    for (let i = 0; i < this.#events.ids.length; i++) {
      const entry = this.#delivery.stepper.event(this.#events.ids[i] ?? -1);
      list.push({
        message: entry.message,
        reportOf: entry.reportOf,
        isStale: entry.reportOf >= 0 && entry.token === STALE,
        stale: this.#events.of(entry.stale),
      });
    }
    return list;
  }
}

function longestOf(cells: readonly Cell[]): number {
  let longest = 1;
  for (const { events } of cells.flatMap(({ inbox }) => inbox.channels)) {
    longest = Math.max(longest, events.length);
  }
  return longest;
}

/** Each timer of each place, once. */
function armedOf(cells: readonly Cell[]): Tables['armed'] {
  const pairs = cells.flatMap(({ slot, timers }) =>
    timers.items.map(({ timer }) => [`${slot} ${timer}`, { slot, timer }] as const),
  );
  return [...new Map(pairs).values()];
}
