// Upload queue: two workers at most, each an actor that is spawned for one file, retries once and
// is stopped when it has reported.
import {
  assign,
  cancel,
  enqueueActions,
  fromPromise,
  raise,
  sendParent,
  setup,
  stopChild,
} from 'xstate';

const worker = setup({
  types: { context: {}, input: {} },
  actors: { put: fromPromise(async () => {}) },
  actions: {
    uploaded: sendParent(({ context }) => ({ type: 'UPLOADED', slot: context.slot })),
    gaveUp: sendParent(({ context }) => ({ type: 'GAVE_UP', slot: context.slot })),
    again: assign({ tries: ({ context }) => context.tries + 1 }),
  },
  guards: { firstTry: ({ context }) => context.tries === 0 },
  delays: { BACKOFF: 500 },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({ slot: input.slot, tries: 0 }),
  initial: 'sending',
  states: {
    sending: {
      invoke: {
        src: 'put',
        id: 'put',
        onDone: 'done',
        onError: [{ guard: 'firstTry', target: 'pausing', actions: 'again' }, { target: 'gone' }],
      },
    },
    pausing: { after: { BACKOFF: 'sending' } },
    done: { entry: 'uploaded' },
    gone: { entry: 'gaveUp' },
  },
});

const slots = [0, 1];

const queue = setup({
  actors: { worker },
  actions: {
    begin: enqueueActions(({ context, enqueue }) => {
      const free = slots.find((slot) => !context.busy.includes(slot));
      enqueue.spawnChild('worker', { id: `slot-${free}`, input: { slot: free } });
      enqueue.assign({ busy: [...context.busy, free].sort() });
    }),
    release: assign({
      busy: ({ context, event }) => context.busy.filter((slot) => slot !== event.slot),
    }),
    stopWorker: stopChild(({ event }) => `slot-${event.slot}`),
    stopAll: enqueueActions(({ context, enqueue }) => {
      for (const slot of context.busy) enqueue.stopChild(`slot-${slot}`);
      enqueue.assign({ busy: [] });
    }),
    tidyLater: raise({ type: 'TIDY' }, { id: 'tidy', delay: 60000 }),
    dontTidy: cancel('tidy'),
  },
  guards: { hasRoom: ({ context }) => context.busy.length < slots.length },
}).createMachine({
  id: 'queue',
  context: { busy: [] },
  initial: 'open',
  states: {
    open: {
      entry: 'tidyLater',
      exit: 'dontTidy',
      on: {
        ADD: { guard: 'hasRoom', actions: 'begin' },
        UPLOADED: { actions: ['release', 'stopWorker'] },
        GAVE_UP: { actions: ['release', 'stopWorker'] },
        TIDY: { target: 'open', reenter: true },
        PAUSE: { target: 'paused', actions: 'stopAll' },
      },
    },
    paused: { on: { RESUME: 'open' } },
  },
});

const put = {
  plain: true,
  initial: 'pending',
  emits: {
    pending: [
      { report: { type: 'xstate.done.actor.put' }, next: 'settled' },
      { report: { type: 'xstate.error.actor.put', error: 'offline' }, next: 'settled' },
    ],
  },
  live: (state) => state === 'pending',
};

export const world = {
  root: 'queue',
  roles: [
    { name: 'queue', machine: queue },
    { name: 'worker', machine: worker },
    { name: 'put', leaf: put },
  ],
  user: [{ event: { type: 'ADD' } }, { event: { type: 'PAUSE' } }, { event: { type: 'RESUME' } }],
};

export const promises = {
  always: {
    'two-at-most': (view) => (view.liveLeaves > 2 ? 'three uploads at once' : undefined),
    'paused-is-quiet': (view) =>
      view.at('queue').matches('paused') && view.actors.length > 1 ? 'a worker is left' : undefined,
  },
};
