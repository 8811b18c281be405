/**
 * What a host may say, and what happens when it says nothing. Promises to check every option
 * once, at the edge, and to name the option, the rule and the value it got; after that nothing
 * here is read again. It must never start anything.
 */
import { z } from 'zod';
import type {
  BackoffPolicy,
  ExitClass,
  GatewayPolicy,
  HeartbeatPolicy,
  ReconnectPolicy,
  SupervisorPolicy,
} from '../../machines/index.ts';
import { longestMs } from '../../machines/index.ts';
import { HoldfastError } from '../errors.ts';
import type { Clock, Logger, ProcessDriver, Protocol, Random, Transport } from '../ports.ts';

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
  /** a port that is known beforehand, handed to `link.url` */
  port?: number;
  /** how it is proved that the process serves; without it a spawned process is ready */
  ready?: Ready;
  /** runs after the plan, before the spawn, within `planMs` together with it */
  beforeSpawn?: (plan: Plan, request: PlanRequest) => void | Promise<void>;
  stop?: {
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
  /** default 10,000 ms from the spawn to its confirmation by the operating system */
  spawnMs?: number;
  /** default 120,000 ms; cut short by an exit */
  readyMs?: number;
  /** exit codes that starting again cannot cure; default { 78: 'configuration' } */
  exitClasses?: Readonly<Record<number, ExitClass>>;
  /** a sink for every chunk the process writes, as it was written */
  output?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
  driver?: ProcessDriver;
}

/** What `url`, `credentials` and `authorize` are told. */
export interface AttemptRequest extends Found {
  attempt: number;
  /** why this attempt happens, for a person */
  because: string;
  endpoint: string | undefined;
  ownership: 'owned' | 'attached';
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
}

export interface GatewayOptions extends CommonOptions {
  process?: ProcessOptions;
  link?: LinkOptions;
}

/** A number of an option, with its default and the reason for it. */
export interface Default {
  value: number | null;
  min: number;
  max: number;
  why: string;
}

const ms = (value: number, why: string, min = 1): Default => ({ value, min, max: longestMs, why });

/** Every default with its reason; docs/defaults.md is generated from this table. */
export const defaults = {
  cooldownMs: ms(2_500, 'long enough that a burst of changes becomes one restart', 0),
  'process.stop.graceMs': ms(10_000, 'what most servers need to drain', 0),
  'process.stop.killMs': ms(2_000, 'a killed process is gone at once unless the kernel holds it'),
  'process.budget.of': { value: 5, min: 1, max: 100, why: 'five crashes are not bad luck' },
  'process.budget.windowMs': ms(300_000, 'five minutes, sliding'),
  'process.startsMax': { value: 3, min: 1, max: 100, why: 'a start that fails thrice will fail' },
  'process.stableMs': ms(10_000, 'a process that crashes sooner is still starting'),
  'process.planMs': ms(10_000, 'reading a configuration takes less'),
  'process.spawnMs': ms(10_000, 'a loaded machine forks slowly, but it forks'),
  'process.readyMs': ms(120_000, 'cold starts take minutes on slow disks'),
  'process.askMs': ms(1_500, 'one question of a readiness proof'),
  'process.pollMs': ms(200, 'soon enough not to be noticed, rare enough not to load'),
  'backoff.firstMs': ms(500, 'half a second is not felt, and is no hammering'),
  'backoff.maxMs': ms(30_000, 'a laptop that was offline for an hour is back within this'),
  'backoff.factor': { value: 2, min: 1, max: 100, why: 'doubling' },
  'backoff.jitter': { value: 0.5, min: 0, max: 1, why: 'no herd; stretch only' },
  'link.reconnect.attemptsMax': {
    value: null,
    min: 1,
    max: 1_000_000,
    why: 'unlimited: a link must come back by itself',
  },
  'link.reconnect.stableMs': ms(10_000, 'accept-then-close must not look like success'),
  'link.reconnect.pairingMs': ms(30_000, 'a person approves; asking more often helps nobody'),
  'link.limits.lookupMs': ms(10_000, 'url and authorize are functions of the host'),
  'link.limits.openMs': ms(10_000, 'DNS, TCP, TLS and the upgrade together'),
  'link.limits.challengeMs': ms(15_000, 'servers of today wait this long before a hello'),
  'link.limits.credentialsMs': ms(10_000, 'a keychain may ask its user'),
  'link.limits.helloMs': ms(20_000, 'servers answer late while they start'),
  'link.limits.closeMs': ms(250, 'a close frame gets this long, then the socket is reset'),
  'link.limits.messageBytes': {
    value: 26_214_400,
    min: 1_024,
    max: 1_073_741_824,
    why: 'what the first real peer allows',
  },
  'link.limits.queueBytes': {
    value: 8_388_608,
    min: 1_024,
    max: 1_073_741_824,
    why: 'a peer that reads nothing must not fill our memory',
  },
  'heartbeat.everyMs': ms(30_000, 'modes misses and observe'),
  'heartbeat.silenceMs': ms(15_000, 'silence that raises suspicion'),
  'heartbeat.waitMs': ms(5_000, 'for the answer to the first probe'),
  'heartbeat.probeMs': ms(5_000, 'for the answer to the last probe'),
  'heartbeat.missesMax': { value: 3, min: 1, max: 100, why: 'mode misses' },
} as const satisfies Record<string, Default>;

