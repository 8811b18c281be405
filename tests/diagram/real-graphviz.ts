/**
 * The real Graphviz reads a text and lays it out; what it has understood, without the places. What
 * stands in what comes from its JSON, and the words from its SVG: its JSON doubles a backslash.
 */
import { instance } from '@viz-js/viz';
import { parse, type XmlElement } from './read-scxml.ts';

interface Thing {
  _gvid: number;
  name: string;
  shape?: string;
  style?: string;
  peripheries?: string;
  nodes?: number[];
  subgraphs?: number[];
}

interface Line {
  tail: number;
  head: number;
  ltail?: string;
  lhead?: string;
}

interface Graph {
  name: string;
  rankdir?: string;
  objects?: Thing[];
  edges?: Line[];
}

const graphviz = await instance();

/** It has no widths for letters beyond ASCII, and says so. */
const isAboutLetters = (message: string): boolean => message.includes('non-ASCII character');

const textsIn = (group: XmlElement): string[] =>
  [...group.children].filter((one) => one.tagName === 'text').map((one) => one.textContent ?? '');

/** The words of each thing, by its title; lines between the same two in the order of the text. */
function wordsIn(svg: string) {
  const top = parse(svg);
  const of = (kind: string) => {
    const numberOf = (group: XmlElement) => Number(group.getAttribute('id')?.slice(kind.length));
    const groups = [...top.querySelectorAll(`g.${kind}`)];
    const all = new Map<string, string[][]>();
    for (const group of groups.sort((a, b) => numberOf(a) - numberOf(b))) {
      const title = group.querySelector('title')?.textContent ?? '';
      all.set(title, [...(all.get(title) ?? []), textsIn(group)]);
    }
    return (title: string): string[] => all.get(title)?.shift() ?? [];
  };
  const graph = top.querySelector('g.graph');
  return {
    graph: graph ? textsIn(graph) : [],
    cluster: of('cluster'),
    node: of('node'),
    edge: of('edge'),
  };
}

/** Throws what Graphviz objects to. */
function rendered(dot: string, format: 'json' | 'svg'): string {
  const { status, output, errors } = graphviz.render(dot, { format });
  const objections = errors.map(({ message }) => message).filter((one) => !isAboutLetters(one));
  if (status !== 'success' || objections.length > 0) throw new Error(objections.join('\n'));
  return output;
}

export function draw(dot: string) {
  const words = wordsIn(rendered(dot, 'svg'));
  const { objects = [], edges = [], ...graph } = JSON.parse(rendered(dot, 'json')) as Graph;
  const clusters = objects.filter(({ nodes, subgraphs }) => nodes ?? subgraphs);
  const byId = new Map(objects.map((one) => [one._gvid, one]));
  /** The innermost cluster that has it. */
  const homeOf = (one: Thing): string | undefined => {
    const around = clusters.filter(({ nodes = [], subgraphs = [], _gvid }) => {
      return _gvid !== one._gvid && (nodes.includes(one._gvid) || subgraphs.includes(one._gvid));
    });
    const size = ({ nodes = [] }: Thing) => nodes.length;
    return around.sort((a, b) => size(a) - size(b))[0]?.name;
  };
  const seen = (one: Thing) => ({
    name: one.name,
    home: homeOf(one),
    text: (clusters.includes(one) ? words.cluster : words.node)(one.name),
    shape: one.shape,
    style: one.style,
    isDouble: one.peripheries === '2',
  });
  return {
    name: graph.name,
    direction: graph.rankdir,
    text: words.graph,
    clusters: clusters.map(seen),
    nodes: objects.filter((one) => !clusters.includes(one)).map(seen),
    edges: edges.map((one) => {
      const [from, to] = [byId.get(one.tail)?.name, byId.get(one.head)?.name];
      const text = words.edge(`${from}->${to}`).join(' ');
      return { from, to, text, ltail: one.ltail, lhead: one.lhead };
    }),
  };
}
