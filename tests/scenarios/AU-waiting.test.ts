/**
 * Patience at the door of the gateway: while a person decides, while a rate limit runs, after the
 * user has left; and a paired device that is cut off again and again and never asks anybody twice.
 */
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/simulate/network.ts';
import type { Claw, Json } from './claw.ts';
import { deviceOf, Folder, Gate } from './door.ts';
import { onStage, type Subject, secret } from './stage.ts';

const stage = onStage();

type Link = NonNullable<Parameters<ReturnType<typeof stage>['connect']>[0]>;

const requestId = 'a84dac2e-f2ec-4e46-9fa5-73d7fa6e31ed';
const pending = { reason: 'not-paired', requestId };
const long = 600_000;

async function challenged(): Promise<Claw> {
  await stage().settle();
  const claw = stage().claw.challenges();
  await stage().settle();
  return claw;
}

async function knocking(link: Link = {}) {
  const subject = stage().connect({ protocol: deviceOf(new Folder()), ...link });
  await subject.is.start();
  return { subject, claw: await challenged() };
}

async function next(): Promise<Claw> {
  const { length } = stage().calls;
  await stage().until(() => stage().calls.length > length);
  return challenged();
}

async function unpaired(claw: Claw, details: Json = pending, more: Json = {}): Promise<void> {
  claw.denies('PAIRING_REQUIRED', details, { code: 'NOT_PAIRED', ...more });
  await stage().settle();
}

const codes = ({ diagnostics }: Subject) => diagnostics.map(({ code }) => code);

describe('a device that a person must approve', () => {
  it('AU-07: asks again every 30 s as an operator, and says once what to approve', async () => {
    const { subject, claw } = await knocking();
    await unpaired(claw);
    for (let calls = 1; calls < 4; calls += 1) {
      expect(subject.is.status).toMatchObject({
        state: 'starting',
        phase: 'paused',
        error: { code: 'HF_PAIRING' },
      });
      expect(subject.is.status.because).toContain(`request ${requestId}`);
      await stage().pass(29_999);
      expect(stage().calls).toHaveLength(calls);
      await stage().pass(1);
      expect(stage().calls).toHaveLength(calls + 1);
      await unpaired(await challenged());
    }
    expect(codes(subject as Subject)).toEqual(['HF_PAIRING']);
    await expect(subject.is.ready()).rejects.toMatchObject({ code: 'HF_PAIRING' });
  });

  it('AU-07: asks again no earlier than the gateway wishes', async () => {
    const { claw } = await knocking();
    await unpaired(claw, pending, { retryAfterMs: 45_000 });
    await stage().pass(44_999);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
  });

  it('AU-08: does not ask again by itself as a node, unless the gateway says so', async () => {
    const asNode = () => deviceOf(new Folder(), { role: 'node', scopes: [] });
    const { subject, claw } = await knocking({ protocol: asNode() });
    await unpaired(claw);
    await stage().pass(long);
    expect(stage().calls).toHaveLength(1);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'paused' });
    expect(subject.is.status.because).toContain(requestId);
    await subject.is.resume();
    await unpaired(await challenged(), { ...pending, recommendedNextStep: 'wait_then_retry' });
    await stage().pass(30_000);
    expect(stage().calls).toHaveLength(3);
  });

  it.each<[string, (call: Call) => void]>([
    ['closes', (call) => call.close(1008, 'connect failed')],
    ['hangs up', (call) => call.end()],
    ['cuts the line', (call) => call.reset()],
  ])('AU-09: still waits for an approval when the gateway %s', async (_, leave) => {
    const { subject, claw } = await knocking();
    claw.refuses({ code: 'NOT_PAIRED', message: 'no', details: { code: 'PAIRING_REQUIRED' } });
    leave(claw.call);
    await stage().settle();
    expect(claw.call.open).toBe(false);
    const waiting = { state: 'starting', phase: 'paused', error: { code: 'HF_PAIRING' } };
    expect(subject.is.status).toMatchObject(waiting);
    await stage().pass(29_999);
    expect(subject.is.status).toMatchObject(waiting);
    expect(stage().calls).toHaveLength(1);
  });

  it('AU-09: waits for an approval when nothing but the close says so', async () => {
    const { subject, claw } = await knocking();
    claw.call.close(1008, `pairing required: not approved (requestId: ${requestId})`);
    await stage().pass(29_999);
    expect(stage().calls).toHaveLength(1);
    expect(subject.is.status).toMatchObject({ phase: 'paused', error: { code: 'HF_PAIRING' } });
    expect(subject.is.status.because).toContain(requestId);
  });

  it('AU-10: is let in at the next question once it is approved', async () => {
    const { subject, claw } = await knocking();
    await unpaired(claw);
    await unpaired(await next());
    const approved = await next();
    const ready = subject.is.ready();
    approved.accepts({ auth: { deviceToken: 'token-of-this-device' } });
    await expect(ready).resolves.toMatchObject({ state: 'running' });
    await stage().pass(long / 20);
    expect(subject.is.status.error).toBeUndefined();
    expect(subject.states).toEqual(['starting', 'running']);
    expect(stage().calls).toHaveLength(3);
  });

  it('AU-11: is not asked for again when the gateway says that nobody will', async () => {
    const { subject, claw } = await knocking();
    await unpaired(claw);
    await unpaired(await next(), { ...pending, pauseReconnect: true });
    expect(subject.is.status).toMatchObject({ phase: 'paused', error: { code: 'HF_CREDENTIALS' } });
    await stage().pass(long);
    expect(stage().calls).toHaveLength(2);
    expect(stage().clock.armed).toBe(0);
  });

  it.each([
    ['a path', '../x'],
    ['300 characters', 'x'.repeat(300)],
    ['an object', { id: requestId }],
    ['a command', 'x;reboot'],
  ])('AU-12: is not told a request id that is %s', async (_, hostile) => {
    const { subject, claw } = await knocking();
    await unpaired(claw, { ...pending, requestId: hostile });
    const { status } = subject.is;
    expect(status).toMatchObject({ phase: 'paused', error: { code: 'HF_PAIRING' } });
    const texts = JSON.stringify([subject.statuses, subject.diagnostics, subject.said]);
    expect(texts).toContain('PAIRING_REQUIRED');
    expect(texts).not.toContain(', request ');
    expect(texts).not.toContain(typeof hostile === 'string' ? hostile : requestId);
  });
});

