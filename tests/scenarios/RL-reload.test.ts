/**
 * A configuration that changed while the service runs: it is made to read it in the way that the
 * host names, that is proved, and a new process takes over where it does not work. What changed
 * after the process had read its configuration is never lost, and nothing is done twice.
 */
import { describe, expect, it } from 'vitest';
import type { ProcessOptions } from '../../src/index.ts';
import type { Child } from '../../src/simulate/processes.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();

/** A service that serves as long as `says.serves`, started from a plan that is counted. */
async function service(reload: ProcessOptions['reload'], more: Partial<ProcessOptions> = {}) {
  const says = { serves: true, plans: 0 };
  const plan = () => {
    says.plans += 1;
    return { command: ['service'] as const };
  };
  const options = { plan, ready: { probe: () => says.serves }, backoff: { jitter: 0 } };
  const asked = reload === undefined ? {} : { reload };
  const subject = stage().supervise({ ...options, ...asked, ...more });
  await subject.is.start();
  await stage().settle();
  expect(subject.is.status.state).toBe('running');
  return { subject, says, child: stage().child };
}

const hup = { signal: 'SIGHUP' } as const;
/** What it was asked by signals; its group is killed once it has ended. */
const asked = ({ signals }: Child) => signals.filter((name) => name !== 'SIGKILL');
const pids = () => stage().table.children.map(({ pid }) => pid);

