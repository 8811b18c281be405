/** One real gateway, supervised and connected: what is left of it after each thing that happens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { both } from '../../machines/world.ts';
import { createGateway, type Gateway, type Status } from '../../src/index.ts';
import {
  describeProcesses,
  exposedIn,
  FaultProxy,
  leftovers,
  type PreparedGateway,
  prepareGateway,
  sweep,
} from './harness.ts';
import { coldMs, explained, Journal, launching, measured, until } from './rig.ts';

const heartbeat = { silenceMs: 3000, probes: 2, waitMs: 2000, probeMs: 2000 } as const;
const deadMs = heartbeat.silenceMs + heartbeat.waitMs + heartbeat.probeMs;
const openMs = 4000;
const inspect = explained(both);
/** what timers and events may be late by on a busy machine */
const slackMs = 1500;

let prepared: PreparedGateway;
let proxy: FaultProxy;
let gateway: Gateway;
let journal: Journal;

beforeAll(async () => {
  prepared = await prepareGateway();
  proxy = new FaultProxy(prepared.port);
  const port = await proxy.listen();
  gateway = createGateway({
    name: 'openclaw',
    inspect,
    process: { ...launching(prepared), ready: { http: `${prepared.httpUrl}/readyz` } },
    link: {
      url: `ws://127.0.0.1:${port}`,
      protocol: 'openclaw',
      credentials: () => ({ token: prepared.token }),
      heartbeat,
      // Also soon after a hello: what is tested is that it redials, not how long it waits.
      reconnect: { maxMs: 1500 },
      limits: { openMs },
    },
  });
  journal = new Journal(gateway);
});

afterAll(async () => {
  await gateway?.dispose();
  await proxy?.close();
  sweep(prepared.mark);
  prepared.remove();
});

const pidOf = ({ process }: Status) => process?.pid ?? Number.NaN;
const bootOf = ({ connection }: Status) => connection?.server.bootId;

/** Up, whatever the test before has done to it. */
async function running(): Promise<Status> {
  journal.printIfFailed();
  await gateway.start();
  return gateway.ready({ timeoutMs: coldMs });
}

