/** The properties by title, so that a quick run and a long proof say the same. */
import fc from 'fast-check';
import { disposeLeavesNothing, staleIsInert, walk } from './race-machines.ts';
import { disposeIsTheEnd, race, staleTalkIsInert, story } from './race-runtime.ts';

/** Answers how many runs were made; throws with seed and path when one of them fails. */
type Race = (numRuns: number) => Promise<number>;

const counted =
  <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void | Promise<void>): Race =>
  async (numRuns) => {
    let runs = 0;
    const property = fc.asyncProperty(arbitrary, async (value) => {
      runs += 1;
      await holds(value);
    });
    await fc.assert(property, { numRuns });
    return runs;
  };

export const machineRaces: Readonly<Record<string, Race>> = {
  'PR-01: a stale report changes nothing in any machine': counted(walk, staleIsInert),
  'PR-03: a dispose during connect leaves no actor and no timer': counted(
    walk,
    disposeLeavesNothing,
  ),
};

export const runtimeRaces: Readonly<Record<string, Race>> = {
  'PR-02: what an ended socket still says is seen nowhere': counted(story, staleTalkIsInert),
  'PR-04: a dispose in any phase, raced by anything, is the end': counted(race, disposeIsTheEnd),
};
