/**
 * TLS that fails at each of its steps, through the engine: in every case nobody is asked for
 * credentials, the server hears not one byte of a request, the status says why, the next try waits
 * for its backoff, and no socket is left. What the driver alone owes is in tests/drivers.
 */

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Connection, connect, type Link, openclaw } from '../../src/index.ts';
import { certificates, key, type RawPeer, type RawServer, startRaw } from '../drivers/ws-peers.ts';
import { keep, keepHouse, reaches, until } from '../e2e/house.ts';

keepHouse();

const cert = certificates.valid;
const pinOf = (pem: string) => new X509Certificate(pem).fingerprint256;
const wrongPin = pinOf(cert).replaceAll(/[0-9]/g, '0');
/** The first wait is far longer than a test looks. */
const once = { firstMs: 60_000, maxMs: 60_000, jitter: 0 };

interface Dialled {
  link: Connection;
  server: RawServer;
  /** how often the host was asked for credentials, and what the consumer has heard */
  asked: number[];
  heard: unknown[];
}

function dial(server: RawServer, more: Partial<Link> = {}, host = '127.0.0.1'): Dialled {
  const asked: number[] = [];
  const heard: unknown[] = [];
  const link = keep(
    connect({
      url: `wss://${host}:${server.port}/`,
      protocol: openclaw(),
      credentials: ({ attempt }) => {
        asked.push(attempt);
        return { token: 'never-to-be-said' };
      },
      reconnect: once,
      ...more,
    }),
  );
  for (const event of ['message', 'event'] as const) link.on(event, (one) => heard.push(one));
  return { link, server, asked, heard };
}

/** The attempt failed before anything of ours was said; the next one is not now. */
async function fails(
  { link, server, asked, heard }: Dialled,
  because: RegExp,
  phase = 'backing-off',
): Promise<void> {
  await reaches(link, { phase });
  expect(link.status.because).toMatch(because);
  expect(link.status.connection).toBeUndefined();
  expect([asked, heard]).toEqual([[], []]);
  expect(server.heard()).not.toMatch(/GET|upgrade|token|never-to-be-said/i);
  const calls = server.arrived();
  expect(calls).toBe(1);
  if (phase === 'backing-off') {
    const { nextRetryAt = 0 } = link.status;
    expect(nextRetryAt - Date.now()).toBeGreaterThan(30_000);
  }
  expect(await link.stop()).toMatchObject({ gone: true });
  expect(server.arrived()).toBe(calls);
}

