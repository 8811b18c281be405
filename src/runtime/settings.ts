/**
 * Every option, checked once, at the edge, and complete from then on. Promises an error that
 * names the option, the rule and the value; a misspelt name is an error too. It must never start
 * anything.
 */
import { constants } from 'node:os';
import { z } from 'zod';
import type {
  BackoffPolicy,
  ExitClass,
  GatewayPolicy,
  HeartbeatPolicy,
  ReconnectPolicy,
  SupervisorPolicy,
} from '../../machines/index.ts';
import type { HoldfastError } from '../errors.ts';
import type { Random } from '../ports.ts';
import { invalid, pick } from './defaults.ts';
import { isolated } from './dispatcher.ts';
import { checkGraceful } from './drain.ts';
import { exitClasses } from './exit-class.ts';
import { messageOf } from './host.ts';
import type { BackoffOptions, GatewayOptions, LinkOptions, ProcessOptions } from './options.ts';
import { checkReload } from './reload.ts';

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
/** Any object, of whatever class, with these functions. */
const has = (...names: string[]) =>
  z.custom(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === 'function'),
    `must have ${names.join(', ')}`,
  );
const backoffNames = ['firstMs', 'maxMs', 'factor', 'jitter'];

const processShape = z.strictObject({
  command: z.array(text).min(1, 'must name a program').optional(),
  env: z.record(z.string(), z.string().optional()).optional(),
  cwd: text.optional(),
  plan: fn.optional(),
  port: z
    .custom(
      (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536,
      'must be a whole number from 1 to 65535',
    )
    .optional(),
  ready: z
    .union(
      [
        z.strictObject({ line: z.instanceof(RegExp) }),
        z.strictObject({ http: z.union([text, fn], 'must be a URL or a function') }),
        z.strictObject({ protocol: z.literal(true) }),
        z.strictObject({ probe: fn }),
      ],
      'must be { line }, { http }, { protocol: true } or { probe }',
    )
    .optional(),
  foreign: z.enum(['attach', 'refuse', 'end']).optional(),
  custodyDir: text.optional(),
  adopt: z.boolean().optional(),
  beforeSpawn: fn.optional(),
  stop: only('signal', 'graceful', 'drainMs', 'graceMs', 'killMs').optional(),
  budget: only('of', 'windowMs').optional(),
  backoff: only(...backoffNames).optional(),
  startsMax: z.unknown().optional(),
  stableMs: z.unknown().optional(),
  planMs: z.unknown().optional(),
  portMs: z.unknown().optional(),
  spawnMs: z.unknown().optional(),
  readyMs: z.unknown().optional(),
  repair: fn.optional(),
  repairMs: z.unknown().optional(),
  reload: z.unknown().optional(),
  reloadMs: z.unknown().optional(),
  exitClasses: z.record(z.string(), z.enum(exitClasses)).optional(),
  classifyExit: fn.optional(),
  output: fn.optional(),
  classify: fn.optional(),
  driver: fn.optional(),
});

const linkShape = z.strictObject({
  url: z.union([text, fn], 'must be a URL or a function'),
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
  ws: only('headers', 'agent', 'ca', 'subprotocols').optional(),
  tls: z.strictObject({ fingerprint: text.optional() }).optional(),
  transport: fn.optional(),
});

const shape = z.strictObject({
  process: processShape.optional(),
  link: linkShape.optional(),
  name: text.optional(),
  logger: has('debug', 'info', 'warn', 'error').optional(),
  inspect: z.union([fn, has('next')], 'must be a function or an observer').optional(),
  clock: has('now', 'wallNow', 'setTimeout', 'clearTimeout').optional(),
  random: fn.optional(),
  arbitration: only('verdictMs', 'expectMs', 'serveMs').optional(),
  cooldownMs: z.unknown().optional(),
});

/** Throws `HF_OPTION_INVALID`, naming the option, the rule and the value. */
export function settle(options: GatewayOptions, random: Random): Settings {
  const parsed = shape.safeParse(options, { error: rule });
  if (!parsed.success) throw invalidShape(options, parsed.error);
  const { process: service = null, link = null } = options;
  if (service !== null && service.command === undefined && service.plan === undefined) {
    throw invalid('process.command', 'must be given unless process.plan is', undefined);
  }
  if (service?.ready !== undefined && 'protocol' in service.ready && link === null) {
    throw invalid('process.ready.protocol', 'needs a link', true);
  }
  const signal = service?.stop?.signal;
  if (signal !== undefined && !(signal in constants.signals)) {
    throw invalid('process.stop.signal', 'must be the name of a signal', signal);
  }
  if (signal !== undefined && signal !== 'SIGTERM' && service?.driver?.can?.signals === false) {
    throw invalid('process.stop.signal', 'cannot be chosen: the driver has no signals', signal);
  }
  checkGraceful(options);
  if (service?.reload !== undefined && typeof service.reload !== 'function') {
    checkReload('process.reload', service.reload);
  }
  if (typeof link?.url === 'string') checkUrl('link.url', link.url);
  const luck = drawn(random);
  return {
    name: options.name ?? 'gateway',
    luck,
    gateway: gatewayPolicy(options),
    service: service === null ? null : servicePolicy(service, link),
    link: link === null ? null : linkPolicy(link, options),
    process:
      service === null
        ? null
        : { ...service, exitClasses: service.exitClasses ?? { 78: 'configuration' } },
    linkOptions: link === null ? null : { ...link, ...sizes(link) },
  };
}

function drawn(random: Random): number {
  const rule = 'must answer a number from 0 up to, not including, 1';
  let luck: unknown;
  let failed = '';
  isolated(
    () => {
      luck = random();
      return luck;
    },
    (error) => {
      failed = `; it failed: ${messageOf(error)}`;
    },
  );
  if (typeof luck === 'number' && luck >= 0 && luck < 1) return luck;
  throw invalid('random', `${rule}${failed}`, luck);
}

/** Throws `HF_OPTION_INVALID` for an address that no transport of ours can dial. */
export function checkUrl(option: string, url: string): void {
  if (!URL.canParse(url) || !/^(wss?|https?):$/.test(new URL(url).protocol)) {
    throw invalid(option, 'must be a ws, wss, http or https URL', url);
  }
  if (new URL(url).port === '0') throw invalid(option, 'must not name port 0', url);
}

function gatewayPolicy(options: GatewayOptions): GatewayPolicy {
  const { cooldownMs, arbitration = {}, process: service, link } = options;
  const { graceful } = service?.stop ?? {};
  return {
    cooldownMs: pick('cooldownMs', cooldownMs),
    verdictMs: pick('arbitration.verdictMs', arbitration.verdictMs),
    expectMs: pick('arbitration.expectMs', arbitration.expectMs),
    serveMs: pick('arbitration.serveMs', arbitration.serveMs),
    drains: link !== undefined && graceful !== undefined && 'request' in graceful,
  };
}

function servicePolicy(options: ProcessOptions, link: LinkOptions | null): SupervisorPolicy {
  const { stop = {}, budget = {} } = options;
  const readyMs = pick('process.readyMs', options.readyMs);
  const { graceful } = stop;
  const drainMs = graceful === undefined ? 0 : pick('process.stop.drainMs', stop.drainMs);
  const asksOnce = options.ready === undefined || 'line' in options.ready;
  return {
    lookMs: pick('process.lookMs', undefined),
    portMs: pick('process.portMs', options.portMs),
    planMs: pick('process.planMs', options.planMs),
    readyMs,
    askMs: asksOnce ? readyMs : pick('process.askMs', undefined),
    pollMs: pick('process.pollMs', undefined),
    stableMs: pick('process.stableMs', options.stableMs),
    drainMs: graceful?.attached === true ? drainMs : 0,
    repairMs: pick('process.repairMs', options.repairMs),
    reloadMs: pick('process.reloadMs', options.reloadMs),
    watchMs: pick('process.watchMs', undefined),
    backoff: backoffPolicy('process.backoff', options.backoff ?? {}),
    budget: {
      of: pick('process.budget.of', budget.of),
      windowMs: pick('process.budget.windowMs', budget.windowMs),
    },
    startsMax: pick('process.startsMax', options.startsMax),
    process: {
      spawnMs: pick('process.spawnMs', options.spawnMs),
      stop: {
        drainMs,
        graceMs: pick('process.stop.graceMs', stop.graceMs ?? link?.protocol.stopGraceMs),
        killMs: pick('process.stop.killMs', stop.killMs),
      },
    },
  };
}

function linkPolicy(link: LinkOptions, { arbitration = {} }: GatewayOptions): ReconnectPolicy {
  const { reconnect = {}, limits = {} } = link;
  return {
    backoff: backoffPolicy('link.reconnect', reconnect),
    attemptsMax:
      reconnect.attemptsMax === undefined || reconnect.attemptsMax === null
        ? null
        : pick('link.reconnect.attemptsMax', reconnect.attemptsMax),
    stableMs: pick('link.reconnect.stableMs', reconnect.stableMs),
    pairingMs: pick('link.reconnect.pairingMs', reconnect.pairingMs),
    returning: {
      forMs: pick('arbitration.expectMs', arbitration.expectMs),
      maxMs: pick('link.reconnect.returningMs', undefined),
    },
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
  const path = 'link.heartbeat';
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
    everyMs: pick('heartbeat.everyMs', own.everyMs, path),
    silenceMs: pick('heartbeat.silenceMs', own.silenceMs, path),
    waitMs: pick('heartbeat.waitMs', own.waitMs, path),
    probeMs: pick('heartbeat.probeMs', own.probeMs, path),
    missesMax: pick('heartbeat.missesMax', own.missesMax, path),
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
function invalidShape(options: unknown, error: z.ZodError): HoldfastError {
  const issue = deepest(error.issues[0]);
  if (issue?.code === 'unrecognized_keys') {
    const [name = ''] = issue.keys;
    const path = [...issue.path, name];
    return invalid(path.map(String).join('.'), 'is not an option', valueAt(options, path));
  }
  const path = issue?.path.map(String).join('.') || 'options';
  return invalid(path, issue?.message ?? 'is not understood', valueAt(options, issue?.path ?? []));
}

const valueAt = (options: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    options,
  );

/** Of a union's issues that of the one branch says most whose names were meant, if there is one. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
  const [inner] =
    issue.errors.find((all) => all.every(({ code }) => code !== 'unrecognized_keys')) ?? [];
  if (inner === undefined || inner.path.length === 0) return issue;
  return { ...inner, path: [...issue.path, ...inner.path] };
}

const kinds: Partial<Record<string, string>> = {
  string: 'a text',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  RegExp: 'a regular expression',
};

/** The rule in our words, where the option has none of its own. */
function rule(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return `must be ${kinds[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value')
    return `must be one of ${issue.values.map(String).join(', ')}`;
  return undefined;
}
