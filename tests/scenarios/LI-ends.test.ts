/**
 * Where each end of a connection leads, before the link was open and after; how long each step of
 * an attempt may take; and what of the past a link still knows when it waits. A peer that said it
 * would be back is waited for, however its socket ends; one that said farewell is lost.
 */
import { describe, expect, it } from 'vitest';
import { type Link, type Protocol, plain } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { dialling, outcome } from './watch.ts';

const stage = onStage();

const reconnect = { firstMs: 1_000, factor: 2, maxMs: 30_000, jitter: 0, pairingMs: 45_000 };

/** A link whose peer lets it in with one frame and names the cause as it closes. */
const frank = (): Protocol => ({
  ...plain(),
  heartbeat: { mode: 'off' },
  session: (host) =>
    Object.assign(plain().session(host), {
      opened: () => host.post({ type: 'socket.opened' }),
      frame: () => host.post({ type: 'socket.accepted', silenceMs: 0 }),
      ended: ({ reason: cause }: { reason: string }) => ({ cause, floorMs: 0, because: cause }),
    }),
});

describe('an end that says', () => {
  const paused = { phase: 'paused' };
  const failed = (code: string) => ({ state: 'failed', error: { code } });
  const ends: [cause: string, seen: object, callsLater: number][] = [
    ['protocol', failed('HF_PROTOCOL_MISMATCH'), 1],
    ['identity', failed('HF_IDENTITY_CORRUPT'), 1],
    ['unauthorised', failed('HF_UNAUTHORISED'), 1],
    ['lost', failed('HF_EXHAUSTED'), 1],
    ['credentials', paused, 1],
    ['pairing', paused, 2],
    ['wait', { phase: 'backing-off' }, 2],
    ['again', { phase: 'backing-off' }, 2],
    ['restart', { phase: 'backing-off' }, 2],
  ];
  for (const [cause, seen, callsLater] of ends) {
    for (const when of ['before', 'after']) {
      it(`LI-07: ${cause}, ${when} the link was open, leads where it must`, async () => {
        const link = { protocol: frank(), reconnect: { ...reconnect, attemptsMax: 1 } };
        const subject = stage().connect(link);
        await subject.is.start();
        await stage().settle();
        if (when === 'after') stage().claw.call.send('come in');
        await stage().settle();
        expect(subject.is.status.state).toBe(when === 'after' ? 'running' : 'starting');
        stage().claw.call.close(4_000, cause);
        await stage().settle();
        expect(subject.is.status).toMatchObject(seen);
        expect(stage().clock.armed > 0).toBe(callsLater > 1);
        await stage().pass(44_999);
        if (cause === 'pairing') expect(stage().calls).toHaveLength(1);
        await stage().pass(1);
        expect(stage().calls).toHaveLength(callsLater);
      });
    }
  }
});

