/**
 * Processes that this host did not start: who they are, who listens on a port, and how to hold one
 * that an earlier host of ours has left. It must never signal anyone by looking.
 */
import type { Census } from '../ports.ts';
import { adoptedProcess } from './adopted-process.ts';
import { identify } from './identity.ts';
import { eachCarrier } from './leftovers.ts';
import { occupantOf } from './occupant.ts';
import { privateFiles } from './private-files.ts';

export const census: Census = {
  self: () => identify(process.pid),
  identify,
  carries(mark) {
    let carriers = 0;
    eachCarrier(mark, () => (carriers += 1));
    return carriers > 0;
  },
  occupant: occupantOf,
  adopt: adoptedProcess,
  records: privateFiles,
};
