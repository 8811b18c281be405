/** A wrong line for each scenario of SV-stopping.test.ts. */
import type { Mutant } from './mutants.ts';

const supervisor = 'machines/supervisor.ts';
const process = 'machines/process.ts';

export const mutants: readonly Mutant[] = [
  {
    // what it says when it was asked to end counts
    ids: ['SV-12'],
    file: process,
    find: "          on: { 'os.exited': 'sweeping', 'process.kill': 'killing' },",
    instead: "          on: { 'process.kill': 'killing' },",
  },
  {
    ids: ['SV-13'],
    file: process,
    find: "            'os.exited': 'sweeping',\n            'os.spawned':",
    instead: "            'os.spawned':",
  },
  {
    // it goes on failing, whoever asks
    ids: ['SV-14'],
    file: supervisor,
    find: "          on: { 'service.raise': '.toCycle' },",
    instead: "          on: { 'service.raise': '.toCycle', 'service.cycle': {} },",
  },
  {
    ids: ['SV-15'],
    file: supervisor,
    find: "'service.cycle': { target: '.falling.toCycle', actions: ['renew', 'stopProcess'] },",
    instead: "'service.cycle': { target: '.falling.toRecover', actions: 'stopProcess' },",
  },
  {
    ids: ['SV-16'],
    file: supervisor,
    find: "'service.kill': { target: '.falling.toRest', actions: 'killProcess' },",
    instead: "'service.kill': '.falling.toRest',",
  },
  {
    ids: ['SV-17'],
    file: process,
    find: "after: { spawn: 'killing' },",
    instead: "after: { grace: 'killing' },",
  },
  {
    ids: ['SV-18'],
    file: process,
    find: `{ target: 'ended', reenter: true },
          },
          after: { kill: 'unkillable' },`,
    instead: `{ target: 'ended', reenter: true },
          },
          after: { grace: 'unkillable' },`,
  },
  {
    ids: ['SV-19'],
    file: 'src/runtime/service-leaves.ts',
    find: 'if (exit === null) {',
    instead: 'if (exit !== undefined) {',
  },
  {
    ids: ['SV-20'],
    file: process,
    find: "on: { 'host.resumed': { target: 'terminating', reenter: true } },",
    instead: '',
  },
  {
    ids: ['SV-21'],
    file: process,
    find: "            'host.resumed': { target: 'ended', reenter: true },\n",
    instead: '',
  },
  {
    ids: ['SV-22'],
    file: supervisor,
    find: "            'service.raise': { actions: 'reportReady' },\n",
    instead: '',
  },
];
