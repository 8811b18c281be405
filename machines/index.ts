/**
 * The six machines and what it takes to check them. The same definitions run in the product,
 * are explored by the checker and draw the diagrams. Nothing is exported that does I/O.
 */
export { connection } from './connection.ts';
export type * from './contracts.ts';
export { gateway } from './gateway.ts';
export { heartbeat } from './heartbeat.ts';
export { backoffMs, longestMs, nextLuck } from './policy.ts';
export { process } from './process.ts';
export { reconnect } from './reconnect.ts';
export { supervisor } from './supervisor.ts';
