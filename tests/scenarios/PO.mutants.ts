/** A wrong line for each scenario of PO.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['PO-25'],
    file: 'src/runtime/environment.ts',
    find: "  'SYSTEMD_EXEC_PID',\n",
    instead: '',
  },
];
