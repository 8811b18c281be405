/** A wrong line for each scenario of DG.test.ts, DG-status.test.ts and DG-figures.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['DG-01'],
    file: 'src/runtime/health.ts',
    find: "reasons.push(gateway.in('life.wanted.failed') ? 'failed' : 'not-running');",
    instead: "reasons.push('not-running');",
  },
  {
    ids: ['DG-02'],
    file: 'src/runtime/health.ts',
    find: "if (missed > 0) reasons.push('missed-pings');",
    instead: "if (missed > 1) reasons.push('missed-pings');",
  },
  {
    ids: ['DG-03'],
    file: 'src/runtime/requests.ts',
    find: '    this.#history.consecutiveFailures = 0;\n',
    instead: '',
  },
  {
    ids: ['DG-04'],
    file: 'src/runtime/requests.ts',
    find: '    this.#channel = channel;\n    this.#history = fresh();',
    instead: '    this.#channel = channel;',
  },
  {
    ids: ['DG-05'],
    file: 'src/runtime/diagnostics.ts',
    find: 'return structuredClone({',
    instead: 'return Object.assign({}, {',
  },
  {
    ids: ['DG-06'],
    file: 'src/runtime/link-leaves.ts',
    find: 'facts.noteEnd(cause, because, code, clock.wallNow(), floorMs);',
    instead: 'facts.noteEnd(cause, because, 0, clock.wallNow(), floorMs);',
  },
  {
    ids: ['DG-07'],
    file: 'src/runtime/output-log.ts',
    find: 'if (kind.unsaid === repeatsMax) this.#sum(kind);',
    instead: '',
  },
  {
    ids: ['DG-09'],
    file: 'src/runtime/output.ts',
    find: 'const linesMax = 500;',
    instead: 'const linesMax = 600;',
  },
  {
    ids: ['DG-10'],
    file: 'src/runtime/intents.ts',
    find: '    count(outcome);\n',
    instead: '',
  },
  {
    ids: ['DG-11'],
    file: 'src/runtime/live-host.ts',
    find: '    facts.connection = null;\n',
    instead: '',
  },
  {
    ids: ['DG-12'],
    file: 'src/runtime/machinery.ts',
    find: '    if (status.line === this.#told) return;\n',
    instead: '',
  },
  {
    ids: ['DG-14'],
    file: 'src/runtime/dispatcher.ts',
    find: '    if (isThenable(result)) result.then(undefined, failed);',
    instead: '',
  },
  {
    ids: ['DG-16'],
    file: 'src/runtime/status.ts',
    find: "if (gateway.in('life.wanted.running') || !gateway.in('life.wanted')) return 0;",
    instead: "if (!gateway.in('life.wanted')) return 0;",
  },
  {
    ids: ['DG-17'],
    file: 'machines/reconnect.ts',
    find: `      context.policy.attemptsMax !== null &&
      context.failures >= context.policy.attemptsMax,`,
    instead: '      context.failures >= (context.policy.attemptsMax ?? 2),',
  },
];
