/**
 * A host that does its worst: listeners and functions of it throw, reject, hang, block the event
 * loop, remove themselves and call back in. Starts and stops settle within their bounds, what
 * failed is named, nothing escapes as an unhandled error and nothing is left. Most of it runs in
 * processes of its own, which print what they saw.
 */

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/drivers/system-clock.ts';
import { type Clock, createGateway, type Gateway } from '../../src/index.ts';
import { RealServer } from '../drivers/ws-peers.ts';
import { carriers, failure, isAlive, keep, keepHouse, reaches, until, within } from './house.ts';
import { type Program, program } from './servers.ts';

keepHouse();

/** Ends by itself after a while, whatever happens to the test. */
const up = ['sh', '-c', 'echo up; exec sleep 60'];

/**
 * What every program begins with: a protocol that asks for credentials and needs no server of its
 * own, ways to fail, and a life that is started, seen to run or not, stopped and disposed.
 */
const prelude = (url: string) => `
  const url = ${JSON.stringify(url)};
  const command = ${JSON.stringify(up)};
  const asks = {
    name: 'asks', heartbeat: { mode: 'off' },
    session(host) {
      const base = hf.plain().session(host);
      return Object.assign(Object.create(base), {
        server: {},
        opened() { host.post({ type: 'socket.opened' }); host.post({ type: 'socket.challenged' }); },
        async credentials(ask) { await ask(); },
        hello() { host.post({ type: 'socket.accepted', silenceMs: 0 }); },
        frame(data) { host.deliver({ kind: 'message', data }); },
        ended: (end) => base.ended(end),
        closing: (why) => base.closing(why),
        probe() {},
      });
    },
  };
  const boom = () => { throw new Error('boom'); };
  const ways = {
    throws: boom,
    rejects: () => Promise.reject(new Error('boom')),
    hangs: () => new Promise(() => {}),
  };
  const block = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
  const quick = { firstMs: 20, maxMs: 20, jitter: 0 };
  const limits = { lookupMs: 150, credentialsMs: 150, openMs: 5_000, helloMs: 5_000 };
  const linkOf = (more = {}) => ({ url, protocol: asks, reconnect: quick, limits, ...more });
  const processOf = (more = {}) => ({
    command, ready: { line: /up/ }, backoff: quick, startsMax: 1,
    planMs: 150, readyMs: 400, ...more,
  });
  const timed = async (promise) => {
    const from = performance.now();
    const value = await promise.then((is) => is, (error) => error.code ?? String(error));
    return { value, ms: Math.round(performance.now() - from) };
  };
  /** Starts it, waits for running or for the error that says why not, stops and disposes it. */
  async function live(name, make, { readyMs = 700 } = {}) {
    const told = [];
    const gateway = make();
    gateway.on('diagnostic', ({ code, message }) => told.push(code + ' ' + message));
    const start = await timed(gateway.start());
    const ready = await timed(gateway.ready({ timeoutMs: readyMs }));
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    const { state, because, error } = gateway.status;
    const stop = await timed(gateway.stop());
    const { state: after } = gateway.status;
    const end = await timed(gateway.dispose());
    told.push(because, error?.message ?? '');
    const is = typeof ready.value === 'object' ? 'running' : ready.value;
    return {
      name, is, state, after, gone: stop.value.gone, ended: end.value.gone,
      startMs: start.ms, readyMs: ready.ms, stopMs: stop.ms, told,
    };
  }
  const print = (lives) => { for (const life of lives) console.log(JSON.stringify(life)); };
`;

interface Life {
  name: string;
  is: string;
  state: string;
  after: string;
  gone: boolean;
  ended: boolean;
  startMs: number;
  readyMs: number;
  stopMs: number;
  told: string[];
}

/** Everything it printed; it must end by itself, with nothing of ours keeping it alive. */
async function lives({ gone, lines }: Program): Promise<Life[]> {
  expect([await within('the program to end', gone, 18_000), lines.filter(notJson)]).toEqual([
    0,
    [],
  ]);
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Life);
}
const notJson = (line: string) => line !== '' && !line.startsWith('{');

