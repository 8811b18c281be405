/**
 * What a user of the kernel writes and reads: the world (machines, what the outside may do to
 * each leaf, what the user may ask), the promises to check, and the verdict. Types only. Nothing
 * here knows how a state is stored, and no name here is one of XState's internals.
 */
import type { AnyStateMachine, StateValue } from 'xstate';
import type { Reach } from './reached.ts';

export interface Message {
  type: string;
  [key: string]: unknown;
}

/** One thing the outside may do to a leaf in a given state. */
export interface Emission {
  /** posted to the owner as `{type: 'from.<id>', gen, report}`; by a `plain` leaf as it is */
  report: Message;
  next: string;
  /** fields of the report that nobody reads who hears it then: it stands for every value */
  unread?: readonly string[];
  /** `liveness`: it does not happen in a world that behaves; every search follows it */
  fault?: boolean;
}

/** The outside as one leaf sees it: an automaton, no memory but its state. */
export interface Leaf {
  /** a function may choose by the input it was invoked with */
  initial: string | ((input: Readonly<Record<string, unknown>>) => string);
  /** state → what may happen next; every entry may happen at any moment, or never */
  emits: Readonly<Record<string, readonly Emission[]>>;
  /** state → command (or order) type → next state; what is not listed is ignored */
  receives?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** does it hold a resource of the operating system? */
  live?: (state: string) => boolean;
  /** takes orders: each one's generation is stamped on the reports that follow it */
  echoesOrders?: boolean;
  /** posts bare events, as `sendBack` does; for a promise `xstate.done.actor.<id>` or `…error…` */
  plain?: boolean;
  /** it has to come to its own end: to stop it in such a state breaks `not-abandoned` */
  mustEnd?: (state: string) => boolean;
  /** what its cleanup posts at once when it is stopped: that breaks `silent-once-stopped` */
  parting?: Message;
  /** of one that takes orders: what `receives` lists and comes without an envelope */
  hints?: readonly string[];
}

export interface MachineRole {
  /** the actor `src` by which a parent invokes it */
  name: string;
  machine: AnyStateMachine;
  /** merges contexts that differ only in what no step depends on; `gen` and `gens` always count */
  ctxKey?(context: object): unknown;
}

export interface LeafRole {
  name: string;
  leaf: Leaf;
}

export type Role = MachineRole | LeafRole;

/** Something the user may send to the root. */
export interface UserCommand {
  event: Message;
  /** how often; without it any number of times */
  max?: number;
}

export interface World {
  roles: readonly Role[];
  /** name of the role that is the root actor */
  root: string;
  input?: unknown;
  user: readonly UserCommand[];
  /** `liveness`: delays that wait for an answer and lose to it; every other is a plain wait */
  deadlines?: readonly string[];
}

export interface TimerView {
  id: string;
  /** name of the delay, or its number of milliseconds when it has none */
  delay: string;
}

export interface ActorView {
  /** `gateway/link/connection`: the root's role, then child ids */
  path: string;
  role: string;
  /** of a leaf: its automaton's state */
  value: StateValue;
  /** generations are renamed: 1 is the one in force, 0 any other; empty for a leaf */
  context: Readonly<Record<string, unknown>>;
  tags: ReadonlySet<string>;
  timers: readonly TimerView[];
  /** a leaf that holds a resource */
  live: boolean;
  /** `matches('up.fresh')`, as on a snapshot; of a leaf: is it in this state */
  matches(state: string): boolean;
}

export interface MessageView {
  /** undefined: the sender has been stopped */
  from: string | undefined;
  to: string;
  event: Message;
}

/** One state of the whole system, to be read by a promise. */
export interface View {
  actors: readonly ActorView[];
  at(path: string): ActorView | undefined;
  liveLeaves: number;
  armedTimers: number;
  inFlight: number;
  messages(): readonly MessageView[];
  /** what may happen next, as the trace would print it */
  moves(): readonly string[];
}

/** undefined when all is well, otherwise what is wrong. */
export type Check = (view: View) => string | undefined;

export type MoveKind = 'user' | 'world' | 'timer' | 'delivery';

/** From every state (for which `from` holds) some state for which `holds` is reachable. */
export interface Goal {
  from?: (view: View) => boolean;
  holds: (view: View) => boolean;
  /** which moves may be used on the way; all when absent */
  by?: readonly MoveKind[];
}

/** Once the world behaves and the user is quiet, `holds` comes again and again, or `from` ends. */
export interface Eventually {
  id: string;
  from?: (view: View) => boolean;
  holds: (view: View) => boolean;
}