describe('a reload', () => {
  it('RL-01: is one signal, no restart, and done once the process has outlived it', async () => {
    const { subject, child } = await service(hup);
    const done = subject.is.reload({ because: 'the settings changed' });
    await stage().settle();
    expect(child.signals).toEqual(['SIGHUP']);
    expect(subject.is.status).toMatchObject({
      state: 'running',
      phase: 'reloading',
      because: 'the settings changed; pid 101 reads its configuration anew',
      pending: [{ verb: 'reload', by: 'user' }],
    });
    await stage().pass(1_499);
    expect(subject.pending).toEqual(['reload']);
    await stage().pass(1);
    expect(await done).toEqual({ outcome: 'applied', cause: 'SIGHUP sent to pid 101' });
    expect(subject.is.status).toMatchObject({ phase: 'steady', pending: [] });
    expect([pids(), child.signals]).toEqual([[101], ['SIGHUP']]);
  });

  it('RL-02: that kills the process leads to one new one, which has read it', async () => {
    const { subject, child, says } = await service(hup);
    child.onSignal = () => child.exits(1);
    const done = subject.is.reload();
    await stage().until(() => subject.pending.length === 0);
    expect(await done).toMatchObject({ outcome: 'restarted' });
    await stage().pass(60_000);
    expect([pids(), says.plans]).toEqual([[101, 102], 2]);
  });

  it('RL-03: whose signal cannot be sent becomes one restart', async () => {
    const { subject, child } = await service(hup);
    child.handle.signal = () => {
      throw new Error('kill EPERM');
    };
    const done = subject.is.reload();
    await stage().until(() => subject.pending.length === 0);
    expect(await done).toEqual({ outcome: 'restarted', cause: 'kill EPERM' });
    expect([pids(), asked(child)]).toEqual([[101, 102], ['SIGTERM']]);
    expect(subject.diagnostics).toContainEqual({
      level: 'warn',
      code: 'HF_RELOAD',
      message: 'kill EPERM',
    });
  });

  it('RL-04: by a signal where there are none becomes one restart', async () => {
    const driver = Object.assign(stage().driver.bind(undefined), {
      can: { signals: false, stdin: true, group: false },
    });
    const { subject, child } = await service(hup, { driver });
    const done = subject.is.reload();
    await stage().until(() => subject.pending.length === 0);
    expect(await done).toEqual({ outcome: 'restarted', cause: 'the driver has no signals' });
    expect([pids(), asked(child)]).toEqual([[101, 102], ['SIGTERM']]);
  });

  it('RL-05: is a restart where the host says so, and where it says nothing', async () => {
    for (const reload of ['restart', undefined] as const) {
      const { subject, child } = await service(reload);
      const done = subject.is.reload();
      await stage().until(() => subject.pending.length === 0);
      expect(await done).toEqual({ outcome: 'restarted', cause: 'process.reload says restart' });
      expect(asked(child)).toEqual(['SIGTERM']);
    }
  });

  it('RL-06: that is off does nothing, and says so', async () => {
    const { subject, child, says } = await service('off');
    expect(await subject.is.reload()).toEqual({
      outcome: 'skipped',
      cause: 'process.reload is off',
    });
    await stage().pass(60_000);
    expect([child.signals, says.plans]).toEqual([[], 1]);
  });

  it('RL-07: that is asked for while it starts is done once it serves', async () => {
    const { subject, says, child } = await service(hup);
    child.exits(1);
    says.serves = false;
    await stage().pass(500);
    expect([pids(), subject.is.status.phase]).toEqual([[101, 102], 'awaiting-ready']);
    // the plan was read before: what changed now is not in it
    const done = subject.is.reload();
    await stage().pass(1_000);
    expect(stage().child.signals).toEqual([]);
    says.serves = true;
    await stage().until(() => subject.pending.length === 0);
    expect(await done).toEqual({ outcome: 'applied', cause: 'SIGHUP sent to pid 102' });
    expect([pids(), stage().child.signals]).toEqual([[101, 102], ['SIGHUP']]);
  });

  it('RL-09: that is asked for ten times in a burst is one, after the last of them', async () => {
    const { subject, child } = await service(hup);
    const all = [];
    for (let times = 0; times < 10; times += 1) {
      all.push(subject.is.reload({ settleMs: 1_200 }));
      await stage().pass(120);
    }
    await stage().pass(1_079);
    expect(child.signals).toEqual([]);
    await stage().pass(1);
    expect(child.signals).toEqual(['SIGHUP']);
    await stage().pass(1_500);
    const outcomes = (await Promise.all(all)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['applied', ...Array(9).fill('joined')]);
  });

  it.each<[what: string, way: () => never, cause: string]>([
    [
      'be had',
      () => {
        throw new Error('no such file');
      },
      'process.reload failed: no such file',
    ],
    ['be understood', () => 'sometimes' as never, '{ run }'],
  ])('RL-10: whose way cannot %s becomes one restart', async (_, way, cause) => {
    const { subject } = await service(way);
    const done = subject.is.reload();
    await stage().until(() => subject.pending.length === 0);
    expect(await done).toEqual({
      outcome: 'restarted',
      cause: expect.stringContaining(cause),
    });
    expect(pids()).toEqual([101, 102]);
    expect(subject.diagnostics.filter(({ code }) => code === 'HF_RELOAD')).toHaveLength(1);
  });

  it.each([-5, 1e10, 'x'])('RL-10: is refused what is no time to settle: %s', async (settleMs) => {
    const { subject, child } = await service(hup);
    await expect(subject.is.reload({ settleMs: settleMs as number })).rejects.toMatchObject({
      code: 'HF_OPTION_INVALID',
      details: { option: 'reload.settleMs' },
    });
    expect([child.signals, subject.pending]).toEqual([[], []]);
  });

  it('RL-12: that is asked for five times within 15 s asks once for its way', async () => {
    let asked = 0;
    const { subject } = await service(() => {
      asked += 1;
      return hup;
    });
    for (let times = 0; times < 5; times += 1) {
      void subject.is.reload({ settleMs: 15_000 });
      await stage().pass(3_000);
    }
    expect(asked).toBe(0);
    await stage().pass(12_000);
    expect([asked, stage().child.signals]).toEqual([1, ['SIGHUP']]);
  });

  it('RL-18: is done in the way that is right at that moment', async () => {
    let way: 'off' | { signal: 'SIGHUP' } = 'off';
    const { subject, child } = await service(() => way);
    const done = subject.is.reload({ settleMs: 1_000 });
    way = hup;
    await stage().pass(1_000);
    expect(child.signals).toEqual(['SIGHUP']);
    await stage().pass(1_500);
    expect((await done).outcome).toBe('applied');
  });

  it('RL-19: that did not work and must not restart it leaves it as it is', async () => {
    const run = () => {
      throw new Error('it said no');
    };
    const { subject, child } = await service({ run, orElse: 'keep' });
    expect(await subject.is.reload()).toEqual({
      outcome: 'skipped',
      cause: 'process.reload.run failed: it said no',
    });
    expect([pids(), child.signals]).toEqual([[101], []]);
  });

  it('RL-20: after which it does not serve any more becomes a restart, in time', async () => {
    const { subject, child, says } = await service(hup);
    child.onSignal = () => {
      says.serves = false;
    };
    const done = subject.is.reload();
    await stage().pass(11_499);
    expect([asked(child), says.plans]).toEqual([['SIGHUP'], 1]);
    await stage().pass(1);
    expect(asked(child)).toEqual(['SIGHUP', 'SIGTERM']);
    says.serves = true;
    await stage().until(() => subject.pending.length === 0);
    expect(await done).toEqual({ outcome: 'restarted', cause: 'it does not serve' });
  });

  it('RL-21: that hangs becomes a restart after ten seconds', async () => {
    const never = new Promise<never>(() => {});
    const { subject } = await service({ run: () => never });
    const done = subject.is.reload();
    await stage().pass(9_999);
    expect(pids()).toEqual([101]);
    await stage().pass(1);
    await stage().until(() => subject.pending.length === 0);
    expect(await done).toEqual({
      outcome: 'restarted',
      cause: 'process.reload.run had not answered within 10000 ms',
    });
    expect(pids()).toEqual([101, 102]);
  });

  it('RL-22: that comes while one is under way is done after it', async () => {
    const { subject, child } = await service(hup);
    const first = subject.is.reload();
    await stage().pass(700);
    const second = outcome(subject.is.reload());
    await stage().pass(800);
    expect((await first).outcome).toBe('applied');
    expect([child.signals, second.settled]).toEqual([['SIGHUP', 'SIGHUP'], false]);
    await stage().pass(1_500);
    expect(second.value?.outcome).toBe('joined');
    expect(child.signals).toHaveLength(2);
  });

  it('RL-23: runs a command with the mark of the service, and takes its word', async () => {
    for (const code of [0, 3]) {
      const { subject, child } = await service({ command: ['ctl', 'reload'] });
      stage().table.onSpawn = (one: Child) => {
        if (one.plan.command === 'ctl') one.exits(code);
      };
      const { name, value } = child.plan.mark;
      const done = subject.is.reload();
      await stage().until(() => subject.pending.length === 0);
      const ctl = stage().table.children.find(({ plan }) => plan.command === 'ctl');
      expect(ctl?.plan.env[name]).toBeDefined();
      expect(ctl?.plan.mark.name).not.toBe(name);
      if (code === 0) expect(ctl?.plan.env[name]).toBe(value);
      expect(await done).toEqual(
        code === 0
          ? { outcome: 'applied', cause: 'ctl exited with code 0' }
          : { outcome: 'restarted', cause: 'ctl exited with code 3' },
      );
    }
  });
});

