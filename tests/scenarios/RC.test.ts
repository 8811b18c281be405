/**
 * Whether a link dials again at all: who may shorten a wait or end it, what gives up for good,
 * and that a loss is counted once. After a stop or a refusal that only a person can cure there
 * must never be another socket.
 */
import { describe, expect, it } from 'vitest';
import { type Connection, type Link, openclaw } from '../../src/index.ts';
import { onStage, type Subject } from './stage.ts';
import { dialling, outcome } from './watch.ts';

const stage = onStage();

/** A link that was started; what a dial meets is `manner`. */
async function started(link: Partial<Link> = {}, manner: 'accepts' | 'nobody' = 'accepts') {
  const dials = dialling(stage());
  stage().network.manner = manner;
  const subject = stage().connect({ transport: dials.transport, ...link });
  await subject.is.start();
  await stage().settle();
  return { subject, dials };
}

/** A link whose hello was accepted. */
async function running(link: Partial<Link> = {}) {
  const dials = dialling(stage());
  const { subject } = await stage().running(
    stage().connect({ transport: dials.transport, ...link }),
  );
  return { subject, dials, claw: stage().claw };
}

/** In the wait after so many failures; whoever dials from now on is let in. */
async function waiting(failures: number) {
  const { subject, dials } = await started({}, 'nobody');
  await stage().until(() => dials.at.length === failures && subject.is.status.attempt === failures);
  stage().network.manner = 'accepts';
  return { subject, dials };
}

describe('giving up', () => {
  const reconnect = { attemptsMax: 10 };

  it('RC-02: follows the tenth failure, with its reason and without a timer', async () => {
    const { subject, dials } = await started({ reconnect }, 'nobody');
    const ready = outcome(subject.is.ready({ timeoutMs: 1_000_000 }));
    await stage().pass(150_999);
    expect([dials.at.length, subject.is.status.state]).toEqual([9, 'starting']);
    await stage().pass(1);
    expect([dials.at.length, subject.is.status.state]).toEqual([10, 'failed']);
    expect(subject.is.status.error?.code).toBe('HF_EXHAUSTED');
    expect(ready.error?.code).toBe('HF_EXHAUSTED');
    expect(ready.error?.message).toContain('ECONNREFUSED');
    expect(stage().clock.armed).toBe(0);
    await stage().pass(600_000);
    expect(dials.at).toHaveLength(10);
  });

  it('RC-03: ends with a start of the host, which has every attempt again', async () => {
    const { subject, dials } = await started({ reconnect }, 'nobody');
    await stage().until(() => subject.is.status.state === 'failed');
    const gaveUpAt = stage().clock.now();
    await subject.is.start();
    await stage().settle();
    expect(dials.at.at(-1)).toBe(gaveUpAt);
    expect(subject.is.status).toMatchObject({ state: 'starting', attempt: 1 });
    expect(subject.is.status).not.toHaveProperty('error');
    await stage().until(() => dials.at.length === 12);
    expect(dials.waits.at(-1)).toBe(1_000);
    await stage().until(() => subject.is.status.state === 'failed');
    expect(dials.at).toHaveLength(20);
  });

  it('RC-24: is told once where a link may try only once', async () => {
    const { subject, dials } = await started({ reconnect: { attemptsMax: 1 } }, 'nobody');
    expect(subject.is.status.error?.code).toBe('HF_EXHAUSTED');
    expect(stage().clock.armed).toBe(0);
    await stage().pass(3_600_000);
    expect(dials.at).toHaveLength(1);
    expect(subject.statuses.filter(({ state }) => state === 'failed')).toHaveLength(1);
  });
});

