/** A wrong line for each scenario of RS-restarts.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';
const launching = "    'service.launching': { target: '.clear', actions: 'serve' },";

export const mutants: readonly Mutant[] = [
  {
    // a restart that somebody asked for kills
    ids: ['RS-01'],
    file: gateway,
    find: "{ target: '.cycling', actions: ['restLink', 'cycleService'] },",
    instead: "{ target: '.cycling', actions: ['restLink', 'recoverService'] },",
  },
  {
    // a launch does not serve what has joined meanwhile
    ids: ['RS-02', 'RS-17'],
    file: ledger,
    find: launching,
    instead: "    'service.launching': { actions: 'serve' },",
  },
  {
    // whoever gets ready is what was asked for
    ids: ['RS-03', 'RS-04', 'RS-06'],
    file: ledger,
    find: launching,
    instead: `${launching}\n    'service.ready': { target: '.clear', actions: 'serve' },`,
  },
  {
    ids: ['RS-07'],
    file: ledger,
    find: "    stop: { target: '.clear', actions: 'drop' },\n",
    instead: '',
  },
  {
    // a link that gives up takes what waits along
    ids: ['RS-08'],
    file: ledger,
    find: launching,
    instead: `${launching}\n    'link.failed': { target: '.clear', actions: 'drop' },`,
  },
  {
    // the old link is left to itself
    ids: ['RS-16'],
    file: gateway,
    find: "{ target: '.cycling', actions: ['restLink', 'cycleService'] },",
    instead: "{ target: '.cycling', actions: 'cycleService' },",
  },
  {
    // a restart that was given up is waited for
    ids: ['RS-15'],
    file: 'src/runtime/intents.ts',
    find: '    if (ground.gaveUp !== null) throw ground.gaveUp;\n',
    instead: '',
  },
  {
    ids: ['RS-20'],
    file: ledger,
    find: launching,
    instead: `${launching}\n    'service.failed': { target: '.clear', actions: 'drop' },`,
  },
  {
    // the cooldown outlives the restart that was superseded
    ids: ['RS-22'],
    file: ledger,
    find: "on: { stop: 'cold', dispose: 'cold', quit: 'cold', 'service.unkillable': 'cold' },",
    instead: '',
  },
  {
    ids: ['RS-19'],
    file: gateway,
    find: "restart: { guard: 'byUser', target: 'wanted.raising', actions: 'raiseService' },",
    instead: '',
  },
];
