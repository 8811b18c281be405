/**
 * Hostile answers to the upgrade, on real sockets and through the engine: refusals that are huge,
 * slow or lead elsewhere, answers that are no answer, and peers that stop in the middle. Each ends
 * in a sentence that is short and holds no secret, in a wait before the next try, and in nothing:
 * no socket, no timer, no memory of the body.
 */

import { describe, expect, it } from 'vitest';
import { type Connection, connect, openclaw } from '../../src/index.ts';
import { frame, type RawPeer, type RawServer, startRaw } from '../drivers/ws-peers.ts';
import { keep, keepHouse, reaches, until } from '../e2e/house.ts';
import { knock } from '../e2e/knock.ts';

keepHouse();

const secret = 'tok3n-in-the-url';
/** One attempt is looked at; the next is far away. */
const once = { firstMs: 60_000, maxMs: 60_000, jitter: 0 };

interface Called {
  link: Connection;
  server: RawServer;
  peer: RawPeer;
  diagnostics: string[];
}

/** A link that has sent its upgrade request to a server which answers by hand. */
async function called(more: Partial<Parameters<typeof connect>[0]> = {}): Promise<Called> {
  const server = await startRaw();
  const diagnostics: string[] = [];
  const link = keep(
    connect({
      url: `ws://127.0.0.1:${server.port}/?token=${secret}`,
      protocol: 'plain',
      reconnect: once,
      ...more,
    }),
  );
  link.on('diagnostic', ({ code, message }) => diagnostics.push(`${code} ${message}`));
  await link.start();
  const peer = await server.peer();
  await peer.log.until('request');
  return { link, server, peer, diagnostics };
}

/** The attempt is over: what it said is fit to be shown, and nothing of it is left. */
async function ends(
  { link, server, peer, diagnostics }: Called,
  because: RegExp,
  phase = 'backing-off',
): Promise<void> {
  await reaches(link, { phase });
  expect(link.status.because).toMatch(because);
  expect(link.status.because.length).toBeLessThan(400);
  expect(JSON.stringify([link.status, diagnostics])).not.toContain(secret);
  expect(diagnostics.join('').length).toBeLessThan(400);
  expect(link.status.connection).toBeUndefined();
  await peer.log.until('gone');
  peer.socket.destroy();
  await until('the socket to be gone', () => server.open() === 0);
  expect(server.arrived()).toBe(1);
  expect(await link.stop()).toMatchObject({ gone: true });
}

const head = (status: string, more = '') => `HTTP/1.1 ${status}\r\n${more}\r\n`;

describe('an upgrade is refused', () => {
  it('with 1 MiB: its status is told, its words are cut, its secrets are hidden', async () => {
    const all = await called();
    const body = `no entry for ${secret}, ${'really '.repeat(150_000)}`;
    all.peer.socket.write(head('500 No', `Content-Length: ${body.length}\r\n`) + body);
    await ends(
      all,
      /^the server answered HTTP 500 \(internal server error\) .*: no entry for \*\*\*, really/,
    );
  });

  it('with the secret of our URL in it, hidden behind marks that nobody sees', async () => {
    const all = await called();
    const hidden = [...secret].join('\u200b');
    all.peer.socket.end(`${head('500 No')}no entry for ${hidden}`);
    await ends(all, /: no entry for \*\*\*;/);
  });

  it('one byte at a time, for ever: what came within a second is what it said', async () => {
    const all = await called();
    all.peer.socket.write(head('503 Busy', 'Content-Length: 1000\r\n'));
    const drip = setInterval(() => all.peer.socket.write('z'), 20);
    await ends(all, /HTTP 503 \(service unavailable\).*: z+;/).finally(() => clearInterval(drip));
  });

  it('with a header that never ends', async () => {
    const all = await called();
    const line = `X-More: ${'x'.repeat(1_000)}\r\n`;
    all.peer.socket.write(`HTTP/1.1 101 Switching Protocols\r\n${line.repeat(100)}`);
    await ends(all, /^the connection failed with HPE_HEADER_OVERFLOW/);
  });

  it.each(['301 Moved', '302 Found', '307 Temporary', '308 Permanent'])(
    'with %s: nobody is called elsewhere, and nobody hears our token there',
    async (status) => {
      const elsewhere = await startRaw();
      const all = await called();
      const location = `Location: ws://127.0.0.1:${elsewhere.port}/\r\n`;
      all.peer.socket.end(head(status, `${location}Content-Length: 0\r\n`));
      await ends(all, new RegExp(`^the server answered HTTP ${status.slice(0, 3)}`));
      expect(elsewhere.arrived()).toBe(0);
    },
  );
});

