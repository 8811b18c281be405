/**
 * The machines that ship, whose recordings hide nothing and need nothing to be replayed. It must
 * never be part of the page, which knows machines by their definitions alone.
 */
import type { AnyStateMachine } from 'xstate';
import {
  connection,
  gateway,
  heartbeat,
  process,
  reconnect,
  supervisor,
} from '../../machines/index.ts';

export const shipped: readonly AnyStateMachine[] = [
  gateway,
  supervisor,
  process,
  reconnect,
  connection,
  heartbeat,
];
