/** What the practice gateway does as a process: starts that fail, signals, noise, leftovers. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dial, isAlive, launch, start, talk, until } from './house.ts';

describe('a start', () => {
  it('prints one readiness line on stdout and nothing else', async () => {
    const { text, port } = await start();
    expect(text('stdout')).toBe(`listening on ${port}\n`);
    expect(text('stderr')).toMatch(/^practice serving 127\.0\.0\.1:\d+, jsonrpc, boot /);
  });

  it('prints the readiness line it was given', async () => {
    const { text } = launch({ args: ['--ready-line', 'up: {pid} at port={port}'] });
    await until('the line', () => /^up: \d+ at port=\d+$/m.test(text('stdout')));
    expect(text('stdout')).toMatch(/^up: [1-9]\d* at port=[1-9]\d*\n$/);
  });

  it('exits 78 with a line that says why, before it listens', async () => {
    const { exit, text } = launch({ faults: ['exit-at-start'] });
    expect(await exit()).toEqual({ code: 78, signal: null });
    expect(text('stderr')).toMatch(/^Invalid config: /);
    expect(text('stdout')).toBe('');
  });

  it('crashes with a stack, before it listens', async () => {
    const { exit, text } = launch({ faults: ['crash-at-start'] });
    expect(await exit()).toEqual({ code: 1, signal: null });
    expect(text('stderr')).toContain('Error: practice was told to crash at start');
  });

  it('fails in words when the port is taken', async () => {
    const { port } = await start();
    const { exit, text } = launch({ port });
    expect(await exit()).toEqual({ code: 1, signal: null });
    expect(text('stderr')).toBe(
      `practice gateway: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
    );
  });

  it('is slow when told, and still stops on SIGTERM meanwhile', async () => {
    const { child, exit, text } = launch({ faults: ['slow-start:ms=60000', 'print:text=here'] });
    await until('the process', () => text('stderr').includes('here'));
    child.kill('SIGTERM');
    expect(await exit()).toEqual({ code: 0, signal: null });
    expect(text('stdout')).toBe('');
  });

  it('listens before it is ready when told', async () => {
    const { http } = await start({ faults: ['slow-ready:ms=1500'] });
    expect(await http('/readyz')).toMatchObject({ status: 503, body: { ready: false } });
    expect((await http('/healthz')).status).toBe(200);
    await until('readiness', async () => (await http('/readyz')).status === 200);
  });

  it('listens but never says so, and is never ready', async () => {
    const { text } = launch({ faults: ['never-ready'] });
    const port = () => Number(/127\.0\.0\.1:(\d+)/.exec(text('stderr'))?.[1] ?? 0);
    await until('the listener', () => port() > 0);
    expect((await talk(port()).http('/readyz')).status).toBe(503);
    expect(text('stdout')).toBe('');
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s closes with 1001 and exits 0', async (signal) => {
    const { child, url, exit } = await start();
    const client = await dial(url);
    child.kill(signal);
    expect(await client.nextJson()).toMatchObject({
      method: 'shutdown',
      params: { restartExpectedMs: null },
    });
    expect(await client.closed()).toMatchObject({ code: 1001 });
    expect(await exit()).toEqual({ code: 0, signal: null });
  });

  it('stops it even while its connections hang or are swallowed', async () => {
    const { child, url, exit, fault } = await start();
    await dial(url);
    await fault({ name: 'hang', at: 'open' });
    await dial(url);
    await fault({ name: 'blackhole', at: 'upgrade' });
    await dial(url, 'no');
    child.kill('SIGTERM');
    expect(await exit()).toEqual({ code: 0, signal: null });
  });

  it('is ignored when told, until SIGKILL', async () => {
    const { child, exit, text } = await start({ faults: ['signal-ignore'] });
    child.kill('SIGTERM');
    await until('the log', () => text('stderr').includes('SIGTERM ignored, as told'));
    child.kill('SIGKILL');
    expect(await exit()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('is obeyed late when the drain is slow, and requests are served meanwhile', async () => {
    const { child, url, exit, http } = await start({ faults: ['slow-drain:ms=1500'] });
    const client = await dial(url);
    const began = performance.now();
    child.kill('SIGTERM');
    await until('the drain', async () => (await http('/readyz')).status === 503);
    expect(await client.call('add', [1, 2])).toMatchObject({ result: 3 });
    expect(await exit()).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeGreaterThanOrEqual(1490);
  });

  it('SIGUSR2 restarts in process: 1012, refused, same pid, new boot', async () => {
    const { child, url, http, pid } = await start({ args: ['--restart-refuse-ms', '200'] });
    const { bootId } = (await http('/healthz')).body;
    const client = await dial(url);
    child.kill('SIGUSR2');
    expect(await client.nextJson()).toMatchObject({ params: { restartExpectedMs: 1500 } });
    expect(await client.closed()).toMatchObject({ code: 1012, reason: 'service restart' });
    await until('the new boot', async () => {
      const { body } = await http('/healthz').catch(() => ({ body: { bootId } }));
      return body.bootId !== bootId;
    });
    expect((await http('/healthz')).body).toMatchObject({ pid });
  });

  it('SIGHUP reads the configuration again and tells the clients', async () => {
    const { child, url, stats } = await start();
    const client = await dial(url);
    child.kill('SIGHUP');
    expect(await client.nextJson()).toMatchObject({ method: 'reloaded', params: { revision: 2 } });
    expect(await stats()).toMatchObject({ revision: 2 });
  });
});

describe('a crash', () => {
  it('exits with the code it was told, after saying what it was told', async () => {
    const { fault, exit, text } = await start();
    const crash = { name: 'crash', exitCode: 42, says: 'Segmentation violation' };
    expect(await fault(crash)).toEqual({ ok: true, fault: 'crash' });
    expect(await exit()).toEqual({ code: 42, signal: null });
    expect(text('stderr')).toContain('Segmentation violation\n');
  });

  it('dies by the signal it was told', async () => {
    const { fault, exit } = await start();
    await fault({ name: 'crash', signal: 'SIGSEGV' });
    expect(await exit()).toEqual({ code: null, signal: 'SIGSEGV' });
  });
});

describe('output', () => {
  it('floods stdout with as many bytes as it was told, in whole lines', async () => {
    const bytes = 3_000_001;
    const { printed } = await start({ faults: [`flood:bytes=${bytes},lineBytes=120`] });
    const length = () => printed.stdout.reduce((sum, chunk) => sum + chunk.length, 0);
    await until('the flood', () => length() >= bytes + 'listening on 1\n'.length);
    const lines = Buffer.concat(printed.stdout).toString().split('\n');
    const odd = lines.filter((line) => line !== '.'.repeat(119));
    expect(odd).toHaveLength(3);
    expect(odd.find((line) => line.startsWith('listening'))).toMatch(/^listening on \d+$/);
  });

  it('splits a character over two writes', async () => {
    const { printed, fault, text } = await start({ args: ['--quiet'] });
    await fault({ name: 'split-utf8', gapMs: 500 });
    await until('the line', () => text('stderr') === 'half a café\n');
    expect(printed.stderr.map((chunk) => chunk.toString())).toEqual([
      'half a caf\ufffd',
      '\ufffd\n',
    ]);
  });

  it('may be closed by its reader without ending the gateway', async () => {
    const { child, fault, http } = await start();
    child.stdout?.destroy();
    child.stderr?.destroy();
    await fault({ name: 'print', text: 'to nobody', stream: 'stdout' });
    await fault({ name: 'print', text: 'to nobody' });
    expect((await http('/healthz')).status).toBe(200);
  });
});

describe('a grandchild', () => {
  it('lives in a session of its own, ignores SIGTERM and survives the gateway', async () => {
    const { fault, stats, child, exit } = await start({ env: { PRACTICE_MARK: 'carried' } });
    const { pid } = (await fault({ name: 'grandchild', lifeMs: 20_000 })) as { pid: number };
    onTestFinished(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    });
    expect((await stats()).grandchildren).toEqual([pid]);
    const sid = execFileSync('ps', ['-o', 'sid=', '-p', String(pid)], { encoding: 'utf8' });
    expect(Number(sid)).toBe(pid);
    if (existsSync('/proc/self/environ')) {
      const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environ).toContain('PRACTICE_MARK=carried');
    }
    child.kill('SIGKILL');
    await exit();
    process.kill(pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAlive(pid)).toBe(true);
  });

  it('ends by itself after the life it was given', async () => {
    const { fault } = await start();
    const { pid } = (await fault({ name: 'grandchild', lifeMs: 50 })) as { pid: number };
    await until('its end', () => !isAlive(pid));
    expect(isAlive(pid)).toBe(false);
  });
});

describe('a stall', () => {
  it('answers nobody while it lasts', async () => {
    const { url, fault } = await start();
    const client = await dial(url);
    await fault({ name: 'stall', ms: 1000 });
    expect(await client.ponged(200)).toBe(false);
    expect(await client.call('add', [1, 2])).toMatchObject({ result: 3 });
  });
});
