/**
 * Who looks on at an actor system and keeps what happened: to be given as `inspect` to
 * `createGateway`, or to XState's `createActor`. It promises that nothing is kept that was not let
 * through by name, that it holds no more than its bounds, and that what it lets go first is what
 * happened first. It must never take part, throw into the system, or keep what it was shown
 * for longer than it is under way.
 */
import type { AnyStateMachine } from 'xstate';
import { modelOf } from '../diagram/model.ts';
import { HoldfastError } from '../errors.ts';
import { identityOf } from '../verify/reached.ts';
import { type Followed, follow } from './notes.ts';
import { type Entry, type Happening, headerOf, type Note, type Verdict } from './recording.ts';
import { Ring } from './ring.ts';
import { type Allow, type Sights, shownError, shownText, sightsOf } from './shown.ts';
import {
  changedContext,
  changedValue,
  type Guard,
  type Inspected,
  isEvent,
  isGuard,
  isMachine,
  type Ref,
  type Snapshot,
  shownEvent,
  unnamed,
  type Watched,
} from './told.ts';

export interface RecorderOptions {
  /**
   * which fields of contexts and events may be seen, by the id of a machine; `*`: of every one. All
   * else is left out before it is kept. The machines that ship need none.
   */
  allow?: Readonly<Record<string, Allow>>;
  /** entries that are kept at most, 100 to 1,000,000; default 20,000 */
  entriesMax?: number;
  /** bytes that are kept at most, as they stand in a file; default 8 MiB */
  bytesMax?: number;
  /**
   * also what a gateway says of itself in words, why somebody asked for a restart, and the last
   * lines that a process wrote; redacted as in the log. Default false
   */
  texts?: boolean;
  /** monotonic milliseconds; default `performance.now` */
  now?: () => number;
  /** milliseconds since 1970; default `Date.now` */
  wallNow?: () => number;
}

export interface Recorder {
  /** for `inspect` */
  next(event: unknown): void;
  /** the same machine, whose guards tell this recorder what they say */
  watch<M extends AnyStateMachine>(machine: M): M;
  /** what a gateway says of itself is kept too; one that has this as `inspect` calls it */
  follow(gateway: Followed): void;
  /** keeps that somebody who looks on asked for something */
  asked(what: Extract<Note, { kind: 'asked' }>): void;
  /** the whole recording as NDJSON */
  text(): string;
  /** each line as it comes, with its line end; the answer ends it. A listener must not throw. */
  listen(listener: (line: string) => void): () => void;
  /** the actor of a number, while it lives */
  actor(number: number): Ref | undefined;
  /** how many entries were let go */
  readonly missing: number;
}

/** Machines of one id, and of all, that are kept with their definitions. */
const twinsMost = 20;
const definitionsMost = 500;

const defaults = { entriesMax: 20_000, bytesMax: 8 * 1024 * 1024 };

/**
 * Records from now on.
 *
 *     const recording = recorder();
 *     const service = createGateway({ ...options, inspect: recording });
 *     writeFileSync('flapping.ndjson', recording.text());   // holdfast diagram flapping.ndjson
 *
 * Throws `HF_OPTION_INVALID`, which names the option, the rule and the value.
 */
export function recorder(options: RecorderOptions = {}): Recorder {
  const { entriesMax = defaults.entriesMax, bytesMax = defaults.bytesMax } = options;
  within('entriesMax', entriesMax, 100, 1_000_000);
  within('bytesMax', bytesMax, 64 * 1024, 1024 * 1024 * 1024);
  const { texts = false, wallNow = Date.now } = options;
  const now = options.now ?? (() => performance.now());
  return new LiveRecorder({ allow: options.allow ?? {}, now, texts, wallNow }, [
    entriesMax,
    bytesMax,
  ]);
}

function within(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const rule = `must be a whole number from ${least} to ${most}`;
  throw new HoldfastError('HF_OPTION_INVALID', `${option} ${rule}; got ${value}`, {
    details: { option },
  });
}

class LiveRecorder implements Recorder {
  readonly #allow: Readonly<Record<string, Allow>>;
  readonly #now: () => number;
  readonly #noted: Parameters<typeof follow>[1];
  readonly #begun: number;
  readonly #ring: Ring;
  readonly #watched = new WeakMap<object, Watched>();
  readonly #machines = new WeakMap<object, { name: string; sights: Sights }>();
  readonly #twins = new Map<string, number>();
  readonly #definitions: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  readonly #refs = new Map<number, WeakRef<Ref>>();
  #actors = 0;
  #count = 0;
  /** events that somebody was sent and has not done with */
  #underWay = 0;
  /** what guards have said in the step that is under way, by the definition that has them */
  readonly #verdicts = new Map<unknown, Verdict[]>();

