/**
 * A process and all that came of it, as one thing to signal and to wait for. It promises that a
 * number is signalled only while it is certainly ours: the group's number as long as its leader is
 * not yet waited for, and after that only while the group has never been seen empty and nobody
 * else bears the leader's number; every other process only straight after its environment was
 * read. It must never signal group 0 or 1, never use `ChildProcess.kill()` on a process that did
 * not start (Node then signals our own group), and never throw.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { win32 } from 'node:path';
import { eachCarrier, groupMembers, type Mark } from './leftovers.ts';

export interface ProcessTree {
  /** a request to the whole group */
  signal(signal: NodeJS.Signals): void;
  /** the end of everyone: the group and all who carry the mark */
  kill(): void;
  /** the same, finished when it returns */
  killNow(): void;
  /** the leader has been waited for: from now on its number proves nothing by itself */
  reaped(): void;
  /** nobody is left; to be asked again when not */
  isEmpty(): boolean;
}

export function treeOf(child: ChildProcess | undefined, mark: Mark): ProcessTree {
  if (child?.pid === undefined) return nobody;
  return process.platform === 'win32' ? windowsTree(child, child.pid) : posixTree(child.pid, mark);
}

/** Of a process that never was: nothing to signal, nothing to wait for. */
const nobody: ProcessTree = {
  signal: () => {},
  kill: () => {},
  killNow: () => {},
  reaped: () => {},
  isEmpty: () => true,
};

type Sent = 'sent' | 'refused' | 'nobody';

function send(target: number, signal: NodeJS.Signals | 0): Sent {
  try {
    process.kill(target, signal);
    return 'sent';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
      ? 'refused'
      : 'nobody';
  }
}

const killLooksMax = 8;
const doubtsMax = 3;

/** Linux and macOS. Without /proc there are no carriers to find, and the group is all we see. */
function posixTree(leader: number, mark: Mark): ProcessTree {
  let group = leader > 1 ? leader : undefined;
  let waitedFor = false;
  let doubts = 0;

  /** Our group's number while it is ours; once it may not be, it is forgotten for good. */
  const ours = (): number | undefined => {
    if (group === undefined || !waitedFor) return group;
    const reused = send(group, 0) !== 'nobody';
    if (reused || !groupExists(group)) group = undefined;
    return group;
  };

  const signal = (name: NodeJS.Signals) => {
    const target = ours();
    if (target !== undefined) send(-target, name);
  };

  const kill = () => {
    signal('SIGKILL');
    killCarriers(mark);
  };

  const isEmpty = () => {
    const target = ours();
    let left = target === undefined ? 0 : (groupMembers(target)?.length ?? 1);
    const seenAll = left > 0 || eachCarrier(mark, () => (left += 1));
    // A parent may go and its child come while we look, which also leaves a group that exists with
    // nobody in it; but so does a zombie that no one waits for. A third look settles it.
    doubts = left > 0 ? 0 : doubts + 1;
    return left === 0 && ((seenAll && target === undefined) || doubts >= doubtsMax);
  };

  const reaped = () => {
    waitedFor = true;
    ours();
  };
  return { signal, kill, killNow: kill, reaped, isEmpty };
}

function groupExists(group: number): boolean {
  const answer = send(-group, 0);
  // macOS refuses to signal a group of zombies.
  return answer === 'sent' || (answer === 'refused' && process.platform !== 'darwin');
}

/** A carrier may have a child while it is being killed: looks again until nobody new is found. */
function killCarriers(mark: Mark): void {
  const killed = new Set<number>();
  let quiet = 0;
  for (let look = 0; look < killLooksMax && quiet < 2; look += 1) {
    const before = killed.size;
    const certain = eachCarrier(mark, (pid) => {
      send(pid, 'SIGKILL');
      killed.add(pid);
    });
    quiet = killed.size > before ? 0 : quiet + (certain ? 2 : 1);
  }
}

/**
 * Windows, not yet exercised by CI. There are no signals: a request is `taskkill /T`, which only
 * programs with a window hear, so a stop there usually waits for the kill. Descendants are found
 * through their parents, hence no more once the leader is gone, and the tree then counts as empty.
 */
function windowsTree(child: ChildProcess, pid: number): ProcessTree {
  let alive = true;
  const options = { stdio: 'ignore', windowsHide: true } as const;
  const command = (...flags: string[]) => ['/PID', String(pid), '/T', ...flags];
  // Through the handle Node holds, so never somebody else; Windows refuses taskkill at logoff.
  const killLeader = () => {
    if (alive) child.kill('SIGKILL');
  };

  const signal = () => {
    if (alive) spawn(taskkill(), command(), options).on('error', () => {});
  };
  const kill = () => {
    if (!alive) return;
    const killer = spawn(taskkill(), command('/F'), options);
    killer.on('error', killLeader).on('exit', killLeader);
  };
  const killNow = () => {
    if (!alive) return;
    spawnSync(taskkill(), command('/F'), { ...options, timeout: 2000 });
    killLeader();
  };
  const reaped = () => {
    alive = false;
  };
  return { signal, kill, killNow, reaped, isEmpty: () => !alive };
}

/** By absolute path: a `taskkill` in the working directory must never be the one that runs. */
function taskkill(): string {
  return win32.join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'taskkill.exe');
}
