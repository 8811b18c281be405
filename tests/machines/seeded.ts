/**
 * Seven bugs that systems like this one have had, each put into the machines or worlds that ship
 * by one change, and the promise that must find it. A change names a place; one that is not there
 * is an error, so that no seed goes stale unseen.
 */
import { type AnyStateMachine, createMachine, raise, spawnChild } from 'xstate';
import { gateway } from '../../machines/gateway.ts';
import { reconnect } from '../../machines/reconnect.ts';
import { supervisor } from '../../machines/supervisor.ts';
import { linkAlone, serviceAlone } from '../../machines/world.ts';
import type { Role, World } from '../../src/verify/index.ts';

export interface Seed {
  bug: string;
  world: World;
  options: { delivery: 'async' | 'rtc'; inFlight?: number; posts?: number };
  guarantee: string;
  /** moves of a shortest trace */
  depth: number;
}

type Config = { [key: string]: unknown };

const isConfig = (value: unknown): value is Config => typeof value === 'object' && value !== null;

/** Plain data copied; functions and lists of them are kept. */
const copied = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copied);
  if (!isConfig(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)]));
};

/** The machine with one place of its definition replaced; the rest is the same. */
function altered(machine: AnyStateMachine, path: string, change: (old: Config) => Config) {
  const config = copied(machine.config);
  const keys = path.split('/');
  let at = config;
  for (const key of keys.slice(0, -1)) at = isConfig(at) ? at[key] : undefined;
  const last = keys.at(-1) ?? '';
  const old = isConfig(at) ? at[last] : undefined;
  if (!isConfig(at) || !isConfig(old)) throw new Error(`${machine.id} has no ${path}`);
  at[last] = change(old);
  return createMachine(config as never).provide(machine.implementations as never);
}

/** The world with one role changed. */
function withRole(world: World, name: string, change: (role: Role) => Role): World {
  if (!world.roles.some((role) => role.name === name)) throw new Error(`no role ${name}`);
  return {
    ...world,
    roles: world.roles.map((role) => (role.name === name ? change(role) : role)),
  };
}

const withMachine = (world: World, name: string, machine: AnyStateMachine): World =>
  withRole(world, name, (role) => ({ ...role, machine }));

const leakingTimer = altered(
  reconnect,
  'states/waiting/states/backingOff',
  ({ after: _, ...old }) => ({
    ...old,
    entry: raise({ type: 'redial' } as never, { id: 'redial', delay: 'backoff' as never }),
    on: { ...(isConfig(old.on) ? old.on : {}), redial: '#reconnect.trying' },
  }),
);

const unstopped = altered(reconnect, 'states/trying', ({ invoke, ...old }) => {
  const { id, input } = isConfig(invoke) ? invoke : {};
  return { ...old, entry: ['openConnection', spawnChild('connection', { id, input } as never)] };
});

/** A user who disposes, and never stops before. */
const withoutStop: World = {
  ...linkAlone,
  user: linkAlone.user.filter(({ event }) => event.type !== 'stop'),
};

const oneInFlight = { delivery: 'async', inFlight: 1 } as const;

export const seeds: readonly Seed[] = [
  {
    bug: 'the generation guard is dropped',
    world: withMachine(linkAlone, 'link', reconnect.provide({ guards: { current: () => true } })),
    options: { delivery: 'async', inFlight: 2 },
    guarantee: 'stale-is-inert',
    depth: 8,
  },
  {
    bug: 'the old child is not stopped on a restart',
    world: withMachine(linkAlone, 'link', unstopped),
    options: oneInFlight,
    guarantee: 'one-instance',
    depth: 6,
  },
  {
    bug: 'the reconnect timer is left armed on dispose',
    world: withMachine(withoutStop, 'link', leakingTimer),
    options: oneInFlight,
    guarantee: 'disposed-holds-nothing',
    depth: 13,
  },
  {
    bug: 'the next process starts before the exit is confirmed',
    world: withMachine(
      serviceAlone,
      'service',
      altered(supervisor, 'states/owned/on', (old) => ({ ...old, 'service.cycle': 'preparing' })),
    ),
    options: oneInFlight,
    guarantee: 'not-abandoned',
    depth: 11,
  },
  {
    bug: 'a leaf posts from its cleanup',
    world: withRole(linkAlone, 'socket', (role) => {
      if (!('leaf' in role)) throw new Error('socket is no leaf');
      const parting = { type: 'socket.closed', cause: 'closed', floorMs: 0 };
      return { ...role, leaf: { ...role.leaf, parting } };
    }),
    options: oneInFlight,
    guarantee: 'silent-once-stopped',
    depth: 9,
  },
  {
    bug: 'the attempts are forgotten at hello',
    world: withMachine(
      linkAlone,
      'link',
      altered(reconnect, 'states/trying/states/up', (old) => ({
        ...old,
        entry: ['forget', 'reportOpened'],
      })),
    ),
    options: oneInFlight,
    guarantee: 'failures-count-until-stable',
    depth: 18,
  },
  {
    bug: 'a stop is ignored in one phase',
    world: withMachine(
      linkAlone,
      'gateway',
      altered(gateway, 'states/life/states/wanted/states/relinking/on', (old) => ({
        ...old,
        stop: {},
      })),
    ),
    options: oneInFlight,
    guarantee: 'stop-is-obeyed',
    depth: 19,
  },
];
