/** The words of protocol 4: what is read from a peer, and what we send. */
import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdentity, proofPayload } from '../../../src/protocols/openclaw/device.ts';
import {
  answerTo,
  type ConnectRequest,
  type Credentials,
  connectFrame,
  connectParams,
  countMissed,
  probeMethod,
  readFrame,
  readHello,
  readLeaving,
  readPeerError,
  secretsOf,
} from '../../../src/protocols/openclaw/frames.ts';

const challenge = { nonce: '558df841-2a9f-4b3a-bd20-7ce689087969', tsMs: 1_795_352_163_567 };
const request: ConnectRequest = {
  client: { id: 'gateway-client', mode: 'backend', version: '0.1.0', platform: 'linux' },
  role: 'operator',
  scopes: ['operator.admin'],
  credentials: { kind: 'token', token: 's3cret' },
};
const hello = {
  type: 'hello-ok',
  protocol: 4,
  server: { version: '2026.9.6', buildId: 'b', bootId: 'boot-1', connId: 'conn-1' },
  features: { methods: ['health', 'system-presence', 'chat.send'], events: ['tick'] },
  snapshot: {},
  auth: { role: 'operator', scopes: ['operator.admin'], deviceToken: 'dev-t0ken' },
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
};

const read = (frame: unknown) => readFrame(JSON.stringify(frame));
const challengeOf = (payload: unknown) =>
  read({ type: 'event', event: 'connect.challenge', payload });

describe('a frame', () => {
  it('is read without a throw, whatever the bytes', () => {
    const frame = fc.record(
      {
        type: fc.oneof(fc.constantFrom('res', 'req', 'event'), fc.json()),
        id: fc.oneof(fc.string(), fc.jsonValue()),
        ok: fc.jsonValue(),
        event: fc.oneof(fc.constantFrom('tick', 'connect.challenge'), fc.jsonValue()),
        method: fc.jsonValue(),
        payload: fc.jsonValue(),
        error: fc.jsonValue(),
        seq: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const bytes = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), frame.map(JSON.stringify));
    fc.assert(
      fc.property(bytes, (line) => {
        const { kind } = readFrame(line);
        expect(['challenge', 'answer', 'event', 'question', 'broken']).toContain(kind);
      }),
      { numRuns: 300 },
    );
  });

  it('is a challenge only with a nonce and a time that can be signed (CH-06)', () => {
    expect(challengeOf({ nonce: 'n', ts: 0, capabilities: [] })).toEqual({
      kind: 'challenge',
      challenge: { nonce: 'n', tsMs: 0 },
    });
    const nonces = [undefined, null, '', ' ', 7, {}, 'a|b', 'a b', 'é', 'n\n', 'n'.repeat(257)];
    for (const nonce of nonces) {
      expect(challengeOf({ nonce, ts: 1 })).toEqual({ kind: 'broken', problem: 'bad-challenge' });
    }
    for (const ts of [undefined, null, -1, 1.5, '1', 2 ** 60]) {
      expect(challengeOf({ nonce: 'n', ts })).toEqual({
        kind: 'broken',
        problem: 'bad-challenge',
      });
    }
  });

  it('is an answer, an event or a question of the peer, with bounded names', () => {
    expect(read({ type: 'res', id: 'a', ok: true, payload: 1 })).toEqual({
      kind: 'answer',
      id: 'a',
      ok: true,
      payload: 1,
    });
    expect(read({ type: 'res', id: 'a', ok: false, error: { code: 'X' } })).toEqual({
      kind: 'answer',
      id: 'a',
      ok: false,
      error: { code: 'X' },
    });
    expect(read({ type: 'event', event: 'tick', payload: { ts: 1 }, seq: 3 })).toEqual({
      kind: 'event',
      name: 'tick',
      payload: { ts: 1 },
      seq: 3,
    });
    expect(read({ type: 'event', event: 'health', seq: -1 })).toMatchObject({ seq: null });
    expect(read({ type: 'req', id: 'q', method: 'ping' })).toEqual({
      kind: 'question',
      id: 'q',
      method: 'ping',
    });
    expect(read({ type: 'res', id: 'a'.repeat(129), ok: true })).toMatchObject({ kind: 'broken' });
    expect(read({ type: 'res', id: 'a', ok: 'yes' })).toMatchObject({ kind: 'broken' });
    expect(read({ type: 'event', event: 'x'.repeat(129) })).toMatchObject({ kind: 'broken' });
    expect(readFrame('{')).toEqual({ kind: 'broken', problem: 'not-json' });
    expect(readFrame('[]')).toEqual({ kind: 'broken', problem: 'not-a-frame' });
  });
});

