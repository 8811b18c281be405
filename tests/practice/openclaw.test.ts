/** The practice gateway in the openclaw dialect: handshake, events, requests, restarts. */

import { describe, expect, it } from 'vitest';
import { dial, type Json, share, start, until } from './house.ts';
import { connect, connectParams, request } from './openclaw-client.ts';

const backend = { mode: 'backend' } as const;

describe('the handshake', () => {
  const gateway = share({ protocol: 'openclaw', args: ['--tick-ms', '5000'] });

  it('begins with a challenge and ends with hello-ok', async () => {
    const { url, http } = gateway();
    const { challenge, answer } = await connect(url, backend);
    expect(challenge).toEqual({
      type: 'event',
      event: 'connect.challenge',
      payload: { nonce: expect.any(String), ts: expect.any(Number), capabilities: [] },
    });
    const { bootId } = (await http('/healthz')).body;
    expect(answer).toMatchObject({
      ok: true,
      payload: {
        type: 'hello-ok',
        protocol: 4,
        server: { version: 'practice', bootId, connId: expect.any(String) },
        auth: { role: 'operator', scopes: ['operator.read'] },
        policy: { maxPayload: 26214400, maxBufferedBytes: 52428800, tickIntervalMs: 5000 },
        snapshot: { presence: [], health: { ok: true }, uptimeMs: expect.any(Number) },
      },
    });
    expect(answer.payload.features.methods).toContain('system-presence');
    expect(answer.payload.features.events).toContain('tick');
  });

  it('refuses every first frame but connect, and executes none of them', async () => {
    const { url, stats } = gateway();
    const eager = await dial(url);
    await eager.nextJson();
    expect(await request(eager, 'status')).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
    expect(await eager.closed()).toMatchObject({ code: 1008 });
    const rude = await dial(url);
    rude.send('not json');
    expect(await rude.closed()).toMatchObject({ code: 1008, reason: 'invalid request frame' });
    const long = await dial(url);
    long.send('x'.repeat(64 * 1024 + 1));
    expect(await long.closed()).toMatchObject({ code: 1009 });
    expect(await stats()).toMatchObject({ admitted: expect.any(Number), methods: { status: 1 } });
  });

  it('refuses params that lack something, by name', async () => {
    const client = await dial(gateway().url);
    await client.nextJson();
    const { error } = await request(client, 'connect', { minProtocol: 4, maxProtocol: 4 });
    expect(error.message).toBe(
      'invalid connect params: client must have id, version, platform and mode',
    );
    expect(await client.closed()).toMatchObject({ code: 1008 });
  });

  it('refuses a protocol it does not speak with 1002', async () => {
    const { client, answer } = await connect(gateway().url, { ...backend, protocol: 3 });
    expect(answer.error.details).toEqual({ code: 'PROTOCOL_MISMATCH', expectedProtocol: 4 });
    expect(await client.closed()).toMatchObject({ code: 1002 });
  });

  it('withholds the challenge when told', async () => {
    const { url, fault } = gateway();
    await fault({ name: 'no-challenge' });
    const client = await dial(url);
    expect(await client.ponged()).toBe(true);
    expect(client.frames).toEqual([]);
    expect((await connect(url, backend)).answer.ok).toBe(true);
  });

  it('lets no event overtake a hello that is slow', async () => {
    const { url, fault } = gateway();
    await fault({ name: 'slow', ms: 600 });
    const client = await dial(url);
    const { payload } = await client.nextJson();
    client.send({
      type: 'req',
      id: 'c',
      method: 'connect',
      params: connectParams(payload as Json, backend),
    });
    await fault({ name: 'emit', event: 'early' });
    expect(await client.nextJson()).toMatchObject({ id: 'c', ok: true });
    expect(client.frames).toEqual([]);
  });

  it('hits a connection right after its hello when told', async () => {
    const { url, fault } = gateway();
    await fault({ name: 'blackhole', at: 'hello' });
    const { client, answer } = await connect(url, backend);
    expect(answer.ok).toBe(true);
    expect(await client.ponged(100)).toBe(false);
  });
});