describe('a reload beside other wishes', () => {
  it('RS-23: is absorbed by a restart, at the latest deadline of both', async () => {
    const { subject, child, says } = await service(hup);
    const reload = subject.is.reload({ settleMs: 2_000 });
    const restart = subject.is.restart({ settleMs: 1_200 });
    await stage().pass(1_999);
    expect([child.signals, says.plans]).toEqual([[], 1]);
    await stage().pass(1);
    await stage().until(() => subject.pending.length === 0);
    expect(await reload).toMatchObject({ outcome: 'restarted' });
    expect(await restart).toMatchObject({ outcome: 'joined' });
    expect([says.plans, asked(child)]).toEqual([2, ['SIGTERM']]);
  });

  it('RL-24: is absorbed by a restart that comes while it is under way', async () => {
    const { subject, child, says } = await service(hup);
    const reload = subject.is.reload();
    await stage().pass(700);
    const restart = subject.is.restart();
    await stage().until(() => subject.pending.length === 0);
    expect((await reload).outcome).toBe('restarted');
    expect((await restart).outcome).toMatch(/joined|replaced/);
    expect([says.plans, asked(child)]).toEqual([2, ['SIGHUP', 'SIGTERM']]);
  });

  it('RL-25: is dropped by a stop, in whatever phase, and starts nothing', async () => {
    for (const passed of [0, 700]) {
      const { subject, says } = await service(hup);
      const done = subject.is.reload({ settleMs: 100 });
      await stage().pass(passed);
      await subject.is.stop();
      expect(await done).toEqual({ outcome: 'superseded', cause: 'it was stopped before' });
      await stage().pass(60_000);
      expect([subject.is.status.state, says.plans]).toEqual(['stopped', 1]);
    }
  });

  it('RL-26: is refused while it is stopped, and for what is not ours', async () => {
    const { subject, says } = await service(hup);
    await subject.is.stop();
    expect(await subject.is.reload()).toEqual({ outcome: 'refused', cause: 'stopped' });
    expect(says.plans).toBe(1);
    const port = 18_789;
    const other = stage().outsiders.add({ port });
    await stage().settle();
    const probe = () => true;
    const guest = stage().supervise({ port, ready: { probe }, reload: hup });
    await guest.is.start();
    await stage().settle();
    expect(guest.is.status.process).toMatchObject({ ownership: 'attached' });
    expect(await guest.is.reload()).toEqual({ outcome: 'refused', cause: 'not-owned' });
    expect(other.signals).toEqual([]);
  });
});
