/**
 * Where everything of a chart stands: one plain JSON drawing, made by ELK. It promises the same
 * drawing for the same chart in every run and engine: it takes nothing but geometry from ELK,
 * rounded to a tenth of a pixel. It must never drop an arrow, and it is not to be called in an app
 * that is being inspected: a large chart takes seconds.
 */

import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { allBundles, type Bundle, dotOf, placeOfDot } from './bundles.ts';
import { type Chart, type Part, type Row, rowsIn } from './chart.ts';
import { broken, letter, textOf, widthOf } from './lettering.ts';
import type { StateModel } from './model.ts';

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

/** A line of text at its baseline. `ids` are the transitions that it stands for. */
export interface Line extends Point {
  kind: Row['kind'] | 'label';
  parts: Part[];
  ids: string[];
}

export interface DrawnState extends Box {
  id: string;
  title: string;
  kind: StateModel['type'];
  /** one of several that run side by side */
  region: boolean;
  /** beyond the frame of what is drawn */
  outside: boolean;
  /** holds others; its name begins at `nameAt`, else it is centred there */
  frame: boolean;
  nameAt: Point;
  lines: Line[];
}

export interface DrawnArrow {
  kind: Bundle['kind'];
  ids: string[];
  points: Point[];
  label: Line[];
}

export interface Drawing {
  id: string;
  description?: string;
  width: number;
  height: number;
  states: DrawnState[];
  /** the centres of the dots at which composites begin */
  starts: Point[];
  arrows: DrawnArrow[];
  /** what holds in any state, below the picture */
  notes: Line[];
}

export type Direction = 'RIGHT' | 'DOWN';

/** ELK itself, so that a page can bring one that runs in a worker. */
export interface Engine {
  layout(graph: ElkNode): Promise<ElkNode>;
}

const rowMost = 250;
const dot = 10;
const memory = 26;
const margin = 14;
const head = 26;
/** layouts of one chart, until every header has a place that no arrow crosses */
const attemptsMax = 4;
/** beyond so many arrows across frames, straight ones cost ten times the rest of the layout */
const crossingMost = 80;

/** `room`: pixels kept free after each line that stands for a transition, for a number. */
export async function drawingOf(
  chart: Chart,
  direction: Direction,
  engine: Engine,
  room = 0,
): Promise<Drawing> {
  const plan = new Plan(chart, room);
  for (let attempt = 1; ; attempt += 1) {
    const drawing = plan.drawn(await engine.layout(plan.graph(direction)));
    if (attempt === attemptsMax || !plan.isCramped) return drawing;
  }
}

// what ELK is asked -----------------------------------------------------------------------------

const options = (direction: Direction, placement: string): Record<string, string> => ({
  'elk.algorithm': 'layered',
  'elk.direction': direction,
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.randomSeed': '1',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.padding': '[top=14,left=14,bottom=14,right=14]',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.edgeLabels.inline': 'false',
  'elk.layered.spacing.nodeNodeBetweenLayers': '34',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.layered.nodePlacement.strategy': placement,
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'MEDIAN_LAYER',
});

class Plan {
  readonly #chart: Chart;
  readonly #room: number;
  readonly #rows = new Map<string, { row: Row; parts: Part[] }[]>();
  readonly #bundles: Bundle[];
  /** frames whose header is a box of its own, since arrows that enter left no place for it */
  readonly #cramped = new Set<string>();
  isCramped = false;

  constructor(chart: Chart, room: number) {
    this.#chart = chart;
    this.#room = room;
    for (const [id, state] of chart.states) {
      const most = chart.children.get(id)?.length ? rowMost * 1.5 : rowMost;
      const own = rowsIn(chart, state);
      const lines = own.flatMap((row) => broken(row.words, most).map((parts) => ({ row, parts })));
      this.#rows.set(id, lines);
    }
    this.#bundles = allBundles(chart);
  }

