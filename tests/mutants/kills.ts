/**
 * Who killed each mutant the last time, in kills.json beside this file. It only says what is tried
 * first: a kill is made anew every time, and a line that is wrong or of nobody costs time and
 * nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A promise in a world, or, without a world, a scenario by its title. */
export interface Kill {
  readonly by: string;
  readonly world?: string;
}

export type Kills = ReadonlyMap<string, Kill>;

interface Line extends Kill {
  readonly mutant: string;
}

export const killsFile = fileURLToPath(new URL('kills.json', import.meta.url));

export function readKills(file: string): Kills {
  const { kills }: { kills: Line[] } = JSON.parse(readFileSync(file, 'utf8'));
  return new Map(kills.map(({ mutant, ...kill }) => [mutant, kill]));
}

/** A line for each mutant, in the order of their ids. */
export function writeKills(file: string, kills: Kills): void {
  const lines = [...kills]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([mutant, { by, world }]): Line => ({ mutant, ...(world ? { world } : {}), by }));
  const text = lines.map((line) => `  ${JSON.stringify(line)}`).join(',\n');
  writeFileSync(file, `{"kills": [\n${text}\n]}\n`);
}

/** The scenario that is tried first, where it was one. */
export const scenarioOf = (kill: Kill | undefined): string | undefined =>
  kill?.world === undefined ? kill?.by : undefined;
