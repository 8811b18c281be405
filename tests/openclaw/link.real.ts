/** A link to a real gateway that somebody else runs: found, refused, silent, stopped and asleep. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { linkAlone } from '../../machines/world.ts';
import { connect, type Link } from '../../src/index.ts';
import {
  FaultProxy,
  type PreparedGateway,
  prepareGateway,
  type RunningGateway,
  sleep,
  startGateway,
  sweep,
} from './harness.ts';
import { coldMs, explained, Journal, measured, until } from './rig.ts';

/** what timers and events may be late by on a busy machine */
const slackMs = 1000;
const inspect = explained(linkAlone);

let prepared: PreparedGateway;
let started: RunningGateway;
let proxy: FaultProxy;

beforeAll(async () => {
  prepared = await prepareGateway();
  proxy = new FaultProxy(prepared.port);
  await proxy.listen();
  started = startGateway(prepared);
});

afterAll(async () => {
  await proxy?.close();
  sweep(prepared.mark);
  await started?.exited;
  prepared.remove();
});

/** A link of this test alone, through the proxy unless told otherwise. */
function link(options: Partial<Link> = {}) {
  const url = `ws://127.0.0.1:${proxy.port}`;
  const credentials = () => ({ token: prepared.token });
  const made = connect({ url, protocol: 'openclaw', credentials, ...options }, { inspect });
  const journal = new Journal(made);
  journal.printIfFailed();
  onTestFinished(async () => {
    await made.dispose();
  });
  return { link: made, journal };
}

/** Runs host.ts; `next` is its next finding. */
function host(act: string, url: string) {
  const file = fileURLToPath(new URL('host.ts', import.meta.url));
  const env = { ...process.env, OPENCLAW_TEST_URL: url };
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file, act], {
    env: { ...env, OPENCLAW_TEST_TOKEN: prepared.token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const findings: Finding[] = [];
  if (child.stdout !== null) {
    createInterface(child.stdout).on('line', (line) => findings.push(JSON.parse(line)));
  }
  const next = async (withinMs = 60_000) => {
    await until('a finding of the host', () => findings.length > 0, withinMs);
    return findings.shift() as Finding;
  };
  return { pid: child.pid ?? 0, findings, next };
}
type Finding = Record<string, unknown>;

function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

describe('a link to a real gateway', () => {
  it('CH-21: that is still starting waits for it, and is in as soon as it serves', async () => {
    const { link: early, journal } = link({ reconnect: { maxMs: 1000 } });
    await early.start();
    const status = await early.ready({ timeoutMs: coldMs });
    expect(journal.states()).toEqual(['starting', 'running']);
    expect(status.connection?.server.version).toBe('2026.9.6');
    expect(status.error).toBeUndefined();
    expect(await early.stop()).toMatchObject({ gone: true });
  });

  it('with a wrong token pauses at the first answer, and comes in with the right one', async () => {
    let token = 'not-the-token';
    const accepted = proxy.accepted;
    const { link: wrong } = link({ credentials: () => ({ token }) });
    await wrong.start();
    await expect(wrong.ready()).rejects.toMatchObject({ code: 'HF_CREDENTIALS' });
    expect(wrong.status).toMatchObject({ phase: 'paused', error: { code: 'HF_CREDENTIALS' } });
    expect(wrong.status.because).toContain('AUTH_TOKEN_MISMATCH');
    // Longer than several first waits: a loop would have shown itself.
    await sleep(6000);
    expect(proxy.accepted - accepted).toBe(1);
    token = prepared.token;
    await wrong.resume();
    expect(await wrong.ready()).toMatchObject({ state: 'running' });
    expect(wrong.status.error).toBeUndefined();
    expect(proxy.accepted - accepted).toBe(2);
  });

  it('finds a black hole within silence and probe, and resets its socket at once', async () => {
    const { link: blind, journal } = link({
      heartbeat: { silenceMs: 1500, probes: 1, probeMs: 1000 },
    });
    await blind.start();
    await blind.ready();
    const since = performance.now();
    const next = blind.nextReady();
    expect(proxy.blackhole()).toBe(1);
    await next;
    const [ending] = proxy.endings.filter(({ at }) => at >= since);
    const told = journal.when('reconnecting', since);
    measured('black hole to the reset', (ending?.at ?? Number.NaN) - since);
    expect(ending?.how).toBe('reset');
    expect((ending?.at ?? Number.NaN) - since).toBeLessThan(1500 + 1000 + slackMs);
    expect(Math.abs((ending?.at ?? Number.NaN) - told)).toBeLessThan(250);
    expect(blind.status.connection?.generation).toBe(2);
  });

  it('with a beat of one second survives eight seconds in which its host is stopped', async () => {
    proxy.delay(150);
    onTestFinished(() => proxy.delay(0));
    const { pid, findings, next } = host('beat', `ws://127.0.0.1:${proxy.port}`);
    await until('the host to stop itself', () => isStopped(pid), 60_000);
    await sleep(8000);
    findings.length = 0;
    process.kill(pid, 'SIGCONT');
    for (let beats = 0; beats < 5; beats += 1) {
      expect(await next()).toEqual({ generations: [1, 1], lost: [] });
    }
  });

  it('leaves no socket and no timer after fifty starts and stops', async () => {
    const since = performance.now();
    const { before, after, open, left, generation } = await host('cycles', prepared.url).next(
      150_000,
    );
    measured('51 starts and stops of a link', performance.now() - since);
    expect(generation).toBe(51);
    expect(open).toEqual([1]);
    expect(left).toEqual([]);
    expect(after).toEqual(before);
  });
});
