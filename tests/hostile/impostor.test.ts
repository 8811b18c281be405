/**
 * A server that answers for another. The port of the one we know is taken over between two
 * attempts, by a process that accepts whatever comes; or the one at the end of the line answers a
 * question that was put to somebody else. Nothing that proves who we are may reach it, and nothing
 * it says may open the link.
 */

import { X509Certificate } from 'node:crypto';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Connection, connect, type Link, openclaw } from '../../src/index.ts';
import { certificates, frame, key, RawPeer } from '../drivers/ws-peers.ts';
import { keep, keepHouse, reaches, until } from '../e2e/house.ts';

keepHouse();

const token = 'only-for-the-real-one';
const pinOf = (pem: string) => new X509Certificate(pem).fingerprint256;
const soon = { firstMs: 20, maxMs: 40, jitter: 0 };

/** One who listens on a port until it is told to go, and answers by hand. */
interface Listener {
  port: number;
  peers: RawPeer[];
  /** closes the port and cuts every connection */
  leaves(): Promise<void>;
}

async function listen(tls: TlsOptions | undefined, port = 0): Promise<Listener> {
  const peers: RawPeer[] = [];
  const sockets = new Set<Socket>();
  const greet = (socket: Socket) => peers.push(new RawPeer(socket));
  const server: Server = tls === undefined ? createTcp(greet) : createTls(tls, greet);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const leaves = async () => {
    for (const socket of sockets) socket.resetAndDestroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(leaves);
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, peers, leaves };
}

const real: TlsOptions = { key, cert: certificates.valid };
/** The same key, another certificate: all that an impostor could ever show is one more thing. */
const other: TlsOptions = { key, cert: certificates.expired };

const challenge = (nonce = 'n-1') =>
  JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce, ts: 1_000 } });
const hello = (id: string) =>
  JSON.stringify({
    type: 'res',
    id,
    ok: true,
    payload: {
      type: 'hello-ok',
      protocol: 4,
      server: { version: '1' },
      auth: { role: 'operator', scopes: ['operator.admin'] },
      policy: { tickIntervalMs: 30_000 },
    },
  });
const text = (words: string) => frame(0x81, words);
const say = (peer: RawPeer, ...words: string[]) =>
  peer.socket.write(Buffer.concat(words.map(text)));

/** What the client has said past its upgrade request: texts as they are, else the opcode. */
function said(peer: RawPeer): string[] {
  let rest = Buffer.from(peer.text.split('\r\n\r\n').slice(1).join('\r\n\r\n'), 'latin1');
  const words: string[] = [];
  while (rest.length >= 6) {
    const short = (rest[1] ?? 0) & 0x7f;
    const at = short === 126 ? 4 : 2;
    const size = short === 126 ? rest.readUInt16BE(2) : short;
    const mask = rest.subarray(at, at + 4);
    if (rest.length < at + 4 + size) break;
    const payload = rest
      .subarray(at + 4, at + 4 + size)
      .map((byte, n) => byte ^ (mask[n % 4] ?? 0));
    const opcode = (rest[0] ?? 0) & 0x0f;
    words.push(opcode === 1 ? Buffer.from(payload).toString() : `opcode ${opcode}`);
    rest = rest.subarray(at + 4 + size);
  }
  return words;
}

async function met(listener: Listener, count = 1): Promise<RawPeer> {
  await until(`${count} clients`, () => listener.peers.length >= count);
  const peer = listener.peers[count - 1];
  if (peer === undefined) throw new Error('no client');
  await peer.log.until('request');
  return peer;
}

interface Made {
  link: Connection;
  asked: number[];
  /** the state each time it changed */
  states: string[];
}

function make(url: string, more: Partial<Link> = {}): Made {
  const asked: number[] = [];
  const link = keep(
    connect({
      url,
      protocol: openclaw(),
      credentials: ({ attempt }) => {
        asked.push(attempt);
        return { token };
      },
      reconnect: soon,
      limits: { openMs: 2_000, challengeMs: 2_000, helloMs: 2_000, closeMs: 50 },
      ...more,
    }),
  );
  const states: string[] = [];
  link.on('status', ({ state }) => states.push(state));
  return { link, asked, states };
}

/** The id of our connect request. */
const askedAs = (peer: RawPeer): string =>
  String((JSON.parse(said(peer)[0] ?? '{}') as { id?: unknown }).id);

async function opens({ link }: Made, listener: Listener): Promise<RawPeer> {
  const peer = await met(listener);
  await peer.upgrade(text(challenge()));
  await until('our hello', () => said(peer).length > 0);
  say(peer, hello(askedAs(peer)));
  await link.ready();
  return peer;
}

/** A link that was open to the real server behind its pin, which has left its port. */
async function pinnedAndLeft() {
  const first = await listen(real);
  const tls = { fingerprint: pinOf(certificates.valid) };
  const made = make(`wss://127.0.0.1:${first.port}`, { tls });
  await made.link.start();
  await opens(made, first);
  await first.leaves();
  return { first, made };
}

