/**
 * What must not be said: a secret of the arguments, the environment, an address or a frame, and
 * words of a peer that mean something to a shell. Everything that anybody can read is read here,
 * also what an inspector sees; the same eyes find a harmless mark, so that they are known to see.
 */
import { describe, expect, it } from 'vitest';
import type { InspectionEvent } from 'xstate';
import type { HoldfastError } from '../../src/index.ts';
import { onStage, type Stage, type Subject } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();
const backoff = { firstMs: 1_000, jitter: 0 };
/** as a script may be called, and a token too */
const token = 'T0p-S3cret.of-mine.t0ken';

/** Everything that was told or can be looked up, as one text. */
async function everything(subject: Subject): Promise<string> {
  const { is, statuses, diagnostics, exits, metrics, said, failures } = subject;
  const error = outcome<unknown>(is.ready({ timeoutMs: 1 }));
  await stage().pass(1);
  const { message, details, trace } = error.error ?? ({} as Partial<HoldfastError>);
  const errors = failures.map((failure) => `${failure} ${JSON.stringify(failure)}`);
  return JSON.stringify([
    [statuses, diagnostics, exits, metrics, said, errors],
    [is.status, is.diagnostics, message, details, trace, error.error],
  ]);
}

/** A process that writes `words` and ends: what was said of it until it has failed. */
async function wordsOf(more: Parameters<Stage['supervise']>[0], ...words: string[]) {
  const subject = stage().supervise({ backoff, startsMax: 1, ready: { line: /never/ }, ...more });
  await subject.is.start();
  await stage().settle();
  for (const line of words) stage().child.says(line, 'stderr');
  stage().child.exits(78);
  await stage().settle();
  expect(subject.is.status.state).toBe('failed');
  return everything(subject as Subject);
}

