/**
 * What real leaves do, held against the automata that stand for them in the checker: real sockets
 * and real processes under faults drawn by a seed, each report followed in its automaton. A
 * report that no automaton explains is a race that nobody has explored.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
import {
  connect,
  createGateway,
  type Gateway,
  openclaw,
  openclawFiles,
  supervise,
} from '../../src/index.ts';
import { witness } from '../../src/verify/index.ts';
import { builtPractice } from '../cli/built.ts';
import { type Json, start, until } from '../practice/house.ts';

const { practiceCommand } = await builtPractice();
const seed = Number(process.env.SEED ?? 7);
const watching = [linkAlone, serviceAlone, both].map((world) => witness(world));
const [ofLink, ofService, ofBoth] = watching;

afterAll(() => {
  const events = watching.reduce((sum, { events }) => sum + events, 0);
  console.info(`seed ${seed}: ${events} events of real leaves, each explained by its automaton`);
  expect(watching.flatMap(({ refused }) => refused)).toEqual([]);
  expect(events).toBeGreaterThan(10_000);
});

/** mulberry32: small, and the same everywhere. */
function luckOf(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const luck = luckOf(seed);
const pick = <T>(of: readonly T[]): T => of[Math.floor(luck() * of.length)] as T;
const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4001];
/** Without 429: nobody waits half a minute here. */
const statuses = [401, 403, 404, 407, 500, 503];
const denials = [
  ...['AUTH_TOKEN_MISMATCH', 'PAIRING_REQUIRED', 'PROTOCOL_MISMATCH', 'DEVICE_AUTH_INVALID'],
  ...['DEVICE_AUTH_SIGNATURE_INVALID', 'AUTH_DEVICE_TOKEN_MISMATCH', 'UNAVAILABLE', 'OTHER'],
];

/** One thing that a peer may do to a link. */
const ofThePeer: readonly (() => Json)[] = [
  () => ({ name: 'drop', at: pick(['now', 'open', 'hello']), times: 1 }),
  () => ({ name: 'halfclose', at: pick(['now', 'open', 'hello']) }),
  () => ({ name: 'close', code: pick(codes), at: pick(['now', 'open', 'hello']) }),
  () => ({ name: 'reject', status: pick(statuses), times: 1 }),
  () => ({ name: 'refuse', forMs: 60, drop: true }),
  () => ({ name: 'blackhole', forMs: 100, at: pick(['now', 'open']) }),
  () => ({ name: 'restart', refuseMs: 20, expectedMs: pick([0, 30]) }),
  () => ({ name: 'say', text: pick(['{', '[]', '{"type":"event","event":"shutdown"}']) }),
  () => ({ name: 'say', at: 'open', text: pick(['{', '{"type":"event","event":"x"}']) }),
];
const ofOpenclaw: readonly (() => Json)[] = [
  () => ({ name: 'deny', code: pick(denials), closeCode: pick(codes), retryAfterMs: 20 }),
  () => ({ name: 'deny', code: pick(denials), times: 2 }),
  () => ({ name: 'rate-limit', retryAfterMs: 40, forMs: 40 }),
  () => ({ name: 'pairing', mode: 'required' }),
  () => ({ name: 'signature', accept: pick(['v2', 'none']) }),
  () => ({ name: 'forget', what: pick(['tokens', 'devices']) }),
  () => ({ name: 'protocol', expected: pick([4, 5]) }),
  () => ({ name: 'no-challenge' }),
];

const reconnect = { firstMs: 2, maxMs: 20, jitter: 0, stableMs: 100, pairingMs: 60 };
const limits = { openMs: 300, challengeMs: 80, helloMs: 120, closeMs: 20 };
const heartbeat = { mode: 'probe', silenceMs: 60, probeMs: 30, probes: 2 } as const;

type Subject = Pick<Gateway, 'start' | 'stop' | 'status' | 'ready'>;

/** Moves of the host that may meet anything. */
async function meddle(subject: Subject, more: readonly (() => Promise<unknown>)[]) {
  const moves = [() => subject.stop(), () => subject.start(), ...more];
  if (luck() < 0.4) void pick(moves)().catch(() => undefined);
  if (luck() < 0.2) void pick(moves)().catch(() => undefined);
}

/** Its listener may be down just now. */
const say = (gateway: Awaited<ReturnType<typeof start>>, fault: Json) =>
  until('the fault is taken', () =>
    gateway.fault(fault).then(
      () => true,
      () => false,
    ),
  );

/** Runs again, whatever had become of it. */
async function recover(subject: Subject, help: () => Promise<unknown>) {
  let last = '';
  const again = until('it runs again', async () => {
    await help();
    await subject.start();
    await subject.ready({ timeoutMs: 1_000 }).catch(({ message }) => {
      last = message;
    });
    if (subject.status.state === 'failed') await subject.stop();
    return subject.status.state === 'running';
  });
  await again.catch((error) => {
    throw new Error(`${error}: seed ${seed}, ${last}`);
  });
}

