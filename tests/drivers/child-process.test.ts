/**
 * The child-process driver with real processes: the contract every driver keeps, and what only a
 * real operating system can do to one. Every wait is for an event and has a deadline.
 */

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { childProcess } from '../../src/drivers/child-process.ts';
import { eachCarrier, groupMembers, type Mark } from '../../src/drivers/leftovers.ts';
import { lineBytesMax } from '../../src/drivers/lines.ts';
import type { LaunchPlan } from '../../src/ports.ts';
import { plan, processConformance, Witness } from './process-conformance.ts';

const linux = process.platform === 'linux';
const run = (launch: LaunchPlan) => new Witness(childProcess, launch);
const shell = (script: string, ...args: string[]): LaunchPlan => {
  const env = { PATH: process.env.PATH ?? '' };
  return { ...plan(''), command: '/bin/sh', args: ['-c', script, 'sh', ...args], env };
};

function carriersOf(mark: Mark): number[] {
  const pids: number[] = [];
  eachCarrier(mark, (pid) => pids.push(pid));
  return pids;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !linux || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** For what reports no event: the state of a process that is not ours. */
async function eventually(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`still not so: ${what}`);
    await pause(5);
  }
}

const untilDead = (pid: number) => eventually(`${pid} is dead`, () => !alive(pid));

/** Whether the file takes its own text back: only writing tells. */
function mayWrite(file: string): boolean {
  try {
    writeFileSync(file, readFileSync(file));
    return true;
  } catch {
    return false;
  }
}

function killAfterTest(pid: number): void {
  onTestFinished(() => {
    if (alive(pid)) process.kill(pid, 'SIGKILL');
  });
}

function numberIn(witness: Witness, word: string): number {
  const line = witness.lines('stdout').find((text) => text.startsWith(`${word} `));
  return Number(line?.slice(word.length + 1));
}

/** Runs fixtures/process/host.ts; answers with its findings and how it ended. */
async function host(act: string, mark = randomUUID()) {
  const file = fileURLToPath(new URL('fixtures/process/host.ts', import.meta.url));
  const args = ['--import', 'tsx', file, act, mark];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const end = await new Promise<string | number | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );
  return {
    end,
    findings: text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

processConformance('childProcess', childProcess);

describe('a plan that cannot be started', () => {
  const failureOf = async (launch: LaunchPlan) => {
    const witness = run(launch);
    await witness.until('empty');
    expect(witness.life).toEqual([expect.stringMatching(/^failed /), 'empty']);
    return witness.failure;
  };

  it('fails with EACCES when the command is no program', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-process-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const command = join(folder, 'text');
    writeFileSync(command, 'no program');
    chmodSync(command, 0o644);
    expect(await failureOf({ ...plan(''), command })).toMatchObject({ code: 'EACCES' });
  });

  it('fails with the code of an error that Node throws', async () => {
    const command = join(process.execPath, 'below-a-file');
    expect(await failureOf({ ...plan(''), command })).toMatchObject({ code: 'ENOTDIR' });
  });

  it('names the working directory when that is what is missing', async () => {
    const failure = await failureOf({ ...plan('wait'), cwd: '/nowhere/at-all' });
    expect(failure?.code).toBe('ENOENT');
    expect(failure?.message).toContain('the working directory /nowhere/at-all does not exist');
  });

  it('never quotes a value that Node refused', async () => {
    const failure = await failureOf({ ...plan('wait'), env: { TOKEN: 'secret\0secret' } });
    expect(failure?.code).toBe('ERR_INVALID_ARG_VALUE');
    expect(failure?.message).toContain('TOKEN');
    expect(failure?.message).not.toContain('secret');
  });

  it('fails rather than use a mark that this very process carries', async () => {
    const value = process.env.PATH ?? '';
    for (const mark of [
      { name: 'PATH', value },
      { name: 'X', value: '' },
    ]) {
      const failure = await failureOf({ ...plan('wait'), mark });
      expect(failure?.message).toContain(mark.name);
    }
  });

  it('leaves its host alive, whatever is asked of it', async () => {
    expect(await host('survive')).toEqual({ end: 0, findings: ['ENOENT', 'alive'] });
  });
});

