/**
 * One operating-system process, from its spawn to the proof that nothing of it is left. Promises
 * one `process.gone` once its group is empty, or `process.unkillable` when nothing helped. It
 * must never report a process gone that may still run, nor let a deadline pass unanswered.
 */
import { assign, setup } from 'xstate';
import { current, hears, obeys, opened, opens, port, report, takes, tell } from './channel.ts';
import type {
  DrainInput,
  DrainReport,
  ExitClass,
  From,
  Order,
  OsProcessCommand,
  OsProcessInput,
  OsProcessReport,
  ProcessHint,
  ProcessInput,
  ProcessOrder,
  ProcessPolicy,
  ProcessReport,
} from './contracts.ts';

interface Context {
  gen: number;
  gens: { os: number; drain: number };
  /** how it ended by itself */
  class: ExitClass | null;
  policy: ProcessPolicy;
}

const says = report<ProcessReport>('process');
const os = tell<OsProcessCommand>('os');

export const process = setup({
  types: {
    context: {} as Context,
    input: {} as ProcessInput,
    events: {} as
      | Order<ProcessOrder>
      | ProcessHint
      | From<'os', OsProcessReport>
      | From<'drain', DrainReport>
      | ProcessOrder
      | OsProcessReport
      | DrainReport,
    children: {} as { os: 'os'; drain: 'drain' },
  },
  actors: { os: port<OsProcessInput>('os'), drain: port<DrainInput>('drain') },
  actions: {
    takeOrder: takes(),
    obeyOrder: obeys(),
    hearReport: hears(),
    openOs: opens('os'),
    openDrain: opens('drain'),
    terminate: os({ type: 'os.terminate' }),
    kill: os({ type: 'os.kill' }),
    noteClass: assign({
      class: ({ context, event }) => (event.type === 'os.empty' ? event.class : context.class),
    }),
    reportAlive: says({ type: 'process.alive' }),
    reportGone: says((context: Context) => ({ type: 'process.gone', class: context.class })),
    reportUnkillable: says({ type: 'process.unkillable' }),
  },
  guards: { current, drains: ({ context }) => context.policy.stop.drainMs > 0 },
  delays: {
    spawn: ({ context }) => context.policy.spawnMs,
    drain: ({ context }) => context.policy.stop.drainMs,
    grace: ({ context }) => context.policy.stop.graceMs,
    kill: ({ context }) => context.policy.stop.killMs,
  },
}).createMachine({
  id: 'process',
  description: 'One process, from its spawn to the proof that nothing of it is left.',
  context: ({ input }) => ({
    gen: input.gen,
    gens: { os: 1, drain: 1 },
    class: null,
    policy: input.policy,
  }),
  initial: 'held',
  on: {
    order: { actions: ['takeOrder', 'obeyOrder'] },
    'from.os': { guard: 'current', actions: 'hearReport' },
    'from.drain': { guard: 'current', actions: 'hearReport' },
  },
  states: {
    held: {
      description: 'Something of it may exist. Leaving this state kills whatever is left.',
      entry: 'openOs',
      invoke: {
        id: 'os',
        src: 'os',
        input: ({ context }) => ({ gen: opened(context, 'os') }),
      },
      initial: 'spawning',
      on: {
        'os.exited': '.ended',
        'os.failed': 'gone',
        'os.empty': 'gone',
      },
      states: {
        spawning: {
          on: {
            'os.spawned': 'alive',
            'process.stop': 'killing',
            'process.kill': 'killing',
          },
          after: { spawn: 'killing' },
        },
        alive: {
          entry: 'reportAlive',
          on: {
            'process.stop': [{ guard: 'drains', target: 'draining' }, { target: 'stopping' }],
            'process.kill': 'killing',
          },
        },
        draining: {
          description: 'Asked to end in its own way. It gets no signal before it had its time.',
          entry: 'openDrain',
          invoke: {
            id: 'drain',
            src: 'drain',
            input: ({ context }) => ({ gen: opened(context, 'drain') }),
          },
          initial: 'timed',
          on: {
            'drain.failed': 'stopping',
            'os.exited': 'sweeping',
            'process.kill': 'killing',
          },
          states: {
            timed: {
              on: { 'host.resumed': { target: 'timed', reenter: true } },
              after: { drain: '#process.held.stopping' },
            },
          },
        },
        stopping: {
          description: 'Asked to end. The ladder only goes up.',
          entry: 'terminate',
          initial: 'terminating',
          on: { 'os.exited': 'sweeping', 'process.kill': 'killing' },
          states: {
            terminating: {
              on: { 'host.resumed': { target: 'terminating', reenter: true } },
              after: { grace: '#process.held.killing' },
            },
          },
        },
        killing: {
          entry: 'kill',
          on: {
            'os.exited': 'sweeping',
            'os.spawned': { target: 'killing', reenter: true },
            'host.resumed': { target: 'killing', reenter: true },
          },
          after: { kill: 'unkillable' },
        },
        ended: {
          description: 'It has ended by itself; its group is being emptied.',
          entry: 'kill',
          on: {
            'os.empty': { target: '#process.gone', actions: 'noteClass' },
            'host.resumed': { target: 'ended', reenter: true },
          },
          after: { kill: 'unkillable' },
        },
        sweeping: {
          description: 'It has ended because we said so; its group is being emptied.',
          entry: 'kill',
          on: { 'os.exited': {}, 'host.resumed': { target: 'sweeping', reenter: true } },
          after: { kill: 'unkillable' },
        },
        unkillable: {
          description: 'Nothing helped. Stays on record; a late end still counts.',
          entry: 'reportUnkillable',
          on: {
            'os.exited': {},
            'process.stop': { target: 'unkillable', reenter: true },
            'process.kill': 'killing',
          },
        },
      },
    },
    gone: {
      description: 'Proved gone. Said once; says it again to whoever asks.',
      entry: 'reportGone',
      on: {
        'process.stop': { target: 'gone', reenter: true },
        'process.kill': { target: 'gone', reenter: true },
      },
    },
  },
});