describe('a supervised gateway', () => {
  it('comes from nothing to hello', async () => {
    const since = performance.now();
    const status = await running();
    measured('cold start to hello', performance.now() - since);
    expect(journal.states()).toEqual(['starting', 'running']);
    expect(status).toMatchObject({
      state: 'running',
      ready: true,
      process: { ownership: 'owned' },
    });
    expect(bootOf(status)).toMatch(/./);
    expect(status.connection?.server.version).toBe('2026.9.6');
    expect(await gateway.request('health', {})).toMatchObject({ ok: true });
    expect(await gateway.probe()).toMatchObject({ ok: true });
  });

  it('has its token in no command line of this machine', async () => {
    await running();
    expect(leftovers(prepared.mark).length).toBeGreaterThan(0);
    expect(exposedIn(prepared.token)).toEqual([]);
  });

  it('CC-01, CC-06: restarts inside its process and is relinked, not started again', async () => {
    const before = await running();
    const since = performance.now();
    const exits = journal.exits.length;
    const next = gateway.nextReady();
    process.kill(pidOf(before), 'SIGUSR2');
    const after = await next;
    measured('SIGUSR2 to the next hello', performance.now() - since);
    expect(pidOf(after)).toBe(pidOf(before));
    expect(bootOf(after)).not.toBe(bootOf(before));
    expect(journal.exits.length).toBe(exits);
    expect(journal.states(since)).toEqual(['reconnecting', 'running']);
    expect(journal.ends.join('\n')).toContain('announced a restart');
    expect(after.budget?.used).toBe(before.budget?.used);
  });

  it('is redialled when it is silent, and not restarted before a second failure', async () => {
    const before = await running();
    const since = performance.now();
    const accepted = proxy.accepted;
    const exits = journal.exits.length;
    process.kill(pidOf(before), 'SIGSTOP');
    try {
      await until('suspicion', () => gateway.status.phase === 'suspect', deadMs + slackMs);
      await until('the verdict', () => gateway.status.state === 'reconnecting', deadMs + slackMs);
      measured('SIGSTOP of the gateway to the verdict', performance.now() - since);
      expect(performance.now() - since).toBeLessThan(deadMs + slackMs);
      await until('the redial', () => proxy.accepted > accepted);
      expect(journal.exits.length).toBe(exits);
    } finally {
      process.kill(pidOf(before), 'SIGCONT');
    }
    const after = await gateway.ready({ timeoutMs: coldMs });
    expect(pidOf(after)).toBe(pidOf(before));
    expect(bootOf(after)).toBe(bootOf(before));
    expect(after.connection?.generation).toBe((before.connection?.generation ?? 0) + 1);
    // A redial that succeeds while the loss is being judged is not worth a line of its own.
    const states = journal.states(since).filter((state) => state !== 'running');
    expect(states.filter((state) => state !== 'reconnecting')).toEqual([]);
    expect(journal.exits.length).toBe(exits);
  });

  it('HB-10: is restarted, once, when it is silent and a redial fails too', async () => {
    const before = await running();
    const since = performance.now();
    const accepted = proxy.accepted;
    const exits = journal.exits.length;
    const next = gateway.nextReady({ timeoutMs: coldMs });
    process.kill(pidOf(before), 'SIGSTOP');
    const after = await next;
    measured('SIGSTOP of the gateway for good to the next hello', performance.now() - since);
    expect(pidOf(after)).not.toBe(pidOf(before));
    expect(journal.exits.slice(exits)).toMatchObject([{ pid: pidOf(before), signal: 'SIGKILL' }]);
    expect(proxy.accepted - accepted).toBeGreaterThanOrEqual(2);
    const judged = journal.when('reconnecting', since);
    expect(journal.when('restarting', since) - judged).toBeGreaterThanOrEqual(openMs - slackMs);
    expect(leftovers(prepared.mark)).not.toContain(pidOf(before));
  });

  it('is started again after a kill -9, and nothing of the old one is left', async () => {
    const before = await running();
    const old = leftovers(prepared.mark);
    const since = performance.now();
    const exits = journal.exits.length;
    const next = gateway.nextReady({ timeoutMs: coldMs });
    process.kill(pidOf(before), 'SIGKILL');
    const after = await next;
    measured('kill -9 to the next hello', performance.now() - since);
    expect(pidOf(after)).not.toBe(pidOf(before));
    expect(journal.exits.slice(exits)).toEqual([
      { pid: pidOf(before), code: null, signal: 'SIGKILL' },
    ]);
    expect(journal.states(since)).toEqual(['restarting', 'running']);
    expect(leftovers(prepared.mark).filter((pid) => old.includes(pid))).toEqual([]);
  });

  it('leaves no process when it is stopped', async () => {
    await running();
    const since = performance.now();
    expect(await gateway.stop()).toMatchObject({ gone: true });
    measured('stop', performance.now() - since);
    expect(describeProcesses(leftovers(prepared.mark))).toEqual([]);
    expect(gateway.status.state).toBe('stopped');
    expect(proxy.open).toBe(0);
  });

  it('leaves no process when the host quits in the middle of its start', async () => {
    journal.printIfFailed();
    await gateway.start();
    const words = () => gateway.diagnostics.output.at(-1)?.text ?? '';
    await until('its first words', () => /starting/.test(words()), coldMs);
    expect(leftovers(prepared.mark).length).toBeGreaterThan(0);
    const since = performance.now();
    expect(await gateway.quit({ withinMs: 5000 })).toMatchObject({ owned: true, gone: true });
    measured('quit in the middle of a start', performance.now() - since);
    expect(performance.now() - since).toBeLessThan(5000 + slackMs);
    expect(describeProcesses(leftovers(prepared.mark))).toEqual([]);
    expect(gateway.status.state).toBe('disposed');
  });
});
