/** Who gets in, in the openclaw dialect: tokens, device proof, pairing, rate limits. */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { launch, share, start, until } from './house.ts';
import { type ConnectOptions, connect, makeDevice } from './openclaw-client.ts';

const token = 'practice-secret';
const auth = { token };
const gateway = share({ protocol: 'openclaw', env: { PRACTICE_TOKEN: token } });

beforeEach(async () => {
  const { fault } = gateway();
  await fault({ name: 'forget', what: 'devices' });
  await fault({ name: 'token', value: token });
  await fault({ name: 'signature', accept: 'both' });
  await fault({ name: 'pairing', mode: 'auto' });
});

/** Connects, expects a refusal, and hands back what it says and how it ends. */
async function refused(options: ConnectOptions) {
  const { client, answer } = await connect(gateway().url, options);
  const { code, reason } = await client.closed();
  return { ok: answer.ok, error: answer.error, details: answer.error?.details, code, reason };
}

describe('the shared token', () => {
  it('lets the local backend in without a device, with its scopes', async () => {
    const { answer } = await connect(gateway().url, { mode: 'backend', auth });
    expect(answer.payload.auth).toEqual({ role: 'operator', scopes: ['operator.read'] });
  });

  it('lets an operator without a device in, but without scopes', async () => {
    const { answer } = await connect(gateway().url, { mode: 'cli', auth });
    expect(answer.payload.auth).toEqual({ role: 'operator', scopes: [] });
  });

  it('does not make up for the device of a node', async () => {
    expect(await refused({ role: 'node', mode: 'node', auth })).toMatchObject({
      code: 1008,
      error: { code: 'NOT_PAIRED' },
      details: { code: 'DEVICE_IDENTITY_REQUIRED' },
    });
  });

  it('is refused when missing or wrong, and never repeated in a log', async () => {
    expect(await refused({})).toMatchObject({
      code: 1008,
      error: { code: 'INVALID_REQUEST' },
      details: { code: 'AUTH_TOKEN_MISSING', canRetryWithDeviceToken: false },
    });
    const wrong = { token: 'wrong-secret' };
    expect(await refused({ auth: wrong })).toMatchObject({
      code: 1008,
      reason: 'unauthorized: gateway token mismatch',
      details: {
        code: 'AUTH_TOKEN_MISMATCH',
        canRetryWithDeviceToken: false,
        recommendedNextStep: 'update_auth_credentials',
      },
    });
    const { text, stats } = gateway();
    expect((await stats()).refused).toMatchObject({
      AUTH_TOKEN_MISSING: 1,
      AUTH_TOKEN_MISMATCH: 1,
    });
    await until('the log', () => text('stderr').includes('gateway token mismatch'));
    expect(`${text('stderr')}${text('stdout')}`).not.toMatch(/wrong-secret|practice-secret/);
  });

  it('can be changed while running', async () => {
    await gateway().fault({ name: 'token', value: 'another' });
    expect(await refused({ auth, mode: 'backend' })).toMatchObject({ code: 1008 });
    await gateway().fault({ name: 'token' });
    expect((await connect(gateway().url, { mode: 'backend' })).answer.ok).toBe(true);
  });
});

describe('a device', () => {
  it.each(['v2', 'v3'] as const)(
    'is paired once and keeps its token, signing %s',
    async (version) => {
      const device = makeDevice();
      const before = Number((await gateway().stats()).pairings);
      const first = await connect(gateway().url, { device, version, auth });
      const { deviceToken, issuedAtMs } = first.answer.payload.auth;
      expect(deviceToken).toMatch(/^[\w-]{32}$/);
      const again = await connect(gateway().url, { device, version, auth });
      expect(again.answer.payload.auth).toMatchObject({ deviceToken, issuedAtMs });
      const alone = await connect(gateway().url, { device, version, auth: { deviceToken } });
      expect(alone.answer.payload.auth).toMatchObject({ deviceToken, issuedAtMs });
      expect(Number((await gateway().stats()).pairings) - before).toBe(1);
    },
  );

  it('is refused for each flaw of its proof', async () => {
    const device = makeDevice();
    const cases: [NonNullable<ConnectOptions['spoil']>, string, string][] = [
      [(b) => ({ ...b, id: 'f00' }), 'DEVICE_AUTH_DEVICE_ID_MISMATCH', 'device-id-mismatch'],
      [(b) => ({ ...b, signedAt: 1 }), 'DEVICE_AUTH_SIGNATURE_EXPIRED', 'device-signature-stale'],
      [(b) => ({ ...b, nonce: '' }), 'DEVICE_AUTH_NONCE_REQUIRED', 'device-nonce-missing'],
      [(b) => ({ ...b, nonce: 'old' }), 'DEVICE_AUTH_NONCE_MISMATCH', 'device-nonce-mismatch'],
      [(b) => ({ ...b, signature: 'AAAA' }), 'DEVICE_AUTH_SIGNATURE_INVALID', 'device-signature'],
      [(b) => ({ ...b, signature: 7 }), 'DEVICE_AUTH_SIGNATURE_INVALID', 'device-signature'],
      [() => ({}), 'DEVICE_AUTH_DEVICE_ID_MISMATCH', 'device-id-mismatch'],
    ];
    for (const [spoil, code, reason] of cases) {
      const answer = await refused({ device, auth, spoil });
      expect(answer).toMatchObject({ code: 1008, details: { code, reason } });
    }
  });

  it('is refused for the signature version that is not accepted', async () => {
    const device = makeDevice();
    await gateway().fault({ name: 'signature', accept: 'v2' });
    expect(await refused({ device, auth, version: 'v3' })).toMatchObject({
      code: 1008,
      details: { code: 'DEVICE_AUTH_SIGNATURE_INVALID' },
    });
    expect((await connect(gateway().url, { device, auth, version: 'v2' })).answer.ok).toBe(true);
    await gateway().fault({ name: 'signature', accept: 'none' });
    expect(await refused({ device, auth, version: 'v2' })).toMatchObject({ code: 1008 });
  });

  it('may retry with its token when the shared one is wrong', async () => {
    const device = makeDevice();
    const { answer } = await connect(gateway().url, { device, auth });
    expect(await refused({ device, auth: { token: 'wrong' } })).toMatchObject({
      details: {
        code: 'AUTH_TOKEN_MISMATCH',
        canRetryWithDeviceToken: true,
        recommendedNextStep: 'retry_with_device_token',
      },
    });
    const { deviceToken } = answer.payload.auth;
    const retry = { token: 'wrong', deviceToken };
    expect((await connect(gateway().url, { device, auth: retry })).answer.ok).toBe(true);
  });

  it('is refused with a revoked token, and gets a new one for the shared token', async () => {
    const device = makeDevice();
    const { answer } = await connect(gateway().url, { device, auth });
    const { deviceToken } = answer.payload.auth;
    await gateway().fault({ name: 'forget', what: 'tokens' });
    expect(await refused({ device, auth: { deviceToken } })).toMatchObject({
      details: { code: 'AUTH_DEVICE_TOKEN_MISMATCH' },
    });
    const fresh = await connect(gateway().url, { device, auth });
    expect(fresh.answer.payload.auth.deviceToken).not.toBe(deviceToken);
    expect(fresh.answer.ok).toBe(true);
  });

  it('is refused more scopes than its token has', async () => {
    const device = makeDevice();
    const { answer } = await connect(gateway().url, { device, auth });
    const { deviceToken } = answer.payload.auth;
    const scopes = ['operator.admin'];
    expect(await refused({ device, scopes, auth: { deviceToken } })).toMatchObject({
      details: { code: 'AUTH_SCOPE_MISMATCH' },
    });
  });
});