describe('an upgrade is answered', () => {
  const accept = (key: string) =>
    head(
      '101 Switching Protocols',
      `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n`,
    );

  it('with the proof of another key', async () => {
    const all = await called();
    all.peer.socket.write(accept('c29tZWJvZHkgZWxzZSBlbnRpcmVseQ=='));
    await ends(all, /^the connection failed with WS_HANDSHAKE: Invalid Sec-WebSocket-Accept/);
  });

  it('with 200, as any web server would', async () => {
    const all = await called();
    all.peer.socket.end(`${head('200 OK', 'Content-Length: 5\r\n')}hello`);
    await ends(all, /^the server answered HTTP 200/);
  });

  it('with a WebSocket frame instead of HTTP', async () => {
    const all = await called();
    all.peer.socket.write(frame(0x81, 'welcome'));
    await ends(all, /^the connection failed with HPE_INVALID_CONSTANT/);
  });

  it('well, and at once followed by garbage: told 1002, and nothing of it is heard', async () => {
    const all = await called();
    const heard: unknown[] = [];
    all.link.on('message', (message) => heard.push(message));
    await all.peer.upgrade(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await ends(all, /^we closed the connection with 1002 \(protocol error\)/);
    expect(heard).toEqual([]);
    expect(all.peer.closeCode).toBe(1002);
  });

  it('well, and closed with the secret of our URL as the reason', async () => {
    const all = await called();
    await all.peer.upgrade();
    await all.link.ready();
    const reason = Buffer.from(`no entry for ${[...secret].join('\u200b')}`.slice(0, 60));
    all.peer.socket.write(frame(0x88, Buffer.concat([Buffer.from([0x0f, 0xa0]), reason])));
    all.peer.socket.end();
    await ends(all, /no entry for \*\*\*/);
  });
});

describe('a peer that stops in the middle is reset when the time of its phase is over', () => {
  it('after half a status line', async () => {
    const all = await called({ limits: { openMs: 150 } });
    all.peer.socket.write('HTTP/1.1 101 Switch');
    await ends(all, /had not answered; we reset the connection/);
    expect(all.peer.log.words.at(-1)).toBe('gone by reset');
  });

  it('one byte of a status line every 20 ms: not one deadline is moved by it', async () => {
    const all = await called({ limits: { openMs: 200 } });
    const line = [...`HTTP/1.1 101 ${'s'.repeat(5_000)}`];
    const drip = setInterval(() => all.peer.socket.write(line.shift() ?? 's'), 20);
    await ends(all, /had not answered; we reset the connection/).finally(() => clearInterval(drip));
  });

  it('after half a frame header, while the challenge is awaited', async () => {
    const all = await called({ protocol: knock(), limits: { challengeMs: 150, closeMs: 50 } });
    await all.peer.upgrade(frame(0x81, 'challenge').subarray(0, 1));
    await ends(all, /handshake|timeout/);
    expect(all.peer.log.words).toContain('gone by reset');
  });

  it('one byte of a challenge every 20 ms, in a frame that says it is long', async () => {
    const asked: number[] = [];
    const all = await called({
      protocol: openclaw(),
      credentials: () => asked.push(1),
      limits: { challengeMs: 200, closeMs: 50 },
    });
    await all.peer.upgrade(frame(0x81, '{"type":"event"', 1_000_000));
    const drip = setInterval(() => all.peer.socket.write(' '), 20);
    await ends(all, /connect challenge timeout/).finally(() => clearInterval(drip));
    expect(asked).toEqual([]);
    expect(all.peer.log.words).toContain('gone by reset');
  });

  it('after half a header, once the link is open: silent, asked, and found dead', async () => {
    const heartbeat = { mode: 'probe', silenceMs: 60, waitMs: 60, probeMs: 60 } as const;
    const all = await called({ heartbeat });
    await all.peer.upgrade(frame(0x81, 'x'.repeat(200)).subarray(0, 5));
    await ends(all, /the peer was silent for .*, also when probed; we reset the connection/);
    expect(all.peer.log.words.at(-1)).toBe('gone by reset');
  });
});

describe('a peer that pings and does not read', () => {
  it('is not owed a pong for each ping: what waits to be written stays small', async () => {
    const all = await called({ heartbeat: { mode: 'off' } });
    const heard: unknown[] = [];
    all.link.on('message', (message) => heard.push(message));
    await all.peer.upgrade();
    await all.link.ready();
    all.peer.socket.pause();
    const pings = Buffer.concat(Array(1_000).fill(frame(0x89, 'p'.repeat(125))));
    for (let n = 0; n < 120; n += 1) all.peer.socket.write(pings);
    all.peer.socket.write(frame(0x81, 'last'));
    await until('all of it is read', () => heard.length === 1);
    // a send is refused when it and what waits before it, the pongs, are more than the bound
    const waits = all.link.send('x'.repeat(8_388_608 - 200_000));
    expect(waits).toBe('queued');
    all.peer.socket.resume();
    all.peer.socket.resetAndDestroy();
    await reaches(all.link, { phase: 'backing-off' });
    expect(await all.link.stop()).toMatchObject({ gone: true });
  });
});
