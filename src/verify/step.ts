/**
 * The shipped machines as pure functions over small numbers: (snapshot id, event id) → next id
 * and a program of effects, each computed once by XState itself and remembered. No actor is ever
 * started: children are inert stand-ins, effects are collected and never run. This is the one
 * file that reaches into XState's actor scope and action objects.
 */
import { compile, type RawAction, type RawSnapshot } from './compile.ts';
import { Coverage } from './coverage.ts';
import { Broken, blame, type Fault } from './fault.ts';
import { brokenStep } from './machine-state.ts';
import { Memo, type SnapshotEntry } from './memo.ts';
import { deepFreeze, policed } from './police.ts';
import { type Effect, type EventEntry, label, type Step } from './program.ts';
import { makeScope, type RoleEntry, Roles } from './roles.ts';
import {
  type Context,
  CURRENT,
  generationsOf,
  NONE,
  renameContext,
  renamed,
  STALE,
  type Token,
} from './tokens.ts';
import type { Leaf, Message, RoleCoverage, StepPromise, World } from './world.ts';

interface Raw {
  snapshot: RawSnapshot;
  actions: readonly RawAction[];
}

export class Stepper {
  /** asked of every step when it is first made */
  promises: Readonly<Record<string, StepPromise>> = {};
  readonly memo: Memo;
  readonly names: Memo['names'];
  readonly timers: Memo['timers'];
  readonly #roles: Roles;
  readonly #coverage: Coverage;
  readonly #inner: Set<string>;
  readonly #outer: Set<string>;
  /** of tables that are shared but for one role: that role, and its own steps */
  readonly #changed: number;
  readonly #ownSteps = new Map<number, Map<number, Step>>();
  readonly #ownInits = new Map<number, Step>();
  #collected: RawAction[] = [];
  #made: RawSnapshot | undefined;
  #coldSteps = 0;
  readonly #scope = makeScope((action) => this.#collected.push(action));

  /** With `base`: the same world but for the machine of the role `changed`. */
  constructor(world: World, base?: Stepper, changed = '') {
    this.memo = base ? base.memo : new Memo();
    this.names = this.memo.names;
    this.timers = this.memo.timers;
    // what a mutant lets travel counts for the mutant alone
    this.#inner = base ? new Set(base.#inner) : this.memo.inner;
    this.#outer = base ? new Set(base.#outer) : this.memo.outer;
    this.#roles = new Roles(world.roles, base ? base.#roles : undefined);
    this.#changed = base === undefined ? -1 : this.#roles.id(changed);
    this.#coverage = base ? base.#coverage : new Coverage(this.#scope.system);
    if (base) return;
    for (const { event } of world.user) this.#outer.add(event.type);
    for (const { name, machine, leaf } of this.#roles.entries) {
      if (machine) this.#coverage.add(name, machine);
      if (leaf) this.#learn(leaf);
    }
  }

  get coldSteps(): number {
    return this.#coldSteps;
  }

  snapshot(id: number): SnapshotEntry {
    return this.memo.snapshots.at(id);
  }

  event(id: number): EventEntry {
    return this.memo.events.at(id);
  }

