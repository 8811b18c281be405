/**
 * Lives of Holdfast in a process of its own, with a host that does its worst: each is started,
 * stopped and disposed, and prints what it saw and how long each verb took. The process must end
 * by itself; whatever nobody handled in it is printed, and fails the test.
 */

import { expect } from 'vitest';
import { within } from './house.ts';
import type { Program } from './servers.ts';

/** Ends by itself after a while, whatever happens to the test. */
const up = ['sh', '-c', 'echo up; exec sleep 60'];

/**
 * What every program begins with: a protocol that asks for credentials and needs no server of its
 * own, ways to fail, and a life that is started, seen to run or not, stopped and disposed.
 */
export const prelude = (url: string) => `
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
        frame(data) {
          host.deliver({ kind: 'message', data });
          host.deliver({ kind: 'event', name: 'frame', payload: data });
        },
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
  const block = (ms = 2_000) =>
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
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
  const turns = async () => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  };
  /**
   * Starts it, waits until it runs, has failed or has named its trouble, lets something happen to
   * it, stops and disposes it.
   */
  async function live(name, make, readyMs = 5_000, during = async () => {}) {
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
    await during(gateway, told);
    await turns();
    const { error } = gateway.status;
    const stop = await timed(gateway.stop());
    const { state: after } = gateway.status;
    const end = await timed(gateway.dispose());
    await turns();
    told.push(error?.message ?? '', String(error?.details.option));
    const is = typeof ready.value === 'object' ? 'running' : ready.value;
    return {
      name, is, after, gone: stop.value.gone, ended: end.value.gone,
      startMs: start.ms, readyMs: ready.ms, stopMs: stop.ms, told,
    };
  }
  const print = (lives) => { for (const life of lives) console.log(JSON.stringify(life)); };
`;

export interface Life {
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
export async function lives<T = Life>({ gone, lines }: Program): Promise<T[]> {
  expect([await within('the program to end', gone, 18_000), lines.filter(notJson)]).toEqual([
    0,
    [],
  ]);
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
const notJson = (line: string) => line !== '' && !line.startsWith('{');

/** What holds for every life, whatever was done to it. */
export function expectBounds(all: Life[], slowMs = 0): void {
  for (const { name, startMs, stopMs, gone, ended, after } of all) {
    expect([name, gone, ended, after]).toEqual([name, true, true, 'stopped']);
    // far below what any of them would take that waited for an answer, or for the kill
    const isSlow = Math.max(startMs, stopMs) > 3_000 + slowMs;
    expect([name, isSlow ? { startMs, stopMs } : 'in time']).toEqual([name, 'in time']);
  }
}
