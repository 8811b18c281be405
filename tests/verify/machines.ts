/**
 * A small system with the conventions of the shipped ones: a desk that keeps a line open, the
 * line that owns a wire. Each flag breaks it in one way. It must stay independent of machines/,
 * so that the kernel can be trusted before they are.
 */
import {
  type ActorLogic,
  type AnyStateMachine,
  assign,
  cancel,
  type EventObject,
  enqueueActions,
  fromCallback,
  raise,
  type Snapshot,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import type { Promises, Role, World } from '../../src/verify/index.ts';

export interface Bugs {
  staleAccepted?: boolean;
  childLeaked?: boolean;
  timerKept?: boolean;
  timerDoubled?: boolean;
  reportedTwice?: boolean;
  reportedBare?: boolean;
  clockRead?: boolean;
  changedInPlace?: boolean;
  coinTossed?: boolean;
  childMissing?: boolean;
  actionUnknown?: boolean;
  spawnedOver?: boolean;
  generationKept?: boolean;
  finalChild?: boolean;
  guardThrows?: boolean;
  /** an order goes out bare, and in its envelope later */
  hintedInner?: boolean;
  /** the child counts its own generations */
  generationMade?: boolean;
  /** not a bug: the desk starts twice and no more */
  counted?: boolean;
}

interface Parent {
  gens: Record<string, number>;
}
interface Child extends Parent {
  gen: number;
}
interface Envelope extends EventObject {
  gen: number;
  report: EventObject;
  order: EventObject;
}

/** Stands for a child that the world provides. */
export const port = <Input>() =>
  fromCallback(() => {}) as unknown as ActorLogic<Snapshot<unknown>, EventObject, Input>;
const gensOf = (context: Parent, id: string) => context.gens[id] ?? 0;

const opens = <C extends Parent, EE extends EventObject, E extends EventObject>(id: string) =>
  assign<C, EE, undefined, E, never>(
    ({ context }) =>
      ({ gens: { ...context.gens, [id]: gensOf(context, id) + 1 } }) as unknown as Partial<C>,
  );
const order = <C extends Parent, EE extends EventObject, E extends EventObject>(
  id: string,
  type: string,
) =>
  enqueueActions<C, EE, undefined, E, never, never, never, never, never>(({ context, enqueue }) => {
    const gen = gensOf(context, id) + 1;
    enqueue.assign({ gens: { ...context.gens, [id]: gen } } as unknown as Partial<C>);
    enqueue.sendTo(id, { type: 'order', gen, order: { type } });
  });
const tell = <C extends Parent, EE extends EventObject, E extends EventObject>(
  id: string,
  type: string,
) => sendTo<C, EE, undefined, never, E>(id, { type } as never);
const report = <C extends Child, EE extends EventObject, E extends EventObject>(
  name: string,
  type: string,
) =>
  sendParent<C, EE, undefined, EventObject, E>(({ context }) => ({
    type: `from.${name}`,
    gen: context.gen,
    report: { type },
  }));
const bare = <C extends Child, EE extends EventObject, E extends EventObject>(type: string) =>
  sendParent<C, EE, undefined, EventObject, E>({ type });
const hears = <C extends Parent, EE extends EventObject, E extends EventObject>() =>
  raise<C, EE, E, undefined, never>(({ event }) => (event as unknown as Envelope).report as E);
const takes = <C extends Child, EE extends EventObject, E extends EventObject>() =>
  assign<C, EE, undefined, E, never>(
    ({ event }) => ({ gen: (event as unknown as Envelope).gen }) as Partial<C>,
  );
const obeys = <C extends Child, EE extends EventObject, E extends EventObject>() =>
  raise<C, EE, E, undefined, never>(({ event }) => (event as unknown as Envelope).order as E);
const current = ({ context, event }: { context: Parent; event: EventObject }) =>
  (event as Envelope).gen === gensOf(context, event.type.slice(5));

function lineOf(bugs: Bugs) {
  let coin = 0;
  return setup({
    types: { context: {} as Child, input: {} as { gen: number }, events: {} as EventObject },
    actors: { wire: port<{ gen: number }>(), bell: port<undefined>() },
    actions: {
      opensWire: opens('wire'),
      cut: tell('wire', 'wire.cut'),
      ring: tell('bell', 'bell.ring'),
      taken: takes(),
      counts: assign(({ context }) => ({ gen: context.gen + (bugs.generationMade ? 1 : 0) })),
      obeyed: obeys(),
      heard: hears(),
      saysUp: bugs.reportedBare ? bare('line.up') : report('line', 'line.up'),
      saysDown: report('line', 'line.down'),
      saysClosed: report('line', 'line.closed'),
    },
    guards: {
      current,
      fair: () => {
        coin += 1;
        return !bugs.coinTossed || coin % 2 === 0;
      },
      safe: () => {
        if (bugs.guardThrows) throw new Error('guard gave up');
        return true;
      },
    },
    delays: { dial: 1000, ring: 1000 },
  }).createMachine({
    id: 'line',
    context: ({ input }) => ({ gen: input.gen, gens: { wire: 0 } }),
    initial: 'held',
    on: {
      order: { actions: ['taken', 'obeyed'] },
      'from.wire': { guard: 'current', actions: 'heard' },
    },
    states: {
      held: {
        entry: 'opensWire',
        invoke: {
          id: 'wire',
          src: 'wire',
          input: ({ context }) => ({ gen: gensOf(context, 'wire') }),
        },
        initial: 'dialing',
        on: { 'wire.down': '#line.down', 'line.close': '.closing' },
        states: {
          dialing: {
            on: { 'wire.up': { guard: 'fair', target: 'up' } },
            after: { dial: '#line.down' },
          },
          up: { entry: bugs.reportedTwice ? ['saysUp', 'saysDown'] : 'saysUp' },
          closing: { entry: 'cut', on: { 'wire.down': '#line.closed' } },
        },
      },
      down: {
        // what follows the report runs while the desk may have stopped this line already
        entry: ['counts', 'saysDown'],
        invoke: { id: 'bell', src: 'bell' },
        after: { ring: { actions: 'ring' } },
        on: { 'line.close': { guard: 'safe', target: 'closed' } },
      },
      closed: { entry: 'saysClosed', ...(bugs.finalChild ? { type: 'final' as const } : {}) },
    },
  });
}

/** An action that looks built in, which no version of the checker has heard of. */
const teleport = Object.assign(() => {}, {
  type: 'xstate.teleport',
  resolve: (_: unknown, snapshot: unknown) => [snapshot, {}, undefined],
  execute: () => {},
}) as never;

function deskOf(bugs: Bugs) {
  const starts = bugs.generationKept ? [] : ['opensLine' as const];
  return setup({
    types: {
      context: {} as Parent & { calls: string[]; at: number; starts: number },
      events: {} as EventObject,
    },
    actors: { line: port<{ gen: number }>() },
    actions: {
      opensLine: opens('line'),
      startsLine: spawnChild('line', {
        id: 'line',
        input: ({ context }) => ({ gen: gensOf(context as unknown as Parent, 'line') }),
      }),
      stopsLine: stopChild('line'),
      heard: hears(),
      close: order('line', 'line.close'),
      hint: bugs.hintedInner ? tell('line', 'line.close') : () => {},
      count: assign({ starts: ({ context }) => (bugs.counted ? context.starts + 1 : 0) }),
      again: raise({ type: 'again' }, { id: 'again', delay: 1000 }),
      notAgain: cancel('again'),
      notes: assign(({ context }) => {
        if (bugs.clockRead) return { at: Date.now() };
        if (bugs.changedInPlace) context.calls.push('one');
        return {};
      }),
      hail: tell('nobody', 'hail'),
      teleport: bugs.actionUnknown ? teleport : () => {},
    },
    guards: {
      mayStart: ({ context }) => context.starts < 2,
      current: (args) => bugs.staleAccepted === true || current(args),
    },
  }).createMachine({
    id: 'desk',
    context: { gens: { line: 0 }, calls: [], at: 0, starts: 0 },
    initial: 'off',
    on: { 'from.line': { guard: 'current', actions: 'heard' } },
    states: {
      off: {
        entry: 'notes',
        on: { start: { guard: 'mayStart', target: 'on' }, flash: 'blinking' },
      },
      on: {
        entry: ['count', ...starts, 'startsLine'],
        exit: bugs.childLeaked ? [] : 'stopsLine',
        initial: 'calling',
        on: {
          stop: 'closing',
          restart: bugs.spawnedOver
            ? { actions: [...starts, 'startsLine'] }
            : { target: 'on', reenter: true },
          'line.down': 'waiting',
          drop: 'off',
        },
        states: {
          calling: { on: { 'line.up': 'talking' } },
          talking: bugs.actionUnknown
            ? { entry: 'teleport' }
            : { ...(bugs.childMissing ? { entry: 'hail' } : {}) },
        },
      },
      closing: {
        // the order is sent before the child starts: XState keeps it in the child's mailbox
        entry: ['opensLine', 'hint', 'close'],
        invoke: {
          id: 'line',
          src: 'line',
          input: ({ context }) => ({ gen: gensOf(context, 'line') }),
        },
        on: { 'line.closed': 'off', drop: 'off' },
      },
      // entered and left in one macrostep: its child never starts
      blinking: { entry: ['opensLine', 'startsLine'], exit: 'stopsLine', always: 'off' },
      waiting: {
        entry: bugs.timerDoubled ? ['again', 'again'] : 'again',
        exit: bugs.timerKept ? [] : 'notAgain',
        on: { again: 'on', stop: 'off', drop: 'off' },
      },
    },
  });
}

const wire: Role = {
  name: 'wire',
  leaf: {
    initial: 'dead',
    emits: {
      dead: [
        { report: { type: 'wire.up' }, next: 'live' },
        { report: { type: 'wire.down' }, next: 'gone' },
      ],
      live: [{ report: { type: 'wire.down' }, next: 'gone' }],
      cutting: [{ report: { type: 'wire.down' }, next: 'gone' }],
    },
    receives: { dead: { 'wire.cut': 'cutting' }, live: { 'wire.cut': 'cutting' } },
    live: (state) => state !== 'gone',
  },
};

const bell: Role = {
  name: 'bell',
  leaf: {
    initial: 'still',
    emits: {},
    receives: { still: { 'bell.ring': 'rung' }, rung: { 'bell.ring': 'still' } },
  },
};

export function deskWorld(bugs: Bugs = {}): World {
  const machine = (name: string, logic: unknown): Role => ({
    name,
    machine: logic as AnyStateMachine,
  });
  return {
    roles: [machine('desk', deskOf(bugs)), machine('line', lineOf(bugs)), wire, bell],
    root: 'desk',
    user: ['start', 'stop', 'restart', 'drop', 'flash'].map((type) => ({ event: { type } })),
  };
}

export const deskPromises: Promises = {
  always: {
    'one wire': ({ liveLeaves }) => (liveLeaves > 1 ? `${liveLeaves} live wires` : undefined),
    'off is empty': (view) => {
      if (!view.at('desk')?.matches('off')) return undefined;
      const left = view.actors.length - 1 + view.armedTimers;
      return left > 0 ? `off, but ${left} actors or timers are left` : undefined;
    },
  },
  goals: {
    'off is reachable': { holds: (view) => view.at('desk')?.matches('off') ?? false },
  },
};
