/**
 * The root: what the host wants, what is owed to it, and who is right when a process and its
 * link disagree. Promises one recovery for one loss, in whatever order exit and close arrive;
 * that a restart is never lost but joined, settled, cooled or dropped by a stop; and that after
 * `resting` or `disposed` nothing is alive. It must never let anything but the host undo a stop.
 */
import { and, assign, not, or, raise, setup, stateIn } from 'xstate';
import { current, hears, opened, orders, port, tell } from './channel.ts';
import type {
  From,
  GatewayCommand,
  GatewayInput,
  GatewayPolicy,
  LinkHint,
  LinkOrder,
  LinkReport,
  ReconnectInput,
  ReconnectPolicy,
  ServiceHint,
  ServiceOrder,
  ServiceReport,
  SupervisorInput,
  SupervisorPolicy,
} from './contracts.ts';
import { type Counts, cooldown, counting, ledger, noCounts, owed, ownership } from './ledger.ts';
import { nextLuck } from './policy.ts';
import { afterwards, draining, halves, hurry, pace, stuck, unasked } from './stopping.ts';

interface Context extends Counts {
  gens: { service: number; link: number };
  settleMs: number;
  luck: number;
  policy: GatewayPolicy;
  service: SupervisorPolicy | null;
  link: ReconnectPolicy | null;
}

const toService = orders<ServiceOrder>('service');
const toLink = orders<LinkOrder>('link');
const hintService = tell<ServiceHint>('service');
const hintLink = tell<LinkHint>('link');

