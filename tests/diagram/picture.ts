/** An SVG as a reader sees it: where its texts, boxes and lines are, read from the file alone. */
import { createRequire } from 'node:module';
import { letter, widthOf } from '../../src/diagram/lettering.ts';

export interface Area {
  what: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Picture {
  page: Area;
  texts: Area[];
  boxes: Area[];
  /** the straight stretches of every arrow, with the arrow they belong to */
  lines: (Area & { arrow: number })[];
}

/** The part of a page of jsdom that is read here. */
interface Element {
  id: string;
  tagName: string;
  textContent: string | null;
  parentElement: Element | null;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

interface Page {
  DOMParser: new () => {
    parseFromString(text: string, type: string): Element & { documentElement: Element };
  };
}

const { JSDOM } = createRequire(import.meta.url)('jsdom') as {
  JSDOM: new (html: string) => { window: Page };
};
const { window } = new JSDOM('');

export function read(svg: string): Picture {
  const page = new window.DOMParser().parseFromString(svg, 'image/svg+xml');
  const broken = page.querySelector('parsererror');
  if (broken) throw new Error(`not well-formed: ${broken.textContent}`);
  const all = (selector: string) => [...page.querySelectorAll(selector)];
  const [, , width = 0, height = 0] = (page.documentElement.getAttribute('viewBox') ?? '')
    .split(' ')
    .map(Number);
  return {
    page: { what: 'page', left: 0, top: 0, right: width, bottom: height },
    texts: all('text').map(textArea),
    boxes: all('.state > rect, .state > circle').map(boxArea),
    lines: all('path.arrow').flatMap((path, arrow) =>
      stretches(path.getAttribute('d') ?? '').map((line) => ({ ...line, arrow })),
    ),
  };
}

const number = (element: Element, name: string): number => Number(element.getAttribute(name) ?? 0);

function textArea(text: Element): Area {
  const words = text.textContent ?? '';
  const classes = (text.getAttribute('class') ?? '').split(' ');
  const isName = classes.includes('name');
  const size = isName ? letter.title : letter.text;
  const width = widthOf(words, size, isName || classes.includes('heading'));
  const [x, y] = [number(text, 'x'), number(text, 'y')];
  const left = isName && !classes.includes('frame') ? x - width / 2 : x;
  return { what: words, left, top: y - 0.78 * size, right: left + width, bottom: y + 0.2 * size };
}

function boxArea(box: Element): Area {
  const what = box.parentElement?.id ?? '';
  if (box.tagName === 'circle') {
    const [x, y, r] = [number(box, 'cx'), number(box, 'cy'), number(box, 'r')];
    return { what, left: x - r, top: y - r, right: x + r, bottom: y + r };
  }
  const [left, top] = [number(box, 'x'), number(box, 'y')];
  const [width, height] = [number(box, 'width'), number(box, 'height')];
  return { what, left, top, right: left + width, bottom: top + height };
}

/** Corners are cut by at most a few pixels: a stretch goes from corner to corner all the same. */
function stretches(d: string): Area[] {
  const points = [...d.matchAll(/[MLQ](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
  return points.slice(1).map(([x = 0, y = 0], i) => {
    const [fromX = 0, fromY = 0] = points[i] ?? [];
    return {
      what: d,
      left: Math.min(x, fromX),
      right: Math.max(x, fromX),
      top: Math.min(y, fromY),
      bottom: Math.max(y, fromY),
    };
  });
}

export const meet = (a: Area, b: Area): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

export const holds = (outer: Area, inner: Area): boolean =>
  outer.left <= inner.left &&
  outer.right >= inner.right &&
  outer.top <= inner.top &&
  outer.bottom >= inner.bottom;

/** Whatever makes a picture hard to read: nothing, when it is well drawn. */
export function flaws(svg: string): string[] {
  const { page, texts, boxes, lines } = read(svg);
  const each = <One, Other>(
    some: readonly One[],
    others: readonly Other[],
    flaw: (one: One, other: Other) => string | false,
  ) => some.flatMap((one) => others.flatMap((other) => flaw(one, other) || []));
  const later = (all: readonly Area[], one: Area) => all.slice(all.indexOf(one) + 1);
  return [
    ...texts.flatMap((a) =>
      each([a], later(texts, a), (_, b) => meet(a, b) && `${a.what} on ${b.what}`),
    ),
    ...each(texts, boxes, (a, b) => meet(a, b) && !holds(b, a) && `${a.what} across ${b.what}`),
    ...boxes.flatMap((a) =>
      each([a], later(boxes, a), (_, b) => {
        return meet(a, b) && !holds(a, b) && !holds(b, a) && `${a.what} across ${b.what}`;
      }),
    ),
    ...each(lines, texts, (a, b) => meet(a, b) && `a line through ${b.what}`),
    ...[...texts, ...boxes, ...lines]
      .filter((area) => !holds(page, area))
      .map(({ what }) => `${what} off the page`),
  ];
}
