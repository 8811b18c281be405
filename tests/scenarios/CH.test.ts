/**
 * Connect and handshake: what may leave this side before the peer has spoken, which phase has
 * which deadline, and what a refusal leads to.
 */
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/index.ts';
import { openclaw } from '../../src/index.ts';
import { createIdentity } from '../../src/protocols/openclaw/device.ts';
import { onStage, secret } from './stage.ts';

const stage = onStage();

/** A link whose upgrade was answered and whose peer has said nothing yet. */
async function greeted(link: Partial<Link> = {}) {
  const subject = stage().connect(link);
  await subject.is.start();
  await stage().settle();
  return { subject, claw: stage().claw };
}

/** As `greeted`, with our connect request on its way. */
async function asked(link: Partial<Link> = {}) {
  const { subject, claw } = await greeted(link);
  claw.challenges();
  await stage().settle();
  expect(claw.connects).toHaveLength(1);
  return { subject, claw };
}

/** What a promise that must fail without any time passing fails with. */
async function failsNow(promise: Promise<unknown>): Promise<unknown> {
  const before = stage().clock.now();
  const error = promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  await stage().settle();
  expect(stage().clock.now()).toBe(before);
  return error;
}

describe('before the challenge', () => {
  it('CH-01: no frame leaves the client', async () => {
    const { subject, claw } = await greeted();
    await stage().pass(9_000);
    expect(claw.call.log.words).toEqual([]);
    expect(subject.is.status.state).toBe('starting');
    claw.challenges();
    await stage().settle();
    expect(claw.connects).toHaveLength(1);
  });

  it('CH-03: silence for 10 s closes the socket with 1008, and is tried again', async () => {
    const { subject, claw } = await greeted();
    await stage().pass(9_999);
    expect(claw.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(await claw.call.log.until('close')).toMatch(/^close 1008/);
    await stage().until(() => stage().calls.length === 2, 2_000);
    expect(subject.is.status).toMatchObject({ state: 'starting', attempt: 2 });
    expect(subject.is.diagnostics.lastEnd?.because).toMatch(/challenge/);
  });

  it('CH-06: one without a usable nonce ends the socket, and nothing more is read', async () => {
    const { subject } = await greeted();
    for (const nonce of [undefined, '', 7]) {
      const { claw } = stage();
      const calls = stage().calls.length;
      claw.sends({ type: 'event', event: 'connect.challenge', payload: { nonce, ts: 1 } });
      claw.challenges().event('health', {});
      await stage().settle();
      expect(claw.call.endedBy).toBe('client close');
      expect(claw.call.log.words[0]).toMatch(/^close 1008/);
      expect(claw.frames).toEqual([]);
      expect(subject.is.diagnostics.lastEnd).toMatchObject({ cause: 'lost' });
      await stage().until(() => stage().calls.length === calls + 1, 10_000);
    }
    expect(subject.states).toEqual(['starting']);
  });
});

describe('the connect request', () => {
  it('CH-02: is one frame that answers the challenge with token and device', async () => {
    const { identity } = createIdentity();
    const protocol = openclaw({ identity: { load: async () => identity } });
    const { claw } = await greeted({ protocol });
    claw.challenges('nonce-of-this-socket', 1_234);
    await stage().pass(5_000);
    expect(claw.frames).toHaveLength(1);
    expect(claw.connect).toMatchObject({
      type: 'req',
      params: {
        role: 'operator',
        scopes: ['operator.admin'],
        auth: { token: secret },
        device: { id: identity.deviceId, nonce: 'nonce-of-this-socket', signedAt: 1_234 },
      },
    });
  });

  it('CH-04: unanswered for 20 s closes the socket, and is tried again', async () => {
    const { subject, claw } = await asked();
    await stage().pass(19_999);
    expect(claw.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client close');
    expect(subject.is.diagnostics.lastEnd?.because).toMatch(/connect timeout/);
    await stage().pass(999);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
    expect(subject.is.status).toMatchObject({ state: 'starting', attempt: 2 });
  });

  it('CH-05: answered after 15 s connects, also when the challenge took 9 s', async () => {
    const { subject, claw } = await greeted();
    await stage().pass(9_000);
    claw.challenges();
    await stage().pass(15_000);
    expect(claw.call.endedBy).toBeUndefined();
    claw.accepts();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
    expect(stage().calls).toHaveLength(1);
  });

  it('CH-08: is not repeated at a second challenge', async () => {
    const { subject, claw } = await greeted();
    claw.challenges('one').challenges('two');
    await stage().settle();
    claw.challenges('three');
    await stage().settle();
    expect(claw.connects).toHaveLength(1);
    claw.accepts();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
  });

  it('CH-12: is never sent when the token cannot be had, and the socket is closed', async () => {
    const credentials: Link['credentials'] = ({ attempt }) =>
      attempt === 1 ? Promise.reject(new Error('the keychain is locked')) : new Promise(() => {});
    const { subject, claw } = await greeted({ credentials });
    claw.challenges();
    await stage().settle();
    expect(claw.call.endedBy).toBe('client close');
    expect(claw.frames).toEqual([]);
    expect(subject.is.diagnostics.lastEnd?.because).toMatch(/link.credentials.*keychain is locked/);
    await stage().until(() => stage().calls.length === 2, 1_000);
    const { claw: second } = stage();
    second.challenges();
    await stage().pass(9_999);
    expect(second.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(second.call.endedBy).toBe('client close');
    expect(second.frames).toEqual([]);
    expect(subject.is.diagnostics.lastEnd?.because).toMatch(/link.credentials had not answered/);
  });
});

describe('the answer', () => {
  it('CH-07: that refuses ends the socket in the words of the server', async () => {
    const { subject, claw } = await asked();
    const events: unknown[] = [];
    subject.is.on('event', (event) => events.push(event));
    claw.refuses({ code: 'INTERNAL', message: 'the disk is full' }).accepts();
    claw.event('health', {}, 1);
    await stage().settle();
    expect(claw.call.endedBy).toBe('client close');
    expect(claw.call.log.words[1]).toMatch(/^close 1008/);
    expect(subject.is.diagnostics.lastEnd?.because).toContain('the disk is full');
    expect(events).toEqual([]);
    expect(subject.states).toEqual(['starting']);
  });

  it('CH-10: to this request alone connects, once', async () => {
    const { subject, claw } = await asked();
    let ready = 0;
    subject.is.on('ready', () => {
      ready += 1;
    });
    claw.accepts({}, 'somebody-else');
    await stage().settle();
    expect(subject.is.status.state).toBe('starting');
    claw.accepts().accepts();
    await stage().settle();
    expect(subject.statuses.filter(({ state }) => state === 'running')).toHaveLength(1);
    expect(ready).toBe(1);
    expect(subject.is.status.connection?.generation).toBe(1);
  });

  it('CH-19: sets the rhythm of its own connection and of no other', async () => {
    const { subject, claw } = await asked();
    claw.accepts({ policy: { tickIntervalMs: 20_000 } });
    await stage().pass(39_999);
    expect(claw.call.log.words).not.toContain('ping');
    await stage().pass(1);
    expect(claw.call.log.words).toContain('ping');
    claw.call.reset();
    stage().welcomes({ policy: { tickIntervalMs: 5_000 } });
    await stage().until(() => subject.is.status.connection?.generation === 2);
    const { claw: second } = stage();
    await stage().pass(9_999);
    expect(second.call.log.words).not.toContain('ping');
    await stage().pass(1);
    expect(second.call.log.words).toContain('ping');
  });

  it('CH-20: of another protocol is the end, by close code or by error code', async () => {
    const byCode = await asked();
    byCode.claw.call.close(1002, 'protocol mismatch');
    const byError = await asked();
    byError.claw.refuses({ code: 'INVALID_REQUEST', details: { code: 'PROTOCOL_MISMATCH' } });
    for (const { subject } of [byCode, byError]) {
      expect(await failsNow(subject.is.ready())).toMatchObject({ code: 'HF_PROTOCOL_MISMATCH' });
      expect(subject.is.status.state).toBe('failed');
    }
    await stage().pass(600_000);
    expect(stage().calls).toHaveLength(2);
  });

  it('CH-25: with any other refusal fails at once and is not asked for again', async () => {
    const wrong = await asked();
    const error = { code: 'INVALID_REQUEST', details: { code: 'AUTH_TOKEN_MISMATCH' } };
    wrong.claw.refuses(error);
    expect(await failsNow(wrong.subject.is.ready())).toMatchObject({ code: 'HF_CREDENTIALS' });
    const broken = await asked({ reconnect: { attemptsMax: 1 } });
    broken.claw.refuses({ code: 'INTERNAL', message: 'the disk is full' });
    expect(await failsNow(broken.subject.is.ready())).toMatchObject({
      code: 'HF_EXHAUSTED',
      message: expect.stringContaining('the disk is full'),
    });
    await stage().pass(600_000);
    expect(stage().calls).toHaveLength(2);
  });

  it('CH-27: that a closed socket cuts off is one lost attempt, not two', async () => {
    const { subject, claw } = await asked();
    claw.call.end();
    await stage().settle();
    const { lastEnd } = subject.is.diagnostics;
    expect(lastEnd).toMatchObject({ cause: 'lost', code: 1006 });
    expect(lastEnd?.because).toMatch(/ended \(CLOSE_1006\)/);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    expect(subject.statuses).toHaveLength(2);
    await stage().pass(999);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
    expect(subject.is.status.attempt).toBe(2);
  });
});

describe('an observer that throws', () => {
  const boom = () => {
    throw new Error('boom');
  };

  it('CH-26: on running harms no connection, no heartbeat and no other observer', async () => {
    const subject = stage().connect({ heartbeat: stage().misses });
    const others: string[] = [];
    subject.is.on('status', ({ state }) => (state === 'running' ? boom() : undefined));
    subject.is.on('status', ({ state }) => others.push(state));
    const { claw } = await stage().running(subject);
    expect(subject.pending).toEqual([]);
    expect(others).toContain('running');
    expect(subject.diagnostics).toMatchObject([{ level: 'error', code: 'HF_USER_FUNCTION' }]);
    await stage().pass(29_999);
    expect(claw?.call.log.words).not.toContain('ping');
    await stage().pass(1);
    expect(claw?.call.log.words).toContain('ping');
    expect(subject.is.status.state).toBe('running');
  });

  it('CH-29: on starting harms neither this start nor any later verb', async () => {
    const subject = stage().gateway();
    const others: string[] = [];
    subject.is.on('status', ({ state }) => (state === 'starting' ? boom() : undefined));
    subject.is.on('status', ({ state }) => others.push(state));
    await stage().running(subject);
    expect(others[0]).toBe('starting');
    stage().welcomes();
    await subject.is.start();
    const restart = subject.is.restart();
    await stage().until(() => subject.pending.length === 0);
    expect(await restart).toMatchObject({ outcome: 'replaced', pidBefore: 101, pidAfter: 102 });
    const stop = subject.is.stop();
    await stage().until(() => subject.pending.length === 0);
    expect(await stop).toMatchObject({ gone: true });
    await subject.is.start();
    await stage().until(() => subject.is.status.state === 'running');
    expect(stage().table.children).toHaveLength(3);
  });
});
