/**
 * A process from its spawn to its end: one for however many starts, looked at when it ends and not
 * later, never taken for a stranger, ended with all that belongs to it, and started again within a
 * budget. Nothing must be started beside what may still live.
 */
import { describe, expect, it } from 'vitest';
import type { ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };
const spawned = () => stage().table.children.length;

async function begun(more: Partial<ProcessOptions> = {}) {
  const subject = stage().supervise({ backoff, ...more });
  await subject.is.start();
  await stage().settle();
  return subject;
}

describe('a start', () => {
  it('PO-01: is one spawn, the challenge as its proof, a connection, and its pid', async () => {
    const subject = stage().gateway({ process: { ready: { protocol: true } } });
    await subject.is.start();
    await stage().settle();
    const proof = stage().claw;
    expect([spawned(), proof.call.open]).toEqual([1, true]);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'awaiting-ready' });
    proof.challenges();
    await stage().settle();
    expect([proof.call.endedBy, proof.frames]).toEqual(['client reset', []]);
    expect([stage().calls.length, subject.is.status.state]).toEqual([2, 'starting']);
    stage().claw.challenges();
    await stage().settle();
    stage().claw.accepts();
    await stage().settle();
    const process = { ownership: 'owned', pid: stage().child.pid };
    expect(subject.is.status).toMatchObject({ state: 'running', ready: true, process });
    expect([spawned(), stage().calls.length]).toEqual([1, 2]);
  });

  it('PO-14: asked for five times at once is one, and all who wait hear the same', async () => {
    const subject = stage().gateway({ process: { ready: { line: /up/ } } });
    stage().welcomes();
    for (let time = 0; time < 5; time += 1) await subject.is.start();
    const waits = Array.from({ length: 5 }, () => outcome(subject.is.ready()));
    await stage().settle();
    expect([spawned(), waits.some(({ settled }) => settled)]).toEqual([1, false]);
    stage().child.says('up');
    await stage().settle();
    expect(new Set(waits.map(({ value }) => value)).size).toBe(1);
    expect(waits[0]?.value).toMatchObject({ process: { pid: stage().child.pid } });
    const told = subject.statuses.length;
    await subject.is.start();
    await stage().pass(10_000);
    expect([spawned(), stage().calls.length, subject.statuses.length]).toEqual([1, 1, told]);
    expect(subject.states).toEqual(['starting', 'running']);
  });
});

describe('a process that is not ready yet', () => {
  it('PO-06: and ends is seen at once, and tried three times, a second apart', async () => {
    const subject = await begun({ ready: { line: /up/ }, backoff: { ...backoff, factor: 1 } });
    const at: number[] = [];
    for (const time of [1, 2, 3]) {
      await stage().until(() => spawned() === time, 60_000);
      await stage().settle();
      at.push(stage().clock.now());
      stage().child.exits(1);
      await stage().settle();
      expect(subject.is.status.phase).not.toBe('awaiting-ready');
    }
    expect(at.map((moment) => moment - (at[0] ?? 0))).toEqual([0, 1_000, 2_000]);
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
    await stage().pass(600_000);
    expect(spawned()).toBe(3);
  });

  it('PO-10: and ends in the moment of its spawn is not owned, and the next is new', async () => {
    stage().table.onSpawn = (child) => {
      if (spawned() === 1) child.exits(1);
    };
    const subject = await begun({ ready: { line: /up/ } });
    const [first] = stage().table.children;
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    expect([subject.is.status.process, first?.alive]).toEqual([undefined, false]);
    await stage().pass(1_000);
    stage().child.says('up');
    await stage().settle();
    expect([spawned(), subject.is.status.state]).toEqual([2, 'running']);
    expect(subject.is.status.process).toMatchObject({ pid: stage().child.pid });
  });

  it('PO-19: for fifty polls is ended and replaced', async () => {
    const subject = await begun({ ready: { probe: () => false }, readyMs: 10_000 });
    const { child } = stage();
    await stage().pass(9_999);
    expect([child.signals, subject.is.status.phase]).toEqual([[], 'awaiting-ready']);
    await stage().pass(1);
    expect([child.signals[0], child.alive]).toEqual(['SIGTERM', false]);
    expect(subject.is.status.because).toContain('was not ready within 10000 ms');
    await stage().pass(999);
    expect(spawned()).toBe(1);
    await stage().pass(1);
    expect(spawned()).toBe(2);
  });
});

