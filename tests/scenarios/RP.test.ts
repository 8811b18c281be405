/**
 * Requests on a link: each finds its own answer, its own deadline or the end of its connection,
 * once, and leaves nothing behind. What the peer declares must never count as a failure of the
 * transport, and nothing that comes too late may be heard as something else.
 */
import { describe, expect, it } from 'vitest';
import type { Link, Transport } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();

/** A link past its hello that pings nobody, and whatever its listeners heard since. */
async function running(link: Partial<Link> = {}) {
  const { subject } = await stage().running(
    stage().connect({ heartbeat: { mode: 'off' }, ...link }),
  );
  // from now on no timer is armed but those of requests
  await stage().pass(10_000);
  const heard: unknown[] = [];
  for (const name of ['event', 'message'] as const) subject.is.on(name, (what) => heard.push(what));
  const ask = async (...methods: string[]) => {
    const before = stage().claw.requests.length;
    const asked = methods.map((method) => outcome(subject.is.request(method)));
    await stage().settle();
    const frames = stage().claw.requests.slice(before);
    return asked.map((outcome, n) => ({ outcome, id: frames[n]?.id ?? '' }));
  };
  /** the one request of a test that needs only one */
  const askOnce = async (method: string) => {
    const [one] = await ask(method);
    if (one === undefined) throw new Error('nothing was asked');
    return one;
  };
  return { subject, claw: stage().claw, heard, ask, askOnce };
}

const late = { code: 'HF_REQUEST_TIMEOUT', delivery: 'maybe-executed' };
const unsent = { code: 'HF_NOT_CONNECTED', delivery: 'not-sent' };

describe('without a connection', () => {
  it('RP-01: a request fails at once, and is not kept for later', async () => {
    const subject = stage().connect();
    const asked = [outcome(subject.is.request('when stopped'))];
    await stage().settle();
    await subject.is.start();
    asked.push(outcome(subject.is.request('when dialling')));
    await stage().settle();
    stage().claw.challenges();
    await stage().settle();
    asked.push(outcome(subject.is.request('before the hello')));
    await stage().settle();
    for (const { error } of asked) expect(error).toMatchObject(unsent);
    expect(subject.is.diagnostics.requests.pending).toBe(0);
    stage().claw.accepts();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
    expect(stage().claw.requests).toEqual([]);
    stage().claw.call.reset();
    await stage().settle();
    const again = outcome(subject.is.request('when lost'));
    await stage().settle();
    expect(again.error).toMatchObject(unsent);
  });

  it('RP-18: requests and a stop with requests on the way are no failure', async () => {
    const { subject, ask } = await running();
    const cut = await ask('one', 'two', 'three');
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    expect(stopped.value?.gone).toBe(true);
    for (const { outcome } of cut) {
      expect(outcome.error).toMatchObject({ code: 'HF_CONNECTION_LOST' });
    }
    const asked = Array.from({ length: 5 }, () => outcome(subject.is.request('no')));
    await stage().settle();
    for (const { error } of asked) expect(error).toMatchObject(unsent);
    const clean = { lastFailureAt: null, lastFailureMethod: null, consecutiveFailures: 0 };
    expect(subject.is.diagnostics.requests).toMatchObject({ pending: 0, ...clean });
    await stage().running(subject);
    expect(subject.is.status.health).toEqual({ state: 'healthy', reasons: [] });
    expect(subject.is.diagnostics.requests).toMatchObject({ ...clean, lost: 0 });
  });
});

describe('an answer', () => {
  it('RP-02: finds its own request in any order', async () => {
    const { claw, ask } = await running();
    const [one, two] = await ask('one', 'two');
    claw.answers(two?.id ?? '', 'for two');
    await stage().settle();
    expect([one?.outcome.settled, two?.outcome.value]).toEqual([false, 'for two']);
    claw.answers(one?.id ?? '', 'for one');
    await stage().settle();
    expect(one?.outcome.value).toBe('for one');
  });

  it('RP-07: that comes twice counts once, and the first', async () => {
    const { subject, claw, heard, askOnce } = await running();
    const armed = stage().clock.armed;
    const { id, outcome } = await askOnce('once');
    claw.answers(id, 'first').answers(id, 'second').refuses({ code: 'X', message: 'third' }, id);
    await stage().settle();
    expect(outcome.value).toBe('first');
    expect(subject.is.diagnostics.requests.pending).toBe(0);
    expect(stage().clock.armed).toBe(armed);
    await stage().pass(60_000);
    expect(subject.is.diagnostics.requests).toMatchObject({ lastFailureAt: null });
    expect([outcome.error, heard]).toEqual([undefined, []]);
  });

  it('RP-08: that declares an error is no failure of the transport', async () => {
    const { subject, claw, ask } = await running();
    const [one, two] = await ask('one', 'two');
    for (const { id = '' } of [one ?? {}, two ?? {}]) {
      claw.refuses({ code: 'FORBIDDEN', message: 'not yours', details: { why: 1 } }, id);
    }
    await stage().settle();
    expect(one?.outcome.error).toMatchObject({
      code: 'HF_REQUEST_FAILED',
      delivery: 'answered',
      details: { server: { code: 'FORBIDDEN', message: 'not yours', details: { why: 1 } } },
    });
    expect(two?.outcome.settled).toBe(true);
    expect(subject.is.status.health).toEqual({ state: 'healthy', reasons: [] });
    expect(subject.is.diagnostics.requests).toMatchObject({
      consecutiveFailures: 0,
      lastFailureAt: null,
      lastSuccessAt: stage().clock.wallNow(),
    });
  });
});