describe('while a timer is armed', () => {
  it('RC-04: another end of the same socket moves nothing and is not told', async () => {
    const { subject, dials } = await running();
    const [ears] = dials.heard;
    if (ears === undefined) throw new Error('nobody has dialled');
    ears.closed({ code: 1006, reason: '' });
    ears.closed({ code: 1011, reason: 'the same end, told differently' });
    await stage().settle();
    const { nextRetryAt, line } = subject.is.status;
    const { lastEnd } = subject.is.diagnostics;
    expect(nextRetryAt).toBe(stage().clock.wallNow() + 1_000);
    await stage().pass(600);
    ears.frame('{"type":"event","event":"late"}');
    ears.closed({ code: 1012, reason: 'and once more' });
    await stage().settle();
    expect(stage().clock.armed).toBe(1);
    expect(subject.is.status).toMatchObject({ state: 'reconnecting', nextRetryAt, line });
    expect(subject.is.diagnostics.lastEnd).toEqual(lastEnd);
    expect(lastEnd).toMatchObject({ code: 1006 });
    await stage().pass(399);
    expect(dials.at).toHaveLength(1);
    await stage().pass(1);
    expect(dials.at).toHaveLength(2);
  });

  it('RC-06: a start dials now, and what was armed never fires', async () => {
    const { subject, dials } = await waiting(5);
    stage().welcomes();
    await stage().pass(1_000);
    expect(dials.at).toHaveLength(5);
    await subject.is.start();
    await stage().settle();
    expect(dials.at).toHaveLength(6);
    expect(dials.at.at(-1)).toBe(stage().clock.now());
    expect(subject.is.status.state).toBe('running');
    await stage().pass(120_000);
    expect(dials.at).toHaveLength(6);
  });

  it('RC-22: news of a network is worth one early attempt, however often it comes', async () => {
    const { subject, dials } = await waiting(6);
    stage().network.manner = 'hangs';
    await stage().pass(10_000);
    for (let n = 0; n < 3; n += 1) void subject.is.retryNow();
    await stage().pass(50);
    await subject.is.retryNow();
    await stage().settle();
    expect(dials.at).toHaveLength(7);
    expect(dials.waits.at(-1)).toBe(10_000);
    // this one hangs for 10 s, and the wait after it is of 30 s: the old timer was due between
    await stage().pass(39_949);
    expect(dials.at).toHaveLength(7);
    await stage().pass(1);
    expect(dials.at).toHaveLength(8);
  });
});

describe('a process that crashes before its link is through', () => {
  it('RC-14: is no success, and its failures are counted on', async () => {
    const backoff = { firstMs: 1_000, jitter: 0 };
    const subject = stage().gateway({ process: { backoff } });
    const readies: unknown[] = [];
    subject.is.on('ready', (status) => readies.push(status));
    await subject.is.start();
    const ready = outcome(subject.is.ready());
    await stage().settle();
    const first = stage().claw;
    stage().child.exits(1);
    await stage().settle();
    expect(first.call.endedBy).toBe('client close');
    expect(subject.is.status.budget?.used).toBe(1);
    await subject.is.retryNow();
    await stage().settle();
    expect([stage().table.children.length, stage().calls.length]).toEqual([2, 2]);
    first.challenges();
    stage().child.exits(1);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ attempt: 2, budget: { used: 2 } });
    expect([ready.settled, readies.length]).toEqual([false, 0]);
    await stage().pass(1_999);
    expect(stage().table.children).toHaveLength(2);
    await stage().pass(1);
    expect(stage().table.children).toHaveLength(3);
    expect(subject.states).not.toContain('running');
    stage().claw.challenges();
    await stage().settle();
    stage().claw.accepts();
    await stage().settle();
    expect(ready.value?.state).toBe('running');
    expect(readies).toHaveLength(1);
    expect(subject.is.status.attempt).toBe(0);
  });
});

