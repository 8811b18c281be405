/**
 * What holds when nothing is said, with the reason for each number, and how a number is checked.
 * An error names the option, the rule and the value it got; a secret must not travel in it.
 */
import { longestMs } from '../../machines/index.ts';
import { HoldfastError } from '../errors.ts';

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
  'arbitration.verdictMs': ms(1_000, 'an exit is reported within milliseconds of the close'),
  'arbitration.expectMs': ms(60_000, 'in-process restarts of up to 38 s were measured'),
  'arbitration.serveMs': ms(120_000, 'as long as a start may take'),
  'process.stop.drainMs': ms(5_000, 'long enough to answer, short enough for a person'),
  'process.stop.graceMs': ms(10_000, 'what most servers need to drain', 0),
  'process.stop.killMs': ms(2_000, 'a killed process is gone at once unless the kernel holds it'),
  'process.budget.of': { value: 5, min: 1, max: 100, why: 'five crashes are not bad luck' },
  'process.budget.windowMs': ms(300_000, 'five minutes, sliding'),
  'process.startsMax': { value: 3, min: 1, max: 100, why: 'a start that fails thrice will fail' },
  'process.stableMs': ms(10_000, 'a process that crashes sooner is still starting'),
  'process.lookMs': ms(10_000, 'reading a record, or asking who listens, takes a second at most'),
  'process.portMs': ms(10_000, 'a port that is being given up is free within seconds'),
  'process.planMs': ms(10_000, 'reading a configuration takes less'),
  'process.spawnMs': ms(10_000, 'a loaded machine forks slowly, but it forks'),
  'process.readyMs': ms(120_000, 'cold starts take minutes on slow disks'),
  'process.repairMs': ms(120_000, 'a repair that takes longer has hung'),
  'process.reloadMs': ms(10_000, 'an in-process restart takes seconds'),
  'process.watchMs': ms(1_500, 'a process that cannot bear its new configuration ends at once'),
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
  'link.reconnect.returningMs': ms(2_000, 'the cap before jitter while the peer is expected back'),
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
export type DefaultName = keyof typeof defaults;

/** The given value when it obeys the rule of `name`, its default when there is none. */
export function pick(name: DefaultName, given: unknown, path?: string): number {
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
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
