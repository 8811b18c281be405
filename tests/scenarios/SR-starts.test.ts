/**
 * What a start makes of trouble: which is tried again and how often, which is the end, and whose
 * words are believed. Words of a process decide nothing; its exit code does. Ready is what was
 * proved; time that has passed must never count as a proof.
 */
import { describe, expect, it } from 'vitest';
import type { Link, ProcessOptions } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { dialling, outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };
const spawned = () => stage().table.children.length;

async function begun(more: Partial<ProcessOptions> = {}) {
  const subject = stage().supervise({ backoff, ...more });
  await subject.is.start();
  await stage().settle();
  return subject;
}

/** A gateway of ours whose link meets nobody. */
async function unheard(link: Partial<Link> = {}) {
  const dials = dialling(stage());
  const reconnect = { firstMs: 1_000, factor: 1, ...link.reconnect };
  const subject = stage().gateway({ link: { ...link, reconnect, transport: dials.transport } });
  stage().network.manner = 'nobody';
  await subject.is.start();
  await stage().settle();
  return { subject, dials };
}

/** The newest process says why, and ends. */
async function fails(words: string, code = 1) {
  stage().child.says(words, 'stderr');
  stage().child.exits(code);
  await stage().settle();
}

describe('a link that is refused', () => {
  it('SR-05: twice is in at the third attempt, with a second between them', async () => {
    const { subject, dials } = await unheard();
    await stage().until(() => dials.at.length === 2, 60_000);
    await stage().settle();
    stage().network.manner = 'accepts';
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    expect(dials.waits).toEqual([1_000, 1_000]);
    expect([stage().child.signals, spawned()]).toEqual([[], 1]);
  });

  it('SR-06: three times has failed where three attempts are all there are', async () => {
    const { subject, dials } = await unheard({ reconnect: { attemptsMax: 3 } });
    await stage().pass(1_999);
    expect([dials.at.length, subject.is.status.state]).toEqual([2, 'starting']);
    await stage().pass(1);
    expect(dials.at).toHaveLength(3);
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
    await stage().pass(600_000);
    expect(dials.at).toHaveLength(3);
  });

  it('SR-10: by a process that said it would be back is dialled, and that is all', async () => {
    const subject = stage().gateway();
    await stage().running(subject);
    const { child, claw } = stage();
    stage().network.manner = 'nobody';
    claw.call.close(1012, 'service restart');
    await stage().pass(30_000);
    expect(stage().calls.length).toBeGreaterThan(10);
    expect([child.signals, spawned()]).toEqual([[], 1]);
    stage().network.manner = 'accepts';
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 10_000);
    expect(subject.is.status.process).toMatchObject({ ownership: 'owned', pid: child.pid });
  });
});

describe('a process that fails to start', () => {
  it('SR-07: for a reason that nobody knows is tried thrice, else not again', async () => {
    const subject = await begun({ ready: { line: /up/ }, exitClasses: { 3: 'runtime' } });
    for (const time of [1, 2, 3]) {
      await stage().until(() => spawned() === time, 60_000);
      await stage().settle();
      await fails('something else', 42);
    }
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
    await subject.is.start();
    await stage().settle();
    await fails('something else', 3);
    expect(subject.is.status).toMatchObject({ state: 'failed', error: { code: 'HF_RUNTIME' } });
    await stage().pass(600_000);
    expect(spawned()).toBe(4);
  });

  it('SR-09: is judged by its own words, and not by those of the one before', async () => {
    const subject = await begun({ ready: { line: /up/ }, startsMax: 2 });
    await fails('Invalid config at line 3');
    expect(subject.exits[0]?.lastWords).toEqual(['Invalid config at line 3']);
    await stage().pass(1_000);
    await fails('the disk is full');
    expect(subject.is.status.error?.details.lastWords).toEqual(['the disk is full']);
    expect(subject.exits[1]?.lastWords).toEqual(['the disk is full']);
  });

  it('SR-11: with a word about its configuration has crashed like any other', async () => {
    const subject = await begun({ ready: { line: /up/ } });
    await fails('loaded the config, then lost the network');
    expect(subject.exits).toMatchObject([{ class: 'crash' }]);
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    await stage().pass(1_000);
    expect(spawned()).toBe(2);
  });
});

describe('a start that was stopped', () => {
  const hangs = () => new Promise<never>(() => {});
  const moments: [moment: string, phase: string, process: Partial<ProcessOptions>][] = [
    ['while it asks for a plan', 'preparing', { plan: hangs }],
    ['while it waits for a proof', 'awaiting-ready', { ready: { line: /never/ } }],
    ['while it dials', 'dialing', {}],
    ['while it waits for another start', 'backing-off', { ready: { line: /never/ } }],
  ];

  it.each(moments)('SR-08: %s is silent, and tried no more', async (_, phase, process) => {
    stage().network.manner = 'hangs';
    const subject = stage().gateway({ process: { backoff, ...process } });
    await subject.is.start();
    await stage().settle();
    if (phase === 'backing-off') stage().child.exits(1);
    await stage().settle();
    expect(subject.is.status.phase).toBe(phase);
    const children = spawned();
    const stopped = outcome(subject.is.stop());
    await stage().settle();
    expect(stopped.value).toMatchObject({ gone: true });
    const told = subject.statuses.length;
    await stage().pass(600_000);
    expect(subject.statuses).toHaveLength(told);
    expect(subject.states.at(-1)).toBe('stopped');
    expect([spawned(), stage().table.alive, stage().clock.armed]).toEqual([children, 0, 0]);
  });
});

describe('ready', () => {
  it('SR-12: is what a probe has shown: at 5 s, and no request goes out before', async () => {
    let answers = false;
    const subject = stage().gateway({ process: { ready: { probe: () => answers } } });
    stage().welcomes();
    await subject.is.start();
    await stage().pass(5_000);
    expect([subject.is.status.ready, stage().calls.length]).toEqual([false, 0]);
    const early = outcome(subject.is.request('health'));
    await stage().settle();
    expect(early.error).toMatchObject({ code: 'HF_NOT_CONNECTED', delivery: 'not-sent' });
    answers = true;
    await stage().pass(200);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'running', ready: true });
    expect(stage().claw.requests).toEqual([]);
  });

  it('SR-13: is said once, and nothing waits for it any more', async () => {
    const subject = await begun({ ready: { line: /up/ }, readyMs: 30_000 });
    let readies = 0;
    subject.is.on('ready', () => {
      readies += 1;
    });
    await stage().pass(1_000);
    for (const line of ['up', 'up', 'still up']) stage().child.says(line);
    await stage().settle();
    expect([readies, subject.is.status.state]).toEqual([1, 'running']);
    // ready for long enough is the one thing that is still waited for
    expect(stage().clock.armed).toBe(1);
    stage().child.says('up');
    await stage().pass(600_000);
    expect([readies, stage().clock.armed, spawned()]).toEqual([1, 0, 1]);
    expect(stage().child.signals).toEqual([]);
  });

  it('SR-15: of who has nothing to prove it by is unknown, and stops no request', async () => {
    const alone = await begun();
    expect(alone.is.status).toMatchObject({ state: 'running', ready: 'unknown' });
    await alone.is.dispose();
    const subject = stage().gateway();
    const { claw } = await stage().running(subject, { methods: [] });
    const asked = outcome(subject.is.request('status'));
    await stage().settle();
    claw?.answers(claw.requests[0]?.id ?? '', 'well');
    await stage().settle();
    expect([asked.value, subject.is.status.ready]).toEqual(['well', true]);
  });
});
