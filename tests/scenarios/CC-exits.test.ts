/**
 * A loss and the exit that explains it: they are one event and one recovery, in whichever order
 * they come and whatever the link was doing meanwhile. Neither may wait for the other for ever.
 */
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/index.ts';
import { onStage } from './stage.ts';

const stage = onStage();
const spawned = () => stage().table.children.length;

describe('an exit that explains a loss', () => {
  /** The connection is cut, and the process that had it is about to end. */
  async function cut(link: Partial<Link> = {}) {
    const subject = stage().gateway({ link, process: { backoff: { firstMs: 500, jitter: 0 } } });
    await stage().running(subject);
    stage().welcomes();
    const { child, claw } = stage();
    stage().network.manner = 'hangs';
    claw.call.end();
    return { subject, child };
  }

  async function recovers({ subject }: Awaited<ReturnType<typeof cut>>) {
    stage().child.exits(1);
    stage().network.manner = 'accepts';
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    await stage().pass(600_000);
    expect([spawned(), stage().network.alive]).toEqual([2, 1]);
    expect(subject.is.status.process).toMatchObject({ pid: stage().child.pid });
    expect(subject.is.status.budget?.used).toBe(0);
  }

  it('CC-13: and comes after the close is one restart', async () => {
    const made = await cut();
    await stage().pass(500);
    expect([made.subject.states, made.child.signals]).toEqual([['starting', 'running'], []]);
    await recovers(made);
    expect(made.subject.states).toEqual(['starting', 'running', 'restarting', 'running']);
  });

  it('CC-16: and comes while the dying process is dialled is one restart too', async () => {
    const made = await cut({ reconnect: { firstMs: 2_000 } });
    await stage().pass(3_000);
    expect(made.subject.is.status).toMatchObject({ state: 'reconnecting', phase: 'dialing' });
    await recovers(made);
    const states = ['starting', 'running', 'reconnecting', 'restarting', 'running'];
    expect(made.subject.states).toEqual(states);
  });
});
