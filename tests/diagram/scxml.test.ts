import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ships } from '../../src/cli/ships.ts';
import { modelsIn } from '../../src/diagram/files.ts';
import { atLevel, levelsOf } from '../../src/diagram/level.ts';
import { type DiagramModel, modelOf, type StateModel } from '../../src/diagram/model.ts';
import { toScxml } from '../../src/diagram/scxml.ts';
import { anyChart } from './any-chart.ts';
import * as charts from './charts.ts';
import { changed, door } from './door.ts';
import { type Arrow, everyNode, type Node, readScxml } from './read-scxml.ts';
import { faultsIn } from './scxml-grammar.ts';

const views = [...modelsIn(ships), ...modelsIn(charts)].flatMap(([name, model]) =>
  levelsOf(model).map((level): [string, DiagramModel] => [
    `${name} (${level})`,
    atLevel(model, level),
  ]),
);

// what a text says ------------------------------------------------------------------------------

function typeOf({ tag, inside, about }: Node): string {
  if (tag !== 'state') return tag;
  if (about('holdfast:type')) return 'final';
  if (inside.some((one) => one.tag === 'parallel' && one.name === undefined)) return 'parallel';
  return inside.length > 0 ? 'compound' : 'atomic';
}

/** The nearest that is a state of the machine. */
const homeOf = ({ parent }: Node): Node | undefined =>
  !parent || parent.name !== undefined ? parent : homeOf(parent);

const isInside = (node: Node | undefined, home: Node): boolean =>
  node !== undefined && (node === home || isInside(homeOf(node), home));

function saidBy(text: string) {
  const top = readScxml(text);
  const nodes = everyNode(top);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const namesOf = (ids: string[]) => ids.flatMap((id) => byId.get(id)?.name ?? []);
  const states = nodes.flatMap((node) => {
    const { name, entry, exit, invokes, tags, description, start } = node;
    if (name === undefined) return [];
    const parent = homeOf(node)?.name;
    const type = typeOf(node);
    const first = type === 'history' ? (node.arrows[0]?.targets ?? []) : start.targets;
    const inside = node.about('holdfast:inside');
    return {
      ...{ id: name, type, parent, entry, exit, invokes, tags, description },
      key: node.about('holdfast:key') ?? name.slice(parent === undefined ? 0 : parent.length + 1),
      initial: namesOf(first).join(' ') || undefined,
      initialActions: type === 'history' ? [] : start.acts,
      history: node.tag === 'history' ? node.about('type') : undefined,
      inside: inside === undefined ? undefined : Number(inside),
      outside: node.about('holdfast:outside') === 'true',
    };
  });
  const arrows = nodes.filter(({ tag }) => tag !== 'history').flatMap((node) => node.arrows);
  const isEnd = ({ wanted }: Arrow) => wanted.length > 0 && namesOf(wanted).length === 0;
  const transitions = arrows.flatMap((arrow) => {
    if (isEnd(arrow)) return [];
    const { source, original, cond, isInternal, targets, wanted, acts, plumbing } = arrow;
    const stays = wanted.length > 0 && wanted.every((id) => isInside(byId.get(id), source));
    return {
      source: source.name,
      targets: namesOf(wanted),
      event: original,
      guard: cond,
      delay: source.sent.get(arrow.events[0] ?? ''),
      actions: acts,
      reenter: stays ? !isInternal && targets.length > 0 : undefined,
      plumbing,
      description: arrow.description,
    };
  });
  return { states: inOrder(states), transitions: inOrder(transitions) };
}

const inOrder = <T>(all: T[]): T[] => {
  const text = (one: T) => JSON.stringify(one);
  return all
    .map((one) => ({ one, key: text(one) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ one }) => one);
};

// what a model says -----------------------------------------------------------------------------

