/**
 * How a process is asked to end in its own way before any signal: once, over the link while that is
 * open, on its stdin, by a signal to it alone or by a function. What it does not know is not asked
 * again, and somebody else's process is asked only where that was said.
 */
import { describe, expect, it } from 'vitest';
import type { GatewayOptions, ProcessOptions } from '../../src/index.ts';
import type { Claw } from './claw.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const port = 18_789;
const shutdown = { request: 'shutdown' } as const;
type Stop = NonNullable<ProcessOptions['stop']>;

/** Attached to somebody else's gateway, connected. */
async function attached(stop: Stop, more: Partial<GatewayOptions> = {}) {
  const other = stage().outsiders.add({ port });
  await stage().settle();
  const process = { port, ready: { probe: () => true }, stop };
  const subject = stage().gateway({ ...more, process });
  const { claw } = await stage().running(subject);
  return { other, subject, claw: claw as Claw };
}

/** One of ours, connected. */
async function owned(stop: Stop, more: Partial<ProcessOptions> = {}) {
  const subject = stage().gateway({ process: { stop, ...more } });
  const { claw } = await stage().running(subject);
  return { subject, claw: claw as Claw, child: stage().child };
}

const asked = (claw: Claw) => claw.requests.map(({ method }) => method);
const last = (claw: Claw) => claw.requests.at(-1)?.id ?? '';

describe('a process of somebody else', () => {
  it('PO-03: is asked to end only where that was said, and never signalled', async () => {
    const first = await attached({ graceful: shutdown });
    await first.subject.is.stop();
    expect([asked(first.claw), first.other.signals, first.other.alive]).toEqual([[], [], true]);
    first.other.exits(0);
    await stage().settle();
    const { other, subject, claw } = await attached({
      graceful: { ...shutdown, attached: true, params: { why: 'over' } },
    });
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    expect(claw.requests.map(({ method, params }) => [method, params])).toEqual([
      ['shutdown', { why: 'over' }],
    ]);
    expect(subject.is.status).toMatchObject({ state: 'stopping', phase: 'draining' });
    expect(subject.is.status.because).toContain(`pid ${other.pid} on port ${port} is asked to end`);
    expect([claw.call.open, stopped.settled]).toEqual([true, false]);
    claw.answers(last(claw), {});
    await stage().until(() => stopped.settled, 1_000);
    expect([subject.is.status.state, other.signals]).toEqual(['stopped', []]);
  });

  it('PO-04: that does not know how is asked once', async () => {
    const { other, subject, claw } = await attached({ graceful: { ...shutdown, attached: true } });
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    claw.refuses({ code: 'INVALID_REQUEST', message: 'unknown method: shutdown' }, last(claw));
    await stage().until(() => stopped.settled, 1_000);
    expect([asked(claw), subject.is.status.state]).toEqual([['shutdown'], 'stopped']);
    const again = (await stage().running(subject)).claw as Claw;
    await subject.is.stop();
    expect([asked(again), subject.is.status.state]).toEqual([[], 'stopped']);
    expect(other.signals).toEqual([]);
    expect(subject.diagnostics.filter(({ code }) => code === 'HF_DRAIN')).toHaveLength(2);
  });

  it('PO-05: that never answers is left alone after 5 s', async () => {
    const { other, subject, claw } = await attached({ graceful: { ...shutdown, attached: true } });
    const stopped = outcome(subject.is.stop());
    await stage().pass(4_999);
    expect([subject.is.status.phase, claw.call.open]).toEqual(['draining', true]);
    await stage().pass(1);
    expect(stopped.settled).toBe(true);
    expect([subject.is.status.state, asked(claw), other.signals]).toEqual([
      'stopped',
      ['shutdown'],
      [],
    ]);
  });
});

