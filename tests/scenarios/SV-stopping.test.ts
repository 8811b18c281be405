/**
 * Deadlines of a service that starts or is being stopped: to the millisecond, begun anew when the
 * host has slept meanwhile, and what follows when a process outlives them. What somebody asked for
 * must never count as a failure.
 */
import { describe, expect, it } from 'vitest';
import type { Plan, ProcessEvents, ProcessOptions } from '../../src/index.ts';
import type { Habits } from '../../src/simulate/processes.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };

/** Started a moment ago; its processes have these habits. */
async function begun(process: Partial<ProcessOptions> = {}, habits: Partial<Habits> = {}) {
  stage().table.habits = habits;
  const subject = stage().supervise({ backoff, ...process });
  await subject.is.start();
  await stage().settle();
  return { subject, child: stage().child };
}

const never = { probe: () => false };
const waiting = { phase: 'backing-off' };

describe('a process that is never proved ready', () => {
  it('SV-12: is stopped at its deadline, and that is a failed start whatever it says', async () => {
    const ready = { ready: never, readyMs: 20_000 };
    const { subject } = await begun(ready, { exitCodeOnTerminate: 78 });
    for (const waitMs of [1_000, 2_000]) {
      const { child } = stage();
      await stage().pass(19_999);
      expect(child.signals).toEqual([]);
      await stage().pass(1);
      expect(child.signals[0]).toBe('SIGTERM');
      expect(subject.is.status).toMatchObject(waiting);
      await stage().pass(waitMs);
      expect(stage().child).not.toBe(child);
    }
    await stage().pass(20_000);
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
  });

  it('SV-13: and ends only once it was killed is a failed start all the same', async () => {
    const deaf = { onTerminate: 'ignores', killable: false } as const;
    const { subject, child } = await begun({ ready: never, readyMs: 20_000 }, deaf);
    await stage().pass(26_000);
    expect(child.signals).toEqual(['SIGTERM', 'SIGKILL']);
    child.exits(78);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ ...waiting, budget: { used: 1 } });
  });

  it('SV-14: is replaced at once and for nothing when somebody asks for it meanwhile', async () => {
    let serves = true;
    const ready = { probe: () => serves };
    const { subject } = await begun({ ready, readyMs: 20_000 }, { onTerminate: 'ignores' });
    expect(subject.is.status.state).toBe('running');
    serves = false;
    stage().child.exits(1);
    await stage().pass(1_000);
    const { child } = stage();
    await stage().pass(22_000);
    expect(subject.is.status).toMatchObject({ state: 'restarting', phase: 'terminating' });
    const asked = outcome(subject.is.restart());
    await stage().pass(2_999);
    expect([child.signals, stage().table.children.length]).toEqual([['SIGTERM'], 2]);
    await stage().pass(1);
    expect(subject.is.status).toMatchObject({ phase: 'awaiting-ready', budget: { used: 1 } });
    expect(stage().table.children).toHaveLength(3);
    serves = true;
    await stage().pass(200);
    expect(asked.value).toMatchObject({ outcome: 'replaced' });
  });
});

describe('a process that was asked to end', () => {
  it('SV-15: by a restart costs nothing, and the next one starts at once', async () => {
    const { subject, child } = await begun({}, { exitCodeOnTerminate: 78 });
    const asked = outcome(subject.is.restart());
    await stage().settle();
    expect(asked.value).toMatchObject({ outcome: 'replaced', pidBefore: child.pid });
    expect(subject.is.status).toMatchObject({ state: 'running', budget: { used: 0 } });
    expect(stage().table.children).toHaveLength(2);
  });

  it('SV-16: has its grace, or less when the stop has no more time', async () => {
    const { subject, child } = await begun({}, { onTerminate: 'ignores' });
    const stopped = outcome(subject.is.stop({ deadlineMs: 1_000 }));
    await stage().pass(999);
    expect([child.signals, stopped.settled]).toEqual([['SIGTERM'], false]);
    await stage().pass(1);
    expect(child.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    expect(stopped.value).toMatchObject({ gone: true });
  });
});

describe('a spawn', () => {
  it('SV-17: that nobody confirms is killed after its time, and told as unkillable', async () => {
    const { subject, child } = await begun({}, { spawns: 'when told' });
    await stage().pass(9_999);
    expect([child.signals, subject.is.status.phase]).toEqual([[], 'spawning']);
    await stage().pass(1);
    expect([child.signals, subject.is.status.phase]).toEqual([['SIGKILL'], 'killing']);
    await stage().pass(1_999);
    expect(subject.is.status.phase).toBe('killing');
    await stage().pass(1);
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_UNKILLABLE' } });
    child.spawned();
    await stage().settle();
    expect([child.alive, subject.is.status.state]).toEqual([false, 'stopped']);
    expect(stage().table.children).toHaveLength(1);
  });
});

describe('heirs of a process', () => {
  const undying = { leaves: 1, killable: false } as const;

  it('SV-18: have as long as a kill may take, and are on record then', async () => {
    const { subject, child } = await begun({}, undying);
    child.exits(1);
    await stage().pass(1_999);
    expect(subject.is.status.phase).toBe('sweeping');
    await stage().pass(1);
    expect(subject.is.status).toMatchObject({ state: 'failed', phase: 'unkillable' });
    stage().unkillable = 1;
  });

  it('SV-18: have it from the end of the process on, not from its kill', async () => {
    const { subject, child } = await begun({}, { ...undying, onTerminate: 'ignores' });
    void subject.is.stop();
    await stage().pass(6_000);
    expect(child.signals).toEqual(['SIGTERM', 'SIGKILL']);
    child.exits(1);
    await stage().pass(1_999);
    expect(subject.is.status.phase).toBe('sweeping');
    expect(child.signals).toEqual(['SIGTERM', 'SIGKILL', 'SIGKILL']);
    await stage().pass(1);
    expect(subject.is.status).toMatchObject({ state: 'failed', phase: 'unkillable' });
    stage().unkillable = 1;
  });

  it('SV-19: do not change what the end of the process meant when it is told again', async () => {
    const heard: ProcessEvents[] = [];
    const { subject, child } = await begun(
      {
        driver: (plan, events) => {
          heard.push(events);
          return stage().table.driver(plan, events);
        },
      },
      { leaves: 1, killable: false },
    );
    child.exits(78);
    await stage().pass(1_000);
    heard[0]?.exited({ code: 1, signal: null });
    await stage().pass(999);
    expect(subject.is.status.phase).toBe('sweeping');
    heard[0]?.empty();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ error: { code: 'HF_CONFIGURATION' } });
    stage().unkillable = 1;
  });
});

