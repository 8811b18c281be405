/**
 * Liveness of one open connection. Promises to find a silent peer within a bound that follows
 * from its policy, and to give its verdict once. It must never give a verdict without an active
 * probe that failed, and never count time the host slept through as silence of the peer.
 */
import { assign, setup } from 'xstate';
import { current, hears, opened, opens, port, report, tell } from './channel.ts';
import type {
  From,
  HeartbeatHint,
  HeartbeatInput,
  HeartbeatPolicy,
  HeartbeatReport,
  PulseCommand,
  PulseInput,
  PulseReport,
} from './contracts.ts';

interface Context {
  gen: number;
  gens: { pulse: number };
  /** until the silence window may be over, milliseconds */
  dueMs: number;
  /** pings in a row without an answer */
  missed: number;
  /** answered our hello, or gave a sign of life since it is open */
  heard: boolean;
  policy: HeartbeatPolicy;
}

const says = report<HeartbeatReport>('heartbeat');
const pulse = tell<PulseCommand>('pulse');

export const heartbeat = setup({
  types: {
    context: {} as Context,
    input: {} as HeartbeatInput,
    events: {} as From<'pulse', PulseReport> | HeartbeatHint | PulseReport,
    children: {} as { pulse: 'pulse' },
  },
  actors: { pulse: port<PulseInput>('pulse') },
  actions: {
    openPulse: opens('pulse'),
    hearPulse: hears(),
    checkPulse: pulse({ type: 'pulse.check' }),
    ping: pulse({ type: 'pulse.ping' }),
    alive: assign(({ context, event }) =>
      event.type === 'pulse.alive'
        ? { missed: 0, heard: true, dueMs: Math.max(1, restMs(context.policy) - event.idleMs) }
        : {},
    ),
    hear: assign({ missed: 0, heard: true }),
    recall: assign(({ context, event }) =>
      event.type === 'pulse.silent' ? { heard: context.heard || event.heard } : {},
    ),
    // the next ping is due everyMs after this one, and waitMs of that are over
    miss: assign(({ context: { missed, policy } }) => ({
      missed: missed + 1,
      dueMs: Math.max(1, policy.everyMs - policy.waitMs),
    })),
    reportVerdict: says(({ heard }: Context) => ({
      type: heard ? 'heartbeat.dead' : 'heartbeat.mute',
    })),
  },
  guards: {
    current,
    beats: ({ context }) => context.policy.mode !== 'off',
    probes: ({ context }) => context.policy.mode === 'probe',
    counts: ({ context }) => ['misses', 'observe'].includes(context.policy.mode),
    oneProbe: ({ context }) => context.policy.probes === 1,
    enough: ({ context }) =>
      context.policy.mode === 'misses' && context.missed + 1 >= context.policy.missesMax,
  },
  delays: {
    due: ({ context }) => context.dueMs,
    wait: ({ context }) => context.policy.waitMs,
    probe: ({ context }) => context.policy.probeMs,
  },
}).createMachine({
  id: 'heartbeat',
  description: 'Whether the peer of an open connection lives. It asks before it gives a verdict.',
  context: ({ input }) => ({
    gen: input.gen,
    gens: { pulse: 1 },
    dueMs: restMs(input.policy),
    missed: 0,
    heard: input.heard,
    policy: input.policy,
  }),
  initial: 'watching',
  on: { 'from.pulse': { guard: 'current', actions: 'hearPulse' } },
  states: {
    watching: {
      entry: 'openPulse',
      invoke: {
        id: 'pulse',
        src: 'pulse',
        input: ({ context }) => ({
          gen: opened(context, 'pulse'),
          silenceMs: context.policy.silenceMs,
        }),
      },
      initial: 'off',
      on: {
        'host.resumed': [
          { guard: 'counts', target: '.pinging' },
          { guard: 'probes', target: '.probing' },
        ],
      },
      states: {
        off: {
          description: 'Asks nothing. Any other mode leaves it at once.',
          always: { guard: 'beats', target: 'resting' },
        },
        resting: {
          description: 'Nothing to ask: the silence window is not over.',
          on: { 'pulse.alive': { actions: 'hear' } },
          after: { due: [{ guard: 'counts', target: 'pinging' }, { target: 'awaiting' }] },
        },
        awaiting: {
          description: 'Asked our own record whether anything was heard in the window.',
          entry: 'checkPulse',
          on: {
            'pulse.alive': { target: 'resting', actions: 'alive' },
            'pulse.silent': [
              { guard: 'oneProbe', target: 'probing', actions: 'recall' },
              { target: 'suspect', actions: 'recall' },
            ],
          },
          after: { wait: 'probing' },
        },
        suspect: {
          description: 'Silent for the whole window: first of two probes.',
          entry: 'ping',
          on: { 'pulse.alive': { target: 'resting', actions: 'alive' } },
          after: { wait: 'probing' },
        },
        probing: {
          description: 'The last probe before the verdict.',
          entry: 'ping',
          on: { 'pulse.alive': { target: 'resting', actions: 'alive' } },
          after: { probe: '#heartbeat.dead' },
        },
        pinging: {
          description: 'Modes misses and observe: one ping is out.',
          entry: 'ping',
          on: { 'pulse.alive': { target: 'resting', actions: 'alive' } },
          after: {
            wait: [
              { guard: 'enough', target: '#heartbeat.dead' },
              { target: 'resting', actions: 'miss' },
            ],
          },
        },
      },
    },
    dead: {
      description: 'Every probe failed. Said once; rests until stopped.',
      entry: 'reportVerdict',
    },
  },
});

function restMs(policy: HeartbeatPolicy): number {
  return policy.mode === 'probe' ? policy.silenceMs : policy.everyMs;
}
