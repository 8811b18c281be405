/**
 * How to bring a gateway into each phase it can be in, and hold it there. Each phase is reached by
 * a fact, with real processes and a real server; nothing here ends what it began. It needs no test
 * runner: benches and programs use it too.
 */

import {
  type Connection,
  connect,
  HoldfastError,
  type Link,
  type Plan,
  type ProcessDriver,
  type ProcessOptions,
  type Supervised,
  supervise,
} from '../../src/index.ts';
import { knock } from './knock.ts';
import type { Manner } from './stand-in.ts';

export interface Reached {
  gateway: Connection | Supervised;
  /** lets the function of the host that is being asked answer after all */
  answer: () => void;
  /** how often a function of the host was asked */
  asked: () => number;
}

export interface Phase {
  name: string;
  /** the server it takes */
  manner?: Manner;
  reach(port: number): Promise<Reached>;
}

const waitMs = 60_000;
const reconnect = { firstMs: waitMs, maxMs: waitMs };

/** Once every turn of the event loop, for at most ten seconds; leaves no timer behind. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const inPhase = (gateway: Reached['gateway'], phase: string) =>
  until(`${phase}, it is ${gateway.status.phase}`, () => gateway.status.phase === phase);

/** A function of the host that has not answered yet. */
function held<T>(value: T) {
  let asked = 0;
  let answer = () => {};
  const answered = new Promise<T>((resolve) => {
    answer = () => resolve(value);
  });
  const ask = () => {
    asked += 1;
    return answered;
  };
  return { ask, answer: () => answer(), asked: () => asked };
}

interface Held {
  ask: () => unknown;
  answer: () => void;
  asked: () => number;
}

function link(
  name: string,
  manner: Manner | undefined,
  options: (of: { url: string; ask: () => unknown }) => Partial<Link>,
  reached: (link: Connection, held: Held) => Promise<unknown>,
): Phase {
  return {
    name,
    ...(manner === undefined ? {} : { manner }),
    async reach(port) {
      const url = `ws://127.0.0.1:${port}`;
      const one: Held = held(name === 'lookup' ? url : 'secret');
      const own = options({ url, ask: one.ask });
      const gateway = connect({ url, protocol: 'plain', reconnect, ...own });
      await gateway.start();
      await reached(gateway, one);
      return { gateway, answer: one.answer, asked: one.asked };
    },
  };
}

const reaches = (phase: string) => (gateway: Connection) => inPhase(gateway, phase);
const refused = () => {
  throw new HoldfastError('HF_CREDENTIALS', 'no key');
};
const greeted = (credentials: () => unknown) => ({ protocol: knock(), credentials }) as const;

export const linkPhases: Phase[] = [
  link(
    'lookup',
    undefined,
    ({ ask }) => ({ url: ask as () => Promise<string> }),
    (_, { asked }) => until('the lookup', () => asked() === 1),
  ),
  link('TCP', 'full', () => ({}), reaches('dialing')),
  link('TLS', 'mute', ({ url }) => ({ url: url.replace('ws:', 'wss:') }), reaches('dialing')),
  link('upgrade', 'mute', () => ({}), reaches('dialing')),
  link('challenge', 'upgrades', ({ ask }) => greeted(ask), reaches('authenticating')),
  link(
    'challenge of openclaw',
    'upgrades',
    () => ({ protocol: 'openclaw' }),
    (gateway) => inPhase(gateway, 'authenticating'),
  ),
  link(
    'credentials',
    'challenges',
    ({ ask }) => greeted(ask),
    (_, { asked }) => until('the question', () => asked() === 1),
  ),
  link(
    'hello',
    'challenges',
    ({ ask }) => greeted(ask),
    async (_, one) => {
      one.answer();
      await until('the question', () => one.asked() === 1);
    },
  ),
  link(
    'open',
    'upgrades',
    () => ({}),
    (gateway) => gateway.ready(),
  ),
  link(
    'closing',
    'upgrades',
    () => ({ limits: { closeMs: 5_000 } }),
    async (gateway) => {
      await gateway.ready();
      void gateway.stop();
      await inPhase(gateway, 'closing');
    },
  ),
  link('waiting', 'resets', () => ({}), reaches('backing-off')),
  link(
    'paused',
    'challenges',
    () => ({ ...greeted(refused), limits: { closeMs: 10 } }),
    reaches('paused'),
  ),
];

const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];
const willing = sh('echo up; exec sleep 60');

function service(
  name: string,
  options: (ask: () => unknown) => Partial<ProcessOptions>,
  reached: (gateway: Supervised, asked: () => number) => Promise<unknown>,
): Phase {
  return {
    name: `service ${name}`,
    async reach() {
      const one = held(name === 'plan' ? { command: willing } : true);
      const own = { command: willing, ready: { line: /up/ }, backoff: reconnect };
      const gateway = supervise({ ...own, ...options(one.ask) });
      await gateway.start();
      await reached(gateway, one.asked);
      return { gateway, answer: one.answer, asked: one.asked };
    },
  };
}

/** Never says that it has spawned; gone when it is told to end. */
const silent: ProcessDriver = (_plan, events) => {
  const end = () =>
    setImmediate(() => {
      events.failed({ code: 'ENOENT', message: 'never spawned' });
      events.empty();
    });
  return { terminate: end, kill: end, release() {} };
};

export const servicePhases: Phase[] = [
  service(
    'plan',
    (ask) => ({ plan: ask as () => Promise<Plan> }),
    (_, asked) => until('the plan', () => asked() === 1),
  ),
  service(
    'spawning',
    () => ({ driver: silent }),
    (gateway) => inPhase(gateway, 'spawning'),
  ),
  service(
    'proving',
    (ask) => ({ ready: { probe: ask as () => Promise<boolean> } }),
    (_, asked) => until('the probe', () => asked() === 1),
  ),
  service(
    'up',
    () => ({}),
    (gateway) => gateway.ready(),
  ),
  service(
    'backing off',
    () => ({ command: sh('exit 1') }),
    (gateway) => inPhase(gateway, 'backing-off'),
  ),
  service(
    'falling',
    () => ({ command: sh('trap "exit 0" TERM; echo up; sleep 60 & wait') }),
    (g) =>
      g.ready().then(() => {
        void g.stop();
        return inPhase(g, 'terminating');
      }),
  ),
];