describe('the sequence of events', () => {
  it('tells how many are missing, and forgives repetition', () => {
    let last: number | null = null;
    const missed: number[] = [];
    for (const seq of [1, 2, 5, null, 6, 4, 7, 9]) {
      const step = countMissed(last, seq);
      last = step.last;
      missed.push(step.missed);
    }
    expect(missed).toEqual([0, 0, 2, 0, 0, 0, 0, 1]);
    expect(last).toBe(9);
  });
});

describe('the connect request', () => {
  it('is one frame with the version, the client and one credential (CH-02)', () => {
    expect(JSON.parse(connectFrame('c-1', challenge, request))).toEqual({
      type: 'req',
      id: 'c-1',
      method: 'connect',
      params: {
        minProtocol: 4,
        maxProtocol: 4,
        client: { id: 'gateway-client', mode: 'backend', version: '0.1.0', platform: 'linux' },
        role: 'operator',
        scopes: ['operator.admin'],
        caps: [],
        auth: { token: 's3cret' },
      },
    });
  });

  it('puts each kind of credential where it belongs', () => {
    const auth = (credentials: Credentials) =>
      connectParams(challenge, { ...request, credentials }).auth;
    expect(auth({ kind: 'device-token', token: 'd' })).toEqual({ deviceToken: 'd' });
    expect(auth({ kind: 'password', password: 'p' })).toEqual({ password: 'p' });
    expect(auth({ kind: 'none' })).toBeUndefined();
  });

  it('signs the nonce and the time of this challenge with what it sends (CH-02)', () => {
    const { identity } = createIdentity();
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: identity.publicKey },
      format: 'jwk',
    });
    const cases: [Credentials, string][] = [
      [{ kind: 'token', token: 's3cret' }, 's3cret'],
      [{ kind: 'device-token', token: 'dev' }, 'dev'],
      [{ kind: 'password', password: 'p' }, ''],
      [{ kind: 'none' }, ''],
    ];
    for (const [credentials, token] of cases) {
      for (const proof of ['v3', 'v2'] as const) {
        const params = connectParams(challenge, {
          ...request,
          credentials,
          client: { ...request.client, deviceFamily: 'Desktop' },
          device: { identity, proof },
        });
        expect(params.device).toMatchObject({
          id: identity.deviceId,
          publicKey: identity.publicKey,
          signedAt: challenge.tsMs,
          nonce: challenge.nonce,
        });
        const payload = proofPayload(proof, identity.deviceId, {
          clientId: 'gateway-client',
          clientMode: 'backend',
          role: 'operator',
          scopes: ['operator.admin'],
          signedAtMs: challenge.tsMs,
          token,
          nonce: challenge.nonce,
          platform: 'linux',
          deviceFamily: 'Desktop',
        });
        const { signature } = JSON.parse(JSON.stringify(params.device));
        const bytes = Buffer.from(signature, 'base64url');
        expect(verify(null, Buffer.from(payload), key, bytes)).toBe(true);
      }
    }
  });

  it('names its secrets, so that none comes back in a text', () => {
    expect(secretsOf({ kind: 'token', token: 'a' })).toEqual(['a']);
    expect(secretsOf({ kind: 'device-token', token: 'b' })).toEqual(['b']);
    expect(secretsOf({ kind: 'password', password: 'c' })).toEqual(['c']);
    expect(secretsOf({ kind: 'none' })).toEqual([]);
  });
});

