/**
 * What a system says of itself: health and records, and how the lines of its process come into the
 * log. Each is looked at in the moments between two steps too; whoever changes what it was given
 * must change nothing.
 */
import { describe, expect, it } from 'vitest';
import type { HoldfastError, Link } from '../../src/index.ts';
import { onStage, secret } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };

/** A gateway that runs. */
async function whole(options: Parameters<ReturnType<typeof stage>['gateway']>[0] = {}) {
  const subject = stage().gateway({ ...options, process: { backoff, ...options.process } });
  await stage().running(subject);
  return { subject, claw: stage().claw, child: stage().child };
}

/** A link past hello with a peer that hears every ping and answers none. */
async function silent(heartbeat: Link['heartbeat']) {
  const subject = stage().connect(heartbeat === undefined ? {} : { heartbeat });
  await stage().running(subject);
  stage().claw.call.pongs = false;
  return { subject, health: () => subject.is.status.health };
}

/** What a logger was told, as `level message`. */
function logging() {
  const lines: string[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    if ('stream' in fields) lines.push(`${level} ${message}`);
  };
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, logger };
}

const degraded = (...reasons: string[]) => ({ state: 'degraded', reasons });
const healthy = { state: 'healthy', reasons: [] };

describe('health', () => {
  it('DG-01: is degraded while stopped and while failed, each with its reason', async () => {
    const subject = stage().supervise({ startsMax: 1, backoff });
    expect(subject.is.status.health).toEqual(degraded('not-running'));
    await subject.is.start();
    await stage().settle();
    expect(subject.is.status.health).toEqual(healthy);
    stage().child.exits(78);
    await stage().settle();
    expect(subject.is.status.state).toBe('failed');
    expect(subject.is.status.health).toEqual(degraded('failed'));
    await subject.is.stop();
    expect(subject.is.status.health).toEqual(degraded('not-running'));
  });

  it('DG-02: is degraded by each missed ping, and the third is the end, or the fifth', async () => {
    for (const missesMax of [3, 5]) {
      const { subject, health } = await silent({ ...stage().misses, missesMax });
      await stage().pass(41_999);
      expect(health()).toEqual(healthy);
      await stage().pass(1);
      for (let missed = 1; missed < missesMax; missed += 1) {
        expect([missed, health()]).toEqual([missed, degraded('missed-pings')]);
        await stage().pass(30_000);
      }
      expect(health()).toEqual(degraded('not-running'));
      expect(subject.is.status.state).toBe('reconnecting');
      await subject.is.dispose();
    }
  });

  it('DG-02: is unresponsive while the last probe waits, and healthy with its answer', async () => {
    const heartbeat = { mode: 'probe', silenceMs: 15_000, probes: 2 } as const;
    const { health } = await silent(heartbeat);
    await stage().pass(15_000);
    expect(health()).toEqual(degraded('suspect'));
    await stage().pass(5_000);
    expect(health()).toEqual({ state: 'unresponsive', reasons: ['unresponsive'] });
    stage().claw.call.ping();
    await stage().settle();
    expect(health()).toEqual(healthy);
  });

  it('DG-03: is degraded by a request without an answer, until the next one has one', async () => {
    const { subject, claw } = await whole();
    const late = outcome(subject.is.request('models.list', {}, { timeoutMs: 5_000 }));
    await stage().pass(4_999);
    expect(subject.is.status.health).toEqual(healthy);
    await stage().pass(1);
    expect(late.error?.code).toBe('HF_REQUEST_TIMEOUT');
    expect(subject.is.status.health).toEqual(degraded('request-timeout'));
    expect(subject.is.diagnostics.requests).toMatchObject({
      lastFailureAt: stage().clock.wallNow(),
      lastFailureMethod: 'models.list',
      consecutiveFailures: 1,
    });
    const next = outcome(subject.is.request('config.get'));
    await stage().settle();
    claw.answers(String(claw.requests.at(-1)?.id), {});
    await stage().settle();
    expect(next.settled).toBe(true);
    expect(subject.is.status.health).toEqual(healthy);
    expect(subject.is.diagnostics.requests).toMatchObject({
      lastSuccessAt: stage().clock.wallNow(),
      consecutiveFailures: 0,
    });
  });

  it('DG-04: holds a request that failed against this connection, and no other', async () => {
    const { subject, claw } = await whole();
    const late = outcome(subject.is.request('channels.status', {}, { timeoutMs: 1_000 }));
    await stage().pass(1_000);
    expect(late.error?.code).toBe('HF_REQUEST_TIMEOUT');
    for (const _ of [1, 3]) {
      expect(subject.is.status.health).toEqual(degraded('request-timeout'));
      claw.event('tick', {});
      await stage().pass(60_000);
    }
    stage().welcomes();
    claw.call.reset();
    await stage().until(() => subject.is.status.state === 'running');
    expect(subject.is.status.health).toEqual(healthy);
    expect(subject.is.diagnostics.requests.lastFailureAt).toBeNull();
  });
});

