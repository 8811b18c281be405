/**
 * A host that does its worst: listeners and functions of it throw, reject, hang, block the event
 * loop, remove themselves and call back in. Starts and stops settle within their bounds, what
 * failed is named, nothing escapes as an unhandled error and nothing is left. Most of it runs in
 * processes of its own, which print what they saw.
 */

import { describe, expect, it } from 'vitest';
import { RealServer } from '../drivers/ws-peers.ts';
import { carriers, keepHouse, within } from './house.ts';
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
        opened() {
          host.post({ type: 'socket.opened' });
          host.post({ type: 'socket.challenged' });
        },
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
    planMs: 150, readyMs: 9_000, ...more,
  });
  const timed = async (promise) => {
    const from = performance.now();
    const value = await promise.then((is) => is, (error) => error.code ?? String(error));
    return { value, ms: Math.round(performance.now() - from) };
  };
  /** Starts it, waits until it runs, has failed or has named its trouble, stops and disposes it. */
  async function live(name, make, readyMs = 5_000) {
    const told = [];
    const named = new AbortController();
    const tell = (text) => {
      told.push(text);
      if (/^link.*(failed|had not answered)/.test(text)) named.abort();
    };
    const gateway = make();
    gateway.on('diagnostic', ({ message }) => tell(message));
    gateway.on('status', ({ because }) => tell(because));
    const start = await timed(gateway.start());
    const ready = await timed(gateway.ready({ timeoutMs: readyMs, signal: named.signal }));
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    const { error } = gateway.status;
    const stop = await timed(gateway.stop());
    const { state: after } = gateway.status;
    const end = await timed(gateway.dispose());
    told.push(error?.message ?? '');
    const is = typeof ready.value === 'object' ? 'running' : ready.value;
    return {
      name, is, after, gone: stop.value.gone, ended: end.value.gone,
      startMs: start.ms, readyMs: ready.ms, stopMs: stop.ms, told,
    };
  }
  const print = (lives) => { for (const life of lives) console.log(JSON.stringify(life)); };
`;

interface Life {
  name: string;
  is: string;
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
    // far below what any of them would take that waited for an answer, or for the kill
    const isSlow = Math.max(startMs, stopMs) > 3_000 + slowMs;
    expect([name, isSlow ? { startMs, stopMs } : 'in time']).toEqual([name, 'in time']);
  }
}

describe('a function of the host', () => {
  it('that throws, rejects or hangs is named; start and stop settle, nothing escapes', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        for (const option of ['url', 'credentials', 'authorize']) {
          const make = () => hf.connect(linkOf({ [option]: fails }));
          all.push(live('link.' + option + ' ' + way, make));
        }
        for (const option of ['plan', 'beforeSpawn']) {
          const make = () => hf.supervise(processOf({ [option]: fails }));
          all.push(live('process.' + option + ' ' + way, make));
        }
        const probing = () => hf.supervise(processOf({ ready: { probe: fails }, readyMs: 400 }));
        all.push(live('process.ready.probe ' + way, probing));
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
          all.push(live(option + ' ' + way, one));
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
      `await live('${name}', () => { left = 1; return ${make}; }, 9_000)`;
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
    runs.push([life('inspect', 'hf.connect(linkOf(), { inspect: once() })')]);
    const all = (await Promise.all(runs.map((ones) => lives(blocked(ones.join()))))).flat();
    expect(all).toHaveLength(9);
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
        }));
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
      stopped: { gone: true, how: expect.any(String) },
      state: 'stopped',
      reentered: ['stopped', true],
      disposed: ['disposed', 'disposed'],
    });
    expect(carriers()).toEqual([]);
  });
});
