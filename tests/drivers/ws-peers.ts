/**
 * Real servers on 127.0.0.1 for the ws driver, and what they hear. Nothing here is a mock: a
 * server sees an end or a reset because the kernel told it so.
 */

import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { TransportTarget } from '../../src/ports.ts';
import { upgradeOf } from '../e2e/stand-in.ts';
import {
  Log,
  type Manner,
  type Peer,
  type PeerServer,
  payloadMax,
  spell,
} from './transport-witness.ts';

const pem = (name: string) =>
  readFileSync(new URL(`fixtures/tls/test-only-${name}.pem`, import.meta.url), 'utf8');
export const key = pem('key');
export const certificates = { valid: pem('valid'), expired: pem('expired') };

/** Things in the order they came, for whoever asks first. */
class Queue<T> {
  readonly #items: T[] = [];
  readonly #askers: ((item: T) => void)[] = [];

  add(item: T): void {
    const asker = this.#askers.shift();
    if (asker) asker(item);
    else this.#items.push(item);
  }

  next(what: string): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`no ${what}`)), 10_000);
      this.#askers.push((late) => {
        clearTimeout(deadline);
        resolve(late);
      });
    });
  }
}

/** Says `gone by …` when the client's side of the connection is over. */
function watchEnd(socket: Socket, log: Log): void {
  socket.on('end', () => log.say('gone by end'));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // a write that fails has met the same reset a read would have met
    const met = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : error.code;
    log.say(`gone by ${met}`);
  });
}

/** Hears a close frame when it arrives; ws itself reports it only when the socket is gone. */
class Listener extends WebSocket {
  heard: (word: string) => void = () => {};

  override close(code?: number, reason?: string | Buffer): void {
    this.heard(`close ${code ?? 1005} ${reason ?? ''}`.trim());
    super.close(code, reason);
  }

  ask(code: number, reason: string): void {
    super.close(code, reason);
  }
}

export class RealPeer implements Peer {
  readonly log = new Log();
  readonly socket: Socket;
  readonly request: IncomingMessage;
  readonly #raw: Socket;
  readonly #ws: Listener | undefined;

  constructor(socket: Socket, raw: Socket, request: IncomingMessage, ws?: Listener) {
    this.socket = socket;
    this.#raw = raw;
    this.request = request;
    this.#ws = ws;
    watchEnd(socket, this.log);
    if (ws === undefined) socket.resume();
    else this.#listen(ws);
  }

  send(data: string | Uint8Array): void {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(data, () => {});
  }

  ping(): void {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws?.ask(code, reason);
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    if (this.socket.writableEnded) this.socket.destroy();
    else this.#raw.resetAndDestroy();
  }

  stall(): void {
    this.#ws?.pause();
  }

  #listen(ws: Listener): void {
    ws.heard = (word) => this.log.say(word);
    ws.on('message', (data: Buffer, isBinary) =>
      this.log.say(spell(isBinary ? data : data.toString())),
    );
    ws.on('ping', () => this.log.say('ping'));
    ws.on('pong', () => this.log.say('pong'));
    ws.on('error', () => {});
  }
}

/** A server with the test certificate when `tls` says which, else a plain one. */
function httpServer(tls?: keyof typeof certificates): Server {
  return tls === undefined ? createHttp() : createHttps({ key, cert: certificates[tls] });
}

export class RealServer implements PeerServer {
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  readonly #peers = new Queue<RealPeer>();
  readonly #tls: keyof typeof certificates | undefined;
  #host = '127.0.0.1';

