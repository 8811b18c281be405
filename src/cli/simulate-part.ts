/**
 * One process of `holdfast simulate`: plays the runs that it is sent, one after the other. It must
 * never outlive the process that sends them, and never answer for a signal that is meant for it.
 */
import { type Order, played } from './simulate-parts.ts';

process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; who ends us is the process that sends us runs
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.on('message', async (order: Order) => {
  process.send?.(await played(order));
});
