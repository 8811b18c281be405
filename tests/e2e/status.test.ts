/**
 * What the status says through a whole life: plain JSON, the same object until something changed,
 * no field that outlives what it speaks of, and nothing that is not so yet. Every status that is
 * told, and every one that is looked up in between, is held against the same rules.
 */

import { describe, expect, it } from 'vitest';
import { connect, createGateway, type Gateway, type Status } from '../../src/index.ts';
import { RealServer } from '../drivers/ws-peers.ts';
import { failure, isAlive, keep, keepHouse, reaches, until } from './house.ts';
import { knock } from './knock.ts';

keepHouse();

const quick = { firstMs: 20, maxMs: 40, jitter: 0 };
const idle: [string, ...string[]] = ['sh', '-c', 'echo up; exec sleep 60'];
const dying: [string, ...string[]] = ['sh', '-c', 'exit 1'];
const nobody = 'ws://127.0.0.1:1';

/** Every rule that a status breaks, in words. */
function broken(status: Status): string[] {
  const { state, phase, intent, process: own, connection, error } = status;
  const rules: [rule: string, holds: boolean][] = [
    ['plain JSON', JSON.stringify(structuredClone(status)) === JSON.stringify(status)],
    ['survives JSON', Object.keys(JSON.parse(JSON.stringify(status))).length === keysOf(status)],
    ['line begins with the state', status.line.startsWith(`${state} `)],
    ['line ends with the sentence', status.line.endsWith(` ${status.because}`)],
    [
      'DG-16: an error while failed or paused only',
      !error || state === 'failed' || phase === 'paused',
    ],
    ['an error whenever failed', state !== 'failed' || error !== undefined],
    ['a next try while waiting only', !status.nextRetryAt || phase === 'backing-off'],
    ['no attempt while running', state !== 'running' || status.attempt === 0],
    ['no exit while running', state !== 'running' || status.exit === undefined],
  ];
  if (state === 'running') rules.push(['running is connected', connection !== undefined]);
  else rules.push(['connected is running or leaving', !connection || state === 'stopping']);
  if (['stopped', 'disposed'].includes(state)) {
    rules.push(['rest holds nothing', !own && !connection && !error && !status.nextRetryAt]);
    rules.push(['rest waits for nothing', status.pending.length === 0 && status.attempt === 0]);
    rules.push(['rest is not wanted', intent !== 'wanted']);
  }
  if (own?.pid) rules.push(['DG-11: no dead pid', isAlive(own.pid)]);
  return rules.filter(([, holds]) => !holds).map(([rule]) => `${rule}: ${JSON.stringify(status)}`);
}

const keysOf = (status: Status) => Object.values(status).filter((is) => is !== undefined).length;

/** Watches from now on; `look` looks in between. */
function watch(gateway: Pick<Gateway, 'status' | 'on'>) {
  const told: Status[] = [];
  const faults: string[] = [];
  const look = () => {
    const { status } = gateway;
    faults.push(...broken(status));
    if (gateway.status !== status) faults.push('another object, though nothing has changed');
    return status;
  };
  gateway.on('status', (status) => {
    told.push(status);
    faults.push(...broken(status));
    if (gateway.status !== status) faults.push('what is told is not what is');
  });
  const looking = setInterval(look, 3);
  return { told, faults, look, end: () => clearInterval(looking) };
}

const statesOf = (told: readonly Status[]) =>
  told.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1]);

