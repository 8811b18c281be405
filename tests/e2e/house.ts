/**
 * What every end-to-end test promises when it ends: each gateway it kept is disposed, no process
 * carries its mark, and this process holds the sockets, timers and children it held before, and
 * no more. Waits are for facts, with a deadline; nothing here sleeps for luck.
 */

import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, onTestFinished } from 'vitest';
import type { Connection, Gateway, HoldfastError, Supervised } from '../../src/index.ts';
import { isHoldfastError } from '../../src/index.ts';
import { until } from '../practice/house.ts';

export { isAlive, until, within } from '../practice/house.ts';

type Kept = Pick<Gateway, 'dispose' | 'status'>;
type Any = Gateway | Connection | Supervised;

/** Inherited by every child that a test starts, and by whatever those start. */
const markName = 'HOLDFAST_E2E';
const kept = new Set<Kept>();
/** Timers that are armed, and where that was. */
const armed = new Map<unknown, string | undefined>();

/** This test's gateway: it is disposed when the test ends, and must say so. */
export function keep<T extends Any>(gateway: T): T {
  kept.add(gateway);
  return gateway;
}

/** Call it once, at the top of a file. */
export function keepHouse(): void {
  beforeEach(() => {
    process.env[markName] = randomUUID();
    const before = holdings();
    const unwatch = watchTimers();
    // first in, last out: whatever the test itself has registered is over by then
    onTestFinished(() => nothingLeft(before).finally(unwatch));
  });
  afterEach(async () => {
    const gateways = [...kept];
    kept.clear();
    await Promise.all(gateways.map((gateway) => gateway.dispose()));
    expect(gateways.map(({ status }) => [status.state, status.process, status.connection])).toEqual(
      gateways.map(() => ['disposed', undefined, undefined]),
    );
  });
}

async function nothingLeft(before: string): Promise<void> {
  const mark = process.env[markName] ?? '';
  delete process.env[markName];
  const timers = () => [...armed.values()].filter((where) => !where?.includes('practice/house'));
  const left = () => ({ holdings: holdings(), carriers: carriers(mark), timers: timers() });
  const clean = () => {
    const { holdings, carriers, timers } = left();
    return holdings === before && carriers.length + timers.length === 0;
  };
  await until('the house to be clean', clean, 3_000).catch(() => undefined);
  const found = left();
  for (const pid of found.carriers) process.kill(Number(pid.split(' ')[0]), 'SIGKILL');
  expect(found).toEqual({ holdings: before, carriers: [], timers: [] });
}

/** The runner has timers of its own, made before it was asked: these are all the others. */
function watchTimers(): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const arm = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const fire = () => {
      armed.delete(timer);
      run(...args);
    };
    const timer = setTimeout(fire, ms);
    armed.set(timer, new Error('armed').stack);
    return timer;
  };
  globalThis.setTimeout = Object.assign(arm, setTimeout) as typeof setTimeout;
  globalThis.clearTimeout = (timer) => {
    armed.delete(timer);
    clearTimeout(timer);
  };
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    armed.clear();
  };
}

/** What keeps this process alive, and every socket it has a file for, whether it does or not. */
function holdings(): string {
  const kinds = /Immediate|TCP|TLS|Process|Pipe|Signal/;
  const active = process.getActiveResourcesInfo().filter((name) => kinds.test(name));
  return [...active.sort(), `${openSockets()} sockets`].join(' ');
}

function openSockets(): number {
  const files = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return files.filter((file) => file.startsWith('socket:')).length;
}

/**
 * Living processes of this test, by pid and command line; a zombie has no environment, and who has
 * been spawned this very moment has none yet.
 */
export function carriers(mark = process.env[markName] ?? ''): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      if (Number(pid) === process.pid) return [];
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      if (!environment.includes(`${markName}=${mark}`)) return [];
      return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')}`];
    } catch {
      return [];
    }
  });
}

/** The error that a promise of ours must end with. */
export async function failure(promise: Promise<unknown>): Promise<HoldfastError> {
  const outcome = await promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (error) => error,
  );
  if (!isHoldfastError(outcome)) throw outcome;
  return outcome;
}

/** Every line of the log from now on, digits masked; the states as they come. */
export function witness(gateway: Pick<Any, 'on'>): { lines: string[]; states: string[] } {
  const seen = { lines: [] as string[], states: [] as string[] };
  gateway.on('status', ({ line, state }) => {
    seen.lines.push(line);
    if (seen.states.at(-1) !== state) seen.states.push(state);
  });
  return seen;
}

/** Resolves when the status is as asked. */
export async function reaches(
  gateway: Pick<Any, 'status'>,
  is: Partial<Record<'state' | 'phase', string>>,
): Promise<void> {
  const { state, phase } = is;
  const so = () =>
    (state === undefined || gateway.status.state === state) &&
    (phase === undefined || gateway.status.phase === phase);
  await until(JSON.stringify(is), so).catch((error) => {
    throw new Error(`${String(error)}; it is ${JSON.stringify(gateway.status)}`);
  });
}
