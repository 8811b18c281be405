/**
 * The status while things go wrong: nothing in it may speak of what is gone, nothing may be told
 * twice, and nobody may read of a failure as long as something is still tried.
 */
import { describe, expect, it } from 'vitest';
import { onStage, type Subject } from './stage.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };

/** No line stands twice in a row. */
function expectNews({ lines }: Pick<Subject, 'lines'>) {
  expect(lines.filter((line, at) => line === lines[at - 1])).toEqual([]);
}

describe('the status', () => {
  it('DG-11: has no pid, no port and no connection of a process that crashed', async () => {
    const subject = stage().gateway({ process: { backoff, port: 8_123 } });
    await stage().running(subject);
    const { pid } = stage().child;
    expect(subject.is.status).toMatchObject({ process: { pid, port: 8_123 }, connection: {} });
    stage().child.exits(1);
    for (let waited = 0; waited < 1_000; waited += 250) {
      await stage().settle();
      const { status } = subject.is;
      expect(status.state).toBe('restarting');
      expect([status.process, status.connection]).toEqual([undefined, undefined]);
      expect(status.exit).toEqual({ code: 1, signal: null, expected: false });
      await stage().pass(250);
    }
    for (const { state, process, connection } of subject.statuses) {
      if (state === 'restarting')
        expect([process?.pid === pid, connection]).toEqual([false, undefined]);
    }
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running');
    expect(subject.is.status.process?.pid).not.toBe(pid);
  });

  it('DG-12: is told once for each change, and running never before the hello', async () => {
    const subject = stage().gateway({ process: { backoff } });
    let helloed = false;
    subject.is.on('status', ({ state }) => {
      if (state === 'running') expect(helloed).toBe(true);
    });
    await subject.is.start();
    for (let round = 0; round < 4; round += 1) {
      const { length } = stage().calls;
      await stage().until(() => stage().calls.length > length || round === 0);
      await stage().settle();
      stage().claw.challenges();
      await stage().until(() => stage().claw.connects.length > 0);
      expect(subject.is.status.state).not.toBe('running');
      helloed = true;
      stage().claw.accepts();
      await stage().until(() => subject.is.status.state === 'running');
      await stage().pass(20_000);
      helloed = false;
      if (round < 3) stage().claw.call.reset();
    }
    expectNews(subject);
    expect(subject.states).toEqual(
      ['starting', ...Array(4).fill(['running', 'reconnecting']).flat()].slice(0, -1),
    );
  });

  it('DG-16: forgets a failed attempt once it runs', async () => {
    const subject = stage().connect();
    let attempts = 0;
    stage().network.onCall = (call) => {
      attempts += 1;
      if (attempts === 1) call.reset();
    };
    await subject.is.start();
    await stage().until(() => attempts === 1);
    expect(subject.is.status).toMatchObject({ state: 'starting', attempt: 1 });
    expect(subject.is.status.nextRetryAt).toBe(stage().clock.wallNow() + 1_000);
    await stage().until(() => attempts === 2);
    await stage().running(subject);
    const { state, attempt, error, nextRetryAt, health } = subject.is.status;
    expect([state, attempt, error, nextRetryAt]).toEqual(['running', 0, undefined, undefined]);
    expect(health).toEqual({ state: 'healthy', reasons: [] });
  });

  it('DG-17: is never failed while another attempt is to come', async () => {
    const subject = stage().connect();
    stage().network.onCall = (call) => call.reset();
    await subject.is.start();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await stage().until(() => stage().calls.length === attempt);
      await stage().settle();
      expect(subject.is.status).toMatchObject({ state: 'starting', attempt });
      expect(subject.is.status.error).toBeUndefined();
    }
    expect(subject.states).toEqual(['starting']);
    expectNews(subject);
    stage().network.onCall = () => {};
    await stage().running(subject);
    expect(subject.states).toEqual(['starting', 'running']);
  });

  it('DG-17: of a process is failed after the last start, and not before', async () => {
    const subject = stage().supervise({ backoff, ready: { line: /up/ }, startsMax: 3 });
    await subject.is.start();
    for (let start = 1; start <= 3; start += 1) {
      await stage().until(() => stage().table.children.length === start);
      await stage().settle();
      expect(subject.is.status).toMatchObject({ state: 'starting' });
      expect(subject.is.status.error).toBeUndefined();
      stage().child.exits(1);
      await stage().settle();
    }
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
    expect(subject.states).toEqual(['starting', 'failed']);
  });
});
