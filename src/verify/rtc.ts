/**
 * Delivery as XState does it in one process: a send runs its receiver at once unless that one is
 * busy, then it waits in the receiver's mailbox; stopping a busy child empties its mailbox and
 * lets it finish the effects it is in the middle of (it is "half stopped" meanwhile, beside its
 * successor if there is one). Only the posts of leaves are deferred, to one queue in order; the
 * posts of a stopped leaf are dropped. One move runs until every mailbox is empty; it must leave
 * the same state as the real actors do, which conformance checks.
 */
import type { Cell, LocalMove, Timers } from './cells.ts';
import { Delivery, type MoveWords, POST_SLOT, POSTS, type Row, USER_SLOT } from './delivery.ts';
import { Posts } from './posts.ts';
import { ARM, CANCEL, type Effect, OPEN, REPORT, SEND, SPAWN, STOP } from './program.ts';
import type { Stepper } from './step.ts';
import { STALE } from './tokens.ts';
import type { MessageView, World } from './world.ts';

export interface RtcBounds {
  posts: number;
  channel: number;
}

/** An actor while a move runs. */
interface Actor {
  slot: number;
  parent: Actor | undefined;
  snapshot: number;
  timers: Timers;
  leaf: boolean;
  busy: boolean;
  stopping: boolean;
  gone: boolean;
  /** its parent opened a newer generation while its present effects were running */
  outdated: boolean;
  mailbox: { event: number; from: Actor | undefined }[];
  /** children of a half-stopped actor, no longer found by their slot */
  ownKids: Actor[] | undefined;
}

export class RtcDelivery extends Delivery {
  readonly #bounds: RtcBounds;
  readonly #posts = new Posts();
  /** who was touched in the present move, by slot, and everybody incl. the half stopped */
  readonly #current: (Actor | undefined)[] = [];
  readonly #touched: Actor[] = [];
  #row: Row = new Int32Array(0);

  constructor(world: World, bounds: RtcBounds, stepper?: Stepper) {
    super(world, false, stepper);
    this.#bounds = bounds;
  }

  start(row: Row): void {
    this.#begin(row);
    const role = this.stepper.roleId(this.world.root);
    this.#spawn(undefined, 0, this.stepper.initId(role, this.world.input));
    this.#end();
  }

  inFlight(row: Row): number {
    return this.#posts.at(row[POSTS] ?? 0).items.length;
  }

  moves(row: Row, moves: Int32Array): number {
    const waiting = this.inFlight(row);
    let count = 0;
    if (waiting > 0) moves[count++] = POST_SLOT * 256;
    for (let slot = 0; slot < this.slots.size; slot++) {
      const cell = this.cellAt(row, slot);
      if (!cell) continue;
      const own = this.movesOf(cell);
      for (let i = 0; i < own.length; i++) {
        if (own[i]?.kind === 'world' && waiting >= this.#bounds.posts) continue;
        moves[count++] = slot * 256 + i;
      }
    }
    return this.userMoves(row, moves, count);
  }

  apply(row: Row, move: number): void {
    this.#begin(row);
    const slot = move >> 8;
    const index = move & 255;
    if (slot === USER_SLOT) this.#command(row, index);
    else if (slot === POST_SLOT) this.#post();
    else this.#local(slot, index);
    this.#end();
  }

  protected localMoves(cell: Cell): LocalMove[] {
    return this.ownMoves(cell);
  }

  #begin(row: Row): void {
    this.fault = undefined;
    this.full = false;
    this.unchanged = false;
    this.#row = row;
    this.#touched.length = 0;
    for (let slot = 0; slot < this.slots.size; slot++) this.#current[slot] = undefined;
  }

  #end(): void {
    for (const actor of this.#touched) {
      if (actor.gone || this.#current[actor.slot] !== actor) continue;
      const { slot, snapshot, timers } = actor;
      this.set(this.#row, slot, this.cells.of(slot, snapshot, timers, this.inboxes.empty));
    }
  }

  /** The actor of a slot, taken out of the row when it is first needed. */
  #at(slot: number): Actor | undefined {
    const known = this.#current[slot];
    if (known) return known;
    const cell = this.cellAt(this.#row, slot);
    if (!cell) return undefined;
    const parent = slot === 0 ? undefined : this.#at(this.slots.parents[slot] ?? -1);
    return this.#enter(slot, parent, cell.snapshot, cell.timers);
  }

  #enter(slot: number, parent: Actor | undefined, snapshot: number, timers: Timers): Actor {
    const actor: Actor = {
      slot,
      parent,
      snapshot,
      timers,
      leaf: this.stepper.snapshot(snapshot).state !== undefined,
      busy: false,
      stopping: false,
      gone: false,
      outdated: false,
      mailbox: [],
      ownKids: undefined,
    };
    this.#touched.push(actor);
    if (parent?.ownKids) parent.ownKids.push(actor);
    else this.#current[slot] = actor;
    return actor;
  }

