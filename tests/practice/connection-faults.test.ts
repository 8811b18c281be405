/** What the practice gateway does to connections when it is told to. */

import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Client, dial, share, start, until } from './house.ts';

const silentFor = async (client: Client, ms: number) => {
  const before = client.frames.length;
  await new Promise((resolve) => setTimeout(resolve, ms));
  return client.frames.length === before;
};

/** What a bare TCP dial says: connected, or the error code. */
const knock = (port: number) =>
  new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

const gateway = share();

describe('the listener', () => {
  it('refuses connections for the time it was told, and keeps those it has', async () => {
    const { url, port, fault, http, pid } = gateway();
    const client = await dial(url);
    const forMs = 1000;
    let began = 0;
    const refuse = async () => {
      began = performance.now();
      expect(await fault({ name: 'refuse', forMs })).toEqual({ ok: true, fault: 'refuse' });
    };
    await refuse();
    // a fault is answered before it acts, and whoever knocks when its time is over asks again
    await until('the refusal', async () => {
      if ((await knock(port)) === 'ECONNREFUSED') return true;
      if (performance.now() - began > forMs) await refuse();
      return false;
    });
    expect(await client.call('add', [1, 2])).toMatchObject({ result: 3 });
    await until('the listener', async () => (await knock(port)) === 'connected');
    expect(performance.now() - began).toBeGreaterThanOrEqual(forMs - 10);
    expect((await http('/healthz')).body).toMatchObject({ pid });
  });

  it('resets the open connections too when it refuses with drop', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    await fault({ name: 'refuse', forMs: 50, drop: true });
    expect(await client.closed()).toMatchObject({ code: 1006, error: 'ECONNRESET' });
  });

  it('answers upgrades with an HTTP status as often as it was told', async () => {
    const { url, fault } = gateway();
    await fault({ name: 'reject', status: 401, times: 2 });
    for (const _ of [1, 2]) {
      const refused = await dial(url);
      expect((await refused.closed()).error).toContain('401');
    }
    expect(await (await dial(url)).call('add', [1, 2])).toMatchObject({ result: 3 });
  });
});

describe('an open connection', () => {
  it('is reset by drop', async () => {
    const { url, fault, stats } = gateway();
    const clients = [await dial(url), await dial(url)];
    await fault({ name: 'drop' });
    for (const client of clients) {
      expect(await client.closed()).toMatchObject({ code: 1006, error: 'ECONNRESET' });
    }
    expect((await stats()).closes).toMatchObject([{ wasReset: false }, { wasReset: false }]);
  });

  it('gets FIN without a close frame by halfclose', async () => {
    const { url, fault, stats } = gateway();
    const client = await dial(url);
    await fault({ name: 'halfclose' });
    expect(await client.closed()).toEqual({ code: 1006, reason: '', error: undefined });
    await until('the close', async () => (await stats()).closes.length === 1);
    expect((await stats()).closes).toMatchObject([{ code: 1006, wasReset: false, fin: true }]);
  });

  it('is closed with the code and reason it was told', async () => {
    const { url, fault, stats } = gateway();
    const client = await dial(url);
    await fault({ name: 'close', code: 4001, reason: 'gateway auth changed' });
    expect(await client.closed()).toMatchObject({ code: 4001, reason: 'gateway auth changed' });
    await until('the close', async () => (await stats()).closes.length === 1);
    expect((await stats()).closes).toMatchObject([{ sent: 4001, code: 4001, fin: true }]);
  });

  it('gets neither answers nor pongs while the server hangs, all of them later', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    await fault({ name: 'hang' });
    client.send({ jsonrpc: '2.0', id: 'late', method: 'add', params: [1, 2] });
    expect(await client.ponged(200)).toBe(false);
    expect(client.frames).toEqual([]);
    await fault({ name: 'clear' });
    expect(await client.nextJson()).toMatchObject({ id: 'late', result: 3 });
    await fault({ name: 'hang', forMs: 50 });
    expect(await client.ponged()).toBe(true);
  });

  it('hangs as well when it opens while the server hangs', async () => {
    const { url, fault } = gateway();
    await fault({ name: 'hang' });
    const client = await dial(url);
    expect(await client.ponged(100)).toBe(false);
    await fault({ name: 'clear' });
    expect(await client.ponged()).toBe(true);
  });

  it('is swallowed by a blackhole for good, and its reset is still seen', async () => {
    const { url, fault, stats } = gateway();
    const client = await dial(url);
    await fault({ name: 'blackhole', forMs: 50 });
    client.send({ jsonrpc: '2.0', id: 1, method: 'add', params: [1, 2] });
    expect(await client.ponged(100)).toBe(false);
    await until('its end', async () => (await stats()).faults.length === 0);
    expect(await (await dial(url)).call('add', [1, 2])).toMatchObject({ result: 3 });
    expect(await client.ponged(100)).toBe(false);
    expect(client.frames).toEqual([]);
    client.reset();
    await until('the reset', async () => (await stats()).resets === 1);
    expect((await stats()).closes).toMatchObject([{ code: 1006, wasReset: true }]);
  });

  it('is pinged back but not answered while the server is mute', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    await fault({ name: 'mute' });
    client.send({ jsonrpc: '2.0', id: 1, method: 'add', params: [1, 2] });
    expect(await client.ponged()).toBe(true);
    expect(await silentFor(client, 50)).toBe(true);
    await fault({ name: 'clear' });
    expect(await client.call('add', [1, 2])).toMatchObject({ result: 3 });
  });

  it('is answered but not pinged back under no-pong', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    await fault({ name: 'no-pong' });
    expect(await client.ponged(100)).toBe(false);
    expect(await client.call('add', [1, 2])).toMatchObject({ result: 3 });
  });

  it('waits for each answer as long as it was told', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    await fault({ name: 'slow', ms: 200 });
    const began = performance.now();
    await client.call('add', [1, 2]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(190);
    expect(await client.ponged()).toBe(true);
    await fault({ name: 'slow', ms: 300, pongs: true });
    expect(await client.ponged(100)).toBe(false);
  });

  it('gets each answer as often as it was told', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    await fault({ name: 'repeat', copies: 3 });
    client.send({ jsonrpc: '2.0', id: 'x', method: 'add', params: [1, 2] });
    const three = [await client.next(), await client.next(), await client.next()];
    expect(new Set(three).size).toBe(1);
  });

  it('gets raw frames, padded frames and events it never asked for', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    await fault({ name: 'say', text: 'not json' });
    expect(await client.next()).toBe('not json');
    await fault({ name: 'say', bytes: 100_000 });
    expect(await client.next()).toHaveLength(100_000);
    await fault('emit:event=news,count=2');
    expect(await client.nextJson()).toMatchObject({ method: 'news', params: { n: 1, of: 2 } });
    expect(await client.nextJson()).toMatchObject({ method: 'news', params: { n: 2, of: 2 } });
  });
});

