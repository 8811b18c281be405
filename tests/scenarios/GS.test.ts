/**
 * Generations: what an older connection, timer or process has still to say once a newer one has
 * taken its place. Ears kept by the test let a peer or a driver speak when nobody may listen any
 * more, which no real one does and no one must be harmed by.
 */
import { describe, expect, it } from 'vitest';
import type { Clock, Link, ProcessEvents, TransportEvents } from '../../src/index.ts';
import { turns } from '../fakes/clock.ts';
import type { Claw } from './claw.ts';
import { onStage, type Subject } from './stage.ts';

const stage = onStage();
const first = 'ws://127.0.0.1:18001';
const second = 'ws://127.0.0.1:18002';

/** The stage's network, and whom each of its calls reports to. */
function overheard() {
  const ears: TransportEvents[] = [];
  const link: Partial<Link> = {
    url: first,
    transport: (target, events) => {
      ears.push(events);
      return stage().network.transport(target, events);
    },
  };
  return { ears, link };
}

/** Running on `first`; `events` gets what its listeners get. */
async function met(more: Partial<Link> = {}) {
  const { ears, link } = overheard();
  const subject = stage().connect({ ...link, ...more });
  const events: string[] = [];
  subject.is.on('event', ({ name }) => events.push(name));
  await stage().running(subject);
  return { subject, ears, events };
}

/** Running on `second` after it had run on `first`. */
async function superseded(more: Partial<Link> = {}) {
  const { subject, ears, events } = await met(more);
  stage().welcomes();
  await subject.is.retarget({ url: second });
  await until(subject, 2);
  return { subject, ears, events, old: claw(0), now: claw(1) };
}

function claw(at: number): Claw {
  const found = stage().claws[at];
  if (found === undefined) throw new Error(`there is no call ${at}`);
  return found;
}

/** Until the connection of this generation is open. */
function until(subject: Subject, generation: number): Promise<void> {
  return stage().until(() => subject.is.status.connection?.generation === generation, 60_000);
}

/** What the connection of today shows: that it is the one, that it works, and that no other is. */
async function untouched(subject: Subject, generation: number, calls: number) {
  await stage().pass(45_000);
  expect(subject.is.status).toMatchObject({ state: 'running', connection: { generation } });
  expect(stage().calls).toHaveLength(calls);
  expect(stage().calls.at(-1)?.open).toBe(true);
}

const eventFrame = (event: string) => JSON.stringify({ type: 'event', event, payload: {} });

