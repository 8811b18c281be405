/**
 * One service, many processes one after another. Promises that a raised service becomes ready or
 * failed with a reason, that a lost one is started again within its budget, and that a fallen
 * one leaves nothing alive or says so. It must never run two processes at once, never start one
 * before the last is proved gone, and never count what somebody asked for as a failure.
 */
import { assign, enqueueActions, setup } from 'xstate';
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
  CustodyInput,
  CustodyReport,
  DrainInput,
  DrainReport,
  From,
  Order,
  PlanInput,
  PlanReport,
  PortInput,
  PortReport,
  ProcessHint,
  ProcessInput,
  ProcessOrder,
  ProcessReport,
  ReadinessInput,
  ReadinessReport,
  ReloadInput,
  ReloadReport,
  ServiceHint,
  ServiceOrder,
  ServiceReport,
  SupervisorInput,
  SupervisorPolicy,
} from './contracts.ts';
import { attached, clearing, locating } from './finding.ts';
import { mending, repairing } from './mending.ts';
import { backoffMs, delays, nextLuck } from './policy.ts';
import { proof } from './proof.ts';
import { reloading } from './reloading.ts';

type Child = 'custody' | 'port' | 'plan' | 'process' | 'readiness' | 'reload' | 'drain';

interface Context {
  gen: number;
  gens: Record<Child, number>;
  /** restarts charged inside the window, as the slots of their refund timers */
  charged: readonly number[];
  /** starts in a row that never got ready */
  stillborn: number;
  /** the present configuration has been through a repair */
  repaired: boolean;
  /** waits in a row since the service was last stable */
  tries: number;
  waitMs: number;
  luck: number;
  policy: SupervisorPolicy;
}

type Refund = { type: 'refund'; slot: number };

const says = report<ServiceReport>('service');
const command = orders<ProcessOrder>('process');

/** Where a process that nobody stopped leads; `waits` goes with another start. */
const verdict = <A extends string>(waits: A[]) => [
  { guard: 'cannotRun', target: '#supervisor.failed.runtime' } as const,
  { guard: 'exhausted', target: '#supervisor.failed.exhausted' } as const,
  {
    target: '#supervisor.backingOff' as const,
    actions: ['charge' as const, 'planWait' as const, ...waits],
  },
];

