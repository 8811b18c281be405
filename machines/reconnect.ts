/**
 * One link: attempt after attempt until it is open, and again when it is lost. Promises that a
 * wanted link always has exactly one of an attempt, a wait, a pause with its reason or a failure
 * with its reason. It must never dial before a floor that the peer has set, never forget
 * failures before the link was stable, and never keep an older socket beside a newer one.
 */
import { assign, setup, stateIn } from 'xstate';
import {
  current,
  hears,
  obeys,
  opened,
  opens,
  orders,
  port,
  report,
  takes,
  tell,
} from './channel.ts';
import type {
  ConnectionHint,
  ConnectionInput,
  ConnectionOrder,
  ConnectionReport,
  EndCause,
  From,
  LinkHint,
  LinkOrder,
  LinkReport,
  Order,
  ReconnectInput,
  ReconnectPolicy,
} from './contracts.ts';
import { backoffMs, longestMs, nextLuck } from './policy.ts';

interface Context {
  gen: number;
  gens: { connection: number };
  /** attempts that failed since the link was last stable */
  failures: number;
  /** waits since the link was last stable: failures and the peer's own requests to wait */
  tries: number;
  /** how the last connection ended */
  cause: EndCause;
  floorMs: number;
  /** the wait beyond the floor */
  waitMs: number;
  /** what is left of the time that an announced restart is given; waits do not grow within */
  returningMs: number;
  luck: number;
  policy: ReconnectPolicy;
}

const says = report<LinkReport>('link');
const command = orders<ConnectionOrder>('connection');

/** Where an ended connection leads; `waits` is the report that goes with another attempt. */
const verdict = (waits: 'reportLost' | 'reportUnreachable') => [
  { guard: 'protocolDiffers', target: '#reconnect.failed.protocol' } as const,
  { guard: 'identityUnreadable', target: '#reconnect.failed.identity' } as const,
  { guard: 'notAuthorised', target: '#reconnect.failed.unauthorised' } as const,
  { guard: 'credentialsRefused', target: '#reconnect.paused.credentials' } as const,
  { guard: 'approvalPending', target: '#reconnect.paused.pairing' } as const,
  { guard: 'exhausted', target: '#reconnect.failed.exhausted' } as const,
  { target: '#reconnect.waiting', actions: ['planWait', waits] } as const,
];