describe('a rate limit', () => {
  const limited = (claw: Claw, more: Json) =>
    claw.denies('AUTH_RATE_LIMITED', { recommendedNextStep: 'wait_then_retry' }, more);

  it('AU-16: is waited out to the millisecond, whoever is in a hurry', async () => {
    const { subject, claw } = await knocking();
    limited(claw, { retryable: true, retryAfterMs: 60_000 });
    await stage().pass(10_000);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    await subject.is.retryNow();
    await subject.is.start();
    await subject.is.resume();
    await stage().pass(49_999);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
  });

  it('AU-16: is not forgotten over a stop, a start and other credentials', async () => {
    const { subject, claw } = await knocking();
    limited(claw, { retryable: true, retryAfterMs: 60_000 });
    await stage().pass(10_000);
    await subject.is.stop();
    await subject.is.start();
    await stage().pass(10_000);
    await subject.is.retarget({ credentials: () => ({ token: secret }) });
    await stage().pass(39_999);
    expect(stage().calls).toHaveLength(1);
    expect(subject.is.status.because).toMatch(/patience|time/);
    await stage().pass(2);
    expect(stage().calls).toHaveLength(2);
    (await challenged()).accepts();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
  });

  it('AU-16: of a process of ours ends with that process: the next one has set none', async () => {
    const subject = stage().gateway();
    await subject.is.start();
    limited(await challenged(), { retryable: true, retryAfterMs: 60_000 });
    await stage().pass(10_000);
    const restarted = subject.is.restart();
    await stage().until(() => stage().calls.length === 2, 5_000);
    expect(stage().table.children).toHaveLength(2);
    (await challenged()).accepts();
    await stage().settle();
    await expect(restarted).resolves.toMatchObject({ outcome: 'replaced' });
    expect(subject.is.status.state).toBe('running');
  });

  it('AU-16: longer than a process may be deaf is no reason to replace it', async () => {
    const subject = stage().gateway();
    await subject.is.start();
    limited(await challenged(), { retryable: true, retryAfterMs: 300_000 });
    await stage().pass(299_000);
    expect(stage().table.children).toHaveLength(1);
    expect(stage().child.signals).toEqual([]);
    await stage().until(() => stage().calls.length === 2, 5_000);
    (await challenged()).accepts();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', budget: { used: 0 } });
  });

  it('AU-16: lasts 30 s when the gateway names no time, and holds for that one alone', async () => {
    const { subject, claw } = await knocking();
    limited(claw, {});
    await stage().pass(29_999);
    expect(stage().calls).toHaveLength(1);
    await subject.is.retarget({ url: 'ws://127.0.0.1:18790' });
    await stage().settle();
    expect(stage().calls).toHaveLength(2);
  });
});

