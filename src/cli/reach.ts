/**
 * Files of what was reached: `holdfast check` and `holdfast simulate` write them, `holdfast
 * diagram` draws them, and recordings. It must never take another file for one of these.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Reach } from '../diagram/overlay.ts';
import { reachOf } from '../inspector/active.ts';
import { readRecording } from '../inspector/recording.ts';
import { UsageError } from './arguments.ts';
import { recordingIn } from './inspect.ts';
import { isObject } from './load.ts';

const kind = 'coverage';

export function writeReach(file: string, { transitions, states }: Reach): void {
  const sorted = (counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
  const all = { holdfast: kind, transitions: sorted(transitions), states: sorted(states) };
  try {
    writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`--coverage cannot be written: ${why(error)}`);
  }
}

export function readReach(file: string): Reach {
  if (file.endsWith('.ndjson')) return reachOf(readRecording(recordingIn(file)));
  const read = parsed(file);
  if (isObject(read) && read.holdfast === kind) {
    const { transitions, states } = read;
    if (areCounts(transitions) && areCounts(states)) return { transitions, states };
  }
  const rule = 'must be a recording, or what --coverage of check or simulate has written';
  throw new UsageError(`--coverage ${rule}; got ${JSON.stringify(file)}`);
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--coverage cannot be read: ${why(error)}`);
  }
}

const why = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const areCounts = (value: unknown): value is Record<string, number> =>
  isObject(value) && Object.values(value).every((times) => Number.isSafeInteger(times));
