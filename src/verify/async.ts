/**
 * Delivery as a network would do it: one FIFO channel per sender and receiver, merged in every
 * order; what a stopped actor had sent still arrives. It allows more than one process can do,
 * so what holds here holds there. The world, the timers and the user move only while fewer
 * messages than the bound are in flight; deliveries are always open. Leaves react at once: a
 * command only ever overtakes what the leaf could have posted before it.
 */

import type { Inbox, Local, LocalMove, Timers } from './cells.ts';
import { type Cell, type Channel, FROM_PARENT, FROM_STOPPED } from './cells.ts';
import { Delivery, localMove, type MoveWords, type Row, USER_SLOT } from './delivery.ts';
import type { Fault } from './fault.ts';
import {
  ARM,
  CANCEL,
  type Effect,
  effect,
  OPEN,
  REPORT,
  SEND,
  SPAWN,
  STOP,
  type Step,
} from './program.ts';
import type { Stepper } from './step.ts';
import { STALE } from './tokens.ts';
import type { MessageView, World } from './world.ts';

export interface AsyncBounds {
  inFlight: number;
  channel: number;
  dropDead?: boolean;
}

export class AsyncDelivery extends Delivery {
  readonly #bounds: AsyncBounds;

  constructor(world: World, bounds: AsyncBounds, stepper?: Stepper) {
    super(world, bounds.dropDead, stepper);
    this.#bounds = bounds;
  }

  start(row: Row): void {
    this.fault = undefined;
    this.full = false;
    const role = this.stepper.roleId(this.world.root);
    this.#spawn(row, 0, this.stepper.initId(role, this.world.input));
  }

  inFlight(row: Row): number {
    let load = 0;
    for (let slot = 0; slot < this.slots.size; slot++) {
      load += this.cellAt(row, slot)?.inbox.load ?? 0;
    }
    return load;
  }

  moves(row: Row, moves: Int32Array): number {
    const room = this.inFlight(row) < this.#bounds.inFlight;
    let count = 0;
    for (let slot = 0; slot < this.slots.size; slot++) {
      const cell = this.cellAt(row, slot);
      if (!cell) continue;
      const own = room ? this.movesOf(cell).length : cell.inbox.channels.length;
      for (let i = 0; i < own; i++) moves[count++] = slot * 256 + i;
    }
    return room ? this.userMoves(row, moves, count) : count;
  }

  apply(row: Row, move: number): void {
    this.fault = undefined;
    this.full = false;
    const index = move & 255;
    const fromUser = move >> 8 === USER_SLOT;
    const slot = fromUser ? 0 : move >> 8;
    const cell = this.cellAt(row, slot);
    if (!cell) throw new RangeError(`move ${move} of nobody`);
    const done = fromUser ? this.#given(cell, this.spend(row, index)) : this.#own(cell, index);
    this.fault = done.fault;
    this.unchanged =
      done.cell === cell && done.effects.length === 0 && (!fromUser || this.isFree(index));
    this.set(row, slot, done.cell);
    if (!this.fault) this.#perform(row, slot, done.effects);
  }

  /** Deliveries first: they alone stay open when the bound is reached. */
  protected localMoves(cell: Cell): LocalMove[] {
    const deliveries = cell.inbox.channels.map(({ events }, index) =>
      localMove('delivery', index, events[0] ?? -1),
    );
    return [...deliveries, ...this.ownMoves(cell)];
  }