describe('records', () => {
  it('DG-05: are not changed by whoever changes what it was given', async () => {
    const { subject, child } = await whole();
    const { status } = subject.is;
    expect(() => Object.assign(status.health.reasons, ['made up'])).toThrow(TypeError);
    expect(() => Object.assign(status, { state: 'failed' })).toThrow(TypeError);
    subject.is.on('exit', (exit) => {
      Object.assign(exit, { code: 0, pid: 1 });
      (exit.lastWords as string[]).push('made up');
      (exit.transitions as unknown[]).length = 0;
    });
    child.says('last words');
    child.exits(3);
    await stage().settle();
    const given = subject.is.diagnostics;
    const before = structuredClone(given);
    expect(before.lastExit).toMatchObject({ code: 3, lastWords: ['last words'] });
    expect(before.lastExit?.transitions.length).toBeGreaterThan(1);
    Object.assign(given.requests, { consecutiveFailures: 9 });
    Object.assign(given.counts, { startup: 9 });
    given.transitions.length = 0;
    (given.output as unknown[]).length = 0;
    Object.assign(given.lastExit ?? {}, { code: 9 });
    expect(subject.is.diagnostics).toEqual(before);
  });

  it('DG-06: have the code of the last close, and no missed ping of the one before', async () => {
    const { subject } = await silent(stage().misses);
    await stage().pass(42_000);
    expect(subject.is.diagnostics.heartbeatMisses).toBe(1);
    stage().claw.call.reset();
    await stage().settle();
    const { lastEnd, heartbeatMisses } = subject.is.diagnostics;
    expect(lastEnd).toMatchObject({ code: 1006, at: stage().clock.wallNow() });
    expect(heartbeatMisses).toBe(0);
    await stage().running(subject);
    expect(subject.is.diagnostics).toMatchObject({ heartbeatMisses: 0, generation: 2 });
  });
});

