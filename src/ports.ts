/**
 * The edges of Holdfast: what a driver, a protocol or a host must provide. Types only. Nothing
 * here decides when something happens; the machines do. Every function a driver calls back is
 * called at most as often as its comment says, never after `release`, and never throws.
 */
import type { EndCause, HeartbeatPolicy, SocketReport } from '../machines/contracts.ts';

/** The only source of time. `now` never jumps: it is for durations, never for dates. */
export interface Clock {
  /** monotonic milliseconds; stands still or not while the host sleeps, the driver copes */
  now(): number;
  /** wall clock, milliseconds since 1970: for display and for signed timestamps only */
  wallNow(): number;
  /** `ms` at most 2^31 - 1; a late timer first reports `onResume`, then fires if still armed */
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(id: unknown): void;
}

/** Runs `task` soon, outside the caller's stack: a microtask in life, a queue in a simulator. */
export type Defer = (task: () => void) => void;

/** A number in [0, 1). */
export type Random = () => number;

// transport -------------------------------------------------------------------------------------

export interface TransportTarget {
  url: string;
  headers?: Record<string, string>;
  subprotocols?: string[];
  agent?: unknown;
  ca?: string | Uint8Array | (string | Uint8Array)[];
  /** SHA-256 of the peer's leaf certificate (hex, colons optional); checked before the upgrade */
  fingerprint?: string;
  /** bytes of one inbound message; a larger one closes the connection with 1009 */
  maxPayloadBytes: number;
}

/** How one transport ended. `code` 1006 when no close frame was seen. */
export interface TransportEnd {
  code: number;
  reason: string;
  /** HTTP status when the upgrade was refused */
  status?: number;
  /** the socket's own error, as code and message, free of secrets */
  error?: { code: string; message: string };
}

export interface TransportEvents {
  /** once, if ever */
  opened(): void;
  /** after `opened`, before `closed` */
  frame(data: string | Uint8Array): void;
  /** the peer sent a ping or a pong */
  sign(kind: 'ping' | 'pong'): void;
  /** exactly once, whatever happened, unless `reset` came first */
  closed(end: TransportEnd): void;
}

export interface TransportHandle {
  /** `done` is called once: with the error when the frame was not handed to the kernel */
  send(data: string | Uint8Array, done?: (error?: Error) => void): void;
  ping(): void;
  /** sends a close frame; `closed` follows when the peer answers or the socket dies */
  close(code: number, reason: string): void;
  /** ends it now with a TCP reset where the socket allows; idempotent; no event follows */
  reset(): void;
  /** bytes accepted by `send` and not yet handed to the kernel */
  readonly bufferedBytes: number;
}

export type Transport = (target: TransportTarget, events: TransportEvents) => TransportHandle;

// process ---------------------------------------------------------------------------------------

/** What to run. Units in the names; `env` is complete, nothing is merged in by the driver. */
export interface LaunchPlan {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** sent to the whole group first; default SIGTERM */
  stopSignal?: NodeJS.Signals;
  /** environment mark (name and value) that every descendant inherits; leftovers carry it */
  mark: { name: string; value: string };
}

export interface ProcessEvents {
  /** once, with the pid; or `failed` */
  spawned(pid: number): void;
  /** once: there is no process, and there will be none */
  failed(error: { code: string; message: string }): void;
  /**
   * every chunk as it was written, before the lines in it; it is the consumer's to copy. A promise
   * holds up the reading of that stream until it settles, as long as somebody can write to it
   */
  output?(stream: 'stdout' | 'stderr', chunk: Uint8Array): void | Promise<void>;
  /** a whole line without its end; at most 16 KiB, a longer one ends ` [line cut at 16 KiB]` */
  line(stream: 'stdout' | 'stderr', text: string): void;
  /** once: the process itself is gone */
  exited(exit: { code: number | null; signal: NodeJS.Signals | null }): void;
  /** once, after `exited` or `failed`: no member of its group, no carrier of its mark is left */
  empty(): void;
}

export interface ProcessHandle {
  /** `stopSignal` to the group; nothing happens when it is already gone */
  terminate(): void;
  /** SIGKILL to the group and to every carrier of the mark */
  kill(): void;
  /**
   * that signal to the process itself and to nobody else, for a reload; throws when it is not
   * there. Absent where there are no signals
   */
  signal?(name: NodeJS.Signals): void;
  /**
   * to its stdin, which stays open; `null` closes it. Throws when it is not there; absent where
   * that stdin is not ours
   */
  write?(text: string | null): void;
  /** kill without events: the last resort of a cleanup or of `process.on('exit')`; synchronous */
  release(): void;
}

/** What a driver can do; whoever wants to know asks this, and never which system it runs on. */
export interface ProcessCapabilities {
  /** `terminate` sends the signal that a plan names; without it, it asks in a way of its own */
  readonly signals: boolean;
  /** the child has a stdin that stays open and ends with us, which tells it of our death */
  readonly stdin: boolean;
  /** what the child starts shares a group with it, and hears `terminate` too */
  readonly group: boolean;
}

export interface ProcessDriver {
  /** Starts what the plan says; every event comes later, never from inside this call. */
  (plan: LaunchPlan, events: ProcessEvents): ProcessHandle;
  /** when it says nothing, it can do all of it */
  readonly can?: ProcessCapabilities;
  /** what it knows of processes that it did not start; without it nobody is looked for */
  readonly census?: Census;
}

/** A process, told apart from every later one with the same number. */
export interface Identity {
  pid: number;
  /** opaque: equal for the same process since the same boot, and for no other */
  start: string;
}

