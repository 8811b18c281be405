/**
 * One socket, from the lookup of its address to its last word. Promises exactly one
 * `connection.ended`, whatever happens, and that the socket leaf is gone by then. It must never
 * reuse a socket, never send before the peer has shown its challenge, and never open twice.
 */
import { assign, not, setup } from 'xstate';
import { current, hears, obeys, opened, opens, port, report, takes, tell } from './channel.ts';
import type {
  ConnectionHint,
  ConnectionInput,
  ConnectionOrder,
  ConnectionPolicy,
  ConnectionReport,
  CredentialsInput,
  CredentialsReport,
  EndCause,
  From,
  HeartbeatHint,
  HeartbeatInput,
  HeartbeatPolicy,
  HeartbeatReport,
  LookupInput,
  LookupReport,
  Order,
  SocketCommand,
  SocketInput,
  SocketReport,
} from './contracts.ts';

interface Context {
  gen: number;
  gens: { lookup: number; socket: number; credentials: number; heartbeat: number };
  attempt: number;
  /** why it will have ended; lost until a better word is known */
  cause: EndCause;
  floorMs: number;
  /** the silence window that the peer stated in its hello, 0 when it stated none */
  silenceMs: number;
  /** it answered our hello; a protocol without one is open before the peer has said a word */
  greeted: boolean;
  policy: ConnectionPolicy;
}

const says = report<ConnectionReport>('connection');
const socket = tell<SocketCommand>('socket');

