/**
 * A drawing as SVG. It promises text that any browser shows alike without a foreign font, a title
 * and a description for who cannot see it, and an element of its own for every state and
 * transition, under XState's identity, so that whoever shows it live changes classes and nothing
 * else. It must never contain a script, an inline style, or a character that ends its element.
 */

import type { Part } from './chart.ts';
import type { Drawing, DrawnArrow, DrawnState, Line, Point } from './layout.ts';

import { styleOf, type Theme } from './theme.ts';
import { safe } from './xml.ts';

export interface SvgOptions {
  /** `none` leaves colours to the page that holds it; default `auto`, as the reader prefers */
  theme?: Theme | 'none';
  /** further classes by identity of a state or transition */
  classes?: ReadonlyMap<string, string>;
  /** a number to stand after a transition or a state's name, by identity */
  counts?: ReadonlyMap<string, number>;
}

/** Marks a file as ours to rewrite and to remove. */
export const mark = '<!-- Drawn from the machine by holdfast diagram. -->';

export function toSvg(drawing: Drawing, options: SvgOptions = {}): string {
  const { theme = 'auto' } = options;
  const [width, height] = [Math.ceil(drawing.width), Math.ceil(drawing.height)];
  const pen = new Pen(options);
  const size = theme === 'none' ? '' : ` width="${width}" height="${height}"`;
  const view = `viewBox="0 0 ${width} ${height}"${size}`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" ${view} role="img" xml:space="preserve">`,
    ...(theme === 'none' ? [] : [mark]),
    `<title>${safe(drawing.id)}</title>`,
    ...(drawing.description ? [`<desc>${safe(drawing.description)}</desc>`] : []),
    ...(theme === 'none' ? [] : [`<style>${styleOf(theme)}</style>`]),
    `<defs>${tip}</defs>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...drawing.states.flatMap((state) => pen.state(state)),
    ...drawing.starts.map(({ x, y }) => `<circle class="dot" cx="${x}" cy="${y}" r="5"/>`),
    ...drawing.arrows.map((arrow) => pen.arrow(arrow)),
    ...drawing.arrows.flatMap(({ label }) => label.map((line) => pen.line(line))),
    ...drawing.notes.map((line, i) => pen.line(line, i === 0 ? 'heading' : '')),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

const tip = [
  '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"',
  'markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>',
].join(' ');

class Pen {
  readonly #options: SvgOptions;
  /** an identity that stands in several lines is an id only once */
  readonly #used = new Set<string>();

  constructor(options: SvgOptions) {
    this.#options = options;
  }

  state(state: DrawnState): string[] {
    const { id, kind, region, outside, frame } = state;
    const classes = ['state', kind];
    if (frame) classes.push('frame');
    if (region) classes.push('region');
    if (outside) classes.push('outside');
    return [
      `<g class="${this.#classes(classes, [id])}"${this.#id('s', [id])}>`,
      ...outline(state),
      this.#title(state),
      ...state.lines.map((line) => this.line(line)),
      '</g>',
    ];
  }

  #title({ id, title, frame, nameAt: { x, y } }: DrawnState): string {
    const text = `${safe(title)}${this.#count([id])}`;
    return `<text class="name${frame ? ' frame' : ''}" x="${x}" y="${y}">${text}</text>`;
  }

  arrow({ kind, ids, points }: DrawnArrow): string {
    const about = ids.length > 0 ? ` data-transitions="${safe(ids.join(' '))}"` : '';
    const classes = this.#classes(['arrow', kind], ids);
    return `<path class="${classes}"${about} d="${pathOf(points)}" marker-end="url(#tip)"/>`;
  }

  line({ kind, parts, ids, x, y }: Line, more = ''): string {
    const classes = this.#classes(['line', kind, more].filter(Boolean), ids);
    const text = parts.map(spanOf).join('');
    const count = this.#count(ids);
    return `<text class="${classes}"${this.#id('e', ids)} x="${x}" y="${y}">${text}${count}</text>`;
  }

  /** What stands for several is missed only when all of them were. */
  #classes(own: readonly string[], ids: readonly string[]): string {
    const more = new Set(ids.flatMap((id) => this.#options.classes?.get(id) ?? []));
    if (more.has('hit')) more.delete('miss');
    return [...own, ...more].join(' ');
  }

  #id(prefix: string, [id]: readonly string[]): string {
    if (id === undefined || this.#used.has(id)) return '';
    this.#used.add(id);
    return ` id="${prefix}-${safe(id)}"`;
  }

  #count(ids: readonly string[]): string {
    const counts = ids.flatMap((id) => this.#options.counts?.get(id) ?? []);
    if (counts.length === 0) return '';
    const sum = counts.reduce((a, b) => a + b, 0);
    return `<tspan class="count"> ×${sum}</tspan>`;
  }
}

// shapes ----------------------------------------------------------------------------------------

function outline({ kind, lines, nameAt, x, y, width, height }: DrawnState): string[] {
  if (kind === 'history') {
    return [`<circle cx="${mid(x, width)}" cy="${mid(y, height)}" r="${tenth(width / 2 - 1)}"/>`];
  }
  const box = (by: number, radius: number) => {
    const place = `x="${tenth(x + by)}" y="${tenth(y + by)}"`;
    const size = `width="${tenth(width - 2 * by)}" height="${tenth(height - 2 * by)}"`;
    return `<rect ${place} ${size} rx="${radius}"/>`;
  };
  const rule = `<path class="rule" d="M${x} ${tenth(y + 26)}h${width}"/>`;
  // a header that had to move stands free
  const hasRule = lines.length > 0 && nameAt.y <= y + 18;
  return [box(0, 8), ...(kind === 'final' ? [box(3, 6)] : []), ...(hasRule ? [rule] : [])];
}

const bend = 6;

/** Straight lines with rounded corners. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const steps = rest.map((point, i) => {
    const [before, after] = [points[i], rest[i + 1]];
    if (!before || !after) return `L${tenth(point.x)} ${tenth(point.y)}`;
    const [from, to] = [towards(point, before), towards(point, after)];
    return `L${from.x} ${from.y}Q${tenth(point.x)} ${tenth(point.y)} ${to.x} ${to.y}`;
  });
  return `M${tenth(first.x)} ${tenth(first.y)}${steps.join('')}`;
}

/** A little way from `corner` towards `other`, at most half of it. */
function towards(corner: Point, other: Point): Point {
  const far = Math.hypot(other.x - corner.x, other.y - corner.y);
  const share = far === 0 ? 0 : Math.min(bend, far / 2) / far;
  return {
    x: tenth(corner.x + (other.x - corner.x) * share),
    y: tenth(corner.y + (other.y - corner.y) * share),
  };
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

const mid = (start: number, length: number): number => tenth(start + length / 2);

// text ------------------------------------------------------------------------------------------

const spanOf = ({ kind, text }: Part): string =>
  kind === 'label' ? safe(text) : `<tspan class="${kind}">${safe(text)}</tspan>`;
