import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { ships } from '../../src/cli/ships.ts';
import { chartOf, sentence, wordsOf } from '../../src/diagram/chart.ts';
import { toDot } from '../../src/diagram/dot.ts';
import { modelsIn } from '../../src/diagram/files.ts';
import { atLevel, levelsOf } from '../../src/diagram/level.ts';
import { type DiagramModel, modelOf, type TransitionModel } from '../../src/diagram/model.ts';
import * as charts from './charts.ts';
import { changed, door } from './door.ts';
import { draw } from './real-graphviz.ts';

const views = [...modelsIn(ships), ...modelsIn(charts)].flatMap(([name, model]) =>
  levelsOf(model).map((level): [string, DiagramModel] => [
    `${name} (${level})`,
    atLevel(model, level),
  ]),
);

/** Which transitions are lines: not those from any state, and not those within one state. */
function linesOf({ states, transitions }: DiagramModel): TransitionModel[] {
  const pathOf = (id: string) => `${states.find((state) => state.id === id)?.path}.`;
  const isWithin = (one: string, other: string) => pathOf(one).startsWith(pathOf(other));
  return transitions.filter(({ source, targets }) => {
    const isLine = (id: string) => !isWithin(id, source) && !isWithin(source, id);
    return source !== states[0]?.id && targets.length > 0 && targets.every(isLine);
  });
}

const inOrder = <T>(all: T[]): T[] =>
  [...all].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

