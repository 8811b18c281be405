/** A wrong line for each scenario of CC-exits.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // while the link is being judged nobody listens for an exit
    ids: ['CC-13', 'CC-16'],
    file: 'machines/gateway.ts',
    find: `                'link.opened': 'running.doubtful',
                'service.down': { target: 'recovering', actions: 'restLink' },`,
    instead: "                'link.opened': 'running.doubtful',",
  },
];
