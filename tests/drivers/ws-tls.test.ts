/**
 * The ws driver behind TLS: the contract again, resets of the socket under the TLS, and who may
 * answer at all. The certificates are for tests only and signed by themselves.
 */

import { X509Certificate } from 'node:crypto';
import { Agent as HttpsAgent } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { wsTransport } from '../../src/drivers/ws.ts';
import type { TransportTarget } from '../../src/ports.ts';
import { transportConformance } from './transport-conformance.ts';
import { nextTurn, payloadMax, Witness } from './transport-witness.ts';
import {
  certificates,
  clientState,
  eventually,
  frame,
  key,
  RealServer,
  startRaw,
} from './ws-peers.ts';

transportConformance('wss:', wsTransport, (manner) => RealServer.start(manner, { tls: 'valid' }));

const linux = process.platform === 'linux';
const call = (target: TransportTarget) => new Witness(wsTransport, target);
const pinOf = (pem: string) => new X509Certificate(pem).fingerprint256;
const ca = certificates.valid;
const cert = certificates.valid;
const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name));
const tls = (port: number, more: Partial<TransportTarget> = {}): TransportTarget => ({
  url: `wss://127.0.0.1:${port}/`,
  maxPayloadBytes: payloadMax,
  ...more,
});

async function meet() {
  const server = await startRaw({ key, cert });
  const client = call(tls(server.port, { ca }));
  const peer = await server.peer();
  await peer.upgrade();
  await client.log.until('opened');
  await nextTurn();
  return { server, client, peer };
}

describe('a reset under TLS reaches the peer as a TCP reset and leaves no TIME_WAIT', () => {
  it('while the handshake is stalled', async () => {
    const server = await startRaw();
    const client = call(tls(server.port));
    const peer = await server.peer();
    await peer.log.until('data');
    await nextTurn();
    const state = clientState(peer);
    client.handle.reset();
    expect(await peer.log.until('gone')).toBe('gone by reset');
    if (linux) expect(state()).toBeUndefined();
    expect(client.log.words).toEqual([]);
  });

  it('while the connection is open, and while the close frame is out', async () => {
    for (const closing of [false, true]) {
      const { client, peer } = await meet();
      const state = clientState(peer);
      if (closing) {
        client.handle.close(1000, '');
        await peer.log.until('close 1000');
        await nextTurn();
      }
      client.handle.reset();
      expect(await peer.log.until('gone')).toBe('gone by reset');
      if (linux) expect(state()).toBeUndefined();
      expect(client.log.words).toEqual(['opened']);
    }
  });

  it('also when the peer has closed and our end is on its way', async () => {
    await eventually('the tests before are over', () => handles().length === 0);
    const closing = frame(0x88, Buffer.from([0x03, 0xe8]));
    for (let ticks = 0; ticks < 12; ticks += 1) {
      const { client, peer } = await meet();
      const state = clientState(peer);
      client.onWord = async () => {
        for (let tick = 0; tick < ticks; tick += 1) {
          await new Promise((resolve) => process.nextTick(resolve));
        }
        client.handle.reset();
      };
      peer.socket.write(Buffer.concat([frame(0x81, 'x'), closing]));
      await peer.log.until('gone');
      if (linux) expect(state()).not.toBe('06');
      expect(client.log.words).toEqual(['opened', 'text x']);
    }
    await eventually('only servers are left', () => handles().join() === servers(12));
  });

  it('and 60 cycles leave no handle behind', { timeout: 60_000 }, async () => {
    await eventually('the tests before are over', () => handles().length === 0);
    const open = await RealServer.start('accepts', { tls: 'valid' });
    const stalled = await startRaw();
    for (let cycle = 0; cycle < 60; cycle += 1) {
      const server = cycle % 3 === 0 ? stalled : open;
      const client = call(cycle % 3 === 0 ? tls(stalled.port) : open.target());
      if (cycle % 3 < 2) await server.peer();
      if (cycle % 3 === 1) await client.log.until('opened');
      if (cycle % 2 === 1) client.handle.close(1000, 'maybe');
      client.handle.reset();
    }
    await eventually('only servers are left', () => handles().join() === servers(2));
    expect(handles().join()).toBe(servers(2));
  });
});

const servers = (count: number) => Array(count).fill('TCPServerWrap').join();

