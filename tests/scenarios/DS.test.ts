/**
 * Dispose and stop: what they end, in which order, and what may still happen afterwards, which is
 * nothing. Each test stops at one moment of a start, a connection or a process; it must never
 * call something stopped that still holds a socket, a process or a timer.
 */
import { describe, expect, it } from 'vitest';
import type { Connected, Plan, Transport } from '../../src/index.ts';
import { outcomes } from './outcomes.ts';
import { onStage } from './stage.ts';

const stage = onStage();

/** A plan that is asked and does not answer before it is told to. */
function slowPlan() {
  const answers: (() => void)[] = [];
  const plan = () =>
    new Promise<Plan>((resolve) => {
      answers.push(() => resolve({ command: ['service'] }));
    });
  return { plan, answers };
}

/** Up, with a process that takes a second to obey SIGTERM. */
async function slowToEnd() {
  const { child } = await running(stage().supervise());
  child.habits = { ...child.habits, onTerminate: 'ignores' };
  child.onSignal = (signal) => {
    if (signal === 'SIGTERM') stage().clock.setTimeout(() => child.exits(0), 1_000);
  };
  return child;
}

async function running(subject: ReturnType<ReturnType<typeof stage>['supervise']>) {
  await stage().running(subject);
  return { subject, child: stage().child };
}

/** Running, past hello. */
async function linked(subject = stage().connect()) {
  await stage().running(subject);
  return { subject, claw: stage().claw };
}