  get #isAlone(): boolean {
    return this.#chart.states.size === 1;
  }

  graph(direction: Direction): ElkNode {
    this.isCramped = false;
    const { root } = this.#chart;
    const nodes = new Map<string, ElkNode>();
    const top = this.#node(root, nodes);
    // of a machine with one state this is what is drawn, else it is the page
    const graph = this.#isAlone ? { id: 'page', children: [top] } : top;
    graph.layoutOptions = options(direction, this.#placement);
    for (const bundle of this.#bundles) {
      const host = nodes.get(this.#hostOf(bundle));
      host?.edges?.push(this.#edge(bundle));
    }
    return graph;
  }

  get #placement(): 'NETWORK_SIMPLEX' | 'LINEAR_SEGMENTS' {
    const { states } = this.#chart;
    const across = this.#bundles.filter(({ source, target }) => {
      return states.get(source)?.parent !== states.get(target)?.parent;
    });
    return across.length > crossingMost ? 'LINEAR_SEGMENTS' : 'NETWORK_SIMPLEX';
  }

  #node(state: StateModel, nodes: Map<string, ElkNode>): ElkNode {
    const children = this.#chart.children.get(state.id) ?? [];
    const { width, height } = this.#sizeOf(state);
    const node: ElkNode = { id: state.id, edges: [] };
    nodes.set(state.id, node);
    if (children.length === 0) return Object.assign(node, { width, height });
    node.children = children.map((child) => this.#node(child, nodes));
    if (state.initial !== undefined && state.type === 'compound') {
      node.children.unshift(first(dotOf(state.id), dot, dot));
    }
    const isCramped = this.#cramped.has(state.id);
    if (isCramped) node.children.unshift(first(headerOf(state.id), width, height));
    node.layoutOptions = {
      'elk.padding': `[top=${isCramped ? 4 : height + 12},left=14,bottom=14,right=14]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},${height})`,
    };
    return node;
  }

  #sizeOf(state: StateModel): { width: number; height: number } {
    if (state.type === 'history') return { width: memory, height: memory };
    const lines = this.#rows.get(state.id) ?? [];
    const texts = lines.map(({ parts }) => widthOf(textOf(parts)) + 20 + this.#room);
    const title = widthOf(state.key, letter.title, true) + 24;
    const rows = lines.length === 0 ? 4 : lines.length * letter.line + 8;
    return { width: Math.max(56, title, ...texts), height: head + rows };
  }

  #edge({ id, source, target, lines }: Bundle): ElkExtendedEdge {
    const edge: ElkExtendedEdge = { id, sources: [source], targets: [target] };
    if (lines.length === 0) return edge;
    const width = Math.max(...lines.map(({ parts }) => widthOf(textOf(parts)))) + 8 + this.#room;
    const height = lines.length * letter.line + 2;
    return { ...edge, labels: [{ id: `label of ${id}`, text: id, width, height }] };
  }

  /** The innermost state that holds both ends. */
  #hostOf({ source, target }: Bundle): string {
    const above = (id: string): string[] => {
      const first = placeOfDot(id) ?? this.#chart.states.get(id)?.parent;
      const parents: string[] = [];
      for (let at = first; at !== undefined; at = this.#chart.states.get(at)?.parent) {
        parents.push(at);
      }
      return parents;
    };
    const others = new Set(above(target));
    return above(source).find((id) => others.has(id)) ?? this.#chart.root.id;
  }

  // what ELK answered ---------------------------------------------------------------------------

  drawn(graph: ElkNode): Drawing {
    const chart = this.#chart;
    const boxes = boxesIn(graph);
    const edges = edgesIn(graph);
    const width = rounded(graph.width ?? 0);
    const height = rounded(graph.height ?? 0);
    const notes = this.#notes(chart.root, height, width);
    const lowest = notes.at(-1);
    const wide = notes.map(
      ({ x, parts }) => x + widthOf(textOf(parts), letter.text, true) + margin,
    );
    const arrows = this.#bundles.map((bundle) => arrow(bundle, edges.get(bundle.id)));
    const stretches = arrows.flatMap(({ points }) => stretchesOf(points));
    return {
      id: chart.id,
      ...(chart.description !== undefined && { description: chart.description }),
      width: Math.max(width, ...wide),
      height: lowest ? lowest.y + margin : height,
      states: [...chart.states.values()].flatMap((state) => this.#state(state, boxes, stretches)),
      starts: [...boxes].flatMap(([id, { x, y }]) =>
        placeOfDot(id) !== undefined ? [{ x: rounded(x + dot / 2), y: rounded(y + dot / 2) }] : [],
      ),
      arrows,
      notes,
    };
  }

  #state(state: StateModel, boxes: Map<string, Box>, stretches: readonly Box[]): DrawnState[] {
    const box = boxes.get(state.id);
    if (!box || (state.id === this.#chart.root.id && !this.#isAlone)) return [];
    const parent = this.#chart.states.get(state.parent ?? '');
    const outside = state.outside === true;
    const frame = (this.#chart.children.get(state.id)?.length ?? 0) > 0;
    const header = boxes.get(headerOf(state.id)) ?? { ...box, ...this.#sizeOf(state) };
    const left = frame ? this.#clear(state.id, header, box, stretches) : box.x;
    const isMemory = state.type === 'history';
    return [
      {
        id: state.id,
        title: isMemory ? (state.history === 'deep' ? 'H*' : 'H') : state.key,
        kind: state.type,
        region: parent?.type === 'parallel' && !outside,
        outside,
        frame,
        nameAt: {
          x: rounded(frame ? left + 12 : box.x + box.width / 2),
          y: rounded(header.y + (isMemory ? box.height / 2 + 4 : 18)),
        },
        ...box,
        lines: this.#lines(state.id, left + 10, header.y + head + 14),
      },
    ];
  }

  #clear(id: string, header: Box, frame: Box, stretches: readonly Box[]): number {
    const left = clearOf(stretches, header, frame);
    if (left !== undefined) return left;
    this.isCramped = true;
    this.#cramped.add(id);
    return header.x;
  }

  #lines(id: string, x: number, y: number): Line[] {
    return (this.#rows.get(id) ?? []).map(({ row, parts }, i) => ({
      kind: row.kind,
      parts,
      ids: row.id === undefined ? [] : [row.id],
      x: rounded(x),
      y: rounded(y + i * letter.line),
    }));
  }

  /** What the root says stands below the picture, since the root is the page. */
  #notes(root: StateModel, height: number, width: number): Line[] {
    if (this.#isAlone) return [];
    const rows = this.#chart.rows.get(root.id) ?? [];
    const most = Math.max(width - 2 * margin, rowMost);
    const lines = rows.flatMap((row) => broken(row.words, most).map((parts) => ({ row, parts })));
    const title: Part[] = [{ kind: 'label', text: titleOfNotes(root) }];
    if (lines.length === 0) return [];
    const all = [{ row: undefined, parts: title }, ...lines];
    return all.map(({ row, parts }, i) => ({
      kind: row?.kind ?? 'regions',
      parts,
      ids: row?.id === undefined ? [] : [row.id],
      x: margin,
      y: height + margin + i * letter.line,
    }));
  }
}

