/**
 * Why a system gave up, or waits for somebody: one error with a stable code. It must never say
 * more than the machines know.
 */
import type { EndCause } from '../../machines/index.ts';
import { type ErrorCode, HoldfastError } from '../errors.ts';
import type { Facts } from './facts.ts';
import { died, outliving } from './sentences.ts';
import type { Settings } from './settings.ts';
import type { SystemView } from './view.ts';

const failures: Partial<Record<EndCause, ErrorCode>> = {
  protocol: 'HF_PROTOCOL_MISMATCH',
  identity: 'HF_IDENTITY_CORRUPT',
  unauthorised: 'HF_UNAUTHORISED',
};

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
  const { supervisor, reconnect, gateway } = view;
  const options = { trace, details: { name: settings.name } };
  if (gateway.in('life.unkillable')) {
    const pid = facts.process?.pid;
    return new HoldfastError('HF_UNKILLABLE', outliving(pid), options);
  }
  if (supervisor?.in('failed')) {
    const because =
      facts.lastStart?.message ?? (facts.lastExit ? died(facts.lastExit) : 'no start');
    const details = { ...options.details, lastWords: facts.lastExit?.lastWords ?? [] };
    const code: ErrorCode = supervisor.in('failed.configuration')
      ? 'HF_CONFIGURATION'
      : supervisor.in('failed.runtime')
        ? 'HF_RUNTIME'
        : supervisor.in('failed.plan')
          ? 'HF_PLAN_FAILED'
          : 'HF_EXHAUSTED';
    return new HoldfastError(code, `gave up: ${because}`, { ...options, details });
  }
  const cause = String(reconnect?.context.cause ?? 'lost') as EndCause;
  const because = facts.lastEnd?.because ?? 'the connection was lost';
  return new HoldfastError(failures[cause] ?? 'HF_EXHAUSTED', `gave up: ${because}`, options);
}
