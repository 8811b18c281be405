/**
 * How long a link waits before it dials again: the row of delays, what stretches it, what the
 * peer may ask for, and what makes it begin anew. No wait may be shorter than its floor.
 */
import { describe, expect, it } from 'vitest';
import type { CommonOptions, Link } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { dialling } from './watch.ts';

const stage = onStage();

/** A link that was started while nobody listens. */
async function alone(link: Partial<Link> = {}, common: CommonOptions = {}) {
  const dials = dialling(stage());
  stage().network.manner = 'nobody';
  const subject = stage().connect({ transport: dials.transport, ...link }, common);
  await subject.is.start();
  return { subject, dials };
}

/** As `alone`, in the wait after so many failures; somebody listens from now on. */
async function afterFailures(count: number, link: Partial<Link> = {}) {
  const { subject, dials } = await alone(link);
  await stage().until(() => dials.at.length === count && subject.is.status.attempt === count);
  stage().network.manner = 'accepts';
  return { subject, dials };
}

/** The newest call gets its challenge and sends its connect request. */
async function asked() {
  await stage().settle();
  const { claw } = stage();
  claw.challenges();
  await stage().settle();
  return claw;
}

describe('without luck', () => {
  it('RC-01: the waits are 1, 2, 4, 8, 16 and then always 30 s', async () => {
    const { dials } = await alone();
    await stage().until(() => dials.at.length === 9);
    expect(dials.waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('RC-19: an attempt beyond the row waits as long as its last one', async () => {
    for (const factor of [2, 100]) {
      const { dials, subject } = await alone({ reconnect: { factor } });
      await stage().until(() => dials.at.length === 120, 4_000_000);
      expect(new Set(dials.waits.slice(5))).toEqual(new Set([30_000]));
      await subject.is.dispose();
    }
  });
});

describe('jitter', () => {
  const plain = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];

  for (const luck of [0, 0.5, 0.999]) {
    it(`RC-10: of 25 % stretches a wait by up to that, and shortens none (${luck})`, async () => {
      const { dials } = await alone({ reconnect: { jitter: 0.25 } }, { random: () => luck });
      await stage().until(() => dials.at.length === plain.length + 1);
      const stretched = dials.waits.map((wait, n) => wait / (plain[n] ?? 0));
      expect(Math.min(...stretched)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...stretched)).toBeLessThanOrEqual(1.25);
      expect(Math.max(...stretched)).toBeGreaterThan(1.01);
      expect(stretched[0]).toBeCloseTo(1 + 0.25 * luck, 2);
    });
  }

  it('RC-11: lets two clients that fail together come back apart', async () => {
    const jitter = { reconnect: { jitter: 0.25 } };
    const one = await alone(jitter, { random: () => 0.1 });
    const other = await alone(jitter, { random: () => 0.8 });
    await stage().until(() => one.dials.at.length > 4 && other.dials.at.length > 4);
    expect(one.dials.at[0]).toBe(other.dials.at[0]);
    const together = one.dials.at.slice(1).filter((at) => other.dials.at.includes(at));
    expect(together).toEqual([]);
  });
});

describe('after five failures', () => {
  const reconnect = { maxMs: 120_000 };

  it('RC-07: a socket that opens is no success, however late its hello fails', async () => {
    const { subject, dials } = await afterFailures(5, { reconnect });
    await stage().until(() => dials.at.length === 6);
    const claw = await asked();
    await stage().pass(15_000);
    claw.refuses({ code: 'UNAVAILABLE', message: 'not now' });
    await stage().settle();
    expect(subject.is.status.attempt).toBe(6);
    await stage().pass(31_999);
    expect(dials.at).toHaveLength(6);
    await stage().pass(1);
    expect(dials.at).toHaveLength(7);
    expect(subject.states).not.toContain('running');
  });

  it('RC-08: a hello that lasts for 10 s makes the waits begin anew, no other', async () => {
    const { subject, dials } = await afterFailures(5, { reconnect });
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running');
    await stage().pass(9_999);
    stage().claw.call.reset();
    await stage().settle();
    expect(subject.is.status.attempt).toBe(6);
    await stage().until(() => subject.is.status.state === 'running');
    expect(dials.waits.at(-1)).toBe(9_999 + 32_000);
    await stage().pass(10_000);
    stage().claw.call.reset();
    await stage().settle();
    expect(subject.is.status.attempt).toBe(1);
    await stage().until(() => subject.is.status.state === 'running');
    expect(dials.waits.at(-1)).toBe(10_000 + 1_000);
  });
});

describe('a floor of the peer', () => {
  /** Started, and its connect request is there to be answered. */
  async function met() {
    const dials = dialling(stage());
    const subject = stage().connect({ transport: dials.transport });
    await subject.is.start();
    return { subject, dials, claw: await asked() };
  }

  it('RC-12: of 90 s is waited out, also by who is in a hurry', async () => {
    const { subject, dials, claw } = await met();
    claw.refuses({ code: 'UNAVAILABLE', message: 'busy', retryAfterMs: 90_000 });
    await stage().pass(10_000);
    const { nextRetryAt = 0 } = subject.is.status;
    expect(nextRetryAt - stage().clock.wallNow()).toBeGreaterThanOrEqual(80_000);
    await subject.is.retryNow();
    await subject.is.start();
    await stage().pass(79_999);
    expect(dials.at).toHaveLength(1);
    await stage().pass(1);
    expect(dials.at).toHaveLength(2);
  });

  it('RC-16: grows from one rate limit to the next, until there was a hello', async () => {
    const limited = { code: 'UNAVAILABLE', details: { code: 'AUTH_RATE_LIMITED' } };
    const { subject, dials, claw } = await met();
    claw.refuses(limited);
    await stage().until(() => dials.at.length === 2);
    (await asked()).refuses(limited);
    stage().network.manner = 'waits';
    await stage().until(() => dials.at.length === 3);
    await stage().settle();
    stage().claw.call.refuse(429, '');
    stage().network.manner = 'accepts';
    for (const count of [4, 5]) {
      await stage().until(() => dials.at.length === count);
      (await asked()).refuses(limited);
    }
    await stage().until(() => dials.at.length === 6);
    const floors = [30_000, 60_000, 120_000, 300_000, 300_000];
    for (const [n, floor] of floors.entries()) {
      expect(dials.waits[n]).toBeGreaterThanOrEqual(floor);
      expect(dials.waits[n]).toBeLessThan(floor + 100);
    }
    (await asked()).accepts();
    await stage().pass(10_000);
    expect(subject.is.status.state).toBe('running');
    stage().claw.call.reset();
    await stage().until(() => dials.at.length === 7);
    (await asked()).refuses(limited);
    await stage().until(() => dials.at.length === 8);
    expect(dials.waits.at(-1)).toBeGreaterThanOrEqual(30_000);
    expect(dials.waits.at(-1)).toBeLessThan(31_000);
  });
});