/** Who listens on a port, as far as the system tells. */
export interface Occupant {
  pid?: number;
  /** its name, without arguments */
  program?: string;
}

/** A process that somebody else started, and that is ours to end. */
export interface Claim {
  /** null: only what carries the mark is left */
  identity: Identity | null;
  /** null: a stranger, of whom no descendant is known */
  mark: { name: string; value: string } | null;
  /** as in a launch plan */
  stopSignal?: NodeJS.Signals;
}

/** Processes that this host did not start. */
export interface Census {
  /** this host; undefined where nobody can be told apart */
  self(): Identity | undefined;
  /** undefined when there is no such process, or the system does not say when it began */
  identify(pid: number): Identity | undefined;
  /** does anybody but us carry the mark? */
  carries(mark: { name: string; value: string }): boolean;
  /** who listens on a port of this machine; null: nobody */
  occupant(port: number, signal: AbortSignal): Promise<Occupant | null>;
  /** as a spawn, with the same events; the code of an exit is not known */
  adopt(claim: Claim, events: ProcessEvents): ProcessHandle;
  /** where it is written down what is left running when this host is killed */
  records(folder: string): PrivateFolder;
}

/** Small private files, one per name: see `privateFiles`. */
export interface PrivateFolder {
  /** null when there is no such file */
  read(name: string): Promise<string | null>;
  /** false when there is one already, which is left alone */
  create(name: string, contents: string): Promise<boolean>;
  replace(name: string, contents: string): Promise<void>;
  remove(name: string): Promise<void>;
}

// logging ---------------------------------------------------------------------------------------

/** Any pino-like logger. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LineLevel = 'drop' | 'debug' | 'info' | 'warn' | 'error';

/** How a line that a process wrote is logged; nothing leaves it to whoever is asked next. */
export type Classify = (line: string, stream: 'stdout' | 'stderr') => LineLevel | undefined;

/**
 * What an exit means, by the lines that the process wrote last (at most 500, oldest first); nothing
 * leaves it to whoever is asked next. Asked when its code is neither 0 nor in `exitClasses`
 */
export type ClassifyExit = (exit: {
  code: number | null;
  signal: string | null;
  lines: readonly string[];
  /** it had been ready before */
  wasReady: boolean;
}) => 'clean' | 'crash' | 'configuration' | 'runtime' | undefined;

// protocol --------------------------------------------------------------------------------------

/** What a session hands to the consumer; never through a machine. */
export type Inbound =
  | { kind: 'answer'; id: string; ok: true; payload: unknown }
  | { kind: 'answer'; id: string; ok: false; error: PeerError }
  | { kind: 'event'; name: string; payload: unknown; seq?: number }
  | { kind: 'message'; data: unknown };

/** An error the peer declared. */
export interface PeerError {
  code: string | number;
  message: string;
  details?: unknown;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** What the peer said of itself in its hello; every field as far as the protocol knows it. */
export interface ServerInfo {
  version?: string;
  bootId?: string;
  connId?: string;
}

/** What one session may do with the socket it lives on. All calls are safe at any time. */
export interface SessionHost {
  readonly attempt: number;
  readonly endpoint: string;
  readonly clock: Clock;
  /** a fresh identifier, unique for the life of the host process */
  uuid(): string;
  /** before hello: written at once; a session sends nothing else by itself after hello */
  send(frame: string | Uint8Array): void;
  /**
   * A fact for the lifecycle; posted in order, outside the caller's stack. `because` says for a
   * person why the peer refuses or leaves: redacted, bounded.
   */
  post(fact: SocketReport, because?: string): void;
  deliver(inbound: Inbound): void;
  /** What is written for the next time: a stop waits until it is done, at most a second. */
  saving(work: Promise<unknown>): void;
  diagnose(level: 'debug' | 'info' | 'warn' | 'error', code: string, message: string): void;
}

/** How a connection ended, in the words of the lifecycle. */
export interface Ending {
  cause: EndCause;
  floorMs: number;
  /** for people: what the peer said, redacted and bounded */
  because: string;
}

/** One protocol session on one socket. Bytes of the peer are hostile: nothing here may throw. */
export interface Session {
  /** the transport is open */
  opened(): void;
  /** asks for credentials through `ask`, and prepares the hello; may reject with HoldfastError */
  credentials(ask: () => Promise<unknown>): Promise<void>;
  /** sends the hello */
  hello(): void;
  /** one inbound frame, in order, also before hello */
  frame(data: string | Uint8Array): void;
  /** what the end of the transport means */
  ended(end: TransportEnd): Ending;
  /** the close code and reason for an end of ours */
  closing(why: 'closed' | 'refused' | 'timeout'): { code: number; reason: string };
  /** undefined when the protocol has no requests */
  readonly request?: (id: string, method: string, params: unknown) => string | Uint8Array;
  /** an active question beyond the WebSocket ping, when the peer says that it can answer one */
  probe(): { method: string; params: unknown } | undefined;
  /** known once accepted */
  readonly server: ServerInfo;
}

export interface Protocol {
  readonly name: string;
  /** defaults for this protocol; the user's options win */
  readonly heartbeat: Partial<HeartbeatPolicy>;
  /** grace between the terminate signal and the kill that suits its services, milliseconds */
  readonly stopGraceMs?: number;
  /** how the lines of its services are logged, where the host says nothing */
  readonly classify?: Classify;
  /** what the exits of its services mean, where neither the host nor the code says it */
  readonly classifyExit?: ClassifyExit;
  session(host: SessionHost): Session;
}
