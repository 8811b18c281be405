/**
 * Three regions of the gateway: what became of the restarts that were asked for, how long ago one
 * was executed, and whose process it is. They promise that a restart is joined, settled, cooled,
 * dropped by a stop or refused for what is not ours, and never lost; they must never execute one
 * that a launch plan has already served.
 */

export const ledger = {
  description: 'What became of the restarts that were asked for.',
  initial: 'clear',
  on: {
    stop: { target: '.clear', actions: 'drop' },
    dispose: { target: '.clear', actions: 'drop' },
    quit: { target: '.clear', actions: 'drop' },
    'service.unkillable': { target: '.clear', actions: 'drop' },
    'service.launching': { target: '.clear', actions: 'serve' },
    'service.attached': { actions: 'refuse' },
    restart: { guard: 'heeded', actions: 'join' },
  },
  states: {
    clear: {
      on: {
        // found and not launched: what was asked for is not in it
        'service.ready': { guard: 'owed', target: 'due' },
        'service.failed': { actions: 'serve' },
        restart: [
          { guard: 'settlesLater', target: 'settling', actions: 'ask' },
          { guard: 'wanted', target: 'due', actions: 'ask' },
        ],
      },
    },
    settling: {
      description: 'The caller bursts: the latest deadline counts.',
      on: {
        restart: { guard: 'later', target: 'settling', reenter: true, actions: 'ask' },
      },
      after: { settle: 'due' },
    },
    due: {
      description: 'Waits for the start in progress and for the cooldown; a launch serves it too.',
      always: [
        { guard: 'notOurs', target: 'clear', actions: 'refuse' },
        { guard: 'dueNow', target: 'clear', actions: 'cycle' },
      ],
    },
  },
} as const;

export const cooldown = {
  initial: 'cold',
  states: {
    cold: { id: 'cold', on: { cycle: 'hot' } },
    hot: {
      on: { stop: 'cold', dispose: 'cold', quit: 'cold', 'service.unkillable': 'cold' },
      after: { cooldown: 'cold' },
    },
  },
} as const;

export const ownership = {
  description: 'Whose process it is. What is attached is never stopped and never replaced.',
  initial: 'owned',
  on: {
    'service.attached': '.attached',
    'service.launching': '.owned',
    'service.ready': '.owned',
    'service.failed': '.owned',
  },
  states: { owned: { id: 'owned', description: 'Ours, or none.' }, attached: { id: 'attached' } },
} as const;
