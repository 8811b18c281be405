/**
 * The world of one machine alone: whoever is outside may send every event that it listens to, at
 * any moment, and its timers may fire. It must never stand in for a child: a machine that has
 * some needs a world that says what they may do.
 */
import type { AnyStateMachine } from 'xstate';
import { heard } from './rules.ts';
import type { UserCommand, World } from './world.ts';

export interface AloneOptions {
  /** what the machine is created with; default none */
  input?: unknown;
  /** default: each event that the machine names, without a payload; for `*`, `anything` */
  user?: readonly UserCommand[];
}

export function alone(machine: AnyStateMachine, { input, user }: AloneOptions = {}): World {
  const types = heard(machine).filter((type) => type !== '' && !type.startsWith('xstate.'));
  const asked = [...new Set(types.map((type) => type.replace(/\*$/, 'anything')))];
  return {
    roles: [{ name: machine.id, machine }],
    root: machine.id,
    user: user ?? asked.map((type) => ({ event: { type } })),
    ...(input === undefined ? {} : { input }),
  };
}

export const isMachine = (value: unknown): value is AnyStateMachine =>
  typeof value === 'object' &&
  value !== null &&
  ['root', 'transition', 'implementations', 'provide'].every((key) => key in value);
