/**
 * The store of requests in flight, under every order of what can happen to one: each settles
 * exactly once, an error is never `not-sent` when the peer may have the frame, and nothing of a
 * settled request is left.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivery, HoldfastError } from '../../src/errors.ts';
import { type Channel, RequestStore } from '../../src/runtime/requests.ts';
import { FakeClock, turns } from '../fakes/clock.ts';

const lost = new HoldfastError('HF_CONNECTION_LOST', 'the peer is gone', {
  details: { code: 1006 },
});

class FakeChannel implements Channel {
  readonly written: { id: string; method: string; done: (error?: Error) => void }[] = [];
  /** what happens to a frame inside `write` */
  manner: 'later' | 'at once' | 'throws' | 'fails' = 'later';

  write(id: string, method: string, _params: unknown, done: (error?: Error) => void): void {
    if (this.manner === 'throws') throw new Error('does not serialise');
    this.written.push({ id, method, done });
    if (this.manner === 'at once') done();
    if (this.manner === 'fails') done(new Error('EPIPE'));
  }
}

function make() {
  const clock = new FakeClock();
  let ids = 0;
  const store = new RequestStore(clock, () => {
    ids += 1;
    return `r${ids}`;
  });
  const channel = new FakeChannel();
  store.attach(channel);
  return { clock, store, channel };
}

type Settled = { ok: true; value: unknown } | { ok: false; error: HoldfastError };

/** Everything that a promise has become; a second settling is impossible, a missing one shows. */
function watch(promise: Promise<unknown>): { settled: Settled | null } {
  const seen: { settled: Settled | null } = { settled: null };
  promise.then(
    (value) => {
      seen.settled = { ok: true, value };
    },
    (error) => {
      seen.settled = { ok: false, error };
    },
  );
  return seen;
}

async function failed(promise: Promise<unknown>): Promise<[string, Delivery | undefined]> {
  const error = await promise.then(
    () => new HoldfastError('HF_INTERNAL', 'resolved'),
    (reason: HoldfastError) => reason,
  );
  return [error.code, error.delivery];
}

describe('in any order of events', () => {
  type Step = 'answer' | 'refusal' | 'timeout' | 'abort' | 'detach' | 'done' | 'unsent' | 'echo';
  const steps: Step[] = [
    ...(['answer', 'refusal', 'timeout', 'abort', 'detach', 'done', 'unsent', 'echo'] as const),
  ];

  it('a request settles exactly once, as the first of them says, and leaves nothing', async () => {
    const orders = fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const { clock, store, channel } = make();
        const abort = new AbortController();
        const { signal } = abort;
        const seen = watch(store.send('m', {}, { timeoutMs: 100, signal }));
        const [frame] = channel.written;
        if (frame === undefined) throw new Error('nothing was written');
        const { id, done } = frame;
        let settlements = 0;
        let known: Step | undefined;
        for (const step of order) {
          const before = store.pending;
          if (step === 'answer') store.answer({ kind: 'answer', id, ok: true, payload: 7 });
          if (step === 'refusal') {
            const error = { code: 1, message: 'no' };
            store.answer({ kind: 'answer', id, ok: false, error });
          }
          if (step === 'timeout') clock.jump(100);
          if (step === 'abort') abort.abort();
          if (step === 'detach') store.detach(channel, lost);
          if (step === 'done') done();
          if (step === 'unsent') done(new Error('EPIPE'));
          if (step === 'echo') store.answer({ kind: 'answer', id: 'x', ok: true, payload: 0 });
          if (store.pending < before) {
            settlements += 1;
            known ??= step;
          }
        }
        await turns(1);
        expect(settlements).toBe(known === undefined ? 0 : 1);
        expect(seen.settled === null).toBe(known === undefined);
        expect(clock.armed).toBe(store.pending);
        if (known === undefined || seen.settled === null) return;
        const { settled } = seen;
        const outcome = settled.ok ? settled.value : [settled.error.code, settled.error.delivery];
        expect(outcome).toEqual(outcomes[known]);
      }),
      { numRuns: 300 },
    );
  });

  const outcomes: Partial<Record<Step, unknown>> = {
    answer: 7,
    refusal: ['HF_REQUEST_FAILED', 'answered'],
    timeout: ['HF_REQUEST_TIMEOUT', 'maybe-executed'],
    abort: ['HF_ABORTED', 'maybe-executed'],
    detach: ['HF_CONNECTION_LOST', 'maybe-executed'],
    unsent: ['HF_REQUEST_FAILED', 'not-sent'],
  };

  it('many requests keep to their own', async () => {
    const step = fc.record({ who: fc.nat({ max: 4 }), what: fc.constantFrom(...steps) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (order) => {
        const { clock, store, channel } = make();
        const aborts = Array.from({ length: 5 }, () => new AbortController());
        const seen = aborts.map(({ signal }, n) => watch(store.send('m', { n }, { signal })));
        const touched = new Set<number>();
        let isOver = false;
        for (const { who, what } of order) {
          const frame = channel.written[who];
          if (frame === undefined) throw new Error('nothing was written');
          const answer = { kind: 'answer', id: frame.id, ok: true, payload: who } as const;
          if (what === 'answer') store.answer(answer);
          else if (what === 'abort') aborts[who]?.abort();
          else if (what === 'unsent') frame.done(new Error('EPIPE'));
          else if (what === 'detach') {
            store.detach(channel, lost);
            isOver = true;
          } else continue;
          touched.add(who);
        }
        await turns(1);
        for (const [n, { settled }] of seen.entries()) {
          expect(settled !== null).toBe(isOver || touched.has(n));
          if (settled?.ok) expect(settled.value).toBe(n);
        }
        expect(store.pending).toBe(seen.filter(({ settled }) => settled === null).length);
        expect(clock.armed).toBe(store.pending);
      }),
      { numRuns: 100 },
    );
  });
});

