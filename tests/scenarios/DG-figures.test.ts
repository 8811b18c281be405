/**
 * The figures of a system: each outcome is told once, its parts are what the clock of the stage
 * says, and the counts only grow. Whoever listens and fails must change nothing.
 */
import { describe, expect, it } from 'vitest';
import type { Gateway, Metric } from '../../src/index.ts';
import { onStage, type Subject } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };

/** A gateway that runs. */
async function whole(options: Parameters<ReturnType<typeof stage>['gateway']>[0] = {}) {
  const subject = stage().gateway({ ...options, process: { backoff, ...options.process } });
  await stage().running(subject);
  return { subject, claw: stage().claw, child: stage().child };
}

describe('figures', () => {
  const restarts = ({ metrics }: Subject) =>
    metrics.flatMap((metric) => (metric.name === 'restart' ? [metric.attributes] : []));

  it('DG-10: tell each restart once, executed or not, and only grow', async () => {
    const { subject } = await whole();
    const ask = (by: 'user' | 'host') => outcome((subject.is as Gateway).restart({ by }));
    stage().welcomes();
    const both = [ask('user'), ask('host')];
    await stage().until(() => both.every(({ settled }) => settled));
    expect(both.map(({ value }) => value?.outcome)).toEqual(['replaced', 'joined']);
    expect(restarts(subject as Subject)).toEqual([
      { by: 'user', outcome: 'replaced' },
      { by: 'host', outcome: 'joined' },
    ]);
    stage().child.exits(1);
    await stage().until(() => subject.is.status.state === 'running');
    const stopped = ask('user');
    await subject.is.stop();
    await stage().settle();
    expect(stopped.value?.outcome).toBe('superseded');
    const refused = ask('host');
    await stage().settle();
    expect(refused.value).toMatchObject({ outcome: 'refused', cause: 'stopped' });
    expect(restarts(subject as Subject).slice(2)).toEqual([
      { by: 'exit', outcome: 'replaced' },
      { by: 'user', outcome: 'superseded' },
      { by: 'host', outcome: 'refused' },
    ]);
    expect(subject.is.diagnostics.counts).toEqual({
      startup: 1,
      'restart.replaced': 2,
      'restart.joined': 1,
      'restart.superseded': 1,
      'restart.refused': 1,
    });
  });

  it('DG-10: tell what a failure has cost, and a process that does not serve', async () => {
    const { subject } = await whole({ process: { budget: { of: 2 } } });
    stage().network.onCall = (call) => call.reset();
    stage().claw.call.reset();
    await stage().until(() => stage().table.children.length === 2);
    stage().child.exits(78);
    await stage().settle();
    expect(subject.is.status.state).toBe('failed');
    expect(restarts(subject as Subject)).toEqual([{ by: 'doubt', outcome: 'failed' }]);
  });

  it('DG-10: tell the parts of a start, and each attempt to connect again', async () => {
    const plan = () =>
      new Promise<{ command: ['x'] }>((answer) => {
        stage().clock.setTimeout(() => answer({ command: ['x'] }), 300);
      });
    const subject = stage().gateway({ process: { plan, backoff, ready: { line: /up/ } } });
    stage().welcomes();
    await subject.is.start();
    await stage().pass(300);
    await stage().pass(700);
    stage().child.says('up');
    await stage().until(() => subject.is.status.state === 'running');
    const startup: Metric = {
      name: 'startup',
      value: 1_000,
      attributes: { planMs: 300, spawnToReadyMs: 700, readyToOpenMs: 0, totalMs: 1_000 },
    };
    expect(subject.metrics).toEqual([startup]);
    const dialled: number[] = [];
    stage().network.onCall = (call) => {
      dialled.push(stage().clock.now());
      if (dialled.length === 1) call.reset();
    };
    // the process is found stable in the middle of the wait, which is a step of its own
    await stage().pass(9_500);
    const lostAt = stage().clock.now();
    stage().claw.call.close(1012, 'service restart');
    await stage().until(() => stage().calls.length === 3);
    const [first = 0, second = 0] = dialled;
    stage().claw.challenges();
    await stage().until(() => stage().claw.connects.length > 0);
    await stage().pass(40);
    stage().claw.accepts();
    await stage().until(() => subject.is.status.state === 'running');
    const again = subject.metrics.slice(1);
    expect(again).toMatchObject([
      { name: 'reconnect', value: 0, attributes: { attempt: 1, outcome: 'failed' } },
      { name: 'reconnect', value: 40, attributes: { attempt: 2, outcome: 'open' } },
    ]);
    const delays = [first - lostAt, second - first];
    expect(delays.every((ms) => ms >= 1_000)).toBe(true);
    expect(again.map(({ attributes }) => 'delayMs' in attributes && attributes.delayMs)).toEqual(
      delays,
    );
    const { length } = subject.metrics;
    await subject.is.stop();
    expect(subject.metrics).toHaveLength(length);
  });

  it('DG-14: that nobody can take change nothing: a listener that throws or rejects', async () => {
    const lives: string[][] = [];
    const ways = [
      undefined,
      () => {
        throw new Error('sink is down');
      },
      () => Promise.reject(new Error('sink is down')),
    ];
    for (const way of ways) {
      const subject = stage().gateway({ process: { backoff } });
      const heard: string[] = [];
      if (way !== undefined) subject.is.on('metric', way);
      subject.is.on('metric', ({ name }) => heard.push(name));
      await stage().running(subject);
      stage().welcomes();
      const restart = outcome(subject.is.restart());
      await stage().until(() => restart.settled);
      stage().child.exits(1);
      await stage().until(() => subject.is.status.state === 'running');
      expect(restart.value?.outcome).toBe('replaced');
      expect(heard).toEqual(['startup', 'restart', 'restart']);
      lives.push(subject.states);
      const complaints = subject.diagnostics.filter(({ message }) => /sink is down/.test(message));
      expect(complaints).toHaveLength(way === undefined ? 0 : 3);
      for (const { code, message } of complaints) {
        expect([code, message]).toEqual([
          'HF_USER_FUNCTION',
          'a listener of "metric" failed: sink is down',
        ]);
      }
      await subject.is.dispose();
    }
    expect(lives[1]).toEqual(lives[0]);
    expect(lives[2]).toEqual(lives[0]);
  });
});
