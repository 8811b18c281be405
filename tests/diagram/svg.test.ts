/** Every committed picture, measured: nothing covers a word, and no box cuts another. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Area, holds, meet, read } from './picture.ts';

const folder = fileURLToPath(new URL('../../diagrams/', import.meta.url));
const pictures = readdirSync(folder).filter((file) => file.endsWith('.svg'));

const pairs = <One, Other>(some: readonly One[], others: readonly Other[]): [One, Other][] =>
  some.flatMap((one) => others.map((other): [One, Other] => [one, other]));

const pairsOf = (areas: readonly Area[]): [Area, Area][] =>
  areas.flatMap((one, i) => areas.slice(i + 1).map((other): [Area, Area] => [one, other]));

const said = (found: readonly (readonly [Area, Area])[]): string[] =>
  found.map(([one, other]) => `${one.what} meets ${other.what}`);

describe.each(pictures)('%s', (file) => {
  const picture = read(readFileSync(folder + file, 'utf8'));
  const { page, texts, boxes, lines } = picture;

  it('has no word on another', () => {
    expect(said(pairsOf(texts).filter(([a, b]) => meet(a, b)))).toEqual([]);
  });

  it('has no word across the border of a box', () => {
    const across = pairs(texts, boxes).filter(([a, b]) => meet(a, b) && !holds(b, a));
    expect(said(across)).toEqual([]);
  });

  it('has no box across another', () => {
    const across = pairsOf(boxes).filter(([a, b]) => meet(a, b) && !holds(a, b) && !holds(b, a));
    expect(said(across)).toEqual([]);
  });

  it('has no line through a word', () => {
    expect(said(pairs(lines, texts).filter(([a, b]) => meet(a, b)))).toEqual([]);
  });

  it('has everything on the page', () => {
    const off = [...texts, ...boxes, ...lines].filter((area) => !holds(page, area));
    expect(off.map(({ what }) => what)).toEqual([]);
  });
});
