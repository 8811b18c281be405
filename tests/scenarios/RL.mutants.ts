/** A wrong line for each scenario of RL.test.ts. */
import type { Mutant } from './mutants.ts';

const delivery = 'src/delivery/config-delivery.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['RL-13'],
    file: delivery,
    find: 'if (conflicts === 2) throw',
    instead: 'if (conflicts === 1) throw',
  },
  {
    ids: ['RL-14'],
    file: delivery,
    find: 'if (conflicts === 2) throw',
    instead: 'if (conflicts === 3) throw',
  },
  {
    // whoever was not refused was not necessarily heard
    ids: ['RL-15'],
    file: delivery,
    find: "if (seen !== 'there') throw",
    instead: "if (seen === 'unread') throw",
  },
  {
    ids: ['RL-16'],
    file: delivery,
    find: 'return isDeepStrictEqual(value, plain(before)) ? undefined : value;',
    instead: 'return value;',
  },
  {
    // what is written in place is half there after a crash
    ids: ['RL-17'],
    file: 'src/delivery/config-file.ts',
    find: 'renameSync(temporary, target);',
    instead: 'writeFileSync(target, text);',
  },
];
