/**
 * A recording over HTTP, to whoever was given its URL: a page, and the recording as it grows. It
 * promises to listen on 127.0.0.1 alone, to show nothing without the token of this run, and that
 * no request, however made, can stop, slow or change what is recorded. It must never take a
 * command that was not allowed by name, answer another site, or keep the process alive.
 *
 * The token stands in the fragment of the URL, which no browser sends: the page puts it into a
 * header, which no other site can do without asking first, and asking is refused.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { HoldfastError } from '../errors.ts';
import { Clerk, type Commands } from './commands.ts';
import { Reader, type Source } from './reader.ts';

export interface ServeOptions {
  /** of 127.0.0.1; default 0, a free one */
  port?: number;
  /** also where `NODE_ENV` is `production`; default false */
  force?: boolean;
  /** what whoever looks on may ask for; default nothing */
  commands?: Commands;
}

/** Served to anybody who asks in the right way: it holds no data. */
export interface Asset {
  type: string;
  body: string | Buffer;
}

export interface Served {
  /** with the token in its fragment: whoever has it may look on */
  readonly url: string;
  readonly port: number;
  /** readers that were cut off because they could not keep up */
  readonly slow: number;
  /** ends every reader; resolves when the port is free */
  close(): Promise<void>;
}

const limits = {
  headerBytes: 8 * 1024,
  askBytes: 4 * 1024,
  headersMs: 5_000,
  requestMs: 10_000,
  idleMs: 5_000,
  connections: 32,
  readers: 8,
};

const safety: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Throws `HF_OPTION_INVALID` where `NODE_ENV` is `production` and `force` is not set, and rejects
 * with what the system says when the port cannot be had.
 */
export async function serve(
  recording: Source,
  assets: ReadonlyMap<string, Asset>,
  { port = 0, force = false, commands }: ServeOptions = {},
): Promise<Served> {
  if (process.env.NODE_ENV === 'production' && !force) {
    const rule = 'must be true where NODE_ENV is "production": an inspector shows what happens';
    throw new HoldfastError('HF_OPTION_INVALID', `force ${rule}; got false`, {
      details: { option: 'force' },
    });
  }
  const clerk = commands && new Clerk(recording, commands);
  const desk = new Desk(recording, assets, clerk);
  const { server } = desk;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.unref();
  return desk.opened((server.address() as AddressInfo).port);
}

class Desk {
  readonly server: Server;
  readonly #recording: Source;
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #clerk: Clerk | undefined;
  readonly #token = randomBytes(32).toString('base64url');
  readonly #expected = digest(`Bearer ${this.#token}`);
  readonly #readers = new Set<Reader>();
  readonly #sockets = new Set<Socket>();
  #hosts: ReadonlySet<string> = new Set();
  #slow = 0;

  constructor(recording: Source, assets: ReadonlyMap<string, Asset>, clerk: Clerk | undefined) {
    this.#recording = recording;
    this.#assets = assets;
    this.#clerk = clerk;
    const { headerBytes: maxHeaderSize, headersMs, requestMs, idleMs, connections } = limits;
    this.server = createServer({ maxHeaderSize, insecureHTTPParser: false });
    this.server.headersTimeout = headersMs;
    this.server.requestTimeout = requestMs;
    this.server.keepAliveTimeout = idleMs;
    this.server.maxConnections = connections;
    this.server.on('connection', (socket) => this.#met(socket));
    this.server.on('request', (request, response) => this.#answer(request, response));
    // no WebSocket, no tunnel, no interim answer; a broken request is answered by silence
    this.server.on('upgrade', (_, socket) => socket.destroy());
    this.server.on('connect', (_, socket) => socket.destroy());
    this.server.on('checkContinue', (request, response) => this.#refuse(request, response, 417));
    this.server.on('clientError', (_, socket) => socket.destroy());
    this.server.on('error', () => {});
  }

  opened(port: number): Served {
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
    const desk = this;
    return {
      url: `http://127.0.0.1:${port}/#${this.#token}`,
      port,
      get slow() {
        return desk.#slow;
      },
      close: () => this.#close(),
    };
  }

  #met(socket: Socket): void {
    // who looks on keeps nobody from ending
    socket.unref();
    socket.on('error', () => {});
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #close(): Promise<void> {
    for (const reader of this.#readers) reader.end();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }

  // one request ----------------------------------------------------------------------------------

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    request.on('error', () => {});
    try {
      const refusal = this.#refusalOf(request);
      const asset = this.#assets.get(request.url ?? '');
      if (refusal !== undefined) this.#refuse(request, response, refusal);
      else if (request.method === 'POST') this.#ask(request, response);
      else if (request.url === '/commands') this.#offer(response);
      else if (asset === undefined) this.#stream(request, response);
      else response.writeHead(200, { ...safety, 'content-type': asset.type }).end(asset.body);
    } catch {
      response.destroy();
    }
  }

  /** In this order: who is asked for, who asks, how, and with what right. */
  #refusalOf({ headers, method, url, rawHeaders }: IncomingMessage): number | undefined {
    const { host, origin } = headers;
    if (host === undefined || !this.#hosts.has(host)) return 421;
    if (count(rawHeaders, 'host') !== 1 || count(rawHeaders, 'origin') > 1) return 421;
    if (origin !== undefined && origin !== `http://${host}`) return 403;
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return 403;
    if (method === 'OPTIONS') return 403;
    if (method === 'POST' && this.#clerk && url === '/commands') return this.#askRefusal(headers);
    if (method !== 'GET') return 405;
    if (this.#assets.has(url ?? '')) return undefined;
    if (url !== '/recording' && url !== '/commands') return 404;
    return this.#isKnown(headers.authorization) ? undefined : 401;
  }

  #askRefusal(headers: IncomingMessage['headers']): number | undefined {
    if (!this.#isKnown(headers.authorization)) return 401;
    if (headers['content-type'] !== 'application/json') return 415;
    // whoever does not say how much comes does not come
    const length = Number(headers['content-length'] ?? Number.NaN);
    return length <= limits.askBytes ? undefined : 413;
  }

  #offer(response: ServerResponse): void {
    const offer = this.#clerk?.offer ?? { verbs: [], events: {} };
    response.writeHead(200, { ...safety, ...json }).end(JSON.stringify(offer));
  }

  #ask(request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.once('end', () => {
      const status = this.#clerk?.take(Buffer.concat(pieces).toString()) ?? 405;
      response.writeHead(status, { ...safety, ...plain }).end(`${status}\n`);
    });
  }

  #isKnown(authorization: string | undefined): boolean {
    return timingSafeEqual(digest(authorization ?? ''), this.#expected);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
    const body = `${status}\n`;
    // what else it sends is not read
    response.writeHead(status, { ...safety, ...plain, connection: 'close' });
    response.end(body, () => request.destroy());
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    if (this.#readers.size >= limits.readers) {
      this.#refuse(request, response, 503);
      return;
    }
    response.writeHead(200, { ...safety, 'content-type': 'application/x-ndjson; charset=utf-8' });
    const reader = new Reader(this.#recording, response, () => {
      this.#slow += 1;
    });
    this.#readers.add(reader);
    response.once('close', () => {
      reader.end();
      this.#readers.delete(reader);
    });
  }
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };
const json = { 'content-type': 'application/json; charset=utf-8' };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const count = (rawHeaders: readonly string[], name: string): number =>
  rawHeaders.filter((one, i) => i % 2 === 0 && one.toLowerCase() === name).length;
