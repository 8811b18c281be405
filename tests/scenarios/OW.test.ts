/**
 * Whose process it is: what an earlier host has left is taken over or ended, who holds the port is
 * waited for, attached to or ended when that was said, and never signalled otherwise. Where a
 * deadline decides, a test stands a millisecond before it and on it.
 */
import { describe, expect, it } from 'vitest';
import type { ProcessOptions } from '../../src/index.ts';
import type { Child } from '../../src/simulate/processes.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const port = 18_789;
const custodyDir = '/custody';
const mark = { name: 'HOLDFAST_MARK', value: 'of an earlier host' };
const occupied = { state: 'failed', error: { code: 'HF_OCCUPIED' } };

/** A service on a port, proved by a probe that answers what `serves` says. */
function service(more: Partial<ProcessOptions> = {}, common = {}) {
  const said = { serves: true, plans: 0 };
  const plan = () => {
    said.plans += 1;
    return { command: ['service'] as const };
  };
  const probe = () => said.serves;
  const options = { plan, port, ready: { probe }, backoff: { firstMs: 1_000, jitter: 0 } };
  return { subject: stage().supervise({ ...options, ...more }, common), said };
}

async function begun(more: Partial<ProcessOptions> = {}, common = {}) {
  const made = service(more, common);
  await made.subject.is.start();
  await stage().settle();
  return made;
}

/** Somebody else, listening on the port. */
async function stranger(): Promise<Child> {
  const child = stage().outsiders.add({ port });
  await stage().settle();
  return child;
}

/** What a host that was killed has left: a process of ours, and the record of it. */
async function leftover(more: object = {}): Promise<Child> {
  const child = stage().outsiders.add({ mark });
  await stage().settle();
  const process = { pid: child.pid, start: `start of ${child.pid}` };
  const host = { pid: 2, start: 'start of 2' };
  const known = { ready: true, startedAt: 7, port, groups: { id: 'x' } };
  const record = { version: 1, host, mark, process, ...known, ...more };
  stage().outsiders.write(custodyDir, 'gateway.custody.json', JSON.stringify(record));
  return child;
}

const spawned = () => stage().table.children.filter(({ plan }) => plan.command === 'service');

describe('a port that somebody else holds', () => {
  it('OW-01: is waited for, and given up in time; nobody is signalled', async () => {
    const other = await stranger();
    const { subject, said } = await begun({ foreign: 'refuse', portMs: 5_000 });
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'clearing' });
    expect(subject.is.status.because).toContain(`port ${port} is held by pid ${other.pid}`);
    await stage().pass(4_999);
    expect(subject.is.status.state).toBe('starting');
    await stage().pass(1);
    expect(subject.is.status).toMatchObject(occupied);
    expect([said.plans, spawned().length, other.signals]).toEqual([0, 0, []]);
  });

  it('OW-02: is asked for again every 200 ms, and taken once it is free', async () => {
    const other = await stranger();
    const { subject } = await begun({ foreign: 'refuse' });
    await stage().pass(150);
    other.exits(0);
    await stage().pass(49);
    expect(spawned()).toHaveLength(0);
    await stage().pass(1);
    expect(spawned()).toHaveLength(1);
    expect(subject.is.status).toMatchObject({ state: 'running', process: { ownership: 'owned' } });
  });

  it('OW-03: by the service itself is attached to, and left alone whatever is asked', async () => {
    const other = await stranger();
    const { subject, said } = await begun();
    const attached = { ownership: 'attached', pid: other.pid, port };
    expect(subject.is.status).toMatchObject({ state: 'running', process: attached });
    expect(stage().outsiders.asked).toBe(1);
    for (const settleMs of [0, 500]) {
      const asked = outcome(subject.is.restart({ settleMs }));
      await stage().pass(settleMs);
      expect(asked.value).toMatchObject({ outcome: 'refused', cause: 'not-owned' });
      expect(subject.is.status).toMatchObject({ state: 'running', pending: [] });
    }
    await stage().pass(10_000);
    await subject.is.stop();
    expect(subject.is.status.because).toContain('left running');
    await subject.is.start();
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', process: attached });
    await subject.is.quit({ withinMs: 1_000 });
    expect([said.plans, other.signals, other.alive]).toEqual([0, [], true]);
  });

  it('OW-04: by what does not prove to be the service is no service', async () => {
    const other = await stranger();
    const made = service({ portMs: 1_000 });
    made.said.serves = false;
    await made.subject.is.start();
    await stage().pass(1_000);
    expect(made.subject.is.status).toMatchObject(occupied);
    expect([other.signals, other.alive]).toEqual([[], true]);
  });

  it('OW-05: is ended when you said so, as often as the budget has it', async () => {
    const stop = { graceMs: 3_000, killMs: 1_000 };
    const budget = { of: 2, windowMs: 60_000 };
    const first = await stranger();
    first.habits = { ...first.habits, onTerminate: 'ignores' };
    const { subject } = await begun({ foreign: 'end', stop, budget });
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'terminating' });
    await stage().pass(2_999);
    expect(first.signals).toEqual(['SIGTERM']);
    const second = stage().outsiders.add({ port });
    const third = stage().outsiders.add({ port });
    await stage().pass(1);
    await stage().settle();
    expect(first.signals).toContain('SIGKILL');
    expect([second.signals[0], third.signals]).toEqual(['SIGTERM', []]);
    expect(subject.is.status).toMatchObject(occupied);
    expect(spawned()).toHaveLength(0);
  });

  it('OW-06: and of whom nothing is heard is given up in time', async () => {
    stage().outsiders.silent = new Promise(() => {});
    const { subject } = await begun({ portMs: 2_000 });
    await stage().pass(1_999);
    expect(subject.is.status.state).toBe('starting');
    await stage().pass(1);
    expect(subject.is.status).toMatchObject(occupied);
    expect(subject.is.status.because).toContain('nobody could tell in time who listens on port');
  });
});

