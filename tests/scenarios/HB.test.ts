/**
 * Liveness: when a silent peer is asked, when it is given up, and what counts as life. The peers
 * here answer no ping unless a test says so; nobody must be given up who gave a sign in time, and
 * nobody kept who gave none.
 */
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/index.ts';
import type { Claw, Hello } from './claw.ts';
import { onStage } from './stage.ts';

const stage = onStage();

/** Past hello with a peer that hears every ping and answers none. */
async function silent(link: Partial<Link> = {}, hello: Hello = {}) {
  const subject = stage().connect(link);
  await stage().running(subject, hello);
  const { claw } = stage();
  claw.call.pongs = false;
  return { subject, claw };
}

/** As `silent`, with the process that it belongs to. */
async function owned(link: Partial<Link> = {}) {
  const subject = stage().gateway({ link });
  await stage().running(subject);
  const { claw, child } = stage();
  claw.call.pongs = false;
  return { subject, claw, child };
}

const inMisses = () => ({ heartbeat: stage().misses });
const pings = ({ call }: Claw) => call.log.words.filter((word) => word === 'ping').length;
const asked = ({ requests }: Claw) => requests.map(({ method }) => method);

describe('in mode misses', () => {
  it('HB-01: three pings without an answer are the verdict, told once, at 102 s', async () => {
    const { subject, claw } = await silent(inMisses());
    for (const count of [1, 2, 3]) {
      await stage().pass(29_999);
      expect(pings(claw)).toBe(count - 1);
      await stage().pass(1);
      expect(pings(claw)).toBe(count);
    }
    await stage().pass(11_999);
    expect(subject.is.status.state).toBe('running');
    expect(claw.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client reset');
    expect(subject.states).toEqual(['starting', 'running', 'reconnecting']);
    const { lastEnd, lastHeartbeatTimeoutAt } = subject.is.diagnostics;
    expect(lastEnd?.because).toMatch(/silent for 102 s/);
    expect(lastHeartbeatTimeoutAt).toBe(stage().clock.wallNow());
    await stage().pass(1_000);
    expect(stage().calls).toHaveLength(2);
    expect(pings(claw)).toBe(3);
  });

  it('HB-02: any frame after two misses forgets them', async () => {
    const { subject, claw } = await silent(inMisses());
    await stage().pass(80_000);
    expect(subject.is.diagnostics.heartbeatMisses).toBe(2);
    expect(subject.is.status.health.state).toBe('degraded');
    claw.event('chat', { text: 'still here' });
    await stage().settle();
    expect(subject.is.diagnostics.heartbeatMisses).toBe(0);
    expect(subject.is.status.health.state).toBe('healthy');
    await stage().pass(81_999);
    expect(pings(claw)).toBe(5);
    expect(subject.is.status.state).toBe('running');
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client reset');
  });

  it('HB-03: a pong after two misses forgets them', async () => {
    const { subject, claw } = await silent(inMisses());
    await stage().pass(89_999);
    expect(subject.is.diagnostics.heartbeatMisses).toBe(2);
    claw.call.pongs = true;
    await stage().pass(1);
    claw.call.pongs = false;
    expect(pings(claw)).toBe(3);
    expect(subject.is.diagnostics.heartbeatMisses).toBe(0);
    await stage().pass(101_999);
    expect(pings(claw)).toBe(6);
    expect(subject.is.status.state).toBe('running');
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client reset');
  });

  it('HB-04: a wait as long as the interval is refused before anything begins', async () => {
    const made = (waitMs: number) =>
      stage().connect({ heartbeat: { mode: 'misses', everyMs: 10_000, waitMs } });
    const refusal = expect.objectContaining({
      code: 'HF_OPTION_INVALID',
      message: expect.stringMatching(/link\.heartbeat\.waitMs must be below everyMs \(10000\)/),
    });
    expect(() => made(15_000)).toThrow(refusal);
    expect(() => made(10_000)).toThrow(refusal);
    expect(stage().calls).toEqual([]);
    const subject = made(9_999);
    await stage().running(subject);
    const { claw } = stage();
    claw.call.pongs = false;
    await stage().pass(39_998);
    expect(subject.is.status.state).toBe('running');
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client reset');
  });

  it('HB-26: a second connection has one heartbeat, and the first none any more', async () => {
    const { subject, claw } = await silent(inMisses());
    claw.call.pongs = true;
    await stage().pass(15_000);
    const { armed } = stage().clock;
    stage().welcomes();
    claw.call.reset();
    await stage().until(() => stage().calls.length === 2 && subject.is.status.state === 'running');
    const second = stage().claw;
    // stable again, and before the ping that was due on the first connection
    await stage().pass(11_000);
    expect(stage().clock.armed).toBe(armed);
    await stage().pass(18_999);
    expect([pings(claw), pings(second)]).toEqual([0, 0]);
    await stage().pass(1);
    expect([pings(claw), pings(second)]).toEqual([0, 1]);
    await stage().pass(60_000);
    expect([pings(claw), pings(second)]).toEqual([0, 3]);
    expect(stage().clock.armed).toBe(armed);
  });
});

describe('in the mode of OpenClaw', () => {
  const long = { heartbeat: { silenceMs: 180_000 } };

  it('HB-08: silence leads to one question with a deadline of 5 s', async () => {
    const { subject, claw, child } = await owned(long);
    await stage().pass(179_999);
    expect([asked(claw), pings(claw)]).toEqual([[], 0]);
    await stage().pass(1);
    expect([asked(claw), pings(claw)]).toEqual([['system-presence'], 1]);
    expect(subject.is.status).toMatchObject({
      state: 'running',
      phase: 'probing',
      health: { state: 'unresponsive' },
    });
    await stage().pass(4_999);
    expect(claw.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client reset');
    expect([asked(claw), pings(claw)]).toEqual([['system-presence'], 1]);
    expect(child.signals).toEqual([]);
  });

  it('HB-09: who answers is healthy, and asked again after as long a silence', async () => {
    const { subject, claw, child } = await owned(long);
    await stage().pass(182_000);
    const [question] = claw.requests;
    claw.answers(question?.id ?? '', []);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', health: { state: 'healthy' } });
    await stage().pass(179_999);
    expect(asked(claw)).toHaveLength(1);
    await stage().pass(1);
    expect(asked(claw)).toHaveLength(2);
    expect(subject.states).toEqual(['starting', 'running']);
    expect([child.signals, stage().calls.length]).toEqual([[], 1]);
  });

  it('HB-12: a frame within the window puts the question off', async () => {
    const { subject, claw } = await silent(long);
    await stage().pass(179_000);
    claw.event('tick', {});
    await stage().pass(179_000 + 999);
    expect([asked(claw), pings(claw)]).toEqual([[], 0]);
    expect(subject.is.status.health.state).toBe('healthy');
    await stage().pass(1);
    expect([asked(claw), pings(claw)]).toEqual([['system-presence'], 1]);
  });

  it('HB-16: who does not know the question is alive, and only pinged from then on', async () => {
    const { subject, claw } = await silent({}, { methods: ['health'] });
    await stage().pass(60_000);
    const [question] = claw.requests;
    claw.sends({
      type: 'res',
      id: question?.id,
      ok: false,
      error: { code: 'INVALID_REQUEST', message: 'unknown method: health' },
    });
    await stage().settle();
    expect(subject.is.status.health.state).toBe('healthy');
    claw.call.pongs = true;
    await stage().pass(600_000);
    expect(asked(claw)).toEqual(['health']);
    expect(pings(claw)).toBe(11);
    expect(subject.states).toEqual(['starting', 'running']);
    expect(stage().calls).toHaveLength(1);
    const declined = subject.diagnostics.filter(({ code }) => code === 'HF_PROBE_DECLINED');
    expect(declined).toHaveLength(1);
  });

  it('HB-17: an answer just in time is life; one just late finds its socket gone', async () => {
    const { subject, claw, child } = await owned({ heartbeat: { probeMs: 15_000 } });
    await stage().pass(60_000 + 14_900);
    claw.answers(claw.requests[0]?.id ?? '', []);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', health: { state: 'healthy' } });
    await stage().pass(60_000 + 15_000);
    expect(claw.call.endedBy).toBe('client reset');
    await stage().pass(100);
    claw.answers(claw.requests[1]?.id ?? '', []);
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 5_000);
    expect(subject.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
    expect(stage().calls).toHaveLength(2);
    expect([child.signals, stage().table.children.length]).toEqual([[], 1]);
  });

  it('HB-19: without a hello only the deadlines of the handshake count, as failures', async () => {
    const subject = stage().connect({ reconnect: { attemptsMax: 2 } });
    await subject.is.start();
    await stage().settle();
    const first = stage().claw;
    first.call.pongs = false;
    await stage().pass(9_999);
    first.challenges();
    await stage().pass(19_999);
    expect(first.call.endedBy).toBeUndefined();
    expect(pings(first)).toBe(0);
    await stage().pass(1);
    expect(first.call.endedBy).toBe('client close');
    await stage().until(() => stage().calls.length === 2, 2_000);
    expect(subject.is.status).toMatchObject({ state: 'starting', attempt: 2 });
    await stage().pass(10_000);
    expect(stage().claw.call.endedBy).toBe('client close');
    await stage().until(() => subject.is.status.state !== 'starting', 1_000);
    expect(subject.is.status).toMatchObject({
      state: 'failed',
      error: { code: 'HF_EXHAUSTED' },
    });
    await stage().pass(600_000);
    expect(stage().calls).toHaveLength(2);
  });

  it('HB-20: two ticks of the rhythm in the hello are the window, not our own', async () => {
    const { subject, claw } = await silent({}, { policy: { tickIntervalMs: 15_000 } });
    await stage().pass(29_999);
    expect(pings(claw)).toBe(0);
    await stage().pass(1);
    expect([asked(claw), pings(claw)]).toEqual([['system-presence'], 1]);
    await stage().pass(4_999);
    expect(claw.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client reset');
    expect(subject.is.status.line).toMatch(/silent for 35 s, also when probed/);
    await stage().pass(999);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
  });

  it('HB-22: a ping of the peer gets its pong, and is a sign of life', async () => {
    const { claw } = await silent();
    await stage().pass(59_000);
    claw.call.ping();
    await stage().settle();
    expect(claw.call.log.words.at(-1)).toBe('pong');
    await stage().pass(59_999);
    expect([asked(claw), pings(claw)]).toEqual([[], 0]);
    await stage().pass(1);
    expect(pings(claw)).toBe(1);
  });

  it('HB-23: a ping by request is answered by its id, and anything else declined', async () => {
    const { subject, claw } = await silent();
    claw.sends({ type: 'req', id: 'q-1', method: 'ping', params: {} });
    claw.sends({ type: 'req', id: 'q-2', method: 'launch.rockets', params: {} });
    await stage().settle();
    expect(claw.frames.slice(1)).toMatchObject([
      { type: 'res', id: 'q-1', ok: true },
      { type: 'res', id: 'q-2', ok: false, error: { code: 'unsupported_method' } },
    ]);
    expect(subject.is.status.state).toBe('running');
  });
});

describe('in mode observe', () => {
  it('HB-24: four misses are on record, and nothing follows from them', async () => {
    const { subject, claw, child } = await owned({
      heartbeat: { ...stage().misses, mode: 'observe' },
    });
    await stage().pass(4 * 30_000 + 11_999);
    expect(subject.is.diagnostics.heartbeatMisses).toBe(3);
    await stage().pass(1);
    expect(subject.is.diagnostics.heartbeatMisses).toBe(4);
    expect(subject.is.status).toMatchObject({
      state: 'running',
      health: { state: 'degraded', reasons: ['missed-pings'] },
    });
    await stage().pass(600_000);
    expect(subject.states).toEqual(['starting', 'running']);
    expect([claw.call.endedBy, child.signals]).toEqual([undefined, []]);
    expect([stage().calls.length, stage().table.children.length]).toEqual([1, 1]);
  });
});
