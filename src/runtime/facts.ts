/**
 * What is known beside the machines: pids, ports, ends, texts for people. Data only. Promises
 * that whatever belongs to one process or one connection is gone with it; it must never be read
 * to decide what happens next, only to say what happened and to feed the functions of the host.
 */
import type { EndCause, ExitClass } from '../../machines/index.ts';
import type { Ending, Occupant, ServerInfo } from '../ports.ts';
import type { Left } from './custody.ts';
import { History, type Transition } from './history.ts';
import type { Plan } from './options.ts';

export interface ExitRecord {
  pid: number;
  code: number | null;
  signal: string | null;
  class: ExitClass;
  /** because we asked for it */
  expected: boolean;
  /** the last lines it wrote, redacted; complete when nobody is left who could write */
  lastWords: readonly string[];
  /** what the system went through before */
  transitions: readonly Transition[];
  at: number;
}

/** Whether it is the service, or the command that mends its configuration. */
export type Task = 'serve' | 'repair';

export interface ProcessRecord {
  task: Task;
  /** adopted: an earlier host of ours had started it */
  ownership: 'owned' | 'adopted';
  pid: number;
  startedAt: number;
  port: number | undefined;
  groups: Readonly<Record<string, string>>;
  /** null when it was adopted */
  plan: Plan | null;
  /** what it was asked in its own way to make it end */
  drained: string | null;
  /** it was sent the signal that asks it to end */
  terminated: boolean;
  /** why it was not ready when it was asked last */
  unproved: string | null;
}

/** What to run, and the mark that every descendant of it will carry. */
export interface Planned {
  task: Task;
  plan: Plan;
  mark: { name: string; value: string };
}

export interface ConnectionRecord {
  generation: number;
  endpoint: string;
  connectedAt: number;
  server: ServerInfo;
  rttMs: number | null;
}

/** The moments a line of the log speaks of, monotonic milliseconds. */
export interface Moments {
  spawned: number | null;
  ready: number | null;
  dialed: number | null;
  opened: number | null;
  /** when `running` was last left */
  left: number | null;
  stopAsked: number | null;
  /** when the stop that was asked for was done */
  stopped: number | null;
}

export class Facts {
  #clean: (text: string) => string;
  #lastStart: { code: string; message: string } | null = null;
  /** known while the process lives */
  process: ProcessRecord | null = null;
  lastExit: ExitRecord | null = null;
  /** what the last repair came to, until the service is ready */
  repair: { told: string; exit: ExitRecord | null } | null = null;
  /** what the last reload came to; `kept`: why nothing was to be done, if so */
  reload: { told: string; kept: string | null } | null = null;
  /** somebody else's process that does not know how to be asked to end */
  undrainable: { pid: number | undefined; port: number } | null = null;
  /** what the host answered last; the next process is spawned from it */
  planned: Planned | null = null;
  /** what an earlier host has left, until it is taken over or something else is started */
  left: Left | null = null;
  /** whose process it is, while we are attached to somebody else's */
  attached: (Occupant & { port: number; since: number }) | null = null;
  readyLine: string | null = null;
  /** known while a connection is open */
  connection: ConnectionRecord | null = null;
  endpoint: string | null = null;
  /** `at`: wall clock */
  lastEnd: (Ending & { code: number; at: number }) | null = null;
  /** wall clock of the last end by the heartbeat's verdict */
  heartbeatTimeoutAt: number | null = null;
  /** counts sockets that got past hello */
  generation = 0;
  requestsLost = 0;
  /** until when a peer asked for patience, by endpoint, in the milliseconds of the clock's `now` */
  readonly floors = new Map<string, number>();
  moments: Moments = {
    spawned: null,
    ready: null,
    dialed: null,
    opened: null,
    left: null,
    stopAsked: null,
    stopped: null,
  };

  readonly history = new History();

  /** `clean`: every text for people goes through it before it is kept */
  constructor(clean: (text: string) => string = (text) => text) {
    this.#clean = clean;
  }

  /** why the last start could not even spawn or plan */
  get lastStart() {
    return this.#lastStart;
  }

  set lastStart(start: { code: string; message: string } | null) {
    this.#lastStart = start && { ...start, message: this.#clean(start.message) };
  }

  noteEnd(cause: EndCause, because: string, code: number, at: number, floorMs = 0) {
    this.lastEnd = { cause, because: this.#clean(because), code, at, floorMs };
    if (cause === 'dead' || cause === 'mute') this.heartbeatTimeoutAt = at;
  }

  /** The peer there asked for so much patience; what has run out is forgotten. */
  noteFloor(endpoint: string, floorMs: number, now: number) {
    for (const [other, until] of this.floors) if (until <= now) this.floors.delete(other);
    if (floorMs > 0) this.floors.set(endpoint, now + floorMs);
  }

  /** Whole milliseconds that are left of it. */
  floorLeftMs(endpoint: string, now: number): number {
    return Math.max(0, Math.floor((this.floors.get(endpoint) ?? now) - now));
  }
}
