/**
 * What follows from a silence: one link is replaced, then one process of ours, and that only where
 * nothing else explains it or has been decided meanwhile. A doubt must never outlive what it was
 * about, and never reach a process that is not ours.
 */
import { describe, expect, it } from 'vitest';
import type { Link, ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
/** silent for 12 s: asked at 10 s and 11 s, given up at 12 s */
const window = { silenceMs: 10_000, waitMs: 1_000, probeMs: 1_000 };
const spawned = () => stage().table.children.length;

interface Made {
  link?: Partial<Link>;
  process?: Partial<ProcessOptions>;
  cooldownMs?: number;
}

/** Running, with a peer that has gone silent. */
async function silent({ link, process = {}, cooldownMs = 2_500 }: Made = {}) {
  const subject = stage().gateway({
    link: { protocol: 'plain', heartbeat: window, ...link },
    process: { backoff: { firstMs: 5_000, jitter: 0 }, ...process },
    cooldownMs,
  });
  await stage().running(subject);
  const { claw, child } = stage();
  claw.call.stall();
  return { subject, claw, child };
}

/** As `silent`, and doubted: it has been asked, and has one more second. */
async function doubted() {
  const made = await silent();
  await stage().pass(11_500);
  expect(made.subject.is.status).toMatchObject({ state: 'running', phase: 'probing' });
  return made;
}

/** Every socket from now on opens and says nothing. */
const mute = () => {
  stage().network.onCall = (call) => call.stall();
};

describe('a second silence of a process of ours', () => {
  it('HB-06: within a cooldown is acted on once, when that is over', async () => {
    const { subject } = await silent({ cooldownMs: 40_000 });
    stage().network.onCall = () => {};
    const asked = outcome(subject.is.restart());
    await stage().until(() => asked.settled, 10_000);
    const from = stage().clock.now();
    const { child } = stage();
    stage().claw.call.stall();
    mute();
    await stage().pass(39_000);
    expect(stage().calls.length).toBeGreaterThan(2);
    expect([child.signals, spawned()]).toEqual([[], 2]);
    await stage().pass(from + 39_999 - stage().clock.now());
    expect([child.signals, spawned()]).toEqual([[], 2]);
    await stage().pass(1);
    expect(child.signals[0]).toBe('SIGKILL');
    stage().network.onCall = () => {};
    await stage().until(() => spawned() === 3, 10_000);
    stage().claw.call.resume();
    await stage().pass(9_000);
    expect([spawned(), subject.is.status.budget?.used]).toEqual([3, 1]);
  });

  it('HB-10: is its end, once, and a start of the next one', async () => {
    const { subject, child } = await silent();
    mute();
    await stage().until(() => stage().calls.length === 2, 60_000);
    expect([child.signals, spawned()]).toEqual([[], 1]);
    await stage().until(() => child.signals.length > 0, 60_000);
    expect(child.signals[0]).toBe('SIGKILL');
    stage().network.onCall = () => {};
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    expect([spawned(), subject.is.status.budget?.used]).toEqual([2, 1]);
    const restarts = subject.metrics.filter(({ name }) => name === 'restart');
    expect(restarts).toMatchObject([{ attributes: { by: 'doubt', outcome: 'replaced' } }]);
  });
});

describe('a silence of somebody else’s process', () => {
  it('HB-07: costs sockets, and never a frame, a signal or a process', async () => {
    const port = 18_789;
    const other = stage().outsiders.add({ port });
    await stage().settle();
    const ready = { probe: () => true };
    const { subject, claw } = await silent({ process: { port, ready } });
    mute();
    await stage().pass(120_000);
    expect(claw.call.endedBy).toBe('client reset');
    expect(stage().calls.length).toBeGreaterThan(4);
    expect(stage().calls.flatMap(({ frames }) => frames)).toEqual([]);
    expect([other.signals, other.alive, spawned()]).toEqual([[], true, 1]);
    expect(subject.states).not.toContain('restarting');
    expect(subject.metrics.filter(({ name }) => name === 'restart')).toEqual([]);
    expect(subject.is.status.process).toMatchObject({ ownership: 'attached', pid: other.pid });
  });
});

describe('a doubt', () => {
  it('HB-13: ends with a restart that the peer announces', async () => {
    const { subject, claw, child } = await doubted();
    claw.call.resume();
    claw.call.close(1012, 'service restart');
    stage().network.manner = 'nobody';
    await stage().pass(30_000);
    expect([child.signals, subject.is.status.state]).toEqual([[], 'reconnecting']);
    stage().network.manner = 'accepts';
    await stage().until(() => subject.is.status.state === 'running', 10_000);
    expect([child.signals, spawned()]).toEqual([[], 1]);
  });

  it('HB-14: ends with the process, whose exit is the one thing to recover from', async () => {
    const { subject, claw, child } = await doubted();
    child.exits(1);
    await stage().settle();
    expect(claw.call.endedBy).toBe('client close');
    expect(subject.is.status).toMatchObject({ state: 'restarting', phase: 'backing-off' });
    await stage().pass(4_999);
    expect(spawned()).toBe(1);
    await stage().pass(1);
    expect([spawned(), subject.is.status.state]).toEqual([2, 'running']);
    await stage().pass(9_000);
    expect([spawned(), stage().child.signals]).toEqual([2, []]);
    expect(subject.is.status.budget?.used).toBe(1);
  });

  it('HB-15: ends with a stop', async () => {
    const { subject, claw, child } = await doubted();
    const stopped = outcome(subject.is.stop());
    await stage().pass(250);
    expect(stopped.value).toMatchObject({ gone: true });
    expect([claw.call.open, child.signals[0], stage().clock.armed]).toEqual([false, 'SIGTERM', 0]);
    await stage().pass(600_000);
    expect([spawned(), stage().calls.length]).toEqual([1, 1]);
  });

  it('HB-15: ends with a restart that somebody asks for', async () => {
    const { subject } = await doubted();
    const asked = outcome(subject.is.restart());
    await stage().until(() => asked.settled, 10_000);
    expect(asked.value).toMatchObject({ outcome: 'replaced' });
    await stage().pass(9_000);
    expect([spawned(), stage().child.signals, stage().calls.length]).toEqual([2, [], 2]);
    expect(subject.is.status).toMatchObject({ state: 'running', health: { state: 'healthy' } });
  });
});
