/** A wrong line for each scenario of DS-restarts.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';

export const mutants: readonly Mutant[] = [
  {
    // stopped is stopped, whoever asks
    ids: ['DS-10'],
    file: gateway,
    find: "restart: { guard: 'byUser', target: 'wanted.raising', actions: 'raiseService' },",
    instead: '',
  },
  {
    // what ends while it is being stopped is started again
    ids: ['DS-16'],
    file: 'machines/supervisor.ts',
    find: "'service.fall': { target: '.falling.toRest', actions: 'stopProcess' },",
    instead: "'service.fall': { target: '.falling.toRecover', actions: 'stopProcess' },",
  },
  {
    // anybody undoes a stop
    ids: ['DS-19'],
    file: gateway,
    find: "restart: { guard: 'byUser', target: 'wanted.raising', actions: 'raiseService' },",
    instead: "restart: { target: 'wanted.raising', actions: 'raiseService' },",
  },
  {
    // a stop waits for the end of the watching
    ids: ['DS-18'],
    file: 'machines/supervisor.ts',
    find: "'service.fall': { target: '.falling.toRest', actions: 'stopProcess' },",
    instead: "'service.fall': { target: '.falling.toCycle', actions: 'stopProcess' },",
  },
];
