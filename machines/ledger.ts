/**
 * Three regions of the gateway: what became of the restarts and reloads that were asked for, how
 * long ago a restart was executed, and whose process it is. They promise that each is joined,
 * settled, cooled, dropped by a stop or refused for what is not ours, and never lost, and that a
 * restart absorbs a reload; they must never execute one that a launch plan has already served.
 */
import type { GatewayCommand } from './contracts.ts';

/** Counts of requests: how many were asked for, and the last of them that came to each end. */
export interface Counts {
  asked: number;
  /** by a launch plan, which was read after it was asked for */
  served: number;
  /** by a reload: `begun` when it began, `applied` when that was done */
  begun: number;
  applied: number;
  /** by a stop */
  dropped: number;
  /** because the process is not ours */
  refused: number;
  /** nobody but the link's own doubt asked for the restart that waits */
  doubted: boolean;
  /** nobody who waits, if anybody does, has asked for more than a reload */
  mild: boolean;
}

export const noCounts: Counts = {
  ...{ asked: 0, served: 0, begun: 0, applied: 0, dropped: 0, refused: 0 },
  ...{ doubted: false, mild: false },
};

/** Somebody who asked has no outcome yet. */
export const owed = ({ asked, served, applied, dropped, refused }: Counts): boolean =>
  asked > Math.max(served, applied, dropped, refused);

type Asked = GatewayCommand | { type: string };
const isReload = ({ type }: Asked): boolean => type === 'reload';
const isDoubt = (event: Asked): boolean => 'by' in event && event.by === 'liveness';

/** What each event of the ledger makes of the counts; whoever is done is in no doubt. */
const done = { doubted: false };
export const counting = {
  ask: (counts: Counts, event: Asked) => ({
    asked: counts.asked + 1,
    doubted: isDoubt(event),
    mild: isReload(event) && (counts.mild || !owed(counts)),
    ...('settleMs' in event ? { settleMs: event.settleMs } : {}),
  }),
  join: (counts: Counts, event: Asked) => ({
    asked: counts.asked + 1,
    doubted: counts.doubted && isDoubt(event),
    mild: isReload(event) && (counts.mild || !owed(counts)),
  }),
  begin: ({ asked }: Counts) => ({ begun: asked }),
  apply: ({ begun }: Counts) => ({ applied: begun }),
  serve: ({ asked }: Counts) => ({ served: asked, ...done }),
  drop: ({ asked }: Counts) => ({ dropped: asked, ...done }),
  refuse: ({ asked }: Counts) => ({ refused: asked, ...done }),
};

export const ledger = {
  description: 'What became of the restarts and reloads that were asked for.',
  initial: 'clear',
  on: {
    stop: { target: '.clear', actions: 'drop' },
    dispose: { target: '.clear', actions: 'drop' },
    quit: { target: '.clear', actions: 'drop' },
    'service.unkillable': { target: '.clear', actions: 'drop' },
    'service.launching': { target: '.clear', actions: 'serve' },
    'service.attached': { target: '.clear', actions: 'refuse' },
    restart: { guard: 'heeded', actions: 'join' },
    reload: { guard: 'goesOn', actions: 'join' },
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
        reload: [
          { guard: 'settlesLater', target: 'settling', actions: 'ask' },
          { guard: 'wanted', target: 'due', actions: 'ask' },
        ],
      },
    },
    settling: {
      description: 'The caller bursts: the latest deadline counts.',
      on: {
        restart: { guard: 'later', target: 'settling', reenter: true, actions: 'ask' },
        reload: { guard: 'later', target: 'settling', reenter: true, actions: 'ask' },
      },
      after: { settle: 'due' },
    },
    due: {
      description: 'Waits for the start in progress and for the cooldown; a launch serves it too.',
      always: [
        { guard: 'notOurs', target: 'clear', actions: 'refuse' },
        { guard: 'mildNow', target: 'reloading', actions: ['begin', 'reloadService'] },
        { guard: 'dueNow', target: 'clear', actions: 'cycle' },
      ],
    },
    reloading: {
      id: 'reloading',
      description: 'The process reads its configuration anew. What is asked for now comes after.',
      initial: 'once',
      on: {
        reload: { target: '.again', actions: 'join' },
        restart: [
          { guard: 'settlesLater', target: 'settling', actions: 'ask' },
          { target: 'due', actions: 'join' },
        ],
        'service.reloaded': { target: 'clear', actions: 'apply' },
        'service.unreloaded': { target: 'due', actions: 'insist' },
        'service.down': 'due',
        'service.ready': 'due',
        'service.failed': { target: 'clear', actions: 'serve' },
      },
      states: {
        once: {},
        again: {
          on: { 'service.reloaded': { target: '#gateway.ledger.due', actions: 'apply' } },
        },
      },
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
