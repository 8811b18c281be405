/**
 * What a host may say. Types only, with units in the names; what holds when nothing is said is
 * in defaults.ts, and settings.ts checks it.
 */
import type { ExitClass, HeartbeatPolicy } from '../../machines/index.ts';
import type {
  Classify,
  ClassifyExit,
  Clock,
  Logger,
  ProcessDriver,
  Protocol,
  Random,
  Transport,
} from '../ports.ts';

/** What a plan function is told. */
export interface PlanRequest {
  /** 1 for the first start, counted since the service was last stable */
  attempt: number;
  /** why this start happens, for a person */
  because: string;
  /** aborts when the answer is no longer wanted */
  signal: AbortSignal;
}

/** What to run. */
export interface Plan {
  /** program and arguments; no shell */
  command: readonly [string, ...string[]];
  /** merged over the host's environment; `undefined` removes a variable */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
}

export type Ready =
  /** a line of stdout or stderr; named groups are handed to `link.url` */
  | { line: RegExp }
  /** a GET that answers 2xx; `PORT` may stand for the port found so far */
  | { http: string | ((found: Found) => string) }
  /** the link's protocol shows its challenge, or accepts */
  | { protocol: true }
  /** any active check of yours */
  | { probe: (found: Found & { signal: AbortSignal }) => boolean | Promise<boolean> };

/** What the start of the process has shown so far. */
export interface Found {
  pid: number | undefined;
  port: number | undefined;
  groups: Readonly<Record<string, string>>;
}

export interface BackoffOptions {
  /** default 500 ms */
  firstMs?: number;
  /** default 30,000 ms; the cap before jitter */
  maxMs?: number;
  /** default 2 */
  factor?: number;
  /** 0 to 1, default 0.5: how much a delay may be stretched; it is never shortened */
  jitter?: number;
}

export interface ProcessOptions {
  /** program and arguments; or give `plan` */
  command?: readonly [string, ...string[]];
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** asked at every spawn, within `planMs`; its answer wins over command, env and cwd */
  plan?: (request: PlanRequest) => Plan | Promise<Plan>;
  /**
   * a port of this machine that is known beforehand, handed to `link.url`. Before a start it is
   * looked who listens there: see `foreign`
   */
  port?: number;
  /**
   * what becomes of somebody else's process that listens on `port`. `attach` (default): used when
   * it gives the proof of `ready` (HTTP, protocol or probe), never stopped and never replaced.
   * `refuse`: the start fails. `end`: it is ended as one of ours would be. Who is not attached to
   * and not ended is waited for, `portMs`
   */
  foreign?: 'attach' | 'refuse' | 'end';
  /**
   * a folder of yours (made with 0700) for the record that lets the next host find what this one
   * leaves running when it is killed. Two services in one folder need different `name`s
   */
  custodyDir?: string;
  /** what is found so and had been ready: `true` (default) takes it over, `false` ends it first */
  adopt?: boolean;
  /** how it is proved that the process serves; without it a spawned process is ready */
  ready?: Ready;
  /** runs after the plan, before the spawn, within `planMs` together with it */
  beforeSpawn?: (plan: Plan, request: PlanRequest) => void | Promise<void>;
  stop?: {
    /**
     * how it is asked to end before any signal: see `Graceful`. A request is not part of `quit()`
     * and `dispose()`, which reset the connection at once
     */
    graceful?: Graceful;
    /** from that to the signal, default 5,000 ms; over at once when it ends, or cannot be asked */
    drainMs?: number;
    /** default SIGTERM */
    signal?: NodeJS.Signals;
    /** from that signal to SIGKILL, default 10,000 ms or what the protocol knows better */
    graceMs?: number;
    /** from SIGKILL to the finding that it did not help, default 2,000 ms */
    killMs?: number;
  };
  /** default 5 restarts in 300,000 ms; then `failed`, until somebody starts it again */
  budget?: { of?: number; windowMs?: number };
  backoff?: BackoffOptions;
  /** starts in a row that may fail before the first one gets ready, default 3 */
  startsMax?: number;
  /** ready for so long forgets earlier waits, default 10,000 ms */
  stableMs?: number;
  /** default 10,000 ms for `plan` and `beforeSpawn` */
  planMs?: number;
  /** milliseconds that somebody else may hold `port` before a start is given up, default 10,000 */
  portMs?: number;
  /** default 10,000 ms from the spawn to its confirmation by the operating system */
  spawnMs?: number;
  /** default 120,000 ms; cut short by an exit */
  readyMs?: number;
  /**
   * a command that mends a configuration which the process refuses (exit class `configuration`):
   * asked for within `planMs`, run at most once until it was ready, and followed by one more start
   * when it exits with 0. `null` says that there is nothing to mend. Without it, and in every other
   * case, the service is `failed`
   */
  repair?: (request: PlanRequest) => Plan | null | Promise<Plan | null>;
  /** from the spawn of that command to its SIGKILL, default 120,000 ms */
  repairMs?: number;
  /**
   * how it reads its configuration anew when `reload()` is called, or a function that says so at
   * that moment. `restart` (default): it is replaced. `off`: nothing is done
   */
  reload?: Reload | ((found: Found) => Reload | Promise<Reload>);
  /** for the whole of a reload and its proof, default 10,000 ms */
  reloadMs?: number;
  /** exit codes that starting again cannot cure; default { 78: 'configuration' } */
  exitClasses?: Readonly<Record<number, ExitClass>>;
  /** what an exit means whose code says nothing, by the lines before it; else the protocol knows */
  classifyExit?: ClassifyExit;
  /** a sink for every chunk the process writes, as it was written */
  output?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
  /**
   * how a line it writes is logged: the line as it is stored, without secrets and escapes. Nothing
   * leaves it to the protocol, and then to the stream: stdout is `debug`, stderr `warn`. A line
   * that is dropped is still among the last words
   */
  classify?: Classify;
  driver?: ProcessDriver;
}

