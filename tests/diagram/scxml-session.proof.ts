/** What SCXML does with the text of any statechart is what XState does with the statechart. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyChart, anyEvent } from './any-chart.ts';
import { compare, Pair } from './scxml-pair.ts';

it('the SCXML of a thousand statecharts leaves, enters and does what they do', () => {
  let moves = 0;
  const holding = fc.subarray(['g', 'h']);
  const anyMoves = fc.array(fc.tuple(anyEvent, holding), { minLength: 4, maxLength: 15 });
  fc.assert(
    fc.property(anyChart, anyMoves, (machine, some) => {
      moves += compare(new Pair(machine), some);
    }),
    { numRuns: 1000, seed: 20261123 },
  );
  expect(moves).toBeGreaterThan(4000);
});