describe('the link to a process that is not ours', () => {
  const reconnect = { firstMs: 1_000, maxMs: 1_000, jitter: 0 };
  const gateway = (more = {}) =>
    stage().gateway({
      link: { reconnect: { ...reconnect, ...more } },
      process: { port, portMs: 5_000, ready: { probe: () => true } },
    });
  const answers = () => {
    stage().network.manner = 'accepts';
    stage().welcomes();
  };
  type Subject = ReturnType<typeof gateway>;
  const runs = ({ is }: Subject) => stage().until(() => is.status.state === 'running', 60_000);

  it('OW-07: redials; only when the port is free one of ours is started', async () => {
    const other = await stranger();
    const subject = gateway();
    await stage().running(subject);
    expect(subject.is.status.process).toMatchObject({ ownership: 'attached', pid: other.pid });
    stage().network.manner = 'nobody';
    stage().claw.call.reset();
    await stage().pass(20_000);
    expect(subject.is.status.state).toBe('reconnecting');
    expect([other.signals, stage().table.children.length]).toEqual([[], 1]);
    other.exits(0);
    await stage().until(() => stage().table.children.length === 2, 60_000);
    answers();
    await runs(subject);
    expect(subject.is.status.process).toMatchObject({ ownership: 'owned' });
  });

  it('OW-14: that was never open looks again too', async () => {
    const other = await stranger();
    stage().network.manner = 'nobody';
    const subject = gateway();
    await subject.is.start();
    await stage().pass(3_000);
    expect([other.signals, stage().table.children.length]).toEqual([[], 1]);
    other.exits(0);
    await stage().until(() => stage().table.children.length === 2, 60_000);
    answers();
    await runs(subject);
  });

  it('OW-15: goes on by itself when nobody can tell who is there', async () => {
    await stranger();
    // one look, and nothing that asks for another one meanwhile
    const subject = gateway({ factor: 60, maxMs: 60_000 });
    await stage().running(subject);
    stage().network.manner = 'nobody';
    stage().outsiders.silent = new Promise(() => {});
    stage().claw.call.reset();
    const looks = () => subject.is.status.phase === 'looking';
    await stage().until(looks, 60_000);
    await stage().pass(9_999);
    expect(looks()).toBe(true);
    stage().outsiders.silent = undefined;
    await stage().pass(1);
    expect(looks()).toBe(false);
    answers();
    await runs(subject);
    expect(subject.is.status.process).toMatchObject({ ownership: 'attached' });
  });
});