describe('the status', () => {
  it('DG-11, DG-12, DG-16, DG-17: is true through a whole life, told and looked up', async () => {
    const server = await RealServer.start('accepts');
    let url = nobody;
    let plans = 0;
    const plan = () => {
      plans += 1;
      return { command: plans === 2 ? dying : idle };
    };
    const gateway = keep(
      createGateway({
        process: { plan, ready: { line: /up/ }, backoff: quick },
        link: { url: () => url, protocol: 'plain', reconnect: { firstMs: 100, maxMs: 100 } },
        cooldownMs: 0,
        arbitration: { verdictMs: 50 },
      }),
    );
    const { told, faults, look, end } = watch(gateway);
    look();
    await gateway.start();
    // three attempts fail before the server is there
    await until('a third attempt', () => gateway.status.attempt >= 3);
    url = server.target().url;
    await gateway.ready();
    const first = await server.peer();
    look();
    let back = gateway.nextReady();
    first.reset();
    await back;
    back = gateway.nextReady();
    process.kill(gateway.status.process?.pid ?? 0, 'SIGKILL');
    await back;
    await gateway.restart();
    await gateway.stop();
    look();
    await gateway.start();
    await gateway.ready();
    await gateway.dispose();
    await until('the last line', () => told.at(-1)?.state === 'disposed');
    look();
    end();
    expect(faults).toEqual([]);
    expect(told.map(({ line }) => line).filter((line, at, all) => line === all[at - 1])).toEqual(
      [],
    );
    expect(statesOf(told)).toEqual([
      ...['starting', 'running', 'reconnecting', 'running', 'restarting', 'running'],
      ...['restarting', 'running', 'stopping', 'stopped', 'starting', 'running'],
      ...['stopping', 'disposed'],
    ]);
    expect(plans).toBe(5);
  });

  it('is running no sooner than the hello is answered, and the last word after that', async () => {
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const link = keep(connect({ url, protocol: knock(), credentials: () => 'me' }));
    const { told, faults, look, end } = watch(link);
    await link.start();
    const peer = await server.peer();
    peer.send('challenge');
    await peer.log.until('text hello me');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(statesOf(told)).toEqual(['starting']);
    expect(look().phase).toBe('authenticating');
    const ready: string[] = [];
    link.on('ready', ({ state, line }) => ready.push(`${state} ${line === link.status.line}`));
    peer.send('welcome');
    await link.ready();
    await until('the event', () => ready.length === 1);
    end();
    expect(ready).toEqual(['running true']);
    expect(statesOf(told)).toEqual(['starting', 'running']);
    expect(faults).toEqual([]);
  });

  it('shows an error as long as it is true, and takes it back', async () => {
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const link = keep(connect({ url, protocol: knock(), reconnect: quick }));
    const { faults, end } = watch(link);
    await link.start();
    const first = await server.peer();
    first.send('challenge');
    await first.log.until('text hello');
    first.send('refused your key is old');
    const error = await failure(link.ready());
    expect(link.status.error).toEqual({
      code: 'HF_CREDENTIALS',
      message: error.message,
      details: error.details,
    });
    await link.resume();
    expect(link.status.error).toBeUndefined();
    const second = await server.peer();
    second.send('challenge');
    await second.log.until('text hello');
    second.send('welcome');
    await link.ready();
    end();
    expect(faults).toEqual([]);
  });

  it('counts since from the moment its state began', async () => {
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const link = keep(connect({ url, protocol: 'plain', reconnect: quick }));
    const before = Date.now();
    await link.start();
    const { since } = await link.ready();
    expect(since).toBeGreaterThanOrEqual(before);
    expect(since).toBeLessThanOrEqual(Date.now());
    expect((await link.probe()).ok).toBe(true);
    expect(link.status.since).toBe(since);
  });

  it('DG-05: is not harmed by whoever changes what it was given', async () => {
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const gateway = keep(
      createGateway({
        process: { command: idle, ready: { line: /up/ } },
        link: { url, protocol: 'plain' },
        cooldownMs: 60_000,
      }),
    );
    await gateway.start();
    await gateway.ready();
    await gateway.restart();
    const waiting = gateway.restart({ because: 'later' });
    await reaches(gateway, { phase: 'cooling' });
    const whole = JSON.stringify(gateway.status);
    for (const given of [gateway.status, gateway.diagnostics]) deface(given);
    const { status, diagnostics } = gateway;
    expect(JSON.stringify(status)).toBe(whole);
    expect(JSON.stringify(diagnostics)).not.toContain('defaced');
    await gateway.stop();
    expect((await waiting).outcome).toBe('superseded');
    expect(JSON.stringify([gateway.status, gateway.diagnostics])).not.toContain('defaced');
  });

  it('never shows the credentials or the query of an address', async () => {
    const server = await RealServer.start('accepts');
    const { port } = new URL(server.target().url);
    const url = `ws://user:S3cretPw@127.0.0.1:${port}/path?token=S3cretToken`;
    const link = keep(connect({ url, protocol: 'plain', reconnect: quick }));
    const seen: unknown[] = [];
    for (const name of ['status', 'diagnostic', 'ready'] as const) {
      link.on(name, (what) => seen.push(what));
    }
    await link.start();
    await link.ready();
    const peer = await server.peer();
    expect(peer.request.url).toBe('/path?token=S3cretToken');
    server.server.close();
    peer.reset();
    await reaches(link, { phase: 'backing-off' });
    seen.push(link.status, link.diagnostics);
    expect(JSON.stringify(seen)).toContain(`ws://127.0.0.1:${port}/path`);
    expect(JSON.stringify(seen)).not.toMatch(/S3cret/);
  });
});

/** Overwrites everything that can be, at every depth. */
function deface(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    deface(inner);
    if (typeof inner !== 'object') Reflect.set(value, key, 'defaced');
  }
  Reflect.set(value, Array.isArray(value) ? value.length : 'more', 'defaced');
}
