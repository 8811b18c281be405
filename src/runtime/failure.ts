/**
 * Why a system gave up, or waits for somebody: one error with a stable code. It must never say
 * more than the machines know.
 */
import { type ErrorCode, HoldfastError } from '../errors.ts';
import type { Facts } from './facts.ts';
import { died, outliving } from './sentences.ts';
import type { Settings } from './settings.ts';
import type { SystemView } from './view.ts';

/** Where a half has given up, and the code for it. */
const failures: readonly [half: 'supervisor' | 'reconnect', state: string, code: ErrorCode][] = [
  ['supervisor', 'failed.configuration', 'HF_CONFIGURATION'],
  ['supervisor', 'failed.runtime', 'HF_RUNTIME'],
  ['supervisor', 'failed.plan', 'HF_PLAN_FAILED'],
  ['supervisor', 'failed.occupied', 'HF_OCCUPIED'],
  ['supervisor', 'failed', 'HF_EXHAUSTED'],
  ['reconnect', 'failed.protocol', 'HF_PROTOCOL_MISMATCH'],
  ['reconnect', 'failed.identity', 'HF_IDENTITY_CORRUPT'],
  ['reconnect', 'failed.unauthorised', 'HF_UNAUTHORISED'],
];

/** The error of a system that gave up, from the machines' own reasons. */
export function failure({
  view,
  facts,
  settings,
  trace,
}: {
  view: SystemView;
  facts: Facts;
  settings: Settings;
  trace: readonly string[];
}): HoldfastError {
  const { supervisor, gateway } = view;
  const transitions = facts.history.before;
  const options = { trace, details: { name: settings.name, transitions } };
  if (gateway.in('life.unkillable')) {
    const pid = facts.process?.pid;
    return new HoldfastError('HF_UNKILLABLE', outliving(pid), options);
  }
  const found = failures.find(([half, state]) => view[half]?.in(state));
  const code = found?.[2] ?? 'HF_EXHAUSTED';
  if (supervisor?.in('failed')) {
    const because =
      facts.lastStart?.message ?? (facts.lastExit ? died(facts.lastExit) : 'no start');
    const repair = code === 'HF_CONFIGURATION' ? facts.repair : null;
    const tried = repair === null ? '' : `; ${repair.told}`;
    const details = { ...options.details, ...lastWords(facts), ...repairOf(repair) };
    return new HoldfastError(code, `gave up: ${because}${tried}`, { ...options, details });
  }
  const because = facts.lastEnd?.because ?? 'the connection was lost';
  return new HoldfastError(code, `gave up: ${because}`, options);
}

/** What mended nothing, and what it wrote. */
function repairOf(repair: Facts['repair']) {
  if (repair === null || repair.exit === null) return {};
  const { transitions: _, ...exit } = repair.exit;
  return { repair: exit };
}

/** How its last process ended, and what that wrote. */
function lastWords({ lastExit }: Facts) {
  if (lastExit === null) return { lastWords: [] };
  const { lastWords, transitions: _, ...exit } = lastExit;
  return { exit, lastWords };
}
