/**
 * What the outside may do: one automaton per leaf, and three worlds to explore the machines in.
 * An automaton must allow everything that the real leaf can do, at any moment; what it allows
 * beyond that only makes the check stricter. It must never promise an answer: an emission may
 * come late or not at all. What is marked as a fault is explored like the rest, and only stays away
 * in the well-behaved world that liveness assumes.
 */
import type { AnyStateMachine } from 'xstate';
import { connection } from './connection.ts';
import type {
  GatewayInput,
  GatewayPolicy,
  HeartbeatPolicy,
  ReconnectPolicy,
  SupervisorPolicy,
} from './contracts.ts';
import { gateway } from './gateway.ts';
import { heartbeat } from './heartbeat.ts';
import { process } from './process.ts';
import { reconnect } from './reconnect.ts';
import { supervisor } from './supervisor.ts';

/** Something that a world which behaves does not do. */
const fault = <R>(report: R, next: string) => ({ report, next, fault: true });

type Ending = readonly [cause: string, floorMs: number];

/** How a peer says no or goes away, by a frame, a close code or an HTTP status. */
const endings: readonly Ending[] = [
  ...[0, 1000].flatMap((floorMs): Ending[] => [
    ['lost', floorMs],
    ['restart', floorMs],
    ['wait', floorMs],
    ['again', floorMs],
  ]),
  ['credentials', 0],
  ['pairing', 0],
  ['protocol', 0],
  ['identity', 0],
];
const closes = endings.map(([cause, floorMs]) =>
  fault({ type: 'socket.closed', cause, floorMs }, 'closed'),
);
const refuses = endings.map(([cause, floorMs]) =>
  fault({ type: 'socket.refused', cause, floorMs }, 'refused'),
);
const over = (cause: string, floorMs = 0) => ({
  report: { type: 'socket.closed', cause, floorMs },
  next: 'closed',
});

/** A socket with a protocol session on it: opens, speaks, refuses, leaves, closes, stays silent. */
const socket = {
  initial: 'connecting',
  emits: {
    connecting: [
      { report: { type: 'socket.opened' }, next: 'opened' },
      ...closes,
      fault({ type: 'socket.closed', cause: 'unauthorised', floorMs: 0 }, 'closed'),
    ],
    opened: [
      { report: { type: 'socket.challenged' }, next: 'challenged' },
      { report: { type: 'socket.accepted', silenceMs: 30_000 }, next: 'accepted' },
      ...refuses,
      ...closes,
    ],
    challenged: closes,
    greeted: [
      { report: { type: 'socket.accepted', silenceMs: 30_000 }, next: 'accepted' },
      ...refuses,
      ...closes,
    ],
    accepted: [
      fault({ type: 'socket.leaving', expected: true }, 'leaving'),
      fault({ type: 'socket.leaving', expected: false }, 'going'),
      ...closes,
    ],
    going: closes.map(({ report, next }) => ({ report, next })),
    leaving: [0, 1000].map((floorMs) => ({ ...over('restart', floorMs), unread: ['cause'] })),
    refused: [{ ...over('lost'), unread: ['cause', 'floorMs'] }],
    closing: [{ ...over('closed'), unread: ['cause', 'floorMs'] }],
  },
  receives: {
    opened: { 'socket.close': 'closing' },
    challenged: { 'socket.hello': 'greeted', 'socket.close': 'closing' },
    greeted: { 'socket.close': 'closing' },
    refused: { 'socket.close': 'closing' },
    accepted: { 'socket.close': 'closing' },
    leaving: { 'socket.close': 'closing' },
    going: { 'socket.close': 'closing' },
  },
  live: (state: string) => state !== 'closed',
};

/** The record of when the peer was last heard, and the pings. */
const pulse = {
  initial: 'idle',
  emits: {
    asked: [
      { report: { type: 'pulse.alive', idleMs: 0 }, next: 'idle' },
      { report: { type: 'pulse.silent' }, next: 'idle' },
    ],
    pinged: [{ report: { type: 'pulse.alive', idleMs: 0 }, next: 'idle' }],
    both: [
      { report: { type: 'pulse.alive', idleMs: 0 }, next: 'pinged' },
      { report: { type: 'pulse.silent' }, next: 'pinged' },
    ],
  },
  receives: {
    idle: { 'pulse.check': 'asked', 'pulse.ping': 'pinged' },
    asked: { 'pulse.ping': 'both' },
    pinged: { 'pulse.check': 'both' },
    both: { 'pulse.ping': 'both' },
  },
};