describe('a secret', () => {
  it.each([
    ['--token T', ['--token', token]],
    ['--token=T', [`--token=${token}`]],
    ['-password T', ['-password', token]],
    ['an URL', [`https://me:${token}@host/x`]],
  ])('SE-01: as %s shows nowhere, also where the process repeats it', async (_, args) => {
    const command: [string, ...string[]] = ['serve', ...args, 'main.mjs'];
    const words = [
      `mark-1 args: ${args.join(' ')}`,
      `mark-2 ${JSON.stringify(command)}`,
      `mark-3 alone: ${token}`,
      `${'x'.repeat(16_384 - 60)} ${token.slice(0, -1)}${'y'.repeat(100)}`,
    ];
    const all = await wordsOf({ command }, ...words);
    for (const mark of ['mark-1', 'mark-2', 'mark-3', 'serve main.mjs'])
      expect(all).toContain(mark);
    expect(all).not.toContain(token);
    expect(all.match(/\[redacted\]/g)?.length).toBeGreaterThan(10);
  });

  it('SE-01: of the environment shows nowhere, in two chunks or longer than a line', async () => {
    const long = Array.from({ length: 4_000 }, (_, n) => `k${n}`).join('-');
    const env = { MY_TOKEN: token, BIG_SECRET: long, PLAIN: 'plain-value' };
    const subject = stage().supervise({ backoff, startsMax: 1, ready: { line: /never/ }, env });
    await subject.is.start();
    await stage().settle();
    const { child } = stage();
    for (const piece of ['mark-1 ', token.slice(0, 9), token.slice(9), ' plain-value\n']) {
      child.writes(piece, 'stderr');
      await stage().settle();
    }
    child.says(`mark-2 ${long}`);
    child.exits(78);
    await stage().settle();
    const all = await everything(subject as Subject);
    for (const mark of ['mark-1', 'mark-2', 'plain-value']) expect(all).toContain(mark);
    expect(all).not.toContain(token);
    expect(all).not.toContain(long.slice(0, 20));
  });

  it('SE-01: in what a function or a driver throws shows nowhere', async () => {
    const plan = () => {
      throw new Error(`mark-1: ${token} was refused, and so was --api-key ${token}x`);
    };
    const subject = stage().supervise({ plan, env: { MY_TOKEN: token }, startsMax: 1, backoff });
    await subject.is.start();
    await stage().settle();
    const planned = await everything(subject as Subject);
    expect(planned).toContain('mark-1: [redacted] was refused');
    expect(planned).not.toContain(token);
    await subject.is.dispose();
    const driver = () => {
      throw new Error(`mark-2: no ${token} here`);
    };
    const other = stage().supervise({ driver, command: ['x', '--token', token], startsMax: 1 });
    await other.is.start();
    await stage().settle();
    const spawned = await everything(other as Subject);
    expect(spawned).toContain('mark-2: no [redacted] here');
    expect(spawned).not.toContain(token);
  });

  it.each([
    ['the user', `ws://me:${token}@127.0.0.1:18789/p`],
    ['a query', `ws://127.0.0.1:18789/p?token=${token}`],
  ])('SE-02: in %s of an address shows nowhere, connected or not', async (_, url) => {
    const subject = stage().connect({ url });
    await stage().running(subject);
    expect(subject.is.status.connection?.endpoint).toContain('ws://127.0.0.1:18789');
    stage().network.manner = 'nobody';
    stage().claw.call.close(1011, `no service at ${url}`);
    await stage().pass(5_000);
    const all = await everything(subject as Subject);
    expect(all).toContain('127.0.0.1:18789');
    expect(all).not.toContain(token);
  });

  it('SE-03: in a frame is seen by nobody: no log, no record, no error, no inspector', async () => {
    const inspected: string[] = [];
    const inspect = (event: InspectionEvent) => {
      if (event.type === '@xstate.event') inspected.push(JSON.stringify(event.event));
      if (event.type === '@xstate.snapshot') {
        const { value, context } = event.snapshot as { value?: unknown; context?: unknown };
        inspected.push(JSON.stringify([value, context]));
      }
    };
    const subject = stage().connect({ credentials: () => ({ token }) }, { inspect });
    await stage().running(subject);
    const { claw } = stage();
    const raw = `{ "gateway": { "auth": { "token": "${token}" } } }`;
    const answers = [
      outcome(subject.is.request('config.set', { raw, mark: 'of-the-request' })),
      outcome(subject.is.request('config.set', { raw }, { timeoutMs: 1_000 })),
    ];
    await stage().settle();
    expect(JSON.stringify(claw.frames)).toContain(token);
    expect(JSON.stringify(claw.frames)).toContain('of-the-request');
    claw.sends({
      type: 'res',
      id: claw.requests[0]?.id,
      ok: false,
      error: { code: 'INVALID', message: 'no: of-the-answer', details: { raw } },
    });
    await stage().pass(1_000);
    expect(answers.map(({ error }) => error?.code)).toEqual([
      'HF_REQUEST_FAILED',
      'HF_REQUEST_TIMEOUT',
    ]);
    const all = await everything(subject as Subject);
    expect(all).toContain('of-the-answer');
    expect(all).not.toContain(token);
    expect(inspected.length).toBeGreaterThan(10);
    expect(inspected.join()).not.toContain(token);
    expect(inspected.join()).not.toContain('of-the-');
  });
});

describe('an id of a request', () => {
  it.each([
    ['$(reboot)', '$(reboot)'],
    ['back ticks', 'r1`reboot`'],
    ['a pipe', 'r1|reboot'],
    ['a second command', 'r1;reboot'],
    ['a path', '../../reboot'],
    ['a flag', '--reboot'],
    ['a new line', 'r1\nreboot'],
  ])('SE-07: that holds %s is not shown to anybody who might paste it', async (_, requestId) => {
    const subject = stage().connect();
    await subject.is.start();
    await stage().settle();
    stage().claw.challenges();
    await stage().until(() => stage().claw.connects.length > 0);
    stage().claw.denies('PAIRING_REQUIRED', { reason: 'not-paired', requestId });
    await stage().settle();
    expect(subject.is.status).toMatchObject({ phase: 'paused', error: { code: 'HF_PAIRING' } });
    const all = await everything(subject as Subject);
    expect(all).toContain('HF_PAIRING');
    expect(all).not.toContain('reboot');
  });

  it('SE-07: of the usual kind is shown, for it is asked for', async () => {
    const subject = stage().connect();
    await subject.is.start();
    await stage().settle();
    stage().claw.challenges();
    await stage().until(() => stage().claw.connects.length > 0);
    const requestId = 'a84dac2e-f2ec-4e46-9fa5-73d7fa6e31ed';
    stage().claw.denies('PAIRING_REQUIRED', { reason: 'not-paired', requestId });
    await stage().settle();
    expect(subject.is.status.because).toContain(requestId);
  });
});
