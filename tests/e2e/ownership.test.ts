/**
 * Whose process it is: ours, ours from a host that was killed, or somebody else's. What is not
 * proved to be ours is never signalled, and nothing is started beside what lives already.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identify } from '../../src/drivers/identity.ts';
import { type ProcessOptions, supervise } from '../../src/index.ts';
import { failure, keep, keepHouse, until } from './house.ts';

keepHouse();

/** Serves HTTP on a port, whatever becomes of whoever started it. */
const serving = (port: number): [string, ...string[]] => [
  process.execPath,
  '-e',
  `require('node:http').createServer((_, to) => to.end('ok')).listen(${port}, '127.0.0.1')`,
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
    ({ ok }) => ok,
    () => false,
  );

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-custody-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const isOver = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Somebody else's process, in a group of its own, ended when the test ends. */
function stranger(command: readonly [string, ...string[]], env = process.env): ChildProcess {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: 'ignore', detached: true, env });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await until('the stranger to end', () => isOver(child));
  });
  return child;
}

const asked = (port: number, more: Partial<ProcessOptions> = {}): ProcessOptions => ({
  command: serving(port),
  port,
  ready: { http: `http://127.0.0.1:${port}/` },
  backoff: { firstMs: 10, jitter: 0 },
  stop: { graceMs: 2_000 },
  ...more,
});

/** A host that has a ready process, and is killed. Answers the pid of what it leaves. */
async function killedHost(port: number, custodyDir: string): Promise<number> {
  const options = JSON.stringify({ ...asked(port), ready: undefined, httpPort: port, custodyDir });
  const script = fileURLToPath(new URL('./dying-host.ts', import.meta.url));
  const argv = ['--import', 'tsx', script, options];
  const host = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  host.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await until('the host to have a ready process', () => said.includes('\n'), 20_000);
  const pid = Number(said);
  await until('the record to be complete', () => recordIn(custodyDir).ready === true);
  host.kill('SIGKILL');
  await until('the host to be gone', () => isOver(host));
  return pid;
}

const nameOf = (custodyDir: string) => join(custodyDir, 'gateway.custody.json');
const recordIn = (custodyDir: string): Record<string, unknown> =>
  JSON.parse(readFileSync(nameOf(custodyDir), 'utf8'));

describe('a port that somebody else holds', () => {
  it('PO-11, PO-13: is named and left alone, and nothing is started on it', async () => {
    const port = await freePort();
    const other = stranger(serving(port));
    await until('the stranger to serve', () => answers(port));
    const service = keep(supervise(asked(port, { ready: { line: /never/ }, portMs: 2_500 })));
    await service.start();
    const error = await failure(service.ready());
    expect(error.code).toBe('HF_OCCUPIED');
    expect(error.message).toContain(`port ${port} is held by pid ${other.pid} (node)`);
    expect([service.status.state, service.status.process]).toEqual(['failed', undefined]);
    expect(await answers(port)).toBe(true);
    other.kill('SIGKILL');
    await until('the stranger to end', () => isOver(other));
    await service.start();
    await until('one of ours to hold it', async () => {
      return service.status.phase === 'awaiting-ready' && (await answers(port));
    });
  });

  it('is waited for while it is being given up', async () => {
    const port = await freePort();
    const other = stranger(serving(port));
    await until('the stranger to serve', () => answers(port));
    const service = keep(supervise(asked(port, { foreign: 'refuse' })));
    await service.start();
    await until('it to wait', () => service.status.because.includes('waiting for the port'));
    other.kill('SIGKILL');
    const { process: own } = await service.ready();
    expect(own).toMatchObject({ ownership: 'owned' });
    expect(own?.pid).not.toBe(other.pid);
  });

  it('is freed when you said so', async () => {
    const port = await freePort();
    const other = stranger(serving(port));
    await until('the stranger to serve', () => answers(port));
    const service = keep(supervise(asked(port, { foreign: 'end' })));
    await service.start();
    const { process: own } = await service.ready();
    expect(other.signalCode).toBe('SIGTERM');
    expect(own).toMatchObject({ ownership: 'owned', port });
  });
});

describe('attached to what serves already', () => {
  it('PO-02, PO-03, PO-27, DS-28: it is used, never replaced, and left running', async () => {
    const port = await freePort();
    const other = stranger(serving(port));
    await until('the stranger to serve', () => answers(port));
    const service = keep(supervise(asked(port)));
    const spawned: unknown[] = [];
    service.on('exit', (exit) => spawned.push(exit));
    await service.start();
    const { process: own, because } = await service.ready();
    expect(own).toMatchObject({ ownership: 'attached', pid: other.pid, port });
    expect(because).toContain('not ours');
    expect(await service.restart()).toMatchObject({ outcome: 'refused', cause: 'not-owned' });
    expect(service.status.state).toBe('running');
    await service.stop();
    expect(service.status.because).toContain('left running');
    await service.start();
    await service.ready();
    expect(await service.quit({ withinMs: 2_000 })).toMatchObject({ gone: true });
    expect([isOver(other), await answers(port), spawned]).toEqual([false, true, []]);
  });
});

