/** A wrong line for each scenario of SR-starts.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const supervisor = 'machines/supervisor.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['SR-05'],
    file: 'machines/policy.ts',
    find: 'policy.firstMs * policy.factor **',
    instead: 'policy.firstMs * 2 **',
  },
  {
    ids: ['SR-06'],
    file: 'machines/reconnect.ts',
    find: 'context.failures >= context.policy.attemptsMax,',
    instead: 'context.failures > context.policy.attemptsMax,',
  },
  {
    // an announced restart is a loss like any other
    ids: ['SR-10'],
    file: gateway,
    find: "{ guard: 'announced', target: 'relinking.expecting' },",
    instead: '',
  },
  {
    ids: ['SR-07'],
    file: supervisor,
    find: 'context.stillborn >= context.policy.startsMax,',
    instead: 'context.stillborn > context.policy.startsMax,',
  },
  {
    // the words of one process are kept for the next
    ids: ['SR-09'],
    file: 'src/runtime/output.ts',
    find: '    this.#redact = redactor(known);\n    this.#lines = [];\n',
    instead: '    this.#redact = redactor(known);\n',
  },
  {
    // words decide what an end was
    ids: ['SR-11'],
    file: 'src/runtime/exit-class.ts',
    find: "    'crash'\n",
    instead: `    (lines.some((line) => line.includes('config')) ? 'configuration' : 'crash')
`,
  },
  {
    // a stop is answered, and the start goes on
    ids: ['SR-08'],
    file: supervisor,
    find: "'service.fall': { target: '.resting', actions: 'reportRested' },",
    instead: "'service.fall': { actions: 'reportRested' },",
  },
  {
    // whoever was asked is ready
    ids: ['SR-12'],
    file: 'src/runtime/readiness.ts',
    find: 'return { proved: proved === true };',
    instead: 'return { proved: proved !== undefined };',
  },
  {
    ids: ['SR-13'],
    file: 'src/runtime/machinery.ts',
    find: "if (status.state !== 'running' || this.readies === this.#readiesTold) return;",
    instead: "if (status.state !== 'running') return;",
  },
  {
    ids: ['SR-15'],
    file: 'src/runtime/status.ts',
    find: "return proved || 'unknown';",
    instead: 'return proved;',
  },
];
