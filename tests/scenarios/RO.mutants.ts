/** A wrong line for each scenario of RO.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';

export const mutants: readonly Mutant[] = [
  {
    // nobody judges whether an exit explains the loss
    ids: ['RO-01'],
    file: gateway,
    find: `{ guard: 'owned', target: 'relinking.judging' },`,
    instead: '',
  },
  {
    ids: ['RO-02'],
    file: gateway,
    find: `refuses: and([not('answers'), 'owned']),`,
    instead: `refuses: or(['owned']),`,
  },
  {
    ids: ['RO-03'],
    file: gateway,
    find: `'link.opened': 'running.doubtful',`,
    instead: `'link.opened': 'running',`,
  },
  {
    ids: ['RO-04'],
    file: gateway,
    find: `on: { 'link.opened': '#running' },`,
    instead: '',
  },
  {
    ids: ['RO-05'],
    file: gateway,
    find: `after: { expect: 'trusting' },`,
    instead: '',
  },
  {
    ids: ['RO-06'],
    file: gateway,
    find: `{ guard: 'answers', target: 'deferred' }`,
    instead: `{ guard: 'answers', target: 'held' }`,
  },
  {
    ids: ['RO-07'],
    file: gateway,
    find: `on: { 'link.unreachable': 'dialing' },`,
    instead: '',
  },
  {
    ids: ['RO-08'],
    file: gateway,
    find: `retarget: { target: '.dialing', actions: 'retargetLink' },`,
    instead: `retarget: { actions: 'retargetLink' },`,
  },
  {
    ids: ['RO-09'],
    file: gateway,
    find: `'running.doubtful',
                'service.down': { target: 'recovering', actions: 'restLink' },
                retarget: { target: 'linking', actions: 'retargetLink' },`,
    instead: `'running.doubtful',
                'service.down': { target: 'recovering', actions: 'restLink' },`,
  },
  {
    ids: ['RO-10'],
    file: gateway,
    find: `on: { retarget: { target: '#raising', actions: 'raiseService' } },`,
    instead: `on: { retarget: { actions: 'raiseService' } },`,
  },
  {
    ids: ['RO-11'],
    file: ledger,
    find: `restart: { guard: 'later', target: 'settling',`,
    instead: `restart: { target: 'settling',`,
  },
  {
    ids: ['RO-12'],
    file: ledger,
    find: "'service.launching': { target: '.clear', actions: 'serve' },",
    instead: "'service.launching': { actions: 'serve' },",
  },
  {
    ids: ['RO-13'],
    file: ledger,
    find: "'service.launching': { target: '.clear', actions: 'serve' },",
    instead: `'service.launching': { target: '.clear', actions: 'serve' },
    'service.failed': { target: '.clear', actions: 'drop' },`,
  },
  {
    ids: ['RO-14'],
    file: gateway,
    find: `or(['goesOn', and(`,
    instead: `or([stateIn('#wanted'), and(`,
  },
  {
    ids: ['RO-15'],
    file: gateway,
    find: `start: { actions: ['nudgeService', 'nudgeLink'] },`,
    instead: `start: { actions: 'nudgeLink' },`,
  },
  {
    ids: ['RO-21'],
    file: gateway,
    find: "'host.resumed': { actions: ['wakeService', 'wakeLink'] },",
    instead: "'host.resumed': { actions: 'wakeLink' },",
  },
  {
    ids: ['RO-22'],
    file: 'src/runtime/intents.ts',
    find: "    ground.ledger.settle(entry, 'failed');\n    count('failed');",
    instead: "    count('failed');",
  },
];
