/**
 * Restarts that somebody asked for: joined, deferred, settled, cooled or superseded, but never
 * lost and never more of them than it takes. Every process counts itself by asking for its plan.
 */

import { describe, expect, it } from 'vitest';
import { type CommonOptions, type ProcessOptions, supervise } from '../../src/index.ts';
import { carriers, failure, isAlive, keep, keepHouse, reaches, until, witness } from './house.ts';

keepHouse();

const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];
const willing = sh('echo up; exec sleep 60');
/** Takes 150 ms to end. */
const reluctant = sh('trap "sleep 0.15; exit 0" TERM; echo up; sleep 60 & wait');
/** Takes 150 ms to get ready. */
const slow = sh('sleep 0.15; echo up; exec sleep 60');

interface Counted {
  common?: CommonOptions;
  process?: ProcessOptions;
}

function count(command: [string, ...string[]], { common, process: more }: Counted = {}) {
  const plans: string[] = [];
  const plan = ({ because }: { because: string }) => {
    plans.push(because);
    return { command };
  };
  const options = { plan, ready: { line: /up/ }, backoff: { firstMs: 10, jitter: 0 }, ...more };
  const service = keep(supervise(options, { cooldownMs: 0, ...common }));
  const told: unknown[] = [];
  service.on('restart', ({ id, outcome = 'asked' }) => told.push([id, outcome]));
  return { service, plans, told };
}

async function up(command: [string, ...string[]], options: Counted = {}) {
  const counted = count(command, options);
  await counted.service.start();
  const { process: own } = await counted.service.ready();
  return { ...counted, pid: own?.pid ?? Number.NaN };
}

