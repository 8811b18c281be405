/**
 * Requests on a link that fails under them: when they go out, how each settles, and what the
 * error says about the peer. A request is settled once, at once when its connection ends, and
 * never sent a second time.
 */

import { describe, expect, it } from 'vitest';
import { type Connection, connect, type HoldfastError, type Link } from '../../src/index.ts';
import { frame, RealServer, startRaw } from '../drivers/ws-peers.ts';
import { failure, keep, keepHouse, reaches, until } from './house.ts';
import { knock } from './knock.ts';
import { spoken } from './servers.ts';

keepHouse();

type Peer = Awaited<ReturnType<RealServer['peer']>>;
const quick = { firstMs: 10, maxMs: 40, jitter: 0 };

async function met(more: Partial<Link> = {}) {
  const server = await RealServer.start('accepts');
  const { url } = server.target();
  const link = keep(connect({ url, protocol: 'jsonrpc', reconnect: quick, ...more }));
  await link.start();
  await link.ready();
  return { server, link, peer: await server.peer() };
}

interface Asked {
  id: string;
  method: string;
  params: unknown;
}

/** The requests that have reached the peer. */
const asked = ({ log }: Peer): Asked[] =>
  log.words.filter((word) => word.startsWith('text {')).map((word) => JSON.parse(word.slice(5)));

async function askedFor(peer: Peer, count: number): Promise<Asked[]> {
  await until(`${count} requests`, () => asked(peer).length >= count);
  return asked(peer);
}

const answer = (peer: Peer, { id }: Asked, result: unknown) =>
  peer.send(JSON.stringify({ jsonrpc: '2.0', id, result }));

const told = (error: HoldfastError) => [error.code, error.delivery, error.details.code];

/** Fails when it is still pending after one more turn of the event loop. */
async function settledNow<T>(promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setImmediate(() => setImmediate(() => reject(new Error('still pending'))));
  });
  return Promise.race([promise, late]);
}

async function knocking() {
  const server = await startRaw();
  const url = `ws://127.0.0.1:${server.port}`;
  const link = keep(connect({ url, protocol: knock(), credentials: () => 'me' }));
  await link.start();
  const peer = await server.peer();
  await peer.upgrade();
  await reaches(link, { phase: 'authenticating' });
  return { link, peer };
}

describe('before the hello is answered', () => {
  it('RP-01, CH-01: no request goes out, and the error says so', async () => {
    const { link, peer } = await knocking();
    const early = await failure(link.request('early'));
    expect(told(early)).toEqual(['HF_NOT_CONNECTED', 'not-sent', undefined]);
    peer.socket.write(frame(0x81, 'challenge'));
    await until('the hello', () => spoken(peer.text).length === 1);
    expect((await failure(link.request('early'))).delivery).toBe('not-sent');
    expect(link.send('early')).toBe('refused');
    expect(link.diagnostics.requests.pending).toBe(0);
    expect(spoken(peer.text)).toEqual(['text hello me']);
  });

  it('waitReadyMs holds a request back until then, and no longer than it says', async () => {
    const { link, peer } = await knocking();
    const hasty = await failure(link.request('hasty', {}, { waitReadyMs: 20 }));
    expect(told(hasty)).toEqual(['HF_NOT_CONNECTED', 'not-sent', undefined]);
    const abort = new AbortController();
    const options = { waitReadyMs: 10_000, signal: abort.signal };
    const dropped = failure(link.request('dropped', {}, options));
    const patient = link.request('patient', {}, { waitReadyMs: 10_000 });
    abort.abort();
    expect((await dropped).code).toBe('HF_ABORTED');
    peer.socket.write(frame(0x81, 'challenge'));
    await until('the hello', () => spoken(peer.text).length === 1);
    peer.socket.write(frame(0x81, 'welcome'));
    await until('the request', () => spoken(peer.text).length === 2);
    const [, id = '', method] = spoken(peer.text)[1]?.split(' ').slice(1) ?? [];
    expect(method).toBe('patient');
    peer.socket.write(frame(0x81, `answer ${id} well`));
    expect(await patient).toBe('well');
    expect(spoken(peer.text)).toHaveLength(2);
  });

  it('frames behind it wait until the link is open', async () => {
    const { link, peer } = await knocking();
    const order: string[] = [];
    link.on('message', ({ data }) => order.push(`${data} while ${link.status.state}`));
    peer.socket.write(frame(0x81, 'challenge'));
    await until('the hello', () => spoken(peer.text).length === 1);
    const behind = ['welcome', 'one', 'two'].map((text) => frame(0x81, text));
    peer.socket.write(Buffer.concat(behind));
    await until('both frames', () => order.length === 2);
    expect(order).toEqual(['one while running', 'two while running']);
  });
});

