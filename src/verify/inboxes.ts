/**
 * Inboxes and the cells that hold them. A channel is first in, first out; when its sender is
 * stopped it keeps its messages and its order, and loses only its name. Where the dead are to be
 * dropped it goes with its sender, and what was lost is kept for a proof that nobody misses it.
 */
import {
  type Cell,
  type Channel,
  FROM_PARENT,
  FROM_STOPPED,
  type Inbox,
  type Timers,
} from './cells.ts';
import { Interner } from './intern.ts';
import type { Stepper } from './step.ts';

const byNumber = (a: readonly number[], b: readonly number[]): number => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

const PUSH = 0;
const POP = 1;
const DIED = 2;
const STALE_REPORTS = 3;
const STALE_ORDERS = 4;

export class Inboxes {
  readonly #inboxes = new Interner<Inbox>();
  readonly #stepper: Stepper;
  readonly #dropDead: boolean;
  /** events that were dropped with their sender */
  readonly dropped = new Set<number>();
  readonly empty = this.#of([]);

  constructor(stepper: Stepper, dropDead: boolean) {
    this.#stepper = stepper;
    this.#dropDead = dropDead;
  }

  push(inbox: Inbox, from: number, event: number): Inbox {
    return this.#next(inbox, PUSH, (from + 2) * 0x10000 + event, () => {
      const others = inbox.channels.filter((channel) => channel.from !== from);
      const own = inbox.channels.find((channel) => channel.from === from)?.events ?? [];
      return [...others, { from, events: [...own, event] }];
    });
  }

  /** Without the oldest message of one channel. */
  pop(inbox: Inbox, index: number): Inbox {
    return this.#next(inbox, POP, index, () =>
      inbox.channels.map((channel, i) =>
        i === index ? { ...channel, events: channel.events.slice(1) } : channel,
      ),
    );
  }

  /** Child `name` was stopped: what it had sent stays deliverable, or goes with it. */
  died(inbox: Inbox, name: number): Inbox {
    return this.#next(inbox, DIED, name, () => {
      const others = inbox.channels.filter((channel) => channel.from !== name);
      const last = inbox.channels.filter((channel) => channel.from === name);
      if (!this.#dropDead) {
        return [...others, ...last.map((channel) => ({ ...channel, from: FROM_STOPPED }))];
      }
      for (const event of last.flatMap(({ events }) => events)) this.dropped.add(event);
      return others;
    });
  }

  /** A generation was opened for child `name`: all its reports on the way are stale. */
  staleReports(inbox: Inbox, name: number): Inbox {
    return this.#next(inbox, STALE_REPORTS, name, () =>
      inbox.channels.map(({ from, events }) => ({
        from,
        events: events.map((event) => {
          const entry = this.#stepper.event(event);
          return entry.reportOf === name ? entry.stale : event;
        }),
      })),
    );
  }

  /** The parent opened a newer generation: all its orders on the way are older ones. */
  staleOrders(inbox: Inbox): Inbox {
    return this.#next(inbox, STALE_ORDERS, 0, () =>
      inbox.channels.map(({ from, events }) => ({
        from,
        events:
          from === FROM_PARENT ? events.map((event) => this.#stepper.event(event).stale) : events,
      })),
    );
  }

  #next(inbox: Inbox, change: number, argument: number, make: () => Channel[]): Inbox {
    if (change !== PUSH && inbox.load === 0) return inbox;
    const key = argument * 8 + change;
    const known = inbox.successors.get(key);
    if (known) return known;
    const next = this.#of(make());
    inbox.successors.set(key, next);
    return next;
  }

  #of(channels: readonly Channel[]): Inbox {
    const filled = channels
      .filter(({ events }) => events.length > 0)
      .sort((a, b) => a.from - b.from || byNumber(a.events, b.events));
    const key = filled.map(({ from, events }) => `${from}:${events.join()}`).join('|');
    return this.#inboxes.get(key, (id) => ({
      id,
      channels: filled,
      load: filled.reduce((sum, { events }) => sum + events.length, 0),
      successors: new Map(),
    }));
  }
}

/** Limits of the packed key below; far above what a machine fit for checking needs. */
const MAX_TIMER_SETS = 1 << 12;
const MAX_INBOXES = 1 << 22;

export class Cells {
  readonly #cells: Cell[] = [];
  readonly #ids: Map<number, Cell>[] = [];
  readonly #stepper: Stepper;

  constructor(stepper: Stepper) {
    this.#stepper = stepper;
  }

  get size(): number {
    return this.#cells.length;
  }

  at(id: number): Cell {
    const cell = this.#cells[id - 1];
    if (!cell) throw new RangeError(`no cell ${id}`);
    return cell;
  }

  of(slot: number, snapshot: number, timers: Timers, inbox: Inbox): Cell {
    const key = (snapshot * MAX_TIMER_SETS + timers.id) * MAX_INBOXES + inbox.id;
    let ids = this.#ids[slot];
    if (!ids) {
      ids = new Map();
      this.#ids[slot] = ids;
    }
    const known = ids.get(key);
    if (known) return known;
    if (timers.id >= MAX_TIMER_SETS || inbox.id >= MAX_INBOXES || !Number.isSafeInteger(key)) {
      throw new RangeError('too many different timer sets or inboxes: lower the bounds');
    }
    const cell = this.#make(slot, snapshot, timers, inbox);
    ids.set(key, cell);
    return cell;
  }

  #make(slot: number, snapshot: number, timers: Timers, inbox: Inbox): Cell {
    const state = this.#stepper.snapshot(snapshot).state;
    const live = state !== undefined && (this.#stepper.leafOf(snapshot)?.live?.(state) ?? false);
    const cell: Cell = {
      id: this.#cells.length + 1,
      slot,
      snapshot,
      timers,
      inbox,
      leaf: state !== undefined,
      live,
      moves: undefined,
      view: undefined,
      given: new Map(),
    };
    this.#cells.push(cell);
    return cell;
  }
}