describe('a TLS server that is none', () => {
  const stories: [what: string, peer: (peer: RawPeer) => unknown, because: RegExp][] = [
    ['closes at once', ({ socket }) => socket.end(), /ECONNRESET|disconnected before/],
    ['resets at once', ({ socket }) => socket.resetAndDestroy(), /ECONNRESET/],
    [
      'closes when it has heard us',
      (peer) => peer.log.until('data').then(() => peer.socket.end()),
      /ECONNRESET|disconnected before/,
    ],
    [
      'speaks HTTP',
      (peer) =>
        peer.log.until('data').then(() => peer.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /EPROTO|ERR_SSL/,
    ],
    [
      'speaks garbage',
      (peer) => peer.log.until('data').then(() => peer.socket.write(Buffer.alloc(4_096, 0xa5))),
      /EPROTO|ERR_SSL/,
    ],
    [
      'answers with an alert',
      (peer) =>
        peer.log.until('data').then(() => peer.socket.write(Buffer.from('15030300020228', 'hex'))),
      /EPROTO|ERR_SSL/,
    ],
    [
      'begins a ServerHello and closes in the middle of it',
      (peer) =>
        peer.log.until('data').then(() => peer.socket.end(Buffer.from('160303007a0200', 'hex'))),
      /ECONNRESET|ERR_SSL|disconnected before/,
    ],
  ];
  it.each(stories)('but %s', async (_, act, because) => {
    const server = await startRaw();
    const dialled = dial(server);
    await dialled.link.start();
    await act(await server.peer());
    await fails(dialled, because);
  });

  const silent: [what: string, act: (peer: RawPeer) => unknown][] = [
    ['hears our ClientHello and says nothing', () => {}],
    ['begins a ServerHello and never ends it', ({ socket }) => socket.write('\u0016\u0003\u0003')],
  ];
  it.each(silent)('and that %s is reset at the end of openMs', async (_, act) => {
    const server = await startRaw();
    const dialled = dial(server, { limits: { openMs: 200 } });
    await dialled.link.start();
    const peer = await server.peer();
    await peer.log.until('data');
    act(peer);
    await fails(dialled, /had not answered; we reset the connection/);
    expect(await peer.log.until('gone')).toBe('gone by reset');
  });
});

describe('a TLS server that is somebody else', () => {
  it('self-signed and not pinned', async () => {
    const server = await startRaw({ key, cert });
    const dialled = dial(server);
    await dialled.link.start();
    await fails(dialled, /DEPTH_ZERO_SELF_SIGNED_CERT/);
  });

  it('with a certificate that has expired', async () => {
    const server = await startRaw({ key, cert: certificates.expired });
    const dialled = dial(server, { ws: { ca: certificates.expired } });
    await dialled.link.start();
    await fails(dialled, /CERT_HAS_EXPIRED/);
  });

  it('with a certificate for another name', async () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
    const [keyFile, certFile] = [join(home, 'key.pem'), join(home, 'cert.pem')];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    args.push('-nodes', '-days', '2', '-subj', '/CN=test-only', '-keyout', keyFile);
    args.push('-addext', 'subjectAltName=DNS:somebody-else.test', '-out', certFile);
    execFileSync('openssl', args, { stdio: 'ignore' });
    const other = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
    rmSync(home, { recursive: true });
    const server = await startRaw(other);
    const dialled = dial(server, { ws: { ca: other.cert } }, 'localhost');
    await dialled.link.start();
    await fails(dialled, /ERR_TLS_CERT_ALTNAME_INVALID/);
  });

  it('than the pinned one: the link gives up and says so, for no attempt cures that', async () => {
    const server = await startRaw({ key, cert });
    const dialled = dial(server, { tls: { fingerprint: wrongPin } });
    await dialled.link.start();
    const ready = dialled.link.ready().catch((error: unknown) => error);
    await until('it gives up', () => dialled.link.status.state === 'failed');
    expect(dialled.link.status.because).toMatch(/not the pinned one.*fingerprint/i);
    expect(await ready).toMatchObject({ code: 'HF_UNAUTHORISED' });
    expect([dialled.asked, dialled.heard, server.heard()]).toEqual([[], [], '']);
    expect(server.arrived()).toBe(1);
    await until('the socket to be gone', () => server.open() === 0);
  });

  it('with no cipher that we know', async () => {
    const server = await startRaw({
      key,
      cert,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-RSA-AES128-SHA',
    });
    const dialled = dial(server, { ws: { ca: cert } });
    await dialled.link.start();
    await fails(dialled, /EPROTO|ERR_SSL|ECONNRESET/);
  });
});

describe('the pinned server', () => {
  const tls = { fingerprint: pinOf(cert) };

  it('that refuses the upgrade hears of no credentials', async () => {
    const server = await startRaw({ key, cert });
    const dialled = dial(server, { tls });
    await dialled.link.start();
    const peer = await server.peer();
    await peer.log.until('request');
    peer.socket.end('HTTP/1.1 502 Bad\r\nContent-Length: 4\r\n\r\nbusy');
    await reaches(dialled.link, { phase: 'backing-off' });
    expect(dialled.link.status.because).toMatch(/HTTP_502|HTTP 502/);
    expect(dialled.asked).toEqual([]);
    expect(server.heard()).not.toContain('never-to-be-said');
  });

  it('that closes between the handshake and the upgrade is only lost', async () => {
    const server = await startRaw({ key, cert });
    const dialled = dial(server, { tls });
    await dialled.link.start();
    const peer = await server.peer();
    await peer.log.until('request');
    peer.socket.destroy();
    await reaches(dialled.link, { phase: 'backing-off' });
    expect(dialled.link.status.because).toMatch(/ECONNRESET/);
    expect(dialled.asked).toEqual([]);
  });

  it('that fails again and again is tried with growing waits, not in a loop', async () => {
    const server = await startRaw();
    const firstMs = 40;
    const dialled = dial(server, { reconnect: { firstMs, maxMs: 10_000, factor: 3, jitter: 0 } });
    const at: number[] = [];
    await dialled.link.start();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      (await server.peer()).socket.resetAndDestroy();
      at.push(performance.now());
    }
    const waits = at.slice(1).map((time, n) => time - (at[n] ?? 0));
    // a wait is never shorter than planned; how much longer it is, the machine's load decides
    for (const [n, wait] of waits.entries()) expect(wait).toBeGreaterThan(firstMs * 3 ** n - 15);
    expect(await dialled.link.stop()).toMatchObject({ gone: true });
    expect(dialled.asked).toEqual([]);
  });
});