describe('a socket that drops', () => {
  it('RC-15: settles its requests at once, and none goes out again on the next one', async () => {
    const { subject, claw } = await running();
    const cut = ['one', 'two'].map((method) => outcome(subject.is.request(method)));
    await stage().settle();
    expect(claw.requests.map(({ method }) => method)).toEqual(['one', 'two']);
    const droppedAt = stage().clock.now();
    claw.call.reset();
    await stage().settle();
    expect(stage().clock.now()).toBe(droppedAt);
    for (const { error } of cut) {
      expect(error).toMatchObject({ code: 'HF_CONNECTION_LOST', delivery: 'maybe-executed' });
    }
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running');
    const next = outcome(subject.is.request('three'));
    await stage().settle();
    const [only, ...more] = stage().claw.requests;
    expect([only?.method, more]).toEqual(['three', []]);
    stage().claw.answers(only?.id ?? '', 'well');
    await stage().settle();
    expect(next.value).toBe('well');
  });
});

describe('never again by itself', () => {
  it('RC-05: after a stop, also when the socket is lost on the way', async () => {
    const { subject, dials, claw } = await running();
    claw.call.stall();
    const stopped = outcome(subject.is.stop());
    await stage().pass(100);
    expect(stopped.settled).toBe(false);
    claw.call.reset();
    await stage().settle();
    expect(stopped.value?.gone).toBe(true);
    dials.heard[0]?.closed({ code: 1006, reason: '' });
    await stage().pass(600_000);
    expect(dials.at).toHaveLength(1);
    expect(subject.is.status.state).toBe('stopped');
    expect(subject.is.status.because).toMatch(/^you asked/);
    expect(subject.states.slice(-2)).toEqual(['stopping', 'stopped']);
  });

  const details = (code: string) => ({ code: 'INVALID_REQUEST', details: { code } });
  const refuses = (error: object) => async () => {
    stage().claw.refuses({ message: 'no', ...error });
  };
  type End = (subject: Subject<Connection>) => Promise<unknown>;
  const ends: [what: string, end: End, seen: object, link?: Partial<Link>][] = [
    ['wrong credentials', refuses(details('AUTH_TOKEN_MISMATCH')), { phase: 'paused' }],
    [
      'a refusal of a later version',
      refuses(details('AUTH_PAIRING_REJECTED')),
      {
        phase: 'paused',
      },
    ],
    [
      'a node that nobody has paired',
      refuses({ code: 'NOT_PAIRED', details: { code: 'PAIRING_REQUIRED', requestId: 'r1' } }),
      { phase: 'paused' },
      { protocol: openclaw({ role: 'node' }) },
    ],
    ['another protocol', refuses(details('PROTOCOL_MISMATCH')), { state: 'failed' }],
    ['a device that is not believed', refuses(details('DEVICE_AUTH_INVALID')), { state: 'failed' }],
    ['a stop', (subject) => subject.is.stop(), { state: 'stopped' }],
    ['a disposal', (subject) => subject.is.dispose(), { state: 'disposed' }],
  ];
  for (const [what, end, seen, link = {}] of ends) {
    it(`RC-18: after ${what} in the middle of the handshake`, async () => {
      const { subject, dials } = await started(link);
      stage().claw.challenges();
      await stage().settle();
      expect(stage().claw.connects).toHaveLength(1);
      void end(subject);
      await stage().pass(3_600_000);
      expect(subject.is.status).toMatchObject(seen);
      expect([dials.at.length, stage().clock.armed]).toEqual([1, 0]);
    });
  }

  it('RC-20: when authorize says no after the wait: there is not even a socket', async () => {
    const answers = [true, false];
    const { subject, dials, claw } = await running({ authorize: () => answers.shift() ?? true });
    claw.call.reset();
    await stage().pass(999);
    expect(answers).toHaveLength(1);
    await stage().pass(1);
    expect(answers).toHaveLength(0);
    expect(dials.at).toHaveLength(1);
    expect(subject.is.status).toMatchObject({
      state: 'failed',
      error: { code: 'HF_UNAUTHORISED' },
    });
    await stage().pass(600_000);
    expect(dials.at).toHaveLength(1);
  });
});
