/**
 * A gateway that is not there yet: what proves that it serves, and how one is met that says of
 * itself that it is still starting.
 */
import { describe, expect, it } from 'vitest';
import { onStage } from './stage.ts';

const stage = onStage();

/** A process whose readiness is proved by its protocol, with the first probe under way. */
async function probed() {
  const subject = stage().gateway({ process: { ready: { protocol: true } } });
  await subject.is.start();
  await stage().settle();
  expect(stage().calls).toHaveLength(1);
  return { subject, claw: stage().claw };
}

const unready = { state: 'starting', phase: 'awaiting-ready', ready: false };

describe('the probe of a port', () => {
  it('CH-15: takes an open socket for nothing', async () => {
    const { subject, claw } = await probed();
    await stage().pass(1_499);
    expect(claw.call.open).toBe(true);
    expect(subject.is.status).toMatchObject(unready);
    await stage().pass(20_000);
    expect(subject.is.status).toMatchObject(unready);
    expect(stage().calls.flatMap(({ frames }) => frames)).toEqual([]);
  });

  it('CH-16: takes other words for nothing, and leaves no socket behind', async () => {
    const { subject, claw } = await probed();
    claw.event('health', {}).event('tick', {}).sends('{ not JSON').sends('[]').sends({});
    await stage().pass(1_499);
    expect(subject.is.status).toMatchObject(unready);
    expect(claw.call.endedBy).toBeUndefined();
    await stage().pass(1);
    expect(claw.call.endedBy).toBe('client reset');
    expect(stage().network.alive).toBe(0);
    expect(subject.is.status).toMatchObject(unready);
    await stage().pass(199);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
  });

  it('CH-17: takes the challenge for the proof, and resets its socket', async () => {
    const { subject, claw } = await probed();
    claw.challenges();
    await stage().settle();
    expect(claw.call.log.words).toEqual(['gone by reset']);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'authenticating' });
    expect(stage().calls).toHaveLength(2);
    stage().claw.challenges();
    await stage().settle();
    stage().claw.accepts();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', ready: true });
  });

  it('CH-18: asks again as soon as the socket has failed, not only at its deadline', async () => {
    const { subject, claw } = await probed();
    claw.call.close(1001, 'not yet');
    await stage().pass(199);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
    stage().claw.call.reset();
    await stage().pass(200);
    expect(stage().calls).toHaveLength(3);
    expect(subject.is.status).toMatchObject(unready);
    stage().network.manner = 'nobody';
    stage().claw.call.reset();
    await stage().pass(400);
    expect(stage().calls).toHaveLength(5);
    expect(subject.is.status).toMatchObject(unready);
  });
});

const startingUp = (retryAfterMs: number) => ({
  code: 'UNAVAILABLE',
  message: 'still starting',
  retryable: true,
  retryAfterMs,
  details: { reason: 'startup-sidecars' },
});

/** The newest call gets as far as its connect request, and is told to come later. */
async function putOff(retryAfterMs: number) {
  const { claw } = stage();
  claw.challenges();
  await stage().settle();
  claw.refuses(startingUp(retryAfterMs));
  claw.call.close(1013, 'gateway starting');
  await stage().settle();
}

/** Both, with the link's first call under way. */
async function called(reconnect = {}) {
  const subject = stage().gateway({ link: { reconnect } });
  await subject.is.start();
  await stage().settle();
  return subject;
}

describe('a gateway that is still starting', () => {
  it('CH-21: is asked again no sooner than it said, and no process pays for it', async () => {
    const subject = await called();
    await putOff(1_500);
    expect(subject.is.status.phase).toBe('backing-off');
    await stage().pass(1_499);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(2);
    expect(stage().calls).toHaveLength(2);
    stage().claw.challenges();
    await stage().settle();
    stage().claw.accepts();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', budget: { used: 0 } });
    expect(stage().table.children).toHaveLength(1);
    expect(stage().child.signals).toEqual([]);
  });

  it('CH-23: is asked after 0.5, 1, 2, 4, 8 and 8 s, its process untouched', async () => {
    const subject = await called({ firstMs: 500, maxMs: 8_000, attemptsMax: 2 });
    const waits: number[] = [];
    for (let time = 1; time <= 6; time += 1) {
      await putOff(100);
      const before = stage().clock.now();
      await stage().until(() => stage().calls.length === time + 1, 60_000);
      waits.push(stage().clock.now() - before);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(subject.is.status).toMatchObject({ state: 'starting', budget: { used: 0 } });
    expect(stage().table.children).toHaveLength(1);
    expect(stage().child.signals).toEqual([]);
  });

  it('CH-24: is left alone once a stop has come', async () => {
    const subject = await called();
    await putOff(1_500);
    await stage().pass(1_000);
    const stop = subject.is.stop();
    await stage().settle();
    expect(await stop).toMatchObject({ gone: true });
    await stage().pass(60_000);
    expect(stage().calls).toHaveLength(1);
    expect(subject.is.status.state).toBe('stopped');
  });
});