describe('the environment and stdin of a child', () => {
  it('are the plan, the mark, and nothing else; the mark cannot be overridden', async () => {
    const launch = plan('environment');
    const env = { ONE: '1', [launch.mark.name]: 'stolen', TWO: 'ü' };
    const witness = run({ ...launch, env });
    await witness.until('empty');
    const expected = [`${launch.mark.name}=${launch.mark.value}`, 'ONE=1', 'TWO=ü'];
    // macOS adds a variable of its own to every process.
    const lines = witness.lines('stdout').filter((line) => !line.startsWith('__CF'));
    expect(lines.sort()).toEqual(expected.sort());
  });

  it('tell a child that listens to stdin when its host was killed', async () => {
    const { end, findings } = await host('beKilled');
    const pid = Number(findings[0]);
    killAfterTest(pid);
    expect(end).toBe('SIGKILL');
    expect(pid).toBeGreaterThan(1);
    await untilDead(pid);
  });
});

describe('output', () => {
  it('keeps a character whole that came in two pieces', async () => {
    const witness = run(plan('split'));
    await witness.until('empty');
    expect(witness.lines('stderr')).toEqual(['5 €']);
  });

  it('is cut at 16 KiB a line, and goes on after the cut', async () => {
    const witness = run(plan('flood', 1));
    await witness.until('empty');
    const lengths = witness.lines('stdout').map((text) => text.length);
    expect(lengths).toEqual([lineBytesMax, 'last words'.length]);
  });

  it('of any size is read to its end and never piles up', async () => {
    const { findings } = await host('drink');
    const exits = [{ code: 0, signal: null }];
    expect(findings).toEqual([expect.objectContaining({ last: 'last words', exits })]);
    expect(findings[0].lengths).toEqual([lineBytesMax, 'last words'.length]);
    // 256 MiB were written.
    expect(findings[0].grownKiB).toBeLessThan(128 * 1024);
  });

  it('held open by a descendant does not delay exited', async () => {
    const witness = run(plan('leaveSomeoneWithThePipe'));
    await witness.until('exited 0');
    const pid = numberIn(witness, 'descendant');
    expect(alive(pid)).toBe(true);
    witness.handle.kill();
    await witness.until('empty');
    expect(alive(pid)).toBe(false);
  });

  it('held open by a stranger does not delay empty for ever', async () => {
    const witness = run(plan('leaveAStranger'));
    await witness.until('empty');
    const pid = numberIn(witness, 'descendant');
    killAfterTest(pid);
    expect(alive(pid)).toBe(true);
    expect(witness.life).toEqual(['spawned', 'exited 0', 'empty']);
  });
});

describe('descendants', () => {
  it('in the group hear terminate after their parent has gone', async () => {
    const witness = run(shell('sleep 60 & echo descendant $!'));
    await witness.until('exited 0');
    witness.handle.terminate();
    await witness.until('empty');
    expect(alive(numberIn(witness, 'descendant'))).toBe(false);
  });

  it('in a session of their own are found by their mark and killed', async () => {
    const witness = run(plan('leaveSomeoneElsewhere'));
    await witness.until('exited 0');
    const pid = numberIn(witness, 'descendant');
    killAfterTest(pid);
    expect(alive(pid)).toBe(true);
    witness.handle.kill();
    await witness.until('empty');
    expect(alive(pid)).toBe(false);
  });

  it('are gone with a release, also when it comes before spawned', async () => {
    const early = plan('wait');
    run(early).handle.release();
    const late = plan('leaveSomeoneElsewhere');
    const witness = run(late);
    await witness.until('exited 0');
    witness.handle.release();
    await untilDead(numberIn(witness, 'descendant'));
    expect([...carriersOf(early.mark), ...carriersOf(late.mark)].filter(alive)).toEqual([]);
  });

  it('are gone when their host exits and releases on its way out', async () => {
    const { end, findings } = await host('leaveOnExit');
    const pid = Number(/^descendant (\d+)$/.exec(findings[0])?.[1]);
    killAfterTest(pid);
    expect(end).toBe(0);
    await untilDead(pid);
  });
});

describe('fifty lives in a row', () => {
  it('leave no handle, no zombie and no process', { timeout: 60_000 }, async () => {
    const { findings } = await host('repeat');
    expect(findings).toHaveLength(2);
    for (const { before, after, left } of findings) {
      expect(after).toEqual(before);
      expect(left).toEqual([]);
    }
  });
});

