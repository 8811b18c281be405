/** The promises cover what the scenarios are about, and each of them can be broken. */
import { describe, expect, it } from 'vitest';
import {
  type Actor,
  guarantees,
  kernel,
  type Moment,
  type StepGuarantee,
  steps,
  type View,
} from '../../machines/guarantees.ts';
import { ids } from '../scenarios/ids.ts';

describe('the guarantees', () => {
  it('speak of every group of scenarios at least once', () => {
    const groups = new Set(ids.map((id) => id.slice(0, 2)));
    // properties, and bugs and hazards of every group
    for (const group of ['PR', 'MU', 'HZ']) groups.delete(group);
    // what is said and given away: words of the runtime, of which no machine knows
    for (const group of ['DG', 'SE']) groups.delete(group);
    const spoken = new Set(
      [...guarantees, ...steps, ...kernel].flatMap(({ groups: of = [] }) => of),
    );
    expect([...spoken].sort()).toEqual([...groups].sort());
  });
});

/** A state that some promise must refuse, as actors with the states that they are in. */
const wrong: Readonly<Record<string, readonly [path: string, ...states: string[]][]>> = {
  'one-socket': [
    ['gateway/link/connection/socket', 'live'],
    ['gateway/link/other/socket', 'live'],
  ],
  'one-process': [
    ['gateway/service/process/os', 'live'],
    ['gateway/service/other/os', 'live'],
  ],
  'attached-is-left-alone': [
    ['gateway/service', 'attached'],
    ['gateway/service/process', 'held.alive'],
  ],
  'rest-holds-nothing': [
    ['gateway', 'life.resting'],
    ['gateway/link/connection/socket', 'live'],
  ],
  'disposed-holds-nothing': [
    ['gateway', 'life.disposed'],
    ['gateway/service/process/os', 'live'],
  ],
  'running-is-true': [
    ['gateway', 'life.wanted.running'],
    ['gateway/link', 'waiting'],
    ['gateway/link/connection', 'ended'],
  ],
  'wanted-is-pursued': [['gateway', 'life.wanted']],
  'stopping-is-pursued': [['gateway', 'life.falling']],
  'failed-owns-nothing-unsaid': [
    ['gateway/service', 'failed'],
    ['gateway/service/process/os', 'live'],
  ],
  'floor-is-kept': [
    ['gateway/link', 'waiting'],
    ['gateway/link/connection/socket', 'live'],
  ],
  'credentials-follow-the-challenge': [
    ['gateway/link/connection', 'linked.dialing'],
    ['gateway/link/connection/credentials'],
  ],
  'beats-only-while-open': [
    ['gateway/link/connection', 'linked.closing'],
    ['gateway/link/connection/heartbeat'],
  ],
  'open-has-a-socket': [['gateway/link/connection', 'linked.open']],
  'replaced-without-a-link': [
    ['gateway', 'life.wanted.recovering'],
    ['gateway/link', 'trying.up'],
  ],
  'pause-holds-no-socket': [
    ['gateway/link', 'paused'],
    ['gateway/link/connection/socket', 'live'],
  ],
  'root-knows-its-halves': [
    ['gateway', 'life.wanted', 'life.wanted.linking'],
    ['gateway/link', 'trying.up'],
  ],
  'link-knows-its-connection': [
    ['gateway/link', 'trying.opening'],
    ['gateway/link/connection', 'linked.open'],
  ],
  'connection-knows-its-socket': [
    ['gateway/link/connection', 'linked.dialing'],
    ['gateway/link/connection/socket', 'closed'],
  ],
  'service-knows-its-process': [
    ['gateway/service', 'owned.up'],
    ['gateway/service/process', 'gone'],
  ],
  'process-knows-its-end': [
    ['gateway/service/process', 'held.alive'],
    ['gateway/service/process/os', 'exited'],
  ],
  'who-doubts-has-asked': [
    ['gateway/link/connection/heartbeat', 'watching.probing'],
    ['gateway/link/connection/heartbeat/pulse', 'idle'],
  ],
  'nobody-waits-for-ever': [['gateway/link', 'waiting']],
};

