/**
 * Whose gateway it is, with the real one: somebody else's is used and left alone, one whose host
 * was killed is taken over, a port that a stranger holds is reported, and a configuration that the
 * gateway refuses is mended once by its own doctor. Nothing that carries the mark of a run outlives
 * its test.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { both } from '../../machines/world.ts';
import { createGateway, type Gateway, type HoldfastError } from '../../src/index.ts';
import {
  describeProcesses,
  type GatewayOptions,
  gone,
  leftovers,
  type PreparedGateway,
  prepareGateway,
  startGateway,
  sweep,
} from './harness.ts';
import { coldMs, explained, Journal, launching, measured, until } from './rig.ts';

const inspect = explained(both);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function prepared(options: GatewayOptions = {}): Promise<PreparedGateway> {
  const made = await prepareGateway(options);
  ends.push(() => {
    sweep(made.mark);
    made.remove();
  });
  return made;
}

const exists = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** Where the custody record is, private to one test. */
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-openclaw-custody-'));
  ends.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

type More = Partial<NonNullable<Parameters<typeof createGateway>[0]['process']>>;

function hosting(one: PreparedGateway, more: More = {}): { gateway: Gateway; journal: Journal } {
  const gateway = createGateway({
    name: 'openclaw',
    inspect,
    process: { ...launching(one), ready: { http: `${one.httpUrl}/readyz` }, ...more },
    link: { url: one.url, protocol: 'openclaw', credentials: () => ({ token: one.token }) },
  });
  ends.push(() => gateway.dispose());
  const journal = new Journal(gateway);
  journal.printIfFailed();
  return { gateway, journal };
}