/** How a running process is told something. */
export type Way =
  /** to the process itself, not to its group */
  | { signal: NodeJS.Signals }
  /** on the link, while that is open */
  | { request: string; params?: unknown }
  /** written to its stdin; `null` closes it. Only of a process that this host has started */
  | { stdin: string | null }
  /** must exit with 0 */
  | { command: readonly [string, ...string[]] }
  | { run: (found: Found & { signal: AbortSignal }) => void | Promise<void> };

/**
 * How a process is asked to end in its own way. The link stays open until a request of that kind
 * has led to its end, so that what is under way is still answered. `attached: true` asks somebody
 * else's process too, which is left alone otherwise; it never gets a signal
 */
export type Graceful = Way & { attached?: boolean };

/**
 * One way to have a process read its configuration: a signal to the process itself, a request on
 * the link, a command that must exit with 0, or a function. It must outlive that for 1,500 ms, and
 * then it is proved again that it serves (`ready` with http, protocol or probe). `orElse`:
 * what follows when it did not work, a restart (default) or nothing
 */
export type Reload =
  | 'off'
  | 'restart'
  | (Exclude<Way, { stdin: string | null }> & { orElse?: 'restart' | 'keep' });

/** What `url`, `credentials` and `authorize` are told. */
export interface AttemptRequest extends Found {
  attempt: number;
  /** why this attempt happens, for a person */
  because: string;
  endpoint: string | undefined;
  ownership: 'owned' | 'adopted' | 'attached';
  signal: AbortSignal;
}

export interface LinkOptions {
  /** ws, wss, http or https; asked at every attempt when it is a function */
  url: string | ((request: AttemptRequest) => string | URL | Promise<string | URL>);
  protocol: Protocol;
  credentials?: (request: AttemptRequest) => unknown;
  /** asked after the wait, before a socket opens; anything but `true` fails closed */
  authorize?: (request: AttemptRequest) => boolean | Promise<boolean>;
  heartbeat?: Partial<HeartbeatPolicy>;
  reconnect?: BackoffOptions & {
    /** default: unlimited */
    attemptsMax?: number | null;
    /** open for so long forgets earlier failures, default 10,000 ms */
    stableMs?: number;
    /** between attempts while a person has to approve this device, default 30,000 ms */
    pairingMs?: number;
  };
  limits?: {
    /** each defaults to its row in docs/defaults.md */
    lookupMs?: number;
    openMs?: number;
    challengeMs?: number;
    credentialsMs?: number;
    helloMs?: number;
    closeMs?: number;
    /** bytes of one inbound message, default 26,214,400 */
    messageBytes?: number;
    /** bytes that may wait to be written, default 8,388,608 */
    queueBytes?: number;
  };
  ws?: {
    headers?: Record<string, string>;
    agent?: unknown;
    ca?: string | Uint8Array | (string | Uint8Array)[];
    subprotocols?: string[];
  };
  tls?: { fingerprint?: string };
  transport?: Transport;
}

export interface CommonOptions {
  /** names the system in logs and errors, default "gateway" */
  name?: string;
  logger?: Logger;
  /** passed to XState's `createActor`: an observer or a function of inspection events */
  inspect?: unknown;
  clock?: Clock;
  random?: Random;
  /** milliseconds between two restarts that somebody asked for, default 2,500 */
  cooldownMs?: number;
  /** who is right when a process and its link disagree */
  arbitration?: {
    /** how long a lost link waits for the exit that may explain it, default 1,000 ms */
    verdictMs?: number;
    /** how long a restart that the peer announced may take, default 60,000 ms */
    expectMs?: number;
    /** how long a ready process may refuse every connection, default 120,000 ms */
    serveMs?: number;
  };
}

export interface GatewayOptions extends CommonOptions {
  process?: ProcessOptions;
  link?: LinkOptions;
}