/** `authorize`, then `url`: functions of the host. */
const lookup = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'lookup.authorised' }, next: 'authorised' },
      fault({ type: 'lookup.failed', cause: 'unauthorised' }, 'answered'),
      fault({ type: 'lookup.failed', cause: 'lost' }, 'answered'),
    ],
    authorised: [
      { report: { type: 'lookup.found' }, next: 'answered' },
      fault({ type: 'lookup.failed', cause: 'lost' }, 'answered'),
    ],
  },
};

/** `credentials`: a function of the host. */
const credentials = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'credentials.ready' }, next: 'answered' },
      fault({ type: 'credentials.failed', cause: 'lost' }, 'answered'),
      fault({ type: 'credentials.failed', cause: 'identity' }, 'answered'),
    ],
  },
};

const exits = (...classes: string[]) =>
  classes.map((name) => ({ report: { type: 'os.exited', class: name }, next: 'exited' }));

/** One process and its group, never let go before it is gone. A signal may help, late or never. */
const os = {
  initial: 'spawning',
  emits: {
    spawning: [
      { report: { type: 'os.spawned' }, next: 'alive' },
      fault({ type: 'os.failed' }, 'empty'),
    ],
    doomed: [
      { report: { type: 'os.spawned' }, next: 'alive' },
      { report: { type: 'os.failed' }, next: 'empty' },
      ...exits('crash'),
    ],
    alive: exits('clean', 'crash', 'configuration', 'runtime').map(({ report, next }) =>
      fault(report, next),
    ),
    signalled: exits('clean', 'crash', 'configuration', 'runtime'),
    exited: [{ report: { type: 'os.empty' }, next: 'empty' }],
  },
  receives: {
    spawning: { 'os.kill': 'doomed' },
    alive: { 'os.terminate': 'signalled', 'os.kill': 'signalled' },
  },
  live: (state: string) => state !== 'empty',
  mustEnd: (state: string) => state !== 'empty',
};

/** The launch plan: a function of the host. */
const plan = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'plan.ready' }, next: 'answered' },
      fault({ type: 'plan.failed', fatal: false }, 'answered'),
      fault({ type: 'plan.failed', fatal: true }, 'answered'),
    ],
  },
};

/** The proof that the process serves. */
const readiness = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'readiness.proved' }, next: 'answered' },
      fault({ type: 'readiness.unproved' }, 'answered'),
      fault({ type: 'readiness.failed' }, 'answered'),
      fault({ type: 'readiness.extended' }, 'asked'),
    ],
  },
};

/** The half that is not there: ready and rested as soon as it is asked. */
const absentService = {
  initial: 'idle',
  echoesOrders: true,
  emits: {
    raised: [{ report: { type: 'service.ready', owned: false }, next: 'idle' }],
    fallen: [{ report: { type: 'service.rested' }, next: 'idle' }],
  },
  receives: answers({
    'service.raise': 'raised',
    'service.cycle': 'raised',
    'service.recover': 'raised',
    'service.fall': 'fallen',
    'service.kill': 'fallen',
  }),
};

/** As above, for a service without a link. */
const absentLink = {
  initial: 'idle',
  echoesOrders: true,
  emits: {
    dialed: [{ report: { type: 'link.opened' }, next: 'idle' }],
    rested: [{ report: { type: 'link.rested' }, next: 'idle' }],
  },
  receives: answers({
    'link.dial': 'dialed',
    'link.retarget': 'dialed',
    'link.rest': 'rested',
    'link.drop': 'rested',
  }),
};

function answers(orders: Record<string, string>): Record<string, Record<string, string>> {
  const states = ['idle', ...new Set(Object.values(orders))];
  return Object.fromEntries(states.map((state) => [state, orders]));
}

// contexts: what a later step may depend on --------------------------------

interface Counts {
  failures: number;
  charged: readonly number[];
  stillborn: number;
  missed: number;
  heard: boolean;
  cause: string;
  class: string;
  floorMs: number;
  owned: boolean;
  doubted: boolean;
}

const role = (machine: AnyStateMachine, pick: (context: Counts) => unknown) => ({
  machine,
  ctxKey: (context: object): unknown => pick(context as Counts),
});

/** Roles by actor `src`, with the abstraction of each context. */
const roles = {
  // withinMs is read in the step that sets it
  gateway: role(gateway, (c) => [c.owned, c.doubted]),
  // class is read in the step that sets it; in falling.toRecover it is always `crash`
  supervisor: role(supervisor, (c) => [c.charged, c.stillborn]),
  process: role(process, (c) => c.class),
  // cause and floorMs are read in the step that sets them, returningMs only where a wait is planned
  reconnect: role(reconnect, (c) => Math.min(c.failures, 2)),
  // silenceMs and greeted are read in the step that sets them
  connection: role(connection, (c) => [c.cause, c.floorMs]),
  heartbeat: role(heartbeat, (c) => [c.missed, c.heard]),
};

