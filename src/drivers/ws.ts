/**
 * The WebSocket transport: one ws 8 socket behind the `Transport` port. It promises that `closed`
 * comes exactly once, or never after `reset`; that `reset` ends the TCP connection with RST in
 * every phase and leaves nothing behind; that a pinned certificate is checked before one byte of
 * the request is written; and that no error carries the query or the credentials of the URL. It
 * must never decide when a connection is too slow (the machines do) and never throw at anybody.
 */

import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import WebSocket from 'ws';
import type {
  Transport,
  TransportEnd,
  TransportEvents,
  TransportHandle,
  TransportTarget,
} from '../ports.ts';

/** of a refusal's body: enough for a JSON error, too little to be drowned in */
const refusalBytesMax = 2048;
const refusalMs = 1000;
const lingerMs = 1000; // for the TCP end of a conversation that is already over
const reasonBytesMax = 123;
const pongsMax = 1000; // that wait to be written: beyond it a peer pings and does not read
const int32Max = 2 ** 31 - 1;

export const wsTransport: Transport = (target, events) => new WsLink(target, events);

type Fault = NonNullable<TransportEnd['error']>;
type DialTo = { host: string; port: string | number; socketPath?: string };
type Dialled = (error: Error | null, socket?: Socket) => void;
type ClientOptions = WebSocket.ClientOptions & { closeTimeout: number };

/** Tells a close that ws makes by itself (an answer, a refusal of bad frames) from one we ask. */
class Conversation extends WebSocket {
  closesItself: (code?: number) => void = () => {};

  override close(code?: number, reason?: string | Buffer): void {
    this.closesItself(code);
    super.close(code, reason);
  }

  ask(code: number, reason: string): void {
    super.close(code, reason);
  }
}

class WsLink implements TransportHandle {
  readonly #events: TransportEvents;
  readonly #target: TransportTarget;
  #place: Place | undefined;
  #ws: Conversation | undefined;
  /** what TCP knows: the only socket that can be reset */
  #raw: Socket | undefined;
  /** what ws reads and writes: `#raw` itself, or TLS around it */
  #socket: Socket | undefined;
  /** the kernel has seen a connect call: from then on there is something to reset */
  #attempted = false;
  /** `closed` was reported or `reset` came: no event may follow */
  #over = false;
  #asked = false;
  #timer: NodeJS.Timeout | undefined;
  #fault: Fault | undefined;
  /** the code of a close frame that ws sent of its own accord */
  #ownCode: number | undefined;
  #status: number | undefined;
  #body: Buffer[] = [];
  readonly #pongs = new Set<symbol>();

