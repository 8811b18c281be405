/** A wrong line for each scenario of HB-doubt.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';

export const mutants: readonly Mutant[] = [
  {
    // within the cooldown nobody is heard
    ids: ['HB-06'],
    file: 'machines/ledger.ts',
    find: `        restart: [
          { guard: 'settlesLater', target: 'settling', actions: 'ask' },
          { guard: 'wanted', target: 'due', actions: 'ask' },`,
    instead: `        restart: [
          { guard: 'settlesLater', target: 'settling', actions: 'ask' },
          { guard: 'dueNow', target: 'due', actions: 'ask' },`,
  },
  {
    // who is back after a loss is as good as new
    ids: ['HB-10'],
    file: gateway,
    find: "'link.opened': 'running.doubtful',",
    instead: "'link.opened': 'running',",
  },
  {
    // what is not ours is doubted like ours, and replaced for it
    ids: ['HB-07'],
    file: gateway,
    find: "notOurs: and([not('starting'), stateIn('#attached')]),",
    instead: "notOurs: and(['starting', stateIn('#attached')]),",
  },
  {
    ids: ['HB-13'],
    file: gateway,
    find: "{ guard: 'announced', target: 'relinking.expecting' },",
    instead: '',
  },
  {
    // the link to a process that has ended is left to itself
    ids: ['HB-14'],
    file: gateway,
    find: `                  { target: 'relinking.trusting' },
                ],
                'service.down': { target: 'recovering', actions: 'restLink' },`,
    instead: `                  { target: 'relinking.trusting' },
                ],
                'service.down': 'recovering',`,
  },
  {
    // a stop leaves the link to its own verdict
    ids: ['HB-15'],
    file: gateway,
    find: "{ target: 'falling', actions: ['restLink', 'dropService'] },",
    instead: "{ target: 'falling', actions: 'dropService' },",
  },
];
