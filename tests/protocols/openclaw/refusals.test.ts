/** Which of the nine kinds a refusal, a close code or a refused upgrade is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  type EndContext,
  endCause,
  explain,
  isTrusted,
  notAHello,
  readEnd,
  readRefusal,
  readRequestId,
} from '../../../src/protocols/openclaw/refusals.ts';

const attempt: Attempt = {
  role: 'operator',
  credentials: 'token',
  proof: 'v3',
  canFallBack: true,
  trusted: true,
  secrets: ['s3cret'],
};
const withToken: Attempt = { ...attempt, credentials: 'device-token' };

const coded = (code: string, more: object = {}, details: object = {}) => ({
  code: 'INVALID_REQUEST',
  message: 'no',
  ...more,
  details: { code, ...details },
});
const kindOf = (code: string, given: Attempt = attempt) => readRefusal(coded(code), given).kind;

const open: EndContext = { phase: 'open', leaving: null, attempt };
const early: EndContext = { ...open, phase: 'handshake' };
const closed = (code: number, reason = '', context: EndContext = open) =>
  readEnd({ code, reason }, context);

describe('a refused connect request', () => {
  it('pauses for every code that a person must cure (AU-01)', () => {
    for (const code of [
      'AUTH_REQUIRED',
      'AUTH_UNAUTHORIZED',
      'AUTH_TOKEN_MISSING',
      'AUTH_TOKEN_MISMATCH',
      'AUTH_TOKEN_NOT_CONFIGURED',
      'AUTH_PASSWORD_MISSING',
      'AUTH_PASSWORD_MISMATCH',
      'AUTH_BOOTSTRAP_TOKEN_INVALID',
      'AUTH_DEVICE_TOKEN_MISMATCH',
      'AUTH_SCOPE_MISMATCH',
      'AUTH_VERIFIED_USER_REQUIRED',
      'AUTH_OF_A_LATER_VERSION',
      'CONTROL_UI_ORIGIN_NOT_ALLOWED',
    ]) {
      expect([code, kindOf(code)]).toEqual([code, 'credentials']);
    }
  });

  it('stops for a protocol or a request that the gateway will never take (H10)', () => {
    for (const code of ['PROTOCOL_MISMATCH', 'CLIENT_VERSION_MISMATCH']) {
      expect(kindOf(code)).toBe('protocol');
    }
    const form = { code: 'INVALID_REQUEST', message: 'invalid connect params: at /client/id' };
    expect(readRefusal(form, attempt).kind).toBe('protocol');
    expect(readRefusal({ code: 'ODD', retryable: false }, attempt).kind).toBe('protocol');
    expect(notAHello.kind).toBe('protocol');
  });

  it('signs the older way once, and never a third time (AU-04, AU-05)', () => {
    const code = 'DEVICE_AUTH_SIGNATURE_INVALID';
    expect(kindOf(code)).toBe('signature');
    expect(kindOf(code, { ...attempt, proof: 'v2' })).toBe('identity');
  });

  it('does not sign the older way when the signature is too old (AU-06)', () => {
    expect(kindOf('DEVICE_AUTH_SIGNATURE_EXPIRED')).toBe('identity');
    expect(kindOf('DEVICE_AUTH_DEVICE_ID_MISMATCH')).toBe('identity');
    expect(kindOf('DEVICE_AUTH_OF_A_LATER_VERSION')).toBe('identity');
    expect(kindOf('DEVICE_AUTH_NONCE_MISMATCH')).toBe('retry');
  });

  it('asks for an identity from those who have none, and doubts the one it got', () => {
    expect(kindOf('DEVICE_IDENTITY_REQUIRED')).toBe('identity');
    expect(kindOf('DEVICE_IDENTITY_REQUIRED', { ...attempt, proof: null })).toBe('credentials');
  });

  it('drops a dead device token once, where the endpoint is trusted (AU-13)', () => {
    for (const code of ['AUTH_DEVICE_TOKEN_MISMATCH', 'AUTH_TOKEN_MISMATCH']) {
      expect(kindOf(code, withToken)).toBe('device-token');
      expect(kindOf(code, { ...withToken, canFallBack: false })).toBe('credentials');
    }
    expect(kindOf('AUTH_SCOPE_MISMATCH', withToken)).toBe('credentials');
  });

  it('offers no second credential to an endpoint that is not trusted (AU-14)', () => {
    const untrusted = { ...withToken, trusted: false };
    expect(kindOf('AUTH_DEVICE_TOKEN_MISMATCH', untrusted)).toBe('credentials');
  });

  it('waits for a person to approve, an operator slowly asking again (AU-07)', () => {
    const details = { reason: 'not-paired', requestId: 'a84dac2e-f2ec-4e46-9fa5-73d7fa6e31ed' };
    const refusal = readRefusal(
      coded('PAIRING_REQUIRED', { code: 'NOT_PAIRED' }, details),
      attempt,
    );
    expect(refusal).toMatchObject({
      kind: 'pairing',
      pairing: { reason: 'not-paired', requestId: details.requestId, retry: true },
    });
    expect(explain(refusal)).toContain(`request ${details.requestId}`);
    expect(readRefusal({ code: 'NOT_PAIRED' }, attempt).kind).toBe('pairing');
  });

  it('does not ask again by itself as a node, unless told to (AU-08)', () => {
    const node = { ...attempt, role: 'node' };
    const retryOf = (details: object) =>
      readRefusal(coded('PAIRING_REQUIRED', {}, details), node).pairing?.retry;
    expect(retryOf({})).toBe(false);
    expect(retryOf({ pauseReconnect: false })).toBe(true);
    expect(retryOf({ recommendedNextStep: 'wait_then_retry' })).toBe(true);
  });

  it('shows no request id that is malformed (AU-12)', () => {
    const hostile: unknown[] = ['../x', 'a'.repeat(129), 'a'.repeat(300), {}, ['a'], 7, null];
    hostile.push('', '-a', 'a b', 'a;rm', 'a\n', '$(a)', undefined);
    for (const requestId of hostile) {
      const refusal = readRefusal(coded('PAIRING_REQUIRED', {}, { requestId }), attempt);
      expect(refusal.pairing?.requestId).toBeNull();
    }
    expect(readRequestId('A0._:-')).toBe('A0._:-');
    expect(readRequestId('a'.repeat(128))).toBe('a'.repeat(128));
    expect(readRequestId('x-s3cret', ['s3cret'])).toBeNull();
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const id = readRequestId(value);
        expect(id === null || /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(id)).toBe(true);
      }),
    );
  });

  it('is not asked again before the time a rate limit names (AU-16)', () => {
    const limited = (more: object) => readRefusal(coded('AUTH_RATE_LIMITED', more), attempt);
    expect(limited({ retryable: true, retryAfterMs: 4874 })).toMatchObject({
      kind: 'wait',
      floorMs: 4874,
    });
    // Seen from the real gateway: a locked-out device gets no hint.
    expect(limited({})).toMatchObject({ kind: 'wait', floorMs: 30_000 });
    expect(limited({ retryAfterMs: -5 })).toMatchObject({ floorMs: 30_000 });
    expect(limited({ retryAfterMs: 1e12 })).toMatchObject({ floorMs: 2 ** 31 - 1 });
  });

  it('is asked again soon while the gateway starts, within its bounds', () => {
    const starting = (more: object) =>
      readRefusal(
        { code: 'UNAVAILABLE', retryable: true, details: { reason: 'startup-sidecars' }, ...more },
        attempt,
      );
    const floors = [{ retryAfterMs: 500 }, {}, { retryAfterMs: 1 }, { retryAfterMs: 9e9 }];
    expect(floors.map((more) => starting(more).floorMs)).toEqual([500, 500, 100, 2000]);
    expect(starting({}).kind).toBe('wait');
  });

  it('is a restart while the gateway drains for one', () => {
    const details = { reason: 'gateway-restarting' };
    const error = { code: 'UNAVAILABLE', retryable: true, retryAfterMs: 1000, details };
    expect(readRefusal(error, attempt)).toMatchObject({ kind: 'restart', floorMs: 1000 });
  });

  it('keeps any other hint of the server as a floor', () => {
    const busy = { code: 'UNAVAILABLE', retryAfterMs: 250 };
    expect(readRefusal(busy, attempt)).toMatchObject({ kind: 'wait', floorMs: 250 });
    expect(readRefusal({ code: 'UNAVAILABLE' }, attempt).kind).toBe('retry');
    expect(readRefusal({ code: 'ODD', retryable: true }, attempt).kind).toBe('retry');
  });

  it('is read without a throw, bounded, and without our secrets, whatever it is', () => {
    const secret = fc.stringMatching(/^[a-z0-9]{6,20}$/);
    const codes = fc.constantFrom(
      'AUTH_TOKEN_MISMATCH',
      'PAIRING_REQUIRED',
      'UNAVAILABLE',
      'constructor',
      '__proto__',
    );
    const value = (s: string) =>
      fc.oneof(fc.jsonValue(), codes, fc.constant(s), fc.constant(`x ${s} y`));
    const error = (s: string) =>
      fc.record({
        code: value(s),
        message: fc.oneof(value(s), fc.string({ unit: 'binary', maxLength: 250 })),
        retryable: fc.oneof(fc.boolean(), fc.jsonValue()),
        retryAfterMs: fc.oneof(fc.double(), fc.jsonValue()),
        details: fc.oneof(
          fc.jsonValue(),
          fc.record({ code: value(s), reason: value(s), requestId: value(s) }),
        ),
      });
    const whole = secret.chain((s) =>
      fc.tuple(fc.constant(s), fc.oneof(error(s), fc.jsonValue()), fc.string({ unit: 'binary' })),
    );
    fc.assert(
      fc.property(whole, fc.integer(), ([s, given, reason], code) => {
        const mine = { ...attempt, secrets: [s] };
        const refusals = [
          readRefusal(given, mine),
          readEnd({ code, reason: `${reason} ${s}` }, { ...early, attempt: mine }),
        ];
        for (const refusal of refusals) {
          expect(JSON.stringify(refusal)).not.toContain(s);
          expect(refusal.message.length).toBeLessThanOrEqual(200);
          expect(refusal.code.length).toBeLessThanOrEqual(64);
          expect(refusal.floorMs).toBeGreaterThanOrEqual(0);
          expect(refusal.floorMs).toBeLessThan(2 ** 31);
          expect(explain(refusal).length).toBeLessThan(500);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the end of a connection', () => {
  it('is a loss that a later try may cure (CC-05)', () => {
    for (const code of [1000, 1001, 1005, 1006, 1011, 4000, 4001, 4999, 0]) {
      expect([code, closed(code).kind]).toEqual([code, 'retry']);
    }
  });

  it('names a slow consumer and reconnects (CC-10)', () => {
    const refusal = closed(1008, 'slow consumer');
    expect(refusal).toMatchObject({ kind: 'retry', code: 'CLOSE_1008', message: 'slow consumer' });
    expect(explain(refusal)).toBe(
      'The connection to the gateway ended (CLOSE_1008): slow consumer',
    );
  });

  it('blames the frame after hello and our request before it (CC-11)', () => {
    for (const code of [1002, 1003, 1007, 1009]) {
      expect(closed(code).kind).toBe('retry');
      expect(closed(code, '', early).kind).toBe('protocol');
    }
  });

  it('is a pairing when only the close says so (CC-09)', () => {
    const reason = 'pairing required: device is not approved yet (requestId: a84d)';
    expect(closed(1008, reason, early)).toMatchObject({
      kind: 'pairing',
      pairing: { requestId: 'a84d', retry: true },
    });
    // The real gateway cuts long reasons: half an id approves nothing.
    const cut = 'pairing required: device is asking for a higher role (requestId: a84dac2e-f2';
    expect(closed(1008, cut, early)).toMatchObject({ pairing: { requestId: null } });
    expect(closed(1008, 'unauthorized', early).kind).toBe('retry');
  });

  it('drops a dead device token that only the close names (AU-13)', () => {
    const reason = 'unauthorized: device token mismatch (rotate/reissue device token)';
    expect(closed(1008, reason, { ...early, attempt: withToken }).kind).toBe('device-token');
    expect(closed(1008, reason, early).kind).toBe('retry');
  });

  it('is a restart by 1012, unless the gateway said that it will not be back', () => {
    const leaving = (restartExpectedMs: number | null): EndContext => ({
      ...open,
      leaving: { reason: 'r', restartExpectedMs },
    });
    expect(closed(1012)).toMatchObject({ kind: 'restart', floorMs: 0 });
    expect(closed(1012, '', leaving(1500))).toMatchObject({ kind: 'restart', floorMs: 1500 });
    expect(closed(1012, '', leaving(1e9))).toMatchObject({ kind: 'restart', floorMs: 60_000 });
    expect(closed(1012, '', leaving(null)).kind).toBe('retry');
  });

  it('waits for a gateway that starts', () => {
    expect(closed(1013, 'gateway starting', early)).toMatchObject({ kind: 'wait', floorMs: 500 });
  });

  it('is an upgrade that a proxy, a lock or a starting gateway refused', () => {
    const kinds = [401, 403, 407, 429, 503, 502, 404, 200].map(
      (status) => readEnd({ code: 1006, reason: '', status }, early).kind,
    );
    expect(kinds).toEqual([
      'credentials',
      'credentials',
      'credentials',
      'wait',
      'wait',
      'retry',
      'retry',
      'retry',
    ]);
    const status = readEnd({ code: 1006, reason: '', status: 429 }, early);
    expect(status).toMatchObject({ code: 'HTTP_429', floorMs: 30_000 });
  });

  it('has a word of the machines for every kind', () => {
    const cause = (kind: (typeof notAHello)['kind']) => endCause({ ...notAHello, kind });
    expect(cause('retry')).toBe('lost');
    expect(cause('signature')).toBe('again');
    expect(cause('device-token')).toBe('again');
    for (const kind of ['wait', 'restart', 'credentials', 'pairing', 'protocol'] as const) {
      expect(cause(kind)).toBe(kind);
    }
    expect(cause('identity')).toBe('identity');
  });
});

describe('an endpoint', () => {
  it('is trusted on loopback, or with a pinned certificate (AU-14)', () => {
    for (const url of ['ws://127.0.0.1:1', 'ws://127.8.9.1', 'wss://localhost/x', 'ws://[::1]:5']) {
      expect([url, isTrusted(url)]).toEqual([url, true]);
    }
    expect(isTrusted('wss://gateway.example', 'ab'.repeat(32))).toBe(true);
    for (const url of ['wss://gateway.example', 'ws://10.0.0.1', 'ws://127.0.0.1.evil.example']) {
      expect([url, isTrusted(url)]).toEqual([url, false]);
    }
    expect(isTrusted('ws://gateway.example', 'ab'.repeat(32))).toBe(false);
    expect(isTrusted('nonsense')).toBe(false);
  });
});
