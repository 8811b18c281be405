/** A wrong line for each scenario of RL-watched.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';
const reloading = 'machines/reloading.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['RL-27'],
    file: 'machines/proof.ts',
    find: "    after: { ask: 'pausing' as const },\n",
    instead: '',
  },
  {
    // what had failed before a reload is never forgotten
    ids: ['RL-28'],
    file: 'machines/supervisor.ts',
    find: "after: { stable: { target: 'stable', actions: 'settle' } },",
    instead: "after: { stable: 'stable' },",
  },
  {
    ids: ['RL-29'],
    file: reloading,
    find: "const again = { target: 'timed', reenter: true, actions: 'tellProcess' } as const;",
    instead: "const again = { actions: 'tellProcess' } as const;",
  },
  {
    // the last word counts, however early it would come
    ids: ['RL-30'],
    file: ledger,
    find: "reload: { guard: 'later', target: 'settling', reenter: true, actions: 'ask' },",
    instead: "reload: { target: 'settling', reenter: true, actions: 'ask' },",
  },
  {
    ids: ['RL-31'],
    file: gateway,
    find: "serving: or([stateIn('#gateway.life.wanted.linking'), stateIn('#running')]),",
    instead: "serving: stateIn('#running'),",
  },
  {
    ids: ['RL-32'],
    file: gateway,
    find: "      stateIn('#reloading'),\n",
    instead: '',
  },
];
