/**
 * A run of a simulation with somebody who looks on: several gateways one after another are one
 * recording. It promises that the run is the one that is played without him.
 */
import type { InspectionEvent } from 'xstate';
import { type Recorder, recorder } from '../inspector/recorder.ts';
import { Gateway } from '../runtime/gateway.ts';
import type { Environment } from '../runtime/live-host.ts';
import type { GatewayOptions } from '../runtime/options.ts';
import { type Plan, type RunResult, replay } from '../simulate/index.ts';

/** Two hours have some ten thousand entries. */
const bounds = { entriesMax: 500_000, bytesMax: 256 * 1024 * 1024 };

/** `look` is called with what XState tells, after the recorder. */
export async function recordRun(
  plan: Plan,
  run: number,
  keep?: readonly number[],
  look: (event: InspectionEvent, recording: Recorder) => void = () => {},
): Promise<{ recording: Recorder; result: RunResult }> {
  let now = () => 0;
  let wallNow = () => 0;
  const times = { now: () => now(), wallNow: () => wallNow() };
  // all that is said in it was made up
  const recording = recorder({ ...times, texts: true, ...bounds });
  const make = (options: GatewayOptions, environment: Environment): Gateway => {
    const clock = (onResume: () => void) => {
      const made = environment.clock(onResume);
      now = () => made.now();
      wallNow = () => made.wallNow();
      return made;
    };
    const next = (event: InspectionEvent) => {
      if (typeof options.inspect === 'function') options.inspect(event);
      recording.next(event);
      look(event, recording);
    };
    const inspect = {
      next,
      watch: recording.watch.bind(recording),
      follow: recording.follow.bind(recording),
    };
    return new Gateway({ ...options, inspect }, { ...environment, clock });
  };
  return { recording, result: await replay(plan, run, keep, make) };
}
