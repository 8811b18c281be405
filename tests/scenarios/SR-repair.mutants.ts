/** A wrong line for each scenario of SR-repair.test.ts. */
import type { Mutant } from './mutants.ts';

const supervisor = 'machines/supervisor.ts';
const mending = 'machines/mending.ts';
const plan = 'src/runtime/plan-leaf.ts';
const classes = 'src/runtime/exit-class.ts';

export const mutants: readonly Mutant[] = [
  {
    // a refused configuration is tried again as it is
    ids: ['PO-16'],
    file: supervisor,
    find: "{ guard: 'mendable', target: 'mending' },",
    instead: "{ guard: 'mendable', target: 'clearing' },",
  },
  {
    ids: ['SR-01'],
    file: classes,
    find: "    told('process.classifyExit', process?.classifyExit) ??\n",
    instead: '',
  },
  {
    ids: ['SR-02'],
    file: supervisor,
    find: 'noteRepair: assign({ repaired: true }),',
    instead: 'noteRepair: assign({ repaired: false }),',
  },
  {
    ids: ['SR-03'],
    file: mending,
    find: "{ guard: 'mended', target: '#supervisor.clearing' },",
    instead: "{ target: '#supervisor.clearing' },",
  },
  {
    ids: ['SR-04'],
    file: mending,
    find: "after: { repair: { actions: 'killProcess' } },",
    instead: 'after: { repair: {} },',
  },
  {
    // what an earlier process wrote counts still
    ids: ['SR-24'],
    file: 'src/runtime/output.ts',
    find: '    this.#lines = [];\n    this.#bytes = 0;\n    this.#log.begin();',
    instead: '    this.#log.begin();',
  },
  {
    ids: ['SR-25'],
    file: classes,
    find: "    'crash'\n",
    instead: "    'configuration'\n",
  },
  {
    ids: ['SR-26'],
    file: supervisor,
    find: "cannotRun: ({ event }) => event.type === 'process.gone' && event.class === 'runtime',",
    instead: "cannotRun: ({ event }) => event.type === 'process.gone' && event.class === 'clean',",
  },
  {
    ids: ['SR-20'],
    file: plan,
    find: 'if (plan === null) return failed(null);',
    instead: 'if (plan === null) return;',
  },
  {
    ids: ['SR-21'],
    file: mending,
    find: "  after: { plan: 'failed.configuration' },",
    instead: "  after: { repair: 'failed.configuration' },",
  },
  {
    // the doctor of a service that is stopped goes on
    ids: ['SR-22'],
    file: mending,
    find: "    'service.raise': {},\n    'host.resumed'",
    instead: "    'service.raise': {},\n    'service.fall': {},\n    'host.resumed'",
  },
  {
    // a configuration that was mended once is never mended again
    ids: ['SR-23'],
    file: supervisor,
    find: 'enqueue.assign({ charged: [], stillborn: 0, repaired: false, tries: 0 });',
    instead: 'enqueue.assign({ charged: [], stillborn: 0, tries: 0 });',
  },
  {
    ids: ['SR-27'],
    file: mending,
    find: "'host.resumed': { target: 'repairing', reenter: true, actions: 'tellProcess' },",
    instead: "'host.resumed': { actions: 'tellProcess' },",
  },
  {
    // whoever restarts it has no other try
    ids: ['SR-28'],
    file: supervisor,
    find: 'renew: assign({ repaired: false }),',
    instead: 'renew: assign({ repaired: true }),',
  },
];
