/**
 * Requests in flight on the one open session. Promises that each settles exactly once: with its
 * answer, its own deadline, its caller's abort, or at once when its connection ends, and that an
 * error says whether the peer may have acted on it. It holds data and per-entry deadlines; it
 * must never replay a request, and it decides no step of the lifecycle.
 */
import { type Delivery, HoldfastError } from '../errors.ts';
import type { Clock, Inbound, PeerError } from '../ports.ts';
import { messageOf } from './host.ts';

/** What the store needs of an open session. */
export interface Channel {
  /**
   * `done` is called with an error when the peer cannot have the whole frame. Until then, and
   * without one, the peer may have it: whatever is cut off counts as maybe executed.
   */
  write(id: string, method: string, params: unknown, done: (error?: Error) => void): void;
}

export interface RequestOptions {
  /** default 30,000 ms */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Counters and last times, as the status shows them. */
export interface RequestHistory {
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastFailureMethod: string | null;
  consecutiveFailures: number;
  lost: number;
}

interface Entry {
  method: string;
  resolve(payload: unknown): void;
  reject(error: HoldfastError): void;
  forget(): void;
}

export class RequestStore {
  #entries = new Map<string, Entry>();
  #channel: Channel | null = null;
  #clock: Clock;
  #uuid: () => string;
  #history = fresh();

  constructor(clock: Clock, uuid: () => string) {
    this.#clock = clock;
    this.#uuid = uuid;
  }

  get pending(): number {
    return this.#entries.size;
  }

  get open(): boolean {
    return this.#channel !== null;
  }

  /** A copy. */
  get history(): RequestHistory {
    return { ...this.#history };
  }

  /** A session is past hello: from now on requests go out on it. Its record starts clean. */
  attach(channel: Channel) {
    this.#channel = channel;
    this.#history = fresh();
  }

  /** That session has ended, or is being ended: settles everything that was on it. */
  detach(channel: Channel, why: HoldfastError) {
    if (this.#channel !== channel) return;
    this.#channel = null;
    const entries = [...this.#entries.values()];
    this.#history.lost = entries.length;
    for (const entry of entries) {
      entry.forget();
      entry.reject(ended(entry, why));
    }
  }

  send<T>(method: string, params?: unknown, options: RequestOptions = {}): Promise<T> {
    const channel = this.#channel;
    if (options.signal?.aborted) return Promise.reject(aborted(method, 'not-sent'));
    if (channel === null) return Promise.reject(notConnected(method));
    return new Promise<T>((resolve, reject) => {
      const id = this.#uuid();
      this.#enter(id, method, options, resolve as (payload: unknown) => void, reject);
      try {
        channel.write(id, method, params, (error) => {
          if (error !== undefined) this.#fail(id, unsent(method, error));
        });
      } catch (error) {
        this.#fail(id, unsent(method, error));
      }
    });
  }

  /** An answer of the peer. False when nobody waits for it (any more). */
  answer(inbound: Inbound & { kind: 'answer' }): boolean {
    const entry = this.#entries.get(inbound.id);
    if (entry === undefined) return false;
    entry.forget();
    // any answer, also one that declares an error, shows that the transport works
    this.#history.lastSuccessAt = this.#clock.wallNow();
    this.#history.consecutiveFailures = 0;
    if (inbound.ok) entry.resolve(inbound.payload);
    else entry.reject(declared(entry.method, inbound.error));
    return true;
  }

  #enter(
    id: string,
    method: string,
    { timeoutMs = 30_000, signal }: RequestOptions,
    resolve: (payload: unknown) => void,
    reject: (error: HoldfastError) => void,
  ): void {
    const timer = this.#clock.setTimeout(() => this.#timeOut(id, timeoutMs), timeoutMs);
    const abort = () => this.#fail(id, aborted(method, 'maybe-executed'));
    const entry: Entry = {
      method,
      resolve,
      reject,
      forget: () => {
        this.#entries.delete(id);
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      },
    };
    this.#entries.set(id, entry);
    signal?.addEventListener('abort', abort, { once: true });
  }

  #timeOut(id: string, timeoutMs: number) {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#history.lastFailureAt = this.#clock.wallNow();
    this.#history.lastFailureMethod = entry.method;
    this.#history.consecutiveFailures += 1;
    this.#fail(
      id,
      new HoldfastError(
        'HF_REQUEST_TIMEOUT',
        `request "${entry.method}" was not answered within ${timeoutMs} ms; raise timeoutMs, ` +
          'or ask again if the method is idempotent',
        { delivery: 'maybe-executed', details: { method: entry.method, timeoutMs } },
      ),
    );
  }

  #fail(id: string, error: HoldfastError) {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.forget();
    entry.reject(error);
  }
}

function fresh(): RequestHistory {
  return {
    lastSuccessAt: null,
    lastFailureAt: null,
    lastFailureMethod: null,
    consecutiveFailures: 0,
    lost: 0,
  };
}

function ended(entry: Entry, why: HoldfastError): HoldfastError {
  return new HoldfastError(why.code, `request "${entry.method}" was cut off: ${why.message}`, {
    delivery: 'maybe-executed',
    details: { ...why.details, method: entry.method },
  });
}

export function notConnected(method: string): HoldfastError {
  return new HoldfastError(
    'HF_NOT_CONNECTED',
    `request "${method}" was not sent: there is no connection past hello; await ready() first, ` +
      'or pass waitReadyMs',
    { delivery: 'not-sent', details: { method } },
  );
}

function aborted(method: string, sent: Delivery): HoldfastError {
  return new HoldfastError('HF_ABORTED', `request "${method}" was aborted by its signal`, {
    delivery: sent,
    details: { method },
  });
}

function unsent(method: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  return new HoldfastError(
    'HF_REQUEST_FAILED',
    `request "${method}" could not be written: ${messageOf(cause)}`,
    { delivery: 'not-sent', details: { method }, cause },
  );
}

function declared(method: string, error: PeerError): HoldfastError {
  return new HoldfastError('HF_REQUEST_FAILED', `request "${method}" failed: ${error.message}`, {
    delivery: 'answered',
    details: { method, server: error },
  });
}
