/** A wrong line for each scenario of RC-delays.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['RC-01'],
    file: 'machines/policy.ts',
    find: 'Math.min(Math.max(tries, 1) - 1, 64)',
    instead: 'Math.min(Math.max(tries, 1), 64)',
  },
  {
    ids: ['RC-19'],
    file: 'machines/policy.ts',
    find: 'Math.min(plain, policy.maxMs)',
    instead: 'plain',
  },
  {
    ids: ['RC-10'],
    file: 'machines/policy.ts',
    find: '(1 + policy.jitter * luck)',
    instead: '(1 - policy.jitter * luck)',
  },
  {
    ids: ['RC-11'],
    file: 'machines/gateway.ts',
    find: 'luck: context.luck,',
    instead: 'luck: 0,',
  },
  {
    ids: ['RC-07'],
    file: 'machines/connection.ts',
    find: "'socket.opened': 'authenticating'",
    instead: "'socket.opened': { target: 'authenticating', actions: 'reportOpened' }",
  },
  {
    ids: ['RC-08'],
    file: 'machines/reconnect.ts',
    find: "after: { stable: { target: 'stable', actions: 'forget' } }",
    instead: "after: { stable: 'stable' }",
  },
  {
    ids: ['RC-12'],
    file: 'machines/reconnect.ts',
    find: "on: { 'link.nudge': 'hurried' }",
    instead: "on: { 'link.nudge': '#reconnect.trying' }",
  },
  {
    ids: ['RC-16'],
    file: 'src/protocols/openclaw/session.ts',
    find: 'limitFloor(this.#memory.limits++)',
    instead: 'limitFloor(0)',
  },
];