describe('another process takes the port over between two attempts', () => {
  it('and authorize says no: it never sees a socket', async () => {
    const first = await listen(undefined);
    let mayConnect = true;
    const made = make(`ws://127.0.0.1:${first.port}`, { authorize: () => mayConnect });
    await made.link.start();
    await opens(made, first);
    mayConnect = false;
    await first.leaves();
    const second = await listen(undefined, first.port);
    await until('it gives up', () => made.link.status.state === 'failed');
    expect(made.link.status.because).toContain('authorize');
    expect(second.peers).toEqual([]);
    expect(made.asked).toHaveLength(1);
  });

  it('with another certificate than the pinned one: it hears not one byte of ours', async () => {
    const { first, made } = await pinnedAndLeft();
    const second = await listen(other, first.port);
    await until('it gives up', () => made.link.status.state === 'failed');
    expect(made.link.status.because).toMatch(/not the pinned one/);
    expect(second.peers.map(({ text }) => text).join('')).toBe('');
    expect(made.asked).toHaveLength(1);
  });

  it('without TLS, where there was a pin: it gets a ClientHello and nothing else', async () => {
    const { first, made } = await pinnedAndLeft();
    const second = await listen(undefined, first.port);
    await until('it is called', () => (second.peers[0]?.text ?? '') !== '');
    second.peers[0]?.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
    await until('a second call', () => second.peers.length > 1);
    const heard = second.peers.map(({ text }) => text).join('');
    expect(heard).not.toMatch(new RegExp(`GET|${token}`));
    expect(made.asked).toHaveLength(1);
    await made.link.stop();
  });

  it('and the real one comes back behind its pin: the link does too', async () => {
    const { first, made } = await pinnedAndLeft();
    await until('it is lost', () => made.link.status.state === 'reconnecting');
    const again = await listen(real, first.port);
    await opens(made, again);
    expect(made.asked).toHaveLength(2);
    await made.link.stop();
  });
});

describe('an answer for another', () => {
  it('is ignored, however good: only the answer to our own request opens the link', async () => {
    const listener = await listen(undefined);
    const made = make(`ws://127.0.0.1:${listener.port}`);
    await made.link.start();
    const peer = await met(listener);
    await peer.upgrade(text(challenge()));
    await until('our hello', () => said(peer).length > 0);
    const id = askedAs(peer);
    const others = ['1', `${id}x`, id.slice(1), id.toUpperCase(), '__proto__', 'connect'];
    say(peer, ...others.filter((one) => one !== id).map(hello));
    const refusal = { type: 'res', id: 'other', ok: false, error: { code: 'AUTH_REQUIRED' } };
    say(peer, JSON.stringify(refusal), challenge('n-2'));
    // all of it is read when the answer to this ping is here
    peer.socket.write(frame(0x89, 'read'));
    await until('our pong', () => said(peer).includes('opcode 10'));
    expect(made.link.status).toMatchObject({ state: 'starting', ready: false });
    expect(made.states).not.toContain('running');
    expect(said(peer).filter((word) => word.includes('"connect"'))).toHaveLength(1);
    say(peer, hello(id));
    await made.link.ready();
    await made.link.stop();
  });

  it('before our request was sent opens nothing, and is given no credentials', async () => {
    const listener = await listen(undefined);
    const made = make(`ws://127.0.0.1:${listener.port}`, {
      limits: { challengeMs: 150, closeMs: 50 },
      reconnect: { firstMs: 60_000, maxMs: 60_000 },
    });
    await made.link.start();
    const peer = await met(listener);
    await peer.upgrade(Buffer.concat(['1', 'connect', ''].map((id) => text(hello(id)))));
    await reaches(made.link, { phase: 'backing-off' });
    expect(made.link.status.because).toMatch(/challenge/);
    expect(made.states).not.toContain('running');
    expect(made.asked).toEqual([]);
    expect(said(peer).join()).not.toContain(token);
    await made.link.stop();
  });

  it('while the host still looks for its credentials opens nothing either', async () => {
    const listener = await listen(undefined);
    let give = () => {};
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    const made = make(`ws://127.0.0.1:${listener.port}`, {
      credentials: async () => {
        made.asked.push(1);
        await given;
        return { token };
      },
    });
    await made.link.start();
    const peer = await met(listener);
    await peer.upgrade(text(challenge()));
    await until('it is asked', () => made.asked.length === 1);
    say(peer, hello('1'), hello('connect'));
    peer.socket.write(frame(0x89, 'read'));
    await until('our pong', () => said(peer).includes('opcode 10'));
    expect(made.link.status.ready).toBe(false);
    expect(made.states).not.toContain('running');
    give();
    await until('our hello', () => said(peer).some((words) => words.includes(token)));
    expect(made.states).not.toContain('running');
    await made.link.stop();
  });
});
