/**
 * Three worlds to explore the machines in, with all that a user may ask of them: a link alone, a
 * service alone, and both. Each says how far its counters and classes go. It must never merge
 * contexts that a later step could tell apart.
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
import {
  absentLink,
  absentService,
  credentials,
  custody,
  drain,
  lookup,
  os,
  plan,
  planOnly,
  port,
  pulse,
  readiness,
  reload,
  socket,
} from './leaves.ts';
import { owed } from './ledger.ts';
import { process } from './process.ts';
import { reconnect } from './reconnect.ts';
import { supervisor } from './supervisor.ts';

// contexts: what a later step may depend on --------------------------------

interface Counts {
  failures: number;
  charged: readonly number[];
  stillborn: number;
  repaired: boolean;
  missed: number;
  heard: boolean;
  cause: string;
  class: string;
  floorMs: number;
  doubted: boolean;
  asked: number;
  served: number;
  dropped: number;
  refused: number;
  begun: number;
  applied: number;
  mild: boolean;
}

const role = (machine: AnyStateMachine, pick: (context: Counts) => unknown) => ({
  machine,
  ctxKey: (context: object): unknown => pick(context as Counts),
});

/** Roles by actor `src`, with the abstraction of each context. */
const roles = {
  // of the restarts that were asked for no step reads more than whether one is owed
  // who is mild is asked only while somebody waits
  gateway: role(gateway, (c) => [c.doubted, owed(c) && c.mild, owed(c)]),
  supervisor: role(supervisor, (c) => [c.charged, Math.min(c.stillborn, 2), c.repaired]),
  process: role(process, (c) => c.class),
  // cause and floorMs are read in the step that sets them, returningMs only where a wait is planned
  reconnect: role(reconnect, (c) => Math.min(c.failures, 2)),
  // silenceMs and greeted are read in the step that sets them
  connection: role(connection, (c) => [c.cause, c.floorMs]),
  // nobody asks for more misses than `missesMax`
  heartbeat: role(heartbeat, (c) => [Math.min(c.missed, 2), c.heard]),
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
  lookMs: 10_000,
  portMs: 10_000,
  planMs: 10_000,
  readyMs: 120_000,
  askMs: 1_500,
  pollMs: 200,
  stableMs: 10_000,
  repairMs: 120_000,
  drainMs: 5_000,
  reloadMs: 10_000,
  watchMs: 1_500,
  backoff,
  budget: { of: 2, windowMs: 300_000 },
  startsMax: 2,
  process: { spawnMs: 10_000, stop: { drainMs: 5_000, graceMs: 10_000, killMs: 2_000 } },
};

const gatewayPolicy: GatewayPolicy = {
  verdictMs: 1_000,
  expectMs: 60_000,
  serveMs: 120_000,
  drains: false,
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
export const linkRoles = [
  { name: 'link', ...roles.reconnect },
  { name: 'connection', ...roles.connection },
  { name: 'heartbeat', ...roles.heartbeat },
  leaf('lookup', lookup),
  leaf('socket', socket),
  leaf('credentials', credentials),
  leaf('pulse', pulse),
];
export const serviceRoles = [
  { name: 'service', ...roles.supervisor },
  { name: 'process', ...roles.process },
  leaf('os', os),
  leaf('custody', custody),
  leaf('port', port),
  leaf('plan', plan),
  leaf('readiness', readiness),
  leaf('reload', reload),
  leaf('drain', drain),
];
const root = { name: 'gateway', ...roles.gateway };

const asks = (...events: { type: string; [key: string]: unknown }[]) =>
  events.map((event) => ({ event }));
const always = asks(
  { type: 'start' },
  { type: 'stop', withinMs: 0 },
  { type: 'stop', withinMs: 5_000 },
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
const restarts = asks(
  restart('user', 0, false),
  restart('host', 100, false),
  restart('host', 100, true),
);
const reloads = asks(
  { type: 'reload', settleMs: 0, later: false },
  { type: 'reload', settleMs: 100, later: false },
  { type: 'reload', settleMs: 100, later: true },
);
const serviceAsks = [...restarts, ...reloads];

/** What every count of states must be read with: how far each counter and class goes. */
const linkCounters = {
  attemptsMax: linkPolicy.attemptsMax,
  failures: 'merged from 2 up',
  floorMs: [0, 1000],
  probes: heartbeatPolicy.probes,
  endCauses: 10,
};
const countersOf = ({ budget, startsMax }: SupervisorPolicy) => ({
  budget: budget.of,
  startsMax,
  stillborn: 'merged from 2 up',
  exitClasses: 4,
  settleMs: [0, 100],
  withinMs: [0, 5000],
});

/** They wait for an answer, which comes first in a world that behaves; all others just wait. */
const deadlines = [
  ...['lookup', 'open', 'challenge', 'credentials', 'hello', 'close', 'wait', 'probe'],
  ...['look', 'port', 'plan', 'ready', 'ask', 'repair', 'reload', 'spawn'],
  ...['drain', 'grace', 'kill', 'serve', 'within'],
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
  counters: countersOf(servicePolicy),
  roles: [root, leaf('link', absentLink), ...serviceRoles],
  root: 'gateway',
  deadlines,
  input: input({ service: servicePolicy }),
  user: [...always, ...serviceAsks],
};

const once = {
  ...servicePolicy,
  budget: { ...servicePolicy.budget, of: 1 },
  startsMax: 1,
  drainMs: 0,
  process: { ...servicePolicy.process, stop: { ...servicePolicy.process.stop, drainMs: 0 } },
};

/**
 * The same with one restart in its budget, one start that may fail, nothing to mend a configuration
 * with, no reloads and no way to be asked to end: a tenth of the states.
 */
export const serviceOnce = {
  ...serviceAlone,
  counters: countersOf(once),
  roles: serviceAlone.roles
    .filter(({ name }) => name !== 'reload' && name !== 'drain')
    .map((role) => (role.name === 'plan' ? leaf('plan', planOnly) : role)),
  input: input({ service: once }),
  user: [...always, ...restarts],
};

/** `createGateway()`: both, arbitrated, and a service that is asked to end over the link. */
export const both = {
  counters: { ...linkCounters, ...countersOf(servicePolicy) },
  roles: [root, ...serviceRoles, ...linkRoles],
  root: 'gateway',
  deadlines,
  input: input({
    policy: { ...gatewayPolicy, drains: true },
    service: servicePolicy,
    link: linkPolicy,
  }),
  user: [...always, ...linkAsks, ...serviceAsks],
};
