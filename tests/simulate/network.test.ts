/**
 * The fake network keeps the contract of every transport, and does what a scenario asks of it: it
 * promises that a test may believe what it saw there. It must never need a clock for that.
 */

import { describe, expect, it } from 'vitest';
import { type Call, Network } from '../../src/simulate/network.ts';
import { Queue } from '../../src/simulate/queue.ts';
import { transportConformance } from '../drivers/transport-conformance.ts';
import { nextTurn, type PeerServer, payloadMax, Witness } from '../drivers/transport-witness.ts';

const shared = new Network();
const arrivals = new Map<string, Queue<Call>>();
shared.onCall = (call) => arrivals.get(call.target.url)?.add(call);

transportConformance('the fake network:', shared.transport, async (manner) => {
  const url = `ws://server-${arrivals.size}.test/`;
  const arrived = new Queue<Call>();
  arrivals.set(url, arrived);
  shared.at(url, manner);
  const server: PeerServer = {
    target: () => ({ url, maxPayloadBytes: payloadMax }),
    peer: () => arrived.next(),
    dispose: async () => shared.at(url, 'nobody'),
  };
  return server;
});

const target = { url: 'ws://one.test/', maxPayloadBytes: payloadMax };
const start = () => {
  const network = new Network();
  const call = (url = target.url) => new Witness(network.transport, { ...target, url });
  return { network, call };
};
const meet = async () => {
  const { network, call } = start();
  const client = call();
  const peer = await network.next();
  await client.log.until('opened');
  return { network, client, peer };
};
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
};

describe('the manner of the fake network', () => {
  it('is that of the URL, else that of the network', async () => {
    const { network, call } = start();
    network.manner = 'nobody';
    network.at('ws://two.test/', 'refuses');
    network.at('ws://three.test/', 'accepts');
    const clients = [call(), call('ws://two.test/'), call('ws://three.test/')];
    await turns(3);
    expect(clients.map((client) => client.log.words)).toEqual([
      ['closed 1006'],
      ['closed 1006'],
      ['opened'],
    ]);
    expect(clients[0]?.end?.error?.code).toBe('ECONNREFUSED');
    expect(clients[1]?.end?.status).toBe(503);
    expect(network.calls.map((one) => one.target.url)).toEqual([
      'ws://one.test/',
      'ws://two.test/',
      'ws://three.test/',
    ]);
  });

  it('announces only those who got in, and an accepted one as open', async () => {
    const { network, call } = start();
    const seen: [url: string, open: boolean, pending: boolean][] = [];
    network.onCall = ({ target: { url }, open, pending }) => seen.push([url, open, pending]);
    for (const manner of ['accepts', 'waits', 'refuses', 'nobody', 'hangs'] as const) {
      network.at(`ws://${manner}.test/`, manner);
      call(`ws://${manner}.test/`);
    }
    await turns(2);
    expect(seen).toEqual([
      ['ws://accepts.test/', true, false],
      ['ws://waits.test/', false, true],
      ['ws://hangs.test/', false, true],
    ]);
  });

  it('waits until the test answers, and hangs whatever the test answers', async () => {
    for (const manner of ['waits', 'hangs'] as const) {
      const { network, call } = start();
      network.manner = manner;
      const client = call();
      const peer = await network.next();
      await turns(3);
      expect(client.log.words).toEqual([]);
      peer.accept();
      peer.send('hello');
      await turns(2);
      expect(client.log.words).toEqual(manner === 'waits' ? ['opened', 'text hello'] : []);
      expect(peer.pending).toBe(manner === 'hangs');
    }
  });

  it('may be an end before the answer, which is a failure of the dial', async () => {
    const { network, call } = start();
    network.manner = 'waits';
    network.onCall = (peer) => peer.end();
    const client = call();
    await turns(4);
    const error = { code: 'ECONNRESET', message: 'socket hang up' };
    expect(client.end).toEqual({ code: 1006, reason: '', error });
    expect(network.calls[0]?.log.words).toEqual(['gone by reset']);
  });

  it('can be any refusal', async () => {
    const { network, call } = start();
    network.manner = 'waits';
    network.onCall = (peer) => peer.refuse(401, '{"error":\n"no"}');
    const client = call();
    await turns(3);
    expect(client.end).toEqual({
      code: 1006,
      reason: '{"error": "no"}',
      status: 401,
      error: {
        code: 'HTTP_401',
        message: 'the server answered 401 Unauthorized instead of upgrading',
      },
    });
    expect(network.calls[0]?.endedBy).toBe('peer');
  });

  it('can be any failure of the dial, before or after it arrived', async () => {
    const { network, call } = start();
    network.manner = 'waits';
    const early = call();
    network.calls[0]?.fail('ENOTFOUND');
    const late = call();
    await turns(1);
    network.calls[1]?.fail('CERT_HAS_EXPIRED');
    await turns(2);
    expect([early, late].map((client) => client.end?.error?.code)).toEqual([
      'ENOTFOUND',
      'CERT_HAS_EXPIRED',
    ]);
    expect(await network.next()).toBe(network.calls[1]);
    expect(network.calls.map(({ pending }) => pending)).toEqual([false, false]);
  });
});

