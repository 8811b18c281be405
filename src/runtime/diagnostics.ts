/**
 * Counters, last times and last words, for a report. Promises a plain copy that whoever gets it
 * may change. It must never be read to decide anything.
 */
import type { LiveHost } from './live-host.ts';
import type { Metrics } from './metrics.ts';
import type { SystemView } from './view.ts';

export interface Records {
  host: Pick<LiveHost, 'facts' | 'requests' | 'output' | 'wire' | 'clock'>;
  view: SystemView;
  trace: readonly string[];
  counts: Metrics['counts'];
}

/** Times are wall clock, milliseconds since 1970. */
export function diagnosticsOf({ host, view, trace, counts }: Records) {
  const { facts, requests, output, wire, clock } = host;
  return structuredClone({
    lastAliveAt: wire === null ? null : Math.round(clock.wallNow() - wire.idleMs),
    lastHeartbeatTimeoutAt: facts.heartbeatTimeoutAt,
    heartbeatMisses: Number(view.heartbeat?.context.missed ?? 0),
    generation: facts.generation,
    lastEnd: facts.lastEnd,
    lastExit: facts.lastExit,
    requests: { pending: requests.pending, ...requests.history },
    output: output.lines,
    /** how often each metric came, by name and outcome */
    counts,
    transitions: facts.history.transitions,
    trace,
  });
}