describe('a restart', () => {
  /** Attached, and stopped again. */
  async function once(more: Partial<ProcessOptions> = {}) {
    const other = await stranger();
    const made = await begun(more, { cooldownMs: 0 });
    expect(made.subject.is.status.process).toMatchObject({ ownership: 'attached' });
    await made.subject.is.stop();
    return { ...made, other };
  }

  it('OW-16: that begins with somebody else’s process is refused, and it runs', async () => {
    await stranger();
    const { subject } = service();
    const asked = outcome(subject.is.restart({ by: 'user' }));
    await stage().settle();
    expect(asked.value).toMatchObject({ outcome: 'refused', cause: 'not-owned' });
    expect(subject.is.status).toMatchObject({ state: 'running' });
  });

  it('OW-17: that finds its port taken fails with that, and says so', async () => {
    const { subject } = await begun({ foreign: 'refuse', portMs: 1_000 });
    const other = await stranger();
    const asked = outcome(subject.is.restart());
    await stage().until(() => asked.settled, 60_000);
    expect(asked.error).toMatchObject({ code: 'HF_OCCUPIED' });
    expect([subject.is.status.state, other.signals]).toEqual(['failed', []]);
  });

  it('OW-18: of ours, after somebody else’s has gone, is not refused', async () => {
    const { subject, other, said } = await once();
    other.exits(0);
    await stage().settle();
    stage().outsiders.silent = new Promise(() => {});
    await subject.is.start();
    await stage().settle();
    const asked = outcome(subject.is.restart());
    await stage().settle();
    expect(asked.settled).toBe(false);
    stage().outsiders.silent = undefined;
    void subject.is.stop();
    await stage().settle();
    await subject.is.start();
    await stage().settle();
    expect(asked.value).toMatchObject({ outcome: 'superseded' });
    const again = outcome(subject.is.restart());
    await stage().until(() => again.settled, 60_000);
    expect(again.value).toMatchObject({ outcome: 'replaced' });
    expect(said.plans).toBe(2);
  });

  it('OW-19: of what could not start after somebody else’s is tried', async () => {
    const { subject, said } = await once({ portMs: 1_000 });
    said.serves = false;
    await subject.is.start();
    await stage().pass(1_000);
    expect(subject.is.status).toMatchObject(occupied);
    const asked = outcome(subject.is.restart({ by: 'user' }));
    await stage().until(() => asked.settled, 60_000);
    expect(asked.error).toMatchObject({ code: 'HF_OCCUPIED' });
  });

  it('OW-20: of what was taken over after somebody else’s replaces it', async () => {
    const { subject, other } = await once({ custodyDir });
    other.exits(0);
    const left = await leftover();
    await subject.is.start();
    await stage().settle();
    expect(subject.is.status.process).toMatchObject({ ownership: 'adopted', pid: left.pid });
    const asked = outcome(subject.is.restart());
    await stage().until(() => asked.settled, 60_000);
    expect([asked.value?.outcome, left.alive]).toEqual(['replaced', false]);
  });

  it('OW-21: while ours recovers in the place of somebody else’s is done', async () => {
    const other = await stranger();
    stage().network.manner = 'nobody';
    const serves = { now: true };
    const subject = stage().gateway({
      link: { reconnect: { firstMs: 1_000, maxMs: 1_000, jitter: 0 } },
      process: { port, ready: { probe: () => serves.now } },
      cooldownMs: 0,
    });
    await subject.is.start();
    await stage().pass(100);
    serves.now = false;
    other.exits(0);
    await stage().until(() => stage().table.children.length === 2, 60_000);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'restarting', phase: 'awaiting-ready' });
    const asked = outcome(subject.is.restart());
    await stage().settle();
    expect(asked.settled).toBe(false);
    serves.now = true;
    stage().network.manner = 'accepts';
    stage().welcomes();
    await stage().until(() => asked.settled, 60_000);
    expect(asked.value).toMatchObject({ outcome: 'replaced' });
    expect(stage().table.children).toHaveLength(3);
  });
});

