/**
 * The words of the OpenClaw gateway protocol, version 4: what a frame says, what our connect
 * request looks like, what its hello allows. Pure functions of text and values.
 *
 * It promises an answer for every frame, however hostile, in which each string and list that is
 * kept has a bound; and a connect request that signs the challenge it answers and no other. It must
 * never throw on a peer's bytes, never read a clock, never choose an identifier, and never decide
 * what happens next: that is said by refusals.ts and done by the machines.
 */
import type { PeerError } from '../../ports.ts';
import { delayMs, field, integer, isRecord, parse, sentence, word, words } from '../hostile.ts';
import { deviceBlock, deviceTokenMax, type Identity, type ProofVersion } from './device.ts';

const protocolVersion = 4;

const nameMax = 128;

// what the peer says ----------------------------------------------------------------------------

/** What we must sign to be let in: good for one socket and one connect request. */
export interface Challenge {
  readonly nonce: string;
  /** the gateway's clock, milliseconds since 1970 */
  readonly tsMs: number;
}

/** One frame. `payload` and `error` are the peer's own values, unread. */
export type Frame =
  | { readonly kind: 'challenge'; readonly challenge: Challenge }
  | { readonly kind: 'answer'; readonly id: string; readonly ok: true; readonly payload: unknown }
  | { readonly kind: 'answer'; readonly id: string; readonly ok: false; readonly error: unknown }
  | {
      readonly kind: 'event';
      readonly name: string;
      readonly payload: unknown;
      /** counts from 1 on each connection; null where the gateway counts nothing */
      readonly seq: number | null;
    }
  | { readonly kind: 'question'; readonly id: string; readonly method: string }
  | { readonly kind: 'broken'; readonly problem: 'not-json' | 'not-a-frame' | 'bad-challenge' };

const notAFrame: Frame = { kind: 'broken', problem: 'not-a-frame' };

export function readFrame(line: string): Frame {
  const json = parse(line);
  if (json === null) return { kind: 'broken', problem: 'not-json' };
  const frame = json.value;
  switch (field(frame, 'type')) {
    case 'res': {
      const id = word(field(frame, 'id'), nameMax);
      const ok = field(frame, 'ok');
      if (id === null || typeof ok !== 'boolean') return notAFrame;
      return ok
        ? { kind: 'answer', id, ok, payload: field(frame, 'payload') }
        : { kind: 'answer', id, ok, error: field(frame, 'error') };
    }
    case 'event': {
      const name = word(field(frame, 'event'), nameMax);
      if (name === null) return notAFrame;
      const payload = field(frame, 'payload');
      if (name !== 'connect.challenge') {
        return { kind: 'event', name, payload, seq: integer(field(frame, 'seq'), 0, maxSafe) };
      }
      const challenge = readChallenge(payload);
      if (challenge === null) return { kind: 'broken', problem: 'bad-challenge' };
      return { kind: 'challenge', challenge };
    }
    case 'req': {
      const id = word(field(frame, 'id'), nameMax);
      const method = word(field(frame, 'method'), nameMax);
      return id === null || method === null ? notAFrame : { kind: 'question', id, method };
    }
    default:
      return notAFrame;
  }
}

const maxSafe = Number.MAX_SAFE_INTEGER;

/**
 * A nonce is visible ASCII without `|`, which separates the fields that are signed: a peer that
 * could write one would choose the fields behind it.
 */
const nonceShape = /^[!-{}~]{1,256}$/;

function readChallenge(payload: unknown): Challenge | null {
  const nonce = field(payload, 'nonce');
  const tsMs = integer(field(payload, 'ts'), 0, maxSafe);
  return typeof nonce === 'string' && nonceShape.test(nonce) && tsMs !== null
    ? { nonce, tsMs }
    : null;
}

/** The `error` of an answer to an ordinary request. `details` are the peer's own value, unread. */
export function readPeerError(error: unknown, secrets: readonly string[] = []): PeerError {
  const details = field(error, 'details');
  const retryable = field(error, 'retryable');
  const retryAfterMs = delayMs(field(error, 'retryAfterMs'));
  return {
    code: word(field(error, 'code'), 64, secrets) ?? 'UNKNOWN',
    message: sentence(field(error, 'message'), secrets, 300),
    ...(details === undefined ? {} : { details }),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}

/** The event `shutdown`. The close code that follows is 1012 either way. */
export interface Leaving {
  /** the gateway's word for it, one line; empty when it gave none or one with a secret in it */
  readonly reason: string;
  /** it will be back in about this time; null: it will not */
  readonly restartExpectedMs: number | null;
}

export function readLeaving(payload: unknown, secrets: readonly string[] = []): Leaving {
  return {
    reason: sentence(field(payload, 'reason'), secrets),
    restartExpectedMs: delayMs(field(payload, 'restartExpectedMs')),
  };
}

/** How many events are missing between the last number seen on this connection and this one. */
export function countMissed(
  last: number | null,
  seq: number | null,
): { readonly last: number | null; readonly missed: number } {
  if (seq === null) return { last, missed: 0 };
  if (last === null || seq <= last) return { last: Math.max(last ?? seq, seq), missed: 0 };
  return { last: seq, missed: seq - last - 1 };
}

// what we say -----------------------------------------------------------------------------------

/** The gateway knows a closed list of client ids and modes; these are the ones a host app needs. */
export interface Client {
  /** `gateway-client`, `cli`, `openclaw-linux`, `openclaw-macos`, `test`, … */
  readonly id: string;
  /** `backend`, `ui`, `cli`, `node`, `probe`, `test`, … */
  readonly mode: string;
  readonly version: string;
  readonly platform: string;
  readonly deviceFamily?: string;
  readonly displayName?: string;
  readonly instanceId?: string;
}

/** What proves that we may connect. Exactly one is sent. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  /** travels in its own field: in the field of the shared token a dead one counts as an attack */
  | { readonly kind: 'device-token'; readonly token: string }
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'none' };

