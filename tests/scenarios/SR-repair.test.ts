/**
 * A configuration that the service refuses: a command of the host mends it once, as a process like
 * any other, and one more start follows only if that command says that it did. Nothing of it
 * outlives a stop, and no line of an earlier start is ever taken for one of this start.
 */
import { describe, expect, it } from 'vitest';
import type { ProcessOptions } from '../../src/index.ts';
import type { Child } from '../../src/simulate/processes.ts';
import { onStage } from './stage.ts';

const stage = onStage();

const mend = { command: ['doctor', '--fix'] as const };
const isDoctor = ({ plan }: Child) => plan.command === 'doctor';
const doctors = () => stage().table.children.filter(isDoctor);
const services = () => stage().table.children.filter((child) => !isDoctor(child));

/** A service with a doctor; `starts` is what each start of the service does by itself. */
async function service(
  { starts, more = {} }: { starts: ((child: Child) => void)[]; more?: Partial<ProcessOptions> },
  doctor: (child: Child) => void = () => {},
) {
  const asked: { attempt: number; because: string }[] = [];
  stage().table.onSpawn = (child) => {
    if (isDoctor(child)) return doctor(child);
    const at = services().indexOf(child);
    (starts[at] ?? starts.at(-1))?.(child);
  };
  const repair: ProcessOptions['repair'] = ({ attempt, because }) => {
    asked.push({ attempt, because });
    return mend;
  };
  const options = { backoff: { firstMs: 1_000, jitter: 0 }, ready: { line: /up/ }, repair };
  const subject = stage().supervise({ ...options, ...more });
  await subject.is.start();
  await stage().settle();
  return { subject, asked };
}

const refuses = (child: Child) => {
  child.says('Invalid config: unrecognized key', 'stderr');
  child.exits(78);
};
const serves = (child: Child) => child.says('up');
const misconfigured = { state: 'failed', error: { code: 'HF_CONFIGURATION' } };

describe('a configuration that the service refuses', () => {
  it('PO-16: is mended once; a start follows, and its budget is not charged', async () => {
    const { subject, asked } = await service({ starts: [refuses, serves] }, (child) => {
      child.exits(0);
    });
    expect(subject.is.status).toMatchObject({ state: 'running', budget: { used: 0 } });
    expect([services().length, doctors().length, asked.length]).toEqual([2, 1, 1]);
    expect(doctors()[0]?.plan.args).toEqual(['--fix']);
    expect(subject.exits.map(({ code }) => code)).toEqual([78]);
    expect(subject.diagnostics).toContainEqual({
      level: 'info',
      code: 'HF_REPAIR',
      message: 'its repair (doctor) exited with code 0 after 0 ms',
    });
  });

  it('SR-01: is known by what it writes, where its code says nothing', async () => {
    const classifyExit: ProcessOptions['classifyExit'] = ({ lines }) =>
      lines.some((line) => line.startsWith('Invalid config')) ? 'configuration' : undefined;
    const unclear = (child: Child) => {
      child.says('Invalid config: no such key', 'stderr');
      child.exits(1);
    };
    const { subject } = await service(
      { starts: [unclear, serves], more: { classifyExit } },
      (child) => child.exits(0),
    );
    expect(subject.is.status.state).toBe('running');
    expect(subject.exits).toMatchObject([{ code: 1 }]);
    expect(doctors()).toHaveLength(1);
  });

  it('SR-02: that is still refused is the end, and the doctor is not asked again', async () => {
    const { subject, asked } = await service({ starts: [refuses] }, (child) => child.exits(0));
    expect(subject.is.status).toMatchObject(misconfigured);
    expect(subject.is.status.error?.message).toMatch(
      /^gave up: pid 103 exited by itself with code 78; its repair \(doctor\) exited with code 0/,
    );
    await stage().pass(600_000);
    expect([services().length, doctors().length, asked.length]).toEqual([2, 1, 1]);
    // whoever asks again has another try
    await subject.is.start();
    await stage().settle();
    expect(doctors()).toHaveLength(2);
  });

  it('SR-03: whose doctor fails is the end, with what the doctor said', async () => {
    const { subject } = await service({ starts: [refuses] }, (child) => {
      child.says('cannot fix it', 'stderr');
      child.exits(3);
    });
    expect(subject.is.status).toMatchObject(misconfigured);
    expect(subject.is.status.error?.details).toMatchObject({
      exit: { code: 78 },
      repair: { code: 3, lastWords: ['cannot fix it'] },
    });
    expect(services()).toHaveLength(1);
  });

  it('SR-04: whose doctor hangs is the end after two minutes, and the doctor is gone', async () => {
    const { subject } = await service({ starts: [refuses] });
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'repairing' });
    expect(subject.is.status).not.toHaveProperty('process');
    expect(subject.is.status.because).toBe(
      'pid 101 exited by itself with code 78; repairing its configuration with doctor, pid 102',
    );
    await stage().pass(119_999);
    expect(doctors()[0]?.signals).toEqual([]);
    await stage().pass(1);
    expect(doctors()[0]?.signals).toContain('SIGKILL');
    expect(subject.is.status).toMatchObject(misconfigured);
  });

  it('SR-24: is judged by the lines of this start alone', async () => {
    const classifyExit: ProcessOptions['classifyExit'] = ({ lines }) =>
      lines.some((line) => line.startsWith('Invalid config')) ? 'configuration' : undefined;
    const first = (child: Child) => {
      child.says('Invalid config: no such key', 'stderr');
      child.exits(1);
    };
    const then = (child: Child) => {
      child.says('lost my way', 'stderr');
      child.exits(1);
    };
    const { subject } = await service(
      { starts: [first, then, serves], more: { classifyExit } },
      (child) => child.exits(0),
    );
    expect(subject.is.status).toMatchObject({ phase: 'backing-off', budget: { used: 1 } });
    await stage().pass(1_000);
    expect(subject.is.status.state).toBe('running');
    expect(doctors()).toHaveLength(1);
  });

  it('SR-25: is not seen in every message that speaks of a configuration', async () => {
    const then = (child: Child) => {
      child.says('reading config from disk failed: EIO', 'stderr');
      child.exits(1);
    };
    const { subject } = await service({ starts: [then, serves] }, (child) => child.exits(0));
    expect([subject.is.status.phase, doctors().length]).toEqual(['backing-off', 0]);
  });

  it('SR-26: is not what an unsuitable runtime has: no doctor, no second start', async () => {
    const { subject } = await service(
      { starts: [(child) => child.exits(79)], more: { exitClasses: { 79: 'runtime' } } },
      (child) => child.exits(0),
    );
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_RUNTIME' } });
    await stage().pass(600_000);
    expect([services().length, doctors().length]).toEqual([1, 0]);
  });

  it('SR-20: is the end where the host has nothing to mend it with', async () => {
    const { subject } = await service({ starts: [refuses], more: { repair: () => null } });
    expect(subject.is.status).toMatchObject(misconfigured);
    expect(subject.is.status.error?.message).toBe('gave up: pid 101 exited by itself with code 78');
  });

  it('SR-21: is the end where the host does not say how, within its time', async () => {
    const never = new Promise<never>(() => {});
    const { subject } = await service({ starts: [refuses], more: { repair: () => never } });
    await stage().pass(9_999);
    expect(subject.is.status.state).toBe('starting');
    await stage().pass(1);
    expect(subject.is.status).toMatchObject(misconfigured);
    expect(subject.is.status.error?.message).toMatch(/process\.repair had not answered$/);
  });
});

