/**
 * How a supervised process ends when we want it: the ladder from the first signal to the last,
 * whoever it leaves behind, a stop in the middle of a start, and the hard limits of quit and
 * killNow. After each test no process carries its mark.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProcessOptions, type Supervised, supervise } from '../../src/index.ts';
import { carriers, failure, isAlive, keep, keepHouse, reaches, until, witness } from './house.ts';
import { program } from './servers.ts';

keepHouse();

const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];
const willing = sh('echo up; exec sleep 60');
/** Ignores SIGTERM, as does the child that keeps it alive. */
const stubborn = sh('trap "" TERM; echo up; sleep 60 & wait');
const never = () => new Promise<never>(() => {});

function make(command: [string, ...string[]], more: ProcessOptions = {}): Supervised {
  const backoff = { firstMs: 10, maxMs: 40, jitter: 0 };
  return keep(supervise({ command, ready: { line: /up/ }, backoff, ...more }));
}

async function up(command: [string, ...string[]], more: ProcessOptions = {}) {
  const service = make(command, more);
  await service.start();
  const { process: own } = await service.ready();
  return { service, pid: own?.pid ?? 0 };
}

async function timed<T>(promise: Promise<T>): Promise<[outcome: T, tookMs: number]> {
  const from = performance.now();
  const outcome = await promise;
  return [outcome, performance.now() - from];
}

const output = (service: Supervised) => service.diagnostics.output.map(({ text }) => text);

describe('stop', () => {
  it('sends SIGTERM, waits for the end, and says what it took', async () => {
    const { service, pid } = await up(willing);
    const seen = witness(service);
    const exits: unknown[] = [];
    service.on('exit', (exit) => exits.push(exit));
    expect(await service.stop()).toEqual({ gone: true, how: `pid ${pid} ended by our SIGTERM` });
    expect(isAlive(pid)).toBe(false);
    await until('the exit', () => exits.length === 1);
    expect(exits).toMatchObject([{ pid, signal: 'SIGTERM', expected: true }]);
    expect(seen.states).toEqual(['stopping', 'stopped']);
    expect(seen.lines.at(-1)).toMatch(/^stopped +you asked; SIGTERM, gone after \d+ ms, nothing/);
  });

  it('sends the signal it was told to', async () => {
    const { service } = await up(sh('trap "echo int; exit 7" INT; echo up; sleep 60 & wait'), {
      stop: { signal: 'SIGINT' },
    });
    const { how } = await service.stop();
    expect(how).toMatch(/exited with code 7/);
    expect(output(service)).toEqual(['up', 'int']);
  });

  it('DS-24: kills a process that ignores SIGTERM when its grace is over', async () => {
    const { service } = await up(stubborn, { stop: { graceMs: 200 } });
    const seen = witness(service);
    const [outcome, took] = await timed(service.stop());
    expect(outcome).toMatchObject({ gone: true, how: expect.stringContaining('SIGKILL') });
    expect(took).toBeGreaterThan(195);
    expect(took).toBeLessThan(9_000);
    expect(seen.lines.join('\n')).toMatch(/SIGTERM sent to pid \d+, SIGKILL in 200 ms/);
    expect(carriers()).toEqual([]);
  });

  it('DS-20, DS-21: twice at once sends one signal, later none, and says nothing new', async () => {
    const { service } = await up(sh('trap "echo term" TERM; echo up; sleep 60 & wait; sleep 0.2'));
    const outcomes = await Promise.all([service.stop(), service.stop()]);
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(output(service)).toEqual(['up', 'term']);
    const seen = witness(service);
    expect(await service.stop()).toEqual({ gone: true, how: 'nothing was running' });
    await new Promise(setImmediate);
    expect(seen.lines).toEqual([]);
  });

  it('PO-20: takes grandchildren along, in the group and in a session of their own', async () => {
    const script = 'sleep 61 & trap "" TERM; setsid sleep 62 & setsid sh -c "sleep 63 & wait" &';
    const { service } = await up(sh(`(${script}) ; echo up; exec sleep 60`));
    await until('the whole family', () => carriers().length >= 5);
    const [{ gone }] = await timed(service.stop());
    expect(gone).toBe(true);
    expect(carriers()).toEqual([]);
  });

  it('kills what a process that ended by itself has left behind', async () => {
    const { service } = await up(sh('setsid sleep 61 & echo up; sleep 0.05; exit 78'));
    await reaches(service, { state: 'failed' });
    expect(carriers()).toEqual([]);
  });

  it('with a deadline is not more patient than that', async () => {
    const { service } = await up(stubborn, { stop: { graceMs: 60_000 } });
    const [outcome, took] = await timed(service.stop({ deadlineMs: 150 }));
    expect(outcome.gone).toBe(true);
    expect(took).toBeGreaterThan(145);
    expect(took).toBeLessThan(9_000);
    expect(service.status.state).toBe('stopped');
  });
});

