/**
 * A service and its processes, one after another: what a start that failed or a process that was
 * lost costs, how long each wait and each deadline is, and what is forgotten when. A deadline is
 * met to the millisecond; it must never be enough that something happens in the end.
 */
import { describe, expect, it } from 'vitest';
import type { Plan, ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };

/** Started a moment ago. */
async function begun(process: Partial<ProcessOptions> = {}) {
  const subject = stage().supervise({ backoff, ...process });
  await subject.is.start();
  await stage().settle();
  return subject;
}

type Service = Awaited<ReturnType<typeof begun>>;

/** Each wait until the next process, as long as `ends` says how the newest one ends. */
async function waits(ends: (() => void)[]): Promise<number[]> {
  const waited: number[] = [];
  for (const end of ends) {
    const { length } = stage().table.children;
    end();
    await stage().settle();
    const before = stage().clock.now();
    await stage().until(() => stage().table.children.length > length, 60_000);
    waited.push(stage().clock.now() - before);
  }
  return waited;
}

const exit = (code: number) => () => stage().child.exits(code);

async function exits(code: number) {
  stage().child.exits(code);
  await stage().settle();
}

const waiting = { phase: 'backing-off' };
const failed = (code: string) => ({ state: 'failed', error: { code } });

/** A plan that fails as told, and how often it was asked for which attempt. */
function plans(draw: () => Plan | Promise<Plan>) {
  const attempts: number[] = [];
  const plan = ({ attempt }: { attempt: number }) => {
    attempts.push(attempt);
    return draw();
  };
  return { attempts, plan };
}

describe('a plan', () => {
  it('SV-01: that is not there in time is a failed start, and the third is the last', async () => {
    const { attempts, plan } = plans(() => new Promise<Plan>(() => {}));
    const subject = await begun({ plan, planMs: 7_000 });
    for (const [at, waitMs] of [1_000, 2_000].entries()) {
      await stage().pass(6_999);
      expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'preparing' });
      await stage().pass(1);
      expect(subject.is.status).toMatchObject({ ...waiting, budget: { used: at + 1 } });
      await stage().pass(waitMs - 1);
      expect(attempts).toHaveLength(at + 1);
      await stage().pass(1);
    }
    await stage().pass(7_000);
    expect(subject.is.status).toMatchObject({ ...failed('HF_EXHAUSTED'), budget: { used: 0 } });
    expect(stage().clock.armed).toBe(0);
    await subject.is.start();
    await stage().pass(7_000);
    expect(subject.is.status).toMatchObject({ ...waiting, budget: { used: 1 } });
    await stage().pass(1_000);
    expect(attempts).toEqual([1, 2, 3, 1, 2]);
  });

  it('SV-02: that cannot be drawn is drawn again after a wait, and thrice at most', async () => {
    const { attempts, plan } = plans(() => {
      throw new Error('the disk is full');
    });
    const subject = await begun({ plan });
    expect(subject.is.status).toMatchObject({ ...waiting, budget: { used: 1 } });
    await stage().pass(999);
    expect(attempts).toEqual([1]);
    await stage().pass(1);
    expect(subject.is.status).toMatchObject({ ...waiting, budget: { used: 2 } });
    await stage().pass(1_999);
    expect(attempts).toEqual([1, 2]);
    await stage().pass(1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(subject.is.status).toMatchObject(failed('HF_EXHAUSTED'));
  });

  it('SV-03: that names no program is the end at once', async () => {
    const { attempts, plan } = plans(() => ({ command: [] }) as unknown as Plan);
    const subject = await begun({ plan });
    expect(subject.is.status).toMatchObject(failed('HF_PLAN_FAILED'));
    await stage().pass(60_000);
    expect(attempts).toEqual([1]);
  });
});