describe('after its host was killed', () => {
  it('a process that is ready is taken over, and is ours again', async () => {
    const [port, custodyDir] = [await freePort(), folder()];
    const left = await killedHost(port, custodyDir);
    expect(await answers(port)).toBe(true);
    const service = keep(supervise(asked(port, { custodyDir })));
    await service.start();
    const { process: own } = await service.ready();
    expect(own).toMatchObject({ ownership: 'adopted', pid: left, port });
    const { outcome, pidAfter } = await service.restart();
    expect([outcome, identify(left)]).toEqual(['replaced', undefined]);
    expect(service.status.process).toMatchObject({ ownership: 'owned', pid: pidAfter });
    await service.stop();
    expect([readdirSync(custodyDir), await answers(port)]).toEqual([[], false]);
  });

  it('it is started again when it ends', async () => {
    const [port, custodyDir] = [await freePort(), folder()];
    const left = await killedHost(port, custodyDir);
    const service = keep(supervise(asked(port, { custodyDir })));
    await service.start();
    await service.ready();
    const again = service.nextReady();
    process.kill(left, 'SIGKILL');
    expect((await again).process).toMatchObject({ ownership: 'owned', port });
  });

  it('it is ended first, and only it, when it is not to be adopted', async () => {
    const [port, custodyDir] = [await freePort(), folder()];
    const left = await killedHost(port, custodyDir);
    const service = keep(supervise(asked(port, { custodyDir, adopt: false })));
    await service.start();
    const { process: own } = await service.ready();
    expect([identify(left), own?.ownership]).toEqual([undefined, 'owned']);
  });
});

describe('a custody record', () => {
  const mark = { name: 'HOLDFAST_MARK', value: 'left-by-an-earlier-host' };
  const sleeper: [string, ...string[]] = ['sleep', '60'];
  const start = { command: sleeper };
  /** Of a host that is gone: our own pid, at another time. */
  const written = (custodyDir: string, more: object) => {
    const host = { pid: process.pid, start: 'long ago' };
    const rest = { ready: false, startedAt: 0, port: null, groups: {} };
    const record = { version: 1, host, mark, process: null, ...rest, ...more };
    writeFileSync(nameOf(custodyDir), JSON.stringify(record), { mode: 0o600 });
  };

  it('SE-06: is for its owner only, names no secret, and is gone with the process', async () => {
    const custodyDir = folder();
    const secret = 'wonderful-secret';
    const options = { command: ['sh', '-c', 'exec sleep 60', secret] as [string, ...string[]] };
    const service = keep(supervise({ ...options, env: { API_TOKEN: secret }, custodyDir }));
    await service.start();
    const { process: own } = await service.ready();
    await until('the record to be complete', () => recordIn(custodyDir).ready === true);
    expect(recordIn(custodyDir)).toMatchObject({ process: identify(own?.pid ?? 0) });
    expect(statSync(nameOf(custodyDir)).mode & 0o777).toBe(0o600);
    expect(readFileSync(nameOf(custodyDir), 'utf8')).not.toContain(secret);
    await service.stop();
    expect(readdirSync(custodyDir)).toEqual([]);
  });

  it('of a spawn that was never confirmed finds what carries its mark', async () => {
    const custodyDir = folder();
    const env = { ...process.env, [mark.name]: mark.value };
    const lost = stranger(sleeper, env);
    written(custodyDir, {});
    const service = keep(supervise({ ...start, custodyDir }));
    await service.start();
    const { process: own } = await service.ready();
    await until('what was lost to be ended', () => isOver(lost));
    expect([lost.signalCode, own?.ownership]).toEqual(['SIGTERM', 'owned']);
  });

  it('never leads to a stranger who has the same number now', async () => {
    const custodyDir = folder();
    const other = stranger(sleeper);
    await until('the stranger to run', () => identify(other.pid ?? 0) !== undefined);
    written(custodyDir, { process: { pid: other.pid, start: 'another time' }, ready: true });
    const service = keep(supervise({ ...start, custodyDir }));
    await service.start();
    const { process: own } = await service.ready();
    expect([own?.ownership, isOver(other)]).toEqual(['owned', false]);
    await service.stop();
    expect(isOver(other)).toBe(false);
  });

  it('PO-22: of a host that lives is respected', async () => {
    const custodyDir = folder();
    const first = keep(supervise({ ...start, custodyDir }, { name: 'one' }));
    await first.start();
    await first.ready();
    const other = stranger(sleeper);
    await until('the stranger to run', () => identify(other.pid ?? 0) !== undefined);
    written(custodyDir, { host: identify(other.pid ?? 0) });
    const second = keep(supervise({ ...start, custodyDir }));
    await second.start();
    const error = await failure(second.ready());
    expect(error.code).toBe('HF_OCCUPIED');
    expect(error.message).toContain(`the host with pid ${other.pid} supervises it already`);
    expect(first.status.state).toBe('running');
  });

  it('that cannot be read stops the start, and says what to do', async () => {
    const custodyDir = folder();
    writeFileSync(nameOf(custodyDir), '{"version":', { mode: 0o600 });
    const service = keep(supervise({ ...start, custodyDir }));
    await service.start();
    const error = await failure(service.ready());
    expect(error.code).toBe('HF_OCCUPIED');
    expect(error.message).toMatch(/gateway\.custody\.json cannot be read: remove it when nothing/);
    expect(readFileSync(nameOf(custodyDir), 'utf8')).toBe('{"version":');
  });
});
