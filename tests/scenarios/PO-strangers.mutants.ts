/** A wrong line for each scenario of PO-strangers.test.ts. */
import type { Mutant } from './mutants.ts';

const finding = 'machines/finding.ts';
const leaves = 'src/runtime/finding-leaves.ts';

export const mutants: readonly Mutant[] = [
  {
    // one of ours is started beside it
    ids: ['PO-02'],
    file: finding,
    find: "'port.serving': 'attached',",
    instead: "'port.serving': 'preparing',",
  },
  {
    ids: ['PO-27'],
    file: 'machines/gateway.ts',
    find: "notOurs: and([not('starting'), stateIn('#attached')]),",
    instead: "notOurs: and(['starting', stateIn('#attached')]),",
  },
  {
    // whoever listens is in our way
    ids: ['PO-11'],
    file: leaves,
    find: "if (foreign === 'end' && identity !== undefined) {",
    instead: 'if (identity !== undefined) {',
  },
  {
    ids: ['PO-13'],
    file: finding,
    find: "  after: { port: 'failed.occupied' },",
    instead: "  after: { port: 'preparing' },",
  },
  {
    ids: ['PO-22'],
    file: 'src/runtime/custody.ts',
    find: 'return !isUs && this.#is(host);',
    instead: 'return false;',
  },
];
