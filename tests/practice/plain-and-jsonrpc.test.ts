/** The practice gateway when nothing is wrong: what it answers in plain and in JSON-RPC 2.0. */

import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { dial, share, start, until } from './house.ts';

describe('the practice gateway, plain', () => {
  const gateway = share({ protocol: 'plain' });

  it('echoes text as text and bytes as bytes', async () => {
    const { url } = gateway();
    const client = await dial(url);
    client.send('héllo');
    expect(await client.next()).toBe('héllo');
    const bytes = new Promise<boolean>((resolve) => {
      client.ws.on('message', (_, isBinary) => resolve(isBinary));
    });
    client.send(Buffer.from([1, 2, 3]));
    expect(await bytes).toBe(true);
  });

  it('sends frames on request', async () => {
    const { url, pid } = gateway();
    const client = await dial(url);
    client.send('/send 3 hey');
    expect([await client.next(), await client.next(), await client.next()]).toEqual(
      Array(3).fill('hey'),
    );
    client.send('/info');
    expect(await client.nextJson()).toMatchObject({ pid, protocol: 'plain' });
    client.send('/unheard of');
    expect(await client.next()).toBe('/unheard of');
  });

  it('obeys a fault ordered over the connection, once it has answered', async () => {
    const { url } = gateway();
    const client = await dial(url);
    client.send('/fault close:code=4001,reason=bye');
    expect(await client.nextJson()).toEqual({ ok: true, fault: 'close' });
    expect(await client.closed()).toMatchObject({ code: 4001, reason: 'bye' });
  });
});

describe('the practice gateway, jsonrpc', () => {
  const gateway = share();

  it('adds, echoes, sleeps and tells who it is', async () => {
    const { url, pid } = gateway();
    const client = await dial(url);
    expect(await client.call('add', [2, 3])).toEqual({ jsonrpc: '2.0', id: 1, result: 5 });
    expect(await client.call('add', { a: 4, b: 5 })).toMatchObject({ result: 9 });
    expect(await client.call('echo', { deep: ['é'] })).toMatchObject({ result: { deep: ['é'] } });
    expect(await client.call('sleep', { ms: 1 })).toMatchObject({ result: { slept: 1 } });
    const { result } = await client.call('info');
    expect(result).toMatchObject({ pid, protocol: 'jsonrpc', bootId: expect.any(String) });
  });

  it('answers out of order when a later request is quicker', async () => {
    const { url } = gateway();
    const client = await dial(url);
    client.send({ jsonrpc: '2.0', id: 'slow', method: 'sleep', params: { ms: 200 } });
    client.send({ jsonrpc: '2.0', id: 'quick', method: 'add', params: [1, 1] });
    expect(await client.nextJson()).toMatchObject({ id: 'quick' });
    expect(await client.nextJson()).toMatchObject({ id: 'slow' });
  });

  it('answers errors as the specification says', async () => {
    const { url } = gateway();
    const client = await dial(url);
    const answer = async (frame: unknown) => {
      client.send(frame);
      const { id, error } = await client.nextJson();
      return [id, (error as { code: number }).code];
    };
    expect(await answer({ jsonrpc: '2.0', id: 1, method: 'nope' })).toEqual([1, -32601]);
    expect(await answer({ jsonrpc: '2.0', id: 1, method: 'toString' })).toEqual([1, -32601]);
    expect(await answer('not json')).toEqual([null, -32700]);
    expect(await answer({ id: 2, method: 'add' })).toEqual([2, -32600]);
    expect(await answer({ jsonrpc: '2.0', id: {}, method: 'add' })).toEqual([null, -32600]);
    expect(await answer({ jsonrpc: '2.0', id: 3, method: 'add', params: ['x'] })).toEqual([
      3, -32602,
    ]);
    for (const frame of ['null', '42', '"text"', '[]', '{}']) {
      expect(await answer(frame), frame).toEqual([null, -32600]);
    }
  });

  it('answers batches, keeps quiet about notifications, ignores responses', async () => {
    const { url, stats } = gateway();
    const client = await dial(url);
    client.send([
      { jsonrpc: '2.0', id: 'a', method: 'add', params: [1, 2] },
      { jsonrpc: '2.0', method: 'echo', params: ['nobody hears'] },
      17,
    ]);
    const batch = JSON.parse(await client.next()) as { id: unknown }[];
    expect(batch.map(({ id }) => id)).toEqual(['a', null]);
    client.send({ jsonrpc: '2.0', method: 'echo' });
    client.send({ jsonrpc: '2.0', id: 9, result: 'to whom?' });
    expect(await client.call('add', [0, 1])).toMatchObject({ id: 1, result: 1 });
    expect((await stats()).methods).toEqual({ add: 2, echo: 2 });
  });

  it('sends as many notifications as it is asked for', async () => {
    const { url } = gateway();
    const client = await dial(url);
    const answer = await client.call('notify', { count: 1000 });
    expect(answer).toMatchObject({ result: { sent: 1000 } });
    expect(client.frames).toHaveLength(1000);
    expect(JSON.parse(client.frames[999] ?? '')).toEqual({
      jsonrpc: '2.0',
      method: 'note',
      params: { n: 1000, of: 1000 },
    });
  });

  it('stops on request, as it does on SIGTERM', async () => {
    const { url, exit } = await start();
    const client = await dial(url);
    expect(await client.call('shutdown')).toMatchObject({ result: { ok: true } });
    expect(await client.closed()).toMatchObject({ code: 1001 });
    expect(await exit()).toEqual({ code: 0, signal: null });
  });
});

