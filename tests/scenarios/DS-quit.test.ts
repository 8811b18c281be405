/**
 * A quit: the end for ever, within a limit that the host has set, whatever the process does. No
 * recovery may follow it, and nothing may outlive it that could be ended.
 */
import { describe, expect, it } from 'vitest';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const spawned = () => stage().table.children.length;

/** A process that does not listen, and that would be given a minute. */
async function stubborn() {
  stage().table.habits = { onTerminate: 'ignores' };
  const backoff = { firstMs: 1_000, jitter: 0 };
  const subject = stage().supervise({ stop: { graceMs: 60_000 }, backoff });
  await stage().running(subject);
  return { subject, child: stage().child };
}

describe('a quit', () => {
  it('DS-26: within 5 s kills whoever hangs, before these are over', async () => {
    const { subject, child } = await stubborn();
    const gone = outcome(subject.is.quit({ withinMs: 5_000 }));
    await stage().pass(4_499);
    expect([child.signals, gone.settled]).toEqual([['SIGTERM'], false]);
    await stage().pass(501);
    expect([child.signals.slice(0, 2), child.alive]).toEqual([['SIGTERM', 'SIGKILL'], false]);
    expect(gone.value).toMatchObject({ gone: true, owned: true });
    expect(subject.is.status).toMatchObject({ state: 'disposed', intent: 'disposed' });
  });

  it('DS-26: amid a stop that hangs hurries it', async () => {
    const { subject, child } = await stubborn();
    const stopped = outcome(subject.is.stop());
    await stage().pass(10_000);
    const gone = outcome(subject.is.quit({ withinMs: 5_000 }));
    await stage().pass(5_000);
    expect([stopped.value?.gone, gone.value?.gone, child.alive]).toEqual([true, true, false]);
  });

  it('DS-26: that meets who outlives every signal says so, and lets the host go', async () => {
    const { subject, child } = await stubborn();
    child.habits = { ...child.habits, killable: false };
    stage().unkillable = 1;
    const gone = outcome(subject.is.quit({ withinMs: 5_000 }));
    await stage().pass(8_000);
    expect(gone.value).toMatchObject({ gone: false, owned: true });
    expect(subject.is.status.state).toBe('disposed');
  });

  it('DS-31: is followed by no recovery', async () => {
    const { subject, child } = await stubborn();
    const gone = outcome(subject.is.quit({ withinMs: 5_000 }));
    await stage().pass(1_000);
    child.exits(1);
    await stage().settle();
    expect(gone.value).toMatchObject({ gone: true });
    await stage().pass(60_000);
    expect([spawned(), stage().table.alive, stage().clock.armed]).toEqual([1, 0, 0]);
    expect(subject.states).toEqual(['starting', 'running', 'stopping', 'disposed']);
    await expect(subject.is.start()).rejects.toMatchObject({ code: 'HF_DISPOSED' });
  });

  it('DS-28: sends no signal to what is not ours', async () => {
    const port = 18_789;
    const other = stage().outsiders.add({ port });
    await stage().settle();
    const subject = stage().gateway({ process: { port, ready: { probe: () => true } } });
    const { claw } = await stage().running(subject);
    const gone = outcome(subject.is.quit({ withinMs: 5_000 }));
    await stage().pass(8_000);
    expect(gone.value).toMatchObject({ gone: true, owned: false });
    expect(claw?.call.endedBy).toBe('client reset');
    expect([other.signals, other.alive]).toEqual([[], true]);
  });
});
