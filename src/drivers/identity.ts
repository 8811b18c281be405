/**
 * Which process a number stands for: a pid is used again, a pid with the moment of its start is
 * not. It promises that two answers are equal only for the same process since the same boot, and
 * no answer for a process that has ended, a zombie included. It must never guess: where the
 * system does not say when a process began, there is no answer.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Identity } from '../ports.ts';

/** Linux from /proc, macOS from `ps`; elsewhere nothing is known, and nobody is recognised. */
export function identify(pid: number): Identity | undefined {
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const start = process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  return start === undefined ? undefined : { pid, start };
}

export const isAlive = ({ pid, start }: Identity): boolean => identify(pid)?.start === start;

let boot: string | undefined;

function fromProc(pid: number): string | undefined {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // the name comes second, in brackets, and may itself hold brackets and spaces
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = '', ticks] = [fields[0], fields[19]];
    return 'ZXx'.includes(state) || ticks === undefined ? undefined : `${boot} ${ticks}`;
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): string | undefined {
  if (process.platform !== 'darwin') return undefined;
  const { stdout } = spawnSync('/bin/ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C' },
    timeout: 1_000,
  });
  const [state, ...began] = (stdout ?? '').trim().split(/\s+/);
  return began.length === 0 || state?.startsWith('Z') ? undefined : began.join(' ');
}
