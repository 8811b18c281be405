/**
 * One conversation with an OpenClaw gateway: challenge, connect, hello, then requests and numbered
 * events until one side leaves. It promises one connect request per socket, that only the answer to
 * it counts, that every refusal and every end becomes one cause and one sentence, and that ticks
 * are signs of life and nothing else. It must never throw on a peer's bytes, never send before the
 * challenge, never let a token or password into any text, and never decide when to try again.
 */
import { HoldfastError } from '../../errors.ts';
import type { Ending, ServerInfo, Session, SessionHost, TransportEnd } from '../../ports.ts';
import { readEnding } from '../endings.ts';
import { sentence } from '../hostile.ts';
import { gatewayName, tokenToKeep } from './device.ts';
import {
  answerTo,
  type Challenge,
  connectFrame,
  countMissed,
  type Frame,
  type Hello,
  type Leaving,
  probeMethod,
  readFrame,
  readHello,
  readLeaving,
  readPeerError,
} from './frames.ts';
import type { GatewayMemory, Memories } from './memory.ts';
import { type Door, gather, nothingSent, type Papers, type Terms } from './papers.ts';
import {
  type Attempt,
  endCause,
  explain,
  isTrusted,
  isUndatedLimit,
  limitFloor,
  notAHello,
  type Refusal,
  readEnd,
  readRefusal,
} from './refusals.ts';

/** The host of a session on a socket whose certificate was compared with a pin says with which. */
export type PinnedHost = SessionHost & { readonly fingerprint?: string };

type Stage = 'new' | 'opened' | 'challenged' | 'greeted' | 'accepted' | 'refused' | 'over';
type Of<K extends Frame['kind']> = Extract<Frame, { kind: K }>;

/** How long a sentence of ours may be with the peer's words in it. */
const sentenceMax = 240;

export class OpenclawSession implements Session {
  server: ServerInfo = {};
  readonly #host: SessionHost;
  readonly #terms: Terms;
  readonly #door: Door;
  readonly #memory: GatewayMemory;
  #stage: Stage = 'new';
  #challenge: Challenge | null = null;
  #papers: Papers | null = null;
  /** our connect request: made with the credentials, sent by `hello` */
  #connect: { readonly id: string; readonly frame: string } | null = null;
  #attempt: Attempt;
  #secrets: string[] = [];
  #leaving: Leaving | null = null;
  #lastSeq: number | null = null;
  #maxPayloadBytes = Number.POSITIVE_INFINITY;
  #probe: string | null = null;
  #probeId: string | null = null;
  #hasToldBroken = false;

  constructor(host: PinnedHost, terms: Terms, memories: Memories) {
    this.#host = host;
    this.#terms = terms;
    // http and https are other words for the same sockets.
    const endpoint = host.endpoint.replace(/^http/i, 'ws');
    const { fingerprint } = host;
    this.#door = { endpoint, fingerprint, gateway: gatewayName(endpoint, fingerprint) };
    this.#memory = memories.of(this.#door.gateway);
    this.#attempt = nothingSent(terms.role);
  }