/** A machine before or after a step. */
export type StepState = Pick<ActorView, 'value' | 'context' | 'matches'>;

/** About every single step of one role, whatever the rest of the system does. */
export interface StepPromise {
  role: string;
  /** `event` as it arrives, in its envelope */
  check(before: StepState, after: StepState, event: Message): string | undefined;
}

export interface Promises {
  /** in every state */
  always?: Readonly<Record<string, Check>>;
  /** in every state with nothing in flight */
  atRest?: Readonly<Record<string, Check>>;
  goals?: Readonly<Record<string, Goal>>;
  steps?: Readonly<Record<string, StepPromise>>;
}

export interface Bounds {
  /** async: the world, timers and the user move only while fewer messages are in flight */
  inFlight?: number;
  /** rtc: a leaf moves only while fewer of its kind's posts wait in the queue (default 2) */
  posts?: number;
  /** messages in one channel or mailbox; a step that needs more is an overflow (default 12) */
  channel?: number;
  /**
   * async: what an actor has sent goes with it when it is stopped (default false). It leaves out
   * only what `stale-is-inert` says changes nothing, and must not be used to prove that.
   */
  dropDead?: boolean;
  maxStates?: number;
  maxDepth?: number;
}

export interface ExploreOptions extends Bounds {
  /**
   * `async`: one FIFO channel per sender and receiver, merged in every order.
   * `rtc`: XState's own order inside one process, with the posts of leaves queued.
   */
  delivery: 'async' | 'rtc';
  promises?: Promises;
  /** states outside are counted in `cut` and not expanded */
  within?: (view: View) => boolean;
}

/** One message in words; without a sender it came from a stopped actor. */
export interface Sent {
  from: string | undefined;
  to: string;
  says: string;
}

/**
 * What happened to others during a move: a message was sent (and `waits` for a later move to
 * arrive), an actor began or was stopped.
 */
export type Happening =
  | ({ kind: 'sent'; waits: boolean } & Sent)
  | { kind: 'began' | 'ended'; path: string };

/** One move of a trace, and what it led to. */
export interface TraceStep extends Sent {
  kind: MoveKind;
  /**
   * `user → gateway: start`, `timer of gateway/link: retry` …: the name of the move, unique in
   * its state, by which it is found again
   */
  what: string;
  /** every message that was sent meanwhile, in order */
  sends: readonly string[];
  /** the same messages, and the actors that came and went, in order */
  happened: readonly Happening[];
  /** each actor whose state or timers differ from before, as in `state` */
  changed: readonly string[];
  /** the state after it, in one line */
  state: string;
}

/** A broken promise. */
export interface Finding {
  /** one of the kernel's own (`stale-is-inert` …) or a name of `promises` */
  guarantee: string;
  message: string;
}

export interface Violation extends Finding {
  trace: readonly TraceStep[];
}

/** How far a search has come. */
export interface Progress {
  states: number;
  edges: number;
  depth: number;
  ms: number;
}

export interface RoleCoverage {
  transitions: number;
  /** never taken in any explored step: `state, event, guard, target` in words */
  never: readonly string[];
  /** by identity: in how many different steps each was taken, or active */
  reach: Reach;
}

export interface Result {
  states: number;
  edges: number;
  depth: number;
  ms: number;
  /** states that were not expanded because of `maxStates`, `maxDepth` or `within` */
  cut: number;
  /** moves that were not followed because a channel or mailbox was full */
  overflow: number;
  /** in force, defaults filled in; null means without bound */
  bounds: Readonly<Record<string, number | null>>;
  /** XState steps really run; everything else came from the memo */
  coldSteps: number;
  snapshotsPerRole: Readonly<Record<string, number>>;
  coverage: Readonly<Record<string, RoleCoverage>>;
  /** bytes held by states, edges and index at the end */
  bytes: number;
  violation?: Violation;
}

export interface LivenessOptions extends Omit<Bounds, 'maxDepth'> {
  delivery: 'async' | 'rtc';
  goal: Eventually;
}

/** The stem is a shortest way in; the loop can be repeated for ever, empty where nothing moves. */
export interface Lasso {
  goal: string;
  stem: readonly TraceStep[];
  loop: readonly TraceStep[];
}

export interface LivenessResult {
  states: number;
  /** states of the promise's concern: `from` holds, and `holds` does not */
  outside: number;
  /** cycles found among them, fair or not */
  components: number;
  ms: number;
  /** states not expanded because of `maxStates`; what they lead to is unknown */
  cut: number;
  /** moves that were not followed because a channel or mailbox was full */
  overflow: number;
  violation?: Lasso;
}
