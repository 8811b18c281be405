/**
 * What real systems say of themselves while the test plays the peer, the process and the clock:
 * plain JSON that is the same object until something changed, nothing about what is gone, never
 * `failed` while an automatic attempt is still to come, and lines that read as one sentence.
 */

import { afterEach, describe, expect, it } from 'vitest';
import {
  connect,
  createGateway,
  type Gateway,
  type Link,
  type ProcessOptions,
  type Protocol,
  plain,
  type Status,
  supervise,
} from '../../src/index.ts';
import { FakeClock, turns } from '../fakes/clock.ts';
import { fakeDriver, fakeTransport } from './fakes.ts';

const url = 'ws://me:secret@127.0.0.1:8123/path?token=t0p-s3cret';
const backoff = { firstMs: 100, maxMs: 100, jitter: 0 };
let dispose: (() => Promise<unknown>) | undefined;

afterEach(async () => {
  await dispose?.();
});

/** Every status that was told, and what is wrong with any that could be seen. */
function watch(gateway: Pick<Gateway, 'on' | 'status' | 'dispose'>, clock: FakeClock) {
  const seen: Status[] = [];
  gateway.on('status', (status) => {
    expect(structuredClone(status)).toEqual(status);
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
    expect(gateway.status).toBe(status);
    seen.push(status);
  });
  dispose = async () => {
    const gone = gateway.dispose();
    await clock.pass(60_000);
    await gone;
    expect(clock.armed).toBe(0);
  };
  return seen;
}

function linked(more: Partial<Link> = {}) {
  const clock = new FakeClock();
  const { sockets, transport } = fakeTransport();
  const reconnect = { ...backoff };
  const link: Link = { url, protocol: 'plain', transport, reconnect, ...more };
  const gateway = connect(link, { clock });
  return { clock, sockets, gateway, seen: watch(gateway, clock) };
}

function served(more: Partial<ProcessOptions> = {}) {
  const clock = new FakeClock();
  const { processes, driver } = fakeDriver();
  const command: [string, ...string[]] = ['serve', '--token', 't0p-s3cret'];
  const options = { command, driver, backoff, ready: { line: /^up on (?<port>\d+)/ }, ...more };
  const gateway = supervise(options, { clock });
  return { clock, processes, gateway, seen: watch(gateway, clock) };
}

function both() {
  const clock = new FakeClock();
  const { sockets, transport } = fakeTransport();
  const { processes, driver } = fakeDriver();
  const gateway = createGateway({
    process: { command: ['serve'], driver, backoff, ready: { line: /^up on (?<port>\d+)/ } },
    link: {
      url: ({ port }) => `ws://127.0.0.1:${port}`,
      protocol: 'plain',
      transport,
      reconnect: backoff,
    },
    clock,
  });
  const seen = watch(gateway, clock);
  const raise = async (nth: number) => {
    await clock.pass(200);
    processes[nth]?.events.line('stdout', `up on ${8_000 + nth}`);
    await turns();
    sockets.at(-1)?.opens();
    await turns();
  };
  return { clock, sockets, processes, gateway, seen, raise };
}

