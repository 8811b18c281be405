/** A wrong line for each scenario of RO-stops.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['RO-16'],
    file: 'machines/stopping.ts',
    find: `patient: { always: { guard: 'limited', target: 'hurried' } },`,
    instead: 'patient: {},',
  },
  {
    ids: ['RO-17'],
    file: gateway,
    find: `pace({ quit: '.hurried' } as const)`,
    instead: 'pace({})',
  },
  {
    ids: ['RO-18'],
    file: gateway,
    find: `            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
          },
          states: {
            halves`,
    instead: `            quit: { target: 'ending', actions: 'dropLink' },
          },
          states: {
            halves`,
  },
  {
    ids: ['RO-19'],
    file: gateway,
    find: `{ target: 'falling', actions: ['restLink', 'dropService'] },`,
    instead: `{ target: 'falling', actions: ['dropService', 'restLink'] },`,
  },
  {
    ids: ['RO-20'],
    file: gateway,
    find: `actions: ['dropLink', 'killService'] },`,
    instead: `actions: ['dropLink', 'dropService'] },`,
  },
];