const serves = async ({ httpUrl }: PreparedGateway): Promise<boolean> =>
  fetch(`${httpUrl}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

describe('a gateway that somebody else runs', () => {
  it('is used as it is, refuses to be replaced, and outlives a stop', async () => {
    const one = await prepared();
    const other = startGateway(one);
    await until('it to serve', () => serves(one), coldMs);
    const { gateway } = hosting(one);
    for (const round of [1, 2]) {
      const since = performance.now();
      await gateway.start();
      const { process } = await gateway.ready({ timeoutMs: coldMs });
      measured(`attached and past hello, round ${round}`, performance.now() - since);
      expect(process).toMatchObject({ ownership: 'attached', pid: other.pid });
      expect(await gateway.request('health', {})).toMatchObject({ ok: true });
      const refused = { outcome: 'refused', cause: 'not-owned' };
      expect(await gateway.restart()).toMatchObject(refused);
      expect(await gateway.reload()).toMatchObject(refused);
      await gateway.stop();
      expect(gateway.status.state).toBe('stopped');
      expect(await serves(one)).toBe(true);
    }
    expect([other.child.exitCode, other.child.signalCode]).toEqual([null, null]);
    expect(other.output()).not.toMatch(/SIG(TERM|INT|USR2)/);
    expect(leftovers(one.mark)).toContain(other.pid);
  });
});

type Command = [string, ...string[]];

/** A host of its own, killed once its gateway serves. Answers the pid of that gateway. */
async function killedHost(
  one: PreparedGateway,
  custodyDir: string,
  command: Command,
): Promise<number> {
  const { cwd, port, readyMs } = launching(one);
  const options = { command, cwd, port, readyMs, custodyDir, http: `${one.httpUrl}/readyz` };
  const script = fileURLToPath(new URL('./host.ts', import.meta.url));
  const { PATH = '' } = process.env;
  const env = { ...one.plan.env, PATH, OPENCLAW_TEST_PROCESS: JSON.stringify(options) };
  const argv = ['--import', 'tsx', script, 'keep'];
  const host = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], env });
  let said = '';
  host.stdout.on('data', (chunk) => {
    said += chunk;
  });
  ends.push(() => host.kill('SIGKILL'));
  await until('the host to have a gateway', () => said.includes('\n'), coldMs);
  const record = join(custodyDir, 'openclaw.custody.json');
  const isReady = () => JSON.parse(readFileSync(record, 'utf8')).ready === true;
  await until('the record to say so', isReady);
  host.kill('SIGKILL');
  await until('the host to be gone', () => host.signalCode !== null);
  const { pid } = JSON.parse(said) as { pid: number };
  return pid;
}

describe('a gateway whose host was killed', () => {
  it('ends by itself when it has nobody to log to, and there is exactly one after it', async () => {
    const one = await prepared();
    const custodyDir = folder();
    const { command } = launching(one);
    const before = await killedHost(one, custodyDir, command);
    const { gateway } = hosting(one, { custodyDir });
    const since = performance.now();
    await gateway.start();
    await until('a gateway that follows it', async () => {
      const { process } = await gateway.ready({ timeoutMs: coldMs });
      return process?.ownership === 'owned' && process.pid !== before;
    });
    measured('after the killed host, past hello', performance.now() - since);
    expect(exists(before)).toBe(false);
    expect(await gateway.stop()).toMatchObject({ gone: true });
    expect(describeProcesses(await gone(one.mark, 1_000))).toEqual([]);
  });

  it('is taken over by the next one where its log is a file, and ended by it', async () => {
    const one = await prepared();
    const custodyDir = folder();
    const log = join(one.home, 'gateway.log');
    const toFile = ['/bin/sh', '-c', `exec "$0" "$@" >>'${log}' 2>&1`] as const;
    const pid = await killedHost(one, custodyDir, [...toFile, ...launching(one).command]);
    const { gateway } = hosting(one, { custodyDir });
    const since = performance.now();
    await gateway.start();
    const { process } = await gateway.ready({ timeoutMs: coldMs });
    measured('taken over and past hello', performance.now() - since);
    expect(process).toMatchObject({ ownership: 'adopted', pid });
    const stopped = performance.now();
    expect(await gateway.stop()).toMatchObject({ gone: true });
    measured('ended by the host that took it over', performance.now() - stopped);
    expect(describeProcesses(await gone(one.mark, 1_000))).toEqual([]);
  });
});

describe('a port that a stranger holds', () => {
  it('is reported with who it is, and nobody is touched', async () => {
    const one = await prepared();
    const program = `require('node:net')
      .createServer((socket) => socket.on('error', () => {}).end('hello'))
      .listen(${one.port}, '127.0.0.1', () => console.log('up'));`;
    const stranger = spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    ends.push(() => stranger.kill('SIGKILL'));
    let said = '';
    stranger.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await until('the stranger to listen', () => said.includes('up'));
    const { gateway } = hosting(one, { portMs: 2_500 });
    await gateway.start();
    const error = await gateway.ready().then(
      () => undefined,
      (cause: HoldfastError) => cause,
    );
    expect(error).toMatchObject({ code: 'HF_OCCUPIED' });
    expect(error?.message).toContain(`port ${one.port} is held by pid ${stranger.pid}`);
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
    expect(leftovers(one.mark)).toEqual([]);
  });
});

describe('a configuration that the gateway refuses', () => {
  /** As the gateway itself says when it refuses to start. */
  const doctor = ({ plan }: PreparedGateway): Command => [
    plan.command,
    ...plan.args.slice(0, plan.args.indexOf('gateway')),
    ...['doctor', '--fix', '--yes', '--non-interactive'],
  ];

  it('is mended once by its doctor, and a start follows', async () => {
    const one = await prepared({ configText: '{ "gateway": { "surprise": true } }\n' });
    const repairs: number[] = [];
    const repair = ({ attempt }: { attempt: number }) => {
      repairs.push(attempt);
      return { command: doctor(one) };
    };
    const { gateway, journal } = hosting(one, { repair });
    const since = performance.now();
    await gateway.start();
    const { budget } = await gateway.ready({ timeoutMs: coldMs });
    measured('refused, mended and past hello', performance.now() - since);
    expect(journal.exits).toMatchObject([{ code: 78 }]);
    expect([repairs.length, budget?.used]).toEqual([1, 0]);
    expect(journal.diagnostics.join('\n')).toMatch(/HF_REPAIR .*exited with code 0/);
    await gateway.stop();
    expect(describeProcesses(await gone(one.mark, 1_000))).toEqual([]);
  });

  it('and the doctor cannot mend is the end, in the words of both', async () => {
    const one = await prepared({ configText: '{ "gateway": {\n' });
    const { gateway, journal } = hosting(one, { repair: () => ({ command: doctor(one) }) });
    await gateway.start();
    const error = await gateway.ready({ timeoutMs: coldMs }).then(
      () => undefined,
      (cause: HoldfastError) => cause,
    );
    expect(error).toMatchObject({
      code: 'HF_CONFIGURATION',
      details: { exit: { code: 78 }, repair: { code: 1 } },
    });
    expect(JSON.stringify(error?.details)).toContain('cannot be repaired automatically');
    expect(journal.exits).toMatchObject([{ code: 78 }]);
    expect(gateway.status.state).toBe('failed');
    expect(describeProcesses(await gone(one.mark, 1_000))).toEqual([]);
  });
});