const titleOfNotes = ({ path }: StateModel): string =>
  path === '' ? 'in any state' : `throughout ${path}`;

const headerOf = (id: string): string => `header of ${id}`;

const first = (id: string, width: number, height: number): ElkNode => ({
  id,
  width,
  height,
  layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
});

function arrow(from: Bundle, edge: ElkExtendedEdge | undefined): DrawnArrow {
  const [section] = edge?.sections ?? [];
  if (!section) throw new Error(`the layout has lost the arrow ${from.id}`);
  const { startPoint, bendPoints = [], endPoint } = section;
  const [label] = edge?.labels ?? [];
  const at = { x: (label?.x ?? 0) + 4, y: (label?.y ?? 0) + 12 };
  return {
    kind: from.kind,
    ids: from.ids,
    points: [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({
      x: rounded(x),
      y: rounded(y),
    })),
    label: from.lines.map(({ parts, ids }, i) => ({
      kind: 'label',
      parts,
      ids,
      x: rounded(at.x),
      y: rounded(at.y + i * letter.line),
    })),
  };
}

// geometry --------------------------------------------------------------------------------------

/** The boxes around the straight stretches of an arrow. */
const stretchesOf = (points: readonly Point[]): Box[] =>
  points.slice(1).map(({ x, y }, i) => {
    const from = points[i] ?? { x, y };
    return {
      x: Math.min(x, from.x),
      y: Math.min(y, from.y),
      width: Math.abs(x - from.x),
      height: Math.abs(y - from.y),
    };
  });

/** How far right a header has to stand in its frame so that no arrow that enters runs through. */
function clearOf(stretches: readonly Box[], header: Box, frame: Box) {
  const end = frame.x + frame.width - header.width;
  const inBand = stretches
    .filter(({ y, height }) => y < header.y + header.height && y + height > header.y)
    .filter(({ x, width }) => x < frame.x + frame.width && x + width > frame.x)
    .sort((a, b) => a.x - b.x);
  let left = header.x;
  for (const { x, width } of inBand) {
    if (x - 4 < left + header.width) left = Math.max(left, x + width - 4);
  }
  return left <= end ? left : undefined;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

function boxesIn(graph: ElkNode): Map<string, Box> {
  const boxes = new Map<string, Box>();
  const visit = ({ id, x = 0, y = 0, width = 0, height = 0, children = [] }: ElkNode) => {
    const [left, top] = [rounded(x), rounded(y)];
    boxes.set(id, { x: left, y: top, width: rounded(width), height: rounded(height) });
    for (const child of children) visit(child);
  };
  visit(graph);
  return boxes;
}

function edgesIn(graph: ElkNode): Map<string, ElkExtendedEdge> {
  const edges = new Map<string, ElkExtendedEdge>();
  const visit = ({ edges: own = [], children = [] }: ElkNode) => {
    for (const edge of own) edges.set(edge.id, edge);
    for (const child of children) visit(child);
  };
  visit(graph);
  return edges;
}
