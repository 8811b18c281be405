/** Machines of XState's every kind of part, for the drawings to be tried on. */

import {
  and,
  assign,
  createMachine,
  emit,
  fromPromise,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  stopChild,
} from 'xstate';

const never = (): never => {
  throw new Error('a drawing has run a function of the machine it draws');
};

export const player = setup({
  actors: { decoder: fromPromise(never), buffer: fromPromise(never) },
  actions: { obey: raise(never), hear: raise(never), note: never, count: assign(never) },
  guards: {
    current: never,
    loud: never,
    muted: never,
    isAt: never as (_: unknown, p: number) => boolean,
  },
  delays: { patience: never },
}).createMachine({
  id: 'player',
  description: 'Plays; stops; remembers.',
  context: never,
  initial: 'off',
  on: {
    order: { actions: ['note', 'obey'] },
    'from.decoder': { guard: 'current', actions: 'hear' },
    'from.buffer': { guard: 'current', actions: 'hear' },
    fail: '.broken',
    ping: { actions: 'note' },
  },
  states: {
    off: {
      description: 'Nothing runs.',
      tags: ['quiet'],
      exit: 'note',
      on: { play: { target: 'on', guard: not('muted'), actions: ['note', 'count'] } },
    },
    on: {
      type: 'parallel',
      invoke: { src: 'buffer', onSnapshot: { actions: 'note' } },
      on: { off: 'off', shift: { target: '.sound.loud', reenter: true } },
      onDone: 'off',
      states: {
        picture: {
          initial: 'dark',
          states: {
            dark: { after: { patience: 'lit', 250: { actions: 'note' } } },
            lit: { type: 'final' },
          },
        },
        sound: {
          initial: 'low',
          states: {
            low: {
              always: { guard: or([and(['loud', not('muted')]), 'current']), target: 'loud' },
            },
            loud: {
              on: {
                quieter: { guard: stateIn({ on: { picture: 'dark' } }), target: 'low' },
                '*': {},
                again: { target: 'loud', reenter: true },
              },
            },
            memory: { type: 'history', history: 'deep', target: 'loud' },
          },
        },
      },
    },
    broken: {
      id: 'fault',
      invoke: {
        id: 'repair',
        src: 'decoder',
        onDone: { target: 'on.sound.memory' },
        onError: [{ guard: { type: 'isAt', params: 3 }, target: 'off' }, { actions: 'note' }],
      },
    },
  },
});

/** Everything that has no name: built-in actions and functions in place. */
export const nameless = createMachine({
  id: 'nameless',
  initial: 'a',
  states: {
    a: {
      entry: [spawnChild(fromPromise(never), { id: 'x' }), stopChild('x'), assign({ n: 1 })],
      on: {
        e: {
          guard: never,
          target: 'b',
          actions: [
            raise({ type: 'f' }, { delay: 5 }),
            sendTo('x', { type: 'g' }),
            sendParent({ type: 'h' }),
            emit({ type: 'i' }),
            { type: 'named', params: { to: 'y', how: { deep: true } } },
            () => never(),
            function tidy() {
              never();
            },
          ],
        },
      },
    },
    b: {},
  },
});

/** A parallel root, states that mermaid's own words and marks would swallow. */
export const awkward = createMachine({
  id: 'awkward',
  type: 'parallel',
  on: { reset: '.state.end' },
  states: {
    state: { initial: 'start', states: { start: { on: { go: 'end' } }, end: {} } },
    default: { initial: 'note', states: { note: { on: { go: 'a_start' } }, a_start: {} } },
    a: { initial: 'class', states: { class: { on: { 'x:y;z#1': 'click' } }, click: {} } },
    a_start: { initial: 'b c', states: { 'b c': { on: { go: 'b_c' } }, b_c: {}, 'b-c': {} } },
  },
});

export const lone = createMachine({ id: 'lone', entry: 'note', on: { e: { actions: 'note' } } });

/** No machine: what else a module may export. */
export const other = { root: {}, implementations: {} };