  constructor(
    { allow, now, texts, wallNow }: Required<Omit<RecorderOptions, 'entriesMax' | 'bytesMax'>>,
    [entriesMax, bytesMax]: [number, number],
  ) {
    this.#allow = allow;
    this.#now = now;
    this.#noted = { keep: (note) => this.#keep(note), texts, wallNow };
    this.#begun = now();
    this.#ring = new Ring(entriesMax, bytesMax);
  }

  get missing(): number {
    return this.#ring.missing;
  }

  readonly next = (event: unknown): void => {
    try {
      this.#take(event as Inspected);
    } catch {
      // an event of another version of XState: what is known of it is not told half
    }
  };

  watch<M extends AnyStateMachine>(machine: M): M {
    const guards = Object.entries(
      machine.implementations.guards as Readonly<Record<string, unknown>>,
    );
    const telling = guards.flatMap(([name, guard]) =>
      isGuard(guard) ? [[name, this.#telling(machine.config, name, guard)]] : [],
    );
    return machine.provide({ guards: Object.fromEntries(telling) }) as M;
  }

  #telling(config: unknown, name: string, guard: Guard): Guard {
    return (...args) => {
      const holds = guard(...args);
      const said = this.#verdicts.get(config) ?? [];
      said.push([name, Boolean(holds)]);
      this.#verdicts.set(config, said);
      return holds;
    };
  }

  follow(gateway: Followed): void {
    follow(gateway, this.#noted);
  }

  asked(what: Extract<Note, { kind: 'asked' }>): void {
    this.#keep(what);
  }

  text(): string {
    const header = `${JSON.stringify(headerOf(this.missing))}\n`;
    return [header, ...this.#definitions, ...this.#ring.lines()].join('');
  }

  listen(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  actor(number: number): Ref | undefined {
    return this.#refs.get(number)?.deref();
  }

  // what XState tells ----------------------------------------------------------------------------

  #take(told: Inspected): void {
    const actor = this.#of(told.actorRef);
    if (told.type === '@xstate.event') this.#sent(actor, told);
    else if (told.type === '@xstate.microstep') this.#stepped(actor, told);
    else if (told.type === '@xstate.snapshot') this.#settled(actor, told);
    else if (told.type === '@xstate.action') this.#acted(actor, told);
  }

  /** Known, or made known: who was there before the recorder came is as new. */
  #of(ref: Ref): Watched {
    const known = this.#watched.get(ref);
    if (known !== undefined) return known;
    const parent = ref._parent && this.#of(ref._parent);
    const machine = this.#machineOf(ref.logic);
    const own = /^x:\d+$/.test(ref.id) ? (machine?.name ?? 'actor') : shownText(ref.id);
    const watched: Watched = {
      number: this.#actors,
      path: parent ? `${parent.path}/${own}` : own,
      machine: machine?.name,
      config: isMachine(ref.logic) ? ref.logic.config : undefined,
      sights: machine?.sights ?? parent?.sights ?? sightsOf({ id: '', config: null }, this.#allow),
      ...{ isOver: false, value: '' },
      ...{ context: new Map(), timers: new Map(), under: new Map() },
    };
    this.#actors += 1;
    this.#watched.set(ref, watched);
    this.#refs.set(watched.number, new WeakRef(ref));
    this.#keep({
      ...{ kind: 'spawn', actor: watched.number, path: watched.path },
      ...(parent && { parent: parent.number }),
      ...(machine && { machine: machine.name }),
    });
    return watched;
  }

  #machineOf(logic: unknown) {
    if (!isMachine(logic)) return undefined;
    const known = this.#machines.get(logic.config);
    if (known !== undefined) return known;
    const sights = sightsOf(logic, this.#allow);
    const twins = this.#twins.get(logic.id) ?? 0;
    // made anew each time: they are taken for the first ones, or nothing would bound them
    const isFull = twins >= twinsMost || this.#definitions.length >= definitionsMost;
    if (isFull) return this.#met(logic.config, { name: logic.id, sights });
    this.#twins.set(logic.id, twins + 1);
    const name = twins === 0 ? logic.id : `${logic.id}~${twins + 1}`;
    const entry: Entry = {
      ...this.#stamp(),
      kind: 'machine',
      machine: name,
      model: modelOf(logic, { bare: true }),
    };
    const line = `${JSON.stringify(entry)}\n`;
    this.#definitions.push(line);
    this.#tell(line);
    return this.#met(logic.config, { name, sights });
  }

  #met(config: object, made: { name: string; sights: Sights }) {
    this.#machines.set(config, made);
    return made;
  }

