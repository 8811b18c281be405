/**
 * What a reload is held to while it is under way: its deadlines, to the millisecond and begun anew
 * when the host has slept, one question of its proof after the other, and that the process must be
 * stable again after it. What comes meanwhile is never lost, and never comes too early.
 */
import { describe, expect, it } from 'vitest';
import type { CommonOptions, ProcessOptions } from '../../src/index.ts';
import type { Child } from '../../src/simulate/processes.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();

const hup = { signal: 'SIGHUP' } as const;
const never = new Promise<never>(() => {});
const asked = ({ signals }: Child) => signals.filter((name) => name !== 'SIGKILL');
const spawned = () => stage().table.children.length;

type Probe = () => boolean | Promise<boolean>;

/** A service that runs; `says.serves` answers for it from then on. */
async function running(reload: ProcessOptions['reload'], common: CommonOptions = {}) {
  const says: { serves: Probe; asked: number } = { serves: () => true, asked: 0 };
  const probe = () => {
    says.asked += 1;
    return says.serves();
  };
  const options = { ready: { probe }, backoff: { firstMs: 1_000, jitter: 0 } };
  const subject = stage().supervise({ ...options, ...(reload && { reload }) }, common);
  await subject.is.start();
  await stage().settle();
  expect(subject.is.status.state).toBe('running');
  says.asked = 0;
  return { subject, says, child: stage().child };
}

describe('the proof after a reload', () => {
  it('RL-27: asks once more when nobody has answered in time, and after a no', async () => {
    const { subject, says } = await running(hup);
    says.serves = () => (says.asked === 1 ? never : says.asked > 2);
    const done = outcome(subject.is.reload());
    await stage().pass(1_500);
    expect(says.asked).toBe(1);
    // given up after 1,500 ms, and asked again 200 ms later
    await stage().pass(1_699);
    expect(says.asked).toBe(1);
    await stage().pass(1);
    expect([says.asked, done.settled]).toEqual([2, false]);
    await stage().pass(199);
    expect(says.asked).toBe(2);
    await stage().pass(1);
    expect(done.value).toMatchObject({ outcome: 'applied' });
    expect(spawned()).toBe(1);
  });

  it('RL-27: takes an answer in its last moment, and none after it', async () => {
    const { subject, says } = await running(hup);
    const answers: ((serves: boolean) => void)[] = [];
    says.serves = () => new Promise((resolve) => answers.push(resolve));
    const done = outcome(subject.is.reload());
    await stage().pass(1_500);
    await stage().pass(1_500);
    answers[0]?.(true);
    await stage().settle();
    expect([done.settled, answers.length]).toEqual([false, 1]);
    await stage().pass(200);
    await stage().pass(1_499);
    answers[1]?.(true);
    await stage().settle();
    expect([done.value, answers.length]).toMatchObject([{ outcome: 'applied' }, 2]);
  });
});

describe('a process after a reload', () => {
  const ways: [what: string, reload: ProcessOptions['reload']][] = [
    ['was done', hup],
    ['was not wanted', 'off'],
  ];

  it.each(ways)(
    'RL-28: that %s must be stable anew before its failures are forgotten',
    async (_, reload) => {
      const { subject } = await running(reload);
      for (const waitMs of [1_000, 2_000]) {
        stage().child.exits(1);
        await stage().pass(waitMs);
      }
      expect([spawned(), subject.is.status.state]).toEqual([3, 'running']);
      const done = outcome(subject.is.reload());
      await stage().until(() => done.settled, 2_000);
      await stage().pass(10_000);
      stage().child.exits(1);
      await stage().pass(999);
      expect(spawned()).toBe(3);
      await stage().pass(1);
      expect(spawned()).toBe(4);
    },
  );

  const failures: [what: string, reload: ProcessOptions['reload'], serves: Probe, ms: number][] = [
    ['failed', 'restart', () => true, 0],
    ['hung', { run: () => never }, () => true, 10_000],
    ['was not proved', hup, () => false, 11_500],
  ];

  it.each(failures)(
    'RL-28: that %s must be so too, until it is replaced',
    async (_, reload, serves, ms) => {
      const { subject, says } = await running(reload, { cooldownMs: 120_000 });
      void subject.is.restart();
      await stage().settle();
      for (const waitMs of [1_000, 2_000]) {
        stage().child.exits(1);
        await stage().pass(waitMs);
      }
      expect([spawned(), subject.is.status.state]).toEqual([4, 'running']);
      says.serves = serves;
      void subject.is.reload();
      await stage().pass(ms);
      says.serves = () => true;
      await stage().pass(10_000);
      expect(subject.is.status.pending).toHaveLength(1);
      stage().child.exits(1);
      await stage().pass(999);
      expect(spawned()).toBe(4);
      await stage().pass(1);
      expect(spawned()).toBe(5);
    },
  );
});

