/**
 * A process and all that came of it, as one thing to signal and to wait for. It promises that a
 * number is signalled only while it is certainly ours: the group's number as long as its leader is
 * not yet waited for, and after that only while the group has never been seen empty and nobody
 * else bears the leader's number; every other process only straight after its environment was
 * read. It must never signal group 0 or 1, never use `ChildProcess.kill()` on a process that did
 * not start (Node then signals our own group), and never throw.
 */

import type { ChildProcess } from 'node:child_process';
import { beganAt, eachCarrier, groupMembers, type Mark } from './leftovers.ts';
import type { Platform } from './platform.ts';
import { taskkillTree } from './taskkill.ts';

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

export function treeOf(
  child: ChildProcess | undefined,
  mark: Mark,
  platform: Platform,
): ProcessTree {
  if (child?.pid === undefined) return nobody;
  if (platform.trees === 'groups') return posixTree(child.pid, mark);
  const leader = { pid: child.pid, kill: () => child.kill('SIGKILL') };
  return taskkillTree(leader, platform.taskkill);
}

/** Without a group of its own: only who carries the mark is found, so on Linux alone. */
export const markedTree = (mark: Mark): ProcessTree => posixTree(0, mark);

/** Of a process that never was: nothing to signal, nothing to wait for. */
export const nobody: ProcessTree = {
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
  const since = leader > 1 ? beganAt(leader) : 0;
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
    killCarriers(mark, since);
  };

  const isEmpty = () => {
    const target = ours();
    let left = target === undefined ? 0 : (groupMembers(target)?.length ?? 1);
    const seenAll = left > 0 || eachCarrier(mark, () => (left += 1), since);
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
function killCarriers(mark: Mark, since: number): void {
  const killed = new Set<number>();
  let quiet = 0;
  for (let look = 0; look < killLooksMax && quiet < 2; look += 1) {
    const before = killed.size;
    const kill = (pid: number) => {
      send(pid, 'SIGKILL');
      killed.add(pid);
    };
    const certain = eachCarrier(mark, kill, since);
    quiet = killed.size > before ? 0 : quiet + (certain ? 2 : 1);
  }
}
