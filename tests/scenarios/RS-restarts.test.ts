/**
 * A restart that meets something: another restart, a start, a stop, a failure, a restart that the
 * peer had announced itself. Whoever asked gets one answer, which is true; it must never be a
 * process that has read an older configuration.
 */
import { describe, expect, it } from 'vitest';
import type { CommonOptions, ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };

/** A service that is ready when its process says so; each process has asked for its plan. */
async function begun(more: Partial<ProcessOptions> = {}, common: CommonOptions = {}) {
  const plans: string[] = [];
  const plan = ({ because }: { because: string }) => {
    plans.push(because);
    return { command: ['service'] as const };
  };
  const options = { plan, backoff, ready: { line: /up/ }, ...more };
  const subject = stage().supervise(options, { cooldownMs: 0, ...common });
  await subject.is.start();
  await stage().settle();
  return { subject, plans };
}

/** The newest process is ready. */
async function up() {
  stage().child.says('up');
  await stage().settle();
}

async function running(more: Partial<ProcessOptions> = {}, common: CommonOptions = {}) {
  const made = await begun(more, common);
  await up();
  expect(made.subject.is.status.state).toBe('running');
  return made;
}

/** A gateway of ours, past hello. */
async function linked(options: Parameters<ReturnType<typeof stage>['gateway']>[0] = {}) {
  const subject = stage().gateway(options);
  await stage().running(subject);
  return { subject, claw: stage().claw, child: stage().child };
}

const spawned = () => stage().table.children.length;

describe('a restart', () => {
  it('RS-01: ends the old process, then starts one new one, and counts once', async () => {
    const { subject } = await running();
    const { child } = stage();
    const asked = outcome(subject.is.restart({ because: 'new settings' }));
    await stage().settle();
    expect(child.signals[0]).toBe('SIGTERM');
    expect([child.alive, spawned()]).toEqual([false, 2]);
    await up();
    expect(asked.value).toEqual({
      outcome: 'replaced',
      cause: 'new settings',
      pidBefore: child.pid,
      pidAfter: stage().child.pid,
    });
    expect(subject.states).toEqual(['starting', 'running', 'restarting', 'running']);
    const restarts = subject.metrics.filter(({ name }) => name === 'restart');
    expect(restarts).toMatchObject([{ attributes: { by: 'user', outcome: 'replaced' } }]);
    expect(subject.is.status.budget?.used).toBe(0);
  });

  it('RS-02: joins the one whose old process is still ending', async () => {
    stage().table.habits = { onTerminate: 'ignores' };
    const { subject, plans } = await running();
    const asked = [outcome(subject.is.restart())];
    await stage().pass(4_999);
    asked.push(outcome(subject.is.restart({ because: 'me too' })));
    await stage().pass(1);
    expect(asked.map(({ settled }) => settled)).toEqual([false, false]);
    await up();
    expect(asked.map(({ value }) => value?.outcome)).toEqual(['replaced', 'joined']);
    expect(asked.map(({ value }) => value?.pidAfter)).toEqual(Array(2).fill(stage().child.pid));
    await stage().pass(60_000);
    expect([plans.length, spawned()]).toEqual([2, 2]);
  });

  it('RS-03: comes once more when the new process has read its plan already', async () => {
    const { subject, plans } = await running();
    const asked = [outcome(subject.is.restart())];
    await stage().settle();
    expect([plans.length, subject.is.status.phase]).toEqual([2, 'awaiting-ready']);
    asked.push(outcome(subject.is.restart({ because: 'newer settings' })));
    await up();
    expect(asked.map(({ settled }) => settled)).toEqual([true, false]);
    await stage().pass(1);
    await up();
    expect(asked[1]?.value).toMatchObject({ outcome: 'replaced', pidAfter: stage().child.pid });
    expect([plans.length, spawned()]).toEqual([3, 3]);
  });

  it('RS-04: waits for the start in progress, and comes then', async () => {
    const { subject, plans } = await begun();
    const first = stage().child;
    const asked = outcome(subject.is.restart({ by: 'host' }));
    await stage().pass(60_000);
    expect([first.signals, plans.length, asked.settled]).toEqual([[], 1, false]);
    await up();
    expect([first.signals[0], plans.length]).toEqual(['SIGTERM', 2]);
    await up();
    expect(asked.value).toMatchObject({ outcome: 'replaced', pidAfter: stage().child.pid });
  });

  it('RS-06: asked for three times during a start is one', async () => {
    const { subject, plans } = await begun();
    const asked = ['a', 'b', 'c'].map((because) => outcome(subject.is.restart({ because })));
    await stage().settle();
    expect(subject.is.status.pending.map(({ because }) => because)).toEqual(['a', 'b', 'c']);
    await up();
    await up();
    expect(asked.map(({ value }) => value?.outcome)).toEqual(['replaced', 'joined', 'joined']);
    await stage().pass(60_000);
    expect(plans).toHaveLength(2);
  });

  it('RS-07: that waits for a start is dropped by a stop, for good', async () => {
    const { subject, plans } = await begun();
    const asked = outcome(subject.is.restart());
    await stage().settle();
    await subject.is.stop();
    await stage().settle();
    expect(asked.value).toMatchObject({ outcome: 'superseded' });
    await subject.is.start();
    await stage().settle();
    await up();
    await stage().pass(60_000);
    expect([plans.length, subject.is.status.pending]).toEqual([2, []]);
  });

  it('RS-08: that waits comes also where nothing is dialled again by itself', async () => {
    const { subject } = await linked({
      cooldownMs: 60_000,
      link: { reconnect: { attemptsMax: 1 } },
    });
    stage().welcomes();
    const first = outcome(subject.is.restart());
    await stage().until(() => first.settled, 60_000);
    const waits = outcome(subject.is.restart({ by: 'host' }));
    await stage().settle();
    stage().claw.call.reset();
    await stage().until(() => subject.is.status.state === 'failed', 50_000);
    expect([spawned(), waits.settled]).toEqual([2, false]);
    await stage().until(() => waits.settled, 60_000);
    expect(waits.value).toMatchObject({ outcome: 'replaced', pidAfter: stage().child.pid });
    expect([spawned(), subject.is.status.state]).toEqual([3, 'running']);
  });

  it('RS-16: that succeeds dials once, and plans no other attempt', async () => {
    const { subject, claw } = await linked();
    stage().welcomes();
    const asked = outcome(subject.is.restart());
    await stage().until(() => asked.settled, 60_000);
    expect(asked.value).toMatchObject({ outcome: 'replaced' });
    expect([claw.call.endedBy, stage().calls.length]).toEqual(['client close', 2]);
    await stage().pass(600_000);
    expect([stage().calls.length, spawned()]).toEqual([2, 2]);
    expect(subject.states).toEqual(['starting', 'running', 'restarting', 'running']);
  });

  it('RS-17: and one that the peer announced at that moment replace it once', async () => {
    const { subject, claw, child } = await linked();
    stage().table.habits = {};
    child.habits = { ...child.habits, onTerminate: 'ignores' };
    stage().welcomes();
    claw.call.close(1012, 'service restart');
    const asked = [outcome(subject.is.restart())];
    await stage().pass(1_000);
    expect(child.signals).toEqual(['SIGTERM']);
    asked.push(outcome(subject.is.restart({ by: 'host' })));
    await stage().until(() => asked.every(({ settled }) => settled), 60_000);
    expect(asked.map(({ value }) => value?.outcome)).toEqual(['replaced', 'joined']);
    await stage().pass(600_000);
    expect([spawned(), subject.is.status.state]).toEqual([2, 'running']);
  });
});