describe('every report of a real leaf is one that its automaton allows', () => {
  const kinds = ['openclaw', 'jsonrpc', 'plain'] as const;
  it.each(kinds)('of a link that speaks %s, under every fault of a peer', async (protocol) => {
    const device = mkdtempSync(join(tmpdir(), 'holdfast-automata-'));
    onTestFinished(() => rmSync(device, { recursive: true, force: true }));
    const token = 'practice-t0ken';
    const gateway = await start({ protocol, env: { PRACTICE_TOKEN: token } });
    const faults = [...ofThePeer, ...(protocol === 'openclaw' ? ofOpenclaw : [])];
    const made = connect(
      {
        url: gateway.url,
        protocol: protocol === 'openclaw' ? openclaw(openclawFiles(device)) : protocol,
        credentials: () => ({ token: luck() < 0.1 ? 'wrong' : token }),
        authorize: () => luck() < 0.98,
        reconnect,
        limits,
        heartbeat: protocol === 'openclaw' ? {} : heartbeat,
      },
      { inspect: ofLink?.inspect },
    );
    onTestFinished(async () => void (await made.dispose()));
    const own = [() => made.retryNow(), () => made.resume(), () => made.retarget({})];
    for (let round = 0; round < 350; round += 1) {
      await recover(made, async () => {
        await say(gateway, { name: 'clear' });
        if (protocol === 'openclaw') {
          await say(gateway, { name: 'protocol', expected: 4 });
          await say(gateway, { name: 'signature', accept: 'both' });
          await say(gateway, { name: 'pairing', mode: 'auto' });
          await say(gateway, { name: 'pairing', mode: 'approve' });
        }
        await made.resume();
      });
      await say(gateway, pick(faults)());
      await meddle(made, own);
      await setTimeout(luck() * 25);
      await meddle(made, own);
    }
    expect(made.status.intent).not.toBe('disposed');
  });

  it('of a process that starts, serves, hangs, crashes, and is ended', async () => {
    const ways: readonly (readonly [string, ...string[]])[] = [
      ['sh', '-c', 'echo up; exec sleep 60'],
      ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.05; done'],
      ['sh', '-c', 'exit 78'],
      ['sh', '-c', 'echo up; sleep 0.02; exit 3'],
      ['sh', '-c', 'sleep 60'],
      ['/no/such/program'],
    ];
    const made = supervise(
      {
        plan: () => {
          if (luck() < 0.1) throw new Error('no plan today');
          return { command: pick(ways) };
        },
        ready: { line: /up/ },
        readyMs: 150,
        startsMax: 4,
        backoff: { firstMs: 5, maxMs: 20, jitter: 0 },
        stop: { graceMs: 40, killMs: 1_000 },
        exitClasses: { 78: 'configuration' },
      },
      { inspect: ofService?.inspect, cooldownMs: 0 },
    );
    onTestFinished(async () => void (await made.dispose()));
    for (let round = 0; round < 200; round += 1) {
      await made.start();
      await meddle(made, [() => made.restart(), () => made.restart({ by: 'host', settleMs: 10 })]);
      await setTimeout(luck() * 80);
      if (made.status.state === 'failed' || luck() < 0.3) await made.stop();
    }
    expect(made.status.intent).not.toBe('disposed');
  });

  it('of both, when the process and the link fail at once', async () => {
    const made = createGateway({
      inspect: ofBoth?.inspect,
      cooldownMs: 0,
      process: {
        plan: () => {
          const { command, args } = practiceCommand({ args: ['--for-ms', '120000'] });
          return { command: [command, ...args] };
        },
        ready: { line: /^listening on (?<port>\d+)$/ },
        backoff: { firstMs: 5, maxMs: 50, jitter: 0 },
        startsMax: 100,
        stop: { graceMs: 200 },
      },
      link: {
        url: ({ port }) => `ws://127.0.0.1:${port}`,
        protocol: 'plain',
        reconnect,
        limits,
        heartbeat,
      },
    });
    onTestFinished(async () => void (await made.dispose()));
    const tell = async (fault: Json) => {
      const { pid } = made.status.process ?? {};
      const port = /:(\d+)/.exec(made.status.connection?.endpoint ?? '')?.[1];
      if (pid === undefined || port === undefined) return;
      const body = JSON.stringify(fault);
      await fetch(`http://127.0.0.1:${port}/fault`, { method: 'POST', body }).catch(() => {});
    };
    const crash = () => tell({ name: 'crash', exitCode: pick([0, 1, 78]) });
    const own = [() => made.restart(), () => made.retryNow(), crash];
    for (let round = 0; round < 60; round += 1) {
      await recover(made, () => made.resume());
      await tell(pick(ofThePeer)());
      await meddle(made, own);
      await setTimeout(luck() * 60);
      if (luck() < 0.3) await crash();
      await meddle(made, own);
    }
    expect(made.status.intent).not.toBe('disposed');
  });
});