  #sent(to: Watched, { event, sourceRef }: Inspected): void {
    if (event === undefined) return;
    if (event.type === 'xstate.init') {
      this.#begin(to, event, 0);
      return;
    }
    const from = sourceRef && this.#of(sourceRef);
    if (from !== undefined && this.#fired(from, event, to)) return;
    const sights = to.machine === undefined ? (from?.sights ?? to.sights) : to.sights;
    const n = this.#keep({
      ...{ kind: 'sent', to: to.number, event: shownEvent(event, sights) },
      ...(from && { from: from.number }),
      ...(to.isOver && { dropped: true as const }),
      ...this.#rest(),
    });
    if (!to.isOver) this.#begin(to, event, n);
  }

  /** Whoever goes the same way again goes on from there. */
  #rest(): { rest?: true } {
    return this.#underWay === 0 ? { rest: true } : {};
  }

  #begin(actor: Watched, event: object, n: number): void {
    if (!actor.under.has(event)) this.#underWay += 1;
    actor.under.set(event, n);
  }

  #end(actor: Watched, event: object): void {
    if (actor.under.delete(event)) this.#underWay -= 1;
  }

  /** False: it did not come by a timer, or the timer sent it to somebody else. */
  #fired(actor: Watched, event: { type: string }, to: Watched): boolean {
    const [timer, armed] = [...actor.timers].find(([, one]) => one.event === event) ?? [];
    if (timer === undefined || armed === undefined) return false;
    actor.timers.delete(timer);
    const lateMs = rounded(this.#now() - this.#begun - armed.due);
    const n = this.#keep({
      ...{ kind: 'fired', actor: actor.number, timer, lateMs },
      ...(event.type !== timer && { event: shownEvent(event, actor.sights) }),
      ...this.#rest(),
    });
    if (actor !== to) return false;
    this.#begin(actor, event, n);
    return true;
  }

  #stepped(actor: Watched, { event, snapshot, _transitions: taken = [] }: Inspected): void {
    if (event === undefined || event.type === 'xstate.stop') {
      if (event !== undefined) actor.isOver = true;
      return;
    }
    const of = actor.under.get(event) ?? 0;
    this.#keep({
      ...{ kind: 'step', actor: actor.number, event: shownText(event.type) },
      ...(of > 0 && { of }),
      edges: taken.map(identityOf),
      ...this.#said(actor),
      ...changedValue(actor, snapshot),
    });
  }

  #settled(actor: Watched, { event, snapshot }: Inspected): void {
    if (snapshot !== undefined) this.#became(actor, snapshot, event);
    if (event !== undefined) this.#end(actor, event);
  }

  #became(actor: Watched, snapshot: Snapshot, event: object | undefined): void {
    const change = {
      ...this.#said(actor),
      ...changedValue(actor, snapshot),
      ...changedContext(actor, snapshot),
    };
    if (Object.keys(change).length > 0) {
      this.#keep({ kind: 'state', actor: actor.number, ...change });
    }
    if (snapshot.status !== 'active') this.#over(actor, snapshot, event);
  }

  /** `by` is what it took last. */
  #over(actor: Watched, { status, error }: Snapshot, by: object | undefined): void {
    actor.isOver = true;
    this.#refs.delete(actor.number);
    for (const [event, of] of actor.under) {
      this.#underWay -= 1;
      if (event !== by && of > 0) this.#keep({ kind: 'dropped', of, to: actor.number });
    }
    actor.under.clear();
    actor.timers.clear();
    this.#keep({
      ...{ kind: 'stopped', actor: actor.number, how: status === 'active' ? 'stopped' : status },
      ...(status === 'error' && { error: shownError(error) }),
    });
  }

  #acted(actor: Watched, { action }: Inspected): void {
    const { id, sendId, delay, event } = action?.params ?? {};
    const isTimed = action?.type === 'xstate.raise' || action?.type === 'xstate.sendTo';
    if (isTimed && typeof delay === 'number' && isEvent(event)) {
      const timer = id === undefined ? unnamed(actor, event) : shownText(String(id));
      actor.timers.set(timer, { event, due: this.#now() - this.#begun + delay });
      this.#keep({ kind: 'armed', actor: actor.number, timer, ms: delay });
    } else if (action?.type === 'xstate.cancel') {
      const timer = shownText(String(sendId));
      if (!actor.timers.delete(timer)) return;
      this.#keep({ kind: 'cancelled', actor: actor.number, timer });
    }
  }

  #said(actor: Watched): { guards?: Verdict[] } {
    const guards = this.#verdicts.get(actor.config);
    if (guards === undefined) return {};
    this.#verdicts.delete(actor.config);
    return { guards };
  }

  // what is kept ---------------------------------------------------------------------------------

  #stamp(): { n: number; at: number } {
    this.#count += 1;
    return { n: this.#count, at: rounded(this.#now() - this.#begun) };
  }

  #keep(happening: Happening): number {
    const entry: Entry = { ...this.#stamp(), ...happening };
    const line = `${JSON.stringify(entry)}\n`;
    this.#ring.add(line);
    this.#tell(line);
    return entry.n;
  }

  #tell(line: string): void {
    for (const listener of this.#listeners) listener(line);
  }
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;