describe('a connection still to come', () => {
  it('is hit as it opens, as often as armed', async () => {
    const { url, fault } = gateway();
    await fault('close:code=1013,at=open,times=2');
    expect(await (await dial(url)).closed()).toMatchObject({ code: 1013 });
    expect(await (await dial(url)).closed()).toMatchObject({ code: 1013 });
    expect(await (await dial(url)).call('add', [1, 2])).toMatchObject({ result: 3 });
    await fault({ name: 'drop', at: 'hello', times: 0 });
    expect(await (await dial(url)).closed()).toMatchObject({ code: 1006 });
    expect(await (await dial(url)).closed()).toMatchObject({ code: 1006 });
    await fault({ name: 'clear' });
    expect(await (await dial(url)).call('add', [1, 2])).toMatchObject({ result: 3 });
  });

  it('never gets its upgrade answered in a blackhole, and its reset is seen', async () => {
    const { url, fault, stats } = gateway();
    await fault({ name: 'blackhole', at: 'upgrade' });
    const client = await dial(url, 'no');
    await until('the call', async () => (await stats()).faults.length === 0);
    expect(client.ws.readyState).toBe(client.ws.CONNECTING);
    const { _req: dialled } = client.ws as unknown as { _req: { socket: Socket } };
    dialled.socket.resetAndDestroy();
    await until('the reset', async () => (await stats()).resets === 1);
    expect((await stats()).connectionsOpened).toBe(0);
  });

  it('gets its upgrade answered late when a hang waits there', async () => {
    const { url, fault } = gateway();
    await fault({ name: 'hang', at: 'upgrade', forMs: 200 });
    const began = performance.now();
    const client = await dial(url);
    expect(performance.now() - began).toBeGreaterThanOrEqual(190);
    expect(await client.call('add', [1, 2])).toMatchObject({ result: 3 });
  });

  it('is reset before its upgrade is answered', async () => {
    const { url, fault } = gateway();
    await fault({ name: 'drop', at: 'upgrade' });
    expect(await (await dial(url)).closed()).toMatchObject({ error: 'ECONNRESET' });
  });
});

describe('a fault request', () => {
  it('acts after the time it was given', async () => {
    const { url, fault } = gateway();
    const client = await dial(url);
    const began = performance.now();
    await fault({ name: 'drop', afterMs: 200 });
    expect(await client.closed()).toMatchObject({ code: 1006 });
    expect(performance.now() - began).toBeGreaterThanOrEqual(190);
  });

  it('is refused by option, rule and value', async () => {
    const { fault, url } = gateway();
    const error = async (given: unknown) => (await fault(given as string)).error;
    expect(await error({ name: 'slow', ms: -1 })).toBe(
      'slow.ms must be an integer from 0 to 600000, got -1',
    );
    expect(await error({ name: 'close', code: 1005 })).toBe(
      'close.code must be a close code that may be sent (1000 to 1014, 3000 to 4999), got 1005',
    );
    expect(await error({ name: 'drop', at: 'noon' })).toBe(
      'drop.at must be one of now, open, hello, upgrade, got "noon"',
    );
    expect(await error('tea')).toMatch(/^fault name must be one of slow-start, .*, got "tea"$/);
    expect(await error('null')).toMatch(/got "null"$/);
    expect(await error({ name: 'emit', evnt: 'x' })).toBe(
      'fault emit takes only event, count, at, times, afterMs, got "evnt"',
    );
    expect(await error({ name: '__proto__' })).toMatch(/got "__proto__"$/);
    expect(await error({ name: 'slow-start' })).toMatch(/must be given on the command line/);
    expect(await error({ name: 'pairing' })).toBe(
      'fault pairing needs --protocol openclaw, got jsonrpc',
    );
    const client = await dial(url);
    const { error: told } = await client.call('fault', { name: 'slow', ms: 'x' });
    expect(told).toMatchObject({ code: -32602, message: expect.stringContaining('slow.ms must') });
  });

  it('is answered before it acts, even when it ends the process', async () => {
    const { url, exit } = await start();
    const client = await dial(url);
    const answer = await client.call('fault', { name: 'crash', exitCode: 3 });
    expect(answer).toMatchObject({ result: { ok: true, fault: 'crash' } });
    expect(await exit()).toEqual({ code: 3, signal: null });
  });
});
