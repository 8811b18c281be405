/**
 * How long a stop, a quit or a dispose may take, in whatever order they come, who is told first,
 * and what is tried when nothing helps. Each limit is looked at a millisecond before it and on it;
 * no test may be content with an end that came in the end.
 */
import { describe, expect, it } from 'vitest';
import type { Link, ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();

async function owned(link: Partial<Link> = {}, process: Partial<ProcessOptions> = {}) {
  const subject = stage().gateway({ link, process });
  await stage().running(subject);
  return { subject, claw: stage().claw, child: stage().child };
}

/** Up, with a process that is deaf to everything but SIGKILL. */
async function deaf(link: Partial<Link> = {}) {
  const up = await owned(link, { stop: { graceMs: 60_000 } });
  up.child.habits = { ...up.child.habits, onTerminate: 'ignores' };
  return up;
}

describe('a limit', () => {
  /** Its first SIGKILL comes at this moment and not before. */
  async function killedAfter(ms: number) {
    const { child } = stage();
    await stage().pass(ms - 1);
    expect(child.signals).toEqual(['SIGTERM']);
    await stage().pass(1);
    expect(child.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    expect(stage().table.alive).toBe(0);
  }

  it('RO-16: of a stop is kept, whenever it is given; without one the ladder is', async () => {
    const first = await deaf();
    void first.subject.is.stop({ deadlineMs: 3_000 });
    await killedAfter(3_000);
    await first.subject.is.dispose();

    const second = await deaf();
    void second.subject.is.stop();
    await stage().pass(1_000);
    void second.subject.is.stop({ deadlineMs: 20_000 });
    await stage().pass(1_000);
    void second.subject.is.stop();
    void second.subject.is.stop({ deadlineMs: 2_000 });
    await killedAfter(2_000);
    await second.subject.is.dispose();

    const third = await deaf();
    void third.subject.is.stop();
    await stage().pass(1_000);
    void third.subject.is.stop();
    await killedAfter(59_000);
  });

  it('RO-17: of a quit is kept, also after a stop or a dispose that had none', async () => {
    for (const before of [undefined, 'stop', 'dispose'] as const) {
      const { subject } = await deaf();
      if (before !== undefined) void subject.is[before]();
      await stage().pass(1_000);
      const gone = outcome(subject.is.quit({ withinMs: 4_000 }));
      await stage().settle();
      expect(subject.is.status).toMatchObject({ state: 'stopping', intent: 'disposed' });
      await killedAfter(3_500);
      expect(gone.value).toMatchObject({ gone: true });
    }
    const { subject } = await deaf();
    void subject.is.dispose();
    await stage().pass(1_000);
    void subject.is.stop();
    await stage().pass(1_000);
    expect(stage().child.signals).toEqual(['SIGTERM']);
    void subject.is.quit({ withinMs: 30_000 });
    await stage().pass(1_000);
    void subject.is.stop({ deadlineMs: 20_000 });
    await stage().pass(1_000);
    void subject.is.quit({ withinMs: 2_500 });
    await killedAfter(2_000);
  });

  it('RO-18: is not waited for where nothing is left but a link that closes', async () => {
    const { subject, claw, child } = await owned({ limits: { closeMs: 20_000 } });
    claw.call.stall();
    void subject.is.stop();
    await stage().pass(1_000);
    expect([child.alive, subject.is.status.phase]).toEqual([false, 'closing']);
    const gone = outcome(subject.is.quit({ withinMs: 10_000 }));
    await stage().settle();
    expect(gone.value).toMatchObject({ gone: true });
  });
});

describe('an end', () => {
  it('RO-19: is told to the link before the process: it is no loss', async () => {
    const order: string[] = [];
    const { network, table } = stage();
    const link: Partial<Link> = {
      transport: (target, events) => {
        const handle = network.transport(target, events);
        const [close, reset] = [handle.close.bind(handle), handle.reset.bind(handle)];
        return Object.assign(handle, {
          close: (...why: Parameters<typeof close>) => [order.push('close'), close(...why)],
          reset: () => [order.push('reset'), reset()],
        });
      },
    };
    const process: Partial<ProcessOptions> = {
      driver: (plan, events) => {
        const handle = table.driver(plan, events);
        const [terminate, kill] = [handle.terminate.bind(handle), handle.kill.bind(handle)];
        return Object.assign(handle, {
          terminate: () => [order.push('terminate'), terminate()],
          kill: () => [order.push('kill'), kill()],
        });
      },
    };
    const first = async (
      end: (subject: Awaited<ReturnType<typeof owned>>['subject']) => unknown,
    ) => {
      const { subject } = await owned(link, process);
      order.length = 0;
      end(subject);
      await stage().settle();
      expect(order).toContain('terminate');
      const [told] = order;
      await subject.is.dispose();
      return told;
    };
    expect(await first(({ is }) => void is.stop())).toBe('close');
    expect(await first(({ is }) => void is.restart())).toBe('close');
    expect(await first(({ is }) => void is.dispose())).toBe('reset');
    expect(await first(({ is }) => void is.quit())).toBe('reset');
  });

  it('RO-20: of what outlives SIGKILL is tried once more, by a quit alone', async () => {
    const { subject, child } = await owned();
    child.habits = { ...child.habits, onTerminate: 'ignores', killable: false };
    stage().unkillable = 1;
    const stopped = outcome(subject.is.stop());
    await stage().pass(60_000);
    expect(stopped.value).toMatchObject({ gone: false });
    expect(subject.is.status).toMatchObject({ state: 'failed', phase: 'unkillable' });
    const kills = () => child.signals.filter((signal) => signal === 'SIGKILL').length;
    const before = kills();
    await subject.is.start();
    void subject.is.stop();
    await stage().settle();
    expect([kills(), subject.is.status.phase]).toEqual([before, 'unkillable']);
    const gone = outcome(subject.is.quit());
    await stage().settle();
    expect(kills()).toBeGreaterThan(before);
    await stage().until(() => gone.settled, 20_000);
    expect(subject.is.status.state).toBe('disposed');
  });
});