describe('an answer', () => {
  it('RP-02: finds its own request in any order', async () => {
    const { link, peer } = await met();
    const all = ['a', 'b', 'c'].map((method) => link.request(method, { method }));
    const frames = await askedFor(peer, 3);
    for (const one of [...frames].reverse()) answer(peer, one, `for ${one.method}`);
    expect(await Promise.all(all)).toEqual(['for a', 'for b', 'for c']);
    expect(frames.map(({ params }) => params)).toEqual([
      { method: 'a' },
      { method: 'b' },
      { method: 'c' },
    ]);
  });

  it('RP-08: that declares an error is answered, and no failure of the transport', async () => {
    const { link, peer } = await met();
    const refused = failure(link.request('divide', [1, 0]));
    const [{ id } = { id: '' }] = await askedFor(peer, 1);
    const error = { code: -32001, message: 'by zero', data: { by: 0 } };
    peer.send(JSON.stringify({ jsonrpc: '2.0', id, error }));
    const { code, delivery, details, message } = await refused;
    expect([code, delivery, message]).toEqual([
      'HF_REQUEST_FAILED',
      'answered',
      'request "divide" failed: by zero',
    ]);
    expect(details.server).toEqual({ code: -32001, message: 'by zero', details: { by: 0 } });
    expect(link.status.health.state).toBe('healthy');
  });

  it('RP-03, RP-04, DG-03: that comes too late changes nothing but the health', async () => {
    const { link, peer } = await met();
    const seen: unknown[] = [];
    for (const name of ['event', 'message'] as const) link.on(name, (what) => seen.push(what));
    const late = await failure(link.request('slow', {}, { timeoutMs: 30 }));
    expect(told(late)).toEqual(['HF_REQUEST_TIMEOUT', 'maybe-executed', undefined]);
    expect(link.status.health).toEqual({ state: 'degraded', reasons: ['request-timeout'] });
    const [first] = await askedFor(peer, 1);
    if (first) answer(peer, first, 'at last');
    const next = link.request('next');
    const [, second] = await askedFor(peer, 2);
    if (second) answer(peer, second, 'in time');
    expect(await next).toBe('in time');
    expect(seen).toEqual([]);
    expect(link.status.health).toEqual({ state: 'healthy', reasons: [] });
    expect(link.diagnostics.requests).toMatchObject({ pending: 0, lastFailureMethod: 'slow' });
  });

  it('RP-07: counts once, and the first', async () => {
    const { link, peer } = await met();
    const asking = link.request('once');
    const [one] = await askedFor(peer, 1);
    for (const result of ['first', 'second']) if (one) answer(peer, one, result);
    expect(await asking).toBe('first');
  });
});

describe('when the connection ends', () => {
  const ends: [what: string, code: number, end: (peer: Peer) => void][] = [
    ['CC-05, RC-15: by a reset', 1006, (peer) => peer.reset()],
    ['CC-05: by 1000', 1000, (peer) => peer.close(1000, '')],
    ['CC-05: by 1011', 1011, (peer) => peer.close(1011, 'oh')],
    ['CC-04: by 1012', 1012, (peer) => peer.close(1012, 'service restart')],
  ];
  for (const [what, code, end] of ends) {
    it(`${what}, pending requests settle at once with the code, and are not replayed`, async () => {
      const { link, peer, server } = await met();
      const cut = failure(link.request('cut', {}, { timeoutMs: 60_000 }));
      await askedFor(peer, 1);
      const lost = new Promise<void>((resolve) => {
        link.on('status', ({ state }) => state === 'reconnecting' && resolve());
      });
      const back = link.nextReady();
      end(peer);
      await lost;
      const error = await settledNow(cut);
      expect(told(error)).toEqual(['HF_CONNECTION_LOST', 'maybe-executed', code]);
      expect(error.message).toMatch(/^request "cut" was cut off: The (peer|connection) /);
      await back;
      expect(link.diagnostics.requests.lost).toBe(0);
      const next = link.request('next');
      const second = await server.peer();
      const [only] = await askedFor(second, 1);
      expect(only?.method).toBe('next');
      if (only) answer(second, only, 1);
      expect(await next).toBe(1);
      expect(asked(second)).toHaveLength(1);
    });
  }

  it('the line of the log says how many requests were lost', async () => {
    const { link, peer } = await met();
    const cut = ['a', 'b'].map((method) => failure(link.request(method)));
    await askedFor(peer, 2);
    const back = link.nextReady();
    peer.reset();
    await Promise.all(cut);
    expect((await back).line).toMatch(/back after \d+ ms, 2 requests lost/);
  });

  it('RP-15: a thousand settle, each once, and no timer is left of them', async () => {
    const { link, peer } = await met();
    const all = Array.from({ length: 1_000 }, (_, n) => failure(link.request('n', { n })));
    await askedFor(peer, 1_000);
    expect(link.diagnostics.requests.pending).toBe(1_000);
    peer.reset();
    const errors = await Promise.all(all);
    expect(new Set(errors.map((error) => told(error).join()))).toEqual(
      new Set(['HF_CONNECTION_LOST,maybe-executed,1006']),
    );
    expect(link.diagnostics.requests.pending).toBe(0);
  });

  it('DS-22, RP-18: a stop settles them first, and leaves no failure on record', async () => {
    const { link, peer } = await met();
    const cut = [1, 2, 3].map((n) => failure(link.request('n', { n })));
    await askedFor(peer, 3);
    await link.stop();
    const errors = await settledNow(Promise.all(cut));
    expect(errors.map(told)).toEqual(
      errors.map(() => ['HF_CONNECTION_LOST', 'maybe-executed', 1000]),
    );
    for (let n = 0; n < 5; n += 1) {
      const error = await failure(link.request('n'));
      expect(told(error)).toEqual(['HF_NOT_CONNECTED', 'not-sent', undefined]);
    }
    await link.start();
    await link.ready();
    expect(link.status.health).toEqual({ state: 'healthy', reasons: [] });
  });
});

