/**
 * How wide a text is and where it breaks, without a browser. It promises a width that no common
 * sans-serif face exceeds, and the same one everywhere: it comes from a table, not from a font. It
 * must never lose a character of what it breaks.
 */

import type { Part, Words } from './chart.ts';
import { partsOf } from './chart.ts';

/** Sizes in pixels. */
export const letter = { title: 13, text: 11, line: 15 };

/**
 * Advance widths from space to tilde, in thousandths of the size, of DejaVu Sans: the widest of
 * what stands in for `sans-serif`, by about a sixth.
 */
// biome-ignore format: a table
const advances = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
  636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
  1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
  603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
  500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
  635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

const bolder = 1.16;
/** an arrow, an ellipsis, a letter of another script */
const unknown = 1_000;

/** The width of a text in pixels, rounded up. */
export function widthOf(text: string, size = letter.text, bold = false): number {
  let sum = 0;
  for (const char of text) sum += advances[(char.codePointAt(0) ?? 0) - 32] ?? unknown;
  return Math.ceil((sum / 1_000) * size * (bold ? bolder : 1));
}

/**
 * Breaks a sentence into lines no wider than `most` pixels, between words. A single word may be
 * wider, unless `hard`: then it is cut.
 */
export function broken(words: Words, most: number, hard = false): Part[][] {
  const lines: Part[][] = [];
  let line: Part[] = [];
  let used = 0;
  for (const { kind, text } of partsOf(words).flatMap((part) =>
    pieces(part, hard ? most : Number.POSITIVE_INFINITY),
  )) {
    const wide = widthOf(text);
    if (line.length > 0 && used + wide > most) {
      lines.push(line);
      line = [];
      used = 0;
    }
    const said = line.length === 0 && lines.length > 0 ? text.trimStart() : text;
    const last = line.at(-1);
    if (last?.kind === kind) last.text += said;
    else line.push({ kind, text: said });
    used += wide;
  }
  return [...lines, line];
}

/** Each word with the space before it, and of a word that no line can hold as much as it can. */
const pieces = ({ kind, text }: Part, most: number): Part[] =>
  (text.match(/\s*\S+/g) ?? [text])
    .flatMap((piece) => (widthOf(piece) <= most ? [piece] : cut(piece, most)))
    .map((piece) => ({ kind, text: piece }));

/** After a dot where that is enough: a path is read by its names. */
function cut(word: string, most: number): string[] {
  const names = (word.match(/[^.]*\.|[^.]+/g) ?? []).flatMap((name) =>
    widthOf(name) <= most ? [name] : [...name],
  );
  const rows: string[] = [];
  for (const name of names) {
    const last = rows.at(-1);
    if (last !== undefined && widthOf(last + name) <= most) rows.push(`${rows.pop()}${name}`);
    else rows.push(name);
  }
  return rows;
}

export const textOf = (parts: readonly Part[]): string => parts.map(({ text }) => text).join('');
