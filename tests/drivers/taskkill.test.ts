/**
 * Trees of processes where there are no groups: the strategy for Windows, played on Linux with real
 * trees and a stand-in for taskkill.exe. Windows itself was not run; docs/platforms.md says so.
 */

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { childProcessOn } from '../../src/drivers/child-process.ts';
import { eachCarrier } from '../../src/drivers/leftovers.ts';
import { type Platform, platformOf } from '../../src/drivers/platform.ts';
import { utilityProcessOn } from '../../src/drivers/utility-process.ts';
import type { LaunchPlan } from '../../src/ports.ts';
import { standIn } from './electron-stand-in.ts';
import { plan, Witness } from './process-conformance.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`fixtures/process/${name}`, import.meta.url));

/** A platform without groups, and what its taskkill was asked so far. */
function windows(manners: 'kills' | 'hangs' | 'leaderFirst' | 'missing' = 'kills') {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-taskkill-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [taskkill, log] = [join(folder, 'taskkill.exe'), join(folder, 'log')];
  const words = [process.execPath, fixture('taskkill.mjs'), log, manners];
  if (manners !== 'missing') {
    writeFileSync(taskkill, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
    chmodSync(taskkill, 0o755);
  }
  const platform: Platform = { trees: 'taskkill', taskkill };
  // a file is there before its first line is
  const asked = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);
  return { platform, asked };
}

/** A leader that stays, with a descendant in its group and one in a session of its own. */
const family = (last = 'exec sleep 60'): LaunchPlan => ({
  ...plan(''),
  command: '/bin/sh',
  args: ['-c', `sleep 60 & setsid sleep 60 & echo ready; ${last}`],
  env: { PATH: process.env.PATH ?? '' },
});

function carriers({ mark }: LaunchPlan): number {
  let count = 0;
  eachCarrier(mark, () => {
    count += 1;
  });
  return count;
}

/** The dead are read for a moment longer, and words of a program come when it likes. */
async function eventually(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`still not so: ${what}`);
    await new Promise(setImmediate);
  }
}

const left = (launch: LaunchPlan, count: number) =>
  eventually(`${count} are left`, () => carriers(launch) === count);

async function familyOn(platform: Platform, launch = family()) {
  const witness = new Witness(childProcessOn(platform), launch);
  onTestFinished(() => void eachCarrier(launch.mark, (pid) => process.kill(pid, 'SIGKILL')));
  await witness.until('stdout ready');
  await left(launch, 3);
  return { witness, launch };
}

describe('the platform', () => {
  it('has a taskkill by absolute path on Windows, whatever the environment says', () => {
    const at = (root: string | undefined) => platformOf('win32', root);
    const usual = { trees: 'taskkill', taskkill: 'C:\\Windows\\System32\\taskkill.exe' };
    expect([at(undefined), at(''), at('relative'), at('C:\\Windows')]).toEqual(
      Array(4).fill(usual),
    );
    expect(at('D:\\WinNT')).toEqual({ ...usual, taskkill: 'D:\\WinNT\\System32\\taskkill.exe' });
  });

  it('has groups elsewhere, and the driver says what follows from that', () => {
    for (const name of ['linux', 'darwin'])
      expect(platformOf(name, 'x')).toEqual({ trees: 'groups' });
    expect(childProcessOn(platformOf('linux', undefined)).can?.signals).toBe(true);
    const without = { signals: false, stdin: true, group: false };
    expect(childProcessOn(windows().platform).can).toEqual(without);
  });
});

describe.runIf(process.platform === 'linux')('a tree without a group', () => {
  it('is taken whole by a kill, once, however often it is asked for', async () => {
    const { platform, asked } = windows();
    const { witness, launch } = await familyOn(platform);
    for (let times = 0; times < 3; times += 1) witness.handle.kill();
    await witness.until('empty');
    expect(witness.life).toEqual(['spawned', 'exited SIGKILL', 'empty']);
    await left(launch, 0);
    expect(asked()).toEqual([`/PID ${witness.pid} /T /F`]);
  });

  it('is asked first, without /F, and may refuse', async () => {
    const { platform, asked } = windows();
    const { witness } = await familyOn(platform);
    witness.handle.terminate();
    await eventually('taskkill was asked', () => asked().length > 0);
    expect(asked()).toEqual([`/PID ${witness.pid} /T`]);
    expect(witness.life).toEqual(['spawned']);
    witness.handle.kill();
    await witness.until('empty');
    expect(asked().at(-1)).toBe(`/PID ${witness.pid} /T /F`);
  });

  it('is ended by the time a release returns', async () => {
    const { platform, asked } = windows();
    const { witness, launch } = await familyOn(platform);
    witness.handle.release();
    expect(asked()).toEqual([`/PID ${witness.pid} /T /F`]);
    await left(launch, 0);
  });

  it('is not empty while taskkill still ends the rest of it', async () => {
    const { platform } = windows('leaderFirst');
    const { witness, launch } = await familyOn(platform);
    witness.handle.kill();
    await witness.until('exited');
    expect(carriers(launch)).toBe(2);
    await witness.until('empty');
    await left(launch, 0);
  });

  it('loses its leader at least when taskkill cannot be started, as at a logoff', async () => {
    const { platform } = windows('missing');
    for (const verb of ['kill', 'release'] as const) {
      const { witness, launch } = await familyOn(platform);
      witness.handle[verb]();
      if (verb === 'kill') await witness.until('empty');
      await left(launch, 2);
      const killed = ['spawned', 'exited SIGKILL', 'empty'];
      expect(witness.life).toEqual(verb === 'kill' ? killed : ['spawned']);
    }
  });

  it('loses its leader at least when taskkill hangs, within its bound', async () => {
    const { platform, asked } = windows('hangs');
    const { witness, launch } = await familyOn(platform);
    const before = performance.now();
    witness.handle.kill();
    await witness.until('empty');
    expect(performance.now() - before).toBeGreaterThan(1_900);
    expect(witness.life).toEqual(['spawned', 'exited SIGKILL', 'empty']);
    await left(launch, 2);
    expect(asked()).toHaveLength(1);
  });

  it('hears of no taskkill once the exit of its leader was seen', async () => {
    const { platform, asked } = windows();
    const { witness } = await familyOn(platform, family('exec sleep 0.2'));
    witness.onEvent = (event) => {
      if (!event.startsWith('exited')) return;
      witness.handle.terminate();
      witness.handle.kill();
    };
    await witness.until('empty');
    witness.handle.release();
    expect(witness.life).toEqual(['spawned', 'exited 0', 'empty']);
    expect(asked()).toEqual([]);
  });

  it('of a utility process is taken whole, by a stop and by a kill', async () => {
    for (const verb of ['terminate', 'kill'] as const) {
      const { platform, asked } = windows();
      const launch = { ...plan(''), command: fixture('child.mjs'), args: ['staysWithSomeone', ''] };
      const witness = new Witness(utilityProcessOn(platform, standIn()), launch);
      await witness.until('stdout descendant');
      witness.handle[verb]();
      await witness.until('empty');
      expect(witness.life).toEqual(['spawned', 'exited SIGKILL', 'empty']);
      expect(asked()).toEqual([`/PID ${witness.pid} /T /F`]);
      await left(launch, 0);
    }
  });
});