/** One log line is one sentence: no stray mark at its end, none doubled, no secret. */
function expectWellSaid(seen: Status[]): void {
  expect(seen.length).toBeGreaterThan(0);
  for (const { line, because, state } of seen) {
    expect(line).not.toMatch(/[.,;:!?]\s*$|[.,;:!?]\s*[.,;:!?]|undefined|null|NaN|\[object/);
    expect(line).not.toMatch(/t0p-s3cret|secret@/);
    expect(line).toBe(`${state.padEnd(13)} ${because}`);
  }
}

const states = (seen: Status[]) => seen.map(({ state }) => state);

describe('the object', () => {
  it('is the same until something changed, before the start and in every state', async () => {
    const { clock, sockets, gateway, seen } = linked();
    const { status } = gateway;
    expect(gateway.status).toBe(status);
    expect(status).toMatchObject({ state: 'stopped', intent: 'unwanted', ready: false });
    await gateway.start();
    await turns();
    const dialing = gateway.status;
    expect(dialing).not.toBe(status);
    await clock.pass(50);
    expect(gateway.status).toBe(dialing);
    sockets[0]?.opens();
    await turns();
    const running = gateway.status;
    expect(running).toMatchObject({ state: 'running', ready: true, attempt: 0 });
    sockets[0]?.hears('a frame changes nothing');
    await clock.pass(1_000);
    expect(gateway.status).toBe(running);
    expect(status.state).toBe('stopped');
    expectWellSaid(seen);
  });

  it('is plain in every state of a whole life', async () => {
    const { clock, processes, gateway, seen, raise } = both();
    await gateway.start();
    await raise(0);
    const again = gateway.restart({ because: 'the configuration changed', settleMs: 300 });
    await turns();
    expect(gateway.status.pending).toMatchObject([{ because: 'the configuration changed' }]);
    await clock.pass(300);
    processes[0]?.exits(0);
    await raise(1);
    expect((await again).outcome).toBe('replaced');
    const stopped = gateway.stop();
    await clock.pass(300);
    processes[1]?.exits(null, 'SIGTERM');
    await clock.pass(300);
    expect(await stopped).toMatchObject({ gone: true });
    expect(new Set(states(seen))).toEqual(
      new Set(['starting', 'running', 'restarting', 'stopping', 'stopped']),
    );
    expectWellSaid(seen);
  });
});

describe('a crash', () => {
  it('DG-11: takes the pid, the port and the connection out of the status at once', async () => {
    const { clock, processes, gateway, seen, raise } = both();
    await gateway.start();
    await raise(0);
    expect(gateway.status).toMatchObject({
      state: 'running',
      process: { pid: 101, port: 8_000 },
      connection: { generation: 1, endpoint: 'ws://127.0.0.1:8000' },
    });
    processes[0]?.exits(1);
    await turns();
    const { process, connection, exit, state, line } = gateway.status;
    expect([process, connection, state]).toEqual([undefined, undefined, 'restarting']);
    expect(exit).toEqual({ code: 1, signal: null, expected: false });
    expect(line).toMatch(
      /^restarting {4}pid 101 exited .*code 1.*; next start in 100 ms, restart 1 of 5$/,
    );
    await clock.pass(50);
    expect(gateway.status.process).toBeUndefined();
    await raise(1);
    expect(gateway.status).toMatchObject({ state: 'running', process: { pid: 102, port: 8_001 } });
    expect(gateway.status.exit).toBeUndefined();
    expectWellSaid(seen);
  });
});

describe('the stream', () => {
  it('DG-12: never repeats a line, and running never comes before hello', async () => {
    const open: boolean[] = [];
    const { clock, sockets, gateway, seen } = linked();
    let isOpen = false;
    gateway.on('status', ({ state }) => {
      if (state === 'running') open.push(isOpen);
    });
    await gateway.start();
    for (let round = 0; round < 3; round += 1) {
      await clock.pass(150);
      isOpen = true;
      sockets.at(-1)?.opens();
      await clock.pass(10);
      isOpen = false;
      sockets.at(-1)?.ends();
      await clock.pass(10);
    }
    expect(open).toEqual([true, true, true]);
    const lines = seen.map(({ line }) => line);
    expect(lines.filter((line, at) => line === lines[at - 1])).toEqual([]);
    expect(states(seen).slice(0, 4)).toEqual(['starting', 'running', 'reconnecting', 'running']);
    expectWellSaid(seen);
  });

  it('DG-17: is never failed between automatic attempts', async () => {
    const { clock, sockets, gateway, seen } = linked();
    await gateway.start();
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await clock.pass(100);
      expect(sockets).toHaveLength(attempt);
      sockets.at(-1)?.ends({ error: { code: 'ECONNREFUSED', message: 'refused.' } });
      await turns();
      expect(gateway.status).toMatchObject({ state: 'starting', attempt });
      expect(gateway.status.error).toBeUndefined();
      expect(gateway.status.nextRetryAt).toBe(clock.wallNow() + 100);
    }
    expect(states(seen)).not.toContain('failed');
    expectWellSaid(seen);
  });

  it('DG-17: of a process that dies is never failed while a start is left', async () => {
    const { clock, processes, gateway, seen } = served();
    await gateway.start();
    for (let start = 0; start < 3; start += 1) {
      await clock.pass(150);
      expect(gateway.status.error).toBeUndefined();
      processes[start]?.exits(1);
      await turns();
    }
    await clock.pass(1_000);
    expect(states(seen).filter((state) => state !== 'starting')).toEqual(['failed']);
    expect(gateway.status.error?.code).toBe('HF_EXHAUSTED');
    expect(processes).toHaveLength(3);
    expectWellSaid(seen);
    await gateway.start();
    await clock.pass(0);
    expect(gateway.status).toMatchObject({ state: 'starting', intent: 'wanted' });
    expect(gateway.status.error).toBeUndefined();
  });

  it('DG-16: forgets a failed attempt once it has recovered', async () => {
    const { clock, sockets, gateway } = linked();
    await gateway.start();
    await turns();
    sockets[0]?.ends();
    await clock.pass(100);
    sockets[1]?.opens();
    await turns();
    const { attempt, error, nextRetryAt, health, state } = gateway.status;
    expect([state, attempt, error, nextRetryAt]).toEqual(['running', 0, undefined, undefined]);
    expect(health).toEqual({ state: 'healthy', reasons: [] });
  });
});

