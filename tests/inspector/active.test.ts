/** What a recording has reached is what was reached while it was recorded. */
import { expect, it } from 'vitest';
import { recordRun } from '../../src/cli/record-run.ts';
import { reachOf } from '../../src/inspector/active.ts';
import { readRecording } from '../../src/inspector/recording.ts';
import { reached } from '../../src/verify/reached.ts';

it('counts every transition as often, and the same states', async () => {
  const seen = reached();
  const plan = { seed: 5, hours: 1, runs: 1 };
  const { recording } = await recordRun(plan, 0, undefined, seen.inspect);
  const { transitions, states } = reachOf(readRecording(recording.text()));
  expect(transitions).toEqual(seen.reach().transitions);
  expect(Object.keys(transitions).length).toBeGreaterThan(60);
  const own = Object.keys(seen.reach().states);
  expect(new Set(Object.keys(states))).toEqual(new Set(own));
});