describe('the DOT text of a machine, as Graphviz reads it', () => {
  it.each(views)('shows every state of %s in its place, with its words', (_, model) => {
    const chart = chartOf(model);
    const { root } = chart;
    const { clusters, nodes, text, name } = draw(toDot(model));
    const isAlone = model.states.length === 1;
    const drawn = [...chart.children.values()].flat().concat(isAlone ? [root] : []);
    const frames = drawn.filter(({ id }) => chart.children.get(id)?.length);
    const boxes = drawn.filter((state) => !frames.includes(state));
    const homes = ({ parent }: { parent?: string }) =>
      parent === undefined || parent === root.id ? undefined : `cluster_${parent}`;
    const rows = (id: string) => chart.rows.get(id)?.map(({ words }) => sentence(words)) ?? [];

    expect(name).toBe(model.id);
    const about = [model.id, ...(model.description ? [model.description] : [])];
    expect(text).toEqual(isAlone ? about : [...about, ...rows(root.id)]);
    expect(inOrder(clusters.map((one) => [one.name, one.home, one.text]))).toEqual(
      inOrder(frames.map((one) => [`cluster_${one.id}`, homes(one), [one.key, ...rows(one.id)]])),
    );
    const named = nodes.filter((one) => one.shape !== 'point');
    expect(inOrder(named.map((one) => [one.name, one.home, one.text[0], one.isDouble]))).toEqual(
      inOrder(
        boxes.map((one) => {
          const memory = one.history === 'deep' ? 'H*' : 'H';
          const title = one.type === 'history' ? memory : one.key;
          return [one.id, homes(one), title, one.type === 'final'];
        }),
      ),
    );
    for (const { id, inside } of boxes) {
      const more = inside === undefined ? [] : [`${inside} state${inside === 1 ? '' : 's'} inside`];
      const words = nodes.find((one) => one.name === id)?.text.slice(1);
      expect(words).toEqual([...rows(id), ...more]);
    }
    const anchors = nodes.filter((one) => one.shape === 'point' && one.style === 'invis');
    expect(inOrder(anchors.map((one) => [one.name, one.home]))).toEqual(
      inOrder(frames.map(({ id }) => [id, `cluster_${id}`])),
    );
  });

  it.each(views)('draws every transition of %s to each of its targets', (_, model) => {
    const { children } = chartOf(model);
    const frame = (id: string) => (children.get(id)?.length ? `cluster_${id}` : undefined);
    const expected = linesOf(model).flatMap((t) =>
      t.targets.map((to) => ({
        ...{ from: t.source, to, text: sentence(wordsOf(t)) },
        ...{ ltail: frame(t.source), lhead: frame(to) },
      })),
    );
    const memories = model.states.filter(({ type, initial }) => type === 'history' && initial);
    const remembered = memories.map(({ id, initial = '' }) => ({
      ...{ from: id, to: initial, text: 'at first', ltail: undefined, lhead: frame(initial) },
    }));
    const { edges, nodes } = draw(toDot(model));
    const dots = nodes.filter((one) => one.shape === 'point' && one.style !== 'invis');
    const own = edges.filter(({ from }) => !dots.some(({ name }) => name === from));
    expect(inOrder(own)).toEqual(inOrder([...expected, ...remembered]));
    const first = edges.filter((one) => !own.includes(one));
    const starts = model.states.filter(({ id, type, initial }) => {
      return (
        type !== 'history' && initial !== undefined && (frame(id) ?? id === model.states[0]?.id)
      );
    });
    expect(inOrder(first.map(({ to, text, lhead }) => [to, text, lhead]))).toEqual(
      inOrder(
        starts.map(({ initial = '', initialActions }) => [
          initial,
          initialActions ? `/ ${initialActions.map(({ name }) => name).join(', ')}` : '',
          frame(initial),
        ]),
      ),
    );
    expect(dots).toHaveLength(first.length);
  });

  it('puts a dashed frame around what runs side by side', () => {
    const { clusters } = draw(toDot(modelOf(charts.player)));
    const dashed = clusters.filter(({ style }) => style === 'rounded,dashed');
    expect(dashed.map(({ name }) => name)).toEqual([
      'cluster_player.on.picture',
      'cluster_player.on.sound',
    ]);
  });

  it('reads as the pictures do, from the left to the right where they do', () => {
    const directions = modelsIn(ships);
    const directionOf = (name: string) => draw(toDot(directions.get(name) ?? none)).direction;
    expect(['system', 'heartbeat'].map(directionOf)).toEqual(['LR', 'TB']);
  });

  it('tells an edge of a frame from one of a state inside it', () => {
    const initial = { target: 'a', actions: ['wake', 'look'] };
    const nest = createMachine({
      id: 'nest',
      initial: 'out',
      states: {
        out: { on: { in: 'box', deep: 'box.b', both: ['box.a'] } },
        box: { initial, on: { up: 'out' }, states: { a: { on: { b: 'b' } }, b: {} } },
      },
    });
    const { edges } = draw(toDot(modelOf(nest)));
    expect(edges.map(({ from, to, text, ltail, lhead }) => [from, to, text, ltail, lhead])).toEqual(
      expect.arrayContaining([
        ['nest.out', 'nest.box', 'in', undefined, 'cluster_nest.box'],
        ['nest.out', 'nest.box.b', 'deep', undefined, undefined],
        ['nest.box', 'nest.out', 'up', 'cluster_nest.box', undefined],
        ['nest.box~start', 'nest.box.a', '/ wake, look', undefined, undefined],
      ]),
    );
  });
});

const none: DiagramModel = { id: 'none', states: [], transitions: [] };

