/**
 * Promises of the verbs, and the restarts they ask for: each waiter settles once and leaves no
 * timer and no listener, each entry of the ledger stays until it has its outcome.
 */

import { describe, expect, it } from 'vitest';
import { type Entry, Ledger, type Outcome } from '../../src/runtime/ledger.ts';
import type { PendingIntent } from '../../src/runtime/status.ts';
import { Waiters } from '../../src/runtime/waiters.ts';
import { FakeClock, turns } from '../fakes/clock.ts';

function make() {
  const clock = new FakeClock();
  return { clock, waiters: new Waiters(clock) };
}

const fate = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => error.code ?? error.message,
  );

describe('a waiter', () => {
  it('that finds its fact at once needs no look', async () => {
    const { clock, waiters } = make();
    expect(await waiters.wait('v()', () => ({ value: 7 }), { timeoutMs: 50 })).toBe(7);
    expect([waiters.size, clock.armed]).toEqual([0, 0]);
  });

  it('finds it at a later look, and looks no more', async () => {
    const { clock, waiters } = make();
    let looks = 0;
    let isThere = false;
    const look = () => {
      looks += 1;
      return isThere ? { value: undefined } : undefined;
    };
    const found = fate(waiters.wait('v()', look, { timeoutMs: 50 }));
    waiters.look();
    isThere = true;
    waiters.look();
    waiters.look();
    expect(await found).toBeUndefined();
    expect([looks, waiters.size, clock.armed]).toEqual([3, 0, 0]);
  });

  it.each([
    ['the deadline', 'HF_TIMEOUT', ({ clock }: ReturnType<typeof make>) => clock.jump(50)],
    ['the abort', 'HF_ABORTED', (_: unknown, abort: AbortController) => abort.abort()],
  ])('ends with %s, once, and leaves nothing', async (_, code, end) => {
    const made = make();
    const abort = new AbortController();
    const options = { timeoutMs: 50, signal: abort.signal };
    const waiting = fate(made.waiters.wait('v()', () => undefined, options));
    end(made, abort);
    abort.abort();
    made.clock.jump(50);
    made.waiters.look();
    expect(await waiting).toBe(code);
    expect([made.waiters.size, made.clock.armed]).toEqual([0, 0]);
  });

  it('is not begun with a signal that is aborted', async () => {
    const { clock, waiters } = make();
    const signal = AbortSignal.abort();
    const look = () => ({ value: 1 });
    expect(await fate(waiters.wait('v()', look, { signal, timeoutMs: 9 }))).toBe('HF_ABORTED');
    expect([waiters.size, clock.armed]).toEqual([0, 0]);
  });

  it('rejects with what its look throws, and the others look on', async () => {
    const { waiters } = make();
    let isBad = false;
    const bad = fate(
      waiters.wait('a()', () => {
        if (isBad) throw new Error('bad');
        return undefined;
      }),
    );
    const good = fate(waiters.wait('b()', () => (isBad ? { value: 'good' } : undefined)));
    isBad = true;
    waiters.look();
    expect(await Promise.all([bad, good])).toEqual(['bad', 'good']);
    expect(waiters.size).toBe(0);
  });

  it('without a deadline waits as long as it takes', async () => {
    const { clock, waiters } = make();
    const abort = new AbortController();
    let isSettled = false;
    const waiting = fate(waiters.wait('v()', () => undefined, { signal: abort.signal }));
    void waiting.then(() => {
      isSettled = true;
    });
    clock.jump(1e9);
    await turns(1);
    expect([isSettled, clock.armed, waiters.size]).toEqual([false, 0, 1]);
    abort.abort();
    expect(await waiting).toBe('HF_ABORTED');
  });

  it('that begins another one inside a look disturbs nobody', async () => {
    const { waiters } = make();
    let inner: Promise<unknown> | undefined;
    const outer = fate(
      waiters.wait('a()', () => {
        inner ??= fate(waiters.wait('b()', () => ({ value: 'b' })));
        return { value: 'a' };
      }),
    );
    expect([await outer, await inner, waiters.size]).toEqual(['a', 'b', 0]);
  });

  it('names its verb and its deadline', async () => {
    const { clock, waiters } = make();
    const late = waiters.wait('ready()', () => undefined, { timeoutMs: 250 });
    const error = late.catch((reason: Error) => reason.message);
    clock.jump(250);
    expect(await error).toMatch(/^ready\(\) did not settle within 250 ms; /);
  });
});

describe('the ledger', () => {
  const verb = 'restart' as const;
  const ask = (because: string, settleMs = 0) => ({
    ...{ verb, because, by: 'user' as const, settleMs },
  });

  function keeping() {
    const clock = new FakeClock();
    const told: (PendingIntent & { outcome?: Outcome })[] = [];
    const ledger = new Ledger(clock, (intent) => told.push(intent));
    return { clock, told, ledger };
  }

  it('shows what waits, oldest first, and tells each change', () => {
    const { clock, ledger, told } = keeping();
    const first = ledger.enter(1, ask('a', 100));
    const second = ledger.enter(2, { ...ask('b'), by: 'host' });
    expect([first.joined, second.joined]).toEqual([false, true]);
    const dueAt = clock.wallNow();
    expect(ledger.pending).toEqual([
      { id: 1, verb, because: 'a', by: 'user', dueAt: dueAt + 100 },
      { id: 2, verb, because: 'b', by: 'host', dueAt },
    ]);
    ledger.settle(first, 'replaced');
    ledger.settle(second, 'joined');
    expect(ledger.pending).toEqual([]);
    expect(told.map(({ id, outcome }) => [id, outcome])).toEqual([
      [1, undefined],
      [2, undefined],
      [1, 'replaced'],
      [2, 'joined'],
    ]);
    expect(structuredClone(told)).toEqual(told);
  });

  it('knows whether a delay ends after everything that waits', () => {
    const { clock, ledger } = keeping();
    expect(ledger.isLater(0)).toBe(true);
    ledger.enter(1, ask('a', 100));
    expect([ledger.isLater(100), ledger.isLater(101)]).toEqual([false, true]);
    clock.jump(60);
    expect([ledger.isLater(40), ledger.isLater(41)]).toEqual([false, true]);
  });

  it('forgets what the machine has an outcome for, and nothing else', () => {
    const { ledger } = keeping();
    const entries = [1, 2, 3].map((number) => ledger.enter(number, ask(`n${number}`)));
    const before = ledger.pending;
    ledger.prune(0);
    expect(ledger.pending).toBe(before);
    ledger.prune(2);
    expect(ledger.pending.map(({ because }) => because)).toEqual(['n3']);
    ledger.settle(entries[0] as Entry, 'superseded');
    expect(ledger.pending.map(({ because }) => because)).toEqual(['n3']);
  });
});
