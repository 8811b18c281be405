/**
 * Hazards of a manager of flags and timers that no other scenario is about: a status that stores
 * what grows old, a check that checks nothing, a start that fails or ends before it has begun, a
 * quit amid a spawn. Each is shown not to happen here.
 */
import { describe, expect, it } from 'vitest';
import type { AttemptRequest } from '../../src/index.ts';
import { onStage, secret, url } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };
const spawned = () => stage().table.children.length;

describe('a status', () => {
  it('HZ-01: says since when, never for how long: an hour changes nothing in it', async () => {
    const subject = stage().supervise();
    await stage().pass(5_000);
    const before = stage().clock.wallNow();
    await stage().running(subject);
    const { status } = subject.is;
    expect([status.since, status.process?.startedAt]).toEqual([before, before]);
    const told = subject.statuses.length;
    await stage().pass(3_600_000);
    expect(subject.is.status).toBe(status);
    expect(subject.statuses).toHaveLength(told);
  });

  it('HZ-02: has the version that the newest hello gave, and none without one', async () => {
    const { subject } = await stage().running(stage().connect());
    expect(subject.is.status.connection?.server).toMatchObject({ version: '2026.9.6' });
    const first = stage().calls.length;
    stage().claw.call.reset();
    await stage().settle();
    expect(subject.is.status.connection).toBeUndefined();
    await stage().until(() => stage().calls.length > first, 10_000);
    await stage().settle();
    const claw = stage().claw.challenges();
    await stage().settle();
    claw.accepts({ bootId: 'boot-2' });
    await stage().settle();
    expect(subject.is.status.connection?.server).toMatchObject({ bootId: 'boot-2' });
  });
});

describe('a check', () => {
  it('HZ-03: asks the peer, and is as good as its answer', async () => {
    const { subject, claw } = await stage().running(stage().connect());
    const pings = () => claw?.call.log.words.filter((word) => word === 'ping').length;
    const good = outcome(subject.is.probe());
    await stage().settle();
    expect([pings(), good.value]).toMatchObject([1, { ok: true }]);
    claw?.call.stall();
    const bad = outcome(subject.is.probe({ timeoutMs: 5_000 }));
    await stage().pass(4_999);
    expect(bad.settled).toBe(false);
    await stage().pass(1);
    expect(bad.value).toMatchObject({ ok: false, because: 'silent for 5000 ms' });
    void subject.is.stop();
    await stage().pass(1_000);
    expect(await subject.is.probe()).toMatchObject({ ok: false, rttMs: null });
  });
});

describe('a start', () => {
  it('HZ-04: that has failed for good holds nothing that the status does not show', async () => {
    const subject = stage().gateway();
    await subject.is.start();
    await stage().settle();
    stage().claw.challenges();
    await stage().settle();
    stage().claw.denies('PROTOCOL_MISMATCH');
    await stage().settle();
    const { child } = stage();
    expect(subject.is.status).toMatchObject({ state: 'failed', process: { pid: child.pid } });
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    expect([stopped.value, child.alive]).toMatchObject([{ gone: true }, false]);
    const never = { ready: { probe: () => false }, readyMs: 1_000, startsMax: 1, backoff };
    const second = stage().supervise(never);
    await second.is.start();
    await stage().pass(1_000);
    expect(second.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
    expect([second.is.status.process, stage().table.alive]).toEqual([undefined, 0]);
  });

  it('HZ-05: runs what must precede a spawn once for each, and nothing before it', async () => {
    let prepared = 0;
    const beforeSpawn = () => {
      prepared += 1;
    };
    const subject = stage().supervise({ beforeSpawn, backoff });
    await stage().pass(1_000);
    expect(prepared).toBe(0);
    await subject.is.start();
    await subject.is.start();
    await stage().settle();
    expect([prepared, spawned()]).toEqual([1, 1]);
    stage().child.exits(1);
    await stage().pass(1_000);
    await subject.is.start();
    await stage().pass(60_000);
    expect([prepared, spawned()]).toEqual([2, 2]);
  });

  it('HZ-06: of what cannot run, or is gone at once, is answered and tried again', async () => {
    stage().table.habits = { failsWith: 'ENOENT' };
    const subject = stage().supervise({ backoff });
    const ready = outcome(subject.is.start().then(() => subject.is.ready()));
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    expect(subject.is.status.because).toContain('no such program (ENOENT)');
    await stage().pass(1_000);
    stage().table.habits = {};
    await stage().pass(2_000);
    expect(ready.value).toMatchObject({ state: 'running' });
    expect([spawned(), subject.is.status.process?.pid]).toEqual([3, stage().child.pid]);
    await subject.is.stop();
    stage().table.habits = { failsWith: 'EACCES' };
    const doomed = outcome(subject.is.start().then(() => subject.is.ready()));
    await stage().until(() => doomed.settled, 60_000);
    expect(doomed.error).toMatchObject({ code: 'HF_EXHAUSTED' });
  });
});

describe('credentials', () => {
  it('HZ-07: are asked for with whose process it is, where, and which attempt', async () => {
    const asked: Partial<AttemptRequest>[] = [];
    const credentials = ({ ownership, endpoint, attempt, pid }: AttemptRequest) => {
      asked.push({ ownership, endpoint, attempt, pid });
      return { token: secret };
    };
    const port = 18_789;
    const ready = { probe: () => true };
    const other = stage().outsiders.add({ port });
    await stage().settle();
    const subject = stage().gateway({ link: { credentials }, process: { port, ready, backoff } });
    await stage().running(subject);
    const [attached] = asked;
    expect(attached).toMatchObject({ ownership: 'attached', endpoint: url, attempt: 1 });
    await subject.is.stop();
    other.exits(0);
    await stage().settle();
    await stage().running(subject);
    const { pid } = stage().child;
    expect(asked.slice(1)).toEqual([{ ownership: 'owned', endpoint: url, attempt: 1, pid }]);
  });
});

describe('a quit', () => {
  it('HZ-08: amid a spawn ends what comes of it, and is not done before', async () => {
    stage().table.habits = { spawns: 'when told', onTerminate: 'ignores' };
    const subject = stage().supervise({ backoff });
    await subject.is.start();
    await stage().settle();
    const { child } = stage();
    const gone = outcome(subject.is.quit({ withinMs: 5_000 }));
    await stage().pass(1_000);
    expect([child.alive, gone.settled]).toEqual([false, false]);
    child.spawned();
    await stage().settle();
    expect([child.signals[0], child.alive]).toEqual(['SIGKILL', false]);
    expect(gone.value).toMatchObject({ gone: true });
    await stage().pass(60_000);
    expect([spawned(), subject.is.status.state]).toEqual([1, 'disposed']);
  });
});