  private constructor(manner: Manner, tls?: keyof typeof certificates) {
    this.#tls = tls;
    this.server = httpServer(tls);
    const raws = new Map<number, Socket>();
    this.server.on('connection', (raw: Socket) => {
      this.sockets.add(raw);
      raw.on('error', () => {});
      raws.set(raw.remotePort ?? 0, raw);
    });
    const sockets = new WebSocketServer({ noServer: true, WebSocket: Listener });
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const raw = raws.get(socket.remotePort ?? 0) ?? socket;
      if (manner === 'waits') this.#peers.add(new RealPeer(socket, raw, request));
      else if (manner === 'refuses') {
        socket.on('error', () => {});
        socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\ntry later');
      } else {
        sockets.handleUpgrade(request, socket, head, (ws) =>
          this.#peers.add(new RealPeer(socket, raw, request, ws)),
        );
      }
    });
  }

  static async start(
    manner: Manner,
    { tls, host = '127.0.0.1' }: { tls?: keyof typeof certificates; host?: string } = {},
  ): Promise<RealServer> {
    const one = new RealServer(manner, tls);
    one.#host = host;
    const where = host.startsWith('/') ? { path: host } : { host, port: 0 };
    await new Promise<void>((resolve) => one.server.listen(where, resolve));
    onTestFinished(() => one.dispose());
    return one;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  target(more: Partial<TransportTarget> = {}): TransportTarget {
    const ca = this.#tls === undefined ? {} : { ca: certificates[this.#tls] };
    const scheme = this.#tls === undefined ? 'ws' : 'wss';
    const url = `${scheme}://${this.#host}:${this.port}/`;
    return { url, maxPayloadBytes: payloadMax, ...ca, ...more };
  }

  peer(): Promise<RealPeer> {
    return this.#peers.next('client');
  }

  dispose(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

/** A client's TCP or TLS connection with nobody behind it who knows about WebSockets. */
export class RawPeer {
  readonly log = new Log();
  readonly socket: Socket;
  /** all it has heard, as latin1 */
  text = '';

  constructor(socket: Socket) {
    this.socket = socket;
    watchEnd(socket, this.log);
    socket.on('data', (data) => {
      this.text += data.toString('latin1');
      this.log.say('data');
      if (this.text.includes('\r\n\r\n')) this.log.say('request');
      if (this.closeCode !== undefined) this.log.say(`close ${this.closeCode}`);
    });
  }

  /** Answers the upgrade request, with `more` in the same packet. */
  async upgrade(more: Uint8Array = new Uint8Array()): Promise<void> {
    await this.log.until('request');
    const answer = upgradeOf(this.text) ?? Buffer.from('');
    this.socket.write(Buffer.concat([answer, more]));
  }

  /** The code of the close frame, when that is the first frame the client has sent. */
  get closeCode(): number | undefined {
    const bytes = Buffer.from(this.text.split('\r\n\r\n').slice(1).join('\r\n\r\n'), 'latin1');
    const [opcode, , mask0, mask1, , , high, low] = bytes;
    if (opcode !== 0x88 || high === undefined || low === undefined) return undefined;
    return ((high ^ (mask0 ?? 0)) << 8) | (low ^ (mask1 ?? 0));
  }
}

/** One frame as a server would send it; every part can be made wrong. */
export function frame(first: number, payload: string | Uint8Array = '', length?: number): Buffer {
  const data = Buffer.from(payload as Uint8Array);
  const size = length ?? data.length;
  const head = Buffer.alloc(size < 126 ? 2 : 10);
  head[0] = first;
  head[1] = size < 126 ? size : 127;
  if (size >= 126) head.writeBigUInt64BE(BigInt(size), 2);
  return Buffer.concat([head, data]);
}

export interface RawServer {
  port: number;
  peer(): Promise<RawPeer>;
  /** how many clients have come, and how many of them are still there */
  arrived(): number;
  open(): number;
  /** all that any client has said */
  heard(): string;
}

/** A server that does nothing by itself; with `options` it speaks TLS. */
export async function startRaw(options?: TlsOptions): Promise<RawServer> {
  const peers = new Queue<RawPeer>();
  const all: RawPeer[] = [];
  const sockets: Socket[] = [];
  const greet = (socket: Socket) => {
    const peer = new RawPeer(socket);
    all.push(peer);
    peers.add(peer);
  };
  // half open: such a server answers an end only when it is told to
  const server = options ? createTls(options, greet) : createTcp({ allowHalfOpen: true }, greet);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    peer: () => peers.next('client'),
    arrived: () => sockets.length,
    open: () => sockets.filter((socket) => !socket.destroyed).length,
    heard: () => all.map((peer) => peer.text).join(''),
  };
}

/** The kernel's TCP state of the client's end: 01 established, 06 TIME_WAIT, nothing when gone. */
export function clientState(peer: { socket: Socket }): () => string | undefined {
  const port = (one?: number) => (one ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const ends = [port(peer.socket.remotePort), port(peer.socket.localPort)].join();
  return () => {
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'utf8'));
    const rows = tables.join('\n').matchAll(/^ *\d+: \w+:(\w+) \w+:(\w+) (\w\w) /gm);
    return [...rows].find(([, local, remote]) => `${local},${remote}` === ends)?.[3];
  };
}

/** For what no event reports. */
export async function eventually(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`still not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