  #given(cell: Cell, event: number): Local {
    let local = cell.given.get(event);
    if (!local) {
      local = this.#after(cell, this.stepper.step(cell.snapshot, event), cell.timers, cell.inbox);
      cell.given.set(event, local);
    }
    return local;
  }

  #own(cell: Cell, index: number): Local {
    const move = this.movesOf(cell)[index];
    if (!move) throw new RangeError(`no move ${index}`);
    move.outcome ??= this.#outcome(cell, move);
    return move.outcome;
  }

  #outcome(cell: Cell, move: LocalMove): Local {
    if (move.kind === 'world') return this.#emitted(cell, move);
    if (move.kind === 'timer') {
      const timer = cell.timers.items[move.index]?.timer ?? -1;
      const timers = this.timers.without(cell.timers, timer);
      return this.#after(cell, this.stepper.step(cell.snapshot, move.event), timers, cell.inbox);
    }
    const step = this.stepper.step(cell.snapshot, move.event);
    const inbox = this.inboxes.pop(cell.inbox, move.index);
    const local = this.#after(cell, step, cell.timers, inbox);
    const channel = cell.inbox.channels[move.index];
    const why = this.#staleness(move.event, channel);
    if (!why || step.noop || local.fault) return local;
    this.notInert(cell.slot, move.event, why);
    return { ...local, fault: this.fault };
  }

  #staleness(event: number, channel: Channel | undefined): string | undefined {
    const entry = this.stepper.event(event);
    if (channel?.from === FROM_STOPPED) return 'from a stopped actor';
    return entry.reportOf >= 0 && entry.token === STALE ? 'of an older generation' : undefined;
  }

  #emitted(cell: Cell, { event, next }: LocalMove): Local {
    return {
      cell: this.cells.of(cell.slot, next, cell.timers, cell.inbox),
      effects: [effect(REPORT, -1, event)],
      fault: undefined,
    };
  }

  /** The actor's own part of a step: snapshot, timers, and its inbox after openings. */
  #after(cell: Cell, step: Step, before: Timers, inbox: Inbox): Local {
    let timers = before;
    let rest = inbox;
    let fault: Fault | undefined = step.fault;
    for (const { kind, name, event } of step.effects) {
      if (kind === OPEN) rest = this.inboxes.staleReports(rest, name);
      if (kind === CANCEL) timers = this.timers.without(timers, name);
      if (kind !== ARM) continue;
      if (this.timers.has(timers, name)) fault ??= this.#armedTwice(cell.slot, name);
      timers = this.timers.with(timers, name, event);
    }
    return {
      cell: this.cells.of(cell.slot, step.next, timers, rest),
      effects: step.effects,
      fault,
    };
  }

  #armedTwice(slot: number, timer: number): Fault {
    const { id } = this.stepper.timers.at(timer);
    const message = `${this.slots.paths[slot]} armed '${id}' again without cancelling it`;
    return { guarantee: 'timer-discipline', message };
  }

  /** The part of a step that others notice, in order. */
  #perform(row: Row, slot: number, effects: readonly Effect[]): void {
    for (const { kind, name, event, init } of effects) {
      if (this.fault || this.full) return;
      if (kind === ARM) this.begun?.(slot, name);
      else if (kind === REPORT) this.#report(row, slot, event);
      else if (kind === SEND) this.#send(row, slot, name, event);
      else if (kind === OPEN) this.#open(row, this.child(slot, name));
      else if (kind === STOP) this.#stop(row, slot, name);
      else if (kind === SPAWN) this.#spawn(row, this.child(slot, name), init);
    }
  }

  #report(row: Row, slot: number, event: number): void {
    const parent = this.slots.parents[slot] ?? -1;
    const cell = parent < 0 ? undefined : this.cellAt(row, parent);
    if (!cell) {
      this.broke('missing-child', `${this.slots.paths[slot]} reported, but has no parent`);
      return;
    }
    this.checkName(slot, event);
    this.#enqueue(row, cell, this.slots.names[slot] ?? -1, event);
    this.say(slot, parent, event, true);
  }

  #send(row: Row, slot: number, name: number, event: number): void {
    const target = this.child(slot, name);
    const cell = this.cellAt(row, target);
    if (!cell) {
      const path = this.slots.paths[slot];
      this.broke('missing-child', `${path} sent '${this.words(event)}' to a missing child`);
      return;
    }
    this.say(slot, target, event, !cell.leaf);
    if (!cell.leaf) {
      this.#enqueue(row, cell, FROM_PARENT, event);
      return;
    }
    const step = this.stepper.step(cell.snapshot, event);
    this.fault ??= step.fault;
    this.set(row, target, this.cells.of(target, step.next, cell.timers, cell.inbox));
  }

  #enqueue(row: Row, cell: Cell, from: number, event: number): void {
    const waiting = cell.inbox.channels.find((channel) => channel.from === from)?.events.length;
    if ((waiting ?? 0) >= this.#bounds.channel) {
      this.full = true;
      return;
    }
    const inbox = this.inboxes.push(cell.inbox, from, event);
    this.set(row, cell.slot, this.cells.of(cell.slot, cell.snapshot, cell.timers, inbox));
  }

  #open(row: Row, slot: number): void {
    const cell = this.cellAt(row, slot);
    if (!cell) return;
    const snapshot = this.stepper.outdated(cell.snapshot);
    const inbox = this.inboxes.staleOrders(cell.inbox);
    this.set(row, slot, this.cells.of(slot, snapshot, cell.timers, inbox));
  }

  #spawn(row: Row, slot: number, init: number): void {
    if (this.cellAt(row, slot)) {
      this.broke('one-instance', `${this.slots.paths[slot]} was spawned over a live one`);
      return;
    }
    const { timers, inboxes } = this;
    const step = this.stepper.init(init);
    this.fault ??= step.fault;
    if (this.fault) return;
    const seed = this.cells.of(slot, step.next, timers.none, inboxes.empty);
    const local = this.#after(seed, step, timers.none, inboxes.empty);
    this.fault = local.fault;
    this.set(row, slot, local.cell);
    this.begun?.(slot, -1);
    this.#perform(row, slot, local.effects);
  }

  #stop(row: Row, slot: number, name: number): void {
    this.#remove(row, this.child(slot, name));
    const cell = this.cellAt(row, slot);
    if (!cell) return;
    const inbox = this.inboxes.died(cell.inbox, name);
    this.set(row, slot, this.cells.of(slot, cell.snapshot, cell.timers, inbox));
  }

  #remove(row: Row, slot: number): void {
    const cell = this.cellAt(row, slot);
    if (cell?.leaf) {
      const owner = this.cellAt(row, this.slots.parents[slot] ?? -1);
      this.leafStopped(slot, cell.snapshot, owner !== undefined);
    }
    this.set(row, slot, undefined);
    for (const kid of this.slots.kids[slot] ?? []) {
      if (this.cellAt(row, kid)) this.#remove(row, kid);
    }
  }

  messages(row: Row): MessageView[] {
    const found: MessageView[] = [];
    for (let slot = 0; slot < this.slots.size; slot++) {
      for (const { from, events } of this.cellAt(row, slot)?.inbox.channels ?? []) {
        const to = this.slots.paths[slot] ?? '';
        const sender = this.#sender(slot, from);
        for (const event of events) {
          found.push({ from: sender, to, event: this.stepper.event(event).message });
        }
      }
    }
    return found;
  }

  #sender(slot: number, from: number): string | undefined {
    if (from === FROM_STOPPED) return undefined;
    const sender = from === FROM_PARENT ? this.slots.parents[slot] : this.child(slot, from);
    return this.slots.paths[sender ?? -1];
  }

  describe(row: Row, move: number): MoveWords {
    const slot = move >> 8;
    if (slot === USER_SLOT) return this.describeUser(move & 255);
    const cell = this.cellAt(row, slot);
    const local = cell && this.movesOf(cell)[move & 255];
    if (!cell || !local) throw new RangeError(`no move ${move}`);
    if (local.kind !== 'delivery') return this.describeLocal(cell, local);
    const from = this.#sender(slot, cell.inbox.channels[local.index]?.from ?? FROM_STOPPED);
    const to = this.slots.paths[slot] ?? '';
    const says = this.words(local.event);
    const what = `${from ?? 'a stopped actor'} → ${to}: ${says} arrives`;
    return { kind: 'delivery', what, from, to, says };
  }
}
