/**
 * The real drivers, as the public factories take them, around a clock that a test can watch and
 * that is still told when the host was asleep: a clock given as an option is not. It must never
 * stand in for anything else.
 */
import { childProcess } from '../../src/drivers/child-process.ts';
import { immediateDefer, microtaskDefer, systemRandom, uuid } from '../../src/drivers/host.ts';
import { wsTransport } from '../../src/drivers/ws.ts';
import type { ProcessDriver } from '../../src/ports.ts';
import type { Environment } from '../../src/runtime/live-host.ts';

export const environment = (
  clock: Environment['clock'],
  driver: ProcessDriver = childProcess,
): Environment => ({
  clock,
  driver,
  defer: microtaskDefer,
  afterwards: immediateDefer,
  random: systemRandom,
  uuid,
  transport: wsTransport,
});