describe('a user who has left', () => {
  it('AU-22: is not brought back by anything but an explicit start', async () => {
    const { subject } = await stage().running(stage().gateway());
    await subject.is.stop();
    const { calls } = stage();
    const [before, spawned] = [calls.length, stage().table.children.length];
    expect(await subject.is.restart({ by: 'host', because: 'auto repair' })).toMatchObject({
      outcome: 'refused',
      cause: 'stopped',
    });
    await subject.is.retryNow();
    await subject.is.resume();
    await subject.is.retarget({ url: 'ws://127.0.0.1:18790' });
    calls.at(-1)?.reset();
    await stage().pass(long);
    expect(calls).toHaveLength(before);
    expect(stage().table.children).toHaveLength(spawned);
    expect(subject.is.status).toMatchObject({ state: 'stopped', intent: 'unwanted' });
    stage().welcomes();
    await subject.is.start();
    await stage().until(() => subject.is.status.state === 'running');
    expect(calls.at(-1)?.target.url).toBe('ws://127.0.0.1:18790');
  });
});

describe('a paired device', () => {
  const fingerprint = 'ab'.repeat(32);
  const blackhole = (call: Call) => {
    call.stall();
    call.pongs = false;
  };
  const cuts: readonly ((call: Call) => void)[] = [
    (call) => call.end(),
    (call) => call.reset(),
    blackhole,
  ];

  it('AU-23: comes back from 30 cuts and 3 cold starts by its token alone', async () => {
    const { network, calls } = stage();
    const folder = new Folder();
    const gate = new Gate(secret);
    gate.guards(network);
    let credentials: unknown = { token: secret };
    const launched = async () => {
      const subject = stage().connect({
        url: 'wss://gateway.example:18789',
        protocol: deviceOf(folder),
        tls: { fingerprint },
        credentials: () => credentials,
      });
      await subject.is.start();
      return subject;
    };
    let subject = await launched();
    const up = () => stage().until(() => subject.is.status.state === 'running');
    await up();
    const kept = new Map(folder.files);
    expect(folder.changes).toEqual(['create identity', 'replace token']);
    expect(gate.shown).toEqual(['token']);
    // from now on nothing but the device token can open the door
    credentials = undefined;
    const { token } = folder;
    for (let cut = 0; cut < 30; cut += 1) {
      await stage().pass(10_000);
      const call = calls.at(-1);
      if (call !== undefined) cuts[cut % cuts.length]?.(call);
      await stage().until(() => subject.is.status.state === 'reconnecting');
      await up();
      if (cut % 10 !== 4) continue;
      // the app and the gateway go and come back, the app first
      await subject.is.dispose();
      gate.isReady = false;
      subject = await launched();
      await stage().pass(3_000);
      gate.isReady = true;
      await up();
    }
    await stage().pass(10_000);
    expect(folder.token).toBe(token);
    expect(new Map(folder.files)).toEqual(kept);
    expect(folder.writes).toHaveLength(2);
    expect({ pairings: gate.book.pairings, pending: gate.book.pending }).toEqual({
      pairings: 1,
      pending: [],
    });
    expect(new Set(gate.shown.slice(1))).toEqual(new Set(['deviceToken']));
    expect(new Set(gate.refused)).toEqual(new Set(['UNAVAILABLE']));
    const admitted = gate.shown.length - gate.refused.length;
    expect(admitted).toBe(1 + 30 + 3);
    expect(new Set(gate.closes)).toEqual(new Set([1013]));
    // the one 1008 of our own takes leave of a gateway that is still starting
    const ours = calls.flatMap(({ log }) => log.words).filter((said) => /^close 1008/.test(said));
    expect(ours).toHaveLength(gate.refused.length);
    expect(calls.every(({ target }) => target.fingerprint === fingerprint)).toBe(true);
    for (const { statuses, diagnostics, said, is } of stage().subjects) {
      const texts = JSON.stringify([statuses, diagnostics, said, is.diagnostics]);
      expect(texts).not.toContain(token);
      expect(diagnostics).toEqual([]);
    }
  });
});
