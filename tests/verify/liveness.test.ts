/** What comes to pass in the end: which loops count as a failure to get there, and which do not. */

import { describe, expect, it } from 'vitest';
import { assign, setup } from 'xstate';
import {
  type Emission,
  formatLasso,
  type LivenessOptions,
  liveness,
  type World,
} from '../../src/verify/index.ts';
import { port } from './machines.ts';

interface Heard {
  type: string;
  gen: number;
  report: { type: string };
}
interface Context {
  gens: { clock: number; wire: number };
}

/** Dials until its wire is open; a tick of the clock may begin the dialing anew. */
const client = (ticks: 'ignored' | 'begin anew') =>
  setup({
    types: { context: {} as Context, events: {} as Heard },
    actors: { wire: port<{ gen: number }>(), clock: port<{ gen: number }>() },
    actions: {
      openWire: assign({
        gens: ({ context }) => ({ ...context.gens, wire: context.gens.wire + 1 }),
      }),
    },
    guards: {
      opened: ({ context, event }) =>
        event.gen === context.gens.wire && event.report.type === 'opened',
      refused: ({ context, event }) =>
        event.gen === context.gens.wire && event.report.type === 'refused',
    },
    delays: { late: 10, pause: 5 },
  }).createMachine({
    id: 'client',
    context: { gens: { clock: 1, wire: 0 } },
    invoke: { id: 'clock', src: 'clock', input: { gen: 1 } },
    initial: 'dialing',
    states: {
      dialing: {
        entry: 'openWire',
        invoke: {
          id: 'wire',
          src: 'wire',
          input: ({ context }) => ({ gen: context.gens.wire }),
        },
        on: {
          'from.wire': [
            { guard: 'opened', target: 'up' },
            { guard: 'refused', target: 'waiting' },
          ],
          'from.clock': ticks === 'ignored' ? {} : { target: 'dialing', reenter: true },
        },
        after: { late: 'waiting' },
      },
      waiting: { after: { pause: 'dialing' } },
      up: {},
    },
  });

const opens: Emission = { report: { type: 'opened' }, next: 'open' };
const refuses: Emission = { report: { type: 'refused' }, next: 'closed' };
const faulty = (emission: Emission): Emission => ({ ...emission, fault: true });

interface Behaviour {
  wire: readonly Emission[];
  deadlines?: readonly string[];
  clock?: 'stands' | 'runs';
  ticks?: 'ignored' | 'begin anew';
}

const worldOf = ({ wire, deadlines = ['late'], clock, ticks = 'ignored' }: Behaviour): World => ({
  roles: [
    { name: 'client', machine: client(ticks) },
    { name: 'wire', leaf: { initial: 'connecting', emits: { connecting: wire } } },
    {
      name: 'clock',
      leaf: {
        initial: 'ticking',
        emits: clock === 'runs' ? { ticking: [{ report: { type: 'tick' }, next: 'ticking' }] } : {},
      },
    },
  ],
  root: 'client',
  user: [],
  deadlines,
});

const goal: LivenessOptions['goal'] = {
  id: 'comes-up',
  holds: (view) => view.at('client')?.matches('up') ?? false,
};
const run = (behaviour: Behaviour, options: Partial<LivenessOptions> = {}) =>
  liveness(worldOf(behaviour), { delivery: 'async', goal, ...options });
const loopOf = (behaviour: Behaviour) =>
  run(behaviour).violation?.loop.map(({ what }) => what) ?? [];

describe.each(['async', 'rtc'] as const)('with %s delivery', (delivery) => {
  it('a client whose peer answers gets there, whatever went wrong before', () => {
    const result = run({ wire: [opens, faulty(refuses)] }, { delivery });
    expect(result).toMatchObject({ cut: 0, overflow: 0 });
    expect(result.outside).toBeGreaterThan(2);
    expect(result.violation).toBeUndefined();
  });

  it('a peer that may refuse for ever is a reconnect loop', () => {
    const { violation } = run({ wire: [opens, refuses] }, { delivery });
    expect(violation?.goal).toBe('comes-up');
    expect(violation?.loop.map(({ what }) => what)).toEqual([
      'world → client/wire: refused',
      'client/wire → client: refused arrives',
      'timer of client: xstate.after.pause.client.waiting',
    ]);
  });

  it('a chatty neighbour cannot keep an answer from arriving for ever', () => {
    const result = run({ wire: [opens], clock: 'runs' }, { delivery });
    expect(result.components).toBeGreaterThan(0);
    expect(result.violation).toBeUndefined();
  });
});

describe('a deadline', () => {
  it('loses to an answer that is on its way, and a plain wait does not', () => {
    expect(run({ wire: [opens] }).violation).toBeUndefined();
    expect(loopOf({ wire: [opens], deadlines: [] })).toEqual([
      'timer of client: xstate.after.late.client.dialing',
      'timer of client: xstate.after.pause.client.waiting',
    ]);
  });

  it('passes when nobody answers', () => {
    expect(loopOf({ wire: [faulty(opens)] })).toHaveLength(2);
  });
});

