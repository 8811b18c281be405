/** Every scenario has a wrong line that can still be written; whether it is noticed, audits say. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ids } from './ids.ts';
import { type Mutant, mutate } from './mutants.ts';

const here = new URL('.', import.meta.url);
const files = readdirSync(here).filter((file) => file.endsWith('.mutants.ts'));
const loaded = await Promise.all(
  files.map((file): Promise<{ mutants: readonly Mutant[] }> => import(new URL(file, here).href)),
);
const mutants = loaded.flatMap((module) => module.mutants);

describe('the mutants', () => {
  it('change one place each, which is there', () => {
    const lost = mutants.flatMap((mutant) => {
      const text = readFileSync(new URL(`../../${mutant.file}`, here), 'utf8');
      try {
        return mutate(mutant, text) === text ? [`${mutant.ids.join()} changes nothing`] : [];
      } catch (error) {
        return [`${mutant.ids.join()}: ${(error as Error).message}`];
      }
    });
    expect(lost).toEqual([]);
  });

  it('leave out no scenario, and know no other', () => {
    const covered = new Set(mutants.flatMap((mutant) => mutant.ids));
    expect([...covered].sort()).toEqual([...ids].sort());
  });
});

describe('the scenarios', () => {
  it('stand in the title of a test each', () => {
    const tests = readdirSync(here).filter((file) => /\.test\.ts$|^races\.ts$/.test(file));
    const text = tests.map((file) => readFileSync(new URL(file, here), 'utf8')).join('\n');
    const titled = new Set(text.match(/(?<=['`][^'`\n]*)\b[A-Z]{2}-\d{2}\b(?=[^'`\n]*: )/g));
    expect(ids.filter((id) => !titled.has(id))).toEqual([]);
  });
});
