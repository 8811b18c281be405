/** A wrong line for each scenario of RC.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['RC-02'],
    file: 'machines/reconnect.ts',
    find: 'context.failures >= context.policy.attemptsMax',
    instead: 'context.failures > context.policy.attemptsMax',
  },
  {
    ids: ['RC-24'],
    file: 'machines/reconnect.ts',
    find: "{ guard: 'exhausted', target: '#reconnect.failed.exhausted' } as const,",
    instead: '',
  },
  {
    ids: ['RC-03'],
    file: 'machines/reconnect.ts',
    find: "'link.dial': { target: 'trying', actions: 'forget' },",
    instead: "'link.dial': { target: 'trying' },",
  },
  {
    ids: ['RC-04'],
    file: 'src/runtime/wire.ts',
    find: '#end(end: WireEnd) {\n    if (this.#done) return;',
    instead: '#end(end: WireEnd) {',
  },
  {
    ids: ['RC-05'],
    file: 'machines/reconnect.ts',
    find: "'connection.ended': { target: '#reconnect.resting', actions: 'reportRested' }",
    instead: "'connection.ended': { target: '#reconnect.waiting', actions: 'reportRested' }",
  },
  {
    ids: ['RC-06'],
    file: 'machines/reconnect.ts',
    find: "on: { 'link.nudge': '#reconnect.trying' },",
    instead: '',
  },
  {
    ids: ['RC-22'],
    file: 'machines/gateway.ts',
    find: "retry: { actions: ['nudgeService', 'nudgeLink'] }",
    instead: "retry: { actions: ['nudgeService', 'dialLink'] }",
  },
  {
    ids: ['RC-14'],
    file: 'machines/gateway.ts',
    find: `'link.opened': 'running',
                'service.down': { target: 'recovering', actions: 'restLink' },`,
    instead: "'link.opened': 'running',",
  },
  {
    ids: ['RC-15'],
    file: 'src/runtime/live-host.ts',
    find: 'requests.detach(wire, lost);',
    instead: '',
  },
  {
    ids: ['RC-18'],
    file: 'machines/reconnect.ts',
    find: "{ guard: 'credentialsRefused', target: '#reconnect.paused.credentials' } as const,",
    instead: '',
  },
  {
    ids: ['RC-20'],
    file: 'src/runtime/link-leaves.ts',
    find: 'if (answer !== true) {',
    instead: 'if (answer === undefined) {',
  },
];
