/** Ways to states of the machines that ship, as stories to be drawn. */
import { linkAlone, serviceAlone } from '../../machines/world.ts';
import { recordRun } from '../../src/cli/record-run.ts';
import { storyOf } from '../../src/cli/story.ts';
import type { Sequence } from '../../src/diagram/sequence.ts';
import { readRecording } from '../../src/inspector/recording.ts';
import { sequenceOf } from '../../src/inspector/sequence.ts';
import { explore, type View, type World } from '../../src/verify/index.ts';

const ways: readonly (readonly [world: World, path: string, state: string])[] = [
  [linkAlone, 'gateway/link', 'waiting.floored.hurried'],
  [linkAlone, 'gateway/link/connection/heartbeat', 'dead'],
  [serviceAlone, 'gateway/service', 'owned.up.reloading.proving'],
];

/** The shortest way to each, as if it broke a promise. */
export function stories(): Map<string, Sequence> {
  return new Map(ways.map(([world, path, state]) => [state, story(world, path, state)]));
}

function story(world: World, path: string, state: string): Sequence {
  return storyOf(wayTo(world, path, state));
}

/** A counterexample as it is saved. */
export function wayTo(world: World, path: string, state: string) {
  const isThere = (view: View) => (view.at(path)?.matches(state) ? `it is ${state}` : undefined);
  const promises = { always: { 'never-there': isThere } };
  const { violation } = explore(world, { delivery: 'async', inFlight: 1, promises });
  if (violation === undefined) throw new Error(`${state} was not found`);
  const { guarantee, message, trace } = violation;
  return { world: path, guarantee, message, trace };
}

/** What really happened, from its beginning and out of its midst. */
export async function recorded(): Promise<[string, Sequence][]> {
  const { recording } = await recordRun({ seed: 3, hours: 2, runs: 1 }, 0);
  const whole = readRecording(recording.text());
  return [2, 400, 800, 1_200].map((from) => {
    return [`entry ${from} of a simulation`, sequenceOf(whole, { from, to: from + 150 })];
  });
}
