/**
 * One actor's share of a global state as a single number: where it is in the tree, its snapshot,
 * its armed timers and its inbox, each interned, so that a global state is a short row of
 * numbers. Everything here is immutable; "changing" a part looks its successor up, and remembers
 * it. Two equal parts must never get two numbers, or equal states would be counted twice.
 */

import type { Fault } from './fault.ts';
import { Interner } from './intern.ts';
import type { Effect } from './program.ts';
import type { ActorView, MoveKind } from './world.ts';

/** Sender keys of a channel; a child that is there is known by its name id (0 and up). */
export const FROM_PARENT = -1;
export const FROM_STOPPED = -2;

/** Every path an actor can live at, numbered as it is first met; 0 is the root. */
export class Slots {
  readonly paths: string[] = [];
  readonly names: number[] = [];
  readonly parents: number[] = [];
  readonly kids: number[][] = [];
  readonly #byName: Map<number, number>[] = [];

  constructor(root: string) {
    this.#add(-1, -1, root);
  }

  get size(): number {
    return this.paths.length;
  }

  /** The slot of child `name` below `parent`. */
  child(parent: number, name: number, text: (name: number) => string): number {
    const known = this.#byName[parent]?.get(name);
    if (known !== undefined) return known;
    const slot = this.#add(parent, name, `${this.paths[parent]}/${text(name)}`);
    this.#byName[parent]?.set(name, slot);
    this.kids[parent]?.push(slot);
    return slot;
  }

  #add(parent: number, name: number, path: string): number {
    this.paths.push(path);
    this.names.push(name);
    this.parents.push(parent);
    this.kids.push([]);
    this.#byName.push(new Map());
    return this.paths.length - 1;
  }
}

/** Armed timers of one actor, ordered by id. */
export interface Timers {
  readonly id: number;
  readonly items: readonly { readonly timer: number; readonly event: number }[];
  readonly successors: Map<number, Timers>;
}

export interface Channel {
  readonly from: number;
  readonly events: readonly number[];
}

/** Messages on their way to one actor; channels of stopped senders are a multiset. */
export interface Inbox {
  readonly id: number;
  readonly channels: readonly Channel[];
  readonly load: number;
  readonly successors: Map<number, Inbox>;
}

/** What a move of one actor does to itself, and which effects it has on others. */
export interface Local {
  readonly cell: Cell;
  readonly effects: readonly Effect[];
  readonly fault: Fault | undefined;
}

export interface LocalMove {
  readonly kind: MoveKind;
  /** channel, timer or emission */
  readonly index: number;
  readonly event: number;
  /** of an emission: the leaf's snapshot after it; otherwise -1 */
  readonly next: number;
  /** filled in when the move is first made */
  outcome: Local | undefined;
}

export interface Cell {
  /** 1 and up; 0 in a state means that nobody lives in the slot */
  readonly id: number;
  readonly slot: number;
  readonly snapshot: number;
  readonly timers: Timers;
  readonly inbox: Inbox;
  readonly leaf: boolean;
  /** a leaf that holds a resource */
  readonly live: boolean;
  moves: LocalMove[] | undefined;
  view: ActorView | undefined;
  /** outcomes of events that come from outside any channel */
  readonly given: Map<number, Local>;
}

export class TimerSets {
  readonly #sets = new Interner<Timers>();
  readonly none = this.#of([]);

  has(timers: Timers, timer: number): boolean {
    return timers.items.some((item) => item.timer === timer);
  }

  with(timers: Timers, timer: number, event: number): Timers {
    const key = timer * 0x10000 + event + 1;
    const known = timers.successors.get(key);
    if (known) return known;
    const next = this.#of([...timers.items, { timer, event }]);
    timers.successors.set(key, next);
    return next;
  }

  without(timers: Timers, timer: number): Timers {
    const key = -1 - timer;
    const known = timers.successors.get(key);
    if (known) return known;
    const next = this.#of(timers.items.filter((item) => item.timer !== timer));
    timers.successors.set(key, next);
    return next;
  }

  #of(items: readonly { timer: number; event: number }[]): Timers {
    const sorted = [...items].sort((a, b) => a.timer - b.timer || a.event - b.event);
    const key = sorted.map(({ timer, event }) => `${timer}:${event}`).join();
    return this.#sets.get(key, (id) => ({ id, items: sorted, successors: new Map() }));
  }
}
