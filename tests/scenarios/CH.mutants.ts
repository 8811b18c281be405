/** A wrong line for each scenario of CH.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['CH-01'],
    file: 'machines/connection.ts',
    find: "'socket.opened': 'authenticating'",
    instead: "'socket.opened': '#connection.linked.authenticating.credentials'",
  },
  {
    ids: ['CH-03'],
    file: 'machines/connection.ts',
    find: 'challenge: ({ context }) => context.policy.challengeMs,',
    instead: 'challenge: ({ context }) => context.policy.helloMs,',
  },
];