describe('the lines of a process', () => {
  it('DG-07: 120 times the same are one in full, and a count at 50, 100 and the end', async () => {
    const { lines, logger } = logging();
    const subject = stage().supervise({ backoff }, { logger });
    await subject.is.start();
    await stage().settle();
    for (let n = 0; n < 120; n += 1) {
      stage().child.says('\u001b[33mdisk is slow\u001b[0m', 'stderr');
      stage().child.says('tick', 'stdout');
    }
    await stage().settle();
    const slow = () => lines.filter((line) => line.includes('slow'));
    const soFar = ['warn disk is slow', ...Array(2).fill('warn 50 more times: disk is slow')];
    expect(slow()).toEqual(soFar);
    stage().child.exits(1);
    await stage().settle();
    expect(slow()).toEqual([...soFar, 'warn 19 more times: disk is slow']);
    expect(lines.at(-1)).toBe('debug 19 more times: tick');
    await stage().pass(1_000);
    stage().child.says('disk is slow', 'stderr');
    await stage().settle();
    expect(lines.at(-1)).toBe('warn disk is slow');
    expect(subject.is.diagnostics.output).toHaveLength(1);
  });

  it('DG-07: are as loud as the host says, or the protocol; a dropped one is kept', async () => {
    const { lines, logger } = logging();
    const { subject, child } = await whole({
      logger,
      process: { classify: (line) => (line.startsWith('up') ? 'info' : undefined) },
    });
    child.says('up');
    child.says('[ws] closed before connect code=1005', 'stderr');
    child.says('openclaw-control-ui refused: token_mismatch', 'stderr');
    child.says('disk full', 'stderr');
    child.exits(1);
    await stage().settle();
    expect(lines).toEqual([
      'info up',
      'debug [ws] closed before connect code=1005',
      'warn disk full',
    ]);
    expect(subject.exits[0]?.lastWords).toHaveLength(4);
  });

  it('DG-09: are kept as a tail, 500 of them, and those of this start only', async () => {
    const ready = { line: /never/ };
    const subject = stage().supervise({ ready, backoff, readyMs: 5_000 });
    await subject.is.start();
    await stage().settle();
    for (let n = 0; n < 700; n += 1) stage().child.says(`line ${n}`, 'stderr');
    await stage().settle();
    const { output } = subject.is.diagnostics;
    expect(output).toHaveLength(500);
    expect([output[0]?.text, output.at(-1)?.text]).toEqual(['line 200', 'line 699']);
    stage().child.exits(1);
    await stage().settle();
    const [exit] = subject.exits;
    expect(exit).toMatchObject({ code: 1, signal: null, class: 'crash', expected: false });
    expect(exit?.lastWords).toEqual(Array.from({ length: 20 }, (_, n) => `line ${680 + n}`));
    const at = stage().clock.wallNow();
    expect(exit?.transitions).toMatchObject([
      { state: 'starting', at, phase: 'spawning' },
      { state: 'starting', at, phase: 'awaiting-ready', because: expect.stringMatching(/pid/) },
    ]);
    await stage().pass(1_000);
    expect(subject.is.diagnostics.output).toEqual([]);
  });

  it('DG-09: are complete once nobody is left who could write, after the exit too', async () => {
    stage().table.habits = { leaves: 1 };
    const subject = stage().supervise({ backoff });
    await subject.is.start();
    await stage().settle();
    stage().child.says('of the process');
    stage().child.exits(78);
    stage().child.says('of its descendant');
    await stage().until(() => subject.is.status.state === 'failed');
    const words = ['of the process', 'of its descendant'];
    expect(subject.is.status.error?.details.lastWords).toEqual(words);
    expect(subject.is.diagnostics.lastExit?.lastWords).toEqual(words);
  });

  it('DG-09: are told by the error of a failure, with its end and what led there', async () => {
    const subject = stage().supervise({ backoff, startsMax: 2 });
    await subject.is.start();
    await stage().settle();
    for (const words of ['one', `two, token=${secret}`]) {
      stage().child.says(words, 'stderr');
      stage().child.exits(words === 'one' ? 1 : 78);
      await stage().pass(1_000);
    }
    const ready = outcome(subject.is.ready());
    await stage().settle();
    const { code, details } = ready.error as HoldfastError;
    expect([code, details.lastWords]).toEqual(['HF_CONFIGURATION', ['two, token=[redacted]']]);
    expect(details.exit).toMatchObject({ code: 78, class: 'configuration', expected: false });
    expect(details.transitions).toMatchObject([
      { state: 'starting' },
      { state: 'running' },
      { state: 'restarting', phase: 'backing-off', because: expect.stringMatching(/code 1/) },
      { state: 'restarting' },
      { state: 'running' },
    ]);
    expect(JSON.parse(JSON.stringify(details))).toEqual(details);
    const { status } = subject.is;
    expect(status.error?.details).toEqual(details);
    expect(subject.is.status).toBe(status);
  });
});
