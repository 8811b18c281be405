/** Mermaid itself reads and draws what we write, for every machine that ships and odd ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ships } from '../../src/cli/ships.ts';
import { chartOf } from '../../src/diagram/chart.ts';
import { modelsIn } from '../../src/diagram/files.ts';
import { atLevel, levelsOf } from '../../src/diagram/level.ts';
import { toMermaid } from '../../src/diagram/mermaid.ts';
import type { DiagramModel, StateModel } from '../../src/diagram/model.ts';
import { sequenceToMermaid } from '../../src/diagram/sequence.ts';
import * as charts from './charts.ts';
import { draw, playBack, readBack } from './real-mermaid.ts';
import { recorded, stories } from './stories.ts';

/** What ships, the actors and the system too, and odd ones. */
const everything = [...modelsIn(ships), ...modelsIn(charts)];
const everyView = everything.flatMap(([name, model]) =>
  levelsOf(model).map((level) => [`${name} (${level})`, atLevel(model, level)] as const),
);

const everyStory = [...stories(), ...(await recorded())];

type Understood = Awaited<ReturnType<typeof readBack>>;

/** The keys from the page down to a state, as mermaid has nested it; dividers and dots aside. */
function placesOf({ states }: Understood): string[] {
  const byId = new Map(states.map((s) => [s.id, s]));
  const path = (id: string | undefined): string[] => {
    const at = id === undefined ? undefined : byId.get(id);
    if (!at) return [];
    return [...path(at.inside), ...(at.isSign ? [] : [at.title])];
  };
  const isBox = (title: string) => /^(any state$|throughout\b)/.test(title);
  return states
    .filter(({ isSign, title }) => !isSign && !isBox(title))
    .map(({ id }) => path(id).join(' > '));
}

/** Beyond the frame only what an arrow leads to or comes from is drawn. */
function placesIn(model: DiagramModel): string[] {
  const { states } = model;
  const touched = new Set(chartOf(model).arrows.flatMap((one) => [one.source, ...one.targets]));
  const byId = new Map(states.map((s) => [s.id, s]));
  const title = (s: StateModel) => {
    if (s.type === 'history') return s.history === 'deep' ? 'H*' : 'H';
    return s.key.replace(/\s+/g, ' ').trim() || '…';
  };
  const path = (s: StateModel | undefined): string[] =>
    s?.parent === undefined ? [] : [...path(byId.get(s.parent)), title(s)];
  const inner = states.filter((s) => {
    return (s.parent !== undefined && (!s.outside || touched.has(s.id))) || states.length === 1;
  });
  return inner.map((s) => path(s).join(' > ') || title(s));
}

describe('mermaid itself', () => {
  for (const [name, model] of everyView) {
    it(`reads ${name} as it was meant`, async () => {
      const text = toMermaid(model);
      const understood = await readBack(text);
      expect(placesOf(understood).sort()).toEqual(placesIn(model).sort());
      const arrows = text.split('\n').filter((line) => line.includes(' --> '));
      expect(understood.arrows).toHaveLength(arrows.length);
      const rows = text.split('\n').filter((line) => /^ *\S+ : /.test(line));
      expect(understood.states.flatMap((s) => s.rows)).toHaveLength(rows.length);
    });
  }

  // Charts that parse may still fail in the layout, and GitHub then shows an error instead.
  for (const [name, model] of everything) {
    it(`draws ${name}`, { timeout: 120_000 }, async () => {
      expect(await draw(toMermaid(model))).toContain('<svg');
    });
  }

  it('notices a text that is wrong', async () => {
    await expect(readBack('stateDiagram-v2\n  a --> b : c : d ; e {')).rejects.toThrow();
    await expect(readBack('stateDiagram-v2\n  state "a" as a {')).rejects.toThrow();
  });
});

/** Whatever anybody could call a state, an event or an action, and more. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...':;#<>"\'[]{}()*_`~$%|&\\/-+=.,!? \n\t1a'),
      fc.constantFrom('-->', '--', '%%{init', '[[fork]]', '<<choice>>', 'direction LR', '[*]'),
      fc.constantFrom('state', 'note', 'end note', 'class', 'click', 'default', 'accTitle', 'as'),
      fc.constantFrom('#35;', '&amp;', '<br/>', ':::', '1. ', 'é', '状態', '🙂', 'start', 'end'),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const said = (text: string) => text.replace(/\s+/g, ' ').trim() || '…';

function twoStates(keys: string[], words: string[]): DiagramModel {
  const empty = { entry: [], exit: [], invokes: [], tags: [] };
  const [first = 'a', second = 'b'] = keys;
  const [event = 'e', guard = 'g', action = 'x'] = words;
  const state = (id: string, key: string, path: string, parent?: string): StateModel => ({
    ...empty,
    ...(parent !== undefined && { parent }),
    ...{ id, key, path, type: 'atomic' as const },
  });
  const actions = [{ name: action, kind: 'custom' as const }];
  const shared = { event, label: event, kind: 'on' as const, guard, actions, reenter: false };
  return {
    id: first,
    description: second,
    states: [
      { ...state('root', 'root', ''), type: 'compound', initial: 'one' },
      { ...state('one', first, first, 'root'), type: 'compound', initial: 'in' },
      state('in', second, `${first}.${second}`, 'one'),
      state('two', `${second} 2`, `${second} 2`, 'root'),
    ],
    transitions: [
      { ...shared, id: 'one:0', source: 'one', targets: [], plumbing: false },
      { ...shared, id: 'in:0', source: 'in', targets: [], plumbing: false },
      { ...shared, id: 'in:1', source: 'in', targets: ['two'], plumbing: false },
    ],
  };
}

describe('hostile names', () => {
  it('neither break the text nor come out as others', async () => {
    const keys = fc.array(hostile, { minLength: 2, maxLength: 2 });
    const words = fc.array(hostile, { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(keys, words, async (keys, words) => {
        const model = twoStates(keys, words);
        const understood = await readBack(toMermaid(model));
        expect(placesOf(understood).sort()).toEqual(placesIn(model).sort());
        const sentence = said(`${words[0]} [${words[1]}] / ${words[2]}`);
        expect(understood.arrows.map(({ label }) => label)).toEqual(['', '', sentence]);
        const rows = understood.states.flatMap((s) => s.rows);
        expect(rows).toEqual([sentence, sentence]);
      }),
      { numRuns: 60, seed: 20261122 },
    );
  });
});

describe('mermaid itself', () => {
  it.each(everyStory)('plays the way to %s as it was told', async (_, story) => {
    const text = sequenceToMermaid(story);
    const { actors, messages } = await playBack(text);
    expect(actors).toHaveLength(story.lanes.length);
    expect(messages).toHaveLength(story.events.length + (story.verdict === undefined ? 0 : 1));
    expect(await draw(text)).toContain('<svg');
  });
});