/** What holds for every life, whatever was done to it. */
function expectBounds(all: Life[], slowMs = 0): void {
  for (const { name, startMs, stopMs, gone, ended, after } of all) {
    expect([name, gone, ended, after]).toEqual([name, true, true, 'stopped']);
    expect([name, startMs < 500 + slowMs, stopMs < 2_000 + slowMs]).toEqual([name, true, true]);
  }
}

describe('a function of the host', () => {
  it('that throws, rejects or hangs is named; start and stop settle, nothing escapes', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        for (const option of ['url', 'credentials', 'authorize']) {
          all.push(live('link.' + option + ' ' + way, () => hf.connect(linkOf({ [option]: fails }))));
        }
        for (const option of ['plan', 'beforeSpawn']) {
          const make = () => hf.supervise(processOf({ [option]: fails }));
          all.push(live('process.' + option + ' ' + way, make, { readyMs: 5_000 }));
        }
        const probing = () => hf.supervise(processOf({ ready: { probe: fails } }));
        all.push(live('process.ready.probe ' + way, probing, { readyMs: 5_000 }));
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(18);
    expectBounds(all);
    for (const { name, is, told } of all) {
      const [option = '', way] = name.split(' ');
      expect([name, is]).not.toEqual([name, 'running']);
      const said = way === 'hangs' ? `${option} had not answered` : `${option} failed: boom`;
      expect([name, told.find((text) => text.includes(said)) ?? told]).toEqual([
        name,
        expect.stringContaining(said),
      ]);
    }
    expect(carriers()).toEqual([]);
  });

  it('that only looks on harms nothing: output, logger, inspect, onConnected', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        const logger = { debug: fails, info: fails, warn: fails, error: fails };
        const make = {
          logger: () => hf.createGateway({ process: processOf(), link: linkOf(), logger }),
          inspect: () => hf.createGateway({ process: processOf(), link: linkOf(), inspect: fails }),
          'process.output': () => hf.supervise(processOf({ output: fails })),
          onConnected: () => {
            const gateway = hf.connect(linkOf());
            gateway.onConnected(fails);
            return gateway;
          },
        };
        for (const [option, one] of Object.entries(make)) {
          all.push(live(option + ' ' + way, one, { readyMs: 5_000 }));
        }
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(12);
    expectBounds(all);
    for (const { name, is, told } of all) {
      const [option, way] = name.split(' ');
      expect([name, is]).toEqual([name, 'running']);
      const said = told.some((text) => text.includes(`${option}`) && text.endsWith(': boom'));
      expect([name, said]).toEqual([name, way !== 'hangs']);
    }
    expect(carriers()).toEqual([]);
  });

  it('that blocks the loop for two seconds delays its own life by that, and no more', async () => {
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const blocked = (lives: string) =>
      program(`${prelude(url)}
        let left = 1;
        const once = (answer) => () => { if (left-- > 0) block(); return answer; };
        const logger = { debug() {}, warn() {}, error() {}, info: once() };
        print([${lives}]);
      `);
    const life = (name: string, make: string) =>
      `await live('${name}', () => { left = 1; return ${make}; }, { readyMs: 9_000 })`;
    const runs = [
      [
        life('link.url', 'hf.connect(linkOf({ url: once(url) }))'),
        life('link.credentials', 'hf.connect(linkOf({ credentials: once({}) }))'),
      ],
      [
        life('link.authorize', 'hf.connect(linkOf({ authorize: once(true) }))'),
        life('logger', 'hf.supervise(processOf(), { logger })'),
      ],
      [
        life('process.plan', 'hf.supervise(processOf({ plan: once({ command }) }))'),
        life('process.output', 'hf.supervise(processOf({ output: once() }))'),
      ],
      [
        life('process.beforeSpawn', 'hf.supervise(processOf({ beforeSpawn: once() }))'),
        life('process.ready.probe', 'hf.supervise(processOf({ ready: { probe: once(true) } }))'),
      ],
    ];
    const all = (await Promise.all(runs.map((ones) => lives(blocked(ones.join()))))).flat();
    expect(all).toHaveLength(8);
    expectBounds(all, 2_000);
    for (const { name, is } of all) expect([name, is]).toEqual([name, 'running']);
    expect(carriers()).toEqual([]);
  });
});

