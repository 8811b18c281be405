/**
 * Close codes: which end of a connection is a restart, a wait, a pairing or a mere loss, what it
 * costs the requests in flight, and that no code by itself costs a process its life.
 */
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/index.ts';
import { outcomes } from './outcomes.ts';
import { onStage } from './stage.ts';

const stage = onStage();

async function linked(link: Partial<Link> = {}) {
  const subject = stage().connect(link);
  await stage().running(subject);
  return { subject, claw: stage().claw };
}

async function owned() {
  const subject = stage().gateway();
  await stage().running(subject);
  return { subject, claw: stage().claw, child: stage().child };
}

/** An owned gateway that restarts inside its process: 1012, nobody for 15 s, then back. */
async function restarted() {
  const { subject, claw, child } = await owned();
  claw.call.close(1012, 'service restart');
  stage().network.manner = 'nobody';
  await stage().pass(15_000);
  const awayAt = stage().calls.length;
  const { state } = subject.is.status;
  stage().network.manner = 'accepts';
  stage().welcomes();
  await stage().until(() => subject.is.status.state === 'running', 5_000);
  await stage().settle();
  return { subject, child, awayAt, state };
}

describe('1012, the service restarts', () => {
  it('CC-01: is waited for, beside the same process', async () => {
    const { subject, child, awayAt, state } = await restarted();
    expect(state).toBe('reconnecting');
    expect(awayAt).toBeGreaterThan(3);
    expect(child.signals).toEqual([]);
    expect(stage().table.children).toHaveLength(1);
    expect(subject.is.status).toMatchObject({
      process: { ownership: 'owned', pid: child.pid },
      connection: { generation: 2 },
      budget: { used: 0 },
    });
    expect(subject.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
  });

  it('CC-03: leaves the process ours: a stop ends it', async () => {
    const { subject, child } = await restarted();
    const stopped = outcomes({ stop: subject.is.stop() });
    await stage().settle();
    expect(child.signals[0]).toBe('SIGTERM');
    expect(child.alive).toBe(false);
    expect(stopped).toMatchObject([['stop', { gone: true }]]);
  });

  it('CC-04: rejects what is in flight at once, and says that it is a restart', async () => {
    const { subject, claw } = await linked();
    const seen = outcomes({ wizard: subject.is.request('wizard.next') });
    await stage().settle();
    claw.call.close(1012, 'service restart');
    await stage().settle();
    expect(seen).toMatchObject([
      [
        'wizard',
        {
          code: 'HF_CONNECTION_LOST',
          delivery: 'maybe-executed',
          message: expect.stringMatching(/The gateway restarts.*service restart/),
          details: { code: 1012, method: 'wizard.next' },
        },
      ],
    ]);
    expect(subject.is.diagnostics.lastEnd?.cause).toBe('restart');
  });

  it('CC-06: announced with its time is not looked for before it, and no failure', async () => {
    const { subject, claw } = await linked({ reconnect: { attemptsMax: 1 } });
    stage().welcomes();
    claw.event('shutdown', { reason: 'config changed', restartExpectedMs: 5_000 });
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', phase: 'leaving' });
    claw.call.close(1012, 'service restart');
    await stage().pass(4_999);
    expect(stage().calls).toHaveLength(1);
    expect(subject.is.status.state).toBe('reconnecting');
    expect(subject.is.status.error).toBeUndefined();
    await stage().until(() => stage().calls.length === 2, 100);
    await stage().settle();
    expect(subject.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
    expect(subject.diagnostics.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  it('CC-18: amid attempts that fail is the one path on, and shortens the wait', async () => {
    const { subject, claw } = await linked();
    claw.call.reset();
    for (const calls of [2, 3, 4]) {
      await stage().until(() => stage().calls.length === calls, 5_000);
      await stage().settle();
      if (calls < 4) stage().claw.call.reset();
    }
    stage().claw.challenges();
    await stage().settle();
    expect(stage().claw.connects).toHaveLength(1);
    stage().claw.call.close(1012, 'service restart');
    stage().welcomes();
    await stage().pass(1_999);
    expect(stage().calls).toHaveLength(4);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(5);
    expect(subject.is.status.state).toBe('running');
    await stage().pass(50_000);
    expect(stage().calls).toHaveLength(5);
    expect(subject.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
  });
});

describe('a loss', () => {
  const ends: [number, string][] = [
    [1006, ''],
    [1000, 'done for today'],
    [1011, 'internal error'],
  ];

  it('CC-05: by 1006, 1000 or 1011 rejects what is in flight at once, with the code', async () => {
    for (const [code, reason] of ends) {
      const { subject, claw } = await linked();
      const seen = outcomes({ first: subject.is.request('a'), second: subject.is.request('b') });
      await stage().settle();
      if (code === 1006) claw.call.end();
      else claw.call.close(code, reason);
      await stage().settle();
      const cut = {
        code: 'HF_CONNECTION_LOST',
        delivery: 'maybe-executed',
        details: { code },
        message: expect.stringContaining(reason),
      };
      expect(seen).toMatchObject([
        ['first', cut],
        ['second', cut],
      ]);
      await subject.is.dispose();
    }
  });

  it('CC-10: by 1008 of a slow consumer is dialled again, and named', async () => {
    const { subject, claw } = await linked();
    stage().welcomes();
    claw.call.close(1008, 'slow consumer');
    await stage().pass(999);
    expect(subject.is.status).toMatchObject({ state: 'reconnecting', phase: 'backing-off' });
    expect(subject.is.status.line).toMatch(/slow consumer/);
    expect(subject.is.diagnostics.lastEnd).toMatchObject({
      code: 1008,
      because: expect.stringMatching(/slow consumer/),
    });
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(subject.is.status.state).toBe('running');
    expect(stage().calls).toHaveLength(2);
  });

  it('CC-11: by 1009, whoever says it, is dialled again; nobody gets what is too big', async () => {
    const { subject, claw } = await linked({ limits: { messageBytes: 1_024 } });
    const heard: string[] = [];
    subject.is.on('event', ({ name }) => heard.push(name));
    claw.event('small', { text: 'x' }).event('big', { text: 'x'.repeat(2_000) });
    claw.event('after', {});
    await stage().settle();
    expect(heard).toEqual(['small']);
    expect(claw.call.log.words).toContain('close 1009');
    expect(claw.call.endedBy).toBe('client close');
    expect(subject.is.diagnostics.lastEnd).toMatchObject({ code: 1009, cause: 'lost' });
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 1_000);
    stage().claw.call.close(1009, 'your frame is too big');
    await stage().settle();
    expect(subject.is.status.state).toBe('reconnecting');
    await stage().until(() => subject.is.status.state === 'running', 2_000);
    expect(heard).toEqual(['small']);
    expect(stage().calls).toHaveLength(3);
  });
});

describe('a peer that is not ready', () => {
  it('CC-08: says 1013, gets its time, and its process is left alone', async () => {
    const { subject, claw, child } = await owned();
    claw.call.close(1013, 'gateway starting');
    await stage().settle();
    await subject.is.retryNow();
    await stage().pass(499);
    expect(stage().calls).toHaveLength(1);
    await stage().pass(1);
    expect(stage().calls).toHaveLength(2);
    for (const calls of [3, 4, 5, 6]) {
      stage().claw.challenges();
      await stage().settle();
      stage().claw.call.close(1013, 'gateway starting');
      await stage().until(() => stage().calls.length === calls, 20_000);
      await stage().settle();
    }
    expect(subject.is.status.state).toBe('reconnecting');
    expect([child.signals, stage().table.children.length]).toEqual([[], 1]);
    stage().claw.challenges();
    await stage().settle();
    stage().claw.accepts();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', process: { pid: child.pid } });
  });

  it('CC-09: says 1008 before hello that it wants a pairing: a pause, no failure', async () => {
    const subject = stage().connect();
    await subject.is.start();
    await stage().settle();
    const { claw } = stage();
    claw.challenges();
    await stage().settle();
    const ready = outcomes({ ready: subject.is.ready() });
    claw.call.close(1008, 'pairing required: not approved yet (requestId: req-7)');
    await stage().settle();
    expect(subject.is.status).toMatchObject({
      state: 'starting',
      phase: 'paused',
      error: { code: 'HF_PAIRING' },
    });
    expect(subject.is.status.line).toMatch(/request req-7.*waiting for somebody to approve/);
    expect(ready).toMatchObject([['ready', { code: 'HF_PAIRING' }]]);
    await stage().pass(29_999);
    expect(stage().calls).toHaveLength(1);
    stage().welcomes();
    await stage().pass(1);
    expect(subject.is.status.state).toBe('running');
    expect(stage().calls).toHaveLength(2);
  });
});
