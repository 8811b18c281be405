/**
 * Health as a pure function of where the machines are: every mix of reasons, none forgotten and
 * none invented, and the one word that sums them up.
 */
import { describe, expect, it } from 'vitest';
import { healthOf } from '../../src/runtime/health.ts';
import { isIn, type MachineView, rest, type SystemView } from '../../src/runtime/view.ts';

type Value = Parameters<typeof isIn>[0];

const machine = (value: Value, context: Record<string, unknown> = {}): MachineView => ({
  in: (path) => isIn(value, path),
  context,
});

const lives: [life: string, reason: string | undefined][] = [
  ['life.resting', 'not-running'],
  ['life.wanted.raising', 'not-running'],
  ['life.wanted.running', undefined],
  ['life.wanted.relinking.judging', 'not-running'],
  ['life.wanted.failed.link', 'failed'],
  ['life.unkillable', 'not-running'],
  ['life.disposed', 'not-running'],
];
const watching: [state: string | null, reason: string | undefined][] = [
  [null, undefined],
  ['resting', undefined],
  ['pinging', undefined],
  ['awaiting', undefined],
  ['suspect', 'suspect'],
  ['probing', 'unresponsive'],
];

describe('health', () => {
  it.each(lives)('of %s has the reason %s, with any heartbeat and any failure', (at, because) => {
    for (const [state, silence] of watching) {
      for (const missed of [0, 1, 3]) {
        for (const failures of [0, 2]) {
          const heartbeat = state === null ? null : machine({ watching: state }, { missed });
          const view: SystemView = { ...rest(at), heartbeat };
          const reasons = [
            because,
            silence,
            heartbeat !== null && missed > 0 ? 'missed-pings' : undefined,
            failures > 0 ? 'request-timeout' : undefined,
          ].filter((reason) => reason !== undefined);
          const worst = reasons.length > 0 ? 'degraded' : 'healthy';
          expect(healthOf({ view, failures })).toEqual({
            state: state === 'probing' ? 'unresponsive' : worst,
            reasons,
          });
        }
      }
    }
  });
});
