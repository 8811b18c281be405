/**
 * A process and its link, arbitrated together: which loss is whose, one recovery for each, and a
 * stop that beats all of it. Half of the tests run a shell beside a server of the test's own, so
 * that an exit and a close can come in any order; the others run the practice gateway.
 */

import { describe, expect, it } from 'vitest';
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type ProcessOptions,
} from '../../src/index.ts';
import type { PracticeOptions } from '../../src/practice/start.ts';
import { RealServer } from '../drivers/ws-peers.ts';
import { carriers, failure, isAlive, keep, keepHouse, reaches, until, witness } from './house.ts';
import { fault, listening, practice, stats, urlOf } from './servers.ts';

keepHouse();

const quick = { firstMs: 10, maxMs: 40, jitter: 0 };
const idle: [string, ...string[]] = ['sh', '-c', 'echo up; exec sleep 60'];

interface More {
  process?: ProcessOptions;
  link?: Partial<NonNullable<GatewayOptions['link']>>;
  verdictMs?: number;
}

/** A process that does nothing, and a link to a server of our own: the two fail apart. */
async function apart({ process: own, link, verdictMs = 1_000 }: More = {}) {
  const server = await RealServer.start('accepts');
  const { url } = server.target();
  let spawned = 0;
  const plan = () => {
    spawned += 1;
    return { command: idle };
  };
  const gateway = keep(
    createGateway({
      process: { plan, ready: { line: /up/ }, backoff: quick, ...own },
      link: { url, protocol: 'plain', reconnect: quick, ...link },
      cooldownMs: 0,
      arbitration: { verdictMs },
    }),
  );
  const seen = witness(gateway);
  await gateway.start();
  await gateway.ready();
  const first = await server.peer();
  return { gateway, server, seen, first, pid: pidOf(gateway), count: () => spawned };
}

/** The practice gateway, owned. */
async function owned(options: PracticeOptions = {}, { process: own, link }: More = {}) {
  const gateway = keep(
    createGateway({
      process: { command: practice(options), ready: listening, backoff: quick, ...own },
      link: { url: urlOf, protocol: 'jsonrpc', reconnect: quick, ...link },
      cooldownMs: 0,
      arbitration: { verdictMs: 300 },
    }),
  );
  const seen = witness(gateway);
  await gateway.start();
  await gateway.ready();
  return { gateway, seen, pid: pidOf(gateway), port: () => gateway.status.process?.port ?? 0 };
}

/** NaN when there is none: a signal to 0 would reach the test itself. */
const pidOf = ({ status }: Pick<Gateway, 'status'>): number => status.process?.pid ?? Number.NaN;

