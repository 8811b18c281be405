// Traffic light with a pedestrian signal. The signal is an actor of its own; the button is a
// callback that reports presses.
import { assign, fromCallback, sendParent, sendTo, setup } from 'xstate';

const walkSignal = setup({
  delays: { WALK_TIME: 8000, BLINK_TIME: 4000 },
}).createMachine({
  id: 'walkSignal',
  initial: 'dontWalk',
  states: {
    dontWalk: { on: { WALK: 'walk' } },
    walk: { after: { WALK_TIME: 'blinking' } },
    blinking: {
      after: { BLINK_TIME: { target: 'dontWalk', actions: sendParent({ type: 'CLEAR' }) } },
    },
  },
});

const crossing = setup({
  actors: { walkSignal, button: fromCallback(() => {}) },
  actions: {
    remember: assign({ requested: true }),
    forget: assign({ requested: false }),
    letThemWalk: sendTo('signal', { type: 'WALK' }),
  },
  guards: { isRequested: ({ context }) => context.requested },
  delays: { GREEN_TIME: 20000, YELLOW_TIME: 3000 },
}).createMachine({
  id: 'crossing',
  context: { requested: false },
  invoke: [
    { src: 'walkSignal', id: 'signal' },
    { src: 'button', id: 'button' },
  ],
  on: { PRESSED: { actions: 'remember' } },
  initial: 'green',
  states: {
    green: { after: { GREEN_TIME: 'waiting' } },
    waiting: { always: { guard: 'isRequested', target: 'yellow' }, on: { MAINTENANCE: 'yellow' } },
    yellow: { after: { YELLOW_TIME: 'red' } },
    red: { entry: ['forget', 'letThemWalk'], on: { CLEAR: 'green' } },
  },
});

export const world = {
  root: 'crossing',
  roles: [
    { name: 'crossing', machine: crossing },
    { name: 'walkSignal', machine: walkSignal },
    {
      name: 'button',
      leaf: {
        plain: true,
        initial: 'idle',
        emits: { idle: [{ report: { type: 'PRESSED' }, next: 'idle' }] },
      },
    },
  ],
  user: [{ event: { type: 'MAINTENANCE' } }],
};

export const promises = {
  always: {
    'walk-only-on-red': (view) =>
      !view.at('crossing/signal').matches('dontWalk') && !view.at('crossing').matches('red')
        ? 'pedestrians walk while cars drive'
        : undefined,
  },
  goals: { 'green-again': { holds: (view) => view.at('crossing').matches('green') } },
};
