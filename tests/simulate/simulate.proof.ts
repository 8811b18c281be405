/** Hours of what ships: nothing breaks, every kind of act meets something, the page says so. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kinds } from '../../src/simulate/faults.ts';
import { simulate } from '../../src/verify/testing.ts';

it('docs/simulation.md shows what `holdfast simulate` prints', async () => {
  const page = readFileSync(new URL('../../docs/simulation.md', import.meta.url), 'utf8');
  const { faults, digest } = await simulate();
  expect(page).toContain(`10 simulated hours, ${faults} faults, 0 violations`);
  expect(page).toContain(`digest ${digest}`);
});

it('every kind of fault and command meets something', async () => {
  const { met } = await simulate({ seed: 2, hours: 120 });
  expect(kinds.filter((kind) => !met.has(kind))).toEqual([]);
});
