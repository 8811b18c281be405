/**
 * Machines that are wrong in one place, as those were that the bug museum is about, each with the
 * promise that must break and the bugs that it stands for. A change is made to a copy: it must
 * never reach the machine that ships.
 */
import { type AnyStateMachine, StateMachine } from 'xstate';
import { opened, opens } from '../../machines/channel.ts';
import { linkAlone, serviceAlone } from '../../machines/world.ts';
import type { World } from '../../src/verify/index.ts';

type Edit = (machine: AnyStateMachine) => AnyStateMachine;
type Node = { [key: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy, so far as a configuration is data; its functions are shared. */
const copied = (node: Node): Node =>
  Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, isNode(value) ? copied(value) : value]),
  );

/** Changes the node of one state; an empty path is the machine itself. */
const at =
  (path: string, change: (node: Node) => void): Edit =>
  (machine) => {
    const config = copied(machine.config);
    const found = path === '' ? [] : path.split('.').flatMap((name) => ['states', name]);
    const node = found.reduce((inner: unknown, key) => isNode(inner) && inner[key], config);
    if (!isNode(node)) throw new Error(`${machine.id} has no state ${path}`);
    change(node);
    return new StateMachine(config, machine.implementations);
  };

const part = (node: Node, key: string): Node => {
  const value = node[key];
  if (!isNode(value)) throw new Error(`there is no ${key} to change`);
  return value;
};

/** What a state does about an event; undefined: nothing any more, and nobody outside of it. */
const on = (path: string, event: string, then?: unknown): Edit =>
  at(path, (node) => {
    part(node, 'on')[event] = then;
  });

/** Something of a state that was there is another, or is gone. */
const instead = (path: string, key: string, value?: unknown): Edit =>
  at(path, (node) => {
    if (!(key in node)) throw new Error(`${path} has no ${key}`);
    node[key] = value;
  });

/** One more child of the same kind, beside the first. */
const twice = (path: string, child: string, entry: string): Edit =>
  at(path, (node) => {
    type Parent = { context: { gens: Record<string, number>; policy: Node; attempt?: number } };
    const input = ({ context }: Parent) => ({
      gen: opened(context, 'second'),
      attempt: context.attempt,
      policy: context.policy[child],
    });
    node.entry = [entry, opens('second')];
    node.invoke = [node.invoke, { id: 'second', src: child, input }];
  });

/** Whatever arrives is taken for news of the generation in force. */
const credulous: Edit = (machine) => machine.provide({ guards: { current: () => true } });

export interface Wrong {
  what: string;
  promise: string;
  /** ids of the museum */
  bugs: readonly string[];
  world: World;
  /** how many messages it takes to be on their way at once */
  inFlight: number;
}

const wrong = (
  what: string,
  [promise, ...bugs]: [promise: string, ...bugs: string[]],
  [world, role, inFlight = 1]: [World, string, number?],
  edit: Edit,
): Wrong => {
  const roles = world.roles.map((one) =>
    'machine' in one && one.name === role ? { ...one, machine: edit(one.machine) } : one,
  );
  return { what, promise, bugs, inFlight, world: { ...world, roles } };
};

const rested = { actions: 'reportRested' };