describe('pairing', () => {
  it('waits for a person when told, and lets the device in once approved', async () => {
    const { fault, stats, url } = gateway();
    const device = makeDevice();
    await fault({ name: 'pairing', wait: true, requestId: 'req-1' });
    expect(await refused({ device, auth })).toMatchObject({
      code: 1008,
      reason: 'pairing required: not-paired (req-1)',
      error: { code: 'NOT_PAIRED' },
      details: {
        code: 'PAIRING_REQUIRED',
        reason: 'not-paired',
        requestId: 'req-1',
        recommendedNextStep: 'wait_then_retry',
        pauseReconnect: false,
      },
    });
    expect(await refused({ device, auth })).toMatchObject({ details: { requestId: 'req-1' } });
    expect((await stats()).pending).toEqual(['req-1']);
    await fault({ name: 'pairing', mode: 'approve' });
    expect((await connect(url, { device, auth })).answer.ok).toBe(true);
    expect((await connect(url, { device, auth })).answer.ok).toBe(true);
  });

  it('survives the process in its state file, for its owner alone', async () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-practice-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const file = join(home, 'state.json');
    const options = { protocol: 'openclaw', args: ['--state', file] } as const;
    const device = makeDevice();
    const one = await start(options);
    const { deviceToken } = (await connect(one.url, { device })).answer.payload.auth;
    one.child.kill('SIGKILL');
    await one.exit();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const two = await start(options);
    const again = await connect(two.url, { device, auth: { deviceToken } });
    expect(again.answer.payload.auth).toMatchObject({ deviceToken });
    expect(await two.stats()).toMatchObject({ pairings: 0 });
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20));
    const broken = launch(options);
    expect(await broken.exit()).toEqual({ code: 78, signal: null });
    expect(broken.text('stderr')).toContain('--state: state must be version 1 JSON, got');
  });
});

describe('a refusal on request', () => {
  it('is a rate limit for as long as it was told', async () => {
    const { fault, url } = gateway();
    const began = performance.now();
    await fault({ name: 'rate-limit', retryAfterMs: 1000 });
    expect(await refused({ auth, mode: 'backend' })).toMatchObject({
      code: 1008,
      error: { retryable: true, retryAfterMs: 1000 },
      details: { code: 'AUTH_RATE_LIMITED', recommendedNextStep: 'wait_then_retry' },
    });
    const ok = async () => (await connect(url, { auth, mode: 'backend' })).answer.ok;
    await until('the end of the limit', ok);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  it('is any code, as often as it was told', async () => {
    const { fault, url } = gateway();
    await fault({ name: 'deny', code: 'CLIENT_VERSION_MISMATCH', closeCode: 4008, times: 2 });
    for (const _ of [1, 2]) {
      expect(await refused({ auth, mode: 'backend' })).toMatchObject({
        code: 4008,
        details: { code: 'CLIENT_VERSION_MISMATCH' },
      });
    }
    expect((await connect(url, { auth, mode: 'backend' })).answer.ok).toBe(true);
  });

  it('is another protocol when told', async () => {
    await gateway().fault({ name: 'protocol', expected: 5 });
    expect(await refused({ auth, mode: 'backend' })).toMatchObject({ code: 1002 });
    await gateway().fault({ name: 'protocol', expected: 4 });
    expect((await connect(gateway().url, { auth, mode: 'backend' })).answer.ok).toBe(true);
  });
});