describe('restart', () => {
  it('RS-01: replaces the process, and says which was and which is', async () => {
    const { service, plans, pid, told } = await up(willing);
    const seen = witness(service);
    const outcome = await service.restart({ because: 'the configuration changed' });
    const { pid: after } = service.status.process ?? {};
    expect(outcome).toEqual({
      outcome: 'replaced',
      cause: 'the configuration changed',
      pidBefore: pid,
      pidAfter: after,
    });
    expect(after).not.toBe(pid);
    expect([isAlive(pid), isAlive(after ?? 0)]).toEqual([false, true]);
    expect(plans).toHaveLength(2);
    expect(seen.states).toEqual(['restarting', 'running']);
    expect(seen.lines[0]).toContain('the configuration changed');
    await until('both words', () => told.length === 2);
    expect(told).toEqual([
      [1, 'asked'],
      [1, 'replaced'],
    ]);
    expect(service.status.pending).toEqual([]);
    expect(service.status.budget?.used).toBe(0);
  });

  it('RS-02: joins one that is still taking the old process down', async () => {
    const { service, plans } = await up(reluctant);
    const first = service.restart();
    await reaches(service, { phase: 'terminating' });
    const second = service.restart({ because: 'me too' });
    const outcomes = await Promise.all([first, second]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['replaced', 'joined']);
    expect(new Set(outcomes.map(({ pidAfter }) => pidAfter)).size).toBe(1);
    expect(plans).toHaveLength(2);
  });

  it('RS-03: comes once more when the new process has already read its plan', async () => {
    const { service, plans } = await up(slow);
    const first = service.restart();
    await until('the new process', () => plans.length === 2);
    await reaches(service, { phase: 'awaiting-ready' });
    const second = service.restart({ because: 'newer configuration' });
    expect(service.status.pending).toMatchObject([{ by: 'user', because: 'newer configuration' }]);
    const outcomes = await Promise.all([first, second]);
    expect(plans).toHaveLength(3);
    expect(outcomes[1]?.pidAfter).toBe(service.status.process?.pid);
    expect(service.status.state).toBe('running');
  });

  it('RS-04, RS-06: waits for a start in progress, and three of them are one', async () => {
    const { service, plans } = count(slow);
    await service.start();
    await reaches(service, { phase: 'awaiting-ready' });
    const first = service.status.process?.pid;
    const asked = ['a', 'b', 'c'].map((because) => service.restart({ because, by: 'host' }));
    expect(service.status.pending.map(({ because }) => because)).toEqual(['a', 'b', 'c']);
    const outcomes = await Promise.all(asked);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['replaced', 'joined', 'joined']);
    expect(plans).toHaveLength(2);
    expect(service.status.process?.pid).not.toBe(first);
  });

  it('RS-07: that waits is dropped by a stop', async () => {
    const { service, plans, told } = count(slow);
    await service.start();
    await reaches(service, { phase: 'awaiting-ready' });
    const asked = service.restart();
    await service.stop();
    expect((await asked).outcome).toBe('superseded');
    expect(service.status).toMatchObject({ state: 'stopped', pending: [] });
    expect(plans).toHaveLength(1);
    await until('both words', () => told.length === 2);
    expect(told.at(-1)).toEqual([1, 'superseded']);
  });

  it('RS-09: within the cooldown comes once, when it is over, and is not lost', async () => {
    const { service, plans } = await up(willing, { common: { cooldownMs: 1_000 } });
    const from = performance.now();
    await service.restart();
    const second = service.restart();
    await reaches(service, { state: 'running', phase: 'cooling' });
    expect(plans).toHaveLength(2);
    expect((await second).outcome).toBe('replaced');
    expect(performance.now() - from).toBeGreaterThan(995);
    expect(plans).toHaveLength(3);
  });

  it('RS-10: twenty within the cooldown are one', async () => {
    const { service, plans } = await up(willing, { common: { cooldownMs: 600 } });
    await service.restart();
    const asked: ReturnType<typeof service.restart>[] = [];
    // a burst in steps: without the cooldown there is time for several replacements
    for (let time = 0; time < 20; time += 1) {
      asked.push(service.restart());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const outcomes = await Promise.all(asked);
    expect(plans).toHaveLength(3);
    expect(new Set(outcomes.map(({ pidAfter }) => pidAfter)).size).toBe(1);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'replaced',
      ...Array(19).fill('joined'),
    ]);
  });

  it('RS-13, RS-24: settles: one of many, at the latest of their deadlines', async () => {
    const { service, plans, pid } = await up(willing);
    const from = performance.now();
    const waits = [40, 250, 20, 60];
    const asked = waits.map((settleMs) => service.restart({ settleMs }));
    expect(service.status.pending).toHaveLength(4);
    await Promise.all(asked);
    expect(performance.now() - from).toBeGreaterThan(245);
    expect(plans).toHaveLength(2);
    expect(service.status.process?.pid).not.toBe(pid);
  });

  it('RS-14: that settles never fires after a stop, also not in the next life', async () => {
    const { service, plans } = await up(willing);
    const asked = service.restart({ settleMs: 60 });
    await service.stop();
    expect((await asked).outcome).toBe('superseded');
    await service.start();
    await service.ready();
    await new Promise((resolve) => setTimeout(resolve, 90));
    expect(plans).toHaveLength(2);
  });

  it('RS-19: while stopped starts when the user asks', async () => {
    const { service, plans, pid } = await up(willing);
    await service.stop();
    const outcome = await service.restart({ because: 'again, please' });
    expect(outcome).toMatchObject({ outcome: 'replaced', pidBefore: undefined });
    expect(outcome.pidAfter).toBe(service.status.process?.pid);
    expect(outcome.pidAfter).not.toBe(pid);
    expect(plans).toHaveLength(2);
    await until('the one process to be seen', () => carriers().length > 0);
    expect(carriers()).toHaveLength(1);
  });

  it('DS-19: while stopped is refused to anybody else, now or later', async () => {
    const { service, plans } = await up(willing);
    await service.stop();
    for (const settleMs of [0, 30]) {
      const outcome = await service.restart({ by: 'host', settleMs });
      expect(outcome).toMatchObject({ outcome: 'refused', cause: 'stopped', pidAfter: undefined });
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(service.status).toMatchObject({ state: 'stopped', pending: [] });
    expect(plans).toHaveLength(1);
    await expect(service.restart({ by: 'elsewhere' as 'host' })).rejects.toThrow(
      'restart.by must be user or host; got a text of 9',
    );
  });

  it('RS-22: in its start phase is superseded by a stop, and leaves nothing', async () => {
    const { service } = await up(slow);
    const asked = service.restart();
    await reaches(service, { state: 'restarting', phase: 'awaiting-ready' });
    await service.stop();
    expect((await asked).outcome).toBe('superseded');
    expect(carriers()).toEqual([]);
    const from = performance.now();
    await service.start();
    await service.ready();
    const again = await service.restart();
    expect(again.outcome).toBe('replaced');
    // neither cooldown nor wait is left of the one that was superseded
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  it('RS-15: whose new process cannot start rejects with the reason', async () => {
    let plans = 0;
    const plan = () => {
      plans += 1;
      return { command: plans === 1 ? willing : sh('echo "no licence" >&2; exit 78') };
    };
    const { service } = await up(willing, { process: { plan } });
    const error = await failure(service.restart());
    expect([error.code, error.details.lastWords]).toEqual(['HF_CONFIGURATION', ['no licence']]);
    expect(service.status.state).toBe('failed');
    expect(plans).toBe(2);
  });

  it('DS-16: whose start is bound to fail stays stopped when a stop comes first', async () => {
    let plans = 0;
    const plan = () => {
      plans += 1;
      return { command: plans === 1 ? willing : sh('sleep 0.2; exit 78') };
    };
    const { service } = await up(willing, { process: { plan } });
    const asked = service.restart();
    await until('the doomed start', () => plans === 2);
    await service.stop();
    expect((await asked).outcome).toBe('superseded');
    expect(service.status).toMatchObject({ state: 'stopped', intent: 'unwanted' });
    expect(service.status.error).toBeUndefined();
  });

  it('RS-20: gets a service going that had given up', async () => {
    let plans = 0;
    const plan = () => {
      plans += 1;
      return { command: plans === 1 ? sh('exit 78') : willing };
    };
    const { service } = count(willing, { process: { plan } });
    await service.start();
    await reaches(service, { state: 'failed' });
    expect((await service.restart()).outcome).toBe('replaced');
    expect(service.status.state).toBe('running');
    expect(service.status.error).toBeUndefined();
  });

  it('of a process that died at the same moment is one start, not two', async () => {
    const { service, plans, pid } = await up(willing);
    process.kill(pid, 'SIGKILL');
    const { outcome, pidAfter } = await service.restart();
    expect(outcome).toBe('replaced');
    expect(pidAfter).toBe(service.status.process?.pid);
    await until('rest', () => service.status.pending.length === 0);
    expect(plans.length).toBeLessThanOrEqual(3);
    await until('the one process to be seen', () => carriers().length > 0);
    expect(carriers()).toHaveLength(1);
  });
});
