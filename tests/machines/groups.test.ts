/** The promises cover what the scenarios are about, and each of them can be broken. */
import { describe, expect, it } from 'vitest';
import {
  type Actor,
  guarantees,
  kernel,
  type Moment,
  steps,
  type View,
} from '../../machines/guarantees.ts';
import { ids } from '../scenarios/ids.ts';

describe('the guarantees', () => {
  it('speak of every group of scenarios at least once', () => {
    const groups = new Set(ids.map((id) => id.slice(0, 2)));
    // properties, and bugs of every group
    for (const group of ['PR', 'MU']) groups.delete(group);
    const spoken = new Set([...guarantees, ...kernel].flatMap(({ groups: of = [] }) => of));
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

/** An order, a report or a hint, with what comes along. */
interface Event {
  type: string;
  report?: object;
}

/** A step that some promise must refuse: states and contexts before and after, and the event. */
const wrongSteps: Readonly<Record<string, readonly [before: Moment, after: Moment, event: Event]>> =
  {
    'failures-count-until-stable': [
      momentOf(['trying.opening'], 2),
      momentOf(['trying.up.fresh'], 0),
      { type: 'from.connection' },
    ],
    'a-mode-is-kept': [
      beating('watching.awaiting'),
      beating('watching.pinging'),
      { type: 'host.resumed' },
    ],
    'a-sign-ends-doubt': [
      beating('watching.probing'),
      beating('watching.awaiting'),
      { type: 'from.pulse', report: { type: 'pulse.alive' } },
    ],
    'first-cause-counts': [
      { ...momentOf(['linked.closing']), context: { cause: 'lost' } },
      { ...momentOf(['linked.closing']), context: { cause: 'credentials' } },
      { type: 'from.socket' },
    ],
    'patience-is-asked-for': [
      momentOf(['lost']),
      { ...momentOf(['waiting.floored']), context: { floorMs: 0 } },
      { type: 'from.connection' },
    ],
    'stop-is-obeyed': [momentOf(['life.wanted']), momentOf(['life.wanted']), { type: 'stop' }],
  };

function beating(state: string): Moment {
  return { ...momentOf([state]), context: { policy: { mode: 'probe' } } };
}

function momentOf(states: readonly string[], failures = 0): Moment {
  return { context: { failures }, matches: (state) => states.includes(state) };
}

describe('a promise about a step', () => {
  for (const { id, sentence, check } of steps) {
    it(`can be broken: ${sentence}`, () => {
      const [before, after, event] = wrongSteps[id] ?? [momentOf([]), momentOf([]), { type: '' }];
      expect(check(before, after, event)).toBeTypeOf('string');
      const allowed = id === 'a-sign-ends-doubt' ? beating('watching.resting') : momentOf([]);
      expect(check(before, allowed, event)).toBeUndefined();
    });
  }
});
