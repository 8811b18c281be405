/** A wrong line for each scenario of PO-starting.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const supervisor = 'machines/supervisor.ts';
const process = 'machines/process.ts';

export const mutants: readonly Mutant[] = [
  {
    // a socket that opens is proof enough
    ids: ['PO-01'],
    file: 'src/runtime/readiness.ts',
    find: 'opened: () => ask(() => session.opened()),',
    instead: 'opened: () => settle({ proved: true }),',
  },
  {
    // a second start begins again
    ids: ['PO-14'],
    file: gateway,
    find: "start: { actions: ['nudgeService', 'nudgeLink'] },",
    instead: "start: { target: '.raising', actions: 'raiseService' },",
  },
  {
    ids: ['PO-06', 'PO-10'],
    file: supervisor,
    find: "'process.gone': { target: '#supervisor.unstarted', actions: 'countStillborn' },",
    instead: '',
  },
  {
    ids: ['PO-19'],
    file: 'machines/policy.ts',
    find: 'ready: ({ context }: Waiting) => context.policy.readyMs,',
    instead: 'ready: ({ context }: Waiting) => 10 * context.policy.readyMs,',
  },
  {
    ids: ['PO-07'],
    file: 'src/runtime/service-leaves.ts',
    find: '  host.exited();\n',
    instead: '',
  },
  {
    ids: ['PO-17'],
    file: supervisor,
    find: "  { guard: 'cannotRun', target: '#supervisor.failed.runtime' } as const,\n",
    instead: '',
  },
  {
    ids: ['PO-26'],
    file: supervisor,
    find: 'context.charged.length >= context.policy.budget.of ||',
    instead: 'context.charged.length > context.policy.budget.of ||',
  },
  {
    // the first failure of a link is its process's fault
    ids: ['PO-12'],
    file: gateway,
    find: `{ guard: 'answers', target: 'deferred' },\n${' '.repeat(22)}{ actions: 'lookAround' },`,
    instead: "{ guard: 'answers', target: 'deferred' },\n{ actions: 'doubt' },",
  },
  {
    ids: ['PO-20'],
    file: process,
    find: "we said so; its group is being emptied.',\n          entry: 'kill',\n",
    instead: "we said so; its group is being emptied.',\n",
  },
  {
    ids: ['PO-21'],
    file: process,
    find: "          entry: 'terminate',\n",
    instead: "          entry: 'kill',\n",
  },
  {
    // it has ended: what it leaves behind is nobody's
    ids: ['PO-24'],
    file: process,
    find: "on: { 'os.exited': 'sweeping', 'process.kill': 'killing' },",
    instead: "on: { 'os.exited': '#process.gone', 'process.kill': 'killing' },",
  },
];