describe('a connection that a newer one has superseded', () => {
  it('GS-01: is reset when it has not opened yet, and opens for nobody afterwards', async () => {
    const { ears, link } = overheard();
    stage().network.at(first, 'waits');
    const subject = stage().connect(link);
    await subject.is.start();
    await stage().settle();
    stage().welcomes();
    await subject.is.retarget({ url: second });
    await until(subject, 1);
    const { status } = subject.is;
    claw(0).call.accept();
    await stage().settle();
    ears[0]?.opened();
    ears[0]?.frame(eventFrame('connect.challenge'));
    await stage().settle();
    expect(claw(0).call.endedBy).toBe('client reset');
    expect(claw(0).frames).toEqual([]);
    expect(stage().network.alive).toBe(1);
    expect(subject.is.status).toBe(status);
    await untouched(subject, 1, 2);
  });

  it('GS-02: has its text frames dispatched to nobody', async () => {
    const { subject, ears, events, old, now } = await superseded();
    old.event('from-the-old', {});
    ears[0]?.frame(eventFrame('from-the-old'));
    now.event('from-the-new', {});
    await stage().settle();
    expect(events).toEqual(['from-the-new']);
    const answer = subject.is.request('health');
    await stage().settle();
    const [request] = now.requests;
    ears[0]?.frame(JSON.stringify({ type: 'res', id: request?.id, ok: true, payload: 'old' }));
    now.answers(request?.id ?? '', 'new');
    await stage().settle();
    expect(await answer).toBe('new');
  });

  it('GS-03: may close with any code, and nothing is reconnected', async () => {
    const { subject, ears } = await superseded();
    const told = subject.statuses.length;
    for (const code of [1000, 1006, 1008, 1012, 4001]) {
      ears[0]?.closed({ code, reason: 'too late' });
      await stage().settle();
    }
    expect(subject.statuses).toHaveLength(told);
    await untouched(subject, 2, 2);
  });

  it('GS-04: may fail, and nobody is told of an error', async () => {
    const { subject, ears } = await superseded();
    const told = subject.statuses.length;
    const error = { code: 'ECONNRESET', message: 'read ECONNRESET' };
    ears[0]?.closed({ code: 1006, reason: '', error });
    await stage().settle();
    expect(subject.is.status.error).toBeUndefined();
    expect(subject.diagnostics).toEqual([]);
    expect(subject.statuses).toHaveLength(told);
    await untouched(subject, 2, 2);
  });

  it('GS-09: is the fate of four out of five in a row', async () => {
    const { subject, ears, events } = await met();
    stage().welcomes();
    for (let at = 2; at <= 5; at += 1) {
      await subject.is.retarget({ url: `ws://127.0.0.1:1800${at}` });
      await until(subject, at);
    }
    for (const [at, ear] of ears.entries()) {
      claw(at).event(`event-${at}`, {});
      if (at < 4) ear.frame(eventFrame(`late-${at}`));
    }
    await stage().settle();
    expect(events).toEqual(['event-4']);
    const ends = stage().calls.map(({ endedBy }) => endedBy);
    expect(ends).toEqual([...Array<string>(4).fill('client reset'), undefined]);
    await untouched(subject, 5, 5);
  });

  it('GS-10: changes nothing with a late hello, refusal, event or close', async () => {
    const { ears, link } = overheard();
    const subject = stage().connect(link);
    await subject.is.start();
    await stage().settle();
    claw(0).challenges();
    await stage().settle();
    const { id } = claw(0).connect;
    stage().welcomes({ bootId: 'boot-of-the-second' });
    await subject.is.retarget({ url: second });
    await until(subject, 1);
    const { status } = subject.is;
    claw(0).accepts({ bootId: 'boot-of-the-first' });
    const details = { code: 'AUTH_TOKEN_MISMATCH' };
    const error = { code: 'INVALID_REQUEST', details };
    const hello = { type: 'hello-ok', protocol: 4, server: { version: '1', bootId: 'first' } };
    ears[0]?.frame(JSON.stringify({ type: 'res', id, ok: true, payload: hello }));
    ears[0]?.frame(JSON.stringify({ type: 'res', id, ok: false, error }));
    ears[0]?.frame(eventFrame('health'));
    ears[0]?.closed({ code: 4001, reason: 'auth changed' });
    await stage().settle();
    expect(subject.is.status).toBe(status);
    expect(status.connection).toMatchObject({
      endpoint: second,
      server: { bootId: 'boot-of-the-second' },
    });
    await untouched(subject, 1, 2);
  });

  it('GS-13: is also the one before a stop and a start', async () => {
    const { subject, ears, events } = await met();
    const stop = subject.is.stop();
    claw(0).event('while-stopping', {});
    await stage().settle();
    expect(await stop).toMatchObject({ gone: true });
    stage().welcomes();
    await subject.is.start();
    await until(subject, 2);
    claw(0).event('from-the-old', {});
    ears[0]?.frame(eventFrame('from-the-old'));
    ears[0]?.closed({ code: 1006, reason: '' });
    claw(1).event('from-the-new', {});
    await stage().settle();
    expect(events).toEqual(['from-the-new']);
    await untouched(subject, 2, 2);
  });

  it('GS-14: takes the deadline of its ping with it', async () => {
    const heartbeat = { ...stage().misses, missesMax: 1 };
    const { subject } = await met({ heartbeat });
    claw(0).call.pongs = false;
    await stage().pass(30_000);
    expect(claw(0).call.log.words).toContain('ping');
    await stage().pass(6_000);
    stage().welcomes();
    await subject.is.retarget({ url: second });
    await until(subject, 2);
    await stage().pass(6_000);
    expect(subject.is.diagnostics).toMatchObject({
      lastHeartbeatTimeoutAt: null,
      heartbeatMisses: 0,
    });
    await untouched(subject, 2, 2);
  });
});