describe('a process that was ready', () => {
  it('PO-07: and ends is told, is in the status no more, and one is started', async () => {
    const subject = await begun();
    const { pid } = stage().child;
    stage().child.exits(9);
    await stage().settle();
    expect(subject.exits).toMatchObject([{ pid, code: 9, expected: false, class: 'crash' }]);
    expect(subject.is.status).toMatchObject({ state: 'restarting', phase: 'backing-off' });
    expect([subject.is.status.process, spawned()]).toEqual([undefined, 1]);
    await stage().pass(1_000);
    expect([spawned(), subject.is.status.state]).toEqual([2, 'running']);
  });

  it('PO-17: and ends for what no start can cure is neither repaired nor tried again', async () => {
    const subject = await begun({ exitClasses: { 3: 'runtime' } });
    stage().child.says('Error: this Node.js has no SQLite that we can use', 'stderr');
    stage().child.exits(3);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_RUNTIME' } });
    expect(subject.is.status.error?.details.lastWords).toEqual([
      'Error: this Node.js has no SQLite that we can use',
    ]);
    await stage().pass(600_000);
    expect([spawned(), stage().clock.armed]).toEqual([1, 0]);
  });

  it('PO-26: and crashes thrice within five minutes waits longer, then gives up', async () => {
    const subject = await begun({ budget: { of: 3, windowMs: 300_000 } });
    const waits: number[] = [];
    for (const used of [1, 2, 3]) {
      stage().child.exits(1);
      await stage().settle();
      expect(subject.is.status.budget).toEqual({ used, of: 3, windowMs: 300_000 });
      expect(subject.is.status.because).toContain(`restart ${used} of 3`);
      const from = stage().clock.now();
      await stage().until(() => spawned() === used + 1, 60_000);
      await stage().settle();
      waits.push(stage().clock.now() - from);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    stage().child.exits(1);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
    expect(subject.exits).toHaveLength(4);
  });

  it('PO-12: and whose link fails once is nobody’s stray', async () => {
    const port = 18_789;
    const subject = stage().gateway({ process: { port, ready: { probe: () => true } } });
    await subject.is.start();
    await stage().settle();
    const { child } = stage();
    stage().claw.call.end();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 10_000);
    expect([child.signals, spawned(), stage().calls.length]).toEqual([[], 1, 2]);
    expect(subject.is.status.process).toMatchObject({ ownership: 'owned', pid: child.pid });
  });
});

describe('the end of a process', () => {
  it('PO-20: is the end of all that it has started', async () => {
    stage().table.habits = { leaves: 2 };
    const subject = await begun();
    const { child } = stage();
    expect(child.group).toBe(3);
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    expect(stopped.value).toMatchObject({ gone: true });
    expect([child.group, child.signals]).toEqual([0, ['SIGTERM', 'SIGKILL']]);
  });

  it('PO-21: is asked for politely first; nobody is killed while it takes its time', async () => {
    stage().table.habits = { leaves: 2, onTerminate: 'ignores' };
    const subject = await begun();
    const { child } = stage();
    const stopped = outcome(subject.is.stop());
    await stage().pass(4_999);
    expect([child.group, child.signals]).toEqual([3, ['SIGTERM']]);
    child.exits(0);
    await stage().settle();
    expect([child.group, stopped.value]).toMatchObject([0, { gone: true }]);
  });

  it('PO-24: is proved, heirs and all, before there is another one', async () => {
    stage().table.habits = { leaves: 1, onTerminate: 'ignores' };
    const subject = await begun();
    const { child } = stage();
    const groups: number[] = [];
    stage().table.onSpawn = () => groups.push(child.group);
    stage().table.habits = {};
    const asked = outcome(subject.is.restart());
    await stage().pass(3_000);
    child.exits(1);
    await stage().settle();
    expect(asked.value).toMatchObject({ outcome: 'replaced' });
    expect([groups, child.signals]).toEqual([[0], ['SIGTERM', 'SIGKILL']]);
  });
});