describe('a certificate', () => {
  const wrong = pinOf(ca).replaceAll(/[0-9]/g, '0');
  const refused: [why: string, code: string, more: Partial<TransportTarget>][] = [
    ['signed by nobody we know', 'DEPTH_ZERO_SELF_SIGNED_CERT', {}],
    ['other than the pinned one', 'TLS_FINGERPRINT', { fingerprint: wrong }],
    ['other than the pinned one, though trusted', 'TLS_FINGERPRINT', { ca, fingerprint: wrong }],
    ['compared with a pin that is none', 'TLS_FINGERPRINT', { fingerprint: 'not hex' }],
    ['compared with an empty pin', 'TLS_FINGERPRINT', { fingerprint: '' }],
    ['whose authority is no certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', { ca: 'no PEM' }],
  ];
  for (const [why, code, more] of refused) {
    it(`${why} is refused before one byte of the request is written`, async () => {
      const server = await startRaw({ key, cert });
      const client = call(
        tls(server.port, { url: `wss://ann:pw@127.0.0.1:${server.port}/`, ...more }),
      );
      await client.log.until('closed 1006');
      expect(client.log.words).toEqual(['closed 1006']);
      expect(client.end?.error?.code).toBe(code);
      await eventually('the client is gone', () => server.open() === 0);
      expect(server.heard()).toBe('');
    });
  }

  it('is accepted by its authority, as text and as bytes', async () => {
    const server = await RealServer.start('accepts', { tls: 'valid' });
    for (const one of [ca, [ca], new TextEncoder().encode(ca), [Buffer.from(ca)]]) {
      const client = call(server.target({ ca: one }));
      await client.log.until('opened');
      expect(client.log.words).toEqual(['opened']);
    }
  });

  it('is accepted by its pin alone, in any spelling', async () => {
    const server = await startRaw({ key, cert });
    const pin = pinOf(cert);
    for (const fingerprint of [pin, pin.toLowerCase(), pin.replaceAll(':', ''), ` ${pin}\n`]) {
      const client = call(tls(server.port, { fingerprint }));
      await (await server.peer()).upgrade();
      await client.log.until('opened');
      expect(client.log.words).toEqual(['opened']);
    }
  });

  it('that has expired is refused, unless it is the pinned one', async () => {
    const server = await RealServer.start('accepts', { tls: 'expired' });
    const client = call(server.target());
    await client.log.until('closed');
    expect(client.end?.error?.code).toBe('CERT_HAS_EXPIRED');
    const pinned = call(server.target({ fingerprint: pinOf(certificates.expired) }));
    await pinned.log.until('opened');
  });

  it('for another name is refused, unless it is the pinned one', async () => {
    const server = await RealServer.start('accepts', { tls: 'valid', host: '127.0.0.2' });
    const client = call(server.target());
    await client.log.until('closed');
    expect(client.end?.error?.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const pinned = call(server.target({ fingerprint: pinOf(cert) }));
    await pinned.log.until('opened');
  });

  it('is asked for by name, when there is one', async () => {
    const server = await startRaw({ key, cert });
    const client = call(tls(server.port, { ca, url: `https://localhost:${server.port}/` }));
    const peer = await server.peer();
    await peer.upgrade();
    await client.log.until('opened');
    expect((peer.socket as TLSSocket).servername).toBe('localhost');
  });

  it('is pinned behind an agent as well, before the request', async () => {
    const server = await startRaw({ key, cert });
    const agent = new HttpsAgent();
    const client = call(tls(server.port, { agent, fingerprint: pinOf(cert) }));
    const peer = await server.peer();
    await peer.upgrade();
    await client.log.until('opened');
    client.handle.reset();
    await peer.log.until('gone');
    const before = server.heard();
    const other = call(tls(server.port, { agent, fingerprint: wrong }));
    await other.log.until('closed');
    expect(other.end?.error?.code).toBe('TLS_FINGERPRINT');
    await eventually('the client is gone', () => server.open() === 0);
    expect(server.heard()).toBe(before);
  });

  it('cannot be pinned where there is no TLS: nobody is even called', async () => {
    const server = await startRaw();
    const url = `ws://127.0.0.1:${server.port}/`;
    const client = call(tls(server.port, { url, fingerprint: pinOf(cert) }));
    await client.log.until('closed');
    expect(client.end?.error?.code).toBe('TLS_FINGERPRINT');
    expect(server.arrived()).toBe(0);
  });
});

describe('a TLS handshake', () => {
  it('with a server that has no certificate ends once, with its error', async () => {
    const server = await startRaw({});
    const client = call(tls(server.port));
    await client.log.until('closed 1006');
    expect(client.log.words).toEqual(['closed 1006']);
    expect(client.end?.error?.code).toMatch(/^(ERR_SSL_|ECONNRESET|EPROTO)/);
  });

  it('that the server breaks off ends once, with its error', async () => {
    for (const how of ['end', 'reset', 'answer'] as const) {
      const server = await startRaw();
      const client = call(tls(server.port));
      const peer = await server.peer();
      await peer.log.until('data');
      if (how === 'end') peer.socket.end();
      else if (how === 'reset') peer.socket.resetAndDestroy();
      else peer.socket.end('HTTP/1.1 400 This is not the port you want\r\n\r\n');
      await client.log.until('closed 1006');
      expect(client.log.words).toEqual(['closed 1006']);
      const code = how === 'answer' ? /^(EPROTO|ERR_SSL)/ : 'ECONNRESET';
      expect(client.end?.error?.code).toMatch(code);
    }
  });
});
