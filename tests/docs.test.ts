/** The pages that are drawn from the code say what the code says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { invariants } from '../src/cli/invariants.ts';
import { pages, simulationPage } from '../src/cli/pages.ts';
import { isProof } from './proof.ts';

const committed = (file: string) =>
  readFileSync(new URL(`../docs/${file}`, import.meta.url), 'utf8');

describe('docs/', () => {
  it.each([...pages()])('%s is what `npm run generate` writes', (file, text) => {
    expect(committed(file)).toBe(text);
  });

  it('simulation.md shows what `holdfast simulate` prints', async () => {
    const page = committed('simulation.md');
    expect(page).toMatch(/digest [0-9a-f]{32}/);
    expect(await simulationPage(page)).toBe(page);
    // hours are simulated: it takes as long as the machine needs
  }, 120_000);
});

describe('the 68 invariants', () => {
  it('are all there, each with proofs that exist or with the reason for none', () => {
    const numbers = Array.from({ length: 68 }, (_, at) => `I${at + 1}`);
    expect(invariants.map(({ id }) => id)).toEqual(numbers);
    const unproved = invariants.flatMap(({ id, kept, note }) => [
      ...kept.filter((proof) => !isProof(proof)).map((proof) => `${id}: ${proof}`),
      ...(kept.length === 0 && note === undefined ? [`${id}: no reason`] : []),
    ]);
    expect(unproved).toEqual([]);
  });
});
