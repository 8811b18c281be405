/** Every committed picture, measured: nothing covers a word, and no box cuts another. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { flaws } from './picture.ts';

const folder = fileURLToPath(new URL('../../diagrams/', import.meta.url));
const pictures = readdirSync(folder).filter((file) => file.endsWith('.svg'));

describe('diagrams/', () => {
  it.each(pictures)('%s has no word covered, crossed or cut, and nothing off the page', (file) => {
    expect(flaws(readFileSync(folder + file, 'utf8'))).toEqual([]);
  });
});