function viewOf(rows: readonly (readonly [path: string, ...states: string[]])[]): View {
  const actors: Actor[] = rows.map(([path, ...states]) => ({
    path,
    role: path.slice(path.lastIndexOf('/') + 1),
    live: states.includes('live'),
    timers: [],
    matches: (state) => states.includes(state),
  }));
  return {
    actors,
    at: (path) => actors.find((actor) => actor.path === path),
    liveLeaves: actors.filter(({ live }) => live).length,
    armedTimers: 0,
  };
}

describe('a promise', () => {
  for (const { id, sentence, check } of guarantees) {
    it(`can be broken: ${sentence}`, () => {
      expect(check(viewOf(wrong[id] ?? []))).toBeTypeOf('string');
      expect(check(viewOf([]))).toBeUndefined();
    });
  }
});

interface WrongStep {
  before: Moment;
  wrong: Moment;
  event: { type: string; [field: string]: unknown };
  right: Moment;
}

function momentOf(states: readonly string[], counts: object = {}): Moment {
  const context = { failures: 0, asked: 0, served: 0, dropped: 0, doubted: false, ...counts };
  return { context, matches: (state) => states.includes(state) };
}

const beating = (state: string): Moment => momentOf([state], { policy: { mode: 'probe' } });
const wanted = momentOf(['life.wanted']);
const drained = { policy: { stop: { drainMs: 5_000 } } };
const resting = momentOf(['life.resting']);
const owing = momentOf(['life.wanted'], { asked: 1 });