describe('a start after the link has given up during a reload', () => {
  it('RL-28: ends it, and the process must be stable anew', async () => {
    stage().network.manner = 'hangs';
    const subject = stage().gateway({
      cooldownMs: 120_000,
      process: {
        reload: { run: () => never },
        reloadMs: 60_000,
        backoff: { firstMs: 1_000, jitter: 0 },
      },
      link: { reconnect: { attemptsMax: 1 } },
    });
    await subject.is.start();
    await stage().settle();
    void subject.is.restart();
    await stage().settle();
    for (const waitMs of [1_000, 2_000]) {
      stage().child.exits(1);
      await stage().pass(waitMs);
    }
    expect([spawned(), subject.is.status.phase]).toEqual([4, 'dialing']);
    void subject.is.reload();
    await stage().settle();
    // it waits for the cooldown: so it is not what ends the reload
    void subject.is.restart();
    await stage().until(() => subject.is.status.state === 'failed', 11_000);
    await subject.is.start();
    await stage().pass(10_000);
    stage().child.exits(1);
    await stage().pass(999);
    expect(spawned()).toBe(4);
    await stage().pass(1);
    expect(spawned()).toBe(5);
  });
});

describe('a host that slept during a reload', () => {
  it('RL-29: gives whoever is asked to reload the whole time again', async () => {
    const { subject } = await running({ run: () => never });
    const done = outcome(subject.is.reload());
    await stage().pass(9_000);
    await stage().resumes();
    await stage().pass(9_999);
    expect(spawned()).toBe(1);
    await stage().pass(1);
    await stage().until(() => done.settled, 2_000);
    expect([done.value, spawned()]).toMatchObject([{ outcome: 'restarted' }, 2]);
  });

  it('RL-29: gives the proof its whole time again', async () => {
    const { subject, says, child } = await running(hup);
    says.serves = () => false;
    const done = outcome(subject.is.reload());
    await stage().pass(1_500 + 9_000);
    await stage().resumes();
    await stage().pass(9_999);
    expect(asked(child)).toEqual(['SIGHUP']);
    await stage().pass(1);
    expect(asked(child)).toEqual(['SIGHUP', 'SIGTERM']);
    says.serves = () => true;
    await stage().until(() => done.settled, 2_000);
  });

  it.each([0, 2_000])('RL-29: gives heirs theirs, %d ms after it was asked', async (ms) => {
    stage().table.habits = { leaves: 1, killable: false };
    const { subject, says, child } = await running(ms === 0 ? { run: () => never } : hup);
    says.serves = () => false;
    void subject.is.reload();
    await stage().pass(ms);
    expect(subject.is.status.phase).toBe('reloading');
    child.exits(1);
    await stage().pass(1_500);
    await stage().resumes();
    await stage().pass(1_999);
    expect(subject.is.status.phase).toBe('sweeping');
    await stage().pass(1);
    expect(subject.is.status.phase).toBe('unkillable');
    stage().unkillable += 1;
  });
});

describe('what comes after a reload was asked for', () => {
  it('RL-30: is not sooner than the reload before it was to be', async () => {
    const { subject, child } = await running(hup);
    void subject.is.reload({ settleMs: 8_000 });
    await stage().pass(100);
    void subject.is.reload({ settleMs: 150 });
    await stage().pass(7_899);
    expect(child.signals).toEqual([]);
    await stage().pass(1);
    expect(child.signals).toEqual(['SIGHUP']);
  });

  it('RL-30: is as late as was said, while it is under way', async () => {
    const { subject, child } = await running(hup);
    const reload = outcome(subject.is.reload());
    await stage().pass(700);
    const restart = outcome(subject.is.restart({ settleMs: 2_000 }));
    await stage().pass(1_999);
    expect(asked(child)).toEqual(['SIGHUP']);
    await stage().pass(1);
    await stage().until(() => restart.settled && reload.settled, 2_000);
    expect([asked(child), spawned()]).toEqual([['SIGHUP', 'SIGTERM'], 2]);
  });
});

describe('a link that is lost during a reload', () => {
  it('RL-32: is no sign of trouble: the process has time to come back', async () => {
    const subject = stage().gateway({ process: { reload: hup } });
    const { claw } = await stage().running(subject);
    const { child } = stage();
    const done = outcome(subject.is.reload());
    await stage().settle();
    stage().network.manner = 'nobody';
    claw?.call.reset();
    await stage().pass(20_000);
    expect(done.value).toMatchObject({ outcome: 'applied' });
    expect([child.signals, subject.is.status.state]).toEqual([['SIGHUP'], 'reconnecting']);
    stage().network.manner = 'accepts';
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 20_000);
    expect([child.signals, spawned()]).toEqual([['SIGHUP'], 1]);
  });
});

describe('a reload before its link is open', () => {
  it('RL-31: is done all the same', async () => {
    stage().network.manner = 'hangs';
    const subject = stage().gateway({ process: { reload: hup } });
    await subject.is.start();
    await stage().settle();
    expect(subject.is.status.phase).toBe('dialing');
    const done = outcome(subject.is.reload());
    await stage().settle();
    expect(stage().child.signals).toEqual(['SIGHUP']);
    await stage().pass(1_500);
    expect(done.value).toMatchObject({ outcome: 'applied' });
  });
});