describe('the practice gateway, on its port', () => {
  const gateway = share();

  it('answers health, readiness and counters over HTTP', async () => {
    const { http, pid, url, stats } = gateway();
    expect(await http('/healthz')).toMatchObject({ status: 200, body: { ok: true, pid } });
    expect(await http('/readyz')).toMatchObject({ status: 200, body: { ready: true } });
    expect(await http('/elsewhere')).toMatchObject({ status: 404 });
    const client = await dial(url);
    await client.call('add', [1, 2]);
    expect(await stats()).toMatchObject({ connectionsOpened: 1, open: 1, frames: 1, closes: [] });
  });

  it('tells a reset from a clean end', async () => {
    const { url, stats } = gateway();
    const [polite, rude] = [await dial(url), await dial(url)];
    polite.ws.close(1000, 'done');
    await until('one close', async () => (await stats()).closes.length === 1);
    rude.reset();
    await until('two closes', async () => (await stats()).closes.length === 2);
    const { closes, resets, open } = await stats();
    expect({ resets, open }).toEqual({ resets: 1, open: 0 });
    expect(closes).toMatchObject([
      { code: 1000, reason: 'done', wasReset: false, error: null },
      { code: 1006, wasReset: true, fin: false, error: 'ECONNRESET' },
    ]);
  });

  it('survives hostile frames and a message over 32 MiB', async () => {
    const { url, stats, http } = gateway();
    const huge = await dial(url);
    huge.ws.send(Buffer.alloc(32 * 1024 * 1024 + 1));
    expect(await huge.closed()).toMatchObject({ code: 1009 });
    const hostile = await dial(url);
    const raw = (hostile.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
    raw.write(Buffer.from([0xff, 0xff, 0x00, 0x13, 0x37]));
    expect(await hostile.closed()).toMatchObject({ code: 1002 });
    await until('two closes', async () => (await stats()).closes.length === 2);
    expect((await http('/healthz')).status).toBe(200);
  });

  it('takes no orders from a web page', async () => {
    const { url, port } = gateway();
    const posted = await fetch(`http://127.0.0.1:${port}/fault`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
      body: '{"name":"crash"}',
    });
    expect(posted.status).toBe(403);
    const page = new WebSocket(url, { origin: 'http://evil.example' });
    const answer = new Promise<string>((resolve) => {
      page.on('message', (data) => resolve(data.toString()));
      page.on('open', () => page.send('{"jsonrpc":"2.0","id":1,"method":"fault","params":{}}'));
    });
    expect(await answer).toContain('web page');
    page.terminate();
  });
});