  constructor(target: TransportTarget, events: TransportEvents) {
    this.#target = target;
    this.#events = events;
    try {
      this.#place = locate(target);
      this.#ws = this.#converse(this.#place);
      this.#listen(this.#ws);
    } catch (error) {
      this.#fail(error);
      process.nextTick(() => this.#finish(1006, ''));
    }
  }

  get bufferedBytes(): number {
    return this.#over ? 0 : (this.#ws?.bufferedAmount ?? 0);
  }

  /** An error means that the peer cannot have the frame; no error, that it may. */
  send(data: string | Uint8Array, done?: (error?: Error) => void): void {
    const ws = this.#ws;
    const settle = done && calm(done);
    if (this.#over || ws?.readyState !== WebSocket.OPEN) {
      if (settle) process.nextTick(settle, coded('WS_NOT_OPEN', 'the connection is not open'));
      return;
    }
    try {
      ws.send(data, settle);
    } catch (error) {
      if (settle) process.nextTick(settle, error instanceof Error ? error : new Error('not sent'));
    }
  }

  ping(): void {
    const ws = this.#ws;
    if (!this.#over && ws?.readyState === WebSocket.OPEN) ws.ping();
  }

  close(code: number, reason: string): void {
    if (this.#over || this.#asked) return;
    this.#asked = true;
    if (this.#ws?.readyState === WebSocket.CONNECTING) {
      this.#fail(coded('WS_ABANDONED', 'we closed before the upgrade was answered'));
      this.#cut();
    } else this.#ws?.ask(closeCode(code), closeReason(reason));
  }

  reset(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#cut();
  }

  #converse({ url, headers }: Place): Conversation {
    const { subprotocols, agent, maxPayloadBytes: bytes } = this.#target;
    const options: ClientOptions = {
      headers,
      // ws reads the limit as an int32 in which 0 and less mean no limit at all
      maxPayload: bytes >= 1 ? Math.min(bytes, int32Max) : 1,
      followRedirects: false,
      perMessageDeflate: false,
      skipUTF8Validation: false,
      autoPong: false,
      closeTimeout: int32Max,
      ...trust(this.#target),
      finishRequest: (request) => this.#finishRequest(request),
      // http calls it with a callback as its second argument; the types know only net's overloads
      ...(agent === undefined
        ? { createConnection: this.#dial as unknown as typeof connectTcp }
        : { agent: agent as NonNullable<ClientOptions['agent']> }),
    };
    return new Conversation(url, subprotocols ?? [], options);
  }

  #listen(ws: Conversation): void {
    ws.closesItself = (code) => {
      this.#ownCode = code;
      this.#endWithin(lingerMs);
    };
    ws.on('open', () => this.#tell(() => this.#events.opened()));
    ws.on('message', (data, isBinary) => {
      this.#tell(() => this.#events.frame(isBinary ? (data as Buffer) : data.toString()));
    });
    ws.on('ping', (data) => {
      this.#tell(() => this.#events.sign('ping'));
      if (this.#pongs.size >= pongsMax) return;
      const pong = Symbol('pong');
      this.#pongs.add(pong);
      ws.pong(data, true, () => this.#pongs.delete(pong));
    });
    ws.on('pong', () => this.#tell(() => this.#events.sign('pong')));
    ws.on('unexpected-response', (_request, response) => this.#refused(response));
    ws.on('error', (error) => this.#fail(error));
    ws.on('close', (code, reason) => this.#finish(code, reason.toString()));
  }

  /** Opens TCP, then TLS around it, and hands http a socket that is ready to write. */
  readonly #dial = ({ host, port, socketPath }: DialTo, dialled: Dialled): undefined => {
    const raw = connectTcp(socketPath ? { path: socketPath } : { host, port: Number(port) });
    this.#raw = raw;
    raw.once('connectionAttempt', () => {
      this.#attempted = true;
    });
    raw.on('error', dialled);
    raw.once('connect', () => {
      if (this.#place?.url.protocol === 'wss:') this.#secure(raw, host, dialled);
      else dialled(null, raw);
    });
  };

  #secure(raw: Socket, host: string, dialled: Dialled): void {
    try {
      const servername = isIP(host) ? '' : host;
      const secure = connectTls({ socket: raw, host, servername, ...trust(this.#target) });
      secure.on('error', dialled);
      secure.once('secureConnect', () => dialled(null, secure));
    } catch (error) {
      this.#fail(error); // a broken `ca`
      this.#cut();
    }
  }

  /** The request is written only here, after the pin has been compared. */
  #finishRequest(request: ClientRequest): void {
    request.once('socket', (socket) => {
      this.#raw ??= socket;
      this.#socket = socket;
      socket.on('error', (error) => this.#fail(error));
      socket.once('end', () => this.#endWithin(lingerMs));
      const pin = this.#target.fingerprint;
      const vetted = (error?: Error) => {
        if (error === undefined) return void request.end();
        this.#fail(error);
        this.#cut();
      };
      if (pin === undefined) vetted();
      else checkPin(socket, pin, vetted);
    });
  }

  #tell(event: () => void): void {
    if (this.#over) return;
    try {
      event();
    } catch {}
  }

  #refused(response: IncomingMessage): void {
    if (this.#over) return;
    const { statusCode: status = 0 } = response;
    this.#status = status;
    const words = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
    this.#fail(coded(`HTTP_${status}`, `the server answered ${words} instead of upgrading`));
    let left = refusalBytesMax;
    const enough = () => this.#cut();
    response.on('data', (chunk: Buffer) => {
      this.#body.push(chunk.subarray(0, Math.max(left, 0)));
      left -= chunk.length;
      if (left <= 0) enough();
    });
    response.on('error', enough);
    response.on('end', enough);
    this.#endWithin(refusalMs);
  }

  /** The first fault is the cause; what follows from it says less. */
  #fail(error: unknown): void {
    this.#fault ??= faultOf(error, this.#place?.secrets ?? []);
  }

  #finish(code: number, reason: string): void {
    if (this.#over) return;
    this.reset();
    const words = this.#status === undefined ? reason : Buffer.concat(this.#body).toString();
    const end: TransportEnd = {
      code: code === 1006 ? (this.#ownCode ?? code) : code,
      reason: plain(words, this.#place?.secrets ?? []),
    };
    if (this.#status !== undefined) end.status = this.#status;
    if (this.#fault !== undefined) end.error = this.#fault;
    calm(() => this.#events.closed(end))();
  }

  /** What is over but for its last bytes: no machine can know of it, so it is bounded here. */
  #endWithin(ms: number): void {
    if (!this.#over) this.#timer ??= setTimeout(() => this.#cut(), ms);
  }

  #cut(): void {
    const raw = this.#raw;
    if (raw?.connecting && !this.#attempted) raw.destroy();
    else if (raw) resetSocket(raw, this.#socket ?? raw);
    const ws = this.#ws;
    if (ws?.readyState !== WebSocket.CONNECTING) return;
    // later: we may stand on OpenSSL's stack, where Node frees the TLS of a socket that is gone
    setImmediate(() => ws.terminate());
  }
}

// sockets ---------------------------------------------------------------------------------------

/** `top` is what is written to: `raw` itself or TLS around it. */
function resetSocket(raw: Socket, top: Socket): void {
  if (raw.destroyed) return;
  // libuv refuses to reset while a shutdown is under way, and node would then lose the handle
  if (top.writableEnded && top.writableLength === 0 && !top.writableFinished) {
    const late = setTimeout(() => raw.destroy(), lingerMs);
    raw.once('close', () => clearTimeout(late));
    top.once('finish', () => resetSocket(raw, top));
    return;
  }
  try {
    // resetAndDestroy() would wait for 'connect', for minutes where nobody answers
    if (raw.connecting) Object.assign(raw, { connecting: false });
    raw.resetAndDestroy();
  } catch {
    raw.destroy(); // a pipe, or a TLSSocket that an agent made: there is nothing to reset
  }
}

function checkPin(socket: Socket, pin: string, done: (error?: Error) => void): void {
  // not getPeerX509Certificate(): in Node 20 a client that asks it twice crashes the process
  const leaf = () =>
    socket instanceof TLSSocket ? hex(socket.getPeerCertificate()?.fingerprint256 ?? '') : '';
  const compare = () => {
    const found = leaf();
    const same = found.length === 64 && found === hex(pin);
    done(same ? undefined : pinError(`the server has ${found || 'none'}, which is not the pin`));
  };
  if (socket instanceof TLSSocket && leaf() === '') socket.once('secureConnect', compare);
  else compare();
}

const hex = (fingerprint: string) => String(fingerprint).replaceAll(':', '').trim().toLowerCase();

const pinError = (why: string) => coded('TLS_FINGERPRINT', `TLS certificate fingerprint: ${why}`);

/** With a pin, the pin is the authority. */
function trust({ ca, fingerprint }: TransportTarget) {
  const bytes = (one: string | Uint8Array) => (typeof one === 'string' ? one : Buffer.from(one));
  const authorities = ca === undefined ? {} : { ca: (Array.isArray(ca) ? ca : [ca]).map(bytes) };
  return { rejectUnauthorized: fingerprint === undefined, ...authorities };
}

// words -----------------------------------------------------------------------------------------

interface Place {
  url: URL;
  headers: Record<string, string>;
  /** what no message may contain */
  secrets: string[];
}

function locate({ url: address, headers: given, fingerprint }: TransportTarget): Place {
  if (!URL.canParse(address)) throw coded('URL_INVALID', 'the URL cannot be parsed');
  const url = new URL(address);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (!['ws:', 'wss:', 'ws+unix:'].includes(url.protocol)) {
    throw coded('URL_INVALID', `the URL begins with ${url.protocol} instead of ws: or wss:`);
  }
  if (url.hash !== '') throw coded('URL_INVALID', 'the URL has a fragment (#); remove it');
  if (fingerprint !== undefined && url.protocol !== 'wss:') throw pinError('the URL is not wss:');
  const headers = { ...given };
  const secrets = [url.search, ...url.searchParams.values(), url.password, decoded(url.password)];
  if (url.username !== '' || url.password !== '') {
    const pair = `${decoded(url.username)}:${decoded(url.password)}`;
    const basic = Buffer.from(pair).toString('base64');
    const named = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
    if (!named) headers.Authorization = `Basic ${basic}`;
    secrets.push(basic);
    url.username = '';
    url.password = '';
  }
  secrets.push(...Object.values(headers));
  return { url, headers, secrets: secrets.filter((secret) => secret.length > 3) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function faultOf(error: unknown, secrets: readonly string[]): Fault {
  const { code, message, errors } = Object(error) as Partial<Fault> & { errors?: unknown };
  // several addresses failed one after the other: node leaves the message of the whole empty
  const each = Array.isArray(errors) ? errors.map((one) => faultOf(one, []).message) : [];
  return {
    code: typeof code === 'string' ? code : 'WS_HANDSHAKE',
    message: plain(message || each.join('; '), secrets).slice(0, 300),
  };
}

/** One readable line: no control characters, no userinfo, no query, none of the secrets. */
function plain(text: string, secrets: readonly string[]): string {
  // what cannot be seen would hide a secret from us, and be gone when a person reads the line
  let line = text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/[\p{C}\u2028\u2029]+/gu, '')
    .trim();
  for (const secret of secrets) line = line.replaceAll(secret, '***');
  return line.replace(/(:\/\/)[^\s/@]*@/g, '$1').replace(/(:\/\/[^\s?]*)\?\S*/g, '$1');
}

function calm(done: (error?: Error) => void): (error?: Error | null) => void {
  return (error) => {
    try {
      if (error) done(error);
      else done();
    } catch {}
  };
}

/** Codes that may be put into a close frame; anything else would make ws throw. */
function closeCode(code: number): number {
  const standard = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  const registered = code >= 3000 && code <= 4999;
  return Number.isInteger(code) && (standard || registered) ? code : 1000;
}

function closeReason(reason: string): string {
  return reason.slice(0, new TextEncoder().encodeInto(reason, new Uint8Array(reasonBytesMax)).read);
}
