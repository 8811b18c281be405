/**
 * Two regions of the gateway: what became of the restarts that were asked for, and how long ago
 * one was executed. They promise that a restart is joined, settled, cooled or dropped by a stop,
 * and never lost; they must never execute one that a launch plan has already served.
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
    restart: { guard: 'heeded', actions: 'join' },
  },
  states: {
    clear: {
      on: {
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
      always: { guard: 'dueNow', target: 'clear', actions: 'cycle' },
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
