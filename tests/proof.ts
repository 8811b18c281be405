/**
 * Looks up what a page names as proof: a promise of the checker, a scenario in the title of a test,
 * a test by its path. It must never find one that is not there.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { eventually, goals, guarantees, kernel } from '../machines/guarantees.ts';

export const at = (path: string) => new URL(`../${path}`, import.meta.url);
export const read = (path: string) => readFileSync(at(path), 'utf8');

/** The text of every file of ours in a folder with this ending, without what is installed there. */
export const texts = (folder: string, ending: string): string =>
  readdirSync(at(folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return texts(path, ending);
      return entry.name.endsWith(ending) ? read(path) : '';
    })
    .join('\n');

const tests = `${texts('tests', '.test.ts')}\n${read('tests/scenarios/races.ts')}`;
export const promises = [...guarantees, ...goals, ...eventually, ...kernel].map(({ id }) => id);

export const isProof = (word: string): boolean =>
  promises.includes(word) ||
  (/^tests\//.test(word) && existsSync(at(word))) ||
  (/^[A-Z]{2}-\d+$/.test(word) && new RegExp(`['\`\\s,]${word}\\b`).test(tests));
