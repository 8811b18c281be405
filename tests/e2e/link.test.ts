/**
 * A link finds its server, loses it and finds it again: through resets, refusals, every kind of
 * close code and changes of target. Each test looks at what the server saw as well as at what the
 * link says of itself.
 */

import { describe, expect, it } from 'vitest';
import { type Connection, connect, type Gateway, type Link } from '../../src/index.ts';
import { RealServer, startRaw } from '../drivers/ws-peers.ts';
import { start } from '../practice/house.ts';
import { failure, keep, keepHouse, reaches, until, witness } from './house.ts';
import { fault, stats } from './servers.ts';

keepHouse();

const quick = { firstMs: 10, maxMs: 40, jitter: 0 };
const nobody = 'ws://127.0.0.1:1';

function dial(url: Link['url'], more: Partial<Link> = {}): Connection {
  return keep(connect({ url, protocol: 'plain', reconnect: quick, ...more }));
}

async function met(more: Partial<Link> = {}) {
  const server = await RealServer.start('accepts');
  const link = dial(server.target().url, more);
  const seen = witness(link);
  await link.start();
  await link.ready();
  return { server, link, seen, peer: await server.peer() };
}

describe('a link', () => {
  it('does nothing before start', async () => {
    const server = await startRaw();
    const link = dial(`ws://127.0.0.1:${server.port}`);
    expect(link.status).toMatchObject({ state: 'stopped', intent: 'unwanted', pending: [] });
    expect((await failure(link.ready())).code).toBe('HF_STOPPED');
    await link.start();
    await server.peer();
    expect(server.arrived()).toBe(1);
  });

  it('carries text as text and bytes as bytes, in order, both ways', async () => {
    const { link, peer } = await met();
    const got: unknown[] = [];
    link.on('message', ({ data, generation }) => got.push([data, generation]));
    expect([link.send('one'), link.send(Buffer.from([2])), link.send('three')]).toEqual(
      Array(3).fill('sent'),
    );
    await peer.log.until('text three');
    expect(peer.log.words).toEqual(['text one', 'bytes 02', 'text three']);
    for (const frame of ['a', Buffer.from([98]), 'c']) peer.send(frame);
    await until('three frames', () => got.length === 3);
    expect(got).toEqual([
      ['a', 1],
      [Buffer.from([98]), 1],
      ['c', 1],
    ]);
  });

  it('says where it is connected, since when, and how it got there', async () => {
    const { link, seen, server } = await met();
    const { connection, ...rest } = link.status;
    expect(connection).toMatchObject({ generation: 1, endpoint: server.target().url.slice(0, -1) });
    expect(rest).toMatchObject({ state: 'running', ready: true, attempt: 0, phase: 'steady' });
    expect(seen.states).toEqual(['starting', 'running']);
    expect(seen.lines.at(-1)).toMatch(/^running +connected to ws:\S+\d, connected after \d+ ms$/);
  });

  it('DG-17: is lost and found, and never failed in between', async () => {
    const { link, peer, server, seen } = await met();
    const generations: [number, boolean][] = [];
    link.onConnected(({ generation, signal }) => {
      generations.push([generation, signal.aborted]);
      signal.addEventListener('abort', () => generations.push([generation, signal.aborted]));
    });
    const back = link.nextReady();
    peer.reset();
    expect(await back).toMatchObject({ state: 'running', connection: { generation: 2 } });
    expect(link.send('again')).toBe('sent');
    const second = await server.peer();
    await second.log.until('text again');
    expect(seen.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
    expect(link.diagnostics.lastEnd).toMatchObject({ cause: 'lost', code: 1006 });
    second.reset();
    await link.nextReady();
    await until('the third welcome', () => generations.length === 3);
    expect(generations).toEqual([
      [2, false],
      [2, true],
      [3, false],
    ]);
  });

  it('survives being refused at every stage, and counts each attempt until it is in', async () => {
    const gateway = await start();
    await fault(gateway.port, 'reject', { status: 500, times: 2 });
    await fault(gateway.port, 'drop', { at: 'upgrade', times: 1 });
    await fault(gateway.port, 'refuse', { forMs: 100 });
    const attempts: number[] = [];
    const url = ({ attempt }: { attempt: number }) => {
      attempts.push(attempt);
      return gateway.url;
    };
    const link = dial(url, { protocol: 'jsonrpc' });
    const seen = witness(link);
    await link.start();
    await link.ready();
    expect(await link.request('add', [2, 3])).toBe(5);
    expect(attempts).toEqual(attempts.map((_, at) => at + 1));
    expect(attempts.length).toBeGreaterThan(3);
    expect(seen.states).toEqual(['starting', 'running']);
    expect(seen.lines.join('\n')).toContain('HTTP 500 (internal server error)');
    expect(link.status.attempt).toBe(0);
    expect((await stats(gateway.port)).connectionsOpened).toBe(1);
  });

  it('RC-02, RC-03: gives up after attemptsMax, arms nothing, and starts afresh', async () => {
    const attempts: number[] = [];
    const url = ({ attempt }: { attempt: number }) => {
      attempts.push(attempt);
      return nobody;
    };
    const link = dial(url, { reconnect: { ...quick, attemptsMax: 3 } });
    await link.start();
    const error = await failure(link.ready());
    expect(error.code).toBe('HF_EXHAUSTED');
    expect(error.message).toContain('ECONNREFUSED (nobody listens there)');
    expect(error.trace.length).toBeGreaterThan(3);
    expect(link.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
    const active = () => process.getActiveResourcesInfo().join();
    await until('nothing to be armed', () => !/TCPSocket|Immediate/.test(active()));
    await link.start();
    await failure(link.ready());
    expect(attempts).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('DS-06, RC-05: never dials again once it is stopped while it waits', async () => {
    const server = await startRaw();
    const link = dial(`ws://127.0.0.1:${server.port}`);
    await link.start();
    const ready = failure(link.ready());
    for (const time of [1, 2]) {
      (await server.peer()).socket.resetAndDestroy();
      if (time === 2) await reaches(link, { phase: 'backing-off' });
    }
    await link.stop();
    expect((await ready).code).toBe('HF_STOPPED');
    const arrived = server.arrived();
    // longer than any wait of this link
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.arrived()).toBe(arrived);
  });

  it('RC-20: opens no socket when authorize says no, and says who said so', async () => {
    const server = await startRaw();
    for (const authorize of [() => false, () => Promise.reject(new Error('locked'))]) {
      const link = dial(`ws://127.0.0.1:${server.port}`, { authorize });
      await link.start();
      const error = await failure(link.ready());
      expect(error.code).toBe('HF_UNAUTHORISED');
      expect(error.message).toContain('link.authorize');
    }
    expect(server.arrived()).toBe(0);
  });
});

describe('a link of somebody else', () => {
  it('PO-27: refuses a restart, whoever asks: there is nothing of ours to replace', async () => {
    const { link, peer } = await met();
    const { restart } = link as unknown as Gateway;
    for (const by of ['user', 'host'] as const) {
      const outcome = await restart.call(link, { by });
      expect(outcome).toMatchObject({ outcome: 'refused', cause: 'not-owned' });
    }
    expect(link.status).toMatchObject({ state: 'running', connection: { generation: 1 } });
    expect(peer.log.words).toEqual([]);
  });

  it('or with a transport that throws gives up with its reason, at once', async () => {
    const transport = () => {
      throw new Error('no radio');
    };
    const link = dial('ws://127.0.0.1:1', { transport, reconnect: { ...quick, attemptsMax: 2 } });
    await link.start();
    const error = await failure(link.ready({ timeoutMs: 2_000 }));
    expect(error.code).toBe('HF_EXHAUSTED');
    expect(error.message).toContain('link.transport failed: no radio');
  });
});

describe('a close code', () => {
  for (const code of [1000, 1001, 1003, 1008, 1011, 3000, 4999]) {
    it(`${code} is a loss that another attempt may cure`, async () => {
      const { link, peer, seen } = await met();
      const back = link.nextReady();
      peer.close(code, 'so long');
      await back;
      expect(link.diagnostics.lastEnd).toMatchObject({ code, cause: 'lost' });
      expect(seen.lines.join('\n')).toMatch(new RegExp(`closed the connection with ${code}.*long`));
    });
  }

  it('1012 is a restart that the peer announced', async () => {
    const { link, peer } = await met();
    const back = link.nextReady();
    peer.close(1012, 'service restart');
    await back;
    expect(link.diagnostics.lastEnd).toMatchObject({ code: 1012, cause: 'restart' });
  });

  it('CC-08: 1013 asks for a second of patience, which retryNow does not shorten', async () => {
    const { link, peer } = await met();
    const back = link.nextReady();
    const at = performance.now();
    peer.close(1013, 'starting');
    await reaches(link, { phase: 'backing-off' });
    await link.retryNow();
    await back;
    expect(performance.now() - at).toBeGreaterThan(995);
    expect(link.diagnostics.lastEnd).toMatchObject({ code: 1013, cause: 'wait', floorMs: 1_000 });
  });

  it('1002 is a difference that no attempt cures', async () => {
    const { link, peer } = await met();
    peer.close(1002, 'speak up');
    await reaches(link, { state: 'failed' });
    expect((await failure(link.ready())).code).toBe('HF_PROTOCOL_MISMATCH');
    expect(link.status.connection).toBeUndefined();
  });

  it('CC-11: 1009 is ours for a message that is too big, which nobody gets', async () => {
    const { link, peer } = await met({ limits: { messageBytes: 1_024 } });
    const got: unknown[] = [];
    link.on('message', ({ data }) => got.push(data));
    const back = link.nextReady();
    peer.send('x'.repeat(2_000));
    await peer.log.until('close 1009');
    await back;
    expect(link.diagnostics.lastEnd).toMatchObject({ code: 1009, cause: 'lost' });
    expect(got).toEqual([]);
  });
});

describe('retryNow', () => {
  it('RC-22: skips the wait, once', async () => {
    let attempts = 0;
    const server = await RealServer.start('accepts');
    const url = () => {
      attempts += 1;
      return attempts === 1 ? nobody : server.target().url;
    };
    const link = dial(url, { reconnect: { firstMs: 60_000, maxMs: 60_000 } });
    await link.start();
    await reaches(link, { phase: 'backing-off' });
    const { nextRetryAt = 0 } = link.status;
    expect(nextRetryAt - Date.now()).toBeGreaterThan(50_000);
    await link.retryNow();
    await link.ready();
    expect(link.status.nextRetryAt).toBeUndefined();
    expect(attempts).toBe(2);
  });
});

describe('retarget', () => {
  const path = (server: RealServer, name: string) => `${server.target().url}${name}`;

  it('GS-09: of five targets in a row only the last connection lives', async () => {
    const { server, link, peer: first } = await met();
    const got: unknown[] = [];
    link.on('message', ({ data }) => got.push(data));
    const peers = [first];
    for (const name of ['2', '3', '4', '5']) {
      await link.retarget({ url: path(server, name) });
      peers.push(await server.peer());
    }
    await link.ready();
    for (const peer of peers) peer.send('x');
    await Promise.all(peers.slice(0, 4).map((peer) => peer.log.until('gone by reset')));
    await until('a frame', () => got.length > 0);
    expect(peers.map(({ log }) => log.words)).toEqual([...Array(4).fill(['gone by reset']), []]);
    expect(peers.map(({ request }) => request.url)).toEqual(['/', '/2', '/3', '/4', '/5']);
    expect(got).toEqual(['x']);
    expect(link.status.connection?.endpoint).toBe(path(server, '5'));
  });

  it('five in one turn make one connection, to the newest', async () => {
    const { server, link, peer } = await met();
    const next = link.nextReady();
    for (const name of ['2', '3', '4', '5']) void link.retarget({ url: path(server, name) });
    await next;
    await peer.log.until('gone by reset');
    const last = await server.peer();
    expect(last.request.url).toBe('/5');
    expect(server.sockets.size).toBe(2);
  });

  it('GS-05, GS-06: leaves a wait for the old target behind for good', async () => {
    const server = await RealServer.start('accepts');
    const link = dial(nobody, { reconnect: { firstMs: 80, maxMs: 80, jitter: 0 } });
    await link.start();
    await reaches(link, { phase: 'backing-off' });
    await link.retarget({ url: path(server, 'new') });
    await link.ready();
    // the old wait would end within this time
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(server.sockets.size).toBe(1);
    expect(link.status.connection?.generation).toBe(1);
  });

  it('is what makes a link that gave up useful again', async () => {
    const server = await RealServer.start('accepts');
    const link = dial(nobody, { reconnect: { ...quick, attemptsMax: 1 } });
    await link.start();
    await reaches(link, { state: 'failed' });
    await link.retarget({ url: path(server, 'new') });
    await link.ready();
    expect(link.status.error).toBeUndefined();
  });

  it('refuses what is no target, and keeps the one it has', async () => {
    const { link, peer } = await met();
    const targets: [target: object, says: string][] = [
      [{ url: 'ftp://elsewhere' }, 'retarget: url must be a ws, wss, http or https URL'],
      [{ urll: 'ws://127.0.0.1:1' }, 'retarget: urll is not an option'],
    ];
    for (const [target, says] of targets) {
      const error = await failure(link.retarget(target));
      expect([error.code, error.message.startsWith(says)]).toEqual(['HF_OPTION_INVALID', true]);
    }
    expect(link.send('still here')).toBe('sent');
    await peer.log.until('text still here');
  });

  it('changes nothing while stopped but where the next start leads', async () => {
    const { server, link } = await met();
    await link.stop();
    await link.retarget({ url: path(server, 'later') });
    expect(link.status.state).toBe('stopped');
    await link.start();
    await link.ready();
    expect((await server.peer()).request.url).toBe('/later');
  });
});