export const wrongs: readonly Wrong[] = [
  wrong(
    'a link believes a connection that it has replaced',
    ['stale-is-inert', 'A01', 'G07'],
    [linkAlone, 'link', 2],
    credulous,
  ),
  wrong(
    'a service believes what it has replaced',
    ['stale-is-inert', 'B18', 'B23', 'G06'],
    [serviceAlone, 'service', 2],
    credulous,
  ),
  wrong(
    'a connection opens two sockets',
    ['one-socket', 'A07', 'A24'],
    [linkAlone, 'connection'],
    twice('linked', 'socket', 'openSocket'),
  ),
  wrong(
    'a service launches two processes',
    ['one-process', 'C07'],
    [serviceAlone, 'service'],
    twice('owned', 'process', 'openProcess'),
  ),
  wrong(
    'an attempt that failed is the last one',
    ['wanted-is-pursued', 'A04', 'A25'],
    [linkAlone, 'link'],
    instead('unreached', 'always', '#reconnect.resting'),
  ),
  wrong(
    'a loss is the end, and is not told',
    ['running-is-true', 'A05'],
    [linkAlone, 'link'],
    instead('lost', 'always', '#reconnect.resting'),
  ),
  wrong(
    'a hello has no deadline',
    ['wanted-is-pursued', 'A15'],
    [linkAlone, 'connection'],
    instead('linked.authenticating.hello', 'after'),
  ),
  wrong(
    'a spawn has no deadline',
    ['wanted-is-pursued', 'G27'],
    [serviceAlone, 'process'],
    instead('held.spawning', 'after'),
  ),
  wrong(
    'a plan has no deadline',
    ['wanted-is-pursued', 'H07'],
    [serviceAlone, 'service'],
    instead('preparing', 'after'),
  ),
  wrong(
    'a start that failed is the last one',
    ['wanted-is-pursued', 'E06'],
    [serviceAlone, 'service'],
    instead('unstarted', 'always', '#supervisor.resting'),
  ),
  wrong(
    'an exit leaves the recovery to somebody else',
    ['wanted-is-pursued', 'C16'],
    [serviceAlone, 'gateway'],
    instead('life.wanted.recovering', 'on'),
  ),
  wrong(
    'a dispose forgets the link',
    ['disposed-holds-nothing', 'A08'],
    [linkAlone, 'gateway'],
    on('life.wanted', 'dispose', 'disposed'),
  ),
  wrong(
    'a quit does not wait',
    ['disposed-holds-nothing', 'C12', 'G29'],
    [serviceAlone, 'gateway'],
    on('life.wanted', 'quit', { target: 'disposed', actions: 'dropService' }),
  ),
  wrong(
    'a link rests while its socket is open',
    ['rest-holds-nothing', 'G05'],
    [linkAlone, 'link'],
    on('trying', 'link.rest', rested),
  ),
  wrong(
    'a wait or a pause outlives the stop',
    ['rest-holds-nothing', 'B27', 'B30'],
    [linkAlone, 'link'],
    on('', 'link.rest', rested),
  ),
  wrong(
    'a service rests before its process has ended',
    ['rest-holds-nothing', 'C06', 'G04', 'N3'],
    [serviceAlone, 'service'],
    on('owned', 'service.fall', { actions: ['stopProcess', 'reportRested'] }),
  ),
  wrong(
    'a restart that settles outlives the stop',
    ['rest-holds-nothing', 'G16'],
    [serviceAlone, 'gateway'],
    on('ledger', 'stop'),
  ),
  wrong(
    'the stop half of a restart hears no stop',
    ['stopping-is-pursued', 'G24'],
    [serviceAlone, 'service'],
    on('owned.falling', 'service.fall', {}),
  ),
  wrong(
    'a start that is being planned hears no stop',
    ['stopping-is-pursued', 'G01', 'G22', 'G31'],
    [serviceAlone, 'service'],
    on('preparing', 'service.fall', {}),
  ),
  wrong(
    'an end that was asked for is recovered from',
    ['stopping-is-pursued', 'N2'],
    [serviceAlone, 'service'],
    on('owned.falling.toRest', 'process.gone', '#supervisor.unstarted'),
  ),
  wrong(
    'a gateway does not look at its process',
    ['running-is-true', 'B20', 'G30'],
    [serviceAlone, 'gateway'],
    on('life.wanted.running', 'service.down', {}),
  ),
  wrong(
    'a process is ready because it is there',
    ['running-is-true', 'F02'],
    [serviceAlone, 'gateway'],
    on('life.wanted.raising', 'service.launching', { target: 'linking', actions: 'dialLink' }),
  ),
  wrong(
    'a timer declares that all is well',
    ['running-is-true', 'F09'],
    [linkAlone, 'gateway'],
    instead('life.wanted.relinking.expecting', 'after', { expect: '#running' }),
  ),
  wrong(
    'an open connection has no heartbeat',
    ['beats-only-while-open', 'A13'],
    [linkAlone, 'connection'],
    instead('linked.open', 'invoke'),
  ),
  wrong(
    'credentials are asked for before the peer has spoken',
    ['credentials-follow-the-challenge', 'B17'],
    [linkAlone, 'connection'],
    on('linked.dialing', 'socket.opened', 'authenticating.credentials'),
  ),
];