  #childOf(actor: Actor, slot: number): Actor | undefined {
    if (actor.ownKids) return actor.ownKids.find((kid) => kid.slot === slot && !kid.gone);
    return this.#at(slot);
  }

  /** Most commands are ignored in most states: those need no actor at all. */
  #command(row: Row, index: number): void {
    const event = this.spend(row, index);
    const root = this.cellAt(this.#row, 0);
    const ignored = root !== undefined && this.stepper.step(root.snapshot, event).noop;
    this.unchanged = ignored && this.isFree(index);
    if (ignored) return;
    this.#deliver(undefined, this.#at(0), event);
  }

  #post(): void {
    const queue = this.#posts.at(this.#row[POSTS] ?? 0);
    const post = queue.items[0];
    if (!post) throw new RangeError('no post');
    this.#row[POSTS] = this.#posts.rest(queue).id;
    const leaf = this.#at(post.slot);
    this.#deliver(leaf, leaf?.parent, post.event);
  }

  #local(slot: number, index: number): void {
    const cell = this.cellAt(this.#row, slot);
    const move = cell && this.movesOf(cell)[index];
    const actor = this.#at(slot);
    if (!actor || !cell || !move) throw new RangeError(`no move ${index} of slot ${slot}`);
    if (move.kind === 'timer') {
      const timer = cell.timers.items[move.index]?.timer ?? -1;
      actor.timers = this.timers.without(actor.timers, timer);
      this.#deliver(undefined, actor, move.event);
      return;
    }
    actor.snapshot = move.next;
    const queue = this.#posts.at(this.#row[POSTS] ?? 0);
    this.#row[POSTS] = this.#posts.push(queue, slot, move.event).id;
  }

  #deliver(from: Actor | undefined, to: Actor | undefined, event: number): void {
    if (!to || to.gone) return;
    if (to.leaf) {
      const step = this.stepper.step(to.snapshot, event);
      this.fault ??= step.fault;
      to.snapshot = step.next;
      return;
    }
    if (to.mailbox.length >= this.#bounds.channel) {
      this.full = true;
      return;
    }
    to.mailbox.push({ event, from });
    if (!to.busy) this.#flush(to);
  }

  #flush(actor: Actor): void {
    actor.busy = true;
    while (!actor.gone && !this.fault && !this.full) {
      if (actor.stopping) {
        this.#kill(actor);
        break;
      }
      const next = actor.mailbox.shift();
      if (!next) break;
      this.#run(actor, next.event, next.from);
    }
    actor.busy = false;
  }

  #run(actor: Actor, event: number, from: Actor | undefined): void {
    const step = this.stepper.step(actor.snapshot, event);
    const entry = this.stepper.event(event);
    this.fault ??= step.fault;
    const isReport = entry.reportOf >= 0 || (from !== undefined && from.parent === actor);
    if (!step.noop && isReport) {
      if (from && (from.gone || from.stopping)) {
        this.notInert(actor.slot, event, 'from a stopped actor');
      } else if (entry.token === STALE) {
        this.notInert(actor.slot, event, 'of an older generation');
      }
    }
    if (this.fault) return;
    actor.outdated = false;
    actor.snapshot = step.next;
    this.#perform(actor, step.effects);
  }

  #perform(actor: Actor, effects: readonly Effect[]): void {
    for (const { kind, name, event, init } of effects) {
      if (this.fault || this.full) return;
      if (kind === REPORT) this.#report(actor, event);
      else if (kind === SEND) this.#send(actor, name, event);
      else if (kind === OPEN) this.#open(actor, name);
      else if (kind === STOP) this.#stop(this.#childOf(actor, this.child(actor.slot, name)));
      else if (kind === SPAWN) this.#spawn(actor, this.child(actor.slot, name), init);
      else if (kind === CANCEL) actor.timers = this.timers.without(actor.timers, name);
      else if (kind === ARM) this.#arm(actor, name, event);
    }
  }

  #report(actor: Actor, stamped: number): void {
    const event = actor.outdated ? this.stepper.event(stamped).stale : stamped;
    if (!actor.parent) {
      this.broke('missing-child', `${this.slots.paths[actor.slot]} reported, but has no parent`);
      return;
    }
    this.checkName(actor.slot, event);
    this.say(actor.slot, actor.parent.slot, event);
    this.#deliver(actor, actor.parent, event);
  }

  #send(actor: Actor, name: number, event: number): void {
    const target = this.child(actor.slot, name);
    const child = this.#childOf(actor, target);
    if (!child && !actor.gone) {
      const path = this.slots.paths[actor.slot];
      this.broke('missing-child', `${path} sent '${this.words(event)}' to a missing child`);
      return;
    }
    this.say(actor.slot, target, event);
    this.#deliver(actor, child, event);
  }

  #arm(actor: Actor, timer: number, event: number): void {
    if (this.timers.has(actor.timers, timer)) {
      const { id } = this.stepper.timers.at(timer);
      const path = this.slots.paths[actor.slot];
      this.broke('timer-discipline', `${path} armed '${id}' again without cancelling it`);
    }
    actor.timers = this.timers.with(actor.timers, timer, event);
    this.begun?.(actor.slot, timer);
  }

  /** Older tokens of this slot, wherever they are in the running move, are stale from now on. */
  #open(actor: Actor, name: number): void {
    const slot = this.child(actor.slot, name);
    this.#childOf(actor, slot);
    for (const item of actor.mailbox) {
      const entry = this.stepper.event(item.event);
      if (entry.reportOf === name) item.event = entry.stale;
    }
    for (const child of this.#touched) {
      if (child.slot !== slot || child.parent !== actor || child.gone) continue;
      child.outdated = true;
      child.snapshot = this.stepper.outdated(child.snapshot);
      for (const item of child.mailbox) {
        if (item.from === actor) item.event = this.stepper.event(item.event).stale;
      }
    }
    const queue = this.#posts.at(this.#row[POSTS] ?? 0);
    this.#row[POSTS] = this.#posts.stale(queue, slot, (id) => this.stepper.event(id).stale).id;
  }

  #spawn(parent: Actor | undefined, slot: number, init: number): void {
    if (parent ? this.#childOf(parent, slot) : this.#at(slot)) {
      this.broke('one-instance', `${this.slots.paths[slot]} was spawned over a live one`);
      return;
    }
    const step = this.stepper.init(init);
    this.fault ??= step.fault;
    if (this.fault) return;
    const actor = this.#enter(slot, parent, step.next, this.timers.none);
    actor.busy = true;
    this.begun?.(slot, -1);
    this.#perform(actor, step.effects);
    this.#flush(actor);
  }

  #stop(actor: Actor | undefined): void {
    if (!actor || actor.gone || actor.stopping) return;
    this.#detach(actor);
    if (!actor.busy) {
      this.#kill(actor);
      return;
    }
    actor.mailbox.length = 0;
    actor.stopping = true;
  }

  /** Takes an actor and everything below it out of their slots; successors may move in. */
  #detach(actor: Actor): void {
    const kids = (this.slots.kids[actor.slot] ?? []).flatMap(
      (slot) => this.#childOf(actor, slot) ?? [],
    );
    for (const kid of kids) this.#detach(kid);
    actor.ownKids = kids;
    if (this.#current[actor.slot] !== actor) return;
    this.#current[actor.slot] = undefined;
    this.set(this.#row, actor.slot, undefined);
  }

  #kill(actor: Actor): void {
    actor.gone = true;
    actor.mailbox.length = 0;
    if (actor.leaf) {
      const isHeard = actor.parent?.gone === false && !actor.parent.stopping;
      this.leafStopped(actor.slot, actor.snapshot, isHeard);
      const queue = this.#posts.at(this.#row[POSTS] ?? 0);
      this.#row[POSTS] = this.#posts.without(queue, actor.slot).id;
    }
    for (const kid of actor.ownKids ?? []) this.#stop(kid);
  }

  messages(row: Row): MessageView[] {
    return this.#posts.at(row[POSTS] ?? 0).items.map(({ slot, event }) => ({
      from: this.slots.paths[slot],
      to: this.slots.paths[this.slots.parents[slot] ?? -1] ?? '',
      event: this.stepper.event(event).message,
    }));
  }

  describe(row: Row, move: number): MoveWords {
    const slot = move >> 8;
    if (slot === USER_SLOT) return this.describeUser(move & 255);
    if (slot === POST_SLOT) {
      const post = this.#posts.at(row[POSTS] ?? 0).items[0];
      const to = this.slots.paths[this.slots.parents[post?.slot ?? -1] ?? -1] ?? '';
      const from = this.slots.paths[post?.slot ?? -1];
      const says = this.words(post?.event ?? -1);
      return { kind: 'delivery', what: `${from} → ${to}: ${says} arrives`, from, to, says };
    }
    const cell = this.cellAt(row, slot);
    const local = cell && this.movesOf(cell)[move & 255];
    if (!cell || !local) throw new RangeError(`no move ${move}`);
    return this.describeLocal(cell, local);
  }

  override name(row: Row, move: number): string {
    if (move >> 8 !== POST_SLOT) return super.name(row, move);
    const post = this.#posts.at(row[POSTS] ?? 0).items[0];
    const { label } = this.stepper.event(post?.event ?? -1);
    return `post ${this.slots.paths[post?.slot ?? -1]} ${label}`;
  }
}