export interface ConnectRequest {
  readonly client: Client;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly caps?: readonly string[];
  readonly credentials: Credentials;
  /** absent: a connection without device identity */
  readonly device?: { readonly identity: Identity; readonly proof: ProofVersion };
  readonly locale?: string;
  readonly userAgent?: string;
}

/** The one frame that answers a challenge. Another attempt needs another socket and challenge. */
export function connectFrame(id: string, challenge: Challenge, request: ConnectRequest): string {
  return JSON.stringify({
    type: 'req',
    id,
    method: 'connect',
    params: connectParams(challenge, request),
  });
}

export function connectParams(
  challenge: Challenge,
  request: ConnectRequest,
): Readonly<Record<string, unknown>> {
  const { client, role, scopes, caps = [], credentials, device, locale, userAgent } = request;
  const auth = authBlock(credentials);
  return {
    minProtocol: protocolVersion,
    maxProtocol: protocolVersion,
    client,
    role,
    scopes,
    caps,
    ...(auth === null ? {} : { auth }),
    ...(locale === undefined ? {} : { locale }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(device === undefined
      ? {}
      : {
          device: deviceBlock(device.identity, device.proof, {
            clientId: client.id,
            clientMode: client.mode,
            role,
            scopes,
            signedAtMs: challenge.tsMs,
            token: 'token' in credentials ? credentials.token : '',
            nonce: challenge.nonce,
            platform: client.platform,
            deviceFamily: client.deviceFamily ?? '',
          }),
        }),
  };
}

function authBlock(credentials: Credentials): Readonly<Record<string, string>> | null {
  switch (credentials.kind) {
    case 'token':
      return { token: credentials.token };
    case 'device-token':
      return { deviceToken: credentials.token };
    case 'password':
      return { password: credentials.password };
    case 'none':
      return null;
  }
}

/** The secrets of a request: what must not come back in any text we keep. */
export function secretsOf(credentials: Credentials): string[] {
  if (credentials.kind === 'none') return [];
  return [credentials.kind === 'password' ? credentials.password : credentials.token];
}

/** Our answer to a request from the gateway: a ping is answered, anything else is declined. */
export function answerTo(id: string, method: string): string {
  return JSON.stringify(
    method === 'ping'
      ? { type: 'res', id, ok: true, payload: {} }
      : {
          type: 'res',
          id,
          ok: false,
          error: { code: 'unsupported_method', message: 'this client answers only ping' },
        },
  );
}

// hello -----------------------------------------------------------------------------------------

export interface Hello {
  readonly server: {
    readonly version: string;
    /** changes with every start, also one inside the same process; null from an older gateway */
    readonly bootId: string | null;
    readonly connId: string | null;
  };
  readonly methods: ReadonlySet<string>;
  readonly policy: {
    /** longest frame in bytes */
    readonly maxPayloadBytes: number;
    /** the gateway closes with 1008 when more than this waits for us */
    readonly maxBufferedBytes: number;
    /** how often it ticks when it has nothing else to say */
    readonly tickIntervalMs: number;
  };
  readonly auth: {
    readonly role: string;
    readonly scopes: readonly string[];
    /** for the next connection of this device in this role; a secret */
    readonly deviceToken: string | null;
  };
}

const mebibyte = 1024 * 1024;

/** What the reference client assumes before a hello, and the most we let a hello raise it to. */
const limits = {
  payload: { least: 64 * 1024, usual: 25 * mebibyte, most: 64 * mebibyte },
  buffered: { least: 64 * 1024, usual: 50 * mebibyte, most: 256 * mebibyte },
  tick: { least: 1000, usual: 30_000, most: 600_000 },
};

function limited(value: unknown, { least, usual, most }: (typeof limits)['tick']): number {
  const given = integer(value, 1, maxSafe);
  return given === null ? usual : Math.min(Math.max(given, least), most);
}

/**
 * The payload of the answer to our connect request; null when it is not a hello of version 4. Of
 * its words, those that repeat a secret of ours are left out.
 */
export function readHello(payload: unknown, secrets: readonly string[] = []): Hello | null {
  if (field(payload, 'type') !== 'hello-ok' || field(payload, 'protocol') !== protocolVersion) {
    return null;
  }
  const server = field(payload, 'server');
  const policy = field(payload, 'policy');
  const auth = field(payload, 'auth');
  const version = word(field(server, 'version'), nameMax, secrets);
  if (version === null || !isRecord(policy) || !isRecord(auth)) return null;
  return {
    server: {
      version,
      bootId: word(field(server, 'bootId'), nameMax, secrets),
      connId: word(field(server, 'connId'), nameMax, secrets),
    },
    methods: new Set(words(field(field(payload, 'features'), 'methods'), 4096, nameMax, secrets)),
    policy: {
      maxPayloadBytes: limited(field(policy, 'maxPayload'), limits.payload),
      maxBufferedBytes: limited(field(policy, 'maxBufferedBytes'), limits.buffered),
      tickIntervalMs: limited(field(policy, 'tickIntervalMs'), limits.tick),
    },
    auth: {
      role: word(field(auth, 'role'), nameMax, secrets) ?? '',
      scopes: words(field(auth, 'scopes'), 64, nameMax, secrets),
      deviceToken: word(field(auth, 'deviceToken'), deviceTokenMax),
    },
  };
}

/** A cheap request that this gateway offers, to ask for a sign of life: it knows no `ping`. */
export function probeMethod(methods: ReadonlySet<string>): string | null {
  return ['system-presence', 'health'].find((method) => methods.has(method)) ?? null;
}
