/**
 * At the door of the gateway: which refusals end the attempts for good, which remedies of our own
 * are tried and how often, and what becomes of the credentials meanwhile.
 */
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/index.ts';
import { checkProof } from '../../src/practice/devices.ts';
import type { Claw } from './claw.ts';
import { deviceOf, Folder } from './door.ts';
import { onStage, secret, url } from './stage.ts';

const stage = onStage();

type Link = NonNullable<Parameters<ReturnType<typeof stage>['connect']>[0]>;

const invalid = 'DEVICE_AUTH_SIGNATURE_INVALID';
const deadToken = 'AUTH_DEVICE_TOKEN_MISMATCH';
/** long enough for every retry there is */
const long = 600_000;
let challenges = 0;

/** The newest call, its connect sent in answer to a challenge of its own. */
async function challenged(): Promise<Claw> {
  await stage().settle();
  challenges += 1;
  const claw = stage().claw.challenges(`nonce-${challenges}`, Date.now());
  await stage().settle();
  return claw;
}

async function knocking(link: Link = {}) {
  const subject = stage().connect(link);
  await subject.is.start();
  return { subject, claw: await challenged() };
}

/** The call after the present one, and how long it took to come. */
async function next(): Promise<{ claw: Claw; afterMs: number }> {
  const { calls, clock } = stage();
  const [count, since] = [calls.length, clock.now()];
  await stage().until(() => stage().calls.length > count);
  const afterMs = clock.now() - since;
  return { claw: await challenged(), afterMs };
}

/** How many more calls come in a long time. */
async function further(): Promise<number> {
  const { length } = stage().calls;
  await stage().pass(long);
  return stage().calls.length - length;
}

/** Lets the newest call in, as a device that is given this token. */
async function greet(claw: Claw, deviceToken?: string): Promise<void> {
  claw.accepts(deviceToken === undefined ? {} : { auth: { deviceToken } });
  await stage().settle();
}

/** The version that the device has signed, over the nonce of this very socket. */
function signed({ connect }: Claw): string {
  const { params } = connect;
  const { client, device, auth, role, scopes } = params as {
    client: { id: string; mode: string; platform: string };
    device: { nonce: string };
    auth?: Record<string, string>;
    role: string;
    scopes: string[];
  };
  const verdict = checkProof({ ...device }, `nonce-${challenges}`, {
    clientId: client.id,
    clientMode: client.mode,
    platform: client.platform,
    deviceFamily: '',
    role,
    scopes,
    tokens: Object.values(auth ?? {}),
  });
  return verdict.ok ? verdict.version : verdict.reason;
}