export const supervisor = setup({
  types: {
    context: {} as Context,
    input: {} as SupervisorInput,
    events: {} as
      | Order<ServiceOrder>
      | ServiceHint
      | From<'custody', CustodyReport>
      | From<'port', PortReport>
      | From<'plan', PlanReport>
      | From<'process', ProcessReport>
      | From<'readiness', ReadinessReport>
      | From<'reload', ReloadReport>
      | From<'drain', DrainReport>
      | ServiceOrder
      | CustodyReport
      | PortReport
      | PlanReport
      | ProcessReport
      | ReadinessReport
      | ReloadReport
      | DrainReport
      | Refund,
    children: {} as {
      custody: 'custody';
      port: 'port';
      plan: 'plan';
      process: 'process';
      readiness: 'readiness';
      reload: 'reload';
      drain: 'drain';
    },
  },
  actors: {
    custody: port<CustodyInput>('custody'),
    port: port<PortInput>('port'),
    plan: port<PlanInput>('plan'),
    process: port<ProcessInput>('process'),
    readiness: port<ReadinessInput>('readiness'),
    reload: port<ReloadInput>('reload'),
    drain: port<DrainInput>('drain'),
  },
  actions: {
    takeOrder: takes(),
    obeyOrder: obeys(),
    hearReport: hears(),
    openCustody: opens('custody'),
    openPort: opens('port'),
    openPlan: opens('plan'),
    openProcess: opens('process'),
    openReadiness: opens('readiness'),
    shutReadiness: opens('readiness'),
    openReload: opens('reload'),
    openDrain: opens('drain'),
    stopProcess: command({ type: 'process.stop' }),
    killProcess: command({ type: 'process.kill' }),
    tellProcess: tell<ProcessHint>('process')({ type: 'host.resumed' }),
    countStillborn: assign({ stillborn: ({ context }) => context.stillborn + 1 }),
    noteReady: assign({ stillborn: 0, repaired: false }),
    noteRepair: assign({ repaired: true }),
    renew: assign({ repaired: false }),
    charge: enqueueActions(({ context, enqueue }) => {
      const { of, windowMs } = context.policy.budget;
      const slots = Array.from({ length: of }, (_, slot) => slot);
      const slot = slots.find((free) => !context.charged.includes(free)) ?? 0;
      enqueue.assign({ charged: [...context.charged, slot].sort((a, b) => a - b) });
      enqueue.raise({ type: 'refund', slot }, { id: `refund-${slot}`, delay: windowMs });
    }),
    refund: assign(({ context, event }) =>
      event.type === 'refund'
        ? { charged: context.charged.filter((slot) => slot !== event.slot) }
        : {},
    ),
    forget: enqueueActions(({ context, enqueue }) => {
      for (const slot of context.charged) enqueue.cancel(`refund-${slot}`);
      enqueue.assign({ charged: [], stillborn: 0, repaired: false, tries: 0 });
    }),
    planWait: assign(({ context }) => ({
      tries: context.tries + 1,
      luck: nextLuck(context.luck),
      waitMs: backoffMs(context.policy.backoff, context.tries + 1, context.luck),
    })),
    settle: assign({ tries: 0 }),
    reportLaunching: says({ type: 'service.launching' }),
    reportReady: says({ type: 'service.ready' }),
    reportAttached: says({ type: 'service.attached' }),
    reportDown: says({ type: 'service.down' }),
    reportReloaded: says({ type: 'service.reloaded' }),
    reportUnreloaded: says({ type: 'service.unreloaded' }),
    reportExhausted: says({ type: 'service.failed', why: 'exhausted' }),
    reportConfiguration: says({ type: 'service.failed', why: 'configuration' }),
    reportRuntime: says({ type: 'service.failed', why: 'runtime' }),
    reportPlan: says({ type: 'service.failed', why: 'plan' }),
    reportOccupied: says({ type: 'service.failed', why: 'occupied' }),
    reportRested: says({ type: 'service.rested' }),
    reportUnkillable: says({ type: 'service.unkillable' }),
  },
  guards: {
    current,
    misconfigured: ({ event }) => event.type === 'process.gone' && event.class === 'configuration',
    mendable: ({ context, event }) =>
      !context.repaired && event.type === 'process.gone' && event.class === 'configuration',
    mended: ({ event }) => event.type === 'process.gone' && event.class === 'clean',
    cannotRun: ({ event }) => event.type === 'process.gone' && event.class === 'runtime',
    exhausted: ({ context }) =>
      context.charged.length >= context.policy.budget.of ||
      context.stillborn >= context.policy.startsMax,
    drains: ({ context }) => context.policy.drainMs > 0,
    fatal: ({ event }) => event.type === 'plan.failed' && event.fatal,
  },
  delays,
}).createMachine({
  id: 'supervisor',
  description: 'One service: one process after another, never two at once.',
  context: ({ input }) => ({
    gen: input.gen,
    gens: { custody: 1, port: 1, plan: 1, process: 1, readiness: 1, reload: 1, drain: 1 },
    charged: [],
    stillborn: 0,
    repaired: false,
    tries: 0,
    waitMs: 0,
    luck: input.luck,
    policy: input.policy,
  }),
  initial: 'resting',
  on: {
    order: { actions: ['takeOrder', 'obeyOrder'] },
    'from.custody': { guard: 'current', actions: 'hearReport' },
    'from.port': { guard: 'current', actions: 'hearReport' },
    'from.plan': { guard: 'current', actions: 'hearReport' },
    'from.process': { guard: 'current', actions: 'hearReport' },
    'from.readiness': { guard: 'current', actions: 'hearReport' },
    'from.reload': { guard: 'current', actions: 'hearReport' },
    'from.drain': { guard: 'current', actions: 'hearReport' },
    refund: { actions: 'refund' },
    'service.raise': '.locating',
    'service.cycle': '.clearing',
    'service.recover': '.clearing',
    // nobody is there who could: the next one will have read it
    'service.reload': { target: '.clearing', actions: 'reportDown' },
    'service.fall': { target: '.resting', actions: 'reportRested' },
    'service.kill': { target: '.resting', actions: 'reportRested' },
  },
  states: {
    resting: { description: 'Not wanted: no process, no timer, no charge.', entry: 'forget' },
    locating,
    clearing,
    attached,
    mending,
    preparing: {
      description: 'Asking the host what to run. Whatever was asked before now is in it.',
      entry: ['openPlan', 'reportLaunching'],
      invoke: {
        id: 'plan',
        src: 'plan',
        input: ({ context }) => ({
          gen: opened(context, 'plan'),
          attempt: context.tries + 1,
          task: 'serve' as const,
        }),
      },
      on: {
        'service.raise': {},
        'plan.ready': 'owned',
        'plan.failed': [
          { guard: 'fatal', target: 'failed.plan' },
          { target: 'unstarted', actions: 'countStillborn' },
        ],
      },
      after: { plan: { target: 'unstarted', actions: 'countStillborn' } },
    },
    owned: {
      description: 'One process of ours. Left only once it is proved gone.',
      entry: 'openProcess',
      invoke: {
        id: 'process',
        src: 'process',
        input: ({ context }) => ({
          gen: opened(context, 'process'),
          policy: context.policy.process,
        }),
      },
      initial: 'starting',
      on: {
        'host.resumed': { actions: 'tellProcess' },
        'process.unkillable': { target: '.unkillable', actions: 'forget' },
        'service.fall': { target: '.falling.toRest', actions: 'stopProcess' },
        'service.cycle': { target: '.falling.toCycle', actions: ['renew', 'stopProcess'] },
        'service.recover': { target: '.falling.toRecover', actions: 'killProcess' },
        'service.reload': { actions: 'reportDown' },
        'service.kill': { target: '.falling.toRest', actions: 'killProcess' },
      },
      states: {
        starting: {
          initial: 'spawning',
          on: {
            'service.raise': {},
            'process.gone': { target: '#supervisor.unstarted', actions: 'countStillborn' },
          },
          states: {
            spawning: { on: { 'process.alive': 'proving' } },
            proving: {
              description: 'It runs. Whether it serves is being proved, not assumed.',
              initial: 'timed',
              on: { 'readiness.proved': '#supervisor.owned.up' },
              states: {
                timed: {
                  initial: 'asking',
                  on: {
                    'host.resumed': { target: 'timed', reenter: true, actions: 'tellProcess' },
                  },
                  after: {
                    ready: {
                      target: '#supervisor.owned.falling.toRecover',
                      actions: ['countStillborn', 'stopProcess'],
                    },
                  },
                  states: proof(false),
                },
              },
            },
          },
        },
        up: {
          entry: ['noteReady', 'reportReady'],
          initial: 'fresh',
          on: {
            'service.raise': { actions: 'reportReady' },
            'service.reload': '.reloading',
            'process.gone': '#supervisor.lost',
          },
          states: {
            fresh: {
              description: 'Ready, but not for long enough to start again without delay.',
              after: { stable: { target: 'stable', actions: 'settle' } },
            },
            stable: {},
            reloading,
          },
        },
        evicting: {
          description: 'Left by an earlier host, and not to be adopted. It is ended first.',
          on: {
            'service.raise': {},
            'process.alive': { target: 'falling.toCycle', actions: 'stopProcess' },
            'process.gone': '#supervisor.clearing',
          },
        },
        repairing,
        falling: {
          description: 'Being stopped. Where it leads may change on the way; the ladder does not.',
          initial: 'toRest',
          on: { 'service.raise': '.toCycle' },
          states: {
            toRest: {
              on: {
                'process.gone': { target: '#supervisor.resting', actions: 'reportRested' },
              },
            },
            toCycle: { on: { 'process.gone': '#supervisor.clearing' } },
            toRecover: { on: { 'process.gone': '#supervisor.unstarted' } },
          },
        },
        unkillable: {
          description: 'Nothing helped. Nothing is started beside it; a late end still counts.',
          entry: 'reportUnkillable',
          on: {
            'process.gone': { target: '#supervisor.resting', actions: 'reportRested' },
            'service.raise': { actions: 'reportUnkillable' },
            'service.reload': { actions: 'reportUnkillable' },
          },
        },
      },
    },
    lost: {
      description: 'Was ready, ended by itself. Passed through at once.',
      always: [
        // it had served: its configuration has been through no repair since
        { guard: 'misconfigured', target: 'mending', actions: 'reportDown' },
        ...verdict(['reportDown' as const]),
      ],
    },
    unstarted: {
      description: 'Never got ready. Passed through at once.',
      always: [
        { guard: 'mendable', target: 'mending' },
        { guard: 'misconfigured', target: 'failed.configuration' },
        ...verdict([]),
      ],
    },
    backingOff: {
      on: { 'service.nudge': 'clearing' },
      after: { backoff: 'clearing' },
    },
    failed: {
      description: 'Given up, with a reason. Whoever asks again starts with a fresh budget.',
      entry: 'forget',
      initial: 'exhausted',
      states: {
        exhausted: { entry: 'reportExhausted' },
        configuration: { entry: 'reportConfiguration' },
        runtime: { entry: 'reportRuntime' },
        plan: { entry: 'reportPlan' },
        occupied: { entry: 'reportOccupied' },
      },
    },
  },
});
