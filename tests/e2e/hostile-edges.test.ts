/**
 * What a host brings with methods of its own, doing its worst: a transport, a protocol, a driver,
 * a clock, dice, stores, signals. Each failure is named, start and stop settle within their
 * bounds, nothing escapes as an unhandled error, no secret gets out with it and nothing is left.
 */

import { describe, expect, it } from 'vitest';
import { RealServer } from '../drivers/ws-peers.ts';
import { carriers, keepHouse } from './house.ts';
import { expectBounds, type Life, lives, prelude } from './lives.ts';
import { greeter, program } from './servers.ts';

keepHouse();

/** Every life was named with `said`, or runs as if nothing had happened. */
function expectNamed(all: Life[], said: (option: string, way: string) => string): void {
  for (const { name, told } of all) {
    const [option = '', way = ''] = name.split(' ');
    const words = said(option, way);
    expect([name, told.find((text) => text.includes(words)) ?? told]).toEqual([
      name,
      expect.stringContaining(words),
    ]);
  }
}

const fails = ['throws', 'rejects'];

describe('an object of the host', () => {
  it('link.protocol: whatever of it fails ends that connection, by name', async () => {
    const run = program(`${prelude(await greeter())}
      const methods = ['session', 'opened', 'credentials', 'hello', 'frame', 'ended', 'closing'];
      methods.push('probe', 'request');
      const all = [];
      const use = async (gateway, told) => {
        await Promise.all([
          gateway.probe({ timeoutMs: 50 }).then(({ because }) => told.push(because)),
          gateway.request('x', {}, { timeoutMs: 50 }).catch(() => {}),
        ]);
      };
      for (const [way, fails] of Object.entries(ways)) {
        for (const method of methods) {
          if (way === 'hangs' && method !== 'credentials') continue;
          const protocol = {
            ...asks,
            session(host) {
              if (method === 'session') return fails();
              return Object.assign(asks.session(host), { request: () => 'x', [method]: fails });
            },
          };
          const make = () => hf.connect(linkOf({ protocol }));
          all.push(live('link.protocol ' + way + ' ' + method, make, 5_000, use));
        }
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(19);
    expectBounds(all);
    // what a request throws is for whoever asked
    const told = all.filter(({ name }) => !name.endsWith('throws request'));
    expectNamed(told, (option, way) =>
      way === 'hangs' ? `${option} had not answered` : 'failed: boom',
    );
    expectNamed(told, (option) => option);
  });

  it('link.transport: a socket that fails is named, and does not hold up a stop', async () => {
    const run = program(`${prelude('ws://127.0.0.1:1')}
      const methods = ['dial', 'send', 'ping', 'close', 'reset'];
      const all = [];
      for (const way of ['throws', 'rejects']) {
        for (const method of methods) {
          const transport = (target, events) => {
            if (method === 'dial') return ways[way]();
            setImmediate(() => events.opened());
            const socket = { bufferedBytes: 0, send() {}, ping() {}, close() {}, reset() {} };
            return Object.assign(socket, { [method]: ways[way] });
          };
          const use = async (gateway) => {
            gateway.send('x');
            await gateway.probe({ timeoutMs: 50 });
          };
          const make = () => hf.connect(linkOf({ transport }));
          all.push(live('link.transport ' + way + ' ' + method, make, 5_000, use));
        }
      }
      const transport = (target, events) => {
        setImmediate(() => events.opened());
        const socket = { send() {}, ping() {}, close() {}, reset() {} };
        return Object.defineProperty(socket, 'bufferedBytes', { get: boom });
      };
      const make = () => hf.connect(linkOf({ transport }));
      const use = async (gateway) => void gateway.send('x');
      all.push(live('link.transport throws bufferedBytes', make, 5_000, use));
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(11);
    expectBounds(all);
    expectNamed(all, () => 'failed: boom');
    expectNamed(all, (option) => option);
  });

  it('process.driver: a process that fails is named, stop settles with the truth', async () => {
    const run = program(`${prelude('ws://127.0.0.1:1')}
      const methods = ['launch', 'terminate', 'kill', 'release'];
      const all = [];
      for (const way of ['throws', 'rejects']) {
        for (const method of methods) {
          const driver = (plan, events) => {
            if (method === 'launch') return ways[way]();
            setImmediate(() => {
              events.spawned(4_000_000);
              events.line('stdout', 'up');
            });
            const end = (signal) => {
              events.exited({ code: null, signal });
              events.empty();
            };
            // who kills it was not heard when it was terminated
            const dies = method === 'kill' ? () => {} : () => setImmediate(end, 'SIGKILL');
            const leaves = method === 'release' ? () => setImmediate(end, 'SIGTERM') : () => {};
            const handle = { terminate: leaves, kill: dies, release() {} };
            return Object.assign(handle, { [method]: ways[way] });
          };
          const stop = { graceMs: 50, killMs: 50 };
          const make = () => hf.supervise(processOf({ driver, stop }));
          all.push(live('process.driver ' + way + ' ' + method, make));
        }
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(8);
    const unkillable = all.filter(({ name }) => name.endsWith(' kill'));
    expect(unkillable.map(({ gone, after }) => [gone, after])).toEqual(
      fails.map(() => [false, 'failed']),
    );
    expectBounds(all.filter((life) => !unkillable.includes(life)));
    expectNamed(all, (option) => `${option} failed: `);
  });

  it('clock: is named; without a timer all is taken down, else nothing happens', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const methods = ['now', 'wallNow', 'setTimeout', 'clearTimeout'];
      const all = [];
      for (const way of ['throws', 'rejects']) {
        for (const method of methods) {
          const clock = {
            now: () => performance.now(), wallNow: () => Date.now(),
            setTimeout: (run, ms) => setTimeout(run, ms), clearTimeout: (id) => clearTimeout(id),
          };
          const timers = new Map();
          clock[method] = (...given) => {
            if (method === 'clearTimeout') clearTimeout(given[0]);
            const answer = ways[way]();
            if (method === 'clearTimeout') return answer;
            timers.set(answer, setTimeout(...given));
            return answer;
          };
          if (method === 'setTimeout') {
            clock.clearTimeout = (id) => clearTimeout(timers.get(id));
          } else if (method !== 'clearTimeout') clock[method] = ways[way];
          const make = () => hf.createGateway({ process: processOf(), link: linkOf(), clock });
          all.push(live('clock.' + method + ' ' + way, make, 1_500));
        }
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(8);
    for (const { name, is, gone, ended } of all) {
      const [option, way] = name.split(' ');
      const whole = option !== 'clock.setTimeout';
      expect([name, gone, ended]).toEqual([name, true, true]);
      if (whole) expect([name, is]).toEqual([name, 'running']);
      else if (way === 'throws') expect(is).toMatch(/^HF_(INTERNAL|USER_FUNCTION)$/);
    }
    expectBounds(all.filter(({ name }) => !name.startsWith('clock.setTimeout')));
    expectNamed(all, (option) => option);
    expect(carriers()).toEqual([]);
  });

  it('random: that fails or answers nonsense is refused where it is given', async () => {
    const run = program(`${prelude('ws://127.0.0.1:1')}
      const odd = [boom, ways.rejects, ways.hangs, () => NaN, () => 1, () => -1, () => '0.5'];
      for (const random of odd) {
        try {
          hf.connect({ url, protocol: 'plain' }, { random });
          console.log(JSON.stringify({ code: 'taken' }));
        } catch ({ code, message }) {
          console.log(JSON.stringify({ code, message }));
        }
      }
    `);
    const refusals = await lives<{ code: string; message: string }>(run);
    expect(refusals).toHaveLength(7);
    for (const { code, message } of refusals) {
      expect([code, message]).toEqual(['HF_OPTION_INVALID', expect.stringMatching(/^random /)]);
    }
    expect(refusals[0]?.message).toContain('boom');
  });

  it('stores of openclaw: that fail or hang are named, in words of ours', async () => {
    const challenge = { type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: 1 } };
    const url = await greeter(JSON.stringify(challenge));
    const run = program(`${prelude(url)}
      import { mkdtempSync, rmSync } from 'node:fs';
      import { tmpdir } from 'node:os';
      const folder = mkdtempSync(tmpdir() + '/holdfast-stores-');
      const { identity } = hf.openclawFiles(folder);
      // making one takes its time, which is not what is tested
      await identity.load();
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        const stores = {
          identity: { identity: { load: fails } },
          device: { identity, deviceTokens: { load: fails, save: fails, clear: fails } },
        };
        for (const [name, options] of Object.entries(stores)) {
          const roomy = { ...limits, credentialsMs: 1_500 };
          const make = () => hf.connect(linkOf({ protocol: hf.openclaw(options), limits: roomy }));
          all.push(live(name + ' ' + way, make));
        }
      }
      print(await Promise.all(all));
      rmSync(folder, { recursive: true });
    `);
    const all = await lives(run);
    expect(all).toHaveLength(6);
    expectBounds(all);
    expectNamed(all, (store, way) =>
      way === 'hangs' ? 'link.protocol had not answered' : `the ${store}`,
    );
  });
});

describe('an abort listener', () => {
  it('that fails is named, and harms nobody: of an attempt, a connection, a plan', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const all = [];
      for (const way of ['throws', 'rejects']) {
        const spoil = ({ signal }) => {
          const removed = () => console.log('was removed');
          signal.addEventListener('abort', removed);
          signal.removeEventListener('abort', removed);
          signal.addEventListener('abort', ways[way], { once: true });
          signal.addEventListener('abort', { handleEvent: ways[way] });
        };
        const spoiling = (answer) => (request) => { spoil(request); return answer; };
        const make = {
          'link.url': () => hf.connect(linkOf({ url: spoiling(url) })),
          'link.credentials': () => hf.connect(linkOf({ credentials: spoiling({}) })),
          onConnected: () => {
            const gateway = hf.connect(linkOf());
            gateway.onConnected(spoil);
            return gateway;
          },
          'process.plan': () => hf.supervise(processOf({ plan: spoiling({ command }) })),
          'process.ready': () => hf.supervise(processOf({ ready: { probe: spoiling(true) } })),
        };
        for (const [option, one] of Object.entries(make)) {
          all.push(live(option + ' ' + way, one));
        }
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(10);
    expectBounds(all);
    for (const { name, is } of all) expect([name, is]).toEqual([name, 'running']);
    expectNamed(all, (option) => `an abort listener of ${option}`);
    expect(carriers()).toEqual([]);
  });
});

describe('what a function of the host throws', () => {
  it('gets out without its secrets, whatever it is', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const spilt = () => {
        throw new Error('Bearer abcdefgh12345678 token=hunter2hunter2 wss://me:pw123456@there');
      };
      const odd = () => { throw Object.create(null); };
      const empty = () => Promise.reject(undefined);
      const heard = [];
      const note = (fields, text) => { heard.push(JSON.stringify(fields), text); };
      const logger = { debug: note, info: note, warn: note, error: note };
      const all = [];
      for (const [name, fails] of Object.entries({ spilt, odd, empty })) {
        const links = { url: fails, credentials: fails, authorize: fails };
        for (const option of Object.keys(links)) {
          const make = () => hf.connect(linkOf({ [option]: fails }), { logger });
          all.push(live('link.' + option + ' ' + name, make));
        }
        for (const option of ['plan', 'beforeSpawn', 'output', 'driver']) {
          const make = () => hf.supervise(processOf({ [option]: fails }), { logger });
          all.push(live('process.' + option + ' ' + name, make));
        }
        const http = () => hf.supervise(processOf({ ready: { http: fails }, readyMs: 400 }));
        all.push(live('process.ready.http ' + name, http));
        const listener = () => hf.connect(linkOf(), { logger }).on('status', fails);
        all.push(live('listener ' + name, listener));
      }
      const done = await Promise.all(all);
      print(done.map((life) => ({ ...life, told: [...life.told, ...heard.splice(0)] })));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(27);
    expectBounds(all);
    const everything = JSON.stringify(all);
    expect(everything).not.toMatch(/abcdefgh|hunter2|pw123456/);
    expect(everything).toContain('link.credentials failed: Bearer [redacted] token=[redacted]');
    expect(carriers()).toEqual([]);
  });

  it('at every poll of a readiness is said once, and again when it changes', async () => {
    const run = program(`${prelude('ws://127.0.0.1:1')}
      let polls = 0;
      const probe = () => { throw new Error(++polls > 3 ? 'later' : 'early'); };
      const enough = async () => {
        while (polls < 6) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      const life = await live('probe', () => {
        const gateway = hf.supervise(processOf({ ready: { probe } }));
        void gateway.ready().catch(() => {});
        return gateway;
      }, 100, enough);
      print([{ ...life, told: life.told.filter((text) => text.startsWith('process.ready')) }]);
    `);
    const [life] = await lives(run);
    expect(life?.told).toEqual([
      'process.ready.probe failed: early',
      'process.ready.probe failed: later',
    ]);
  });
});
