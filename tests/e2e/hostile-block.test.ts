/**
 * A host that blocks the event loop from inside of its functions, for two seconds each and once
 * for five. Each delays its own life by that and no more: start and stop settle, nothing that
 * fell due meanwhile is taken for a failure, nothing escapes and nothing is left.
 */

import { describe, expect, it } from 'vitest';
import { RealServer } from '../drivers/ws-peers.ts';
import { carriers, keepHouse } from './house.ts';
import { expectBounds, lives, prelude } from './lives.ts';
import { program } from './servers.ts';

keepHouse();

/** Each program lives its lives one after the other: the blocked ones must not delay others. */
const table: [name: string, make: string][][] = [
  [
    ['link.url', 'hf.connect(linkOf({ url: once(url) }))'],
    ['link.credentials', 'hf.connect(linkOf({ credentials: once({}) }))'],
    ['link.authorize', 'hf.connect(linkOf({ authorize: once(true) }))'],
    ['link.protocol', 'hf.connect(linkOf({ protocol: opens }))'],
  ],
  [
    ['link.transport', 'hf.connect(linkOf({ transport: dials }))'],
    ['inspect', 'hf.connect(linkOf(), { inspect: once() })'],
    ['clock', 'hf.connect(linkOf(), { clock })'],
    ['onConnected', 'welcoming(hf.connect(linkOf()))'],
    ['a listener', 'hf.connect(linkOf()).on("status", once())'],
  ],
  [
    ['process.plan', 'hf.supervise(processOf({ plan: once({ command }) }))'],
    ['process.output', 'hf.supervise(processOf({ output: once() }))'],
    ['process.beforeSpawn', 'hf.supervise(processOf({ beforeSpawn: once() }))'],
  ],
  [
    ['process.ready.probe', 'hf.supervise(processOf({ ready: { probe: once(true) } }))'],
    ['logger', 'hf.supervise(processOf(), { logger })'],
    ['process.driver for 5 s', '(forMs = 5_000, hf.supervise(processOf({ driver: starts })))'],
  ],
];

const prepared = `
  let left = 1;
  let forMs = 2_000;
  const now = () => { if (left-- > 0) block(forMs); };
  const once = (answer) => () => { now(); return answer; };
  const logger = { debug() {}, warn() {}, error() {}, info: once() };
  const opens = {
    ...asks,
    session(host) {
      const one = asks.session(host);
      const { opened } = one;
      return Object.assign(one, { opened() { now(); opened.call(one); } });
    },
  };
  const dials = (target, events) => {
    now();
    setImmediate(() => events.opened());
    const end = () => setImmediate(() => events.closed({ code: 1000, reason: '' }));
    return { bufferedBytes: 0, send() {}, ping() {}, close: end, reset() {} };
  };
  const clock = {
    now: () => performance.now(), wallNow: () => Date.now(),
    setTimeout: (run, ms) => { now(); return setTimeout(run, ms); },
    clearTimeout: (id) => clearTimeout(id),
  };
  const starts = (plan, events) => {
    now();
    setImmediate(() => { events.spawned(4_000_000); events.line('stdout', 'up'); });
    const end = () => setImmediate(() => {
      events.exited({ code: 0, signal: null });
      events.empty();
    });
    return { terminate: end, kill() {}, release() {} };
  };
  const welcoming = (gateway) => { gateway.onConnected(once()); return gateway; };
`;

describe('a function of the host that blocks the loop', () => {
  it('delays its own life by that, and no more', async () => {
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const runs = table.map((ones) => {
      const life = ([name, make]: [string, string]) =>
        `await live('${name}', () => { left = 1; return ${make}; }, 12_000)`;
      return program(`${prelude(url)} ${prepared} print([${ones.map(life).join()}]);`);
    });
    const all = (await Promise.all(runs.map((run) => lives(run)))).flat();
    expect(all).toHaveLength(table.flat().length);
    expectBounds(all, 5_000);
    for (const { name, is } of all) expect([name, is]).toEqual([name, 'running']);
    expect(carriers()).toEqual([]);
  });
});
