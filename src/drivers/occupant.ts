/**
 * Who listens on a port of this machine. Promises an answer for every port: nobody, somebody, or
 * somebody with the pid and program where the system tells (Linux, processes of the same user). It
 * must never send a byte to whoever listens, and never take a silence for a free port.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Occupant } from '../ports.ts';

const answerMs = 1_000;

/** Asks both loopback addresses: a service may listen on one of them only. */
export async function occupantOf(port: number, signal: AbortSignal): Promise<Occupant | null> {
  const answers = await Promise.all(
    ['127.0.0.1', '::1'].map((host) => isAnswered(host, port, signal)),
  );
  return answers.includes(true) ? (listener(port) ?? {}) : null;
}

/** Refused, or no such address: free. All else, a silence too, is somebody. */
function isAnswered(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, signal });
    const settle = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket
      .setTimeout(answerMs, () => settle(true))
      .on('connect', () => settle(true))
      .on('error', (error) => settle(!free.includes(codeOf(error))));
  });
}

const free: readonly unknown[] = ['ECONNREFUSED', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ABORT_ERR'];

const LISTEN = '0A';

function listener(port: number): Occupant | undefined {
  if (process.platform !== 'linux') return undefined;
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listening(table, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of pids()) {
    if (!holds(pid, inodes)) continue;
    return { pid, program: programOf(pid) };
  }
  return undefined;
}

/** Inodes of the sockets that listen there: `sl local remote state … inode`. */
function listening(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return linesOf(`/proc/net/${table}`)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) && state === LISTEN)
    .flatMap((fields) => fields[9] ?? []);
}

function holds(pid: number, inodes: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1];
        return inode !== undefined && inodes.has(inode);
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The name alone: arguments may hold secrets. */
const programOf = (pid: number): string => linesOf(`/proc/${pid}/comm`)[0] ?? '';

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').split('\n');
  } catch {
    return [];
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
