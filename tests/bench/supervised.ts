/**
 * A process that supervises one idle child, or the same process without it, and counts the CPU
 * that it uses once nothing happens any more. It prints one line of JSON, and must do nothing but
 * wait while it is measured.
 *
 *     node supervised.js none|service|adopted|gateway idleMs
 */

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify } from '../../src/drivers/identity.ts';
import { systemClock } from '../../src/drivers/system-clock.ts';
import { createGateway, type ProcessOptions, supervise } from '../../src/index.ts';
import { peers } from '../e2e/peers.ts';

/** Armed by the machines now. */
const armed = new Set<unknown>();
const clock = systemClock({
  onResume() {},
  source: {
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    arm(run, ms) {
      const timer = setTimeout(() => {
        armed.delete(timer);
        run();
      }, ms);
      armed.add(timer);
      return timer;
    },
    disarm(timer) {
      armed.delete(timer);
      clearTimeout(timer as NodeJS.Timeout);
    },
  },
});

const idle: ProcessOptions = {
  command: ['sh', '-c', 'echo up; exec sleep 300'],
  ready: { line: /^up$/ },
  // what is waited for after a start is over before the measurement begins
  stableMs: 100,
};

/** Supervises it; answers how to end it. */
async function supervised(options: ProcessOptions): Promise<() => Promise<unknown>> {
  const service = supervise(options, { clock });
  await service.start();
  await service.ready();
  return () => service.dispose();
}

/** What an earlier host has left. Nobody tells us of its end, so it is looked at. */
async function adopted(): Promise<() => Promise<unknown>> {
  const custodyDir = mkdtempSync(join(tmpdir(), 'holdfast-idle-'));
  const mark = { name: 'HOLDFAST_MARK', value: randomUUID() };
  const env = { ...process.env, [mark.name]: mark.value };
  const left = spawn('sleep', ['300'], { detached: true, stdio: 'ignore', env });
  const own = identify(left.pid ?? 0);
  const host = { pid: process.pid, start: 'an earlier one' };
  const rest = { ready: true, startedAt: 0, port: null, groups: {} };
  const record = JSON.stringify({ version: 1, host, mark, process: own, ...rest });
  writeFileSync(join(custodyDir, 'gateway.custody.json'), record, { mode: 0o600 });
  const end = await supervised({ ...idle, custodyDir });
  return () => end().then(() => rmSync(custodyDir, { recursive: true }));
}

/** With an open link to a server that runs in this process too. */
async function linked(): Promise<() => Promise<unknown>> {
  const server = await peers(1);
  const link = { url: server.urls[0] ?? '', protocol: 'plain' as const };
  const gateway = createGateway({ clock, process: idle, link });
  await gateway.start();
  await gateway.ready();
  return () => gateway.dispose().then(() => server.end());
}

const subjects: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  none: async () => async () => undefined,
  service: () => supervised(idle),
  adopted,
  linked,
};

const [, , name = '', idleMs = ''] = process.argv;
const end = await subjects[name]?.();
if (end === undefined) throw new Error(`there is no subject ${name}`);
await pause(2_000);
const timers = armed.size;
const from = process.cpuUsage();
const began = performance.now();
await pause(Number(idleMs));
const { user, system } = process.cpuUsage(from);
const tookMs = performance.now() - began;
const active = process.getActiveResourcesInfo().sort();
console.log(JSON.stringify({ name, micros: user + system, tookMs, timers, active }));
await end();
