/** A wrong line for each scenario of OW.test.ts. */
import type { Mutant } from './mutants.ts';

const finding = 'machines/finding.ts';
const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';
const leaves = 'src/runtime/finding-leaves.ts';
/** what comes after both */
const next = `\n${' '.repeat(22)}{ actions: 'lookAround' },`;
const custody = 'src/runtime/custody.ts';

export const mutants: readonly Mutant[] = [
  {
    // a port that is still taken when the time is over is started on
    ids: ['OW-01'],
    file: finding,
    find: "  after: { port: 'failed.occupied' },",
    instead: "  after: { port: 'preparing' },",
  },
  {
    ids: ['OW-02'],
    file: finding,
    find: "pausing: { after: { poll: 'asking' } },",
    instead: 'pausing: {},',
  },
  {
    // what is not ours is replaced
    ids: ['OW-03'],
    file: gateway,
    find: "notOurs: and([not('starting'), stateIn('#attached')]),",
    instead: "notOurs: and(['starting', stateIn('#attached')]),",
  },
  {
    // whoever listens is the service
    ids: ['OW-04'],
    file: leaves,
    find: "post({ type: proved ? 'port.serving' : 'port.taken' });",
    instead: "post({ type: 'port.serving' });",
  },
  {
    ids: ['OW-05'],
    file: finding,
    find: "      { guard: 'exhausted', target: 'failed.occupied' },\n",
    instead: '',
  },
  {
    ids: ['OW-06'],
    file: finding,
    find: "  after: { port: 'failed.occupied' },",
    instead: '  after: {},',
  },
  {
    // nobody looks whether it is still there
    ids: ['OW-07'],
    file: gateway,
    find: `{ guard: 'refuses', actions: 'doubt' },${next}`,
    instead: "{ guard: 'refuses', actions: 'doubt' },",
  },
  {
    // an adopted process has no lines to show
    ids: ['OW-08'],
    file: 'src/runtime/readiness.ts',
    find: "if (process?.ownership === 'adopted') {",
    instead: 'if (false) {',
  },
  {
    // it is killed at once
    ids: ['OW-09'],
    file: 'machines/supervisor.ts',
    find: "'process.alive': { target: 'falling.toCycle', actions: 'stopProcess' },",
    instead: "'process.alive': { target: 'falling.toCycle', actions: 'killProcess' },",
  },
  {
    // the record outlives the process
    ids: ['OW-10'],
    file: 'src/runtime/service-leaves.ts',
    find: '        source.note((custody, mark) => custody.gone(mark));\n',
    instead: '',
  },
  {
    // what was there before counts as what was asked for
    ids: ['OW-11'],
    file: ledger,
    find: "'service.ready': { guard: 'owed', target: 'due' },",
    instead: "'service.ready': { actions: 'serve' },",
  },
  {
    // two hosts share a process
    ids: ['OW-12'],
    file: custody,
    find: 'return !isUs && this.#is(host);',
    instead: 'return false;',
  },
  {
    ids: ['OW-13'],
    file: finding,
    find: "  after: { look: 'failed.occupied' },",
    instead: '  after: {},',
  },
  {
    ids: ['OW-14'],
    file: gateway,
    find: `{ guard: 'answers', target: 'deferred' },${next}`,
    instead: "{ guard: 'answers', target: 'deferred' },",
  },
  {
    ids: ['OW-15'],
    file: finding,
    find: "after: { look: 'serving' },",
    instead: '',
  },
  {
    ids: ['OW-16'],
    file: ledger,
    find: "'service.attached': { target: '.clear', actions: 'refuse' },",
    instead: '',
  },
  {
    ids: ['OW-17'],
    file: ledger,
    find: "'service.failed': { actions: 'serve' },",
    instead: '',
  },
  {
    // whose it was before the stop counts
    ids: ['OW-18'],
    file: gateway,
    find: "notOurs: and([not('starting'), stateIn('#attached')]),",
    instead: "notOurs: stateIn('#attached'),",
  },
  {
    ids: ['OW-19'],
    file: ledger,
    find: "'service.failed': '.owned',",
    instead: '',
  },
  {
    ids: ['OW-20'],
    file: ledger,
    find: "'service.ready': '.owned',",
    instead: '',
  },
  {
    ids: ['OW-21'],
    file: ledger,
    find: "'service.launching': '.owned',",
    instead: '',
  },
  {
    ids: ['OW-22'],
    file: 'machines/supervisor.ts',
    find: "            'process.gone': '#supervisor.clearing',\n",
    instead: '',
  },
];
