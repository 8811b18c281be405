/** A wrong line for each scenario of DS-quit.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // a quit is as patient as a stop
    ids: ['DS-26'],
    file: 'src/runtime/gateway.ts',
    find: "this.#machinery.stop({ type: 'quit', withinMs: graceMs })",
    instead: "this.#machinery.stop({ type: 'quit', withinMs: 12 * graceMs })",
  },
  {
    // what ends while it is being stopped is started again
    ids: ['DS-31'],
    file: 'machines/supervisor.ts',
    find: "'service.fall': { target: '.falling.toRest', actions: 'stopProcess' },",
    instead: "'service.fall': { target: '.falling.toRecover', actions: 'stopProcess' },",
  },
  {
    // whoever listens is in our way
    ids: ['DS-28'],
    file: 'src/runtime/finding-leaves.ts',
    find: "if (foreign === 'end' && identity !== undefined) {",
    instead: 'if (identity !== undefined) {',
  },
];