const heartbeatPolicy: HeartbeatPolicy = {
  mode: 'probe',
  everyMs: 30_000,
  silenceMs: 15_000,
  waitMs: 5_000,
  probeMs: 5_000,
  probes: 2,
  missesMax: 2,
};

const backoff = { firstMs: 500, maxMs: 30_000, factor: 2, jitter: 0.5 };

const linkPolicy: ReconnectPolicy = {
  backoff,
  attemptsMax: 2,
  stableMs: 10_000,
  pairingMs: 30_000,
  returning: { forMs: 60_000, maxMs: 2_000 },
  connection: {
    lookupMs: 10_000,
    openMs: 10_000,
    challengeMs: 15_000,
    credentialsMs: 10_000,
    helloMs: 20_000,
    closeMs: 250,
    heartbeat: heartbeatPolicy,
  },
};

const servicePolicy: SupervisorPolicy = {
  planMs: 10_000,
  readyMs: 120_000,
  askMs: 1_500,
  pollMs: 200,
  stableMs: 10_000,
  backoff,
  budget: { of: 2, windowMs: 300_000 },
  startsMax: 2,
  process: { spawnMs: 10_000, stop: { graceMs: 10_000, killMs: 2_000 } },
};

const gatewayPolicy: GatewayPolicy = {
  verdictMs: 1_000,
  expectMs: 60_000,
  serveMs: 120_000,
  cooldownMs: 2_500,
};

const input = (over: Partial<GatewayInput>): GatewayInput => ({
  luck: 0.5,
  policy: gatewayPolicy,
  service: null,
  link: null,
  ...over,
});

const leaf = <L>(name: string, automaton: L) => ({ name, leaf: automaton });
const linkRoles = [
  { name: 'link', ...roles.reconnect },
  { name: 'connection', ...roles.connection },
  { name: 'heartbeat', ...roles.heartbeat },
  leaf('lookup', lookup),
  leaf('socket', socket),
  leaf('credentials', credentials),
  leaf('pulse', pulse),
];
const serviceRoles = [
  { name: 'service', ...roles.supervisor },
  { name: 'process', ...roles.process },
  leaf('os', os),
  leaf('plan', plan),
  leaf('readiness', readiness),
];
const root = { name: 'gateway', ...roles.gateway };

const asks = (...events: { type: string; [key: string]: unknown }[]) =>
  events.map((event) => ({ event }));
const always = asks(
  { type: 'start' },
  { type: 'stop', withinMs: 0 },
  { type: 'dispose' },
  { type: 'quit', withinMs: 5_000 },
  { type: 'retry' },
  { type: 'host.resumed' },
);
const linkAsks = asks({ type: 'retarget' }, { type: 'resume' });
const restart = (by: string, settleMs: number, later: boolean) => ({
  type: 'restart',
  by,
  settleMs,
  later,
});
const serviceAsks = asks(
  restart('user', 0, false),
  restart('host', 100, false),
  restart('host', 100, true),
);

/** What every count of states must be read with: how far each counter and class goes. */
const linkCounters = {
  attemptsMax: linkPolicy.attemptsMax,
  failures: 'merged from 2 up',
  floorMs: [0, 1000],
  probes: heartbeatPolicy.probes,
  endCauses: 10,
};
const serviceCounters = {
  budget: servicePolicy.budget.of,
  startsMax: servicePolicy.startsMax,
  exitClasses: 4,
  settleMs: [0, 100],
  withinMs: [0, 5000],
};

/** They wait for an answer, which comes first in a world that behaves; all others just wait. */
const deadlines = [
  ...['lookup', 'open', 'challenge', 'credentials', 'hello', 'close', 'wait', 'probe'],
  ...['plan', 'ready', 'ask', 'spawn', 'grace', 'kill', 'serve', 'within'],
];

/** `connect()`: a link, and no process. */
export const linkAlone = {
  counters: linkCounters,
  roles: [root, leaf('service', absentService), ...linkRoles],
  root: 'gateway',
  deadlines,
  input: input({ link: linkPolicy }),
  user: [...always, ...linkAsks],
};

/** `supervise()`: a process, and no link. */
export const serviceAlone = {
  counters: serviceCounters,
  roles: [root, leaf('link', absentLink), ...serviceRoles],
  root: 'gateway',
  deadlines,
  input: input({ service: servicePolicy }),
  user: [...always, ...serviceAsks],
};

/** `createGateway()`: both, arbitrated. */
export const both = {
  counters: { ...linkCounters, ...serviceCounters },
  roles: [root, ...serviceRoles, ...linkRoles],
  root: 'gateway',
  deadlines,
  input: input({ service: servicePolicy, link: linkPolicy }),
  user: [...always, ...linkAsks, ...serviceAsks],
};
