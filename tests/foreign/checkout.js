// Checkout: charges a card through a promise, tries again after a pause, gives up after two
// failures. The customer may cancel.
import { assign, fromPromise, setup } from 'xstate';

const checkout = setup({
  actors: { chargeCard: fromPromise(async () => ({ receipt: 'r-1' })) },
  actions: {
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    keepReceipt: assign({ receipt: ({ event }) => event.output.receipt }),
    reset: assign({ failures: 0, receipt: null }),
  },
  guards: { tooOften: ({ context }) => context.failures >= 2 },
  delays: { PAUSE: 2000, TIMEOUT: 15000 },
}).createMachine({
  id: 'checkout',
  context: { failures: 0, receipt: null },
  initial: 'cart',
  states: {
    cart: { entry: 'reset', on: { SUBMIT: 'charging' } },
    charging: {
      invoke: {
        src: 'chargeCard',
        id: 'charge',
        onDone: { target: 'paid', actions: 'keepReceipt' },
        onError: { target: 'failed', actions: 'countFailure' },
      },
      after: { TIMEOUT: { target: 'failed', actions: 'countFailure' } },
      on: { CANCEL: 'cart' },
    },
    failed: {
      always: { guard: 'tooOften', target: 'rejected' },
      after: { PAUSE: 'charging' },
      on: { CANCEL: 'cart' },
    },
    paid: { on: { NEW_ORDER: 'cart' } },
    rejected: { on: { CANCEL: 'cart' } },
  },
});

const charge = {
  plain: true,
  initial: 'pending',
  emits: {
    pending: [
      { report: { type: 'xstate.done.actor.charge', output: { receipt: 'r-1' } }, next: 'settled' },
      { report: { type: 'xstate.error.actor.charge', error: 'declined' }, next: 'settled' },
    ],
  },
};

export const world = {
  root: 'checkout',
  roles: [
    { name: 'checkout', machine: checkout },
    { name: 'chargeCard', leaf: charge },
  ],
  user: [
    { event: { type: 'SUBMIT' } },
    { event: { type: 'CANCEL' } },
    { event: { type: 'NEW_ORDER' } },
  ],
};

export const promises = {
  always: {
    'paid-has-a-receipt': (view) => {
      const { context, matches } = view.at('checkout');
      return matches('paid') && context.receipt === null ? 'paid, and no receipt' : undefined;
    },
  },
  goals: { 'back-to-cart': { holds: (view) => view.at('checkout').matches('cart') } },
};