describe('not-sent', () => {
  it('is said only when nothing was written', async () => {
    const { store, channel } = make();
    expect(await failed(store.send('m', {}, { signal: AbortSignal.abort() }))).toEqual([
      'HF_ABORTED',
      'not-sent',
    ]);
    expect(channel.written).toEqual([]);
    for (const manner of ['throws', 'fails'] as const) {
      channel.manner = manner;
      expect(await failed(store.send('m', {}))).toEqual(['HF_REQUEST_FAILED', 'not-sent']);
    }
    store.detach(channel, lost);
    expect(await failed(store.send('m', {}))).toEqual(['HF_NOT_CONNECTED', 'not-sent']);
    expect(store.pending).toBe(0);
  });

  it('is never said after the frame went out, handed to the kernel or not', async () => {
    for (const manner of ['later', 'at once'] as const) {
      const { clock, store, channel } = make();
      channel.manner = manner;
      const abort = new AbortController();
      const cut = failed(store.send('a', {}, { signal: abort.signal }));
      const late = failed(store.send('b', {}, { timeoutMs: 10 }));
      abort.abort();
      clock.jump(10);
      const gone = failed(store.send('c', {}));
      store.detach(channel, lost);
      const told = await Promise.all([cut, late, gone]);
      expect(told.map(([, delivery]) => delivery)).toEqual(told.map(() => 'maybe-executed'));
    }
  });

  it('keeps the error of a driver that has said why', async () => {
    const { store, channel } = make();
    const full = new HoldfastError('HF_QUEUE_FULL', 'full', { delivery: 'not-sent' });
    channel.write = () => {
      throw full;
    };
    await expect(store.send('m', {})).rejects.toBe(full);
  });
});

describe('the history', () => {
  it('RP-18: begins anew with each generation, and keeps what its end has cost', async () => {
    const { clock, store, channel } = make();
    const late = failed(store.send('slow', {}, { timeoutMs: 10 }));
    clock.jump(10);
    await late;
    const at = clock.wallNow();
    expect(store.history).toEqual({
      lastSuccessAt: null,
      lastFailureAt: at,
      lastFailureMethod: 'slow',
      consecutiveFailures: 1,
      lost: 0,
    });
    const cut = [1, 2, 3].map((n) => failed(store.send('m', { n })));
    store.detach(channel, lost);
    await Promise.all(cut);
    expect(store.history).toMatchObject({ consecutiveFailures: 1, lost: 3 });
    for (let n = 0; n < 5; n += 1) await failed(store.send('m'));
    store.attach(new FakeChannel());
    expect(store.history).toEqual({
      lastSuccessAt: null,
      lastFailureAt: null,
      lastFailureMethod: null,
      consecutiveFailures: 0,
      lost: 0,
    });
  });

  it('counts timeouts, forgets them with any answer, and is a copy', async () => {
    const { clock, store, channel } = make();
    const late = [1, 2].map(() => failed(store.send('slow', {}, { timeoutMs: 10 })));
    clock.jump(10);
    await Promise.all(late);
    expect(store.history.consecutiveFailures).toBe(2);
    store.history.consecutiveFailures = 99;
    const refused = failed(store.send('m'));
    const error = { code: 'E', message: 'no' };
    const { id = '' } = channel.written.at(-1) ?? {};
    expect(store.answer({ kind: 'answer', id, ok: false, error })).toBe(true);
    expect(store.answer({ kind: 'answer', id, ok: false, error })).toBe(false);
    expect(await refused).toEqual(['HF_REQUEST_FAILED', 'answered']);
    expect(store.history).toMatchObject({
      consecutiveFailures: 0,
      lastSuccessAt: clock.wallNow(),
    });
  });
});

describe('an end', () => {
  it('of another channel settles nothing', async () => {
    const { store, channel } = make();
    const seen = watch(store.send('m'));
    store.detach(new FakeChannel(), lost);
    await turns(1);
    expect([seen.settled, store.open, store.pending]).toEqual([null, true, 1]);
    store.detach(channel, lost);
    await turns(1);
    expect(seen.settled).toMatchObject({ ok: false });
    expect([store.open, store.pending]).toEqual([false, 0]);
  });

  it('carries the code of the close and the name of the method', async () => {
    const { store, channel } = make();
    const cut = store.send('add').catch((error: HoldfastError) => error);
    store.detach(channel, lost);
    expect(await cut).toMatchObject({
      message: 'request "add" was cut off: the peer is gone',
      details: { code: 1006, method: 'add' },
    });
  });

  it('leaves no listener on a signal that lives on', async () => {
    const { store, channel } = make();
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, args);
    };
    const all = [1, 2, 3].map(() => failed(store.send('m', {}, { signal })));
    expect(listeners).toBe(3);
    store.detach(channel, lost);
    await Promise.all(all);
    expect(listeners).toBe(0);
  });
});
