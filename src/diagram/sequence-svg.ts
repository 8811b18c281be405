/**
 * A sequence diagram as SVG: a lane for every actor, time goes down. It promises that no word lies
 * on another and that lanes are named at both ends of a long story. It must never draw a line for
 * an actor that is not there.
 */

import type { Part } from './chart.ts';
import { broken, letter, textOf, widthOf } from './lettering.ts';
import type { Lane, Sequence, Told } from './sequence.ts';
import { styleOf, type Theme } from './theme.ts';
import { safe } from './xml.ts';

const margin = 14;
/** numbers of steps stand left of everything */
const gutter = 34;
const pitch = { least: 132, most: 240 };
const title = 28;
const gap = 8;

export function sequenceToSvg(
  sequence: Sequence,
  { theme = 'auto' }: { theme?: Theme | 'none' | undefined } = {},
) {
  const page = new Page(sequence);
  const { width, height } = page;
  const view = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" ${view} role="img" xml:space="preserve">`,
    '<!-- Drawn from a trace by holdfast diagram. -->',
    `<title>${safe(sequence.id)}</title>`,
    ...(sequence.description ? [`<desc>${safe(sequence.description)}</desc>`] : []),
    ...(theme === 'none' ? [] : [`<style>${styleOf(theme)}</style>`]),
    `<defs>${tip}</defs>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...page.lines,
    ...page.marks,
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

const tip = [
  '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"',
  'markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>',
].join(' ');

class Page {
  readonly width: number;
  readonly height: number;
  /** the lines of the lanes, behind all the rest */
  readonly lines: string[] = [];
  readonly marks: string[] = [];
  readonly #lanes: readonly Lane[];
  readonly #pitch: number;
  /** where the line of each actor that is there began */
  readonly #since = new Map<string, number>();
  #y = margin + title + 12;

  constructor({ lanes, events, verdict }: Sequence) {
    this.#lanes = lanes;
    const titles = lanes.map((lane) => widthOf(lane.title, letter.title, true) + 32);
    this.#pitch = Math.min(pitch.most, Math.max(pitch.least, ...titles));
    this.width = gutter + this.#pitch * lanes.length + this.#pitch / 2 + margin;
    this.#titles(margin);
    for (const lane of lanes) if (lane.before) this.#since.set(lane.id, margin + title);
    for (const event of events) this.#tell(event);
    if (verdict !== undefined) this.#verdict(verdict);
    for (const lane of lanes) this.#close(lane.id, this.#y + 6);
    this.#titles(this.#y + 6);
    this.height = Math.ceil(this.#y + 6 + title + margin);
  }

  #tell(event: Told): void {
    this.marks.push(event.number === undefined ? '<g>' : `<g id="step-${event.number}">`);
    if (event.number !== undefined) {
      const y = this.#y + letter.text + 2;
      this.marks.push(`<text class="line count" x="${margin}" y="${y}">${event.number}</text>`);
    }
    if (event.kind === 'message') this.#arrow(event, event.words, event.dropped ? 'dropped' : '');
    if (event.kind === 'post') this.#arrow(event, event.words, 'post');
    if (event.kind === 'spawn') this.#spawn(event);
    if (event.kind === 'stop') this.#stop(event.at);
    if (event.kind === 'self') this.#self(event.at, event.words);
    if (event.kind === 'state') this.#state(event.at, event.words);
    this.marks.push('</g>');
    this.#y += gap;
  }

  #arrow({ from, to }: { from: string; to: string }, words: string, manner: string): void {
    if (from === to) {
      this.#self(to, words, manner);
      return;
    }
    const [start, end] = [this.#at(from), this.#at(to)];
    const [left, right] = [Math.min(start, end), Math.max(start, end)];
    this.#words(words, left + 8, right - left - 16, 'label');
    const y = this.#y;
    const head = manner === 'dropped' ? '' : ' marker-end="url(#tip)"';
    const classes = ['arrow', manner].filter(Boolean).join(' ');
    const tip = end + (start < end ? -3 : 3);
    this.marks.push(`<path class="${classes}" d="M${start} ${y}L${tip} ${y}"${head}/>`);
    if (manner === 'dropped') this.#cross(tip, y);
    this.#y += 6;
  }

  #spawn({ from, to }: { from: string; to: string }): void {
    this.#close(to, this.#y);
    this.#arrow({ from, to }, '«spawn»', 'post');
    this.#since.set(to, this.#y - 6);
  }

  #stop(lane: string): void {
    const y = this.#y + 6;
    this.#close(lane, y);
    this.#cross(this.#at(lane), y);
    this.#y += 14;
  }

  #self(lane: string, words: string, manner = ''): void {
    const x = this.#at(lane);
    const top = this.#y + 4;
    const lines = this.#words(words, x + 30, this.#pitch - 40, 'label');
    const bottom = Math.max(top + 10, top + (lines - 1) * letter.line);
    const classes = ['arrow', manner].filter(Boolean).join(' ');
    const [right, end] = [x + 22, x + 3];
    const path = `M${x} ${top}L${right} ${top}L${right} ${bottom}L${end} ${bottom}`;
    this.marks.push(`<path class="${classes}" d="${path}" marker-end="url(#tip)"/>`);
    this.#y = Math.max(this.#y, bottom + 2);
  }

  #state(lane: string, words: string): void {
    const parts = broken({ label: words }, this.#pitch - 28, true);
    const wide = Math.max(...parts.map((line) => widthOf(textOf(line)))) + 18;
    const [x, y] = [this.#at(lane) - wide / 2, this.#y];
    const tall = parts.length * letter.line + 5;
    const place = `x="${x}" y="${y}" width="${wide}" height="${tall}"`;
    this.marks.push(`<g class="state pill"><rect ${place} rx="9"/></g>`);
    this.#lines(parts, x + 9, y + 14, 'label');
    this.#y += tall;
  }

  #verdict(words: string): void {
    this.#y += 4;
    this.#words(words, gutter, this.width - gutter - margin, 'heading miss');
  }

  /** Below each other from here on; answers how many lines it took. */
  #words(words: string, x: number, most: number, classes: string): number {
    const parts = broken({ label: words }, most, true);
    this.#lines(parts, x, this.#y + letter.text, classes);
    this.#y += parts.length * letter.line + 1;
    return parts.length;
  }

  #lines(parts: readonly Part[][], x: number, y: number, classes: string): void {
    parts.forEach((line, i) => {
      const place = `x="${x}" y="${y + i * letter.line}"`;
      this.marks.push(`<text class="line ${classes}" ${place}>${safe(textOf(line))}</text>`);
    });
  }

  #cross(x: number, y: number): void {
    const path = `M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x - 5} ${y + 5}L${x + 5} ${y - 5}`;
    this.marks.push(`<path class="cross" d="${path}"/>`);
  }

  #close(lane: string, y: number): void {
    const since = this.#since.get(lane);
    if (since === undefined) return;
    this.#since.delete(lane);
    const x = this.#at(lane);
    this.lines.push(`<path class="lane" d="M${x} ${since}V${y}"/>`);
  }

  #titles(y: number): void {
    for (const { id, title: words } of this.#lanes) {
      const wide = widthOf(words, letter.title, true) + 20;
      const x = this.#at(id);
      const place = `x="${x - wide / 2}" y="${y}" width="${wide}" height="${title}"`;
      this.marks.push(
        `<g class="state atomic"><rect ${place} rx="8"/>`,
        `<text class="name" x="${x}" y="${y + 18}">${safe(words)}</text></g>`,
      );
    }
  }

  #at(lane: string): number {
    const index = this.#lanes.findIndex(({ id }) => id === lane);
    return gutter + this.#pitch * (Math.max(index, 0) + 0.5);
  }
}