  init(id: number): Step {
    const entry = this.memo.inits.at(id);
    const known = entry.role === this.#changed ? this.#ownInits.get(id) : entry.step;
    if (known) return known;
    const step = this.#coldInit(entry.role, entry.input);
    if (entry.role === this.#changed) this.#ownInits.set(id, step);
    else if (this.#mayShare(entry.role, step)) entry.step = step;
    return step;
  }

  roleName(role: number): string {
    return this.#role(role).name;
  }

  leafOf(snapshot: number): Leaf | undefined {
    return this.#role(this.snapshot(snapshot).role).leaf;
  }

  roleId(name: string): number {
    return this.#roles.id(name);
  }

  /** One macrostep, or one reaction of a leaf. */
  step(snapshotId: number, eventId: number): Step {
    const entry = this.memo.snapshots.at(snapshotId);
    const steps = entry.role === this.#changed ? this.#own(snapshotId) : entry.steps;
    const known = steps.get(eventId);
    if (known) return known;
    const step = this.#cold(entry, this.event(eventId));
    if (this.#mayShare(entry.role, step)) steps.set(eventId, step);
    return step;
  }

  /** What is broken may be so because of the machine that is not shared. */
  #mayShare(role: number, { fault }: Step): boolean {
    return fault === undefined || role === this.#changed || this.#changed < 0;
  }

  /**
   * One step with everything that a key leaves out: the whole context, the length of each delay.
   * For comparing two machines; undefined where there is nothing to step, `broken` for a fault.
   */
  inFull(snapshotId: number, eventId: number): string | undefined {
    const { role, snapshot } = this.snapshot(snapshotId);
    if (!snapshot) return undefined;
    const before = this.#roles.moved(role, snapshot);
    const { message } = this.event(eventId);
    const machine = this.#roles.machine(role);
    try {
      const run = () => machine.transition(before, message, this.#scope);
      const { snapshot: after, actions } = this.#collect(run);
      const delays = actions.map(({ type, params }) =>
        type === 'xstate.raise' ? (params as { delay?: unknown }).delay : undefined,
      );
      return JSON.stringify([after.status, after.value, after.context, delays]);
    } catch (error) {
      return `broken: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #own(snapshotId: number): Map<number, Step> {
    let steps = this.#ownSteps.get(snapshotId);
    if (!steps) {
      steps = new Map();
      this.#ownSteps.set(snapshotId, steps);
    }
    return steps;
  }

  /** The same snapshot after its parent opened a newer generation. */
  outdated(snapshotId: number): number {
    const entry = this.memo.snapshots.at(snapshotId);
    if (entry.token !== CURRENT) return snapshotId;
    if (entry.stale < 0) {
      entry.stale =
        entry.snapshot === undefined
          ? this.#leafState(entry.role, entry.state ?? '', STALE)
          : this.#intern(entry.role, {
              ...entry.snapshot,
              context: { ...entry.snapshot.context, gen: STALE },
            });
    }
    return entry.stale;
  }

  /** What the outside may do to this leaf: id of the report under `childName`, next snapshot. */
  emissions(snapshotId: number, childName: string): { event: number; next: number }[] {
    const entry = this.memo.snapshots.at(snapshotId);
    const { leaf } = this.#role(entry.role);
    const allowed = leaf?.emits[entry.state ?? ''] ?? [];
    return allowed.map(({ report, next }) => {
      const bare: Message = leaf?.plain ? report : { type: `from.${childName}`, report };
      return {
        event: this.eventId(
          entry.token === NONE || leaf?.plain ? bare : { ...bare, gen: entry.token },
        ),
        next: this.#leafState(entry.role, next, entry.token),
      };
    });
  }

  eventId(message: Message): number {
    const { gen, ...rest } = message;
    return this.memo.events.id(JSON.stringify({ gen, ...rest }), (id) => {
      deepFreeze(message, message.type);
      const isOrder = message.type === 'order';
      const reportOf = message.type.startsWith('from.')
        ? this.names.id(message.type.slice(5), () => message.type.slice(5))
        : -1;
      const inner = isOrder ? message.order : reportOf < 0 ? undefined : message.report;
      const token = isOrder || reportOf >= 0 ? renamed(gen, message.type) : NONE;
      return {
        id,
        message,
        label: label((inner as Message | undefined) ?? message),
        reportOf,
        isOrder,
        token,
        stale: token === CURRENT ? this.eventId({ ...message, gen: STALE }) : id,
      };
    });
  }

  /** The first step of an actor of this role. */
  initId(role: number, input: unknown): number {
    const key = `${role} ${JSON.stringify(input)}`;
    return this.memo.inits.id(key, () => ({ role, input, step: undefined }));
  }

  /** How a snapshot of this role is told from others; `snapshot.context` is renamed already. */
  key(role: number, snapshot: RawSnapshot): string {
    const { ctxKey } = this.#role(role);
    const { context } = snapshot;
    const history = Object.entries(snapshot.historyValue ?? {});
    return JSON.stringify([
      snapshot.status,
      snapshot.value,
      ctxKey ? [context.gen, context.gens, ctxKey(context)] : context,
      Object.keys(snapshot.children).sort(),
      history.map(([id, nodes]) => [id, nodes.map((node) => node.id)]),
      snapshot.output,
    ]);
  }

  snapshotsPerRole(): Record<string, number> {
    const counts = Object.fromEntries(this.#roles.entries.map(({ name }) => [name, 0]));
    for (const { role } of this.memo.snapshots.values()) {
      counts[this.roleName(role)] = (counts[this.roleName(role)] ?? 0) + 1;
    }
    return counts;
  }

  coverage(): Record<string, RoleCoverage> {
    return this.#coverage.report();
  }

  /** Notes how types travel; the same type bare and in an envelope is a fault. */
  travels(message: Message): void {
    const inner = message.type === 'order' ? message.order : message.report;
    const enveloped = message.type === 'order' || message.type.startsWith('from.');
    const type = enveloped ? (inner as Message | undefined)?.type : message.type;
    if (typeof type !== 'string') {
      throw new Broken('no-inner-event', `the envelope ${JSON.stringify(message)} is empty`);
    }
    (enveloped ? this.#inner : this.#outer).add(type);
    if (this.#inner.has(type) && this.#outer.has(type)) {
      throw new Broken('no-inner-event', `'${type}' travels without its envelope`);
    }
  }

  #learn(leaf: Leaf): void {
    const reports = leaf.plain ? [] : Object.values(leaf.emits).flat();
    for (const { report } of reports) this.#inner.add(report.type);
    const commands = Object.values(leaf.receives ?? {}).flatMap((by) => Object.keys(by));
    const isOrder = (type: string) => leaf.echoesOrders && !leaf.hints?.includes(type);
    for (const type of commands) (isOrder(type) ? this.#inner : this.#outer).add(type);
  }

  #role(role: number): RoleEntry {
    return this.#roles.at(role);
  }

  #leafState(role: number, state: string, token: Token): number {
    const key = `${role} leaf ${token} ${state}`;
    return this.memo.snapshots.id(key, (id) => ({
      id,
      role,
      snapshot: undefined,
      state,
      token,
      stale: -1,
      key: state,
      steps: new Map(),
    }));
  }

  /** Renames, freezes and numbers a snapshot that XState has made. */
  #intern(role: number, raw: RawSnapshot): number {
    const context = deepFreeze(renameContext(raw.context), this.roleName(role));
    const snapshot = { ...raw, context };
    const token = renamed(context.gen, this.roleName(role));
    const key = this.key(role, snapshot);
    return this.memo.snapshots.id(`${role} ${key}`, (id) => ({
      id,
      role,
      snapshot,
      state: undefined,
      token,
      stale: -1,
      key,
      steps: new Map(),
    }));
  }

  #cold(entry: SnapshotEntry, event: EventEntry): Step {
    const { leaf } = this.#role(entry.role);
    if (leaf) return this.#leafStep(entry, leaf, event);
    const machine = this.#roles.machine(entry.role);
    const known = entry.snapshot;
    if (!known) throw new RangeError(`snapshot ${entry.id} cannot be stepped`);
    const before = this.#roles.moved(entry.role, known);
    const children = Object.keys(before.children);
    const step = this.#twice(entry.role, before.context, children, entry.id, () =>
      this.#collect(() => machine.transition(before, event.message, this.#scope)),
    );
    if (step.fault) return step;
    const name = this.roleName(entry.role);
    return { ...step, fault: brokenStep(this.promises, name, [known, this.#made], event.message) };
  }

  #coldInit(role: number, input: unknown): Step {
    const { leaf } = this.#role(role);
    if (leaf !== undefined) {
      const given = (input ?? {}) as Record<string, unknown>;
      const state = typeof leaf.initial === 'string' ? leaf.initial : leaf.initial(given);
      const token = renamed(given.gen, `the input of ${this.roleName(role)}`);
      return quiet(this.#leafState(role, state, token));
    }
    const machine = this.#roles.machine(role);
    const given = deepFreeze(input, `the input of ${this.roleName(role)}`);
    return this.#twice(role, {}, [], -1, () =>
      this.#collect(() => machine.getInitialSnapshot(this.#scope, given)),
    );
  }

  #collect(run: () => RawSnapshot): Raw {
    this.#collected = [];
    this.#made = policed(run);
    return { snapshot: this.#made, actions: this.#collected };
  }

  /** Runs a cold step two times and compares: what differs is not a function of its input. */
  #twice(role: number, before: Context, children: string[], from: number, run: () => Raw): Step {
    this.#coldSteps += 1;
    const once = () => this.#finish(role, before, children, from, run);
    try {
      const first = once();
      // a mutant is made of what was compared already
      if (role === this.#changed) return first;
      const second = once();
      if (JSON.stringify(first) === JSON.stringify(second)) return first;
      throw new Broken('pure', `${this.roleName(role)} stepped differently the second time`);
    } catch (error) {
      return { next: Math.max(from, 0), effects: [], noop: false, fault: this.#fault(role, error) };
    }
  }

  #finish(role: number, before: Context, known: string[], from: number, run: () => Raw): Step {
    const { snapshot, actions } = run();
    if (snapshot.status === 'error') throw snapshot.error;
    if (snapshot.status !== 'active') {
      throw new Broken('never-final', `${this.roleName(role)} ended as '${snapshot.status}'`);
    }
    const effects = compile({
      actions,
      parent: this.#scope.parent,
      self: this.#scope.self,
      plain: snapshot.context.gen === undefined,
      initial: from < 0,
      before: generationsOf(before),
      after: generationsOf(snapshot.context),
      childrenBefore: known,
      childrenAfter: Object.keys(snapshot.children),
      to: this,
    });
    const next = this.#intern(role, snapshot);
    return { next, effects, noop: next === from && effects.length === 0, fault: undefined };
  }

  #fault(role: number, error: unknown): Fault {
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof Broken) {
      return { ...error.fault, message: `${this.roleName(role)}: ${text}` };
    }
    return {
      guarantee: blame(error, text),
      message: `${this.roleName(role)} threw: ${text.replaceAll('\n', ' ')}`,
    };
  }

  #leafStep(entry: SnapshotEntry, leaf: Leaf, event: EventEntry): Step {
    const state = entry.state ?? '';
    const inner = event.isOrder ? (event.message.order as Message) : event.message;
    const next = leaf.receives?.[state]?.[inner.type] ?? state;
    const token = event.isOrder ? event.token : entry.token;
    const step = quiet(this.#leafState(entry.role, next, token), entry.id);
    if (!event.isOrder || leaf.echoesOrders) return step;
    const message = `leaf ${this.roleName(entry.role)} takes no orders, but got '${inner.type}'`;
    return { ...step, fault: { guarantee: 'no-inner-event', message } };
  }
}

const nothing: readonly Effect[] = [];
const quiet = (next: number, from = -1): Step => ({
  next,
  effects: nothing,
  noop: next === from,
  fault: undefined,
});
