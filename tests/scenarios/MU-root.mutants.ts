/** A wrong line for each scenario of MU-root.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';

export const mutants: readonly Mutant[] = [
  {
    // nobody judges whether an exit explains the loss
    ids: ['MU-31'],
    file: gateway,
    find: `{ guard: 'owned', target: 'relinking.judging' },`,
    instead: '',
  },
  {
    ids: ['MU-32'],
    file: gateway,
    find: `refuses: and([not('answers'), 'owned']),`,
    instead: `refuses: or(['owned']),`,
  },
  {
    ids: ['MU-33'],
    file: gateway,
    find: `'link.opened': [{ guard: 'owned', target: 'running.doubtful' }, 'running'],`,
    instead: `'link.opened': 'running',`,
  },
  {
    ids: ['MU-34'],
    file: gateway,
    find: `on: { 'link.opened': '#running' },`,
    instead: '',
  },
  {
    ids: ['MU-35'],
    file: gateway,
    find: `after: { expect: 'trusting' },`,
    instead: '',
  },
  {
    ids: ['MU-36'],
    file: gateway,
    find: `{ guard: 'answers', target: 'deferred' }`,
    instead: `{ guard: 'answers', target: 'held' }`,
  },
  {
    ids: ['MU-37'],
    file: gateway,
    find: `on: { 'link.unreachable': 'dialing' },`,
    instead: '',
  },
  {
    ids: ['MU-38'],
    file: gateway,
    find: `retarget: { target: '.dialing', actions: 'retargetLink' },`,
    instead: `retarget: { actions: 'retargetLink' },`,
  },
  {
    ids: ['MU-39'],
    file: gateway,
    find: `'running'],
                'service.down': { target: 'recovering', actions: 'restLink' },
                retarget: { target: 'linking', actions: 'retargetLink' },`,
    instead: `'running'],
                'service.down': { target: 'recovering', actions: 'restLink' },`,
  },
  {
    ids: ['MU-40'],
    file: gateway,
    find: `on: { retarget: { target: '#raising', actions: 'raiseService' } },`,
    instead: `on: { retarget: { actions: 'raiseService' } },`,
  },
  {
    ids: ['MU-41'],
    file: ledger,
    find: `restart: { guard: 'later', target: 'settling',`,
    instead: `restart: { target: 'settling',`,
  },
  {
    ids: ['MU-42'],
    file: ledger,
    find: `target: 'executing', actions: 'cycle' }`,
    instead: `target: 'clear', actions: 'cycle' }`,
  },
  {
    ids: ['MU-43'],
    file: ledger,
    find: `on: { 'service.failed': { target: 'clear', actions: 'serve' } },`,
    instead: '',
  },
  {
    ids: ['MU-44'],
    file: gateway,
    find: `stateIn('#wanted'), 'again', and(`,
    instead: `stateIn('#wanted'), and(`,
  },
  {
    ids: ['MU-45'],
    file: gateway,
    find: `start: { actions: ['nudgeService', 'nudgeLink'] },`,
    instead: `start: { actions: 'nudgeLink' },`,
  },
];