type Name = keyof typeof defaults;

/** How long an announced restart may take, an exit may lag a loss, a ready process may refuse. */
const arbitration = { verdictMs: 1_000, expectMs: 60_000, serveMs: 120_000 };

/** The options, checked and complete. */
export interface Settings {
  name: string;
  luck: number;
  gateway: GatewayPolicy;
  service: SupervisorPolicy | null;
  link: ReconnectPolicy | null;
  process: (ProcessOptions & { exitClasses: Readonly<Record<number, ExitClass>> }) | null;
  linkOptions: (LinkOptions & { messageBytes: number; queueBytes: number }) | null;
}

const fn = z.custom((value) => typeof value === 'function', 'must be a function');
const text = z.string().min(1, 'must not be empty');
/** Known names only, so that a misspelt one is an error; the values are checked by `pick`. */
const only = (...names: string[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, z.unknown().optional()])));
const backoffNames = ['firstMs', 'maxMs', 'factor', 'jitter'];

const processShape = z.strictObject({
  command: z.array(text).min(1, 'must name a program').optional(),
  env: z.record(z.string(), z.string().optional()).optional(),
  cwd: text.optional(),
  plan: fn.optional(),
  port: z.number().int().min(1).max(65_535).optional(),
  ready: z
    .union([
      z.strictObject({ line: z.instanceof(RegExp) }),
      z.strictObject({ http: z.union([text, fn]) }),
      z.strictObject({ protocol: z.literal(true) }),
      z.strictObject({ probe: fn }),
    ])
    .optional(),
  beforeSpawn: fn.optional(),
  stop: only('signal', 'graceMs', 'killMs').optional(),
  budget: only('of', 'windowMs').optional(),
  backoff: only(...backoffNames).optional(),
  startsMax: z.unknown().optional(),
  stableMs: z.unknown().optional(),
  planMs: z.unknown().optional(),
  spawnMs: z.unknown().optional(),
  readyMs: z.unknown().optional(),
  exitClasses: z
    .record(z.string(), z.enum(['clean', 'crash', 'configuration', 'runtime']))
    .optional(),
  output: fn.optional(),
  driver: fn.optional(),
});