const personal = [
  ...['AUTH_REQUIRED', 'AUTH_UNAUTHORIZED', 'AUTH_TOKEN_MISSING', 'AUTH_TOKEN_MISMATCH'],
  ...['AUTH_TOKEN_NOT_CONFIGURED', 'AUTH_PASSWORD_MISSING', 'AUTH_PASSWORD_MISMATCH'],
  ...['AUTH_PASSWORD_NOT_CONFIGURED', 'AUTH_BOOTSTRAP_TOKEN_INVALID', deadToken],
  ...['AUTH_SCOPE_MISMATCH', 'AUTH_TAILSCALE_IDENTITY_MISSING', 'AUTH_TAILSCALE_PROXY_MISSING'],
  ...['AUTH_TAILSCALE_IDENTITY_MISMATCH', 'AUTH_IDENTITY_HEADER_REQUIRED'],
  ...['AUTH_VERIFIED_USER_REQUIRED', 'CONTROL_UI_ORIGIN_NOT_ALLOWED', 'AUTH_OF_A_LATER_VERSION'],
  ...['DEVICE_IDENTITY_REQUIRED', 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED'],
];
const mistaken = [
  ...['DEVICE_AUTH_INVALID', 'DEVICE_AUTH_DEVICE_ID_MISMATCH', 'DEVICE_AUTH_PUBLIC_KEY_INVALID'],
  ...['DEVICE_AUTH_NONCE_REQUIRED', 'DEVICE_AUTH_OF_A_LATER_VERSION'],
];
const foreign = ['PROTOCOL_MISMATCH', 'CLIENT_VERSION_MISMATCH', 'CONTROL_UI_BUILD_MISMATCH'];

describe('a refused connect', () => {
  it.each([
    { codes: personal, state: 'starting', error: 'HF_CREDENTIALS' },
    { codes: mistaken, state: 'failed', error: 'HF_IDENTITY_CORRUPT' },
    { codes: foreign, state: 'failed', error: 'HF_PROTOCOL_MISMATCH' },
  ])('AU-01: is final for every code that time does not cure ($error)', async (row) => {
    for (const code of row.codes) {
      const { subject, claw } = await knocking();
      const ready = expect(subject.is.ready(), code).rejects.toMatchObject({ code: row.error });
      claw.denies(code);
      await ready;
      expect(subject.is.status, code).toMatchObject({
        state: row.state,
        error: { code: row.error },
      });
      expect(subject.is.status.because).toContain(code);
      await subject.is.retryNow();
      await stage().pass(1_000);
    }
    expect(stage().clock.armed).toBe(0);
    expect(await further()).toBe(0);
    expect(stage().calls).toHaveLength(row.codes.length);
  });

  it('AU-02: a request refused with the same code is its own trouble alone', async () => {
    const { subject, claw } = await knocking();
    await greet(claw);
    const asked = subject.is.request('config.set', {});
    const refused = expect(asked).rejects.toMatchObject({
      code: 'HF_REQUEST_FAILED',
      delivery: 'answered',
    });
    await stage().settle();
    const [request] = claw.requests;
    const details = { code: 'AUTH_TOKEN_MISMATCH' };
    claw.refuses({ code: 'INVALID_REQUEST', message: 'no', details }, request?.id);
    await refused;
    await stage().pass(30_000);
    expect(subject.is.status).toMatchObject({ state: 'running', phase: 'steady' });
    expect(subject.is.status.error).toBeUndefined();
    expect(claw.call.endedBy).toBeUndefined();
    claw.call.reset();
    await greet((await next()).claw);
    expect(subject.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
  });

  it('AU-03: is forgotten once somebody has helped and a hello has come', async () => {
    let token = 'a-token-of-yesterday';
    const { subject, claw } = await knocking({ credentials: () => ({ token }) });
    claw.denies('AUTH_TOKEN_MISMATCH');
    await stage().settle();
    expect(subject.is.status).toMatchObject({ phase: 'paused', error: { code: 'HF_CREDENTIALS' } });
    token = secret;
    await subject.is.resume();
    const again = await challenged();
    expect(again.connect.params.auth).toEqual({ token: secret });
    await greet(again);
    expect(subject.is.status).toMatchObject({ state: 'running', health: { state: 'healthy' } });
    expect(subject.is.status.error).toBeUndefined();
    // a loss is a loss again, also one before the link is stable
    again.call.reset();
    const { claw: third } = await next();
    await greet(third);
    expect(subject.is.status.state).toBe('running');
  });
});

describe('a signature that is not believed', () => {
  it('AU-04: is given in the older form once, on another socket and its nonce', async () => {
    const { subject, claw } = await knocking({ protocol: deviceOf(new Folder()) });
    expect(signed(claw)).toBe('v3');
    claw.denies(invalid);
    const { claw: second, afterMs } = await next();
    expect(afterMs).toBe(500);
    expect(claw.call.open).toBe(false);
    expect(claw.connects).toHaveLength(1);
    expect(signed(second)).toBe('v2');
    await greet(second);
    expect(subject.states).toEqual(['starting', 'running']);
    expect(await further()).toBe(0);
  });

  it('AU-03: is given in the newer form again after a hello', async () => {
    const { claw } = await knocking({ protocol: deviceOf(new Folder()) });
    claw.denies(invalid);
    const { claw: second } = await next();
    await greet(second);
    second.call.end();
    expect(signed((await next()).claw)).toBe('v3');
  });

  it('AU-05: in both forms is the end, until somebody starts anew', async () => {
    const { subject, claw } = await knocking({ protocol: deviceOf(new Folder()) });
    claw.denies(invalid);
    (await next()).claw.denies(invalid);
    await stage().settle();
    expect(subject.is.status).toMatchObject({
      state: 'failed',
      error: { code: 'HF_IDENTITY_CORRUPT' },
    });
    expect(await further()).toBe(0);
    expect(stage().calls).toHaveLength(2);
    await subject.is.start();
    expect(signed(await challenged())).toBe('v3');
  });

  it('AU-06: because it is too old is the end at once: no other form is younger', async () => {
    const { subject, claw } = await knocking({ protocol: deviceOf(new Folder()) });
    claw.denies('DEVICE_AUTH_SIGNATURE_EXPIRED', { reason: 'device-signature-stale' });
    await stage().settle();
    expect(subject.is.status).toMatchObject({
      state: 'failed',
      error: { code: 'HF_IDENTITY_CORRUPT' },
    });
    expect(await further()).toBe(0);
    expect(stage().calls).toHaveLength(1);
  });
});

/** A device that has been here before: its folder holds a token. */
async function returning(link: Link = {}) {
  const folder = new Folder();
  const protocol = deviceOf(folder);
  const { subject, claw } = await knocking({ protocol, ...link });
  await greet(claw, 'token-of-this-device');
  expect(folder.token).toBe('token-of-this-device');
  claw.call.end();
  const { claw: second } = await next();
  expect(second.connect.params.auth).toEqual({ deviceToken: 'token-of-this-device' });
  return { folder, subject, claw: second };
}

describe('a device token that the gateway does not know', () => {
  it('AU-13: is dropped once on loopback, for the shared one on another socket', async () => {
    const { folder, subject, claw } = await returning();
    claw.denies(deadToken);
    const { claw: third, afterMs } = await next();
    expect(afterMs).toBe(500);
    expect(folder.token).toBeUndefined();
    expect(third.connect.params.auth).toEqual({ token: secret });
    await greet(third, 'another-token');
    expect(folder.token).toBe('another-token');
    expect(folder.changes).toEqual([
      'create identity',
      'replace token',
      'remove token',
      'replace token',
    ]);
    expect(subject.is.status.state).toBe('running');
    expect(subject.states).not.toContain('failed');
  });

  it('AU-13: is not followed by a third credential when the shared one is wrong too', async () => {
    const { subject, claw } = await returning();
    claw.denies(deadToken);
    (await next()).claw.denies('AUTH_TOKEN_MISMATCH');
    await stage().settle();
    expect(subject.is.status).toMatchObject({ phase: 'paused', error: { code: 'HF_CREDENTIALS' } });
    expect(await further()).toBe(0);
  });

  it('AU-14: is not made up for by another one on a line that others can read', async () => {
    const { folder, subject, claw } = await returning({ url: 'ws://gateway.example:18789' });
    expect(subject.diagnostics.map(({ code }) => code)).toEqual(['HF_PLAIN_TEXT']);
    const writes = [...folder.writes];
    claw.denies(deadToken);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ phase: 'paused', error: { code: 'HF_CREDENTIALS' } });
    expect(await further()).toBe(0);
    expect(claw.frames).toHaveLength(1);
    expect(claw.call.frames.join()).not.toContain(secret);
    expect(folder.writes).toEqual(writes);
  });
});