export const gateway = setup({
  types: {
    context: {} as Context,
    input: {} as GatewayInput,
    events: {} as
      | GatewayCommand
      | From<'service', ServiceReport>
      | From<'link', LinkReport>
      | ServiceReport
      | LinkReport
      | { type: 'cycle' },
    children: {} as { service: 'service'; link: 'link' },
  },
  actors: {
    service: port<Omit<SupervisorInput, 'policy'> & { policy: SupervisorPolicy | null }>('service'),
    link: port<Omit<ReconnectInput, 'policy'> & { policy: ReconnectPolicy | null }>('link'),
  },
  actions: {
    hearReport: hears(),
    raiseService: toService({ type: 'service.raise' }),
    dropService: toService({ type: 'service.fall' }),
    cycleService: toService({ type: 'service.cycle' }),
    recoverService: toService({ type: 'service.recover' }),
    reloadService: toService({ type: 'service.reload' }),
    killService: toService({ type: 'service.kill' }),
    dialLink: toLink({ type: 'link.dial' }),
    retargetLink: toLink({ type: 'link.retarget' }),
    restLink: toLink({ type: 'link.rest' }),
    dropLink: toLink({ type: 'link.drop' }),
    nudgeService: hintService({ type: 'service.nudge' }),
    nudgeLink: hintLink({ type: 'link.nudge' }),
    lookAround: hintService({ type: 'service.look' }),
    resumeLink: hintLink({ type: 'link.resume' }),
    wakeService: hintService({ type: 'host.resumed' }),
    wakeLink: hintLink({ type: 'host.resumed' }),
    ask: assign(({ context, event }) => counting.ask(context, event)),
    join: assign(({ context, event }) => counting.join(context, event)),
    begin: assign(({ context }) => counting.begin(context)),
    apply: assign(({ context }) => counting.apply(context)),
    insist: assign({ mild: false }),
    serve: assign(({ context }) => counting.serve(context)),
    drop: assign(({ context }) => counting.drop(context)),
    refuse: assign(({ context }) => counting.refuse(context)),
    cycle: raise({ type: 'cycle' }),
    doubt: raise({ type: 'restart', by: 'liveness', settleMs: 0, later: false }),
  },
  guards: {
    current,
    owned: stateIn('#owned'),
    doubted: ({ context }) => context.doubted,
    mild: ({ context }) => context.mild,
    owed: ({ context }) => owed(context),
    byUser: ({ event }) => event.type === 'restart' && event.by === 'user',
    settles: ({ event }) => 'settleMs' in event && event.settleMs > 0,
    later: ({ event }) => 'later' in event && event.later,
    // a process that reloads may well drop its connections
    announced: or([
      stateIn('#reloading'),
      ({ event }) =>
        event.type === 'link.lost' && (event.cause === 'restart' || event.cause === 'wait'),
    ]),
    answers: ({ event }) =>
      event.type === 'link.unreachable' && ['restart', 'wait', 'again'].includes(event.cause),
    refuses: and([not('answers'), 'owned']),
    mute: ({ event }) => event.type === 'link.lost' && event.cause === 'mute',
    limited: ({ event }) => 'withinMs' in event && event.withinMs > 0,
    wanted: stateIn('#wanted'),
    starting: or([stateIn('#raising'), stateIn('#cycling')]),
    atRest: or([stateIn('#resting'), stateIn('#falling')]),
    serviceLeft: not(
      or([
        stateIn('#gateway.life.falling.halves.link'),
        stateIn('#gateway.life.ending.halves.link'),
      ]),
    ),
    again: stateIn('#again'),
    settlesLater: and([stateIn('#wanted'), 'settles']),
    heeded: or(['goesOn', and(['atRest', 'byUser'])]),
    notOurs: and([not('starting'), stateIn('#attached')]),
    serving: or([stateIn('#gateway.life.wanted.linking'), stateIn('#running')]),
    mildNow: and(['mild', 'serving']),
    // a reload of what does not run at all is a restart
    dueNow: and([
      stateIn('#cold'),
      not('starting'),
      or([not('mild'), stateIn('#gateway.life.wanted.failed')]),
    ]),
    goesOn: or([stateIn('#wanted'), 'again']),
    drains: and([stateIn('#running'), ({ context }) => context.policy.drains]),
  },
  delays: {
    verdict: ({ context }) => context.policy.verdictMs,
    expect: ({ context }) => context.policy.expectMs,
    serve: ({ context }) => context.policy.serveMs,
    settle: ({ context }) => context.settleMs,
    cooldown: ({ context }) => context.policy.cooldownMs,
    within: ({ event }) => ('withinMs' in event ? event.withinMs : 0),
  },
}).createMachine({
  id: 'gateway',
  description:
    'What the host wants, what is owed to it, and who is right when process and link disagree.',
  type: 'parallel',
  context: ({ input }) => ({
    gens: { service: 1, link: 1 },
    ...noCounts,
    settleMs: 0,
    ...input,
  }),
  invoke: [
    {
      id: 'service',
      src: 'service',
      input: ({ context }) => ({
        gen: opened(context, 'service'),
        luck: nextLuck(context.luck),
        policy: context.service,
      }),
    },
    {
      id: 'link',
      src: 'link',
      input: ({ context }) => ({
        gen: opened(context, 'link'),
        luck: context.luck,
        policy: context.link,
      }),
    },
  ],
  on: {
    'from.service': { guard: 'current', actions: 'hearReport' },
    'from.link': { guard: 'current', actions: 'hearReport' },
    'host.resumed': { actions: ['wakeService', 'wakeLink'] },
  },
  states: {
    life: {
      initial: 'resting',
      states: {
        resting: {
          id: 'resting',
          description: 'Nothing is wanted, nothing is owned.',
          on: {
            start: { target: 'wanted.raising', actions: 'raiseService' },
            restart: { guard: 'byUser', target: 'wanted.raising', actions: 'raiseService' },
            dispose: 'disposed',
            quit: 'disposed',
          },
        },
        wanted: {
          id: 'wanted',
          initial: 'raising',
          on: {
            start: { actions: ['nudgeService', 'nudgeLink'] },
            retry: { actions: ['nudgeService', 'nudgeLink'] },
            resume: { actions: 'resumeLink' },
            stop: [
              { guard: 'drains', target: 'falling.halves.draining', actions: 'dropService' },
              { target: 'falling', actions: ['restLink', 'dropService'] },
            ],
            dispose: { target: 'ending', actions: ['dropLink', 'dropService'] },
            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
            cycle: [
              { guard: 'doubted', target: '.cycling', actions: ['restLink', 'recoverService'] },
              { guard: 'drains', target: '.cycling.draining', actions: 'cycleService' },
              { target: '.cycling', actions: ['restLink', 'cycleService'] },
            ],
            'service.failed': { target: '.failed.service', actions: 'restLink' },
            'service.unkillable': { target: 'unkillable', actions: 'restLink' },
            'link.failed': '.failed.link',
            'link.paused': '.linking.held',
          },
          states: {
            raising: {
              id: 'raising',
              description: 'Waiting for the service to be ready.',
              on: {
                'service.ready': { target: 'linking', actions: 'dialLink' },
                'service.attached': { target: 'linking', actions: 'dialLink' },
              },
            },
            linking: {
              description: 'The service is ready. Waiting for the link to be past hello.',
              initial: 'dialing',
              on: {
                'link.opened': 'running',
                'service.down': { target: 'recovering', actions: 'restLink' },
                retarget: { target: '.dialing', actions: 'retargetLink' },
              },
              states: {
                dialing: {
                  on: {
                    'link.unreachable': [
                      { guard: 'answers', target: 'deferred' },
                      { actions: 'lookAround' },
                    ],
                  },
                  after: { serve: { actions: 'doubt' } },
                },
                deferred: {
                  description: 'The peer asked for patience. Whoever can ask for it serves.',
                  on: { 'link.unreachable': { guard: not('answers'), target: 'dialing' } },
                },
                held: {
                  description: 'The peer wants something that only a person can give.',
                  on: { 'link.unreachable': 'dialing' },
                },
              },
            },
            running: {
              id: 'running',
              description: 'Ready and connected.',
              initial: 'steady',
              on: {
                'link.lost': [
                  { guard: 'announced', target: 'relinking.expecting' },
                  { guard: 'owned', target: 'relinking.judging' },
                  { target: 'relinking.trusting' },
                ],
                'service.down': { target: 'recovering', actions: 'restLink' },
                retarget: { target: 'linking', actions: 'retargetLink' },
              },
              states: {
                steady: {},
                doubtful: {
                  description: 'Back after a loss. Never a sign of life now: the second failure.',
                  on: {
                    'link.lost': { guard: 'mute', target: '#trusting', actions: 'doubt' },
                  },
                },
              },
            },
            relinking: {
              description: 'The link is lost; the link itself tries again all the while.',
              initial: 'judging',
              on: {
                'link.opened': 'running.doubtful',
                'service.down': { target: 'recovering', actions: 'restLink' },
                retarget: { target: 'linking', actions: 'retargetLink' },
              },
              states: {
                judging: {
                  description: 'An exit may explain the loss: it gets a moment to arrive.',
                  after: { verdict: 'trusting' },
                },
                trusting: {
                  id: 'trusting',
                  description: 'No exit came. A second failure of an owned process is its end.',
                  on: {
                    'link.unreachable': [
                      { guard: 'refuses', actions: 'doubt' },
                      { actions: 'lookAround' },
                    ],
                  },
                },
                expecting: {
                  description: 'The peer said that it would be back. It is given time.',
                  on: { 'link.opened': '#running' },
                  after: { expect: 'trusting' },
                },
              },
            },
            recovering: {
              description: 'The process ended by itself and is being started again.',
              on: {
                'service.ready': { target: 'linking', actions: 'dialLink' },
                'service.attached': { target: 'linking', actions: 'dialLink' },
              },
            },
            cycling: {
              id: 'cycling',
              description: 'The process is being replaced because somebody asked.',
              initial: 'down',
              on: { 'service.attached': { target: 'linking', actions: 'dialLink' } },
              states: {
                draining: {
                  description: 'It is asked to end over the link, which stays open for that.',
                  on: {
                    'link.lost': unasked,
                    'link.paused': unasked,
                    'link.failed': unasked,
                    'service.launching': { target: 'up', actions: 'restLink' },
                    'service.attached': {
                      target: '#wanted.linking',
                      actions: ['restLink', 'dialLink'],
                    },
                  },
                },
                down: { on: { 'service.launching': 'up' } },
                up: {
                  on: {
                    'service.ready': { target: '#wanted.linking', actions: 'dialLink' },
                  },
                },
              },
            },
            failed: {
              description: 'Given up, with a reason. Only the host can start again.',
              on: { start: { target: 'raising', actions: 'raiseService' } },
              initial: 'service',
              states: {
                service: {},
                link: {
                  on: { retarget: { target: '#raising', actions: 'raiseService' } },
                },
              },
            },
          },
        },
        falling: {
          id: 'falling',
          description: 'Stopping. A start in between begins again from nothing.',
          type: 'parallel',
          on: {
            dispose: { target: 'ending', actions: ['dropLink', 'dropService'] },
            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
          },
          states: {
            halves: halves(stuck, afterwards, { draining }),
            next: {
              initial: 'rest',
              states: {
                rest: { on: { start: 'again', restart: { guard: 'byUser', target: 'again' } } },
                again: { id: 'again', on: { stop: 'rest' } },
              },
            },
            pace: pace({ stop: hurry }),
          },
        },
        unkillable: {
          id: 'unkillable',
          description: 'A process outlived every signal. It is on record; nothing runs beside it.',
          on: {
            dispose: { target: 'ending', actions: ['dropLink', 'dropService'] },
            quit: { target: 'ending', actions: ['dropLink', 'killService'] },
            'service.rested': { target: 'falling.halves.link', actions: 'restLink' },
          },
        },
        ending: {
          description: 'Stopping for ever. Takes nothing any more.',
          type: 'parallel',
          states: {
            // what cannot be killed is on record, and there is nothing more to wait for
            halves: halves({ both: 'link', service: 'none' }, { always: '#disposed' } as const, {}),
            // a quit always has a limit
            pace: pace({ quit: '.hurried' } as const),
          },
        },
        disposed: { id: 'disposed', description: 'Ended. Holds nothing.' },
      },
    },
    ledger,
    cooldown,
    ownership,
  },
});
