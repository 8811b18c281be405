/** A wrong line for each scenario of SV.test.ts. */
import type { Mutant } from './mutants.ts';

const supervisor = 'machines/supervisor.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['SV-01'],
    file: supervisor,
    find: "after: { plan: { target: 'unstarted', actions: 'countStillborn' } },",
    instead: "after: { plan: 'unstarted' },",
  },
  {
    ids: ['SV-02'],
    file: supervisor,
    find: "          { target: 'unstarted', actions: 'countStillborn' },\n        ],",
    instead: "          { target: 'failed.plan' },\n        ],",
  },
  {
    ids: ['SV-03'],
    file: supervisor,
    find: "          { guard: 'fatal', target: 'failed.plan' },\n",
    instead: '',
  },
  {
    ids: ['SV-04'],
    file: supervisor,
    find: "'process.gone': { target: '#supervisor.unstarted', actions: 'countStillborn' },",
    instead: "'process.gone': '#supervisor.unstarted',",
  },
  {
    // what a process says of itself means nothing
    ids: ['SV-05', 'SV-07'],
    file: supervisor,
    find: "  { guard: 'cannotRun', target: '#supervisor.failed.runtime' } as const,\n",
    instead: '',
  },
  {
    ids: ['SV-06'],
    file: supervisor,
    find: "entry: ['noteReady', 'reportReady'],",
    instead: "entry: 'reportReady',",
  },
  {
    ids: ['SV-08'],
    file: supervisor,
    find: "    refund: { actions: 'refund' },\n",
    instead: '',
  },
  {
    ids: ['SV-09'],
    file: supervisor,
    find: "after: { stable: { target: 'stable', actions: 'settle' } },",
    instead: "after: { stable: 'stable' },",
  },
  {
    ids: ['SV-10'],
    file: supervisor,
    find: '      luck: nextLuck(context.luck),\n',
    instead: '',
  },
  {
    ids: ['SV-11'],
    file: 'machines/process.ts',
    find: "It has ended by itself; its group is being emptied.',\n          entry: 'kill',\n",
    instead: "It has ended by itself; its group is being emptied.',\n",
  },
];
