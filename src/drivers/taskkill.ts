/**
 * A tree of processes where there are no groups, ended by a program that finds descendants through
 * their parents. It promises no shell, a bound in time for every run of that program, that none
 * begins once the leader's exit was seen (its number may be somebody else's by then), and that the
 * tree counts as empty only when the program that ends it is done. Where the program cannot be
 * started, as at a logoff, when Windows refuses new processes, or has not ended the leader, the
 * leader is ended through the handle that we hold. It must never throw.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { ProcessTree } from './process-tree.ts';

/** longer than taskkill needs for a large tree, shorter than any patience of a person */
const taskkillMs = 2000;

export interface Leader {
  /** undefined while it is not known */
  readonly pid: number | undefined;
  /** ends the leader alone, through a handle and not through its number */
  kill(): unknown;
}

export function taskkillTree(leader: Leader, taskkill: string): ProcessTree {
  let alive = true;
  let asking: ChildProcess | undefined;
  let ending: ChildProcess | undefined;
  const options = { stdio: 'ignore', windowsHide: true, timeout: taskkillMs } as const;
  const words = (pid: number, ...flags: string[]) => ['/PID', String(pid), '/T', ...flags];
  const killLeader = () => {
    try {
      if (alive) leader.kill();
    } catch {}
  };

  /** `done` is called once, whatever happened. */
  const run = (args: string[], done: () => void): ChildProcess | undefined => {
    let told = false;
    const once = () => {
      if (!told) done();
      told = true;
    };
    try {
      return spawn(taskkill, args, options).on('error', once).on('exit', once);
    } catch {
      once();
      return undefined;
    }
  };

  /** Only programs with a window hear it, so a stop usually waits for the kill. */
  const signal = () => {
    const { pid } = leader;
    if (!alive || pid === undefined || asking !== undefined) return;
    asking = run(words(pid), () => {
      asking = undefined;
    });
  };
  const kill = () => {
    const { pid } = leader;
    if (!alive || ending !== undefined) return;
    if (pid === undefined) return killLeader();
    ending = run(words(pid, '/F'), () => {
      ending = undefined;
      killLeader();
    });
  };
  const killNow = () => {
    const { pid } = leader;
    if (!alive) return;
    try {
      if (pid !== undefined) spawnSync(taskkill, words(pid, '/F'), options);
    } catch {}
    killLeader();
  };
  const reaped = () => {
    alive = false;
    asking?.kill('SIGKILL');
  };
  return { signal, kill, killNow, reaped, isEmpty: () => !alive && ending === undefined };
}
