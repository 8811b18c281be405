import { describe, expect, it } from 'vitest';
import { and, createActor, createMachine, not, or } from 'xstate';
import { toDirectedGraph } from 'xstate/graph';
import * as shipped from '../../machines/index.ts';
import { machinesIn } from '../../src/diagram/files.ts';
import { type DiagramModel, modelOf } from '../../src/diagram/model.ts';
import * as charts from './charts.ts';

const everyMachine = [...machinesIn({ ...charts, ...shipped })];

const state = (model: DiagramModel, path: string) => model.states.find((s) => s.path === path);

/** `id label [guard] / actions → targets`, which is how a person would check it. */
const spoken = ({ transitions }: DiagramModel, source: string) =>
  transitions
    .filter((t) => t.source === source)
    .map((t) => {
      const guard = t.guard ? ` [${t.guard}]` : '';
      const actions = t.actions.length > 0 ? ` / ${t.actions.map(({ name }) => name)}` : '';
      return `${t.id} ${t.kind} ${t.label}${guard}${actions} → ${t.targets}`;
    });

describe('the model of a machine', () => {
  const player = modelOf(charts.player);

  it('is plain JSON', () => {
    for (const [name, machine] of everyMachine) {
      const model = modelOf(machine);
      expect(JSON.parse(JSON.stringify(model)), name).toEqual(model);
    }
  });

  it('identifies transitions as XState does, and leaves none out', () => {
    type Graph = ReturnType<typeof toDirectedGraph>;
    const all = ({ edges, children }: Graph): string[] => [
      ...edges.map(({ id, transition }) => `${id.replace(/:\d+$/, '')} ${transition.eventType}`),
      ...children.flatMap(all),
    ];
    for (const [name, machine] of everyMachine) {
      const { transitions } = modelOf(machine);
      const known = transitions.filter((t) => t.kind !== 'always').map((t) => `${t.id} ${t.event}`);
      expect(known, name).toEqual([...new Set(all(toDirectedGraph(machine)))]);
    }
  });

  it('counts `always` transitions after the others of the same state', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { always: [{ guard: 'g', target: 'b' }, 'b'], on: { e: 'b' } }, b: {} },
    });
    const ids = modelOf(machine).transitions.map(({ id, kind }) => `${id} ${kind}`);
    expect(ids).toEqual(['m.a:0 on', 'm.a:1 always', 'm.a:2 always']);
  });

  it('finds the transition that a running machine takes', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { on: { f: 'a', e: [{ guard: () => false }, { target: 'b' }] } }, b: {} },
    });
    const taken: string[] = [];
    const actor = createActor(machine, {
      inspect: (event) => {
        if (event.type !== '@xstate.microstep') return;
        for (const t of event._transitions) {
          const own = [...t.source.transitions.values()].flat();
          taken.push(`${t.source.id}:${own.indexOf(t)}`);
        }
      },
    }).start();
    actor.send({ type: 'e' });
    const model = modelOf(machine);
    expect(model.transitions.find(({ id }) => id === taken[0])?.targets).toEqual(['m.b']);
  });

  it('keeps document order, parents, kinds and starts', () => {
    expect(player.states.map(({ path, type }) => `${path} ${type}`)).toEqual([
      ' compound',
      'off atomic',
      'on parallel',
      'on.picture compound',
      'on.picture.dark atomic',
      'on.picture.lit final',
      'on.sound compound',
      'on.sound.low atomic',
      'on.sound.loud atomic',
      'on.sound.memory history',
      'broken atomic',
    ]);
    expect(state(player, '')?.initial).toBe('player.off');
    expect(state(player, 'on')).not.toHaveProperty('initial');
    expect(state(player, 'on.sound.memory')).toMatchObject({
      parent: 'player.on.sound',
      history: 'deep',
      initial: 'player.on.sound.loud',
    });
    expect(state(player, 'broken')?.id).toBe('fault');
  });

  it('names delays as the author did, and hides the timers they are compiled into', () => {
    expect(spoken(player, 'player.on.picture.dark')).toEqual([
      'player.on.picture.dark:0 after after 250 ms / note → ',
      'player.on.picture.dark:1 after after patience → player.on.picture.lit',
    ]);
    expect(state(player, 'on.picture.dark')).toMatchObject({ entry: [], exit: [] });
  });

  it('says guards in words', () => {
    const guards = player.transitions.map(({ guard }) => guard).filter(Boolean);
    expect([...new Set(guards)]).toEqual([
      'current',
      'not muted',
      '(loud and not muted) or current',
      'in on.picture.dark',
      'isAt(3)',
    ]);
  });

  it('tells `not`, `and` and `or` apart when a bundler has shortened their names', () => {
    const guards = [not('a'), and(['a', 'b']), or(['a', not('b')])];
    const small = (guard: unknown): unknown => Object.defineProperty(guard, 'name', { value: 'e' });
    const machine = createMachine({ on: { e: guards.map((g) => ({ guard: small(g) as never })) } });
    const { transitions } = modelOf(machine);
    expect(transitions.map(({ guard }) => guard)).toEqual(['not a', 'a and b', 'a or not b']);
  });

  it('says what actors end with by the names they were given', () => {
    expect(spoken(player, 'fault')).toEqual([
      'fault:0 done repair done → player.on.sound.memory',
      'fault:1 done repair failed [isAt(3)] → player.off',
      'fault:2 done repair failed / note → ',
    ]);
    expect(spoken(player, 'player.on').slice(2)).toEqual([
      'player.on:2 done done → player.off',
      'player.on:3 done buffer changed / note → ',
    ]);
  });

  it('names built-in actions by what they do', () => {
    const model = modelOf(charts.nameless);
    expect(state(model, 'a')?.entry).toEqual([
      { name: 'spawn inline actor', kind: 'spawn' },
      { name: 'stop x', kind: 'stop' },
      { name: 'assign', kind: 'assign' },
    ]);
    expect(model.transitions[0]?.guard).toBe('never');
    expect(model.transitions[0]?.actions.map(({ name }) => name)).toEqual([
      'raise f after 5 ms',
      'send g to x',
      'send h to parent',
      'emit i',
      'named(y)',
      'inline action',
      'tidy',
    ]);
  });

  it('knows what a named action is built from', () => {
    const actions = player.transitions.flatMap((t) => t.actions);
    const kinds = Object.fromEntries(actions.map(({ name, kind }) => [name, kind]));
    expect(kinds).toEqual({ note: 'custom', obey: 'raise', hear: 'raise', count: 'assign' });
  });

  it('marks the choke points of the channels, and nothing else', () => {
    const plumbing = player.transitions.filter((t) => t.plumbing).map(({ event }) => event);
    expect(plumbing).toEqual(['order', 'from.decoder', 'from.buffer']);
    const shop = createMachine({ on: { order: { actions: 'cook' }, 'from.door': {} } });
    expect(modelOf(shop).transitions.some((t) => t.plumbing)).toBe(false);
  });

  it('finds every choke point of the shipped machines', () => {
    const envelopes = /^(order$|from\.)/;
    for (const [name, machine] of machinesIn(shipped)) {
      const { transitions } = modelOf(machine);
      const wrong = transitions.filter((t) => t.plumbing !== envelopes.test(t.event));
      expect(wrong, name).toEqual([]);
    }
  });
});