describe('a process that is killed', () => {
  it('CC-13: is one recovery when its exit comes before the close', async () => {
    const { gateway, server, seen, first, pid, count } = await apart();
    const back = gateway.nextReady();
    process.kill(pid, 'SIGKILL');
    await back;
    await server.peer();
    expect(first.log.words[0]).toMatch(/^close 1000/);
    expect(seen.states).toEqual(['starting', 'running', 'restarting', 'running']);
    expect([count(), server.sockets.size]).toEqual([2, 2]);
    expect(isAlive(pidOf(gateway))).toBe(true);
  });

  it('CC-16: is one recovery when the close comes before its exit', async () => {
    const { gateway, server, seen, first, pid, count } = await apart({
      link: { reconnect: { firstMs: 500, maxMs: 500, jitter: 0 } },
    });
    const back = gateway.nextReady();
    first.reset();
    await until('the loss', () => gateway.status.connection === undefined);
    process.kill(pid, 'SIGKILL');
    await back;
    expect(seen.states).toEqual(['starting', 'running', 'restarting', 'running']);
    expect([count(), server.sockets.size]).toEqual([2, 2]);
  });

  it('is one recovery when the link is back before its exit comes', async () => {
    const { gateway, seen, first, pid, count } = await apart();
    let back = gateway.nextReady();
    first.reset();
    await back;
    expect(pidOf(gateway)).toBe(pid);
    back = gateway.nextReady();
    process.kill(pid, 'SIGKILL');
    await back;
    expect(count()).toBe(2);
    expect(seen.states.filter((state) => state === 'restarting')).toHaveLength(1);
  });

  it('comes back on its new port, for real, time after time', async () => {
    const { gateway, seen } = await owned();
    const ports = new Set<number | undefined>();
    const pids = new Set<number>();
    for (let time = 0; time < 3; time += 1) {
      pids.add(pidOf(gateway));
      ports.add(gateway.status.process?.port);
      expect(await gateway.request('add', [time, 1])).toBe(time + 1);
      const cut = failure(gateway.request('sleep', { ms: 60_000 }));
      const back = gateway.nextReady();
      process.kill(pidOf(gateway), 'SIGKILL');
      const { line } = await back;
      expect(line).toMatch(/^running +pid \d+, port \d+, down for [\d.]+ m?s, 1 request lost$/);
      expect((await cut).code).toBe('HF_CONNECTION_LOST');
    }
    expect([pids.size, ports.size]).toEqual([3, 3]);
    const rest = Array(3).fill(['restarting', 'running']).flat();
    expect(seen.states).toEqual(['starting', 'running', ...rest]);
  });
});

