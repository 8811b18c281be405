/** A wrong line for each scenario of CH-starting.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['CH-15'],
    file: 'src/runtime/readiness.ts',
    find: "if (type === 'socket.challenged' || type === 'socket.accepted')",
    instead: "if (type === 'socket.opened')",
  },
  {
    ids: ['CH-16'],
    file: 'src/runtime/readiness.ts',
    find: "signal.addEventListener('abort', () => settle({ proved: false }), { once: true });",
    instead: '',
  },
  {
    ids: ['CH-17'],
    file: 'src/runtime/readiness.ts',
    find: 'handle?.reset();',
    instead: "handle?.close(1000, '');",
  },
  {
    ids: ['CH-18'],
    file: 'src/runtime/readiness.ts',
    find: 'closed: (end) => ask(',
    instead: 'closed: (end) => void (',
  },
  {
    ids: ['CH-21', 'CH-23'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: "return as('wait', startupFloor(hint));",
    instead: "return as('retry', 0);",
  },
  {
    ids: ['CH-24'],
    file: 'machines/reconnect.ts',
    find: "    'link.rest': { target: '.resting', actions: 'reportRested' },",
    instead: "    'link.rest': { actions: 'reportRested' },",
  },
];
