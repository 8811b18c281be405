/**
 * What became of the command that mends a configuration. Promises that it is told once, and kept
 * for the error of a service that gives up; it must never stand for an exit of the service itself.
 */
import { duration } from './duration.ts';
import type { ExitRecord, ProcessRecord } from './facts.ts';
import type { Host } from './host.ts';
import { commandName } from './sentences.ts';

/** How the command ended. */
export function noteRepair(host: Host, { plan, startedAt }: ProcessRecord, exit: ExitRecord) {
  const { code, signal, expected, at } = exit;
  const took = duration(at - startedAt);
  const name = plan === null ? 'the command' : commandName(plan.command);
  const how = signal === null ? `exited with code ${code}` : `ended by ${signal}`;
  const level = code === 0 ? 'info' : 'warn';
  const stopped = expected ? 'was stopped: it ' : '';
  tellRepair(host, level, `its repair (${name}) ${stopped}${how} after ${took}`);
  if (host.facts.repair !== null) host.facts.repair.exit = exit;
}

export function tellRepair(host: Host, level: 'info' | 'warn', told: string) {
  host.facts.repair = { told: host.output.clean(told), exit: null };
  host.diagnose(level, 'HF_REPAIR', told);
}
