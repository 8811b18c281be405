/**
 * A supervised process: how it is proved ready, what its end means for the next start, and when
 * starting again is given up, with a reason and its last words. Real processes, mostly shells:
 * they start in two milliseconds.
 */

import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createGateway, type ProcessOptions, type Supervised, supervise } from '../../src/index.ts';
import { RealServer } from '../drivers/ws-peers.ts';
import { carriers, failure, isAlive, keep, keepHouse, reaches, until, witness } from './house.ts';
import { knock } from './knock.ts';
import { practice, stats } from './servers.ts';

keepHouse();

const quick = { firstMs: 10, maxMs: 40, jitter: 0 };
const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];
const upForAMinute = sh('echo up; exec sleep 60');

function run(command: [string, ...string[]], more: ProcessOptions = {}): Supervised {
  const options = { ready: { line: /up/ }, backoff: quick, ...more };
  return keep(supervise({ command, ...options }, { cooldownMs: 0 }));
}

/** Starts it and says what became of each process, oldest first. */
function counting(command: [string, ...string[]], more: ProcessOptions = {}) {
  const starts: number[] = [];
  const plan = ({ attempt }: { attempt: number }) => {
    starts.push(attempt);
    return { command };
  };
  const service = run(command, { plan, ...more });
  const exits: unknown[] = [];
  service.on('exit', ({ code, signal, expected }) => exits.push([code, signal, expected]));
  return { service, starts, exits };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

describe('a process is ready', () => {
  it('once it was spawned, when nothing else was asked for', async () => {
    const service = keep(supervise({ command: ['sleep', '60'] }));
    const seen = witness(service);
    await service.start();
    const { process: own } = await service.ready();
    expect(isAlive(own?.pid ?? 0)).toBe(true);
    expect(own).toMatchObject({ ownership: 'owned', pid: expect.any(Number) });
    expect(seen.lines.at(-1)).toMatch(/^running +pid \d+, ready after \d+ ms$/);
  });

  for (const stream of ['stdout', 'stderr']) {
    it(`by a line on ${stream}, whose groups name its port`, async () => {
      const to = stream === 'stderr' ? '>&2' : '';
      const command = sh(`echo starting; echo "serving on 4711, boot b7" ${to}; exec sleep 60`);
      const line = /^serving on (?<port>\d+), boot (?<boot>\w+)$/;
      const service = run(command, { ready: { line } });
      await service.start();
      expect((await service.ready()).process?.port).toBe(4711);
    });
  }

  it('by HTTP, when it answers 2xx and not before', async () => {
    const port = await freePort();
    const command = practice({ port, faults: ['slow-ready:ms=900'] });
    const ready = { http: 'http://127.0.0.1:PORT/readyz' };
    const service = run(command, { port, ready, readyMs: 10_000 });
    const reasons: string[] = [];
    service.on('diagnostic', ({ message }) => reasons.push(message));
    await service.start();
    await service.ready();
    expect(reasons.join('\n')).toMatch(/fetch failed|HTTP status 503/);
    expect(reasons.join('\n')).toContain('HTTP status 503');
    expect((await stats(port)).ready).toBe(true);
  });

  it('CH-15, CH-17: by its protocol, not by a port that merely accepts', async () => {
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const gateway = keep(
      createGateway({
        process: { command: ['sleep', '60'], ready: { protocol: true } },
        link: { url, protocol: knock() },
      }),
    );
    await gateway.start();
    const probe = await server.peer();
    await probe.log.until('gone by reset');
    expect(gateway.status.phase).toBe('awaiting-ready');
    const second = await server.peer();
    second.send('challenge');
    expect(await second.log.until('gone')).toBe('gone by reset');
    const link = await server.peer();
    link.send('challenge');
    await link.log.until('text hello');
    link.send('welcome');
    await gateway.ready();
    expect([probe, second].flatMap(({ log }) => log.words)).toEqual(Array(2).fill('gone by reset'));
  });

  it('by a check of the host, asked again until it says yes', async () => {
    const asked: unknown[] = [];
    const probe = ({ pid }: { pid: number | undefined }) => {
      asked.push(pid);
      if (asked.length === 1) throw new Error('not you');
      return asked.length === 3;
    };
    const service = run(['sleep', '60'], { ready: { probe } });
    const reasons: string[] = [];
    service.on('diagnostic', ({ message }) => reasons.push(message));
    await service.start();
    const { process: own } = await service.ready();
    expect(asked).toEqual([own?.pid, own?.pid, own?.pid]);
    expect(reasons).toContain('process.ready.probe failed: not you');
  });

  it('or not within readyMs: it is ended, tried again, and given up with the rule', async () => {
    const { service, starts, exits } = counting(['sleep', '60'], { readyMs: 60, startsMax: 2 });
    await service.start();
    const error = await failure(service.ready());
    expect(error.code).toBe('HF_EXHAUSTED');
    expect(error.message).toMatch(/^gave up: pid \d+ was not ready within 60 ms$/);
    expect(starts).toEqual([1, 2]);
    await until('both ends', () => exits.length === 2);
    expect(exits).toEqual(Array(2).fill([null, 'SIGTERM', true]));
  });

  it('PO-14: once, however often it is started meanwhile', async () => {
    const { service, starts } = counting(upForAMinute);
    await Promise.all(Array.from({ length: 5 }, () => service.start()));
    const all = await Promise.all(Array.from({ length: 5 }, () => service.ready()));
    expect(new Set(all.map(({ process: own }) => own?.pid)).size).toBe(1);
    expect(starts).toEqual([1]);
    await until('the one process to be seen', () => carriers().length > 0);
    expect(carriers()).toHaveLength(1);
  });
});

describe('an end that nobody asked for', () => {
  it('PO-06: before it was ready is tried startsMax times, then failed, with why', async () => {
    const { service, starts, exits } = counting(sh('echo "no disk" >&2; exit 3'));
    const seen = witness(service);
    await service.start();
    const error = await failure(service.ready());
    expect(error.code).toBe('HF_EXHAUSTED');
    expect(error.message).toMatch(/^gave up: pid \d+ exited by itself with code 3$/);
    expect(error.details.lastWords).toEqual(['no disk']);
    expect(starts).toEqual([1, 2, 3]);
    await until('three ends', () => exits.length === 3);
    expect(exits).toEqual(Array(3).fill([3, null, false]));
    expect(seen.states).toEqual(['starting', 'failed']);
    expect(service.status).toMatchObject({ state: 'failed', error: { code: 'HF_EXHAUSTED' } });
  });

  it('PO-07, DG-11: after it was ready starts it again, and never shows a dead pid', async () => {
    const service = run(upForAMinute);
    const shown: unknown[] = [];
    service.on('status', ({ state, process: own }) => {
      shown.push([state, own?.pid === undefined ? 'none' : isAlive(own.pid)]);
    });
    const exits: unknown[] = [];
    service.on('exit', ({ pid, signal, expected }) => exits.push([pid, signal, expected]));
    await service.start();
    const first = (await service.ready()).process?.pid ?? 0;
    const back = service.nextReady();
    process.kill(first, 'SIGKILL');
    const second = (await back).process?.pid ?? 0;
    expect(second).not.toBe(first);
    expect(exits).toEqual([[first, 'SIGKILL', false]]);
    expect(shown).toContainEqual(['restarting', 'none']);
    expect(shown).not.toContainEqual([expect.anything(), false]);
    expect(service.status).toMatchObject({ budget: { used: 1, of: 5 } });
    expect(service.status.exit).toBeUndefined();
    expect(service.status.error).toBeUndefined();
  });

  it('with code 0 is an end as well', async () => {
    const { service, exits } = counting(sh('echo up; exec sleep 0.05'));
    await service.start();
    await service.ready();
    await service.nextReady();
    expect(exits[0]).toEqual([0, null, false]);
  });

  it('PO-26: too often is failed with last words; start begins with a fresh budget', async () => {
    const command = sh('echo "out of luck" >&2; echo up; exec sleep 60');
    const { service, exits } = counting(command, { budget: { of: 2 } });
    const seen = witness(service);
    const kill = () => process.kill(service.status.process?.pid ?? 0, 'SIGKILL');
    for (const time of [1, 2]) {
      await service.start();
      await service.ready();
      for (const used of [0, 1]) {
        expect(service.status.budget?.used).toBe(used);
        const back = service.nextReady();
        kill();
        await back;
      }
      kill();
      await reaches(service, { state: 'failed' });
      const error = await failure(service.ready());
      expect(error.code).toBe('HF_EXHAUSTED');
      expect(error.details.lastWords).toEqual(expect.arrayContaining(['out of luck']));
      await until('three lives', () => exits.length === 3 * time);
    }
    expect(seen.lines.join('\n')).toContain('restart 2 of 2');
    expect(seen.lines.join('\n')).not.toContain('restart 3');
  });

  it('PO-16: with 78 is a wrong configuration: failed at once, and no loop', async () => {
    const { service, starts } = counting(sh('echo "port: not a number" >&2; exit 78'));
    await service.start();
    const error = await failure(service.ready());
    expect([error.code, error.details.lastWords]).toEqual([
      'HF_CONFIGURATION',
      ['port: not a number'],
    ]);
    expect(starts).toEqual([1]);
    await service.start();
    await failure(service.ready());
    expect(starts).toEqual([1, 1]);
  });

  it('PO-17: with a code of the host says whatever the host said it does', async () => {
    const exitClasses = { 64: 'runtime', 78: 'crash' } as const;
    const fatal = counting(sh('exit 64'), { exitClasses });
    await fatal.service.start();
    expect((await failure(fatal.service.ready())).code).toBe('HF_RUNTIME');
    expect(fatal.starts).toEqual([1]);
    const usual = counting(sh('exit 78'), { exitClasses });
    await usual.service.start();
    expect((await failure(usual.service.ready())).code).toBe('HF_EXHAUSTED');
    expect(usual.starts).toEqual([1, 2, 3]);
  });

  it('lastWords are what it wrote last, also in its very last moment', async () => {
    for (let time = 0; time < 5; time += 1) {
      const service = run(sh('echo fatal: disk full >&2; exit 78'));
      const words: unknown[] = [];
      service.on('exit', ({ lastWords }) => words.push(lastWords));
      await service.start();
      const error = await failure(service.ready());
      expect(error.details.lastWords).toEqual(['fatal: disk full']);
      await until('the exit', () => words.length === 1);
      expect(words).toEqual([['fatal: disk full']]);
    }
  });
});

describe('a start that cannot be', () => {
  const plans: [
    what: string,
    command: [string, ...string[]],
    cwd: string | undefined,
    says: string,
  ][] = [
    [
      'no such program',
      ['/nowhere/calc'],
      undefined,
      'cannot start /nowhere/calc: no such program (ENOENT)',
    ],
    ['no program', ['/tmp'], undefined, 'cannot start /tmp: not allowed to run it (EACCES)'],
    ['no such directory', ['true'], '/nowhere', 'the working directory /nowhere does not exist'],
  ];
  for (const [what, command, cwd, says] of plans) {
    it(`with ${what} is tried startsMax times and named`, async () => {
      const service = run(command, { startsMax: 2, ...(cwd === undefined ? {} : { cwd }) });
      const diagnostics: string[] = [];
      service.on('diagnostic', ({ code }) => diagnostics.push(code));
      await service.start();
      const error = await failure(service.ready());
      expect(error.message).toContain(says);
      expect(error.code).toBe('HF_EXHAUSTED');
      expect(service.status.process).toBeUndefined();
      await until('both failures', () => diagnostics.length === 2);
      expect(diagnostics).toEqual(['HF_SPAWN_FAILED', 'HF_SPAWN_FAILED']);
    });
  }

  it('by a driver that throws is named, and not taken for a process', async () => {
    const driver = () => {
      throw new Error('no fork');
    };
    const service = run(['x'], { driver, startsMax: 2 });
    await service.start();
    const error = await failure(service.ready({ timeoutMs: 5_000 }));
    expect(error.code).toBe('HF_EXHAUSTED');
    expect(error.message).toContain('process.driver failed: no fork');
    expect(await service.stop()).toMatchObject({ gone: true });
  });

  it('for a plan that makes no sense is failed at once, and names it', async () => {
    const plan = () => ({ command: [] as unknown as [string] });
    const service = keep(supervise({ plan }));
    await service.start();
    const error = await failure(service.ready());
    expect(error.code).toBe('HF_PLAN_FAILED');
    expect(error.message).toContain('process.plan().command must be a program and its arguments');
  });
});

describe('a child', () => {
  it('PO-25: does not inherit the traces of our own supervisor', async () => {
    Object.assign(process.env, { INVOCATION_ID: 'x', JOURNAL_STREAM: 'y', NOTIFY_SOCKET: 'z' });
    const script = 'echo "up $INVOCATION_ID.$JOURNAL_STREAM.$NOTIFY_SOCKET.$MINE.$GONE."';
    process.env.GONE = 'g';
    const env = { MINE: 'm', GONE: undefined };
    const service = run(sh(`${script}; exec sleep 60`), { env });
    await service.start();
    await service.ready();
    for (const name of ['INVOCATION_ID', 'JOURNAL_STREAM', 'NOTIFY_SOCKET', 'GONE']) {
      delete process.env[name];
    }
    expect(service.diagnostics.output).toEqual([{ stream: 'stdout', text: 'up ...m..' }]);
  });

  it('SE-01: keeps its secrets, in arguments, environment and output', async () => {
    const script = 'echo "up with $1 and $API_TOKEN, Bearer abcdefghij"; exit 78';
    const command: [string, ...string[]] = [...sh(script), 'sh', '--token=T0pS3cret1'];
    const service = run(command, { env: { API_TOKEN: 'h1dd3n-v4lue' } });
    const seen: unknown[] = [];
    for (const name of ['status', 'exit', 'diagnostic'] as const) {
      service.on(name, (what) => seen.push(what));
    }
    await service.start();
    await reaches(service, { state: 'failed' });
    seen.push(service.diagnostics, service.status, await failure(service.ready()));
    const all = JSON.stringify(seen);
    expect(all).toContain('up with --token=[redacted] and [redacted], Bearer [redacted]');
    expect(all).not.toMatch(/T0pS3cret1|h1dd3n|abcdefghij/);
  });
});
