/**
 * Processes that are not ours to end: somebody else's on our port, and those of another host. They
 * are used, waited for or reported, and must never get a signal that nobody asked for.
 */
import { describe, expect, it } from 'vitest';
import type { ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const port = 18_789;
const held = { state: 'failed', error: { code: 'HF_OCCUPIED' } };

/** Somebody else, listening on the port. */
async function stranger() {
  const child = stage().outsiders.add({ port });
  await stage().settle();
  return child;
}

async function begun(serves: boolean, more: Partial<ProcessOptions> = {}) {
  const ready = { probe: () => serves };
  const subject = stage().supervise({ port, ready, ...more });
  await subject.is.start();
  await stage().settle();
  return subject;
}

const ours = () => stage().table.children.filter(({ plan }) => plan.command === 'service');

describe('a gateway that serves already', () => {
  it('PO-02: is connected to, and nothing is started', async () => {
    const other = await stranger();
    const subject = stage().gateway({ process: { port, ready: { probe: () => true } } });
    stage().welcomes();
    await subject.is.start();
    await stage().until(() => subject.is.status.state === 'running', 10_000);
    const process = { ownership: 'attached', pid: other.pid, port };
    expect(subject.is.status).toMatchObject({ process, connection: { generation: 1 } });
    await stage().pass(60_000);
    expect([ours().length, stage().calls.length, other.signals]).toEqual([0, 1, []]);
  });

  it('PO-27: is not restarted, by whomever, and hears nothing of the wish', async () => {
    const other = await stranger();
    const subject = stage().gateway({ process: { port, ready: { probe: () => true } } });
    const { claw } = await stage().running(subject);
    const frames = claw?.frames.length;
    for (const by of ['user', 'host'] as const) {
      const asked = outcome(subject.is.restart({ by }));
      await stage().settle();
      expect(asked.value).toMatchObject({ outcome: 'refused', cause: 'not-owned' });
    }
    expect([claw?.frames.length, claw?.call.open]).toEqual([frames, true]);
    expect(subject.states).toEqual(['starting', 'running']);
    expect([ours().length, other.signals, stage().calls.length]).toEqual([0, [], 1]);
  });
});

describe('a listener that does not serve', () => {
  it('PO-11: is reported and left alone; it is ended when you said so', async () => {
    const other = await stranger();
    const subject = await begun(false, { portMs: 5_000 });
    await stage().pass(5_000);
    expect(subject.is.status).toMatchObject(held);
    expect(subject.is.status.because).toContain(`port ${port} is held by pid ${other.pid}`);
    expect([other.signals, other.alive, ours().length]).toEqual([[], true, 0]);
    await subject.is.dispose();
    other.habits = { ...other.habits, onTerminate: 'ignores' };
    const stop = { graceMs: 3_000 };
    const ending = await begun(true, { foreign: 'end', stop });
    await stage().pass(2_999);
    expect([other.signals, ours().length]).toEqual([['SIGTERM'], 0]);
    await stage().pass(1);
    expect([other.signals.slice(0, 2), other.alive]).toEqual([['SIGTERM', 'SIGKILL'], false]);
    expect(ending.is.status).toMatchObject({ state: 'running', process: { ownership: 'owned' } });
  });

  it('PO-13: for 30 s ends the start; nothing is started before its port is free', async () => {
    const other = await stranger();
    const subject = await begun(false, { portMs: 30_000 });
    await stage().pass(29_999);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'clearing' });
    await stage().pass(1);
    expect([subject.is.status, ours().length]).toMatchObject([held, 0]);
    other.exits(0);
    await stage().pass(60_000);
    expect(ours()).toHaveLength(0);
    await subject.is.start();
    await stage().settle();
    expect(ours()).toHaveLength(1);
  });
});

describe('another host', () => {
  it('PO-22: that has the service already is respected', async () => {
    const { outsiders } = stage();
    /** With a record of its own, and no port that would tell of the other one. */
    const host = async () => {
      const subject = stage().supervise({ custodyDir: '/custody' });
      await subject.is.start();
      await stage().settle();
      return subject;
    };
    outsiders.host = 2;
    const first = await host();
    expect(first.is.status.state).toBe('running');
    const { child } = stage();
    outsiders.hosts.add(2);
    outsiders.host = 3;
    const second = await host();
    expect(second.is.status).toMatchObject(held);
    expect(second.is.status.because).toContain('supervises it already');
    await second.is.quit();
    expect([child.signals, first.is.status.state, ours().length]).toEqual([[], 'running', 1]);
  });
});