describe('a listener', () => {
  it('DS-30, CH-26, CH-29, DS-03: may throw, reject, re-enter and remove itself', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const events = ['status', 'ready', 'diagnostic', 'exit', 'restart', 'message'];
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        all.push(live('all ' + way, () => {
          const gateway = hf.createGateway({ process: processOf(), link: linkOf() });
          for (const name of events) gateway.on(name, fails);
          return gateway;
        }, { readyMs: 5_000 }));
      }
      print(await Promise.all(all));

      const seen = [];
      const gateway = hf.createGateway({ process: processOf(), link: linkOf() });
      const states = ['starting', 'running', 'stopping'];
      for (const state of states) {
        gateway.on('status', (status) => { if (status.state === state) boom(); });
      }
      const self = () => { seen.push('self'); gateway.off('status', self); };
      gateway.on('status', self);
      gateway.on('status', ({ state }) => { if (seen.at(-1) !== state) seen.push(state); });
      await gateway.start();
      await gateway.ready();
      const again = await gateway.restart();
      await gateway.stop();
      await gateway.start();
      await gateway.ready();

      let stopping;
      gateway.on('status', ({ state }) => {
        if (state === 'reconnecting' || state === 'restarting') stopping ??= gateway.stop();
      });
      await gateway.restart().catch(() => {});
      const stopped = await stopping;
      const { state, process: own, connection } = gateway.status;

      const other = hf.connect(linkOf());
      let inner;
      other.on('status', (status) => { if (status.state === 'running') inner ??= other.stop(); });
      await other.start();
      const ready = await timed(other.ready());
      await inner;
      const reentered = [other.status.state, other.status.connection === undefined];

      const disposing = hf.connect(linkOf());
      const last = [];
      disposing.on('status', boom);
      disposing.on('status', ({ state }) => { last.push(state); void disposing.dispose(); });
      await disposing.start();
      await disposing.ready().catch(() => {});
      await disposing.dispose();
      await new Promise(setImmediate);
      await Promise.all([gateway.dispose(), other.dispose()]);
      console.log(JSON.stringify({
        seen, again: again.outcome, stopped, state, own, connection, reentered,
        disposed: [disposing.status.state, last.at(-1)],
      }));
    `);
    const all = await lives(run);
    const told = all.pop() as unknown as Record<string, unknown>;
    expect(all.map(({ name, is }) => [name, is])).toEqual(
      ['throws', 'rejects', 'hangs'].map((way) => [`all ${way}`, 'running']),
    );
    expectBounds(all);
    expect(told).toEqual({
      seen: ['self', 'starting', 'running', 'restarting', 'running', 'stopping', 'stopped'].concat([
        'starting',
        'running',
        'restarting',
        'stopping',
        'stopped',
      ]),
      again: 'replaced',
      stopped: { gone: true, how: expect.stringMatching(/^pid \d+ ended by our SIGTERM$/) },
      state: 'stopped',
      reentered: ['stopped', true],
      disposed: ['disposed', 'disposed'],
    });
    expect(carriers()).toEqual([]);
  });
});

describe('a machine that fails', () => {
  /** Fails once, inside the next step that arms a timer: the one way from outside into a step. */
  class FailingClock implements Clock {
    readonly #clock = systemClock({ onResume: () => {} });
    shallFail = false;
    readonly armed = new Set<unknown>();

    now = () => this.#clock.now();
    wallNow = () => this.#clock.wallNow();

    setTimeout(run: () => void, ms: number): unknown {
      if (this.shallFail) {
        this.shallFail = false;
        throw new Error('no timer left');
      }
      const id = this.#clock.setTimeout(() => {
        this.armed.delete(id);
        run();
      }, ms);
      this.armed.add(id);
      return id;
    }

    clearTimeout(id: unknown): void {
      this.armed.delete(id);
      this.#clock.clearTimeout(id);
    }
  }

  async function running() {
    const clock = new FailingClock();
    const server = await RealServer.start('accepts');
    const reconnect = { firstMs: 10, maxMs: 10, jitter: 0 };
    const gateway = keep(
      createGateway({
        process: {
          command: ['sh', '-c', 'trap "" TERM; echo up; sleep 60'],
          ready: { line: /up/ },
        },
        link: { url: server.target().url, protocol: 'jsonrpc', reconnect },
        clock,
      }),
    );
    await gateway.start();
    const { process: own } = await gateway.ready();
    return { clock, server, gateway, peer: await server.peer(), pid: own?.pid ?? 0 };
  }

  const broken = { code: 'HF_INTERNAL', message: 'a machine failed: no timer left' };

  async function expectBroken(gateway: Gateway): Promise<void> {
    await reaches(gateway, { state: 'failed' });
    const { error, process: own, connection, line } = gateway.status;
    expect([own, connection]).toEqual([undefined, undefined]);
    expect(error).toMatchObject(broken);
    expect(line).toMatch(/^failed +a machine failed: no timer left; make a new gateway$/);
    for (const verb of ['start', 'ready', 'restart', 'retryNow'] as const) {
      expect(await failure(gateway[verb]())).toMatchObject(broken);
    }
  }

  const breaks: [when: string, what: (gateway: Gateway) => Promise<unknown>][] = [
    ['a restart', (gateway) => failure(gateway.restart())],
    ['a stop', (gateway) => gateway.stop()],
    ['a retarget', (gateway) => failure(gateway.retarget({ url: 'ws://127.0.0.1:9' }))],
  ];
  it.each(breaks)('in %s takes everything with it', async (_, what) => {
    const { clock, gateway, peer, pid, server } = await running();
    const cut = failure(gateway.request('never answered'));
    await until('the request', () => peer.log.words.some((word) => word.startsWith('text')));
    const next = failure(gateway.nextReady());
    const diagnostics: string[] = [];
    gateway.on('diagnostic', ({ code, message }) => diagnostics.push(`${code} ${message}`));
    clock.shallFail = true;
    const outcome = await within('the verb', what(gateway), 2_000);
    expect(clock.shallFail).toBe(false);
    if (_ === 'a stop') expect(outcome).toMatchObject({ gone: true });
    else expect(outcome).toMatchObject(broken);
    await expectBroken(gateway);
    expect(await next).toMatchObject(broken);
    expect(await cut).toMatchObject({ delivery: 'maybe-executed' });
    await until('the process to be gone', () => !isAlive(pid) && carriers().length === 0);
    await until('the end of the socket', () => peer.log.words.some((is) => /gone/.test(is)));
    expect(peer.log.words.at(-1)).toBe('gone by reset');
    await until('the diagnostic', () => diagnostics.length > 0);
    expect(diagnostics).toEqual([`${broken.code} ${broken.message}`]);
    // the machines below the one that failed are still there; they must not come back to life
    expect([...clock.armed]).toEqual([]);
    expect(server.target().url).toContain('127.0.0.1');
    expect(await gateway.stop()).toMatchObject({ gone: true });
    expect(await gateway.dispose()).toMatchObject({ gone: true });
    expect(gateway.status).toMatchObject({ state: 'disposed', intent: 'disposed' });
    expect((await failure(gateway.start())).code).toBe('HF_DISPOSED');
  });

  it('in its very first step rejects that start', async () => {
    const clock = new FailingClock();
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const gateway = keep(
      createGateway({
        process: { command: ['sh', '-c', 'echo up; sleep 60'], plan: () => new Promise(() => {}) },
        link: { url, protocol: 'jsonrpc' },
        clock,
      }),
    );
    clock.shallFail = true;
    expect(await failure(gateway.start())).toMatchObject(broken);
    await expectBroken(gateway);
    expect([clock.armed.size, carriers()]).toEqual([0, []]);
  });
});