describe('what an earlier host has left', () => {
  it('OW-08: is taken over with what its start had shown; its end is a crash', async () => {
    const left = await leftover();
    const { subject, said } = await begun({ custodyDir, ready: { line: /ready/ } });
    const adopted = { ownership: 'adopted', pid: left.pid, port, startedAt: 7 };
    expect(subject.is.status).toMatchObject({ state: 'running', process: adopted });
    expect([said.plans, left.signals]).toEqual([0, []]);
    left.exits(0);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ phase: 'backing-off', budget: { used: 1 } });
    expect(subject.exits).toMatchObject([{ code: null, signal: null, expected: false }]);
    await stage().pass(1_000);
    expect([said.plans, spawned().length]).toEqual([1, 1]);
  });

  it('OW-09: is ended along the ladder first when it is not to be adopted', async () => {
    for (const [record, adopt] of [
      [{ ready: false }, true],
      [{}, false],
      [{ process: null }, true],
    ] as const) {
      const left = await leftover(record);
      left.habits = { ...left.habits, onTerminate: 'ignores' };
      const before = spawned().length;
      const { subject } = await begun({ custodyDir, adopt, stop: { graceMs: 2_000 } });
      await stage().pass(1_999);
      expect([left.signals, spawned().length]).toEqual([['SIGTERM'], before]);
      await stage().pass(1);
      expect([left.alive, spawned().length]).toEqual([false, before + 1]);
      expect(subject.is.status).toMatchObject({ process: { ownership: 'owned' } });
      expect(subject.is.status.budget).toMatchObject({ used: 0 });
      await subject.is.dispose();
    }
  });

  it('OW-10: is stopped, restarted and disposed as one of ours', async () => {
    for (const end of ['stop', 'dispose', 'restart'] as const) {
      const left = await leftover();
      const { subject } = await begun({ custodyDir });
      expect(subject.is.status.process).toMatchObject({ ownership: 'adopted' });
      let done = false;
      void subject.is[end]().then(() => {
        done = true;
      });
      await stage().until(() => done);
      expect([left.signals[0], left.alive]).toEqual(['SIGTERM', false]);
      await subject.is.dispose();
      expect(stage().outsiders.recordsIn(custodyDir)).toEqual([]);
    }
  });

  it('OW-11: does not serve a restart that was asked for before it was found', async () => {
    const left = await leftover();
    const { subject, said } = service({ custodyDir }, { cooldownMs: 0 });
    const asked = outcome(subject.is.restart({ by: 'user' }));
    await stage().until(() => asked.settled);
    expect(asked.value).toMatchObject({ outcome: 'replaced', pidAfter: spawned()[0]?.pid });
    expect([left.alive, said.plans]).toEqual([false, 1]);
  });

  it('OW-12: under a host that lives, or unreadable, stops the start at once', async () => {
    stage().outsiders.hosts.add(2);
    const left = await leftover();
    const { subject } = await begun({ custodyDir });
    expect(subject.is.status).toMatchObject(occupied);
    expect(subject.is.status.because).toContain('the host with pid 2 supervises it already');
    stage().outsiders.write(custodyDir, 'gateway.custody.json', '{');
    await subject.is.start();
    await stage().settle();
    expect(subject.is.status).toMatchObject(occupied);
    expect([left.signals, spawned().length]).toEqual([[], 0]);
  });

  it('OW-22: and has ended when it is claimed makes room for one of ours', async () => {
    await leftover({ ready: false });
    stage().outsiders.elusive = true;
    const { subject, said } = await begun({ custodyDir });
    expect(subject.is.status).toMatchObject({ state: 'running', process: { ownership: 'owned' } });
    expect(said.plans).toBe(1);
  });

  it('OW-13: that nobody answers for is given up in time, and a stop needs no answer', async () => {
    const left = await leftover();
    stage().outsiders.silent = new Promise(() => {});
    const { subject } = await begun({ custodyDir, portMs: 5_000 });
    await stage().pass(9_999);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'locating' });
    await stage().pass(1);
    expect(subject.is.status).toMatchObject(occupied);
    await subject.is.start();
    await subject.is.stop();
    expect([subject.is.status.state, left.signals]).toEqual(['stopped', []]);
  });
});