function saidOf({ states, transitions }: DiagramModel) {
  const byId = new Map(states.map((state) => [state.id, state]));
  const within = (id: string | undefined, home: string): boolean =>
    id !== undefined && (id === home || within(byId.get(id)?.parent, home));
  /** Where a memory leads at first that does not say so. */
  const startOf = ({ type, initial, parent }: StateModel): string | undefined => {
    if (type !== 'history' || initial !== undefined) return initial;
    const regions = states.filter((one) => one.parent === parent && one.type !== 'history');
    return byId.get(parent ?? '')?.initial ?? regions.map(({ id }) => id).join(' ');
  };
  return {
    states: inOrder(
      states.map((state) => ({
        ...{ id: state.id, type: state.type, parent: state.parent },
        ...{ entry: state.entry, exit: state.exit, invokes: state.invokes, tags: state.tags },
        ...{ description: state.description, key: state.key },
        initial: startOf(state),
        initialActions: state.initialActions ?? [],
        ...{ history: state.history, inside: state.inside, outside: state.outside === true },
      })),
    ),
    transitions: inOrder(
      transitions.map(({ source, targets, event, guard, delay, actions, ...t }) => {
        const stays = targets.length > 0 && targets.every((id) => within(id, source));
        return {
          ...{ source, targets, event, guard },
          // a closed composite does not set the timers of what is inside it
          delay: event.endsWith(`.${source}`) ? delay : undefined,
          ...{ actions, reenter: stays ? t.reenter : undefined },
          ...{ plumbing: t.plumbing, description: t.description },
        };
      }),
    ),
  };
}

describe('the SCXML of a machine', () => {
  it.each(views)('says of %s what the model says, all of it and once', (_, model) => {
    const text = toScxml(model);
    expect(faultsIn(text)).toEqual([]);
    expect(saidBy(text)).toEqual(saidOf(model));
  });

  it('says of any statechart what the model says', () => {
    fc.assert(
      fc.property(anyChart, (machine) => {
        const model = modelOf(machine);
        const text = toScxml(model);
        expect(faultsIn(text)).toEqual([]);
        expect(saidBy(text)).toEqual(saidOf(model));
      }),
      { numRuns: 50, seed: 20261123 },
    );
  });

  const plain = toScxml(modelOf(door()));

  it('is one line for one thing, in the order in which XState tries them', () => {
    expect(plain.split('\n').slice(3)).toEqual([
      '  <state id="door" initial="door-shut" holdfast:id="door">',
      '    <transition event="ring"><holdfast:action name="chime"/></transition>',
      '    <state id="door-shut" holdfast:id="door.shut">',
      '      <transition event="push" target="door-open"/>',
      '    </state>',
      '    <state id="door-open" initial="door-open-ajar" holdfast:id="door.open">',
      '      <onentry><holdfast:action name="creak"/></onentry>',
      '      <transition event="pull" target="door-shut"/>',
      '      <state id="door-open-ajar" holdfast:id="door.open.ajar">',
      '        <transition event="push" target="door-open-wide"/>',
      '      </state>',
      '      <state id="door-open-wide" holdfast:id="door.open.wide">',
      '      </state>',
      '    </state>',
      '    <state id="door-gone" holdfast:id="door.gone">',
      '    </state>',
      '  </state>',
      '</scxml>',
      '',
    ]);
  });

  it.each([
    ['an arrow', { ajar: { slam: '#door.shut' } }, '<transition event="slam" target="door-shut"/>'],
    [
      'a handler in place',
      { ajar: { wind: { actions: 'creak' } } },
      '<transition event="wind"><holdfast:action name="creak"/></transition>',
    ],
    [
      'a row of a frame',
      { open: { kick: '.wide' } },
      '<transition event="kick" type="internal" target="door-open-wide"/>',
    ],
    [
      'a transition from any state',
      { root: { burn: '.gone' } },
      '<transition event="burn" type="internal" target="door-gone"/>',
    ],
  ])('changes by one line when the machine gains %s', (_, more, line) => {
    const { gone, come } = changed(plain, toScxml(modelOf(door(more))));
    expect(gone).toEqual([]);
    expect(come.map((one) => one.trim())).toEqual([line]);
  });

  it('sends a timer at entry, and cancels it at exit', () => {
    const { gone, come } = changed(
      plain,
      toScxml(modelOf(door({ shut: { after: { DUSK: 'gone' } } }))),
    );
    expect(gone).toEqual([]);
    const event = 'after.DUSK.door-shut';
    expect(come.map((one) => one.trim())).toEqual([
      `<onentry><send event="${event}" id="${event}" delayexpr="DUSK"/></onentry>`,
      `<onexit><cancel sendid="${event}"/></onexit>`,
      expect.stringMatching(
        /^<transition event="after[^ ]* target="door-gone" holdfast:event="xst/,
      ),
    ]);
  });
});