describe('what a device keeps', () => {
  it.each([['{"version":1'], [''], ['{}']])(
    'AU-17: an identity that reads %j ends the start and is left as it is',
    async (text) => {
      const folder = new Folder();
      folder.files.set('identity.json', text);
      let asked = 0;
      const credentials = () => {
        asked += 1;
        return { token: secret };
      };
      const { subject, claw } = await knocking({ protocol: deviceOf(folder), credentials });
      expect(subject.is.status).toMatchObject({
        state: 'failed',
        error: { code: 'HF_IDENTITY_CORRUPT' },
      });
      await expect(subject.is.ready()).rejects.toMatchObject({ code: 'HF_IDENTITY_CORRUPT' });
      expect(await further()).toBe(0);
      expect({ asked, frames: claw.frames, writes: folder.writes }).toEqual({
        asked: 0,
        frames: [],
        writes: [],
      });
      expect(folder.files.get('identity.json')).toBe(text);
    },
  );

  it('AU-21: a token that cannot be written costs a warning and waits its turn', async () => {
    const folder = new Folder();
    const { subject, claw } = await knocking({ protocol: deviceOf(folder) });
    folder.failing = 'replace';
    await greet(claw, 'token-of-this-device');
    await stage().pass(30_000);
    expect(subject.is.status).toMatchObject({ state: 'running', phase: 'steady' });
    expect(claw.call.endedBy).toBeUndefined();
    expect(subject.diagnostics.map(({ code }) => code)).toEqual(['HF_TOKEN_STORE']);
    folder.failing = undefined;
    claw.call.end();
    const { claw: second } = await next();
    expect(second.connect.params.auth).toEqual({ token: secret });
    await greet(second, 'token-of-this-device');
    expect(folder.token).toBe('token-of-this-device');
    expect(subject.diagnostics).toHaveLength(1);
    const texts = JSON.stringify([subject.said, subject.statuses, subject.diagnostics]);
    expect(texts).not.toContain('token-of-this-device');
  });
});