describe('a request of the host', () => {
  it('that is aborted says whether it had gone out', async () => {
    const { link, peer } = await met();
    const before = await failure(link.request('no', {}, { signal: AbortSignal.abort() }));
    expect(told(before)).toEqual(['HF_ABORTED', 'not-sent', undefined]);
    const abort = new AbortController();
    const during = failure(link.request('yes', {}, { signal: abort.signal }));
    await askedFor(peer, 1);
    abort.abort();
    expect(told(await settledNow(during))).toEqual(['HF_ABORTED', 'maybe-executed', undefined]);
    expect(asked(peer).map(({ method }) => method)).toEqual(['yes']);
  });

  it('RP-05: that cannot be written is not sent, and leaves nothing', async () => {
    const { link, peer } = await met();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const params of [cycle, { big: 1n }]) {
      const error = await failure(link.request('bad', params));
      expect([error.code, error.delivery]).toEqual(['HF_OPTION_INVALID', 'not-sent']);
    }
    expect(link.diagnostics.requests.pending).toBe(0);
    expect(asked(peer)).toEqual([]);
  });

  it('keeps its params, whatever their shape, beside an idempotencyKey', async () => {
    const { link, peer } = await met();
    const options = { idempotencyKey: 'k1' };
    for (const params of [{ a: 1 }, undefined])
      void link.request('m', params, options).catch(() => {});
    const frames = await askedFor(peer, 2);
    expect(frames.map(({ params }) => params)).toEqual([
      { a: 1, idempotencyKey: 'k1' },
      { idempotencyKey: 'k1' },
    ]);
    for (const params of [[1, 2], 'text', 7]) {
      const error = await failure(link.request('m', params, options));
      expect([error.code, error.delivery]).toEqual(['HF_OPTION_INVALID', 'not-sent']);
    }
  });

  it('is not possible where the protocol has none', async () => {
    const { link } = await met({ protocol: 'plain' });
    const error = await failure(link.request('x'));
    expect([error.code, error.delivery]).toEqual(['HF_REQUEST_FAILED', 'not-sent']);
  });
});

describe('a peer that reads nothing', () => {
  const bytes = 'x'.repeat(16_384);

  async function clogged(): Promise<{ link: Connection; peer: Peer }> {
    const limits = { queueBytes: 262_144 };
    const { link, peer } = await met({ limits, heartbeat: { mode: 'off' } });
    peer.stall();
    return { link, peer };
  }

  it('costs no more than the queue: the next request says HF_QUEUE_FULL', async () => {
    const { link } = await clogged();
    const before = process.memoryUsage();
    const refusals: HoldfastError[] = [];
    let asked = 0;
    // the kernel takes a few MiB before our own queue begins to fill
    while (refusals.length === 0 && asked < 2_000) {
      for (let n = 0; n < 10; n += 1, asked += 1) {
        link.request('fill', { bytes }).catch((error) => refusals.push(error));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refusals.map(told)).toEqual(
      refusals.map(() => ['HF_QUEUE_FULL', 'not-sent', undefined]),
    );
    expect(refusals[0]?.message).toContain('raise link.limits.queueBytes');
    expect(asked).toBeLessThan(1_000);
    const outcomes = Array.from({ length: 20_000 }, () => link.send(bytes));
    expect(new Set(outcomes)).toEqual(new Set(['refused']));
    const { external, heapUsed } = process.memoryUsage();
    expect(external + heapUsed - before.external - before.heapUsed).toBeLessThan(60_000_000);
  });

  it('is served again once it reads', async () => {
    const { link, peer } = await clogged();
    let outcome = link.send(bytes);
    while (outcome === 'sent') outcome = link.send(bytes);
    expect(outcome).toBe('queued');
    while (outcome === 'queued') outcome = link.send(bytes);
    expect(outcome).toBe('refused');
    peer.socket.resume();
    await until('room in the queue', () => link.send('room') !== 'refused');
    await peer.log.until('text room');
    expect(link.status.connection?.generation).toBe(1);
  });
});
