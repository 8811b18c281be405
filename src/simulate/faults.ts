/**
 * Everything that can go wrong in a simulation, and everything that an app can ask for, as a table
 * of kinds: how likely, how long, and what it does. It promises that an act says whether it met
 * anything, so that only what did is counted. It must never look at the machines.
 */
import type { App } from './app.ts';
import type { Chance } from './chance.ts';
import type { Condition } from './script.ts';
import { event } from './service.ts';
import type { World } from './world.ts';

export interface Act {
  /** milliseconds from the beginning of the run */
  at: number;
  kind: Kind;
  /** how long it lasts, where it lasts */
  forMs: number;
  /** 0 to 999: which of several ways, where there are several */
  value: number;
}

interface Fault {
  is: 'fault' | 'command';
  about: 'link' | 'process' | 'any';
  weight: number;
  forMs(dice: Chance): number;
  /** false: there was nothing that it could meet */
  act(world: World, app: App, act: Act): boolean;
}

const nothing = () => 0;
const span = (least: number, most: number) => (dice: Chance) => dice.between(least, most);
const pick = <T>(things: readonly [T, ...T[]], value: number): T =>
  things[value % things.length] ?? things[0];

const lasting = (
  condition: Condition,
  about: Fault['about'],
  weight: number,
  [least, most]: readonly [number, number],
): Fault => ({
  is: 'fault',
  about,
  weight,
  forMs: span(least, most),
  act(world, _app, { forMs }) {
    world.begin(condition, forMs);
    return true;
  },
});

/** Something that the service does to its newest connection. */
const spoken = (
  weight: number,
  speak: (call: World['calls'][number], act: Act, world: World) => void,
  forMs: Fault['forMs'] = nothing,
): Fault => ({
  is: 'fault',
  about: 'link',
  weight,
  forMs,
  act(world, _app, act) {
    const call = world.calls.at(-1);
    if (call === undefined) return false;
    speak(call, act, world);
    return true;
  },
});

/** Something that happens to the process that lives. */
const struck = (
  weight: number,
  strike: (child: NonNullable<World['child']>, act: Act, world: World) => void,
  forMs: Fault['forMs'] = nothing,
): Fault => ({
  is: 'fault',
  about: 'process',
  weight,
  forMs,
  act(world, _app, act) {
    const { child } = world;
    if (child === undefined) return false;
    strike(child, act, world);
    return true;
  },
});

const asked = (
  weight: number,
  ask: (app: App, act: Act) => void,
  about: Fault['about'] = 'any',
): Fault => ({
  is: 'command',
  about,
  weight,
  forMs: nothing,
  act(_world, app, act) {
    ask(app, act);
    return true;
  },
});

const closeCodes = [1000, 1001, 1005, 1008, 1011, 1012, 1013, 3000, 4000, 4001] as const;
const exitCodes = [0, 1, 1, 2, 70, 78, 127, 255] as const;
const signals = ['SIGSEGV', 'SIGKILL', 'SIGABRT', 'SIGTERM'] as const;
const garbage = [
  '{"type":',
  '',
  '\u0000\u0001',
  '[]',
  '{"type":"res","id":"stranger","ok":true}',
  '{"jsonrpc":"2.0","id":7,"method":"surprise"}',
  event('shutdown', { reason: 7, restartExpectedMs: 'soon' }),
  event('connect.challenge', {}),
  'x'.repeat(2_000),
] as const;