describe('stop in the middle of a start', () => {
  it('DS-09, DS-10: while the plan is awaited leaves nothing; a later start works', async () => {
    let plans = 0;
    const plan = () => {
      plans += 1;
      return plans === 1 ? never() : { command: willing };
    };
    const service = make(willing, { plan });
    await service.start();
    const ready = failure(service.ready());
    await reaches(service, { phase: 'preparing' });
    expect(await service.stop()).toEqual({ gone: true, how: 'nothing was running' });
    expect((await ready).code).toBe('HF_STOPPED');
    const { outcome } = await service.restart();
    expect(outcome).toBe('replaced');
    expect(plans).toBe(2);
  });

  it('DS-12: at any moment of the spawn leaves no process', async () => {
    const turns = [0, 1, 2, 3, 5, 8, 13];
    for (const count of turns) {
      const service = make(willing);
      await service.start();
      for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
      expect(await service.stop()).toMatchObject({ gone: true });
      expect(service.status).toMatchObject({ state: 'stopped', intent: 'unwanted' });
      expect(service.status.process).toBeUndefined();
      expect(carriers()).toEqual([]);
    }
  });

  it('DS-11: and a start at once afterwards end with one process, up', async () => {
    const { service, pid } = await up(willing);
    const stopped = service.stop();
    await service.start();
    const { process: own } = await service.ready();
    expect(own?.pid).not.toBe(pid);
    expect(service.status).toMatchObject({ state: 'running', intent: 'wanted' });
    expect(await stopped).toEqual({ gone: false, how: 'superseded by a later start()' });
    await until('the one process to be seen', () => carriers().length > 0);
    expect(carriers()).toHaveLength(1);
  });

  it('while it waits for its next start is the end of it', async () => {
    let plans = 0;
    const plan = () => {
      plans += 1;
      return { command: sh('exit 1') };
    };
    const service = make(willing, { plan, backoff: { firstMs: 50, maxMs: 50, jitter: 0 } });
    await service.start();
    await reaches(service, { phase: 'backing-off' });
    await service.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(plans).toBe(1);
  });
});

describe('quit', () => {
  it('DS-26, DS-31: ends a hanging process within its limit, for ever', async () => {
    const { service } = await up(stubborn, { stop: { graceMs: 60_000 } });
    const [outcome, took] = await timed(service.quit({ withinMs: 1_000 }));
    expect(outcome).toMatchObject({ owned: true, gone: true });
    expect(took).toBeLessThan(9_000);
    expect(carriers()).toEqual([]);
    expect(service.status).toMatchObject({ state: 'disposed', intent: 'disposed' });
    expect((await failure(service.start())).code).toBe('HF_DISPOSED');
    expect((await failure(service.restart())).code).toBe('HF_DISPOSED');
  });

  it('is as quick as the process is willing', async () => {
    const { service } = await up(willing);
    const [outcome, took] = await timed(service.quit({ withinMs: 10_000 }));
    expect(outcome).toMatchObject({ owned: true, gone: true });
    expect(outcome.how).toContain('SIGTERM');
    expect(took).toBeLessThan(9_000);
  });

  it('without any time kills at once', async () => {
    const { service } = await up(stubborn, { stop: { graceMs: 60_000 } });
    const [outcome, took] = await timed(service.quit({ withinMs: 0 }));
    expect(outcome).toMatchObject({ owned: true, gone: true });
    expect(took).toBeLessThan(9_000);
  });

  it('settles while a plan hangs and while a spawn is pending', async () => {
    const planning = make(willing, { plan: never });
    await planning.start();
    expect(await planning.quit({ withinMs: 200 })).toMatchObject({ owned: false, gone: true });
    const spawning = make(stubborn);
    await spawning.start();
    await new Promise(setImmediate);
    expect(await spawning.quit({ withinMs: 200 })).toMatchObject({ gone: true });
    expect(carriers()).toEqual([]);
  });

  it('hurries a stop that is on its way', async () => {
    const { service } = await up(stubborn, { stop: { graceMs: 60_000 } });
    const stopping = service.stop();
    await reaches(service, { phase: 'terminating' });
    const [, took] = await timed(service.quit({ withinMs: 200 }));
    expect(took).toBeLessThan(9_000);
    expect(await stopping).toMatchObject({ gone: true });
  });
});

describe('killNow', () => {
  it('leaves no process behind a host that exits, whatever it ignores', async () => {
    const script = 'trap "" TERM; setsid sleep 61 & echo up; sleep 60 & wait';
    const host = program(`
      const command = ${JSON.stringify(sh(script))};
      const service = hf.supervise({ command, ready: { line: /up/ } });
      process.on('exit', () => service.killNow());
      await service.start();
      await service.ready();
      console.log('child', service.status.process.pid);
      process.stdin.once('data', () => process.exit(3));`);
    await until('the child', () => host.lines.some((line) => line.startsWith('child')));
    // the host itself, the shell and its two sleepers
    await until('the whole family', () => carriers().length >= 4);
    const family = carriers().map((line) => Number(line.split(' ')[0]));
    host.child.stdin?.write('go\n');
    expect(await host.gone).toBe(3);
    await until('the family to be gone', () => carriers().length === 0, 1_000);
    expect(family.filter((pid) => isAlive(pid) && !isZombie(pid))).toEqual([]);
  });

  it('is followed by a quit that knows it', async () => {
    const { service } = await up(stubborn, { stop: { graceMs: 60_000 } });
    service.killNow();
    const [outcome, took] = await timed(service.quit({ withinMs: 500 }));
    expect(outcome).toMatchObject({ gone: true });
    expect(took).toBeLessThan(9_000);
  });
});

function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.startsWith('Z') ?? true;
  } catch {
    return true;
  }
}