describe('a call on the fake network', () => {
  it('keeps the text frames and hears the rest as words', async () => {
    const { client, peer } = await meet();
    client.handle.send('{"a":1}');
    client.handle.send(new Uint8Array([1]));
    client.handle.ping();
    await turns(2);
    expect(peer.frames).toEqual(['{"a":1}']);
    expect(peer.log.words).toEqual(['text {"a":1}', 'bytes 01', 'ping']);
  });

  it('answers pings unless it is told not to', async () => {
    const { client, peer } = await meet();
    peer.pongs = false;
    client.handle.ping();
    await turns(3);
    expect([peer.log.words, client.log.words]).toEqual([['ping'], ['opened']]);
    peer.pongs = true;
    client.handle.ping();
    await turns(3);
    expect(client.log.words).toEqual(['opened', 'pong']);
  });

  it('that stalls hears nothing until it reads on, and then all of it in order', async () => {
    const { client, peer } = await meet();
    peer.stall();
    for (let sent = 0; sent < 10; sent += 1) client.handle.send(String(sent).repeat(90_000));
    await turns(3);
    expect(peer.frames).toEqual([]);
    expect(client.handle.bufferedBytes).toBeGreaterThan(0);
    peer.resume();
    await turns(10);
    expect(client.handle.bufferedBytes).toBe(0);
    expect(peer.frames.map((text) => text[0]).join('')).toBe('0123456789');
  });

  it('that goes on with a close code nobody may send is told 1002', async () => {
    const { client, peer } = await meet();
    peer.close(1006, 'liar');
    await turns(3);
    expect(client.log.words).toEqual(['opened', 'closed 1002']);
    expect(peer.log.words).toEqual(['close 1002', 'gone by end']);
  });

  it('may close without a code', async () => {
    const { client, peer } = await meet();
    peer.close(1005, 'unheard');
    await turns(3);
    expect(client.end).toEqual({ code: 1005, reason: '' });
    expect(peer.log.words).toEqual(['close 1005', 'gone by end']);
  });

  it('knows who began to end it', async () => {
    const endings: [by: string, act: (of: Awaited<ReturnType<typeof meet>>) => void][] = [
      ['client reset', ({ client }) => client.handle.reset()],
      ['client close', ({ client }) => client.handle.close(1000, '')],
      ['client close', ({ peer }) => peer.send('x'.repeat(payloadMax + 1))],
      ['peer', ({ peer }) => peer.close(1000, '')],
      ['peer', ({ peer }) => peer.end()],
      ['peer', ({ peer }) => peer.reset()],
    ];
    for (const [by, act] of endings) {
      const all = await meet();
      expect([all.peer.endedBy, all.peer.open, all.network.alive]).toEqual([undefined, true, 1]);
      act(all);
      await turns(4);
      all.client.handle.reset();
      expect([all.peer.endedBy, all.peer.open, all.network.alive]).toEqual([by, false, 0]);
    }
  });

  it('never arrives when it was taken back at once', async () => {
    const { network, call } = start();
    call().handle.reset();
    const client = call();
    expect(await network.next()).toBe(network.calls[1]);
    await client.log.until('opened');
    expect(network.calls[0]?.log.words).toEqual(['gone by reset']);
    expect(network.calls[0]?.pending).toBe(false);
  });

  it('is alive from opened until closed, at the side of the client', async () => {
    const { network, call } = start();
    const client = call();
    await network.next();
    expect(network.alive).toBe(0);
    await client.log.until('opened');
    expect(network.alive).toBe(1);
    network.calls[0]?.stall();
    client.handle.close(1000, '');
    await turns(5);
    expect(network.alive).toBe(1);
    client.handle.reset();
    expect(network.alive).toBe(0);
  });
});
