/**
 * Reloads and repairs of real processes: a real signal reaches one process and no other, what
 * follows is what the process does, and a doctor that will not end is gone with the service.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ProcessOptions, supervise } from '../../src/index.ts';
import { carriers, keep, keepHouse, until } from './house.ts';

keepHouse();

const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];
/** Its child in the same group would tell if the signal reached it too. */
const reading = sh(`
  (trap 'echo the child heard it' HUP; echo up; while :; do sleep 0.05; done) &
  trap 'echo read anew' HUP
  while :; do wait; done`);
const dying = sh(`trap 'exit 1' HUP; echo up; while :; do sleep 0.02; done`);

async function up(command: [string, ...string[]], more: Partial<ProcessOptions> = {}) {
  let plans = 0;
  const plan = () => {
    plans += 1;
    return { command };
  };
  const options = { plan, ready: { line: /up/ }, backoff: { firstMs: 10, jitter: 0 }, ...more };
  const service = keep(supervise(options, { cooldownMs: 0 }));
  await service.start();
  const { process: own } = await service.ready();
  return { service, pid: own?.pid, plans: () => plans };
}

describe('a reload', () => {
  it('RL-01: by a signal reaches the process alone, which stays', async () => {
    const { service, pid, plans } = await up(reading, { reload: { signal: 'SIGHUP' } });
    const { outcome, cause } = await service.reload();
    expect({ outcome, cause }).toEqual({ outcome: 'applied', cause: `SIGHUP sent to pid ${pid}` });
    const words = service.diagnostics.output.map(({ text }) => text);
    expect(words.filter((text) => text !== 'up')).toEqual(['read anew']);
    expect([service.status.process?.pid, plans()]).toEqual([pid, 1]);
  });

  it('RL-02: that its process does not survive leads to exactly one new one', async () => {
    const { service, pid, plans } = await up(dying, { reload: { signal: 'SIGHUP' } });
    expect((await service.reload()).outcome).toBe('restarted');
    expect(plans()).toBe(2);
    expect(service.status.process?.pid).not.toBe(pid);
  });

  it('RL-23: by a command that hangs is given up, and nothing of it is left', async () => {
    const command = sh('sleep 60 & sleep 60');
    const { service, plans } = await up(dying, { reload: { command }, reloadMs: 300 });
    const { outcome, cause } = await service.reload();
    expect([outcome, cause]).toEqual(['restarted', 'the process had not answered within 300 ms']);
    expect(plans()).toBe(2);
    await until('the command to be gone', () => carriers().length < 3);
    expect(carriers().filter((line) => line.includes('sleep 60'))).toEqual([]);
  });
});

describe('a repair', () => {
  function broken() {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-repair-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'settings');
    return { file, service: sh(`test -e ${file} || exit 78; echo up; exec sleep 60`) };
  }

  it('PO-16: by a real doctor is followed by one more start', async () => {
    const { file, service } = broken();
    const repair = () => ({ command: sh(`echo mending; : > ${file}`) });
    const { service: made, plans } = await up(service, { repair });
    expect([made.status.state, plans()]).toEqual(['running', 2]);
  });

  it('SR-22: that will not end is gone after a stop, with all that it started', async () => {
    const { service } = broken();
    const stubborn = sh(`trap '' TERM; setsid sleep 60 & echo begun; while :; do sleep 60; done`);
    const made = keep(
      supervise({
        command: service,
        ready: { line: /up/ },
        repair: () => ({ command: stubborn }),
        stop: { graceMs: 100 },
      }),
    );
    await made.start();
    await until('a doctor', () => made.diagnostics.output.some(({ text }) => text === 'begun'));
    expect(made.status.phase).toBe('repairing');
    expect(await made.stop()).toMatchObject({ gone: true });
    expect(carriers()).toEqual([]);
    expect(made.status.state).toBe('stopped');
  });
});
