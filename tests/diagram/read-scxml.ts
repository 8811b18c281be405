/** An SCXML text as its reader sees it: elements in document order, read from the text alone. */
import { createRequire } from 'node:module';

interface XmlNode {
  nodeType: number;
  textContent: string | null;
}

export interface XmlElement extends XmlNode {
  tagName: string;
  localName: string;
  namespaceURI: string | null;
  parentElement: XmlElement | null;
  children: Iterable<XmlElement>;
  attributes: Iterable<{ name: string; value: string }>;
  getAttribute(name: string): string | null;
  querySelector(selector: string): XmlElement | null;
  querySelectorAll(selector: string): Iterable<XmlElement>;
}

interface Page {
  DOMParser: new () => {
    parseFromString(text: string, type: string): XmlElement & { documentElement: XmlElement };
  };
}

const { JSDOM } = createRequire(import.meta.url)('jsdom') as {
  JSDOM: new (html: string) => { window: Page };
};
const { window } = new JSDOM('');

/** What a transition, an entry or an exit does, by name. */
export interface Act {
  name: string;
  kind: string;
}

export interface Arrow {
  source: Node;
  /** as SCXML hears it */
  events: string[];
  /** as XState knew it */
  original: string;
  cond?: string;
  isInternal: boolean;
  targets: string[];
  /** where XState leads, by the ids of SCXML */
  wanted: string[];
  acts: Act[];
  plumbing: boolean;
  description?: string;
}

/** A state, or what stands in the text for the sake of SCXML alone: that has no `name`. */
export interface Node {
  id: string;
  name?: string;
  tag: string;
  about: (attribute: string) => string | undefined;
  parent?: Node;
  inside: Node[];
  start: { targets: string[]; acts: Act[] };
  entry: Act[];
  exit: Act[];
  /** events of timers that are sent at entry, with their delays, and cancelled at exit */
  sent: Map<string, string>;
  cancelled: string[];
  arrows: Arrow[];
  invokes: { id: string; src: string }[];
  tags: string[];
  description?: string;
}

export function parse(text: string): XmlElement {
  const page = new window.DOMParser().parseFromString(text, 'application/xml');
  const broken = page.querySelector('parsererror');
  if (broken) throw new Error(`not well-formed: ${broken.textContent}`);
  return page.documentElement;
}

/** The document as a tree; its top is the element `scxml` itself. */
export const readScxml = (text: string): Node => nodeOf(parse(text));

const states = ['scxml', 'state', 'parallel', 'final', 'history'];

const words = (text: string | null): string[] => (text ?? '').split(' ').filter(Boolean);

const optional = (text: string | null | undefined): string | undefined => text ?? undefined;

function nodeOf(element: XmlElement, parent?: Node): Node {
  const all = (tag: string) => [...element.children].filter((child) => child.tagName === tag);
  const name = optional(element.getAttribute('holdfast:id'));
  const description = all('holdfast:description')[0]?.textContent ?? undefined;
  const [initial] = all('initial').map((one) => [...one.children][0]);
  const sends = all('onentry').flatMap(sendsIn);
  const node: Node = {
    id: element.getAttribute('id') ?? '',
    ...(name !== undefined && { name }),
    tag: element.tagName,
    about: (attribute) => optional(element.getAttribute(attribute)),
    ...(parent && { parent }),
    inside: [],
    start: {
      targets: words((initial ?? element).getAttribute(initial ? 'target' : 'initial')),
      acts: initial ? actsIn(initial) : [],
    },
    entry: all('onentry').flatMap(actsIn),
    exit: all('onexit').flatMap(actsIn),
    sent: new Map(sends.map(({ event, delay }) => [event, delay])),
    cancelled: all('onexit').flatMap(cancelsIn),
    arrows: [],
    invokes: all('invoke').map((one) => ({
      id: one.getAttribute('holdfast:id') ?? '',
      src: one.getAttribute('holdfast:src') ?? one.getAttribute('src') ?? '',
    })),
    tags: all('holdfast:tag').map((one) => one.getAttribute('name') ?? ''),
    ...(description !== undefined && { description }),
  };
  node.arrows = all('transition').map((one) => arrowOf(one, node));
  const inner = [...element.children].filter(({ tagName }) => states.includes(tagName));
  node.inside = inner.map((child) => nodeOf(child, node));
  return node;
}

const actsIn = (element: XmlElement): Act[] =>
  [...element.children]
    .filter(({ tagName }) => tagName === 'holdfast:action')
    .map((one) => ({
      name: one.getAttribute('name') ?? '',
      kind: one.getAttribute('kind') ?? 'custom',
    }));

const sendsIn = (element: XmlElement) =>
  [...element.children]
    .filter(({ tagName }) => tagName === 'send')
    .map((one) => ({
      event: one.getAttribute('event') ?? '',
      delay:
        one.getAttribute('delayexpr') ?? one.getAttribute('delay')?.replace(/ms$/, ' ms') ?? '',
    }));

const cancelsIn = (element: XmlElement): string[] =>
  [...element.children]
    .filter(({ tagName }) => tagName === 'cancel')
    .map((one) => one.getAttribute('sendid') ?? '');

function arrowOf(element: XmlElement, source: Node): Arrow {
  const cond = optional(element.getAttribute('cond'));
  const description = optional(element.getAttribute('holdfast:description'));
  const event = element.getAttribute('event');
  const targets = words(element.getAttribute('target'));
  const wanted = element.getAttribute('holdfast:target');
  return {
    source,
    events: words(event),
    original: element.getAttribute('holdfast:event') ?? event ?? '',
    ...(cond !== undefined && { cond }),
    isInternal: element.getAttribute('type') === 'internal',
    targets,
    wanted: wanted === null ? targets : words(wanted),
    acts: actsIn(element),
    plumbing: element.getAttribute('holdfast:plumbing') === 'true',
    ...(description !== undefined && { description }),
  };
}

export const everyNode = (node: Node): Node[] => [node, ...node.inside.flatMap(everyNode)];