describe('the hello', () => {
  it('says who answers and what it allows', () => {
    expect(readHello(hello)).toEqual({
      server: { version: '2026.9.6', bootId: 'boot-1', connId: 'conn-1' },
      methods: new Set(['health', 'system-presence', 'chat.send']),
      policy: {
        maxPayloadBytes: 26_214_400,
        maxBufferedBytes: 52_428_800,
        tickIntervalMs: 30_000,
      },
      auth: { role: 'operator', scopes: ['operator.admin'], deviceToken: 'dev-t0ken' },
    });
  });

  it('is none when the version, the type or a required part is missing', () => {
    for (const change of [
      { type: 'hello' },
      { protocol: 3 },
      { protocol: '4' },
      { server: {} },
      { policy: null },
      { auth: undefined },
    ]) {
      expect(readHello({ ...hello, ...change })).toBeNull();
    }
  });

  it('cannot set a limit beyond reason, nor none', () => {
    const policy = (given: object) => readHello({ ...hello, policy: given })?.policy;
    expect(policy({})).toEqual({
      maxPayloadBytes: 26_214_400,
      maxBufferedBytes: 52_428_800,
      tickIntervalMs: 30_000,
    });
    expect(policy({ maxPayload: 1, maxBufferedBytes: 1, tickIntervalMs: 1 })).toEqual({
      maxPayloadBytes: 65_536,
      maxBufferedBytes: 65_536,
      tickIntervalMs: 1000,
    });
    const huge = Number.MAX_SAFE_INTEGER;
    expect(policy({ maxPayload: huge, maxBufferedBytes: huge, tickIntervalMs: huge })).toEqual({
      maxPayloadBytes: 64 * 1024 * 1024,
      maxBufferedBytes: 256 * 1024 * 1024,
      tickIntervalMs: 600_000,
    });
  });

  it('is bounded, free of our secrets, and never a throw', () => {
    const list = Array.from({ length: 10_000 }, (_, at) => `method-${at}`);
    const long = readHello({ ...hello, features: { methods: [...list, 'x'.repeat(999)] } });
    expect(long?.methods.size).toBe(4096);
    const echoed = readHello(
      { ...hello, server: { version: '1', bootId: 'x-s3cret', connId: 's3cret' } },
      ['s3cret'],
    );
    expect(echoed?.server).toEqual({ version: '1', bootId: null, connId: null });
    const part = fc.oneof(fc.jsonValue(), fc.constant(hello.server));
    const value = fc.record({
      type: fc.constant('hello-ok'),
      protocol: fc.constant(4),
      server: part,
      features: fc.oneof(part, fc.record({ methods: fc.jsonValue() })),
      auth: part,
      policy: part,
    });
    fc.assert(
      fc.property(value, (payload) => {
        const { tickIntervalMs } = readHello(payload)?.policy ?? { tickIntervalMs: 1000 };
        expect(tickIntervalMs).toBeGreaterThanOrEqual(1000);
      }),
    );
  });

  it('takes no device token that could not be sent back', () => {
    const tokenOf = (deviceToken: unknown) =>
      readHello({ ...hello, auth: { ...hello.auth, deviceToken } })?.auth.deviceToken;
    for (const none of ['', ' ', 'a b', 'a\nb', 7, null, {}, 'x'.repeat(4097)]) {
      expect(tokenOf(none)).toBeNull();
    }
  });

  it('names a request that can be asked for a sign of life, never ping (HB-08)', () => {
    expect(probeMethod(new Set(['health', 'ping', 'system-presence']))).toBe('system-presence');
    expect(probeMethod(new Set(['health']))).toBe('health');
    expect(probeMethod(new Set(['ping']))).toBeNull();
  });
});

describe('other words of the peer', () => {
  it('announce a restart by a number, and an end by none', () => {
    expect(readLeaving({ reason: 'gateway restarting', restartExpectedMs: 1500 })).toEqual({
      reason: 'gateway restarting',
      restartExpectedMs: 1500,
    });
    for (const payload of [{ reason: 'gateway stopping' }, { restartExpectedMs: null }, 7, null]) {
      expect(readLeaving(payload).restartExpectedMs).toBeNull();
    }
    expect(readLeaving({ reason: 'bye s3cret' }, ['s3cret']).reason).toBe('');
  });

  it('become a request error that keeps the server details', () => {
    const error = { code: 'UNAVAILABLE', message: 'busy', retryable: true, retryAfterMs: 5 };
    expect(readPeerError({ ...error, details: { reason: 'x' } })).toEqual({
      ...error,
      details: { reason: 'x' },
    });
    expect(readPeerError(null)).toEqual({ code: 'UNKNOWN', message: '' });
    expect(readPeerError({ code: 's3cret', message: 's3cret' }, ['s3cret'])).toEqual({
      code: 'UNKNOWN',
      message: '',
    });
  });

  it('are answered when they are a ping, and declined when they ask for more', () => {
    expect(JSON.parse(answerTo('1', 'ping'))).toEqual({
      type: 'res',
      id: '1',
      ok: true,
      payload: {},
    });
    expect(JSON.parse(answerTo('2', 'exec'))).toMatchObject({
      id: '2',
      ok: false,
      error: { code: 'unsupported_method' },
    });
  });
});
