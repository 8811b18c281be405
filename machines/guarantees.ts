/**
 * Named promises of the whole system: id, one sentence, how each is checked, and which historic
 * bugs it forbids. The checker runs every one of them in every state of every world; the docs
 * are generated from this list. A promise must never mention how a machine keeps it.
 *
 * What no promise here has to say is checked always: stale reports change nothing, no machine
 * throws, no inner event travels, one instance per path, no timer is armed twice.
 */
import {
  connections,
  disagreement,
  ends,
  halves,
  patientForEver,
  processes,
  sockets,
  unasked,
} from './agreement.ts';
import { isRooted, life } from './goals.ts';
import { obedience } from './obedience.ts';
import { supervision } from './supervision.ts';
import { vigilance } from './vigilance.ts';

export { eventually, goals } from './goals.ts';
export { kernel } from './kernel.ts';

/** What a promise may look at; the checker's view of one state has it all. */
export interface Actor {
  path: string;
  role: string;
  live: boolean;
  timers: readonly unknown[];
  matches(state: string): boolean;
}
export interface View {
  actors: readonly Actor[];
  at(path: string): Actor | undefined;
  liveLeaves: number;
  armedTimers: number;
}

type Check = (view: View) => string | undefined;

export interface Guarantee {
  id: string;
  /** the promise, as the docs print it */
  sentence: string;
  /** `always`: in every state; `atRest`: whenever nothing is in flight */
  kind: 'always' | 'atRest';
  /** invariants of the bug museum that it covers */
  forbids: readonly string[];
  /** groups of scenarios that it speaks of, beyond the rows that their tests prove */
  groups?: readonly string[];
  check: Check;
}

/** A machine before or after one of its steps. */
export interface Moment {
  context: Readonly<Record<string, unknown>>;
  matches(state: string): boolean;
}

/** What a step is about: an order or a report, with what comes along. */
export interface Taken {
  type: string;
  [field: string]: unknown;
}

/** What holds of every single step of one machine, whatever the others do. */
export interface StepGuarantee {
  id: string;
  sentence: string;
  role: string;
  forbids: readonly string[];
  /** as of a guarantee */
  groups?: readonly string[];
  check(before: Moment, after: Moment, event: Taken): string | undefined;
}

export interface Goal {
  id: string;
  sentence: string;
  forbids: readonly string[];
  from(view: View): boolean;
  holds(view: View): boolean;
  /** the moves that may be used on the way */
  by: readonly ('user' | 'world' | 'timer' | 'delivery')[];
}

/** What comes in the end, once the user is quiet and the world behaves. */
export interface Eventually {
  id: string;
  sentence: string;
  forbids: readonly string[];
  from(view: View): boolean;
  holds(view: View): boolean;
}

const service = (view: View): Actor | undefined => view.at('gateway/service');
const link = (view: View): Actor | undefined => view.at('gateway/link');
const connection = (view: View): Actor | undefined => view.at('gateway/link/connection');

const living = (view: View, role: string): number =>
  view.actors.filter((actor) => actor.role === role && actor.live).length;

/** What is left; a process on record as unkillable does not count as forgotten. */
const left = (view: View): string | undefined => {
  const held = view.liveLeaves - (outlived(view) ? living(view, 'os') : 0);
  if (held > 0) return `${held} resources are still held`;
  if (view.armedTimers > 0) return `${view.armedTimers} timers are still armed`;
  return undefined;
};

const outlived = (view: View): boolean => service(view)?.matches('owned.unkillable') ?? false;

/** Where a half has nothing that could serve; one that is absent is never there. */
const idle = [
  'resting',
  'locating',
  'clearing',
  'mending',
  'preparing',
  'backingOff',
  'waiting',
  'paused',
  'failed',
];

const serves = (half: Actor | undefined, busy: string, up: string): boolean =>
  half === undefined ||
  !(idle.some((state) => half.matches(state)) || (half.matches(busy) && !half.matches(up)));