describe('a process of ours', () => {
  it('PO-28: is asked over its link, which answers what is under way until it ends', async () => {
    const { subject, claw, child } = await owned({ graceful: shutdown, drainMs: 3_000 });
    const work = outcome(subject.is.request('work'));
    await stage().settle();
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    expect([asked(claw), child.signals, claw.call.open]).toEqual([['work', 'shutdown'], [], true]);
    expect(subject.is.status.line).toBe(
      'stopping      you asked; pid 101 is asked to end (shutdown), SIGTERM in 3 s',
    );
    claw.answers(last(claw), {});
    await stage().pass(2_000);
    claw.answers(claw.requests[0]?.id ?? '', 'done');
    await stage().settle();
    expect([work.value, child.signals, claw.call.open]).toEqual(['done', [], true]);
    child.exits(0);
    await stage().until(() => stopped.settled, 1_000);
    expect(child.signals.filter((name) => name !== 'SIGKILL')).toEqual([]);
    expect(stopped.value).toMatchObject({ gone: true });
    expect(subject.exits).toMatchObject([{ code: 0, expected: true, class: 'stopped' }]);
  });

  it('PO-29: that does not end in its time gets its signal, and then its kill', async () => {
    const stop = { graceful: shutdown, drainMs: 3_000, graceMs: 2_000 };
    const { subject, claw, child } = await owned(stop);
    child.habits.onTerminate = 'ignores';
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    claw.answers(last(claw), {});
    await stage().pass(2_999);
    expect(child.signals).toEqual([]);
    await stage().pass(1);
    expect(child.signals).toEqual(['SIGTERM']);
    await stage().pass(2_000);
    expect(child.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    await stage().until(() => stopped.settled, 1_000);
  });

  it('PO-30: that says no, or cannot be asked, gets its signal at once', async () => {
    const { subject, claw, child } = await owned({ graceful: shutdown });
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    claw.refuses({ code: 'UNAVAILABLE', message: 'not now' }, last(claw));
    await stage().settle();
    expect(child.signals[0]).toBe('SIGTERM');
    await stage().until(() => stopped.settled, 1_000);
    const cut = await owned({ graceful: shutdown });
    cut.claw.call.reset();
    await stage().settle();
    const again = outcome(cut.subject.is.stop());
    await stage().settle();
    expect(cut.child.signals[0]).toBe('SIGTERM');
    await stage().until(() => again.settled, 1_000);
  });

  it('PO-31: is asked before it is replaced, and its successor is dialed anew', async () => {
    const { subject, claw, child } = await owned({ graceful: shutdown });
    const replaced = outcome(subject.is.restart({ because: 'new settings' }));
    await stage().settle();
    expect([asked(claw), child.signals, claw.call.open]).toEqual([['shutdown'], [], true]);
    stage().welcomes();
    child.exits(0);
    await stage().until(() => replaced.settled, 10_000);
    expect(replaced.value).toMatchObject({ outcome: 'replaced', pidBefore: 101, pidAfter: 102 });
    expect([stage().calls.length, subject.is.status.state]).toEqual([2, 'running']);
    expect(subject.is.status.budget?.used).toBe(0);
  });

  it('PO-32: is told on its stdin, by a signal to it alone, or by a function', async () => {
    const told: unknown[] = [];
    const run = ({ pid }: { pid: number | undefined }) => void told.push(pid);
    for (const graceful of [{ stdin: 'quit\n' }, { signal: 'SIGINT' }, { run }] as const) {
      const subject = stage().supervise({ stop: { graceful } });
      await subject.is.start();
      await stage().settle();
      const { child } = stage();
      const stopped = outcome(subject.is.stop());
      await stage().settle();
      told.push(child.written, child.signals.slice());
      child.exits(0);
      await stage().until(() => stopped.settled, 1_000);
    }
    expect(told).toEqual([['quit\n'], [], [], ['SIGINT'], 103, [], []]);
  });

  it('PO-33: has no second asking by a second stop, and none by a quit over its link', async () => {
    const { subject, claw, child } = await owned({ graceful: shutdown });
    const both = [outcome(subject.is.stop()), outcome(subject.is.stop())];
    await stage().settle();
    expect(asked(claw)).toEqual(['shutdown']);
    child.exits(0);
    await stage().until(() => both.every(({ settled }) => settled), 1_000);
    const quitting = await owned({ graceful: shutdown });
    const quit = outcome(quitting.subject.is.quit({ withinMs: 5_000 }));
    await stage().settle();
    expect([asked(quitting.claw), quitting.child.signals[0]]).toEqual([[], 'SIGTERM']);
    await stage().until(() => quit.settled, 6_000);
  });

  it('PO-33: that is not ours has no second asking by a quit', async () => {
    let told = 0;
    const run = () => {
      told += 1;
      return new Promise<never>(() => {});
    };
    const { subject } = await attached({ graceful: { run, attached: true }, drainMs: 3_000 });
    const stopped = outcome(subject.is.stop());
    await stage().pass(2_000);
    const quit = outcome(subject.is.quit({ withinMs: 60_000 }));
    await stage().pass(999);
    expect([told, stopped.settled, quit.settled]).toEqual([1, false, false]);
    await stage().pass(1);
    expect([told, stopped.settled, quit.settled]).toEqual([1, true, true]);
  });

  it('PO-35: that is asked has its whole time again when its host has slept', async () => {
    const subject = stage().supervise({ stop: { graceful: { stdin: null }, drainMs: 3_000 } });
    await subject.is.start();
    await stage().settle();
    const { child } = stage();
    const stopped = outcome(subject.is.stop());
    await stage().pass(2_500);
    await stage().resumes();
    await stage().pass(2_999);
    expect([child.written, child.signals]).toEqual([[null], []]);
    await stage().pass(1);
    expect(child.signals[0]).toBe('SIGTERM');
    await stage().until(() => stopped.settled, 6_000);
  });

  it('PO-36: because it never got ready has failed to start, whatever it says', async () => {
    let repairs = 0;
    const repair = () => {
      repairs += 1;
      return null;
    };
    const stop = { graceful: { stdin: 'quit\n' } };
    const never = { ready: { probe: () => false }, readyMs: 20_000 };
    const subject = stage().supervise({ stop, repair, ...never });
    await subject.is.start();
    await stage().pass(20_000);
    expect([stage().child.written, stage().child.signals]).toEqual([['quit\n'], []]);
    stage().child.exits(78);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ phase: 'backing-off', budget: { used: 1 } });
    expect(repairs).toBe(0);
  });

  it('PO-34: that is asked keeps the limit of the stop', async () => {
    const { subject, child } = await owned({ graceful: shutdown, drainMs: 60_000 });
    const stopped = outcome(subject.is.stop({ deadlineMs: 2_000 }));
    await stage().pass(1_999);
    expect(child.signals).toEqual([]);
    await stage().pass(1);
    expect(child.signals[0]).toBe('SIGKILL');
    await stage().until(() => stopped.settled, 1_000);
  });
});