describe('a step of an attempt', () => {
  /** Each as long as no other, so that none can stand for another. */
  const limits = {
    ...{ lookupMs: 7_000, openMs: 9_000, challengeMs: 11_000 },
    ...{ credentialsMs: 8_000, helloMs: 13_000, closeMs: 400 },
  };
  const attempt = async (link: Partial<Link> = {}) => {
    const subject = stage().connect({ limits, ...link });
    await subject.is.start();
    await stage().settle();
    return subject;
  };
  const late = async (subject: Awaited<ReturnType<typeof attempt>>, ms: number) => {
    const { phase } = subject.is.status;
    await stage().pass(ms - 1);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase, attempt: 1 });
    await stage().pass(1);
    expect(subject.is.status.phase).not.toBe(phase);
  };
  const never = () => new Promise<never>(() => {});

  it('LI-08: that authorizes and gets no answer is a no', async () => {
    const subject = await attempt({ authorize: never });
    await late(subject, limits.lookupMs);
    expect(subject.is.status.error?.code).toBe('HF_UNAUTHORISED');
    expect([stage().calls.length, stage().clock.armed]).toEqual([0, 0]);
  });

  it('LI-08: that looks for an address asks once, and once more after a wait', async () => {
    let asked = 0;
    const url = () => {
      asked += 1;
      return never();
    };
    const subject = await attempt({ url });
    await late(subject, limits.lookupMs);
    expect(subject.is.status).toMatchObject({ phase: 'backing-off', attempt: 1 });
    await stage().pass(999);
    expect(asked).toBe(1);
    await stage().pass(1);
    expect([asked, subject.is.status.attempt]).toEqual([2, 2]);
  });

  it('LI-08: that dials, waits for a word, or closes has its own time', async () => {
    stage().network.manner = 'hangs';
    const dialling = await attempt();
    await late(dialling, limits.openMs);
    expect(dialling.is.status.phase).toBe('backing-off');
    void dialling.is.dispose();
    stage().network.manner = 'accepts';
    const steps: [ms: number, prepare: () => unknown, link?: Partial<Link>][] = [
      [limits.challengeMs, () => {}],
      [limits.credentialsMs, () => stage().claw.challenges(), { credentials: never }],
      [limits.helloMs, () => stage().claw.challenges()],
    ];
    for (const [ms, prepare, link] of steps) {
      const subject = await attempt(link);
      const { claw } = stage();
      claw.call.stall();
      prepare();
      await stage().settle();
      expect(subject.is.status.phase).toBe('authenticating');
      await late(subject, ms);
      expect(subject.is.status.phase).toBe('closing');
      await late(subject, limits.closeMs);
      expect(subject.is.status.phase).toBe('backing-off');
      expect(claw.call.endedBy).toBe('client close');
      void subject.is.dispose();
    }
  });

  it('LI-08: that closes has no more time because somebody stops it too', async () => {
    const subject = await attempt();
    stage().claw.challenges();
    await stage().settle();
    stage().claw.refuses({ code: 'UNAVAILABLE', message: 'not now' });
    stage().claw.call.stall();
    await stage().pass(limits.closeMs - 1);
    expect(subject.is.status.phase).toBe('closing');
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    expect(stopped.settled).toBe(false);
    await stage().pass(1);
    expect(stopped.value).toMatchObject({ gone: true });
  });
});

describe('a peer that announced its end', () => {
  const announced = async (...payloads: object[]) => {
    const { subject } = await stage().running(
      stage().connect({ reconnect: { ...reconnect, attemptsMax: 1 } }),
    );
    for (const payload of payloads) {
      stage().claw.event('shutdown', { reason: 'config changed', ...payload });
      await stage().settle();
    }
    const { phase } = subject.is.status;
    stage().claw.call.reset();
    await stage().settle();
    return { subject, phase };
  };

  it('LI-09: and its return is waited for, though its socket is merely cut', async () => {
    const { subject, phase } = await announced({ restartExpectedMs: 5_000 });
    expect([phase, subject.is.status.state]).toEqual(['leaving', 'reconnecting']);
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 10_000);
  });

  it('LI-09: and no return is lost like any other', async () => {
    const { subject, phase } = await announced({});
    expect([phase, subject.is.status.state]).toEqual(['steady', 'failed']);
    expect(subject.is.status.error?.code).toBe('HF_EXHAUSTED');
  });

  it('LI-09: twice is held to what it said last', async () => {
    const back = { restartExpectedMs: 5_000 };
    const gone = await announced(back, {});
    expect([gone.phase, gone.subject.is.status.state]).toEqual(['steady', 'failed']);
    for (const first of [{}, back]) {
      const { phase, subject } = await announced(first, back);
      expect([phase, subject.is.status.state]).toEqual(['leaving', 'reconnecting']);
    }
  });

  it('LI-09: with its time is not even looked up before', async () => {
    let asked = 0;
    const authorize = () => {
      asked += 1;
      return true;
    };
    const { subject } = await stage().running(stage().connect({ reconnect, authorize }));
    stage().claw.event('shutdown', { reason: 'config changed', restartExpectedMs: 5_000 });
    stage().claw.call.close(1012, 'service restart');
    await stage().settle();
    expect(subject.is.status.nextRetryAt).toBe(stage().clock.wallNow() + 5_001);
    await stage().pass(5_000);
    expect(asked).toBe(1);
    await stage().pass(1);
    expect(asked).toBe(2);
  });
});