const table = {
  // the network
  refused: lasting('refused', 'link', 2, [1_000, 300_000]),
  unavailable: lasting('unavailable', 'link', 1, [1_000, 60_000]),
  blackHole: lasting('blackHole', 'link', 2, [1_000, 120_000]),
  slowUpgrade: lasting('slowUpgrade', 'link', 1, [5_000, 300_000]),
  slowLines: lasting('slowLines', 'link', 1, [5_000, 120_000]),
  drop: spoken(6, (call) => call.reset()),
  hangUp: spoken(2, (call) => call.end()),
  halfOpen: spoken(3, (call, _act, world) => world.service.freeze(call)),
  deaf: spoken(1, (call, _act, world) => world.service.deafen(call)),
  pongless: spoken(1, (call) => {
    call.pongs = false;
  }),
  vanish: {
    is: 'fault',
    about: 'link',
    weight: 2,
    forMs: span(100, 120_000),
    act(world, _app, { forMs }) {
      if (world.script.halves !== 'link') return false;
      world.service.vanish(forMs);
      return true;
    },
  },
  // the peer
  close: spoken(4, (call, { value }) => call.close(pick(closeCodes, value), 'as told')),
  restarts: spoken(
    3,
    (call, { forMs, value }, world) => {
      if (world.script.protocol === 'openclaw') {
        const restartExpectedMs = value % 4 === 0 ? null : forMs;
        call.send(event('shutdown', { reason: 'update', restartExpectedMs }));
      }
      world.time.after(value, () => call.close(1012, 'service restart'));
      world.begin('refused', forMs);
    },
    span(200, 50_000),
  ),
  garbage: spoken(2, (call, { value }) => call.send(pick(garbage, value))),
  oversized: spoken(1, (call) => call.send('x'.repeat(70_000))),
  chatter: spoken(1, (call, { value }) => {
    for (let seq = 1; seq <= 20; seq += 1) {
      call.send(event('news', { seq: seq % 7 === 0 ? seq + value : seq }));
    }
  }),
  mute: lasting('mute', 'link', 2, [1_000, 90_000]),
  unanswering: lasting('unanswering', 'link', 1, [5_000, 120_000]),
  limited: {
    is: 'fault',
    about: 'link',
    weight: 2,
    forMs: span(1_000, 120_000),
    act(world, _app, { forMs, value }) {
      world.floorMs = value * 100;
      world.begin('limited', forMs);
      world.calls.at(-1)?.close(1013, 'try again later');
      return true;
    },
  },
  wrongToken: {
    is: 'fault',
    about: 'link',
    weight: 2,
    forMs: span(1_000, 120_000),
    act(world, app, { forMs, value }) {
      const right = (world.tokens.service + 1) % 2;
      world.tokens.service = right;
      world.calls.at(-1)?.close(1008, 'credentials were changed');
      world.time.afterAwake(forMs, () => app.learns(right, value % 2 === 0));
      return true;
    },
  },
  // the process
  exits: struck(5, (child, { value }) => child.exits(pick(exitCodes, value))),
  dies: struck(4, (child, { value }) => child.exits(null, pick(signals, value))),
  losesFirst: struck(2, (child, { value }, world) => {
    for (const call of world.calls) call.reset();
    world.time.after(value * 2, () => child.exits(pick(exitCodes, value)));
  }),
  babbles: struck(1, (child, { value }) => {
    for (let line = 0; line < 30; line += 1) child.says(`line ${line} of ${value}`, 'stderr');
    child.writes('an end without a line');
  }),
  stubborn: lasting('stubborn', 'process', 2, [10_000, 300_000]),
  unkillable: lasting('unkillable', 'process', 1, [10_000, 120_000]),
  unspawnable: lasting('unspawnable', 'process', 2, [1_000, 60_000]),
  spawnHangs: lasting('spawnHangs', 'process', 1, [1_000, 30_000]),
  unready: lasting('unready', 'process', 2, [5_000, 200_000]),
  brittle: lasting('brittle', 'process', 1, [5_000, 200_000]),
  fertile: lasting('fertile', 'process', 1, [30_000, 300_000]),
  // the machine it runs on
  suspend: {
    is: 'fault',
    about: 'any',
    weight: 1,
    forMs: span(2_000, 1_800_000),
    act(world, _app, { forMs }) {
      world.time.stall(forMs);
      return true;
    },
  },
  stall: {
    is: 'fault',
    about: 'any',
    weight: 3,
    forMs: span(50, 20_000),
    act(world, _app, { forMs }) {
      world.time.stall(forMs);
      return true;
    },
  },
  disorder: lasting('disorder', 'any', 3, [10_000, 300_000]),
  bunched: lasting('bunched', 'any', 2, [10_000, 300_000]),
  // the app
  start: asked(1, (app) => app.start()),
  stop: asked(1, (app, { value }) => app.stop(value % 2 === 0 ? 0 : value)),
  restart: asked(2, (app, { value }) => app.restart(value % 3 === 0 ? value * 5 : 0), 'process'),
  reload: asked(2, (app, { value }) => app.reload(value % 3 === 0 ? value * 5 : 0), 'process'),
  retarget: asked(1, (app, { value }) => app.retarget(value), 'link'),
  retryNow: asked(1, (app) => app.retryNow(), 'link'),
  resume: asked(1, (app) => app.resume(), 'link'),
  probe: asked(1, (app) => app.probe(), 'link'),
  request: asked(8, (app, { value }) => app.request(value), 'link'),
  send: asked(1, (app, { value }) => app.send(value), 'link'),
  stopAndStart: asked(1, (app) => {
    app.stop(0);
    app.start();
  }),
  dispose: asked(1, (app) => app.dispose()),
  quit: asked(0.5, (app, { value }) => app.quit(value)),
  killNow: asked(0.5, (app) => app.killNow(), 'process'),
} satisfies Record<string, Fault>;

export type Kind = keyof typeof table;
export const faults: Readonly<Record<Kind, Fault>> = table;
export const kinds = Object.keys(table) as Kind[];

/** In words, for a person who repeats it: `0:12:03.250 refused for 4.1 s`. */
export function inWords({ at, kind, forMs, value }: Act): string {
  const lasts = forMs === 0 ? '' : ` for ${(forMs / 1_000).toFixed(1)} s`;
  return `${moment(at)} ${kind}${lasts} (${value})`;
}

/** `1:02:03.500` */
export function moment(ms: number): string {
  const seconds = (ms / 1_000) % 60;
  const minutes = Math.floor(ms / 60_000) % 60;
  const padded = seconds.toFixed(3).padStart(6, '0');
  return `${Math.floor(ms / 3_600_000)}:${String(minutes).padStart(2, '0')}:${padded}`;
}