export const reconnect = setup({
  types: {
    context: {} as Context,
    input: {} as ReconnectInput,
    events: {} as
      | Order<LinkOrder>
      | LinkHint
      | From<'connection', ConnectionReport>
      | LinkOrder
      | ConnectionReport,
    children: {} as { connection: 'connection' },
  },
  actors: { connection: port<ConnectionInput>('connection') },
  actions: {
    takeOrder: takes(),
    obeyOrder: obeys(),
    hearReport: hears(),
    openConnection: opens('connection'),
    closeConnection: command({ type: 'connection.close' }),
    tellConnection: tell<ConnectionHint>('connection')({ type: 'host.resumed' }),
    noteEnd: assign(({ context, event }) =>
      event.type === 'connection.ended'
        ? {
            cause: event.cause,
            floorMs: Math.min(event.floorMs, longestMs),
            failures: context.failures + (patient(event.cause) ? 0 : 1),
            tries: context.tries + 1,
            returningMs:
              event.cause === 'restart' ? context.policy.returning.forMs : context.returningMs,
          }
        : {},
    ),
    planWait: assign(({ context }) => {
      const waitMs = plannedMs(context);
      return {
        luck: nextLuck(context.luck),
        waitMs,
        returningMs: Math.max(0, context.returningMs - context.floorMs - waitMs),
      };
    }),
    forget: assign({ failures: 0, tries: 0, returningMs: 0 }),
    reportOpened: says({ type: 'link.opened' }),
    reportLost: says(({ cause }: Context) => ({ type: 'link.lost', cause })),
    reportUnreachable: says(({ cause }: Context) => ({ type: 'link.unreachable', cause })),
    reportCredentials: says({ type: 'link.paused', why: 'credentials' }),
    reportPairing: says({ type: 'link.paused', why: 'pairing' }),
    reportExhausted: says({ type: 'link.failed', why: 'exhausted' }),
    reportProtocol: says({ type: 'link.failed', why: 'protocol' }),
    reportIdentity: says({ type: 'link.failed', why: 'identity' }),
    reportUnauthorised: says({ type: 'link.failed', why: 'unauthorised' }),
    reportRested: says({ type: 'link.rested' }),
  },
  guards: {
    current,
    protocolDiffers: ({ context }) => context.cause === 'protocol',
    identityUnreadable: ({ context }) => context.cause === 'identity',
    notAuthorised: ({ context }) => context.cause === 'unauthorised',
    credentialsRefused: ({ context }) => context.cause === 'credentials',
    approvalPending: ({ context }) => context.cause === 'pairing',
    exhausted: ({ context }) =>
      !patient(context.cause) &&
      context.policy.attemptsMax !== null &&
      context.failures >= context.policy.attemptsMax,
    floored: ({ context }) => context.floorMs > 0,
    hurried: stateIn('#reconnect.waiting.floored.hurried'),
  },
  delays: {
    stable: ({ context }) => context.policy.stableMs,
    floor: ({ context }) => context.floorMs,
    backoff: ({ context }) => context.waitMs,
    pairing: ({ context }) => Math.max(context.policy.pairingMs, context.floorMs),
  },
}).createMachine({
  id: 'reconnect',
  description: 'One link: attempt after attempt until it is open, and again when it is lost.',
  context: ({ input }) => ({
    gen: input.gen,
    gens: { connection: 1 },
    failures: 0,
    tries: 0,
    cause: 'lost',
    floorMs: 0,
    waitMs: 0,
    returningMs: 0,
    luck: input.luck,
    policy: input.policy,
  }),
  initial: 'resting',
  on: {
    order: { actions: ['takeOrder', 'obeyOrder'] },
    'from.connection': { guard: 'current', actions: 'hearReport' },
    'link.dial': '.trying',
    'link.retarget': { target: '.trying', actions: 'forget' },
    'link.rest': { target: '.resting', actions: 'reportRested' },
    'link.drop': { target: '.resting', actions: 'reportRested' },
  },
  states: {
    resting: {
      description: 'Not wanted: no socket, no timer.',
      entry: 'forget',
    },
    trying: {
      description: 'One connection exists. Leaving this state stops it, which resets its socket.',
      entry: 'openConnection',
      invoke: {
        id: 'connection',
        src: 'connection',
        input: ({ context }) => ({
          gen: opened(context, 'connection'),
          attempt: context.tries + 1,
          policy: context.policy.connection,
        }),
      },
      initial: 'opening',
      on: {
        'link.rest': { target: '.closing', actions: 'closeConnection' },
        'host.resumed': { actions: 'tellConnection' },
      },
      states: {
        opening: {
          on: {
            'connection.opened': 'up',
            'connection.ended': { target: '#reconnect.unreached', actions: 'noteEnd' },
          },
        },
        up: {
          entry: 'reportOpened',
          initial: 'fresh',
          on: { 'connection.ended': { target: '#reconnect.lost', actions: 'noteEnd' } },
          states: {
            fresh: {
              description: 'Open, but not for long enough to forget the failures before.',
              after: { stable: { target: 'stable', actions: 'forget' } },
            },
            stable: {},
          },
        },
        closing: {
          on: {
            'connection.ended': { target: '#reconnect.resting', actions: 'reportRested' },
          },
        },
      },
    },
    lost: { description: 'Was open. Passed through at once.', always: verdict('reportLost') },
    unreached: {
      description: 'The attempt failed. Passed through at once.',
      always: verdict('reportUnreachable'),
    },
    waiting: {
      initial: 'choosing',
      states: {
        choosing: { always: [{ guard: 'floored', target: 'floored' }, { target: 'backingOff' }] },
        floored: {
          description: 'The peer asked for this much patience. Nothing shortens it.',
          initial: 'patient',
          states: {
            patient: { on: { 'link.nudge': 'hurried' } },
            hurried: {
              description: 'Somebody wants it sooner: dials when the floor ends.',
            },
          },
          after: {
            floor: [{ guard: 'hurried', target: '#reconnect.trying' }, { target: 'backingOff' }],
          },
        },
        backingOff: {
          on: { 'link.nudge': '#reconnect.trying' },
          after: { backoff: '#reconnect.trying' },
        },
      },
    },
    paused: {
      description: 'Only somebody outside can help.',
      on: { 'link.resume': 'trying' },
      initial: 'credentials',
      states: {
        credentials: { entry: 'reportCredentials' },
        pairing: { entry: 'reportPairing', after: { pairing: '#reconnect.trying' } },
      },
    },
    failed: {
      on: {
        'link.dial': { target: 'trying', actions: 'forget' },
      },
      initial: 'exhausted',
      states: {
        exhausted: { entry: 'reportExhausted' },
        protocol: { entry: 'reportProtocol' },
        identity: { entry: 'reportIdentity' },
        unauthorised: { entry: 'reportUnauthorised' },
      },
    },
  },
});

/** Causes that are the peer's own plan, or a step of ours: no failure of the link. */
function patient(cause: EndCause): boolean {
  return cause === 'restart' || cause === 'wait' || cause === 'again' || cause === 'pairing';
}

/** The wait beyond the floor: backoff, capped while the peer is expected back. */
function plannedMs({ policy, cause, tries, luck, floorMs, returningMs }: Context): number {
  const { backoff, returning } = policy;
  if (cause === 'again') return backoff.firstMs / 2;
  const maxMs = returningMs > 0 ? Math.min(backoff.maxMs, returning.maxMs) : backoff.maxMs;
  return Math.max(1, backoffMs({ ...backoff, maxMs }, tries, luck) - floorMs);
}