export const guarantees: readonly Guarantee[] = [
  {
    id: 'one-socket',
    sentence: 'At most one socket exists at any time.',
    kind: 'always',
    forbids: ['I1', 'I5'],
    groups: ['GS'],
    check: (view) => (living(view, 'socket') > 1 ? 'two sockets live side by side' : undefined),
  },
  {
    id: 'one-process',
    sentence: 'At most one owned process exists at any time; the next starts when it is gone.',
    kind: 'always',
    forbids: ['I37', 'I38', 'I43'],
    check: (view) => (living(view, 'os') > 1 ? 'two processes live side by side' : undefined),
  },
  {
    id: 'rest-holds-nothing',
    sentence: 'After a stop nothing is alive and nothing is armed.',
    kind: 'atRest',
    forbids: ['I5', 'I35', 'I42', 'I63'],
    groups: ['DS'],
    check: (view) => (life(view, 'resting') ? left(view) : undefined),
  },
  {
    id: 'disposed-holds-nothing',
    sentence: 'After a dispose or a quit nothing is alive and nothing is armed for a restart.',
    kind: 'atRest',
    forbids: ['I5', 'I6', 'I46'],
    groups: ['DS'],
    check: (view) => (life(view, 'disposed') ? left(view) : undefined),
  },
  {
    id: 'running-is-true',
    sentence: 'Running means a ready process and a link past hello, both of them.',
    kind: 'atRest',
    forbids: ['I30', 'I60'],
    check: (view) => {
      if (!life(view, 'wanted.running')) return undefined;
      if (!serves(service(view), 'owned', 'owned.up')) return 'the process is not ready';
      if (!serves(link(view), 'trying', 'trying.up')) return 'the link is not open';
      return undefined;
    },
  },
  {
    id: 'wanted-is-pursued',
    sentence: 'What is wanted and not running is on its way, or says what it waits for.',
    kind: 'atRest',
    forbids: ['I4', 'I51', 'I66'],
    groups: ['RC'],
    check: (view) => {
      if (!life(view, 'wanted') || life(view, 'wanted.running')) return undefined;
      const isHeld = life(view, 'wanted.linking.held') && link(view)?.matches('paused');
      if (life(view, 'wanted.failed') || isHeld) return undefined;
      return view.armedTimers > 0 || answering(view) ? undefined : 'nobody is at work';
    },
  },
  {
    id: 'stopping-is-pursued',
    sentence: 'A stop that is not done yet has a deadline.',
    kind: 'atRest',
    forbids: ['I46', 'I51', 'I66'],
    check: (view) => {
      if (!life(view, 'falling') && !life(view, 'ending')) return undefined;
      return view.armedTimers > 0 || answering(view) ? undefined : 'nobody is at work';
    },
  },
  {
    id: 'failed-owns-nothing-unsaid',
    sentence: 'A service that gave up has no process.',
    kind: 'atRest',
    forbids: ['I67', 'I33'],
    check: (view) =>
      service(view)?.matches('failed') && living(view, 'os') > 0
        ? 'a process lives on under a service that gave up'
        : undefined,
  },
  {
    id: 'attached-is-left-alone',
    sentence:
      'While we are attached to a process of somebody else there is none that we may signal.',
    kind: 'always',
    forbids: ['I45', 'I53'],
    groups: ['OW'],
    check: (view) =>
      service(view)?.matches('attached') && view.at('gateway/service/process') !== undefined
        ? 'something could signal it'
        : undefined,
  },
  {
    id: 'floor-is-kept',
    sentence: 'While the peer asked for patience no socket exists.',
    kind: 'always',
    forbids: ['I13', 'I23'],
    groups: ['RC'],
    check: (view) =>
      link(view)?.matches('waiting') && living(view, 'socket') > 0
        ? 'a socket exists during a wait'
        : undefined,
  },
  {
    id: 'credentials-follow-the-challenge',
    sentence: 'Credentials are asked for only once the peer has spoken, on a socket that exists.',
    kind: 'always',
    forbids: ['I10', 'I28'],
    groups: ['CH', 'AU'],
    check: (view) => {
      if (!view.actors.some(({ role }) => role === 'credentials')) return undefined;
      const asking = connection(view)?.matches('linked.authenticating.credentials') ?? false;
      if (!asking) return 'credentials are asked for outside of a handshake';
      const socket = view.at('gateway/link/connection/socket');
      const isMute = ['connecting', 'opened'].some((state) => socket?.matches(state));
      return isMute ? 'credentials are asked for, and the peer has not spoken' : undefined;
    },
  },
  {
    id: 'beats-only-while-open',
    sentence: 'There is a heartbeat exactly while a connection is open.',
    kind: 'always',
    forbids: ['I8'],
    groups: ['HB'],
    check: (view) => {
      const beats = view.actors.some(({ role }) => role === 'heartbeat');
      const open = connection(view)?.matches('linked.open') ?? false;
      if (beats === open) return undefined;
      return beats ? 'a heartbeat without an open connection' : 'open, and nobody listens';
    },
  },
  {
    id: 'open-has-a-socket',
    sentence: 'A connection is open only on a living socket: requests go there or nowhere.',
    kind: 'atRest',
    forbids: ['I1'],
    groups: ['RP'],
    check: (view) =>
      connection(view)?.matches('linked.open') && living(view, 'socket') !== 1
        ? 'open without a socket'
        : undefined,
  },
  {
    id: 'replaced-without-a-link',
    sentence:
      'While a process is replaced or recovers no link is opened, nor kept but to ask it to end.',
    kind: 'atRest',
    forbids: ['I28'],
    groups: ['CC', 'RO'],
    check: (view) => {
      const between = life(view, 'wanted.recovering') || life(view, 'wanted.cycling');
      const isAsked = life(view, 'wanted.cycling.draining');
      const kept = !isAsked && link(view)?.matches('trying.up');
      return between && (kept || link(view)?.matches('trying.opening'))
        ? 'the link of a process that is gone'
        : undefined;
    },
  },
  {
    id: 'pause-holds-no-socket',
    sentence: 'While the link waits for somebody outside there is no socket.',
    kind: 'always',
    forbids: ['I13', 'I18'],
    groups: ['AU'],
    check: (view) =>
      link(view)?.matches('paused') && living(view, 'socket') > 0
        ? 'a socket exists during a pause'
        : undefined,
  },
  {
    id: 'root-knows-its-halves',
    sentence: 'With nothing under way the root knows how its service and its link are doing.',
    kind: 'atRest',
    forbids: ['I30', 'I60'],
    check: (view) => (isRooted(view) ? disagreement(halves, view) : undefined),
  },
  {
    id: 'link-knows-its-connection',
    sentence: 'A link is open exactly while its connection is, and ends with it.',
    kind: 'atRest',
    forbids: ['I60'],
    check: (view) => disagreement(connections, view),
  },
  {
    id: 'connection-knows-its-socket',
    sentence: 'A connection is as far as its socket is, and never waits for one that has ended.',
    kind: 'atRest',
    forbids: ['I66'],
    check: (view) => disagreement(sockets, view),
  },
  {
    id: 'service-knows-its-process',
    sentence: 'A service is as far as its process is, and never waits for one that is gone.',
    kind: 'atRest',
    forbids: ['I33'],
    check: (view) => disagreement(processes, view),
  },
  {
    id: 'process-knows-its-end',
    sentence: 'A process is believed alive only while it is, and gone only once it is.',
    kind: 'atRest',
    forbids: ['I33', 'I43'],
    check: (view) => disagreement(ends, view),
  },
  {
    id: 'who-doubts-has-asked',
    sentence: 'Nobody gives a peer up, or waits for a sign of it, without having asked for one.',
    kind: 'atRest',
    forbids: ['I51'],
    groups: ['HB', 'LI'],
    check: unasked,
  },
  {
    id: 'nobody-waits-for-ever',
    sentence: 'Whoever waits has a deadline.',
    kind: 'always',
    forbids: ['I51', 'I66'],
    check: (view) => {
      const stuck = patientForEver(view);
      return stuck === undefined ? undefined : `${stuck.path} waits without a deadline`;
    },
  },
];

export const steps: readonly StepGuarantee[] = [
  ...vigilance,
  {
    id: 'failures-count-until-stable',
    sentence: 'To be open is not to be stable: until then every failed attempt still counts.',
    role: 'link',
    forbids: ['I14'],
    check: ({ context }, after) =>
      after.matches('trying.up.fresh') && Number(after.context.failures) < Number(context.failures)
        ? 'the failures were forgotten when it opened'
        : undefined,
  },
  ...supervision,
  ...obedience,
];

/** Where a half that is absent, or known by its contract alone, has something left to do. */
const onTheWay = ['unlaunched', 'raised', 'cycled', 'recovered', 'down', 'lost'];
const atWork = [...onTheWay, 'fallen', 'dialed', 'rested'];

function answering(view: View): boolean {
  return [service(view), link(view)].some((half) => atWork.some((state) => half?.matches(state)));
}