describe('a link that is lost', () => {
  it('by a reset, while the process lives, is only dialled again', async () => {
    const { gateway, seen, pid, port } = await owned();
    const back = gateway.nextReady();
    await fault(port(), 'drop');
    await back;
    expect(pidOf(gateway)).toBe(pid);
    expect(seen.states).not.toContain('restarting');
    expect(gateway.status.budget?.used).toBe(0);
    expect((await stats(port())).connectionsOpened).toBe(2);
  });

  it('CC-01, CC-03: by 1012 waits for the same process, which a stop still ends', async () => {
    const { gateway, seen, pid, port } = await owned();
    const { bootId } = await stats(port());
    const back = gateway.nextReady();
    process.kill(pid, 'SIGUSR2');
    await back;
    expect(pidOf(gateway)).toBe(pid);
    expect((await stats(port())).bootId).not.toBe(bootId);
    expect(seen.lines.join('\n')).toContain('closed the connection with 1012 (service restart)');
    expect(seen.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
    expect(await gateway.stop()).toMatchObject({ gone: true });
    expect(isAlive(pid)).toBe(false);
  });

  it('HB-10: by silence is redialled; a second failure replaces the process, once', async () => {
    const heartbeat = { mode: 'probe', silenceMs: 300, waitMs: 200, probeMs: 200 } as const;
    const link = { heartbeat, limits: { openMs: 700 } };
    const stop = { graceMs: 100 };
    const { gateway, seen, pid } = await owned({}, { link, process: { stop } });
    const back = gateway.nextReady();
    process.kill(pid, 'SIGSTOP');
    await reaches(gateway, { state: 'reconnecting' });
    expect(pidOf(gateway)).toBe(pid);
    await back;
    expect(isAlive(pid)).toBe(false);
    expect(pidOf(gateway)).not.toBe(pid);
    expect(seen.states).toEqual(['starting', 'running', 'reconnecting', 'restarting', 'running']);
    expect(await gateway.request('add', [1, 2])).toBe(3);
  });

  it('HB-10: by silence, open again but never heard of, is the second failure too', async () => {
    const heartbeat = { mode: 'probe', silenceMs: 300, waitMs: 200, probeMs: 200 } as const;
    const { gateway, seen, pid, port } = await owned({}, { link: { heartbeat } });
    const end = new Promise((resolve) => gateway.once('exit', resolve));
    await fault(port(), 'hang');
    await end;
    await gateway.nextReady();
    expect(gateway.status.connection?.generation).toBe(3);
    expect(pidOf(gateway)).not.toBe(pid);
    expect(seen.states).toEqual(['starting', 'running', 'restarting', 'running']);
    expect(gateway.status.budget?.used).toBe(1);
    expect(await gateway.request('add', [1, 2])).toBe(3);
  });

  it('RS-17: by 1012, with a restart asked for at the same time, replaces it once', async () => {
    const { gateway, pid } = await owned();
    const exits: number[] = [];
    gateway.on('exit', (exit) => exits.push(exit.pid));
    process.kill(pid, 'SIGUSR2');
    const { outcome } = await gateway.restart({ because: 'new configuration' });
    expect(outcome).toBe('replaced');
    expect(await gateway.request('add', [1, 2])).toBe(3);
    expect(exits).toEqual([pid]);
    await until('the one process to be seen', () => carriers().length > 0);
    expect(carriers()).toHaveLength(1);
  });
});

describe('a restart', () => {
  it('RS-01: closes the link politely, replaces the process and connects to it', async () => {
    const { gateway, server, first, pid, count } = await apart();
    const outcome = await gateway.restart();
    expect(outcome).toMatchObject({ outcome: 'replaced', pidBefore: pid });
    expect(first.log.words[0]).toMatch(/^close 1000/);
    await first.log.until('gone');
    expect(outcome.pidAfter).toBe(pidOf(gateway));
    expect([count(), server.sockets.size]).toEqual([2, 2]);
    expect(gateway.status.connection?.generation).toBe(2);
  });
});

describe('stop beats', () => {
  const moments: Record<string, (made: Awaited<ReturnType<typeof apart>>) => Promise<unknown>> = {
    'a running system': async () => undefined,
    'a loss that is being judged': async ({ gateway, first }) => {
      first.reset();
      await until('the loss', () => gateway.status.connection === undefined);
    },
    'a redial that waits': async ({ gateway, first }) => {
      await gateway.retarget({ url: 'ws://127.0.0.1:1' });
      await reaches(gateway, { phase: 'backing-off' });
      await first.log.until('gone');
    },
    'a recovery that waits': async ({ gateway, pid }) => {
      process.kill(pid, 'SIGKILL');
      await reaches(gateway, { state: 'restarting', phase: 'backing-off' });
    },
    'a restart': async ({ gateway }) => {
      void gateway.restart();
      await reaches(gateway, { state: 'restarting' });
    },
    'a restart that settles': async ({ gateway }) => void gateway.restart({ settleMs: 30 }),
  };
  for (const [moment, reach] of Object.entries(moments)) {
    it(`${moment}, until somebody starts it again`, async () => {
      const made = await apart({
        process: { backoff: { firstMs: 60, jitter: 0 } },
        link: { reconnect: { firstMs: 60, jitter: 0 } },
      });
      const { gateway, server, count } = made;
      await reach(made);
      expect(await gateway.stop()).toMatchObject({ gone: true });
      const before = [count(), server.sockets.size];
      expect(carriers()).toEqual([]);
      // longer than any wait that was armed
      await new Promise((resolve) => setTimeout(resolve, 120));
      expect([count(), server.sockets.size]).toEqual(before);
      expect(gateway.status).toMatchObject({ state: 'stopped', intent: 'unwanted', pending: [] });
      const { url } = server.target();
      await gateway.retarget({ url });
      await gateway.start();
      await gateway.ready();
      expect(count()).toBe((before[0] ?? 0) + 1);
    });
  }

  it('nothing but itself: a start during a stop comes up again, once', async () => {
    const { gateway, count, pid } = await apart();
    const stopped = gateway.stop();
    await gateway.start();
    expect(gateway.status).toMatchObject({ state: 'stopping', intent: 'wanted' });
    await gateway.ready();
    expect((await stopped).gone).toBe(false);
    expect(pidOf(gateway)).not.toBe(pid);
    expect(count()).toBe(2);
  });
});