describe('a denial that comes too late', () => {
  const elsewhere = 'ws://127.0.0.1:18790';

  it('AU-20: from the gateway of before, just as it is left, ends nothing newer', async () => {
    let leave = () => {};
    const transport: Transport = (target, events) =>
      stage().network.transport(target, {
        opened: () => events.opened(),
        sign: (kind) => events.sign(kind),
        closed: (end) => events.closed(end),
        frame: (data) => {
          events.frame(data);
          if (String(data).includes('AUTH_TOKEN_MISMATCH')) leave();
        },
      });
    const { subject, claw } = await knocking({ transport });
    leave = () => void subject.is.retarget({ url: elsewhere });
    claw.refuses({ code: 'INVALID_REQUEST', details: { code: 'AUTH_TOKEN_MISMATCH' } });
    const newer = await challenged();
    expect(newer.call.target.url).toBe(elsewhere);
    await greet(newer);
    await stage().pass(30_000);
    expect(claw.call.endedBy).toBe('client reset');
    expect(newer.call.endedBy).toBeUndefined();
    expect(subject.states).toEqual(['starting', 'running']);
  });

  it('AU-20: from the host’s own authorize, about an older attempt, is not heard', async () => {
    const answers: ((answer: boolean) => void)[] = [];
    const authorize = () => new Promise<boolean>((resolve) => answers.push(resolve));
    const subject = stage().connect({ authorize });
    await subject.is.start();
    await stage().settle();
    await subject.is.retarget({ url: elsewhere });
    await stage().settle();
    expect(answers).toHaveLength(2);
    answers[1]?.(true);
    const newer = await challenged();
    await greet(newer);
    answers[0]?.(false);
    await stage().pass(30_000);
    expect(newer.call.endedBy).toBeUndefined();
    expect(subject.is.status.state).toBe('running');
    expect(subject.diagnostics).toEqual([]);
    expect(stage().calls.map(({ target }) => target.url)).toEqual([elsewhere]);
    expect(url).not.toBe(elsewhere);
  });
});