const linkShape = z.strictObject({
  url: z.union([text, fn]),
  protocol: z.custom(
    (value) => typeof value === 'object' && value !== null && 'session' in value,
    'must be "plain", "jsonrpc" or a protocol such as openclaw() returns',
  ),
  credentials: fn.optional(),
  authorize: fn.optional(),
  heartbeat: only(
    ...['mode', 'everyMs', 'silenceMs', 'waitMs', 'probeMs', 'probes', 'missesMax'],
  ).optional(),
  reconnect: only(...backoffNames, 'attemptsMax', 'stableMs', 'pairingMs').optional(),
  limits: only(
    ...['lookupMs', 'openMs', 'challengeMs', 'credentialsMs', 'helloMs', 'closeMs'],
    ...['messageBytes', 'queueBytes'],
  ).optional(),
  ws: z.record(z.string(), z.unknown()).optional(),
  tls: z.strictObject({ fingerprint: text.optional() }).optional(),
  transport: fn.optional(),
});

const shape = z.strictObject({
  process: processShape.optional(),
  link: linkShape.optional(),
  name: text.optional(),
  logger: z.unknown().optional(),
  inspect: z.unknown().optional(),
  clock: z.unknown().optional(),
  random: fn.optional(),
  cooldownMs: z.unknown().optional(),
});

/** Throws `HF_OPTION_INVALID`, naming the option, the rule and the value. */
export function settle(options: GatewayOptions, random: Random): Settings {
  const parsed = shape.safeParse(options);
  if (!parsed.success) throw invalidShape(options, parsed.error);
  const { process: service = null, link = null } = options;
  if (service !== null && service.command === undefined && service.plan === undefined) {
    throw invalid('process.command', 'must be given unless process.plan is', undefined);
  }
  return {
    name: options.name ?? 'gateway',
    luck: random(),
    gateway: { ...arbitration, cooldownMs: pick('cooldownMs', options.cooldownMs) },
    service: service === null ? null : servicePolicy(service, link),
    link: link === null ? null : linkPolicy(link),
    process:
      service === null
        ? null
        : { ...service, exitClasses: service.exitClasses ?? { 78: 'configuration' } },
    linkOptions: link === null ? null : { ...link, ...sizes(link) },
  };
}

function servicePolicy(options: ProcessOptions, link: LinkOptions | null): SupervisorPolicy {
  const { stop = {}, budget = {} } = options;
  const readyMs = pick('process.readyMs', options.readyMs);
  const asksOnce = options.ready === undefined || 'line' in options.ready;
  return {
    planMs: pick('process.planMs', options.planMs),
    readyMs,
    askMs: asksOnce ? readyMs : pick('process.askMs', undefined),
    pollMs: pick('process.pollMs', undefined),
    stableMs: pick('process.stableMs', options.stableMs),
    backoff: backoffPolicy('process.backoff', options.backoff ?? {}),
    budget: {
      of: pick('process.budget.of', budget.of),
      windowMs: pick('process.budget.windowMs', budget.windowMs),
    },
    startsMax: pick('process.startsMax', options.startsMax),
    process: {
      spawnMs: pick('process.spawnMs', options.spawnMs),
      stop: {
        graceMs: pick('process.stop.graceMs', stop.graceMs ?? link?.protocol.stopGraceMs),
        killMs: pick('process.stop.killMs', stop.killMs),
      },
    },
  };
}

function linkPolicy(link: LinkOptions): ReconnectPolicy {
  const { reconnect = {}, limits = {} } = link;
  return {
    backoff: backoffPolicy('link.reconnect', reconnect),
    attemptsMax:
      reconnect.attemptsMax === undefined || reconnect.attemptsMax === null
        ? null
        : pick('link.reconnect.attemptsMax', reconnect.attemptsMax),
    stableMs: pick('link.reconnect.stableMs', reconnect.stableMs),
    pairingMs: pick('link.reconnect.pairingMs', reconnect.pairingMs),
    connection: {
      lookupMs: pick('link.limits.lookupMs', limits.lookupMs),
      openMs: pick('link.limits.openMs', limits.openMs),
      challengeMs: pick('link.limits.challengeMs', limits.challengeMs),
      credentialsMs: pick('link.limits.credentialsMs', limits.credentialsMs),
      helloMs: pick('link.limits.helloMs', limits.helloMs),
      closeMs: pick('link.limits.closeMs', limits.closeMs),
      heartbeat: heartbeatPolicy(link),
    },
  };
}