describe('a repair that is under way', () => {
  it('SR-27: has its whole time again when its host has slept', async () => {
    await service({ starts: [refuses] });
    await stage().pass(119_000);
    await stage().resumes();
    await stage().pass(119_999);
    expect(doctors()[0]?.signals).toEqual([]);
    await stage().pass(1);
    expect(doctors()[0]?.signals).toContain('SIGKILL');
  });

  it('SR-27: and so have those whom the doctor has left', async () => {
    const { subject } = await service({ starts: [refuses] }, (child) => {
      child.habits = { ...child.habits, leaves: 1, killable: false };
      child.exits(0);
    });
    await stage().pass(1_500);
    await stage().resumes();
    await stage().pass(1_999);
    expect(subject.is.status.phase).toBe('sweeping');
    await stage().pass(1);
    expect(subject.is.status.phase).toBe('unkillable');
    stage().unkillable += 1;
  });

  it('SR-28: may come once more after a stop and a start before anything served', async () => {
    const { subject, asked } = await service(
      { starts: [refuses, () => {}, refuses, serves] },
      (child) => child.exits(0),
    );
    expect([services().length, doctors().length]).toEqual([2, 1]);
    void subject.is.stop();
    void subject.is.start();
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    expect([services().length, doctors().length, asked.length]).toEqual([4, 2, 2]);
  });

  it('SR-28: may come once more after a restart, where nobody waits for a start', async () => {
    const starts = [serves, refuses, () => {}, refuses, serves];
    stage().network.manner = 'nobody';
    stage().table.onSpawn = (child) =>
      isDoctor(child) ? child.exits(0) : starts[services().indexOf(child)]?.(child);
    const process = { ready: { line: /up/ }, repair: () => mend };
    const subject = stage().gateway({ process, link: { reconnect: { attemptsMax: 1 } } });
    await subject.is.start();
    await stage().until(() => subject.is.status.state === 'failed', 5_000);
    services()[0]?.exits(1);
    await stage().until(() => services().length === 3, 60_000);
    expect(doctors()).toHaveLength(1);
    void subject.is.restart();
    await stage().until(() => services().length === 5, 60_000);
    expect(doctors()).toHaveLength(2);
  });
});

describe('a stop during a repair', () => {
  it('SR-22: ends the doctor along the ladder, and nothing starts after it', async () => {
    const { subject } = await service({ starts: [refuses, serves] }, (child) => {
      child.habits = { ...child.habits, onTerminate: 'ignores' };
    });
    const stopped = subject.is.stop();
    await stage().settle();
    expect(doctors()[0]?.signals).toEqual(['SIGTERM']);
    expect(subject.is.status.because).toBe('you asked; SIGTERM sent to pid 102, SIGKILL in 5 s');
    await stage().pass(5_000);
    expect(await stopped).toEqual({ gone: true, how: 'pid 102 ended by our SIGKILL' });
    await stage().pass(600_000);
    expect([services().length, stage().table.alive]).toEqual([1, 0]);
  });

  it('SR-23: and a start begins anew: the service is asked first, then the doctor', async () => {
    const { subject, asked } = await service({ starts: [refuses, refuses, serves] }, (child) => {
      if (doctors().length > 1) child.exits(0);
    });
    const stopped = subject.is.stop();
    await subject.is.start();
    await stopped;
    await stage().settle();
    expect([services().length, doctors().length, asked.length]).toEqual([3, 2, 2]);
    expect(subject.is.status.state).toBe('running');
  });
});
