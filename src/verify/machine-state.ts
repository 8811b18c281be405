/**
 * A snapshot of a machine as a promise reads it: its value, its context, and whether it matches.
 * It must never be kept beyond the snapshot that it was made from.
 */
import type { StateValue } from 'xstate';
import type { RawSnapshot } from './compile.ts';
import type { Fault } from './fault.ts';
import type { Message, StepPromise, StepState } from './world.ts';

/** What a machine snapshot offers beside its data. */
interface Readable {
  matches?: (state: string) => boolean;
}

export function machineState(snapshot: RawSnapshot): StepState {
  const readable: RawSnapshot & Readable = snapshot;
  return {
    value: stateValue(snapshot.value),
    context: snapshot.context,
    matches: (state) => readable.matches?.(state) ?? snapshot.value === state,
  };
}

export function stateValue(value: unknown): StateValue {
  if (typeof value === 'string') return value;
  const regions = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(regions.map(([key, inner]) => [key, stateValue(inner)]));
}

/** The first promise about steps of this role that a step breaks. */
export function brokenStep(
  promises: Readonly<Record<string, StepPromise>>,
  name: string,
  [before, after]: readonly [RawSnapshot | undefined, RawSnapshot | undefined],
  event: Message,
): Fault | undefined {
  if (!before || !after) return undefined;
  for (const [guarantee, { role, check }] of Object.entries(promises)) {
    if (role !== name) continue;
    const message = check(machineState(before), machineState(after), event);
    if (message !== undefined) return { guarantee, message: `${name}: ${message}` };
  }
  return undefined;
}