export const connection = setup({
  types: {
    context: {} as Context,
    input: {} as ConnectionInput,
    events: {} as
      | Order<ConnectionOrder>
      | ConnectionHint
      | From<'lookup', LookupReport>
      | From<'socket', SocketReport>
      | From<'credentials', CredentialsReport>
      | From<'heartbeat', HeartbeatReport>
      | ConnectionOrder
      | LookupReport
      | SocketReport
      | CredentialsReport
      | HeartbeatReport,
    children: {} as {
      lookup: 'lookup';
      socket: 'socket';
      credentials: 'credentials';
      heartbeat: 'heartbeat';
    },
  },
  actors: {
    lookup: port<LookupInput>('lookup'),
    socket: port<SocketInput>('socket'),
    credentials: port<CredentialsInput>('credentials'),
    heartbeat: port<HeartbeatInput>('heartbeat'),
  },
  actions: {
    takeOrder: takes(),
    obeyOrder: obeys(),
    hearReport: hears(),
    openLookup: opens('lookup'),
    openSocket: opens('socket'),
    openCredentials: opens('credentials'),
    openHeartbeat: opens('heartbeat'),
    noteCause: assign(({ context, event }) => ({
      cause: 'cause' in event ? event.cause : context.cause,
      floorMs: 'floorMs' in event ? event.floorMs : 0,
    })),
    noteUnauthorised: assign({ cause: 'unauthorised' }),
    noteMute: assign({ cause: 'mute' }),
    noteRestart: assign(({ event }) => ({
      cause: 'restart',
      floorMs: 'floorMs' in event ? event.floorMs : 0,
    })),
    notePace: assign({
      silenceMs: ({ event }) => (event.type === 'socket.accepted' ? event.silenceMs : 0),
    }),
    noteGreeted: assign({ greeted: true }),
    sendHello: socket({ type: 'socket.hello' }),
    deliverFrames: socket({ type: 'socket.deliver' }),
    closeAsAsked: socket({ type: 'socket.close', why: 'closed' }),
    closeAsRefused: socket({ type: 'socket.close', why: 'refused' }),
    closeAsLate: socket({ type: 'socket.close', why: 'timeout' }),
    tellHeartbeat: tell<HeartbeatHint>('heartbeat')({ type: 'host.resumed' }),
    reportOpened: says({ type: 'connection.opened' }),
    reportEnded: says(({ cause, floorMs }: Context) => ({
      type: 'connection.ended',
      cause,
      floorMs,
    })),
  },
  guards: {
    current,
    returns: ({ event }) => event.type === 'socket.leaving' && event.expected,
  },
  delays: {
    lookup: ({ context }) => context.policy.lookupMs,
    open: ({ context }) => context.policy.openMs,
    challenge: ({ context }) => context.policy.challengeMs,
    credentials: ({ context }) => context.policy.credentialsMs,
    hello: ({ context }) => context.policy.helloMs,
    close: ({ context }) => context.policy.closeMs,
  },
}).createMachine({
  id: 'connection',
  description: 'One socket, from the lookup of its address to its last word. Never used twice.',
  context: ({ input }) => ({
    gen: input.gen,
    gens: { lookup: 1, socket: 1, credentials: 1, heartbeat: 1 },
    attempt: input.attempt,
    cause: 'lost',
    floorMs: 0,
    silenceMs: 0,
    greeted: false,
    policy: input.policy,
  }),
  initial: 'preparing',
  on: {
    order: { actions: ['takeOrder', 'obeyOrder'] },
    'from.lookup': { guard: 'current', actions: 'hearReport' },
    'from.socket': { guard: 'current', actions: 'hearReport' },
    'from.credentials': { guard: 'current', actions: 'hearReport' },
    'from.heartbeat': { guard: 'current', actions: 'hearReport' },
  },
  states: {
    preparing: {
      description: 'Asking the host whether and where to connect. No socket exists yet.',
      entry: 'openLookup',
      invoke: {
        id: 'lookup',
        src: 'lookup',
        input: ({ context }) => ({ gen: opened(context, 'lookup'), attempt: context.attempt }),
      },
      initial: 'authorizing',
      on: {
        'lookup.failed': { target: 'ended', actions: 'noteCause' },
        'connection.close': 'ended',
      },
      states: {
        authorizing: {
          description: 'May there be a socket at all? Silence is a no.',
          on: {
            'lookup.authorised': 'locating',
            'host.resumed': { target: 'authorizing', reenter: true },
          },
          after: { lookup: { target: '#connection.ended', actions: 'noteUnauthorised' } },
        },
        locating: {
          on: {
            'lookup.found': '#connection.linked',
            'host.resumed': { target: 'locating', reenter: true },
          },
          after: { lookup: '#connection.ended' },
        },
      },
    },
    linked: {
      description: 'The socket exists. Leaving this state resets it.',
      entry: 'openSocket',
      invoke: {
        id: 'socket',
        src: 'socket',
        input: ({ context }) => ({ gen: opened(context, 'socket'), attempt: context.attempt }),
      },
      initial: 'dialing',
      on: {
        'socket.closed': { target: 'ended', actions: 'noteCause' },
        'socket.refused': { target: '.closing', actions: ['noteCause', 'closeAsRefused'] },
        'connection.close': { target: '.closing', actions: 'closeAsAsked' },
      },
      states: {
        dialing: {
          on: {
            'socket.opened': 'authenticating',
            'connection.close': '#connection.ended',
            'host.resumed': { target: 'dialing', reenter: true },
          },
          after: { open: '#connection.ended' },
        },
        authenticating: {
          initial: 'challenge',
          states: {
            challenge: {
              description: 'Waiting for the peer to speak first, where its protocol does.',
              on: {
                'socket.challenged': 'credentials',
                'socket.accepted': { target: '#connection.linked.open', actions: 'notePace' },
                'host.resumed': { target: 'challenge', reenter: true },
              },
              after: {
                challenge: {
                  target: '#connection.linked.closing',
                  actions: 'closeAsLate',
                },
              },
            },
            credentials: {
              description: 'Asking the host for credentials, anew at every attempt.',
              entry: 'openCredentials',
              invoke: {
                id: 'credentials',
                src: 'credentials',
                input: ({ context }) => ({
                  gen: opened(context, 'credentials'),
                  attempt: context.attempt,
                }),
              },
              on: {
                'credentials.ready': { target: 'hello', actions: 'sendHello' },
                'credentials.failed': {
                  target: '#connection.linked.closing',
                  actions: ['noteCause', 'closeAsRefused'],
                },
              },
              after: {
                credentials: {
                  target: '#connection.linked.closing',
                  actions: 'closeAsLate',
                },
              },
            },
            hello: {
              description: 'Our hello is out. Only its own answer counts.',
              on: {
                'socket.accepted': {
                  target: '#connection.linked.open',
                  actions: ['notePace', 'noteGreeted'],
                },
                'host.resumed': { target: 'hello', reenter: true },
              },
              after: {
                hello: {
                  target: '#connection.linked.closing',
                  actions: 'closeAsLate',
                },
              },
            },
          },
        },
        open: {
          description: 'Past hello. Frames held since then are delivered now.',
          entry: ['openHeartbeat', 'deliverFrames', 'reportOpened'],
          invoke: {
            id: 'heartbeat',
            src: 'heartbeat',
            input: ({ context }) => ({
              gen: opened(context, 'heartbeat'),
              heard: context.greeted,
              policy: paced(context),
            }),
          },
          initial: 'steady',
          on: {
            'heartbeat.dead': '#connection.ended',
            'heartbeat.mute': { target: '#connection.ended', actions: 'noteMute' },
            'host.resumed': { actions: 'tellHeartbeat' },
          },
          states: {
            steady: { on: { 'socket.leaving': { guard: 'returns', target: 'leaving' } } },
            leaving: {
              description: 'The peer said that it restarts: its close is no failure.',
              on: {
                'socket.leaving': { guard: not('returns'), target: 'steady' },
                'socket.closed': { target: '#connection.ended', actions: 'noteRestart' },
              },
            },
          },
        },
        closing: {
          description: 'Our close code is out. The peer has a moment to answer, then: reset.',
          on: {
            'socket.closed': '#connection.ended',
            'socket.refused': {},
            'connection.close': {},
          },
          after: { close: '#connection.ended' },
        },
      },
    },
    ended: {
      description: 'Said once how it ended; says it again to whoever asks. Holds nothing.',
      entry: 'reportEnded',
      on: { 'connection.close': { target: 'ended', reenter: true } },
    },
  },
});

function paced({ policy, silenceMs }: Context): HeartbeatPolicy {
  return silenceMs > 0 ? { ...policy.heartbeat, silenceMs } : policy.heartbeat;
}