  opened(): void {
    if (this.#stage !== 'new') return;
    this.#stage = 'opened';
    this.#host.post({ type: 'socket.opened' });
  }

  async credentials(ask: () => Promise<unknown>): Promise<void> {
    const saving = (work: Promise<unknown>) => this.#host.saving(work);
    const papers = await gather(this.#terms, this.#door, this.#memory, { ask, saving });
    if (this.#stage !== 'challenged' || this.#challenge === null) return;
    this.#papers = papers;
    this.#attempt = papers.attempt;
    this.#secrets = [...papers.attempt.secrets];
    const id = this.#host.uuid();
    this.#connect = { id, frame: connectFrame(id, this.#challenge, papers.request) };
  }

  hello(): void {
    if (this.#stage !== 'challenged' || this.#connect === null) return;
    this.#stage = 'greeted';
    this.#warnOfPlainText();
    this.#host.send(this.#connect.frame);
  }

  frame(data: string | Uint8Array): void {
    if (this.#stage === 'new' || this.#stage === 'refused' || this.#stage === 'over') return;
    const line = typeof data === 'string' ? data : decode(data);
    const frame: Frame = line === null ? notText : readFrame(line);
    if (this.#stage === 'opened') this.#await(frame);
    else if (this.#stage === 'greeted') this.#hear(frame);
    else if (this.#stage === 'accepted') this.#take(frame);
  }

  ended(end: TransportEnd): Ending {
    const stage = this.#stage;
    this.#stage = 'over';
    if (isOfTheLine(end)) return readEnding(end);
    const phase = stage === 'accepted' ? 'open' : 'handshake';
    const refusal = readEnd(end, { phase, leaving: this.#leaving, attempt: this.#attempt });
    if (stage === 'greeted') this.#remedy(refusal);
    return this.#ending(refusal);
  }

  closing(why: 'closed' | 'refused' | 'timeout'): { code: number; reason: string } {
    if (why === 'closed') return { code: 1000, reason: 'closed by the client' };
    if (why === 'refused') return { code: 1008, reason: 'connect failed' };
    return this.#stage === 'opened'
      ? { code: 1008, reason: 'connect challenge timeout' }
      : { code: 4000, reason: 'connect timeout' };
  }

  request(id: string, method: string, params: unknown): string {
    if (method === this.#probe) this.#probeId = id;
    const frame = written({ type: 'req', id, method, params }, method);
    if (Buffer.byteLength(frame) <= this.#maxPayloadBytes) return frame;
    throw new HoldfastError(
      'HF_REQUEST_FAILED',
      `request ${shown(method)}: longer than the ${this.#maxPayloadBytes} bytes of one frame ` +
        'that ' +
        'this gateway takes; send less at once',
      { delivery: 'not-sent', details: { method, maxPayloadBytes: this.#maxPayloadBytes } },
    );
  }

  probe(): { method: string; params: unknown } | undefined {
    if (this.#stage !== 'accepted' || this.#probe === null) return undefined;
    return { method: this.#probe, params: {} };
  }

  // before hello --------------------------------------------------------------------------------

  #await(frame: Frame): void {
    if (frame.kind === 'challenge') {
      this.#challenge = frame.challenge;
      this.#stage = 'challenged';
      this.#host.post({ type: 'socket.challenged' });
    } else if (frame.kind === 'broken' && frame.problem === 'bad-challenge') {
      this.#stage = 'refused';
      this.#host.post({ type: 'socket.refused', cause: 'lost', floorMs: 0 }, badChallenge);
    }
  }

  #hear(frame: Frame): void {
    if (frame.kind !== 'answer' || frame.id !== this.#connect?.id) return;
    if (frame.ok) {
      const hello = readHello(frame.payload, this.#secrets);
      if (hello === null) this.#refused(notAHello);
      else this.#accepted(hello);
    } else this.#refused(readRefusal(frame.error, this.#attempt));
  }

  #refused(refusal: Refusal): void {
    this.#stage = 'refused';
    this.#remedy(refusal);
    const { cause, floorMs, because } = this.#ending(refusal);
    if (refusal.kind === 'pairing' && this.#memory.isNews(`pairing ${because}`)) {
      this.#host.diagnose('warn', 'HF_PAIRING', because);
    }
    this.#host.post({ type: 'socket.refused', cause, floorMs }, because);
  }

  #ending(refusal: Refusal): Ending {
    // A device that shall not ask again by itself is waited for as a wrong credential is.
    const isIdle = refusal.pairing !== null && !refusal.pairing.retry;
    return {
      cause: isIdle ? 'credentials' : endCause(refusal),
      floorMs: isUndatedLimit(refusal) ? limitFloor(this.#memory.limits++) : refusal.floorMs,
      because: sentence(explain(refusal), [], sentenceMax),
    };
  }

  #accepted(hello: Hello): void {
    const { server, policy, methods, auth } = hello;
    this.#stage = 'accepted';
    this.#memory.greeted();
    this.#maxPayloadBytes = policy.maxPayloadBytes;
    this.#probe = probeMethod(methods);
    this.server = {
      version: server.version,
      ...(server.bootId === null ? {} : { bootId: server.bootId }),
      ...(server.connId === null ? {} : { connId: server.connId }),
    };
    if (auth.deviceToken !== null) {
      this.#secrets.push(auth.deviceToken);
      this.#attempt = { ...this.#attempt, secrets: this.#secrets };
    }
    this.#host.post({ type: 'socket.accepted', silenceMs: 2 * policy.tickIntervalMs });
    this.#compareScopes(auth.scopes);
    this.#keepToken(auth);
  }

  #compareScopes(granted: readonly string[]): void {
    const missing = this.#terms.scopes.filter((scope) => !granted.includes(scope));
    if (missing.length === 0 || !this.#memory.isNews(`without ${missing}`)) return;
    const message = `The gateway did not grant ${missing.join(', ')}; requests may be refused.`;
    this.#host.diagnose('warn', 'HF_SCOPES_REDUCED', sentence(message, [], sentenceMax));
  }

  // what is kept between sockets ----------------------------------------------------------------

  /** Prepares the one other form of the same credentials that the next socket may try. */
  #remedy({ kind }: Refusal): void {
    if (kind === 'signature') this.#memory.proof = 'v2';
    // Whoever starts again later has repaired something: it deserves the newer form first.
    if (kind === 'identity') this.#memory.proof = 'v3';
    if (kind === 'device-token') this.#dropToken();
  }

  #dropToken(): void {
    const { deviceTokens } = this.#terms;
    const key = this.#papers?.key;
    this.#memory.hasDroppedToken = true;
    if (deviceTokens === undefined || key == null) return;
    this.#write('removed', () => deviceTokens.clear(key));
  }

  #keepToken(auth: Hello['auth']): void {
    const { deviceTokens } = this.#terms;
    const { key = null, stored = null } = this.#papers ?? {};
    const token = tokenToKeep(stored, auth);
    if (deviceTokens === undefined || key === null || token === null) return;
    this.#write('stored', () => deviceTokens.save(key, token));
  }

  /** The connection works without it; the next one brings the shared credential again. */
  #write(what: string, work: () => Promise<void>): void {
    const message = `The device token could not be ${what}; the connection goes on without it.`;
    const failed = () => this.#host.diagnose('warn', 'HF_TOKEN_STORE', message);
    this.#host.saving(this.#memory.write(work, failed));
  }

  #warnOfPlainText(): void {
    const { endpoint, fingerprint } = this.#door;
    const isSecret = this.#attempt.credentials !== 'none';
    if (!isSecret || !/^ws:/i.test(endpoint) || isTrusted(endpoint, fingerprint)) return;
    if (!this.#memory.isNews('plain text')) return;
    const message = 'Our credentials travel unencrypted to another machine; use wss.';
    this.#host.diagnose('warn', 'HF_PLAIN_TEXT', message);
  }

  // past hello ----------------------------------------------------------------------------------

  #take(frame: Frame): void {
    if (frame.kind === 'answer') this.#answer(frame);
    if (frame.kind === 'event') this.#event(frame);
    if (frame.kind === 'question') this.#host.send(answerTo(frame.id, frame.method));
    if (frame.kind === 'broken') this.#tellBroken(frame);
    // A second challenge on this socket asks for nothing that was not answered.
  }

  #answer(frame: Of<'answer'>): void {
    const { id } = frame;
    if (id === this.#connect?.id) return;
    if (frame.ok) {
      this.#host.deliver({ kind: 'answer', id, ok: true, payload: frame.payload });
      return;
    }
    const error = readPeerError(frame.error, this.#secrets);
    if (id === this.#probeId && error.retryable !== true) this.#degrade(error.message);
    const message = error.message === '' ? `${error.code}, without a message` : error.message;
    this.#host.deliver({ kind: 'answer', id, ok: false, error: { ...error, message } });
  }

  /** An answer is life, also this one; asked again it would only annoy. The ping remains. */
  #degrade(words: string): void {
    const message = `The gateway declines ${this.#probe} as a sign of life: ${words}`;
    this.#host.diagnose('info', 'HF_PROBE_DECLINED', sentence(message, [], sentenceMax));
    this.#probe = null;
  }

  #event({ name, payload, seq }: Of<'event'>): void {
    this.#count(seq);
    if (name === 'shutdown') this.#leave(payload);
    else if (name !== 'tick') {
      this.#host.deliver({ kind: 'event', name, payload, ...(seq === null ? {} : { seq }) });
    }
  }

  #count(seq: number | null): void {
    const { last, missed } = countMissed(this.#lastSeq, seq);
    const expected = (this.#lastSeq ?? 0) + 1;
    this.#lastSeq = last;
    if (missed === 0 || seq === null) return;
    const message = `${missed} events are missing before number ${seq}`;
    this.#host.diagnose('warn', 'HF_SEQUENCE_GAP', message);
    this.#host.deliver({
      kind: 'event',
      name: 'sequence.gap',
      payload: { expected, received: seq },
    });
  }

  #leave(payload: unknown): void {
    const leaving = readLeaving(payload, this.#secrets);
    const { reason, restartExpectedMs } = leaving;
    const what =
      restartExpectedMs === null
        ? 'The gateway announced its end'
        : `The gateway announced a restart, back in about ${restartExpectedMs} ms`;
    this.#leaving = leaving;
    this.#host.post(
      { type: 'socket.leaving', expected: restartExpectedMs !== null },
      sentence(reason === '' ? `${what}.` : `${what}: ${reason}`, [], sentenceMax),
    );
  }

  #tellBroken({ problem }: Of<'broken'>): void {
    if (this.#hasToldBroken) return;
    this.#hasToldBroken = true;
    const message = `The gateway sent what this client cannot read (${problem}); it is ignored.`;
    this.#host.diagnose('info', 'HF_FRAME_UNREADABLE', message);
  }
}

const notText: Frame = { kind: 'broken', problem: 'not-json' };
const badChallenge =
  'The gateway sent a challenge that cannot be signed (no usable nonce or time).';

/** Trouble of TCP, TLS or our own reader: the gateway had no say in it. */
function isOfTheLine({ code, status, error }: TransportEnd): boolean {
  if (error === undefined || status !== undefined) return false;
  return code === 1006 || error.code.startsWith('WS_ERR_');
}

function written(request: object, method: string): string {
  try {
    return JSON.stringify(request);
  } catch (cause) {
    const message = `request: params of ${shown(method)} must be JSON: no cycles, no bigint`;
    throw new HoldfastError('HF_OPTION_INVALID', message, { cause, delivery: 'not-sent' });
  }
}

const shown = (method: string) => `"${sentence(method, [], 80)}"`;

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