describe('an open connection', () => {
  const gateway = share({ protocol: 'openclaw', args: ['--tick-ms', '50'] });

  it('gets numbered ticks at the interval it was told', async () => {
    const { client } = await connect(gateway().url, backend);
    const ticks = [await client.nextJson(), await client.nextJson(), await client.nextJson()];
    const tick = { type: 'event', event: 'tick', payload: { ts: expect.any(Number) } };
    expect(ticks).toEqual([1, 2, 3].map((seq) => ({ ...tick, seq })));
  });

  it('misses numbers when told', async () => {
    const { url, fault } = gateway();
    const { client } = await connect(url, backend);
    const { seq } = await client.nextJson();
    await fault({ name: 'seq-gap', skip: 3 });
    await until('the gap', () =>
      client.frames.some((frame) => (JSON.parse(frame) as { seq: number }).seq > Number(seq) + 3),
    );
    const seqs = client.frames.map((frame) => (JSON.parse(frame) as { seq: number }).seq);
    const gaps = seqs.map((value, at) => value - (seqs[at - 1] ?? Number(seq)));
    expect(gaps.filter((gap) => gap !== 1)).toEqual([4]);
  });

  it('gets no ticks, but pongs, when they are stopped', async () => {
    const { url, fault } = gateway();
    const { client } = await connect(url, backend);
    await fault({ name: 'ticks', everyMs: 0 });
    client.frames.length = 0;
    expect(await client.ponged()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(client.frames).toEqual([]);
    await fault({ name: 'ticks', everyMs: 50 });
    expect(await client.nextJson()).toMatchObject({ event: 'tick' });
  });

  it('answers health and presence, and knows neither ping nor shutdown', async () => {
    const { client } = await connect(gateway().url, backend);
    expect(await request(client, 'health')).toMatchObject({ ok: true, payload: { ok: true } });
    const { payload } = await request(client, 'system-presence');
    expect(payload).toMatchObject([{ host: 'practice' }]);
    for (const method of ['ping', 'shutdown', 'toString']) {
      expect(await request(client, method), method).toMatchObject({
        ok: false,
        error: { code: 'INVALID_REQUEST', message: `unknown method: ${method}` },
      });
    }
    expect((await request(client, 'practice.echo', { a: 1 })).payload).toEqual({ a: 1 });
    expect(await request(client, 'connect')).toMatchObject({ ok: false });
    client.send('not json');
    expect((await request(client, 'health')).ok).toBe(true);
  });

  it('is told to go by 4001 when its authorisation changed', async () => {
    const { client } = await connect(gateway().url, backend);
    const close = { name: 'close', code: 4001, reason: 'gateway auth changed' };
    expect((await request(client, 'practice.fault', close)).payload).toMatchObject({ ok: true });
    expect(await client.closed()).toMatchObject({ code: 4001, reason: 'gateway auth changed' });
  });

  it('is told what is wrong with a fault it orders', async () => {
    const { client } = await connect(gateway().url, backend);
    const { error } = await request(client, 'practice.fault', { name: 'deny', times: -1 });
    expect(error.message).toBe('deny.times must be an integer from 0 to 1000000, got -1');
  });
});

describe('a start and a restart', () => {
  it('answers connect with startup-sidecars and 1013 until it is ready', async () => {
    const { url, http } = await start({ protocol: 'openclaw', faults: ['slow-ready:ms=1500'] });
    const { client, answer } = await connect(url, backend);
    expect(answer.error).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      retryAfterMs: 500,
      details: { reason: 'startup-sidecars' },
    });
    expect(await client.closed()).toMatchObject({ code: 1013, reason: 'gateway starting' });
    await until('readiness', async () => (await http('/readyz')).status === 200);
    expect((await connect(url, backend)).answer.ok).toBe(true);
  });

  it('SIGUSR2: shutdown event, 1012, refused, 1013, then a new boot of the same pid', async () => {
    const args = ['--restart-refuse-ms', '500', '--restart-starting-ms', '1000'];
    const { url, child, pid, http, stats } = await start({ protocol: 'openclaw', args });
    const { client, answer } = await connect(url, backend);
    child.kill('SIGUSR2');
    expect(await client.nextJson()).toEqual({
      type: 'event',
      event: 'shutdown',
      payload: { reason: 'gateway restarting', restartExpectedMs: 1500 },
      seq: 1,
    });
    expect(await client.closed()).toMatchObject({ code: 1012, reason: 'service restart' });
    expect((await (await dial(url)).closed()).error).toBe('ECONNREFUSED');
    await until('the listener', () => http('/healthz').catch(() => undefined));
    const early = await connect(url, backend);
    expect(early.answer.error.details).toEqual({ reason: 'startup-sidecars' });
    await until('readiness', async () => (await http('/readyz')).status === 200);
    const late = await connect(url, backend);
    expect(late.answer.payload.server.bootId).not.toBe(answer.payload.server.bootId);
    expect(await stats()).toMatchObject({ pid, refused: { 'startup-sidecars': 1 } });
  });

  it('SIGTERM: the same close code as a restart, but the event expects none', async () => {
    const { url, child, exit } = await start({ protocol: 'openclaw' });
    const { client } = await connect(url, backend);
    child.kill('SIGTERM');
    const { payload } = await client.nextJson();
    expect(payload).toEqual({ reason: 'gateway stopping', restartExpectedMs: null });
    expect(await client.closed()).toMatchObject({ code: 1012 });
    expect(await exit()).toEqual({ code: 0, signal: null });
  });
});