function heartbeatPolicy(link: LinkOptions): HeartbeatPolicy {
  const own = { ...link.protocol.heartbeat, ...link.heartbeat };
  const mode = own.mode ?? 'probe';
  if (!['probe', 'misses', 'observe', 'off'].includes(mode)) {
    throw invalid('link.heartbeat.mode', 'must be probe, misses, observe or off', mode);
  }
  const probes = own.probes ?? 2;
  if (probes !== 1 && probes !== 2)
    throw invalid('link.heartbeat.probes', 'must be 1 or 2', probes);
  const policy = {
    mode,
    probes,
    everyMs: pick('heartbeat.everyMs', own.everyMs),
    silenceMs: pick('heartbeat.silenceMs', own.silenceMs),
    waitMs: pick('heartbeat.waitMs', own.waitMs),
    probeMs: pick('heartbeat.probeMs', own.probeMs),
    missesMax: pick('heartbeat.missesMax', own.missesMax),
  };
  if ((mode === 'misses' || mode === 'observe') && policy.waitMs >= policy.everyMs) {
    throw invalid(
      'link.heartbeat.waitMs',
      `must be below everyMs (${policy.everyMs})`,
      policy.waitMs,
    );
  }
  return policy;
}

function backoffPolicy(path: string, options: BackoffOptions): BackoffPolicy {
  const policy = {
    firstMs: pick('backoff.firstMs', options.firstMs, path),
    maxMs: pick('backoff.maxMs', options.maxMs, path),
    factor: pick('backoff.factor', options.factor, path),
    jitter: pick('backoff.jitter', options.jitter, path),
  };
  if (policy.maxMs < policy.firstMs) {
    throw invalid(`${path}.maxMs`, `must not be below firstMs (${policy.firstMs})`, policy.maxMs);
  }
  return policy;
}

function sizes({ limits = {} }: LinkOptions): { messageBytes: number; queueBytes: number } {
  return {
    messageBytes: pick('link.limits.messageBytes', limits.messageBytes),
    queueBytes: pick('link.limits.queueBytes', limits.queueBytes),
  };
}

/** The given value when it obeys the rule of `name`, its default when there is none. */
function pick(name: Name, given: unknown, path?: string): number {
  const rule: Default = defaults[name];
  if (given === undefined) return rule.value ?? 0;
  const shown = path === undefined ? name : `${path}.${name.slice(name.lastIndexOf('.') + 1)}`;
  const whole = !name.endsWith('factor') && !name.endsWith('jitter');
  if (
    typeof given !== 'number' ||
    !(given >= rule.min && given <= rule.max) ||
    (whole && !Number.isInteger(given))
  ) {
    const kind = whole ? 'a whole number' : 'a number';
    throw invalid(shown, `must be ${kind} from ${rule.min} to ${rule.max}`, given);
  }
  return given;
}

function invalidShape(options: unknown, error: z.ZodError): HoldfastError {
  const issue = deepest(error.issues[0]);
  const path = issue?.path.map(String).join('.') || 'options';
  const value = issue?.path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    options,
  );
  return invalid(path, issue?.message ?? 'is not understood', value);
}

/** Of a union's issues the first one of its first branch says most. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
  const inner = issue.errors[0]?.[0];
  return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] };
}

/** A secret must not travel in an error, so strings are shown by type and length only. */
export function invalid(option: string, rule: string, value: unknown): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${option} ${rule}; got ${show(value)}`, {
    details: { option, rule },
  });
}

function show(value: unknown): string {
  if (typeof value === 'string')
    return value === '' ? 'an empty text' : `a text of ${value.length}`;
  if (value === null || ['number', 'boolean', 'undefined'].includes(typeof value)) {
    return String(value);
  }
  return Array.isArray(value) ? `an array of ${value.length}` : `a ${typeof value}`;
}
