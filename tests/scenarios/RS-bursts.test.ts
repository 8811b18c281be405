/**
 * Restarts that are asked for more often than they are needed: in a burst, within a cooldown, after
 * a delay that others move. The clock decides, so a test stands a millisecond before each deadline
 * and on it; none may be lost, and none may come twice.
 */
import { describe, expect, it } from 'vitest';
import type { CommonOptions, ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };

/** A service that is ready at once; every process has asked for its plan. */
async function up(common: CommonOptions = {}, process: Partial<ProcessOptions> = {}) {
  const plans: string[] = [];
  const plan = ({ because }: { because: string }) => {
    plans.push(because);
    return { command: ['service'] as const };
  };
  const subject = stage().supervise({ plan, backoff, ...process }, common);
  await subject.is.start();
  await stage().settle();
  expect(subject.is.status.state).toBe('running');
  return { subject, plans };
}

type Subject = Awaited<ReturnType<typeof up>>['subject'];

const ask = ({ is }: Subject, settleMs = 0) => outcome(is.restart({ settleMs }));
const words = (asked: ReturnType<typeof ask>[]) => asked.map(({ value }) => value?.outcome);
const joined = (count: number) => Array<string>(count).fill('joined');

describe('within the cooldown', () => {
  it('RS-09: a restart comes once, when that is over, and is not lost', async () => {
    const { subject, plans } = await up();
    const first = ask(subject);
    await stage().settle();
    expect(words([first])).toEqual(['replaced']);
    await stage().pass(1_000);
    const second = ask(subject);
    await stage().pass(1_499);
    expect([plans.length, second.settled]).toEqual([2, false]);
    expect(subject.is.status).toMatchObject({ state: 'running', phase: 'cooling' });
    await stage().pass(1);
    expect([plans.length, words([second])]).toEqual([3, ['replaced']]);
    await stage().pass(60_000);
    expect(plans).toHaveLength(3);
  });

  it('RS-10: twenty restarts are one', async () => {
    const { subject, plans } = await up();
    ask(subject);
    await stage().settle();
    const asked: ReturnType<typeof ask>[] = [];
    for (let time = 0; time < 20; time += 1) {
      asked.push(ask(subject));
      await stage().pass(120);
    }
    expect([plans.length, asked.some(({ settled }) => settled)]).toEqual([2, false]);
    await stage().pass(100);
    expect(words(asked)).toEqual(['replaced', ...joined(19)]);
    expect(new Set(asked.map(({ value }) => value?.pidAfter)).size).toBe(1);
    await stage().pass(60_000);
    expect(plans).toHaveLength(3);
  });
});

describe('past the cooldown', () => {
  it('RS-11: a hundred restarts are a hundred, and no budget is used up', async () => {
    const { subject, plans } = await up();
    for (let time = 1; time <= 100; time += 1) {
      const asked = ask(subject);
      await stage().pass(3_000);
      expect(words([asked])).toEqual(['replaced']);
      expect([plans.length, subject.is.status.budget?.used]).toEqual([time + 1, 0]);
    }
    expect(subject.is.status.state).toBe('running');
  }, 60_000);

  it('RS-18: the figures count on, one by one, and are numbers', async () => {
    const { subject } = await up({ cooldownMs: 0 });
    const counted: unknown[] = [];
    for (let time = 1; time <= 5; time += 1) {
      ask(subject);
      await stage().pass(1);
      counted.push(subject.is.diagnostics.counts['restart.replaced']);
    }
    expect(counted).toEqual([1, 2, 3, 4, 5]);
    expect(subject.metrics.filter(({ name }) => name === 'restart')).toHaveLength(5);
  });
});

describe('a delayed restart', () => {
  it('RS-13: ten times within two seconds is one, two seconds after the last', async () => {
    const { subject, plans } = await up();
    const asked: ReturnType<typeof ask>[] = [];
    for (let time = 0; time < 10; time += 1) {
      if (time > 0) await stage().pass(200);
      asked.push(ask(subject, 2_000));
    }
    expect(subject.is.status.pending).toHaveLength(10);
    await stage().pass(1_999);
    expect([plans.length, asked.some(({ settled }) => settled)]).toEqual([1, false]);
    await stage().pass(1);
    expect(words(asked)).toEqual(['replaced', ...joined(9)]);
    await stage().pass(60_000);
    expect(plans).toHaveLength(2);
  });

  it('RS-24: of 8,000 ms is not overtaken by one of 150 that comes later', async () => {
    const { subject, plans } = await up();
    const asked = [ask(subject, 8_000)];
    await stage().pass(1_000);
    asked.push(ask(subject, 150));
    await stage().pass(6_999);
    expect([plans.length, asked.some(({ settled }) => settled)]).toEqual([1, false]);
    await stage().pass(1);
    expect([plans.length, words(asked)]).toEqual([2, ['replaced', 'joined']]);
    await stage().pass(60_000);
    expect(plans).toHaveLength(2);
  });

  it('RS-14: never comes after a stop, also not in the next life', async () => {
    const { subject, plans } = await up();
    const asked = ask(subject, 5_000);
    await stage().pass(1_000);
    await subject.is.stop();
    await stage().settle();
    expect(words([asked])).toEqual(['superseded']);
    await subject.is.start();
    await stage().pass(60_000);
    expect([plans.length, subject.is.status.pending]).toEqual([2, []]);
    const life = ['starting', 'running'];
    expect(subject.states).toEqual([...life, 'stopping', 'stopped', ...life]);
  });
});
