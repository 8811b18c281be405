/** A wrong line for each scenario of MU-stops.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['MU-46'],
    file: 'machines/stopping.ts',
    find: `patient: { always: { guard: 'limited', target: 'hurried' } },`,
    instead: 'patient: {},',
  },
  {
    ids: ['MU-47'],
    file: gateway,
    find: `pace({ stop: hurry, quit: '.hurried' } as const)`,
    instead: 'pace({ stop: hurry })',
  },
  {
    ids: ['MU-48'],
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
    ids: ['MU-49'],
    file: gateway,
    find: `stop: { target: 'falling', actions: ['restLink', 'dropService'] },`,
    instead: `stop: { target: 'falling', actions: ['dropService', 'restLink'] },`,
  },
  {
    ids: ['MU-50'],
    file: gateway,
    find: `actions: ['dropLink', 'killService'] },`,
    instead: `actions: ['dropLink', 'dropService'] },`,
  },
];
