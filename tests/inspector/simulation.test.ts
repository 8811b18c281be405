/** The recorder looks on at the whole runtime: it changes nothing and misses nothing. */
import { describe, expect, it } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { recordRun } from '../../src/cli/record-run.ts';
import type { Recorder } from '../../src/inspector/recorder.ts';
import { type Entry, readRecording } from '../../src/inspector/recording.ts';
import { Replica } from '../../src/inspector/replica.ts';
import { replay } from '../../src/simulate/index.ts';
import { pathOf } from '../../src/verify/ref.ts';

/** What a recording says of an actor, once XState has told all of a step, and what is true. */
class Compared {
  readonly differences: string[] = [];
  compared = 0;
  readonly #replica = new Replica();
  #heard: (() => void) | undefined;

  look(event: InspectionEvent, recording: Recorder): void {
    if (this.#heard === undefined) {
      for (const entry of readRecording(recording.text()).entries) this.#replica.apply(entry);
      this.#heard = recording.listen((line) => this.#replica.apply(JSON.parse(line) as Entry));
    }
    if (event.type === '@xstate.snapshot') this.#compare(event);
  }

  #compare({ actorRef, snapshot }: Extract<InspectionEvent, { type: '@xstate.snapshot' }>): void {
    const path = pathOf(actorRef as never);
    const known = [...this.#replica.actors.values()].filter((actor) => actor.path === path);
    if (snapshot.status !== 'active') {
      if (known.length > 0) this.differences.push(`${path} has ended`);
      return;
    }
    const value = 'value' in snapshot ? snapshot.value : undefined;
    const timers = timersOf(actorRef);
    const actor = known.at(-1);
    this.compared += 1;
    const said = JSON.stringify([actor?.value, Object.keys(actor?.timers ?? {}).sort()]);
    const is = JSON.stringify([value, timers]);
    if (said !== is || known.length !== 1) this.differences.push(`${path}: ${said}, is ${is}`);
  }
}

/** The ids of the timers that XState itself has armed for an actor. */
function timersOf(actorRef: unknown): string[] {
  const { system, sessionId } = actorRef as {
    sessionId: string;
    system: {
      getSnapshot(): {
        _scheduledEvents: Record<string, { source: { sessionId: string }; id: string }>;
      };
    };
  };
  return Object.values(system.getSnapshot()._scheduledEvents)
    .filter(({ source }) => source.sessionId === sessionId)
    .map(({ id }) => id)
    .sort();
}

describe('a recording of the whole runtime', () => {
  it.each([1, 2, 3])(
    'of seed %i knows every actor, its state and its timers, at every step',
    async (seed) => {
      const plan = { seed, hours: 1, runs: 1 };
      const compared = new Compared();
      const { recording, result } = await recordRun(plan, 0, undefined, (event, recorder) =>
        compared.look(event, recorder),
      );
      expect(compared.differences.slice(0, 5)).toEqual([]);
      expect(compared.compared).toBeGreaterThan(300);
      const { digest } = await replay(plan, 0);
      expect(result.digest).toBe(digest);
      const { entries } = readRecording(recording.text());
      const hidden = entries.filter((entry) => JSON.stringify(entry).includes('«redacted'));
      expect(hidden.slice(0, 3)).toEqual([]);
      const verdicts = entries.filter((entry) => entry.kind === 'step' && entry.guards);
      expect(verdicts.length).toBeGreaterThan(20);
    },
  );
});