describe('a process that ends before it is ready', () => {
  const ready = { line: /up/ };

  it('SV-04: is started again after longer and longer waits, and thrice at most', async () => {
    const subject = await begun({ ready });
    expect(await waits([exit(1), exit(0)])).toEqual([1_000, 2_000]);
    expect(subject.is.status).toMatchObject({ state: 'starting', budget: { used: 2 } });
    await exits(1);
    expect(subject.is.status).toMatchObject({ ...failed('HF_EXHAUSTED'), budget: { used: 0 } });
    expect(stage().table.children).toHaveLength(3);
  });

  it('SV-05: with a word that no start can cure is not started again', async () => {
    const exitClasses = { 78: 'configuration', 3: 'runtime' } as const;
    const subject = await begun({ ready, exitClasses });
    await exits(78);
    expect(subject.is.status).toMatchObject(failed('HF_CONFIGURATION'));
    await subject.is.start();
    await stage().settle();
    await exits(3);
    expect(subject.is.status).toMatchObject(failed('HF_RUNTIME'));
    await subject.is.start();
    await stage().settle();
    await exits(1);
    expect(subject.is.status).toMatchObject(waiting);
    await stage().pass(1_000);
    expect(stage().table.children).toHaveLength(4);
  });

  it('SV-06: counts no more among the starts that failed once one has got ready', async () => {
    const subject = await begun({ ready, startsMax: 2 });
    const up = () => stage().child.says('up');
    await waits([exit(1)]);
    up();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
    await waits([exit(1), exit(1)]);
    expect(subject.is.status.state).toBe('restarting');
    await exits(1);
    expect(subject.is.status).toMatchObject(failed('HF_EXHAUSTED'));
  });
});

/** Ends the process that runs. */
async function lost(subject: Service, code: number) {
  expect(subject.is.status.state).toBe('running');
  await exits(code);
}

describe('a process that was ready and ends', () => {
  it('SV-07: with a word that no start can cure is not started again', async () => {
    const subject = await begun({ exitClasses: { 78: 'configuration', 3: 'runtime' } });
    await lost(subject, 78);
    expect(subject.is.status).toMatchObject(failed('HF_CONFIGURATION'));
    await subject.is.start();
    await stage().settle();
    await lost(subject, 3);
    expect(subject.is.status).toMatchObject(failed('HF_RUNTIME'));
    await stage().pass(60_000);
    expect(stage().table.children).toHaveLength(2);
  });

  it('SV-08: is charged until the window is over, each end for itself', async () => {
    const subject = await begun({ budget: { of: 2, windowMs: 60_000 } });
    const used = () => subject.is.status.budget?.used;
    await lost(subject, 1);
    expect(used()).toBe(1);
    await stage().pass(30_000);
    await lost(subject, 1);
    expect(used()).toBe(2);
    await stage().pass(29_999);
    expect(used()).toBe(2);
    await stage().pass(1);
    expect(used()).toBe(1);
    await lost(subject, 1);
    expect([used(), subject.is.status.state]).toEqual([2, 'restarting']);
    await stage().pass(29_999);
    expect(used()).toBe(2);
    await lost(subject, 1);
    expect(subject.is.status).toMatchObject({ ...failed('HF_EXHAUSTED'), budget: { used: 0 } });
    await subject.is.start();
    await stage().settle();
    await lost(subject, 1);
    expect([used(), subject.is.status.state]).toEqual([1, 'restarting']);
  });

  it('SV-09: is waited for longer and longer until one has been ready for 10 s', async () => {
    const subject = await begun();
    expect(await waits([exit(1), exit(1)])).toEqual([1_000, 2_000]);
    await stage().pass(9_999);
    expect(await waits([exit(1)])).toEqual([4_000]);
    await stage().pass(10_000);
    expect(await waits([exit(1), exit(1)])).toEqual([1_000, 2_000]);
    expect(subject.is.status.state).toBe('running');
  });

  it('SV-10: is waited for with new luck each time', async () => {
    stage().luck = 0.3;
    await begun({ backoff: { firstMs: 1_000, jitter: 0.5 } });
    const waited = await waits([exit(1), exit(1), exit(1)]);
    const stretched = waited.map((wait, at) => wait / (1_000 * 2 ** at));
    expect(new Set(stretched.map((by) => by.toFixed(2))).size).toBe(3);
    expect(Math.min(...stretched)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...stretched)).toBeLessThanOrEqual(1.5);
  });

  it('SV-11: with heirs of its own is over when they are killed', async () => {
    const subject = await begun();
    stage().table.habits = { leaves: 2 };
    await waits([exit(1)]);
    const { child } = stage();
    expect(child.group).toBe(3);
    expect(await waits([exit(1)])).toEqual([2_000]);
    expect(child.signals.slice(0, 1)).toEqual(['SIGKILL']);
    expect(subject.is.status.state).toBe('running');
  });
});