/** A step that some promise must refuse, and what should have come of the event instead. */
const wrongSteps: Readonly<Record<string, WrongStep>> = {
  'failures-count-until-stable': {
    before: momentOf(['trying.opening'], { failures: 2 }),
    wrong: momentOf(['trying.up.fresh']),
    event: { type: 'from.connection' },
    right: momentOf(['trying.up.fresh'], { failures: 2 }),
  },
  'attached-is-proved': {
    before: momentOf(['clearing']),
    wrong: momentOf(['attached']),
    event: { type: 'order', order: { type: 'service.recover' } },
    right: momentOf(['clearing']),
  },
  'mended-once': {
    before: momentOf(['owned.starting'], { repaired: true }),
    wrong: momentOf(['mending'], { repaired: true }),
    event: { type: 'from.process', report: { type: 'process.gone', class: 'configuration' } },
    right: momentOf(['failed.configuration'], { repaired: false }),
  },
  'mended-is-said': {
    before: momentOf(['owned.repairing'], { repaired: true }),
    wrong: momentOf(['clearing'], { repaired: true }),
    event: { type: 'from.process', report: { type: 'process.gone', class: 'crash' } },
    right: momentOf(['failed.configuration'], { repaired: false }),
  },
  'mended-to-its-end': {
    before: momentOf(['mending'], { repaired: true }),
    wrong: momentOf(['locating'], { repaired: true }),
    event: { type: 'order', order: { type: 'service.raise' } },
    right: momentOf(['mending'], { repaired: true }),
  },
  'asked-before-signalled': {
    before: momentOf(['held.alive'], drained),
    wrong: momentOf(['held.stopping'], drained),
    event: { type: 'order', order: { type: 'process.stop' } },
    right: momentOf(['held.draining'], drained),
  },
  'asked-over-its-link': {
    before: momentOf(['life.wanted.running'], { policy: { drains: true } }),
    wrong: momentOf(['life.falling.halves.both']),
    event: { type: 'stop' },
    right: momentOf(['life.falling.halves.draining']),
  },
  'a-mode-is-kept': {
    before: beating('watching.awaiting'),
    wrong: beating('watching.pinging'),
    event: { type: 'host.resumed' },
    right: beating('watching.awaiting'),
  },
  'a-sign-ends-doubt': {
    before: beating('watching.probing'),
    wrong: beating('watching.awaiting'),
    event: { type: 'from.pulse', report: { type: 'pulse.alive' } },
    right: beating('watching.resting'),
  },
  'first-cause-counts': {
    before: momentOf(['linked.closing'], { cause: 'lost' }),
    wrong: momentOf(['linked.closing'], { cause: 'credentials' }),
    event: { type: 'from.socket' },
    right: momentOf(['linked.closing'], { cause: 'lost' }),
  },
  'patience-is-asked-for': {
    before: momentOf(['lost']),
    wrong: momentOf(['waiting.floored'], { floorMs: 0 }),
    event: { type: 'from.connection' },
    right: momentOf(['waiting.floored'], { floorMs: 1_000 }),
  },
  'stop-is-obeyed': { before: wanted, wrong: wanted, event: { type: 'stop' }, right: resting },
  'ended-for-ever': {
    before: resting,
    wrong: resting,
    event: { type: 'dispose' },
    right: momentOf(['life.disposed']),
  },
  'start-is-obeyed': { before: resting, wrong: resting, event: { type: 'start' }, right: wanted },
  'only-you-undo-a-stop': {
    before: resting,
    wrong: wanted,
    event: { type: 'restart', by: 'host' },
    right: resting,
  },
  'restarts-are-counted': {
    before: wanted,
    wrong: wanted,
    event: { type: 'restart', by: 'host' },
    right: owing,
  },
  'a-stop-answers': {
    before: owing,
    wrong: momentOf(['life.falling'], { asked: 1 }),
    event: { type: 'stop' },
    right: momentOf(['life.falling'], { asked: 1, dropped: 1 }),
  },
  'owed-is-pursued': {
    before: momentOf(['life.wanted', 'ledger.due'], { asked: 1 }),
    wrong: momentOf(['life.wanted', 'ledger.clear'], { asked: 1 }),
    event: { type: 'from.service', report: { type: 'service.failed' } },
    right: momentOf(['life.wanted', 'ledger.clear'], { asked: 1, served: 1 }),
  },
  'cycles-are-asked-for': {
    before: wanted,
    wrong: momentOf(['life.wanted.cycling'], { asked: 1, served: 1 }),
    event: { type: 'restart', by: 'user' },
    right: momentOf(['life.wanted.cycling'], { asked: 2, served: 1 }),
  },
  'a-reload-answers-for-itself': {
    before: momentOf(['life.wanted.running'], { begun: 1, applied: 0, mild: false }),
    wrong: momentOf(['life.wanted.running'], { begun: 1, applied: 1, mild: false }),
    event: { type: 'from.service', report: { type: 'service.reloaded' } },
    right: momentOf(['life.wanted.running'], { begun: 1, applied: 0, mild: false }),
  },
  'only-doubt-kills': {
    before: owing,
    wrong: momentOf(['life.wanted'], { asked: 2, doubted: true }),
    event: { type: 'from.link' },
    right: momentOf(['life.wanted'], { asked: 2 }),
  },
  'limits-are-kept': {
    before: wanted,
    wrong: momentOf(['life.falling']),
    event: { type: 'stop', withinMs: 1_000 },
    right: momentOf(['life.falling', 'life.falling.pace.hurried']),
  },
};

describe('a promise about a step', () => {
  for (const { id, sentence, check } of steps) {
    it(`can be broken: ${sentence}`, () => {
      const { before, wrong: after, event, right } = wrongSteps[id] ?? missing(id);
      expect(check(before, after, event)).toBeTypeOf('string');
      expect(check(before, right, event)).toBeUndefined();
    });
  }

  it('says each of its ways to be broken', () => {
    const check = (id: string, ...step: Parameters<StepGuarantee['check']>) =>
      steps.find((one) => one.id === id)?.check(...step);
    const doubted = momentOf(['life.wanted'], { doubted: true });
    const stopping = momentOf(['life.falling', 'life.falling.pace.hurried']);
    const said = [
      check('only-doubt-kills', wanted, doubted, { type: 'from.link' }),
      check('limits-are-kept', wanted, stopping, { type: 'stop', withinMs: 0 }),
    ];
    expect(said).toEqual([
      'a doubt outlives what it asked for',
      "'stop' has no limit, and one is kept",
    ]);
  });
});

function missing(id: string): never {
  throw new Error(`no step is known that breaks ${id}`);
}