describe.runIf(linux)('on Linux', () => {
  // Where it is writable, the next process gets the number after the one written here.
  const lastPid = '/proc/sys/kernel/ns_last_pid';
  const mayChoosePids = linux && mayWrite(lastPid);

  it('a zombie in the group counts as gone', async () => {
    // The zombie's parent never waits for it: it has become a sleep outside group and mark.
    const witness = run(
      shell(`sh -c 'sleep 60 & echo zombie $!; exec env -i setsid sleep 60' >&1 &
        echo stranger $!`),
    );
    for (const word of ['exited 0', 'stdout zombie', 'stdout stranger']) await witness.until(word);
    const [zombie, stranger] = [numberIn(witness, 'zombie'), numberIn(witness, 'stranger')];
    killAfterTest(stranger);
    const nameOf = (pid: number) => readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
    await eventually('the stranger is a sleep', () => nameOf(stranger) === 'sleep');
    expect(groupMembers(witness.pid ?? 0)).toEqual([zombie]);
    witness.handle.terminate();
    await witness.until('empty');
    const [, , state, , group] = readFileSync(`/proc/${zombie}/stat`, 'latin1').split(' ');
    expect([state, group]).toEqual(['Z', String(witness.pid)]);
    expect(groupMembers(witness.pid ?? 0)).toEqual([]);
  });

  // Each generation starts the next in a new session and is gone a moment later.
  const flight = `export FLIGHT='
    [ "$1" = 0 ] && { echo landed; exit; }
    setsid sh -c "$FLIGHT" sh $(($1 - 1)) &'
    setsid sh -c "$FLIGHT" sh "$1" &`;

  it('empty waits for descendants that flee from session to session', async () => {
    const witness = run(shell(flight, '300'));
    await witness.until('empty');
    expect(witness.lines('stdout')).toEqual(['landed']);
  });

  it('kill catches descendants that flee from session to session', async () => {
    const launch = shell(flight, '100000');
    const witness = run(launch);
    await witness.until('exited 0');
    witness.handle.kill();
    await witness.until('empty');
    expect(witness.lines('stdout')).toEqual([]);
    expect(carriersOf(launch.mark)).toEqual([]);
  });

  /** A process that is gone, its number given to a stranger; null where another was faster. */
  async function outlived() {
    const witness = run(shell('sleep 60 & echo descendant $!; setsid sleep 60 &'));
    await witness.until('exited 0');
    const [leader, descendant] = [witness.pid ?? 0, numberIn(witness, 'descendant')];
    // From here in one go: the driver must not have looked in between.
    process.kill(descendant, 'SIGKILL');
    const deadline = performance.now() + 10_000;
    while (existsSync(`/proc/${descendant}`) && performance.now() < deadline);
    for (let attempt = 0; attempt < 20 && !existsSync(`/proc/${leader}`); attempt += 1) {
      writeFileSync(lastPid, String(leader - 1));
      const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
      onTestFinished(() => void stranger.kill('SIGKILL'));
      if (stranger.pid === leader) return { witness, leader };
    }
    witness.handle.kill();
    await witness.until('empty');
    return null;
  }

  it.runIf(mayChoosePids)('a number that was given to somebody else is not signalled', async () => {
    let found: Awaited<ReturnType<typeof outlived>> = null;
    for (let attempt = 0; attempt < 10 && found === null; attempt += 1) found = await outlived();
    if (found === null) throw new Error('ten times the number went to another process');
    const { witness, leader } = found;
    witness.handle.terminate();
    witness.handle.kill();
    await witness.until('empty');
    expect(alive(leader)).toBe(true);
  });

  it('the mark is found in an environment of any size, whole and nowhere else', async () => {
    const launch = plan('wait');
    const padding = 'p'.repeat(100_000);
    const { name, value } = launch.mark;
    const decoy = { [`X${name}`]: value, [name.slice(1)]: value, DECOY: `${name}=${value}` };
    const witness = run({ ...launch, env: { A: padding, ...decoy, B: padding } });
    await witness.until('stdout ready');
    expect(carriersOf(launch.mark)).toEqual([witness.pid]);
    for (const wrong of [
      { name, value: value.slice(1) },
      { name, value: `${value}x` },
    ]) {
      expect(carriersOf(wrong)).toEqual([]);
    }
    expect(carriersOf({ name: 'B', value: padding })).toEqual([witness.pid]);
  });
});