describe('the waits of a link', () => {
  const dialled = async () => {
    const dials = dialling(stage());
    const made = stage().connect({ transport: dials.transport, reconnect });
    const { subject } = await stage().running(made);
    return { subject, dials };
  };
  const restarts = () => stage().claw.call.close(1012, 'service restart');
  const back = async ({ subject }: Awaited<ReturnType<typeof dialled>>) => {
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    stage().network.onCall = () => {};
  };

  it('LI-10: stay short for as long as the peer may be coming back, and no longer', async () => {
    const { dials } = await dialled();
    restarts();
    stage().network.manner = 'nobody';
    await stage().until(() => dials.at.length === 33, 200_000);
    // a minute of planned waits: 1 s, and 30 of 2 s; then what 31 failures would have come to
    expect(dials.waits).toEqual([1_000, ...Array(30).fill(2_000), 30_000]);
  });

  for (const after of ['it was stable again', 'a stop', 'another address']) {
    it(`LI-10: are no shorter for an old announcement after ${after}`, async () => {
      const link = await dialled();
      const { subject, dials } = link;
      restarts();
      await stage().settle();
      if (after === 'a stop') {
        await subject.is.stop();
        void subject.is.start();
      }
      if (after === 'another address') await subject.is.retarget({ url: 'ws://127.0.0.1:18790' });
      await back(link);
      if (after === 'it was stable again') await stage().pass(10_000);
      const before = dials.at.length;
      stage().network.manner = 'nobody';
      stage().claw.call.reset();
      await stage().until(() => dials.at.length === before + 4, 60_000);
      expect(dials.waits.slice(-3)).toEqual([2_000, 4_000, 8_000]);
    });
  }

  for (const when of ['while it waits', 'while it dials', 'while it is let in']) {
    it(`LI-10: begin anew with another address, given ${when}`, async () => {
      const { subject, dials } = await dialled();
      stage().network.manner = 'nobody';
      stage().claw.call.reset();
      await stage().until(() => dials.at.length === 4, 60_000);
      if (when !== 'while it waits') {
        stage().network.manner = when === 'while it dials' ? 'hangs' : 'accepts';
        await stage().until(() => dials.at.length === 5, 60_000);
        await stage().settle();
      }
      const { length } = dials.at;
      stage().network.manner = 'nobody';
      await subject.is.retarget({ url: 'ws://127.0.0.1:18790' });
      await stage().settle();
      expect([dials.at.length, dials.at.at(-1)]).toEqual([length + 1, stage().clock.now()]);
      expect(subject.is.status.attempt).toBe(1);
      await stage().until(() => dials.at.length === length + 3, 60_000);
      expect(dials.waits.slice(-2)).toEqual([1_000, 2_000]);
    });
  }

  it('LI-10: are over at once, the first one too, when somebody says so', async () => {
    const { subject, dials } = await dialled();
    stage().claw.call.reset();
    await stage().settle();
    expect(dials.at).toHaveLength(1);
    void subject.is.retryNow();
    await stage().settle();
    expect(dials.at).toEqual([dials.at[0], stage().clock.now()]);
  });

  it('LI-10: are forgotten once it is stable, and nothing goes on counting then', async () => {
    await dialled();
    expect(stage().clock.armed).toBe(2);
    await stage().pass(10_000);
    expect(stage().clock.armed).toBe(1);
  });

  it('LI-10: begin anew with a start after a stop', async () => {
    const { subject, dials } = await dialled();
    stage().network.manner = 'nobody';
    stage().claw.call.reset();
    await stage().until(() => dials.at.length === 4, 60_000);
    await subject.is.stop();
    void subject.is.start();
    await stage().settle();
    expect([dials.at.length, subject.is.status.attempt]).toEqual([5, 1]);
    await stage().until(() => dials.at.length === 7, 60_000);
    expect(dials.waits.slice(-2)).toEqual([1_000, 2_000]);
  });
});