describe('no answer', () => {
  it('RP-03: for 30 s is the end of a request, and nothing is left of it', async () => {
    const { subject, askOnce } = await running();
    const armed = stage().clock.armed;
    const { outcome } = await askOnce('chat.send');
    await stage().pass(29_999);
    expect(outcome.settled).toBe(false);
    await stage().pass(1);
    expect(outcome.error).toMatchObject(late);
    expect(outcome.error?.message).toContain('"chat.send" was not answered within 30000 ms');
    expect(subject.is.diagnostics.requests.pending).toBe(0);
    expect(stage().clock.armed).toBe(armed);
  });

  it('RP-04: in time and one too late: it is neither an answer nor an event', async () => {
    const { subject, claw, heard, askOnce } = await running();
    const { id, outcome } = await askOnce('slow');
    await stage().pass(30_000);
    const { error } = outcome;
    expect(error).toMatchObject(late);
    claw.answers(id, 'at last');
    await stage().settle();
    expect(outcome).toEqual({ settled: true, error });
    expect(heard).toEqual([]);
    expect(subject.is.diagnostics.requests).toMatchObject({
      pending: 0,
      consecutiveFailures: 1,
      lastSuccessAt: null,
    });
  });

  it('RP-09: is recorded with its method, and costs neither the link nor its health', async () => {
    const { subject, claw, askOnce } = await running({ heartbeat: { mode: 'probe' } });
    await askOnce('browser.open');
    await stage().pass(30_000);
    expect(subject.is.diagnostics.requests).toMatchObject({
      lastFailureMethod: 'browser.open',
      lastFailureAt: stage().clock.wallNow(),
      consecutiveFailures: 1,
    });
    // what it says of the health is this and no more, until something is answered
    const health = { state: 'degraded', reasons: ['request-timeout'] };
    expect(subject.is.status).toMatchObject({ state: 'running', phase: 'steady', health });
    expect(subject.is.diagnostics.heartbeatMisses).toBe(0);
    const next = await askOnce('health');
    claw.answers(next.id, {});
    await stage().settle();
    expect(subject.is.status.health).toEqual({ state: 'healthy', reasons: [] });
    expect([stage().calls.length, claw.call.open]).toEqual([1, true]);
  });
});

describe('what cannot be written', () => {
  it('RP-05: rejects as not sent, and leaves neither entry nor timer', async () => {
    let broken: 'throws' | 'says so' | undefined;
    const transport: Transport = (target, events) => {
      const handle = stage().network.transport(target, events);
      const send = handle.send.bind(handle);
      return Object.assign(handle, {
        send: (data: string | Uint8Array, done?: (error?: Error) => void) => {
          if (broken === undefined) send(data, done);
          else if (broken === 'throws') throw new Error('no such wire');
          else done?.(new Error('no such wire'));
        },
      });
    };
    const { subject, claw } = await running({ transport });
    const armed = stage().clock.armed;
    const lost = async (how: 'throws' | 'says so') => {
      broken = how;
      const asked = outcome(subject.is.request('lost'));
      await stage().settle();
      broken = undefined;
      expect(asked.error).toMatchObject({ code: 'HF_REQUEST_FAILED', delivery: 'not-sent' });
      expect(asked.error?.message).toContain('no such wire');
      expect(subject.is.diagnostics.requests.pending).toBe(0);
    };
    await lost('says so');
    expect(stage().clock.armed).toBe(armed);
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const asked = outcome(subject.is.request('odd', cyclic));
    await stage().settle();
    expect(asked.error).toMatchObject({ code: 'HF_OPTION_INVALID', delivery: 'not-sent' });
    expect(subject.is.diagnostics.requests.pending).toBe(0);
    expect(stage().clock.armed).toBe(armed);
    expect(claw.requests).toEqual([]);
    // a transport that throws is broken: it is replaced, and nothing of the request is left
    await lost('throws');
    expect(stage().clock.armed).toBe(1);
    await stage().until(() => stage().calls.length === 2);
  });
});

describe('when the connection closes', () => {
  it('RP-15: a thousand requests settle, and the only timer left is the next dial', async () => {
    const { subject, claw } = await running();
    const asked = Array.from({ length: 1_000 }, (_, n) => outcome(subject.is.request('n', { n })));
    await stage().settle();
    expect([claw.requests.length, stage().clock.armed]).toEqual([1_000, 1_000]);
    claw.call.close(1011, 'oh');
    await stage().settle();
    expect(asked.filter(({ error }) => error?.code === 'HF_CONNECTION_LOST')).toHaveLength(1_000);
    expect(subject.is.diagnostics.requests).toMatchObject({ pending: 0, lost: 1_000 });
    expect(stage().clock.armed).toBe(1);
  });
});

describe('the id of the connect request', () => {
  it('RP-16: is never that of another request, and no other answer is a hello', async () => {
    const subject = stage().connect({ heartbeat: { mode: 'off' } });
    await subject.is.start();
    await stage().settle();
    const { claw } = stage();
    claw.challenges();
    await stage().settle();
    claw.accepts({}, 'another-id');
    claw.refuses({ code: 'INVALID_REQUEST', message: 'no' }, 'another-id');
    await stage().settle();
    expect(subject.is.status.state).toBe('starting');
    expect(claw.call.open).toBe(true);
    claw.accepts();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
    const asked = Array.from({ length: 50 }, () => outcome(subject.is.request('n')));
    await stage().settle();
    const ids = [claw.connect, ...claw.requests].map(({ id }) => id);
    expect(new Set(ids).size).toBe(51);
    claw.answers(claw.connect.id, 'late').refuses({ code: 'X', message: 'y' }, claw.connect.id);
    await stage().settle();
    expect(asked.filter(({ settled }) => settled)).toEqual([]);
    expect(subject.is.status.state).toBe('running');
  });
});