describe('dispose', () => {
  it('DS-01: eight at once tear down once, as patiently as one, and all return', async () => {
    const child = await slowToEnd();
    const { is, statuses } = onlySubject();
    const ends = outcomes(
      Object.fromEntries(Array.from({ length: 8 }, (_, n) => [n, is.dispose()])),
    );
    await stage().pass(999);
    expect(child.signals).toEqual(['SIGTERM']);
    expect(ends).toEqual([]);
    await stage().pass(1);
    expect(ends).toHaveLength(8);
    expect(new Set(ends.map(([, end]) => JSON.stringify(end))).size).toBe(1);
    expect(ends[0]?.[1]).toMatchObject({ gone: true });
    expect(child.signals.filter((signal) => signal === 'SIGTERM')).toHaveLength(1);
    expect(is.status.state).toBe('disposed');
    expect(statuses.filter(({ state }) => state === 'disposed')).toHaveLength(1);
  });

  it('DS-02: a teardown that throws is told, and everything is gone all the same', async () => {
    const transport: Transport = (target, events) => {
      const handle = stage().network.transport(target, events);
      const reset = () => {
        handle.reset();
        throw new Error('the reset failed');
      };
      return {
        send: handle.send.bind(handle),
        ping: () => handle.ping(),
        close: (code, reason) => handle.close(code, reason),
        reset,
        bufferedBytes: 0,
      };
    };
    const subject = stage().gateway({ link: { transport } });
    await stage().running(subject);
    const { child, claw } = stage();
    subject.is.on('exit', () => {
      throw new Error('the exit listener failed');
    });
    expect(await subject.is.dispose()).toMatchObject({ gone: true });
    await stage().settle();
    expect(subject.is.status.state).toBe('disposed');
    expect(claw.call.endedBy).toBe('client reset');
    expect([child.alive, stage().clock.armed]).toEqual([false, 0]);
    const told = subject.diagnostics.map(({ message }) => message).join('\n');
    expect(told).toMatch(/the reset failed/);
    expect(told).toMatch(/listener of "exit" failed: the exit listener failed/);
  });

  it('DS-03: an observer that throws takes the news from no other, and stops nothing', async () => {
    const { subject, claw } = await linked();
    const heard: string[] = [];
    subject.is.on('status', ({ state }) => {
      throw new Error(`first observer, ${state}`);
    });
    subject.is.on('status', ({ state }) => heard.push(state));
    expect(await subject.is.dispose()).toMatchObject({ gone: true });
    await stage().settle();
    expect(heard.at(-1)).toBe('disposed');
    expect(claw.call.endedBy).toBe('client reset');
    const told = subject.diagnostics.filter(({ message }) => /first observer/.test(message));
    expect(told).toHaveLength(heard.length);
  });

  it('DS-04: amid a dial resets the socket, and what opens later is not noticed', async () => {
    const { network } = stage();
    network.manner = 'waits';
    const subject = stage().connect();
    await subject.is.start();
    await stage().settle();
    const { call } = stage().claw;
    expect(call.pending).toBe(true);
    const gone = subject.is.dispose();
    await stage().settle();
    expect(call.endedBy).toBe('client reset');
    const told = subject.statuses.length;
    call.accept();
    stage().claw.challenges();
    await stage().pass(60_000);
    expect(await gone).toMatchObject({ gone: true });
    expect(call.frames).toEqual([]);
    expect(network.alive).toBe(0);
    expect(subject.statuses).toHaveLength(told);
    expect(subject.states).not.toContain('running');
  });

  it('DS-05: amid a welcome that waits ends what the welcome was for', async () => {
    const subject = stage().connect({ heartbeat: stage().misses });
    let finish = () => {};
    let welcomed: Connected | undefined;
    let late: Promise<unknown> = Promise.resolve();
    subject.is.onConnected(async (connected) => {
      welcomed = connected;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      late = connected.request('subscribe').catch((error) => error);
    });
    const { claw } = await linked(subject);
    expect(welcomed?.signal.aborted).toBe(false);
    await subject.is.dispose();
    expect(welcomed?.signal.aborted).toBe(true);
    finish();
    await stage().pass(120_000);
    expect(await late).toMatchObject({ code: 'HF_NOT_CONNECTED', delivery: 'not-sent' });
    expect(claw.requests).toEqual([]);
    expect(claw.call.log.words).not.toContain('ping');
    expect(stage().calls).toHaveLength(1);
  });

  it('DS-06: amid a wait never dials again', async () => {
    const { subject, claw } = await linked();
    claw.call.reset();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'reconnecting', phase: 'backing-off' });
    const gone = outcomes({ dispose: subject.is.dispose() });
    await stage().pass(600_000);
    expect(stage().calls).toHaveLength(1);
    expect(gone).toMatchObject([['dispose', { gone: true }]]);
    expect(stage().clock.armed).toBe(0);
  });

  it('DS-07: makes every verb say so, and none of them opens anything', async () => {
    const subject = stage().gateway();
    await stage().running(subject);
    const { is } = subject;
    await is.dispose();
    const disposed = { code: 'HF_DISPOSED' };
    await expect(is.start()).rejects.toMatchObject(disposed);
    await expect(is.restart()).rejects.toMatchObject(disposed);
    await expect(is.retryNow()).rejects.toMatchObject(disposed);
    await expect(is.resume()).rejects.toMatchObject(disposed);
    await expect(is.retarget({ url: 'ws://127.0.0.1:1' })).rejects.toMatchObject(disposed);
    await expect(is.ready()).rejects.toMatchObject(disposed);
    await expect(is.nextReady()).rejects.toMatchObject(disposed);
    const notSent = { code: 'HF_NOT_CONNECTED', delivery: 'not-sent' };
    await expect(is.request('health')).rejects.toMatchObject(notSent);
    expect(is.send('x')).toBe('refused');
    await stage().pass(600_000);
    expect([stage().calls.length, stage().table.children.length]).toEqual([1, 1]);
    expect(subject.states.at(-1)).toBe('disposed');
  });

  it('DS-08: cuts off what still waits to be written, without an alarm', async () => {
    const alarms: string[] = [];
    const quiet = () => {};
    const error = (_fields: object, message: string) => alarms.push(message);
    const logger = { debug: quiet, info: quiet, warn: quiet, error };
    const { subject, claw } = await linked(stage().connect({}, { logger }));
    claw.call.stall();
    expect(subject.is.send('x'.repeat(300_000))).toBe('sent');
    const waiting = outcomes({ queued: subject.is.request('slow') });
    expect(subject.is.send('more')).toBe('queued');
    void subject.is.dispose();
    await stage().settle();
    expect(waiting).toMatchObject([['queued', { code: 'HF_CONNECTION_LOST' }]]);
    expect(subject.is.send('late')).toBe('refused');
    const late = subject.is.request('late');
    await expect(late).rejects.toMatchObject({ code: 'HF_NOT_CONNECTED', delivery: 'not-sent' });
    await stage().pass(60_000);
    expect(claw.frames).toHaveLength(1);
    expect(alarms).toEqual([]);
    expect(subject.diagnostics.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('stop during a start', () => {
  it('DS-09: amid the plan stays stopped when the plan comes, until the next start', async () => {
    const { plan, answers } = slowPlan();
    const subject = stage().supervise({ plan });
    await subject.is.start();
    await stage().settle();
    expect(answers).toHaveLength(1);
    expect(await subject.is.stop()).toMatchObject({ gone: true });
    answers[0]?.();
    await stage().pass(600_000);
    expect(stage().table.children).toEqual([]);
    expect(subject.is.status).toMatchObject({ state: 'stopped', intent: 'unwanted' });
    await subject.is.start();
    await stage().settle();
    answers[1]?.();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
    expect(stage().table.alive).toBe(1);
  });

  it('DS-11: and a start at once afterwards end with one process, up', async () => {
    const { plan, answers } = slowPlan();
    const planned = stage().supervise({ plan });
    await planned.is.start();
    await stage().settle();
    const first = outcomes({ stop: planned.is.stop() });
    await planned.is.start();
    await stage().settle();
    for (const answer of answers) answer();
    await stage().settle();
    expect(planned.is.status.state).toBe('running');
    expect(stage().table.children).toHaveLength(1);
    expect(first).toHaveLength(1);
    await planned.is.dispose();

    stage().table.habits = { onTerminate: 'ignores' };
    const { subject, child } = await running(stage().supervise());
    const second = outcomes({ stop: subject.is.stop() });
    await subject.is.start();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'stopping', intent: 'wanted' });
    await stage().pass(4_999);
    expect([child.alive, stage().table.alive]).toEqual([true, 1]);
    await stage().pass(1);
    expect(subject.is.status.state).toBe('running');
    expect([child.alive, stage().table.alive]).toEqual([false, 1]);
    expect(second).toMatchObject([['stop', { how: expect.stringMatching(/superseded/) }]]);
  });

  it('DS-12: amid the spawn waits for the child, and kills it when it appears', async () => {
    stage().table.habits = { spawns: 'when told' };
    const subject = stage().supervise();
    await subject.is.start();
    await stage().settle();
    const { child } = stage();
    const stopped = outcomes({ stop: subject.is.stop() });
    await stage().pass(1_000);
    expect(stopped).toEqual([]);
    child.spawned();
    await stage().settle();
    expect(child.signals[0]).toBe('SIGKILL');
    expect([child.alive, stage().table.alive]).toEqual([false, 0]);
    expect(stopped).toMatchObject([['stop', { gone: true }]]);
    expect(subject.is.status.state).toBe('stopped');
    await stage().pass(600_000);
    expect(stage().table.children).toHaveLength(1);
  });

  it('DS-13: amid the handshake takes no hello that is late', async () => {
    const subject = stage().connect({ heartbeat: stage().misses });
    await subject.is.start();
    await stage().settle();
    const { claw } = stage();
    claw.challenges();
    await stage().settle();
    expect(claw.connects).toHaveLength(1);
    const stopped = outcomes({ stop: subject.is.stop() });
    claw.accepts();
    await stage().pass(300_000);
    expect(claw.call.endedBy).toBe('client close');
    expect(claw.call.log.words).toContain('close 1000 closed by the client');
    expect(claw.call.log.words).not.toContain('ping');
    expect(subject.states).toEqual(['starting', 'stopping', 'stopped']);
    expect(stopped).toMatchObject([['stop', { gone: true }]]);
    expect(stage().calls).toHaveLength(1);
  });
});

describe('stop', () => {
  it('DS-20: when stopped says nothing new and sends nothing', async () => {
    const child = await slowToEnd();
    const { is, statuses } = onlySubject();
    const stopped = is.stop();
    await stage().pass(1_000);
    expect(await stopped).toMatchObject({ gone: true });
    const { status } = is;
    const [told, signals] = [statuses.length, child.signals.length];
    expect(status.line).toMatch(/gone after 1/);
    for (const _ of [1, 2, 3]) {
      expect(await is.stop()).toMatchObject({ gone: true });
      await stage().pass(5_000);
    }
    expect(is.status).toBe(status);
    expect([statuses.length, child.signals.length]).toEqual([told, signals]);
  });

  it('DS-21: twice at once is one close, one ladder, and both resolve', async () => {
    stage().table.habits = { onTerminate: 'ignores' };
    const subject = stage().gateway();
    await stage().running(subject);
    const { child, claw } = stage();
    const first = outcomes({ stop: subject.is.stop() });
    await stage().pass(1_000);
    const second = outcomes({ stop: subject.is.stop() });
    await stage().pass(3_999);
    expect(child.signals).toEqual(['SIGTERM']);
    expect([...first, ...second]).toEqual([]);
    await stage().pass(1);
    const resolved = ['stop', expect.objectContaining({ gone: true })];
    expect([...first, ...second]).toEqual([resolved, resolved]);
    expect(child.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    expect(child.signals.filter((signal) => signal === 'SIGTERM')).toHaveLength(1);
    expect(claw.call.log.words.filter((word) => word.startsWith('close'))).toHaveLength(1);
    expect(subject.states).toEqual(['starting', 'running', 'stopping', 'stopped']);
  });

  it('DS-22: settles three requests before itself, none of them later', async () => {
    const { subject } = await linked();
    const seen = outcomes({
      one: subject.is.request('one'),
      two: subject.is.request('two', {}, { timeoutMs: 1_000 }),
      three: subject.is.request('three'),
      stop: subject.is.stop(),
    });
    await stage().settle();
    const cut = { code: 'HF_CONNECTION_LOST', message: expect.stringMatching(/we closed the con/) };
    expect(seen).toMatchObject([
      ['one', cut],
      ['two', cut],
      ['three', cut],
      ['stop', { gone: true }],
    ]);
    await stage().pass(60_000);
    expect(seen).toHaveLength(4);
    expect(subject.is.diagnostics.requests).toMatchObject({ pending: 0, lastFailureAt: null });
  });

  it('DS-24: kills after 5 s who is deaf to SIGTERM, and tells its exit once', async () => {
    stage().table.habits = { onTerminate: 'ignores' };
    const { subject, child } = await running(stage().supervise());
    const exits: unknown[] = [];
    subject.is.on('exit', (exit) => exits.push(exit));
    const stopped = outcomes({ stop: subject.is.stop() });
    await stage().pass(4_999);
    expect([child.signals, stopped]).toEqual([['SIGTERM'], []]);
    await stage().pass(1);
    expect(child.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    expect(stopped).toMatchObject([['stop', { gone: true }]]);
    await stage().pass(60_000);
    expect(exits).toMatchObject([{ pid: child.pid, signal: 'SIGKILL', expected: true }]);
  });

  it('DS-30: from a listener, in the very moment of running, ends it all', async () => {
    const subject = stage().gateway();
    const stops: Promise<unknown>[] = [];
    subject.is.on('status', ({ state }) => {
      if (state === 'running') stops.push(subject.is.stop());
    });
    stage().welcomes();
    await subject.is.start();
    await stage().until(() => subject.states.includes('running'));
    await stage().pass(60_000);
    expect(subject.states).toEqual(['starting', 'running', 'stopping', 'stopped']);
    expect([stage().network.alive, stage().table.alive, stage().clock.armed]).toEqual([0, 0, 0]);
    expect([stage().calls.length, stage().table.children.length]).toEqual([1, 1]);
    expect(await Promise.all(stops)).toMatchObject([{ gone: true }]);
  });
});

function onlySubject() {
  const [subject] = stage().subjects;
  if (subject === undefined) throw new Error('nobody is on stage');
  return subject;
}
