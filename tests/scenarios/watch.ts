/**
 * Eyes of a scenario: when a link dialled and what its transport could say of it, and what a
 * promise has come to so far. They only look; they must never change what happens.
 */
import type { HoldfastError, Transport, TransportEvents } from '../../src/index.ts';
import type { Stage } from './stage.ts';

/** Stands between a link and the network: `transport` is the option of the link. */
export function dialling(stage: Stage) {
  const at: number[] = [];
  const heard: TransportEvents[] = [];
  const transport: Transport = (target, events) => {
    at.push(stage.clock.now());
    heard.push(events);
    return stage.network.transport(target, events);
  };
  return {
    /** the moment of each dial */
    at,
    /** the ears of each socket, oldest first */
    heard,
    transport,
    /** from each dial to the next one */
    get waits(): number[] {
      return at.slice(1).map((moment, before) => moment - (at[before] ?? 0));
    },
  };
}

export interface Outcome<T> {
  settled: boolean;
  value?: T;
  error?: HoldfastError;
}

/** Never rejects, and need not be waited for: look at it after the stage has settled. */
export function outcome<T>(promise: Promise<T>): Outcome<T> {
  const seen: Outcome<T> = { settled: false };
  promise.then(
    (value) => Object.assign(seen, { settled: true, value }),
    (error) => Object.assign(seen, { settled: true, error }),
  );
  return seen;
}
