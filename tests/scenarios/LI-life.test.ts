/**
 * What a sign of life is worth. A peer of ours that was lost once, is back and says nothing at all
 * has never lived: its process is replaced. One that gave any sign since it is open is only lost
 * once more. And the questions come when they are due, to the millisecond.
 */
import { describe, expect, it } from 'vitest';
import { openclaw, plain } from '../../src/protocols/index.ts';
import type { LinkOptions } from '../../src/runtime/options.ts';
import { onStage } from './stage.ts';

const stage = onStage();

const [silenceMs, waitMs, probeMs, everyMs] = [15_000, 4_000, 6_000, 30_000];
const twice = { mode: 'probe', probes: 2, silenceMs, waitMs, probeMs } as const;
const once = { ...twice, probes: 1 } as const;
const misses = { mode: 'misses', everyMs, waitMs, missesMax: 3 } as const;

const pings = () => stage().claw.call.log.words.filter((word) => word === 'ping').length;

describe('a peer that says nothing', () => {
  const silent = async (heartbeat: NonNullable<LinkOptions['heartbeat']>) => {
    const { subject } = await stage().running(stage().connect({ protocol: plain(), heartbeat }));
    stage().claw.call.pongs = false;
    return subject;
  };

  it('LI-04: is asked twice, each time with a deadline of its own', async () => {
    const subject = await silent(twice);
    await stage().pass(silenceMs - 1);
    expect([pings(), subject.is.status.phase]).toEqual([0, 'steady']);
    await stage().pass(1);
    expect([pings(), subject.is.status.phase]).toEqual([1, 'suspect']);
    expect(subject.is.status.health).toEqual({ state: 'degraded', reasons: ['suspect'] });
    await stage().pass(waitMs - 1);
    expect([pings(), subject.is.status.phase]).toEqual([1, 'suspect']);
    await stage().pass(1);
    expect([pings(), subject.is.status.phase]).toEqual([2, 'probing']);
    await stage().pass(probeMs - 1);
    expect(subject.is.status.state).toBe('running');
    await stage().pass(1);
    expect(subject.is.status.state).toBe('reconnecting');
    expect(subject.is.diagnostics.lastEnd).toMatchObject({ cause: 'dead' });
  });

  it('LI-04: and then answers, to either question, is asked again after as long', async () => {
    const subject = await silent(twice);
    for (const asked of [1, 2]) {
      const before = pings();
      await stage().pass(silenceMs + (asked - 1) * waitMs);
      expect(pings()).toBe(before + asked);
      await stage().pass(1_000);
      stage().claw.call.send('here');
      await stage().settle();
      expect([subject.is.status.phase, subject.is.status.health.state]).toEqual([
        'steady',
        'healthy',
      ]);
      await stage().pass(silenceMs - 1);
      expect(pings()).toBe(before + asked);
      stage().claw.call.send('and again');
      await stage().settle();
    }
    expect(subject.is.status.state).toBe('running');
  });

  it('LI-04: is asked once where one question is enough', async () => {
    const subject = await silent(once);
    await stage().pass(silenceMs);
    expect([pings(), subject.is.status.phase]).toEqual([1, 'probing']);
    await stage().pass(probeMs);
    expect(subject.is.status.state).toBe('reconnecting');
  });

  it('LI-04: has the rhythm that its protocol states, hello or no hello', async () => {
    const own = plain();
    const stated: typeof own = {
      ...own,
      session: (host) => {
        const post: typeof host.post = (fact, because) =>
          host.post(
            fact.type === 'socket.accepted' ? { ...fact, silenceMs: 40_000 } : fact,
            because,
          );
        return own.session(
          new Proxy(host, {
            get: (all, name) => (name === 'post' ? post : Reflect.get(all, name)),
          }),
        );
      },
    };
    await stage().running(stage().connect({ protocol: stated }));
    await stage().pass(39_999);
    expect(pings()).toBe(0);
    await stage().pass(1);
    expect(pings()).toBe(1);
  });
});

describe('a process whose link was lost once and is back', () => {
  /** Lost once, back, and silent but for what a test sends. */
  async function back(link: Partial<LinkOptions>) {
    const { url, transport, credentials, reconnect } = stage().link();
    const own = { url, transport, credentials, reconnect, protocol: plain() };
    const process = stage().process();
    const halves = { process, link: { ...own, ...link } as LinkOptions };
    const { subject, wakes } = stage().sleeper(halves);
    await stage().running(subject);
    stage().welcomes();
    stage().claw.call.reset();
    await stage().until(() => subject.is.status.connection?.generation === 2, 5_000);
    stage().claw.call.pongs = false;
    const { child } = stage();
    const lost = () => stage().until(() => subject.is.status.state !== 'running', 200_000);
    return { subject, wakes, child, lost };
  }

  for (const [what, heartbeat] of Object.entries({ twice, once, misses })) {
    it(`LI-05: is replaced when it gives no sign of life at all (${what})`, async () => {
      const { subject, child, lost } = await back({ heartbeat });
      await lost();
      await stage().until(() => !child.alive, 1_000);
      expect(child.signals).toContain('SIGKILL');
      await stage().until(() => subject.is.status.state === 'running', 60_000);
      expect(stage().table.children).toHaveLength(2);
    });
  }

  type Life = (wakes: () => void) => Promise<void>;
  const answers = async () => {
    stage().claw.call.send('here');
    await stage().settle();
  };
  const early = (lateMs: number) => async () => {
    const { clock } = stage();
    const windowEnd = clock.now() + silenceMs;
    await stage().pass(100);
    await answers();
    clock.sleep(windowEnd + lateMs);
  };
  const signs: [what: string, link: Partial<LinkOptions>, life: Life][] = [
    ['a frame in the first window', { heartbeat: twice }, early(0)],
    ['a frame at once, and the first look is late', { heartbeat: twice }, early(400)],
    ['a frame at once, and the only look is late', { heartbeat: once }, early(400)],
    [
      'an answer to the first question, and then sleeps',
      { heartbeat: twice },
      async (wakes) => {
        await stage().pass(silenceMs);
        await answers();
        wakes();
      },
    ],
    [
      'an answer to the only question, and then sleeps',
      { heartbeat: once },
      async (wakes) => {
        await stage().pass(silenceMs);
        await answers();
        wakes();
      },
    ],
    [
      'an answer to a ping',
      { heartbeat: misses },
      async () => {
        await stage().pass(everyMs);
        await answers();
      },
    ],
    [
      'an answer that came too late to count',
      { heartbeat: misses },
      async () => {
        await stage().pass(everyMs + waitMs);
        await answers();
      },
    ],
    ['its hello', { heartbeat: twice, protocol: openclaw() }, async () => {}],
  ];
  for (const [what, link, life] of signs) {
    it(`LI-06: is kept when it gave ${what}`, async () => {
      const { subject, wakes, child, lost } = await back(link);
      await life(wakes);
      await lost();
      expect(subject.is.status.state).toBe('reconnecting');
      await stage().until(() => subject.is.status.connection?.generation === 3, 60_000);
      expect([child.signals, stage().table.children.length]).toEqual([[], 1]);
    });
  }
});
