/**
 * A host that slept, was stopped or blocked: no deadline that ran meanwhile proves anything, and an
 * open connection is asked at once whether it is still there. Nobody must be given up for the time
 * that we were away, and nobody believed without having been asked.
 */
import { describe, expect, it } from 'vitest';
import { openclaw, plain } from '../../src/protocols/index.ts';
import type { LinkOptions } from '../../src/runtime/options.ts';
import { onStage } from './stage.ts';

const stage = onStage();

/** Each as long as no other, so that none can stand for another. */
const limits = {
  ...{ lookupMs: 7_000, openMs: 9_000, challengeMs: 11_000 },
  ...{ credentialsMs: 8_000, helloMs: 13_000, closeMs: 400 },
};

function sleeper(link: Partial<LinkOptions> = {}) {
  const { url, transport, credentials, reconnect } = stage().link();
  const own = { url, transport, credentials, reconnect, limits, protocol: openclaw() };
  return stage().sleeper({ link: { ...own, ...link } as LinkOptions });
}

describe('a deadline', () => {
  const never = () => new Promise<never>(() => {});
  const unanswered: [what: string, ms: number, link: () => Partial<LinkOptions>][] = [
    ['an authorize', limits.lookupMs, () => ({ authorize: never })],
    ['a url', limits.lookupMs, () => ({ url: never })],
    ['a dial', limits.openMs, () => ({})],
    ['a challenge', limits.challengeMs, () => ({})],
    ['a hello', limits.helloMs, () => ({})],
  ];
  const phases: Readonly<Record<string, string>> = {
    'an authorize': 'locating',
    'a url': 'locating',
    'a dial': 'dialing',
  };
  for (const [what, ms, link] of unanswered) {
    it(`LI-01: of ${what} begins anew when the host wakes, and holds then`, async () => {
      const phase = phases[what] ?? 'authenticating';
      if (what === 'a dial') stage().network.manner = 'hangs';
      const { subject, wakes } = sleeper(link());
      await subject.is.start();
      await stage().settle();
      if (what === 'a hello') stage().claw.challenges();
      await stage().pass(ms - 1);
      wakes();
      await stage().pass(ms - 1);
      expect(subject.is.status).toMatchObject({ state: 'starting', phase, attempt: 1 });
      await stage().pass(1);
      const isOver = what === 'an authorize' ? { state: 'failed' } : { state: 'starting' };
      expect(subject.is.status).toMatchObject(isOver);
      expect(subject.is.status.phase).not.toBe(phase);
      expect(stage().calls.length).toBe(phase === 'locating' ? 0 : 1);
    });
  }
});

describe('an open connection', () => {
  const pings = () => stage().claw.call.log.words.filter((word) => word === 'ping').length;
  const everyMs = 30_000;
  const [waitMs, probeMs, silenceMs] = [4_000, 6_000, 60_000];

  async function woken(link: Partial<LinkOptions>) {
    const { subject, wakes } = sleeper(link);
    await stage().running(subject);
    stage().claw.call.pongs = false;
    await stage().pass(10_000);
    expect(pings()).toBe(0);
    wakes();
    await stage().settle();
    return { subject, wakes };
  }

  for (const probes of [1, 2] as const) {
    it(`LI-02: is asked at once, and given up without an answer (probes: ${probes})`, async () => {
      const heartbeat = { waitMs, probeMs, silenceMs, probes };
      const { subject } = await woken({ heartbeat });
      expect([pings(), subject.is.status.phase]).toEqual([1, 'probing']);
      await stage().pass(probeMs - 1);
      expect(subject.is.status.state).toBe('running');
      await stage().pass(1);
      expect(subject.is.status.state).toBe('reconnecting');
      expect(stage().claw.call.endedBy).toBe('client reset');
    });

    it(`LI-02: that answers goes on as before (probes: ${probes})`, async () => {
      const heartbeat = { waitMs, probeMs, silenceMs, probes };
      const { subject, wakes } = await woken({ heartbeat });
      await stage().pass(probeMs - 1);
      stage().claw.event('here', {});
      await stage().settle();
      expect(subject.is.status.health.state).toBe('healthy');
      await stage().pass(silenceMs - 1);
      expect([pings(), subject.is.status.state]).toEqual([1, 'running']);
      await stage().pass(1);
      expect(pings()).toBe(2);
      // and while it is being asked, a wake asks once more, for the last time
      wakes();
      await stage().settle();
      expect([pings(), subject.is.status.phase]).toEqual([3, 'probing']);
    });
  }

  for (const mode of ['misses', 'observe'] as const) {
    it(`LI-03: is pinged at once where pings count (${mode}), and one is no verdict`, async () => {
      const { subject } = await woken({ heartbeat: { mode, everyMs, waitMs, missesMax: 2 } });
      expect([pings(), subject.is.status.phase]).toEqual([1, 'steady']);
      await stage().pass(waitMs - 1);
      expect(subject.is.diagnostics.heartbeatMisses).toBe(0);
      await stage().pass(1);
      expect(subject.is.diagnostics.heartbeatMisses).toBe(1);
      await stage().pass(everyMs - waitMs - 1);
      expect(pings()).toBe(1);
      await stage().pass(1);
      expect([pings(), subject.is.status.state]).toEqual([2, 'running']);
      await stage().pass(waitMs);
      expect(subject.is.status.state).toBe(mode === 'misses' ? 'reconnecting' : 'running');
    });
  }

  it('LI-03: is asked nothing where that is off', async () => {
    const { subject } = await woken({ heartbeat: { mode: 'off' }, protocol: plain() });
    await stage().pass(3_600_000);
    expect([pings(), subject.is.status.state]).toEqual([0, 'running']);
    expect([stage().clock.armed, stage().calls.length]).toEqual([0, 1]);
  });
});