describe('a restart that fails', () => {
  it('RS-15: in passing is tried again, and its promise waits; for good it rejects', async () => {
    const { subject, plans } = await running();
    const asked = outcome(subject.is.restart());
    await stage().settle();
    stage().child.exits(1);
    await stage().settle();
    expect([subject.is.status.phase, asked.settled]).toEqual(['backing-off', false]);
    await stage().pass(1_000);
    await up();
    expect(asked.value).toMatchObject({ outcome: 'replaced', pidAfter: stage().child.pid });
    expect(plans).toHaveLength(3);
    const doomed = outcome(subject.is.restart());
    for (const waitMs of [0, 60_000, 60_000]) {
      await stage().pass(waitMs);
      stage().child.exits(1);
      await stage().settle();
    }
    expect(doomed.error).toMatchObject({ code: 'HF_EXHAUSTED' });
    expect(subject.is.status.state).toBe('failed');
  });

  it('RS-20: is none for what had been asked for before: it comes where all was lost', async () => {
    const { subject, plans } = await begun({ startsMax: 1 });
    const asked = outcome(subject.is.restart({ by: 'host' }));
    await stage().settle();
    expect([plans.length, asked.settled]).toEqual([1, false]);
    stage().child.exits(1);
    await stage().settle();
    await stage().until(() => plans.length === 2, 60_000);
    await stage().settle();
    await up();
    expect(subject.is.status.state).toBe('running');
    expect(plans).toHaveLength(2);
  });
});

describe('a stop', () => {
  it('RS-22: during a restart supersedes it: no count, no cooldown, nothing alive', async () => {
    const { subject, plans } = await running({}, { cooldownMs: 30_000 });
    const asked = outcome(subject.is.restart());
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'restarting', phase: 'awaiting-ready' });
    await subject.is.stop();
    await stage().settle();
    expect(asked.value).toMatchObject({ outcome: 'superseded' });
    expect(stage().table.alive).toBe(0);
    expect(subject.is.diagnostics.counts).toMatchObject({ 'restart.superseded': 1 });
    expect(subject.is.diagnostics.counts).not.toHaveProperty('restart.replaced');
    await subject.is.start();
    await stage().settle();
    await up();
    const again = outcome(subject.is.restart());
    await stage().settle();
    expect(plans).toHaveLength(4);
    await up();
    expect(again.value).toMatchObject({ outcome: 'replaced' });
  });

  it('RS-19: is undone by a restart that the user asks for, with one process', async () => {
    const { subject } = await running();
    await subject.is.stop();
    const asked = outcome(subject.is.restart({ because: 'again, please' }));
    await stage().settle();
    await up();
    expect(asked.value).toMatchObject({
      outcome: 'replaced',
      pidBefore: undefined,
      pidAfter: stage().child.pid,
    });
    await stage().pass(60_000);
    expect([spawned(), stage().table.alive, subject.is.status.state]).toEqual([2, 1, 'running']);
  });
});