describe('a host that has slept', () => {
  it('SV-20: gives a start and each step of a stop their whole time again', async () => {
    const deaf = { onTerminate: 'ignores', killable: false } as const;
    const { subject, child } = await begun({ ready: never, readyMs: 20_000 }, deaf);
    await stage().pass(19_000);
    await stage().resumes();
    await stage().pass(19_999);
    expect(child.signals).toEqual([]);
    await stage().pass(1);
    expect(child.signals).toEqual(['SIGTERM']);
    await stage().pass(4_000);
    await stage().resumes();
    await stage().pass(4_999);
    expect(child.signals).toEqual(['SIGTERM']);
    await stage().pass(1);
    expect(child.signals).toEqual(['SIGTERM', 'SIGKILL']);
    await stage().pass(1_500);
    await stage().resumes();
    await stage().pass(1_999);
    expect(subject.is.status.phase).toBe('killing');
    await stage().pass(1);
    expect(subject.is.status.phase).toBe('unkillable');
    child.exits(1);
    await stage().settle();
    expect(subject.is.status.state).toBe('stopped');
  });

  it('SV-21: gives heirs their whole time again, also before anybody was ready', async () => {
    for (const ready of [undefined, never]) {
      const more = ready === undefined ? {} : { ready };
      const { subject, child } = await begun(more, { leaves: 1, killable: false });
      child.exits(1);
      await stage().pass(1_500);
      await stage().resumes();
      await stage().pass(1_999);
      expect(subject.is.status.phase).toBe('sweeping');
      await stage().pass(1);
      expect(subject.is.status.phase).toBe('unkillable');
      stage().unkillable += 1;
    }
  });

  it('SV-21: gives them the same when it was told to end', async () => {
    const { subject, child } = await begun({}, { leaves: 1, killable: false });
    void subject.is.stop();
    await stage().settle();
    expect([child.alive, subject.is.status.phase]).toEqual([false, 'sweeping']);
    await stage().pass(1_500);
    await stage().resumes();
    await stage().pass(1_999);
    expect(subject.is.status.phase).toBe('sweeping');
    await stage().pass(1);
    expect(subject.is.status.phase).toBe('unkillable');
    stage().unkillable += 1;
  });

  it('SV-21: and the end that they outlived is judged by its code', async () => {
    const { subject, child } = await begun({}, { leaves: 1, killable: false });
    child.exits(78);
    await stage().pass(1_500);
    child.habits.killable = true;
    await stage().resumes();
    expect(subject.is.status).toMatchObject({
      state: 'failed',
      error: { code: 'HF_CONFIGURATION' },
    });
  });
});

describe('a link that has given up', () => {
  it('SV-22: leaves its process to itself, and a start takes both as they are', async () => {
    stage().network.manner = 'nobody';
    stage().table.habits = { onTerminate: 'ignores' };
    const asked: (() => void)[] = [];
    const plan = () =>
      new Promise<Plan>((resolve) => asked.push(() => resolve({ command: ['service'] })));
    const process = { backoff, plan, planMs: 60_000, ready: { line: /up/ }, readyMs: 20_000 };
    const subject = stage().gateway({ process, link: { reconnect: { attemptsMax: 1 } } });
    const spawned = () => stage().table.children.length;
    const begins = async () => {
      asked.at(-1)?.();
      await stage().settle();
    };
    const givesUp = async () => {
      stage().child.says('up');
      await stage().until(() => subject.is.status.state === 'failed', 5_000);
      expect(subject.is.status.error).toMatchObject({ code: 'HF_EXHAUSTED' });
    };
    const starts = async () => {
      await subject.is.start();
      await stage().settle();
    };
    await starts();
    await begins();
    await givesUp();
    // it is up: only the link has something to do
    const dialled = stage().calls.length;
    await starts();
    await stage().until(() => subject.is.status.state === 'failed', 5_000);
    expect(stage().calls.length).toBeGreaterThan(dialled);
    expect([spawned(), stage().child.signals]).toEqual([1, []]);
    // it starts again by itself: nobody starts it a second time, nor asks for a plan twice
    stage().child.exits(1);
    await stage().pass(1_000);
    expect(asked).toHaveLength(2);
    await starts();
    expect(asked).toHaveLength(2);
    await begins();
    await starts();
    expect([spawned(), stage().child.signals]).toEqual([2, []]);
    await givesUp();
    // it is being stopped because it never got ready: the next one does not have to wait
    stage().child.exits(1);
    await stage().pass(2_000);
    await begins();
    const { child } = stage();
    await stage().pass(20_000);
    expect(child.signals).toEqual(['SIGTERM']);
    await starts();
    expect([asked.length, child.alive]).toEqual([3, true]);
    await stage().pass(5_000);
    expect([asked.length, child.alive]).toEqual([4, false]);
    expect(subject.is.status).toMatchObject({ state: 'starting', budget: { used: 2 } });
  });
});
