/**
 * How well it is, in one word and its reasons. A pure function of where the machines are; it must
 * never be asked by one of them.
 */
import type { SystemView } from './view.ts';

export interface Health {
  state: 'healthy' | 'degraded' | 'unresponsive';
  reasons: string[];
}

export interface Vitals {
  view: SystemView;
  /** requests in a row that had no answer in time on this connection */
  failures: number;
}

/**
 * Any reason is at least `degraded`. While the last probe waits for its answer it is
 * `unresponsive`; missed pings alone are not: as many as count are an end, and others do not count.
 */
export function healthOf({ view, failures }: Vitals): Health {
  const { gateway, heartbeat } = view;
  const reasons: string[] = [];
  if (!gateway.in('life.wanted.running')) {
    reasons.push(gateway.in('life.wanted.failed') ? 'failed' : 'not-running');
  }
  const missed = Number(heartbeat?.context.missed ?? 0);
  const silent = heartbeat?.in('watching.probing') ?? false;
  if (silent) reasons.push('unresponsive');
  else if (heartbeat?.in('watching.suspect')) reasons.push('suspect');
  if (missed > 0) reasons.push('missed-pings');
  if (failures > 0) reasons.push('request-timeout');
  const state = silent ? 'unresponsive' : reasons.length > 0 ? 'degraded' : 'healthy';
  return { state, reasons };
}
