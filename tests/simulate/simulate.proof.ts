/** Hours of what ships: every kind of act meets something. */
import { expect, it } from 'vitest';
import { kinds } from '../../src/simulate/faults.ts';
import { simulate } from '../../src/verify/testing.ts';

it('every kind of fault and command meets something', async () => {
  const { met } = await simulate({ seed: 2, hours: 120 });
  expect(kinds.filter((kind) => !met.has(kind))).toEqual([]);
});
