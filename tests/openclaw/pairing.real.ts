/**
 * #696 on the real thing: a device that is paired once, over TLS with a pinned certificate, and
 * then comes back from every cut and every cold start by itself, with the same token.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkAlone, serviceAlone } from '../../machines/world.ts';
import {
  type Connection,
  connect,
  openclaw,
  openclawFiles,
  type Supervised,
  supervise,
} from '../../src/index.ts';
import {
  describeProcesses,
  FaultProxy,
  leftovers,
  type PreparedGateway,
  prepareGateway,
  sweep,
} from './harness.ts';
import { coldMs, explained, Journal, launching, measured, readyOverTls, until } from './rig.ts';

const cuts = ['cutFin', 'cutReset', 'blackhole'] as const;
const rounds = 10;
const ofService = explained(serviceAlone);
const ofLink = explained(linkAlone);

let prepared: PreparedGateway;
let proxy: FaultProxy;
let service: Supervised;
let folder: string;
let serviceJournal: Journal;
/** everything the gateway has printed in all of its lives */
const printed = new Set<string>();

beforeAll(async () => {
  prepared = await prepareGateway({ tls: true });
  proxy = new FaultProxy(prepared.port);
  await proxy.listen();
  folder = mkdtempSync(join(tmpdir(), 'holdfast-device-'));
  service = supervise(
    { ...launching(prepared), ready: { probe: () => readyOverTls(prepared) } },
    { inspect: ofService },
  );
  serviceJournal = new Journal(service);
});

afterAll(async () => {
  await service?.dispose();
  await proxy?.close();
  sweep(prepared.mark);
  prepared.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Pairs {
  pending: unknown[];
  paired: {
    deviceId: string;
    approvedAtMs: number;
    createdAtMs: number;
    scopes: string[];
    tokens: { createdAtMs: number }[];
  }[];
}

/** What the gateway knows of devices, without the times at which it last saw them. */
async function pairs(link: Connection) {
  const { pending, paired } = await link.request<Pairs>('device.pair.list', {});
  return {
    pending,
    paired: paired.map(({ deviceId, approvedAtMs, createdAtMs, scopes, tokens }) => ({
      ...{ deviceId, approvedAtMs, createdAtMs, scopes },
      tokens: tokens.map((token) => token.createdAtMs),
    })),
  };
}

/** Whole files alone: one that begins with a dot is still being written. */
const files = () => readdirSync(folder).filter((name) => !name.startsWith('.'));

/** What is on the disk; compared, never printed. */
function kept(): Map<string, string> {
  return new Map(files().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function listen(): void {
  for (const { text } of service.diagnostics.output) printed.add(text);
}

/** One cut, and the hello after it. */
async function cut(link: Connection, how: (typeof cuts)[number]): Promise<number> {
  const since = performance.now();
  const next = link.nextReady();
  expect(proxy[how]()).toBe(1);
  await next;
  return performance.now() - since;
}

async function coldStart(link: Connection): Promise<void> {
  listen();
  const since = performance.now();
  const bootId = link.status.connection?.server.bootId;
  const next = link.nextReady({ timeoutMs: coldMs });
  expect(await service.restart({ because: 'a cold start' })).toMatchObject({ outcome: 'replaced' });
  const status = await next;
  measured('cold start under a waiting link', performance.now() - since);
  expect(status.connection?.server.bootId).not.toBe(bootId);
}

describe('a paired device', () => {
  it('AU-23: keeps its pairing and its token through 30 cuts and 3 cold starts', async () => {
    serviceJournal.printIfFailed();
    await service.start();
    await service.ready({ timeoutMs: coldMs });
    let credentials: unknown = { token: prepared.token };
    const link = connect(
      {
        url: `wss://127.0.0.1:${proxy.port}`,
        protocol: openclaw(openclawFiles(folder)),
        tls: { fingerprint: prepared.fingerprint() },
        credentials: () => credentials,
        heartbeat: { silenceMs: 1000, probes: 1, probeMs: 1500 },
        reconnect: { firstMs: 50, maxMs: 300 },
      },
      { inspect: ofLink },
    );
    const journal = new Journal(link);
    journal.printIfFailed();
    try {
      await link.start();
      await link.ready({ timeoutMs: coldMs });
      await until('the device token on the disk', () => kept().size === 2);
      const [before, stored] = [await pairs(link), kept()];
      expect(before).toMatchObject({ pending: [], paired: [{ scopes: ['operator.admin'] }] });
      // From now on nothing but the device token can open the door.
      credentials = undefined;
      const times: Record<string, number[]> = { cutFin: [], cutReset: [], blackhole: [] };
      for (let round = 0; round < rounds; round += 1) {
        for (const how of cuts) times[how]?.push(await cut(link, how));
        if (round === 3 || round === 6) await coldStart(link);
      }
      listen();
      for (const [how, all] of Object.entries(times)) measured(`${how}, slowest`, Math.max(...all));
      expect(Object.values(times).flat()).toHaveLength(30);
      expect(await pairs(link)).toEqual(before);
      expect(kept()).toEqual(stored);
      expect(service.status.process?.pid).toBeGreaterThan(0);
      expect(journal.ends.length).toBeGreaterThan(20);
      const trouble = /CLOSE_1008|CLOSE_4001|AUTH_|PAIR|RATE|IDENTITY|approve|credential/i;
      expect(journal.ends.filter((end) => trouble.test(end))).toEqual([]);
      expect(journal.diagnostics).toEqual([]);
      const pairings = [...printed].filter((line) => /device pairing/i.test(line));
      expect(pairings).toHaveLength(1);
      expect([...printed].filter((line) => /1008|rate.?limit|unauthorized/i.test(line))).toEqual(
        [],
      );
    } finally {
      await link.dispose();
    }
  }, 480_000);

  it('has files that nobody else can read, and a token that nobody is shown', async () => {
    expect(kept().size).toBe(2);
    for (const name of files()) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    const tokens = [...kept().values()].map((text) => JSON.parse(text).token).filter(Boolean);
    expect(tokens).toHaveLength(1);
    expect(serviceJournal.text).not.toContain(tokens[0]);
    expect([...printed].join('\n')).not.toContain(tokens[0]);
    expect([...printed].join('\n')).not.toContain(prepared.token);
  });

  it('leaves no process of its gateway when the host quits', async () => {
    serviceJournal.printIfFailed();
    expect(leftovers(prepared.mark).length).toBeGreaterThan(0);
    const since = performance.now();
    expect(await service.quit({ withinMs: 5000 })).toMatchObject({ owned: true, gone: true });
    measured('quit', performance.now() - since);
    expect(describeProcesses(leftovers(prepared.mark))).toEqual([]);
  });
});