describe('a wait for the next attempt', () => {
  it('GS-05: of a lost connection ends when a newer target connects', async () => {
    const { subject } = await met();
    claw(0).call.reset();
    await stage().pass(500);
    expect(subject.is.status).toMatchObject({ state: 'reconnecting', phase: 'backing-off' });
    stage().welcomes();
    await subject.is.retarget({ url: second });
    await until(subject, 2);
    const { status } = subject.is;
    await stage().pass(500);
    expect(subject.is.status).toBe(status);
    await untouched(subject, 2, 2);
  });

  it('GS-06: of a first attempt ends when an explicit start connects sooner', async () => {
    stage().network.manner = 'nobody';
    const subject = stage().connect();
    await subject.is.start();
    await stage().pass(400);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    stage().network.manner = 'accepts';
    stage().welcomes();
    await subject.is.start();
    await until(subject, 1);
    const { status } = subject.is;
    await stage().pass(600);
    expect(subject.is.status).toBe(status);
    await untouched(subject, 1, 2);
  });

  it('GS-07: follows another one as long as nobody else has connected', async () => {
    const { subject } = await met();
    stage().network.manner = 'nobody';
    claw(0).call.reset();
    await stage().settle();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const before = stage().clock.now();
      await stage().until(() => stage().calls.length === attempt + 1, 60_000);
      waits.push(stage().clock.now() - before);
      expect(subject.is.status).toMatchObject({ state: 'reconnecting', attempt: attempt + 1 });
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('GS-08: that was superseded keeps nobody from reconnecting the present one', async () => {
    const { subject } = await met();
    claw(0).call.reset();
    await stage().pass(300);
    stage().welcomes();
    await subject.is.retarget({ url: second });
    await until(subject, 2);
    claw(1).call.close(1001, 'going away');
    await stage().pass(999);
    expect(subject.is.status).toMatchObject({ state: 'reconnecting', phase: 'backing-off' });
    expect(stage().calls).toHaveLength(2);
    await stage().pass(1);
    await until(subject, 3);
    expect(stage().calls.map(({ target }) => target.url)).toEqual([first, second, second]);
    await untouched(subject, 3, 3);
  });

  it('GS-15: does nothing after a stop and a start, even if its timer fires', async () => {
    const { clock } = stage();
    const late: (() => void)[] = [];
    const keeping: Clock = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      clearTimeout: (id) => clock.clearTimeout(id),
      setTimeout: (run, ms) => {
        if (ms === 1_000) late.push(run);
        return clock.setTimeout(run, ms);
      },
    };
    stage().network.manner = 'nobody';
    const subject = stage().connect({}, { clock: keeping });
    await subject.is.start();
    await stage().pass(300);
    expect(subject.is.status.phase).toBe('backing-off');
    expect(late).toHaveLength(1);
    const stop = subject.is.stop();
    await stage().settle();
    expect(await stop).toMatchObject({ gone: true });
    expect(clock.armed).toBe(0);
    stage().network.manner = 'accepts';
    stage().welcomes();
    await subject.is.start();
    await until(subject, 1);
    for (const fire of late) fire();
    await turns();
    await untouched(subject, 1, 2);
  });
});

describe('a process that a newer one has replaced', () => {
  it('GS-16: may exit again, late: the newer one stays owned and is the one stopped', async () => {
    const heard: ProcessEvents[] = [];
    const subject = stage().gateway({
      process: {
        driver: (plan, events) => {
          heard.push(events);
          return stage().table.driver(plan, events);
        },
      },
    });
    stage().table.habits = { onTerminate: 'ignores' };
    await stage().running(subject);
    const { child: old } = stage();
    stage().welcomes();
    const restart = subject.is.restart();
    await stage().pass(4_999);
    expect(old.signals).toEqual(['SIGTERM']);
    expect(stage().table.children).toHaveLength(1);
    await stage().pass(1);
    expect(old.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    await until(subject, 2);
    expect(await restart).toMatchObject({ outcome: 'replaced', pidBefore: 101, pidAfter: 102 });
    const exits = [subject.is.diagnostics.lastExit];
    heard[0]?.line('stdout', 'too late');
    heard[0]?.exited({ code: 0, signal: null });
    heard[0]?.empty();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', process: { pid: 102 } });
    expect([subject.is.diagnostics.lastExit]).toEqual(exits);
    expect(subject.is.diagnostics.output).toEqual([]);
    await untouched(subject, 2, 2);
    const { child: now, claw: peer } = stage();
    const stop = subject.is.stop();
    await stage().pass(5_000);
    expect(await stop).toMatchObject({ gone: true });
    expect(now.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    expect(peer.requests).toEqual([]);
  });
});

describe('a probe of a silence', () => {
  it('GS-17: that fails after a newer sign of life leads to no recovery', async () => {
    const subject = stage().gateway();
    await stage().running(subject);
    const { claw: peer } = stage();
    peer.call.pongs = false;
    await stage().pass(60_000);
    expect(peer.call.log.words).toContain('ping');
    expect(subject.is.status.phase).toBe('probing');
    const [probe] = peer.requests;
    await stage().pass(2_000);
    peer.event('health', {});
    await stage().pass(4_000);
    peer.refuses({ code: 'UNAVAILABLE', message: 'too late' }, probe?.id);
    await stage().pass(10_000);
    expect(subject.is.status).toMatchObject({
      state: 'running',
      phase: 'steady',
      connection: { generation: 1 },
      health: { state: 'healthy' },
    });
    expect(subject.is.diagnostics.lastHeartbeatTimeoutAt).toBeNull();
    expect(stage().calls).toHaveLength(1);
    expect(stage().child.signals).toEqual([]);
  });
});

describe('numbered events', () => {
  it('GS-20: with one missing tell the gap once, and are all delivered', async () => {
    const subject = stage().connect();
    const got: unknown[] = [];
    subject.is.on('event', ({ name, seq, payload }) => got.push({ name, seq, payload }));
    await stage().running(subject);
    stage().claw.event('chat', 'a', 7).event('chat', 'b', 9).event('chat', 'c', 10);
    await stage().settle();
    expect(got).toEqual([
      { name: 'chat', seq: 7, payload: 'a' },
      { name: 'sequence.gap', seq: undefined, payload: { expected: 8, received: 9 } },
      { name: 'chat', seq: 9, payload: 'b' },
      { name: 'chat', seq: 10, payload: 'c' },
    ]);
    expect(subject.diagnostics).toMatchObject([{ level: 'warn', code: 'HF_SEQUENCE_GAP' }]);
  });
});
