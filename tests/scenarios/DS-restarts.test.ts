/**
 * A stop and the restarts around it: one that was on its way is superseded, one that anybody but
 * the user asks for later is refused, and the user's own begins again from nothing.
 */
import { describe, expect, it } from 'vitest';
import type { ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();

/** A service that is ready when its process says so; each process has asked for its plan. */
async function begun(more: Partial<ProcessOptions> = {}) {
  const plans: string[] = [];
  const plan = ({ because }: { because: string }) => {
    plans.push(because);
    return { command: ['service'] as const };
  };
  const subject = stage().supervise({ plan, ready: { line: /up/ }, ...more });
  await subject.is.start();
  await stage().settle();
  return { subject, plans };
}

/** The newest process is ready. */
async function up() {
  stage().child.says('up');
  await stage().settle();
}

async function running() {
  const made = await begun();
  await up();
  expect(made.subject.is.status.state).toBe('running');
  return made;
}

describe('a stop', () => {
  it('DS-10: amid a plan is undone by a restart, which runs', async () => {
    let plans = 0;
    const plan = () => {
      plans += 1;
      return plans === 1 ? new Promise<never>(() => {}) : { command: ['service'] as const };
    };
    const { subject } = await begun({ plan });
    expect(subject.is.status.phase).toBe('preparing');
    await subject.is.stop();
    const asked = outcome(subject.is.restart());
    await stage().settle();
    await up();
    expect(asked.value).toMatchObject({ outcome: 'replaced' });
    expect([plans, subject.is.status.state, subject.is.status.pending]).toEqual([2, 'running', []]);
  });

  it('DS-16: before a restart fails is what counts: stopped, and no timer', async () => {
    const { subject, plans } = await running();
    const asked = outcome(subject.is.restart());
    await stage().settle();
    const { child } = stage();
    child.habits = { ...child.habits, onTerminate: 'ignores' };
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    child.exits(1);
    await stage().settle();
    expect(asked.value).toMatchObject({ outcome: 'superseded' });
    expect(stopped.value).toMatchObject({ gone: true });
    expect(subject.is.status).toMatchObject({ state: 'stopped', intent: 'unwanted' });
    expect([subject.is.status.error, stage().clock.armed]).toEqual([undefined, 0]);
    await stage().pass(60_000);
    expect(plans).toHaveLength(2);
  });

  it('DS-18: amid the watching of a reload ends it, and stays', async () => {
    const { subject } = await begun({ reload: { signal: 'SIGHUP' } });
    await up();
    const { child } = stage();
    const asked = outcome(subject.is.reload());
    await stage().settle();
    expect(subject.is.status.phase).toBe('reloading');
    await stage().pass(500);
    await subject.is.stop();
    expect(asked.value).toMatchObject({ outcome: 'superseded' });
    await stage().pass(60_000);
    expect([subject.is.status.state, stage().table.children.length]).toEqual(['stopped', 1]);
    expect(child.signals.slice(0, 2)).toEqual(['SIGHUP', 'SIGTERM']);
  });

  it('DS-19: is undone by nobody but the user, now or later', async () => {
    const { subject, plans } = await running();
    const before = outcome(subject.is.restart({ by: 'host', settleMs: 2_000 }));
    await subject.is.stop();
    await stage().settle();
    expect(before.value).toMatchObject({ outcome: 'superseded' });
    for (const settleMs of [0, 1_200]) {
      const asked = outcome(subject.is.restart({ by: 'host', settleMs }));
      await stage().pass(60_000);
      expect(asked.value).toMatchObject({ outcome: 'refused', cause: 'stopped' });
      expect(subject.is.status).toMatchObject({ state: 'stopped', pending: [] });
    }
    expect(plans).toHaveLength(1);
  });
});