describe('a sentence', () => {
  /** A protocol whose peer refuses with its first frame. */
  const refusing = (cause: 'credentials' | 'pairing' | 'protocol'): Protocol => ({
    ...plain(),
    session: (host) =>
      Object.assign(plain().session(host), {
        opened: () => host.post({ type: 'socket.opened' }),
        frame: (data: string | Uint8Array) =>
          host.post({ type: 'socket.refused', cause, floorMs: 0 }, String(data)),
      }),
  });

  const refusals = [
    ['credentials', 'starting', 'Bad token; waiting for other credentials: resume() tries again'],
    [
      'pairing',
      'starting',
      'Bad token; waiting for somebody to approve this device, asking again every 30 s',
    ],
    ['protocol', 'failed', 'gave up: Bad token; start() begins again'],
  ] as const;
  it.each(refusals)('of a refusal for %s ends well', async (cause, state, because) => {
    const { clock, sockets, gateway, seen } = linked({ protocol: refusing(cause) });
    await gateway.start();
    await turns();
    sockets[0]?.opens();
    sockets[0]?.hears('Bad token.');
    await turns();
    sockets[0]?.ends({ code: 1008, reason: 'Bad token.' });
    await clock.pass(1_000);
    expect(gateway.status).toMatchObject({ state, because });
    expectWellSaid(seen);
  });

  const ends = [
    { code: 1000 },
    { code: 1011, reason: 'Internal error.' },
    { code: 1012, reason: 'service restart' },
    { status: 503 },
    { error: { code: 'ECONNRESET', message: 'read ECONNRESET' } },
  ];
  it.each(ends)('of the end %o ends well, while it retries and when it gives up', async (end) => {
    const { clock, sockets, gateway, seen } = linked({
      reconnect: { ...backoff, attemptsMax: 2 },
    });
    await gateway.start();
    await turns();
    sockets[0]?.opens();
    await turns();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      sockets.at(-1)?.ends(end);
      await clock.pass(70_000);
    }
    expect(states(seen).slice(0, 3)).toEqual(['starting', 'running', 'reconnecting']);
    expect(gateway.status.state).toBe('failed');
    expectWellSaid(seen);
  });

  it('of a hanging process and of one that ends by a signal ends well', async () => {
    const { clock, processes, gateway, seen } = served({ readyMs: 500, startsMax: 2 });
    await gateway.start();
    await clock.pass(500);
    processes[0]?.exits(null, 'SIGKILL');
    await clock.pass(150);
    processes[1]?.exits(null, 'SIGSEGV');
    await clock.pass(1_000);
    expect(gateway.status.state).toBe('failed');
    expect(seen.map(({ because }) => because).join('\n')).toContain('pid 101 was not ready within');
    expectWellSaid(seen);
  });
});
