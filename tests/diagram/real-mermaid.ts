/**
 * The real mermaid package, in a page of jsdom: reads a text back as mermaid understands it, and
 * lays it out, which fails on charts that parse. Sizes are made up; nobody looks at the picture.
 */

import { createRequire } from 'node:module';

interface Page {
  document: unknown;
  CSSStyleSheet: unknown;
  SVGElement: { prototype: Record<string, unknown> };
}

interface Drawn {
  nodes: { id: string; parentId?: string; label?: string; description?: string[]; shape: string }[];
  edges: { start: string; end: string; label?: string }[];
}

interface Played {
  getActorKeys(): string[];
  getMessages(): { from?: string; to?: string; message?: unknown; placement?: number }[];
}

interface Mermaid {
  initialize(config: object): void;
  render(id: string, text: string): Promise<{ svg: string }>;
  mermaidAPI: { getDiagramFromText(text: string): Promise<{ db: { getData(): Drawn } & Played }> };
}

interface Element {
  tagName: string;
  textContent: string | null;
  getAttribute(name: string): string | null;
}

/** Neither package's types hold without the library of the browser, which no test shall see. */
const require = createRequire(import.meta.url);

function openPage(): Page {
  const { JSDOM } = require('jsdom') as { JSDOM: new (html: string) => { window: Page } };
  const { window } = new JSDOM('<body></body>');
  const width = ({ textContent }: Element) => 10 + 8 * (textContent?.length ?? 0);
  Object.assign(window.SVGElement.prototype, {
    getBBox(this: Element) {
      const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((k) => +(this.getAttribute(k) ?? 0));
      if (this.tagName === 'rect') return { x, y, width: w, height: h };
      return { x: 0, y: 0, width: width(this), height: 18 };
    },
    getComputedTextLength(this: Element) {
      return width(this);
    },
  });
  return window;
}

let opened: Mermaid | undefined;

function mermaid(): Mermaid {
  if (opened) return opened;
  const window = openPage();
  const { document, CSSStyleSheet } = window;
  Object.assign(globalThis, { window, document, CSSStyleSheet });
  opened = (require('mermaid') as { default: Mermaid }).default;
  const plain = { htmlLabels: false, flowchart: { htmlLabels: false } };
  opened.initialize({ startOnLoad: false, suppressErrorRendering: true, ...plain });
  return opened;
}

/** What mermaid writes for `#58;` until it draws. */
const decoded = (text = ''): string =>
  text.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));

/** What mermaid has understood: states and its own signs in their places, rows, arrows. */
export async function readBack(text: string) {
  const { db } = await mermaid().mermaidAPI.getDiagramFromText(text);
  const { nodes, edges } = db.getData();
  const states = nodes.map(({ id, parentId, label, description, shape }) => ({
    id,
    inside: parentId,
    isSign: ['divider', 'stateStart', 'stateEnd'].includes(shape),
    title: decoded(label),
    rows: (description ?? []).map(decoded),
  }));
  const arrows = edges.map(({ start, end, label }) => ({ start, end, label: decoded(label) }));
  return { states, arrows };
}

/** Who takes part in a sequence, and what passes: `from`, `to` and the words, notes among them. */
export async function playBack(text: string) {
  const { db } = await mermaid().mermaidAPI.getDiagramFromText(text);
  const messages = db.getMessages().filter(({ message }) => typeof message === 'string');
  return { actors: db.getActorKeys(), messages };
}

/** Rejects when mermaid cannot draw the text, as GitHub would. */
export async function draw(text: string): Promise<string> {
  return (await mermaid().render('drawing', text)).svg;
}
