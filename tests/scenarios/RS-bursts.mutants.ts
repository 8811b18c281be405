/** A wrong line for each scenario of RS-bursts.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';

export const mutants: readonly Mutant[] = [
  {
    // a cooldown holds nobody back
    ids: ['RS-09', 'RS-10'],
    file: gateway,
    find: "      stateIn('#cold'),\n",
    instead: '',
  },
  {
    // what somebody asked for is charged like a crash
    ids: ['RS-11'],
    file: gateway,
    find: "{ target: '.cycling', actions: ['restLink', 'cycleService'] },",
    instead: "{ target: '.cycling', actions: ['restLink', 'recoverService'] },",
  },
  {
    ids: ['RS-18'],
    file: 'src/runtime/metrics.ts',
    find: '(this.counts[count] ?? 0) + 1',
    instead: 'Number(this.counts[count]) + 1',
  },
  {
    // the deadline of the first counts
    ids: ['RS-13'],
    file: ledger,
    find: "restart: { guard: 'later', target: 'settling', reenter: true, actions: 'ask' },",
    instead: "restart: { guard: 'later', actions: 'ask' },",
  },
  {
    // the deadline of the last counts, however soon it is
    ids: ['RS-24'],
    file: ledger,
    find: "restart: { guard: 'later', target: 'settling',",
    instead: "restart: { target: 'settling',",
  },
  {
    ids: ['RS-14'],
    file: ledger,
    find: "    stop: { target: '.clear', actions: 'drop' },\n",
    instead: '',
  },
];