describe('the DOT text of a machine', () => {
  const textOf = (machine: Parameters<typeof modelOf>[0]) => toDot(modelOf(machine));
  const plain = textOf(door());

  it('is one line for one thing: states in place, edges last', () => {
    expect(plain.split('\n')).toEqual([
      'digraph "door" {',
      '  // Drawn from the machine by holdfast diagram.',
      '  graph [compound=true rankdir=TB labeljust=l labelloc=t fontname=Arial]',
      '  node [shape=box style=rounded margin="0.2,0.08" fontname=Arial]',
      '  edge [fontname=Arial fontsize=11]',
      '  graph [label="door\\l"',
      '    + "ring / chime\\l"',
      '  ]',
      '  "door~start" [shape=point width=0.12]',
      '  "door.shut" [style="rounded" label="shut\\n"',
      '  ]',
      '  subgraph "cluster_door.open" {',
      '    graph [style="rounded" label="open\\l"',
      '      + "entry / creak\\l"',
      '    ]',
      '    "door.open" [shape=point style=invis]',
      '    "door.open~start" [shape=point width=0.12]',
      '    "door.open.ajar" [style="rounded" label="ajar\\n"',
      '    ]',
      '    "door.open.wide" [style="rounded" label="wide\\n"',
      '    ]',
      '    "door.open~start" -> "door.open.ajar" [label=""]',
      '  }',
      '  "door.gone" [style="rounded" label="gone\\n"',
      '  ]',
      '  "door~start" -> "door.shut" [label=""]',
      '  "door.shut" -> "door.open" [label="push" lhead="cluster_door.open"]',
      '  "door.open" -> "door.shut" [label="pull" ltail="cluster_door.open"]',
      '  "door.open.ajar" -> "door.open.wide" [label="push"]',
      '}',
      '',
    ]);
  });

  it.each([
    [
      'an arrow',
      { ajar: { slam: '#door.shut' } },
      '"door.open.ajar" -> "door.shut" [label="slam"]',
    ],
    ['a handler in place', { ajar: { wind: { actions: 'creak' } } }, '  + "wind / creak\\l"'],
    ['a row of a frame', { open: { kick: '.wide' } }, '  + "kick → wide\\l"'],
    ['a transition from any state', { root: { burn: '.gone' } }, '  + "burn → gone\\l"'],
    [
      'a timer',
      { shut: { after: { DUSK: 'gone' } } },
      '"door.shut" -> "door.gone" [label="after DUSK"]',
    ],
  ])('changes by one line when the machine gains %s', (_, more, line) => {
    const { gone, come } = changed(plain, textOf(door(more)));
    expect(gone).toEqual([]);
    expect(come.map((one) => one.trim())).toEqual([line.trim()]);
  });

  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(...'"\\<>&{}|[];:#%~$@/*+- \n\t\u0000\u0007', '\ud800', 'é', '状', '🙂'),
        fc.constantFrom(
          '\\N',
          '\\G',
          '\\l',
          '\\"',
          '&amp;',
          '&#60;',
          '&lt',
          '<b>',
          '//',
          '/*',
          '%s',
        ),
        fc.constantFrom('cluster_', 'node', 'graph', 'digraph', 'a', 'b', '1', '.'),
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join(''));

  it('takes no name for anything but text, whatever stands in it', () => {
    const shown = (text: string) =>
      text
        .replace(/\s+/g, ' ')
        .trim()
        .replace(/\p{Cc}|\p{Surrogate}/gu, '\ufffd') || '…';
    fc.assert(
      fc.property(fc.uniqueArray(hostile, { minLength: 4, maxLength: 4 }), (some) => {
        const [top = '', inner = '', other = '', word = ''] = some;
        const bare = { entry: [], exit: [], invokes: [], tags: [], type: 'atomic' as const };
        const state = (id: string, path: string, parent?: string) => ({
          ...{ ...bare, id, key: id, path },
          ...(parent !== undefined && { parent }),
        });
        const act = { event: word, label: word, kind: 'on' as const, guard: word };
        const move = (id: string, targets: string[]) => ({
          ...{
            ...act,
            id,
            source: inner,
            targets,
            actions: [{ name: word, kind: 'custom' as const }],
          },
          ...{ reenter: false, plumbing: false },
        });
        const root = { ...state('the root', ''), type: 'compound' as const, initial: top };
        const frame = { ...state(top, 'x', root.id), type: 'compound' as const, initial: inner };
        const states = [root, frame, state(inner, 'x.y', top), state(other, 'z', root.id)];
        const transitions = [move('1', [other]), move('2', [])];
        const read = draw(toDot({ id: word, description: word, states, transitions }));
        const words = shown(`${word} [${word}] / ${word}`);
        expect(read.text).toEqual([shown(word), shown(word)]);
        expect(read.clusters.map(({ text }) => text)).toEqual([[shown(top)]]);
        const boxes = read.nodes.filter(({ shape }) => shape !== 'point');
        expect(boxes.map(({ text }) => text)).toEqual([[shown(inner), words], [shown(other)]]);
        expect(read.edges.map(({ text }) => text).sort()).toEqual(['', '', words].sort());
      }),
      { numRuns: 300, seed: 20261123 },
    );
  });
});