/** Waits for its deadline, while it asks its heart at every beat whether it lives. */
const patient = setup({
  types: { context: {} as { gens: { heart: number } }, events: {} as Heard },
  actors: { heart: port<{ gen: number }>() },
  actions: {
    ask: assign({ gens: ({ context }) => ({ heart: context.gens.heart + 1 }) }),
  },
  guards: { lives: ({ context, event }) => event.gen === context.gens.heart },
  delays: { late: 10, beat: 5 },
}).createMachine({
  id: 'client',
  type: 'parallel',
  context: { gens: { heart: 0 } },
  states: {
    life: { initial: 'asked', states: { asked: { after: { late: 'up' } }, up: {} } },
    pulse: {
      initial: 'resting',
      states: {
        resting: { after: { beat: 'asking' } },
        asking: {
          entry: 'ask',
          invoke: {
            id: 'heart',
            src: 'heart',
            input: ({ context }) => ({ gen: context.gens.heart }),
          },
          on: { 'from.heart': { guard: 'lives', target: 'resting' } },
        },
      },
    },
  },
});

describe('a deadline among beats', () => {
  const beating: World = {
    roles: [
      { name: 'client', machine: patient },
      {
        name: 'heart',
        leaf: {
          initial: 'asked',
          emits: { asked: [{ report: { type: 'lives' }, next: 'quiet' }] },
        },
      },
    ],
    root: 'client',
    user: [],
    deadlines: ['late'],
  };
  const up: LivenessOptions['goal'] = {
    id: 'comes-up',
    holds: (view) => view.at('client')?.matches('life.up') ?? false,
  };

  it('is not put off for ever, though an answer is due after each of them', () => {
    const { violation, components } = liveness(beating, { delivery: 'async', goal: up });
    expect(components).toBeGreaterThan(0);
    expect(violation).toBeUndefined();
  });

  it('that does not lead there still counts for nothing', () => {
    const elsewhere = { ...up, holds: () => false };
    const { violation } = liveness(beating, { delivery: 'async', goal: elsewhere });
    const beat = 'timer of client: xstate.after.beat.client.pulse.resting';
    expect(violation?.loop.map(({ what }) => what)).toContain(beat);
  });
});

describe('a timer', () => {
  it('that is armed anew in every round is not owed its end', () => {
    const behaviour: Behaviour = { wire: [faulty(opens)], clock: 'runs', ticks: 'begin anew' };
    const loop = loopOf({ ...behaviour, deadlines: ['late', 'pause'] });
    expect(loop).toEqual(['world → client/clock: tick', 'client/clock → client: tick arrives']);
  });

  it('that runs on all the while is', () => {
    const loop = loopOf({ wire: [faulty(opens)], clock: 'runs', deadlines: [] });
    expect(loop.filter((what) => what.startsWith('timer'))).toHaveLength(2);
    expect(loop).toContain('world → client/clock: tick');
  });
});

describe('a dead end', () => {
  const stuck: World = {
    ...worldOf({ wire: [] }),
    roles: [
      {
        name: 'client',
        machine: setup({}).createMachine({
          id: 'client',
          initial: 'down',
          states: { down: { on: { start: 'up', halt: 'halted' } }, up: {}, halted: {} },
        }),
      },
    ],
    user: [{ event: { type: 'start' } }, { event: { type: 'halt' } }],
  };

  it('outside of the promise breaks it, though the user could help', () => {
    const { violation } = liveness(stuck, { delivery: 'async', goal });
    expect(violation).toEqual({ goal: 'comes-up', stem: [], loop: [] });
  });

  it('counts only where the promise is asked', () => {
    const from = liveness(stuck, {
      delivery: 'async',
      goal: { ...goal, from: (view) => view.at('client')?.matches('halted') ?? false },
    });
    expect(from.violation?.stem.map(({ what }) => what)).toEqual(['user → client: halt']);
    expect(from.outside).toBe(1);
  });
});

describe('a bound', () => {
  it('that cuts the search is counted', () => {
    expect(run({ wire: [opens, refuses] }, { maxStates: 2 }).cut).toBeGreaterThan(0);
  });
});

describe('a counterexample', () => {
  it('reads as numbered steps to the loop, and round it', () => {
    const { violation } = run({ wire: [faulty(opens)] });
    expect(violation && formatLasso(violation)).toMatchInlineSnapshot(`
      "comes-up: never comes, though the world behaves
      and from there for ever:
      1. timer of client: xstate.after.late.client.dialing
          => client=waiting+1 clock=ticking
      2. timer of client: xstate.after.pause.client.waiting
          => client=dialing+1 clock=ticking wire=connecting"
    `);
  });
});
