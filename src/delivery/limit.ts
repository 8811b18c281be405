/**
 * The end of one change: its deadline and its caller's abort, whichever is first. It promises that
 * nobody waits beyond it, whatever a function of the host does, and that a late answer is ignored.
 * It must never leave a timer or a listener behind once `end` was called.
 */
import { type Delivery, HoldfastError } from '../errors.ts';
import type { Clock } from '../ports.ts';

export class Limit {
  #over = new AbortController();
  #clock: Clock;
  #dueAt: number;
  #why: { code: 'HF_ABORTED' | 'HF_TIMEOUT'; message: string } | undefined;
  #release: () => void;

  constructor(timeoutMs: number, clock: Clock, caller?: AbortSignal) {
    this.#clock = clock;
    this.#dueAt = clock.now() + timeoutMs;
    const abort = () => this.#fail('HF_ABORTED', 'change() was aborted by its signal');
    const late = () => this.#fail('HF_TIMEOUT', `change() took more than ${timeoutMs} ms`);
    const timer = clock.setTimeout(late, timeoutMs);
    caller?.addEventListener('abort', abort, { once: true });
    this.#release = () => {
      clock.clearTimeout(timer);
      caller?.removeEventListener('abort', abort);
    };
    if (caller?.aborted) abort();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** At least 1: nobody can wait for nothing. */
  get leftMs(): number {
    return Math.max(1, Math.ceil(this.#dueAt - this.#clock.now()));
  }

  /** Why it is over; only to be asked when it is. */
  because(delivery?: Delivery): HoldfastError {
    const { code, message } = this.#why ?? { code: 'HF_INTERNAL', message: 'change() goes on' };
    return new HoldfastError(code, message, delivery === undefined ? {} : { delivery });
  }

  /** Settles as `run` does, or rejects when it is over. */
  within<T>(run: () => T | Promise<T>): Promise<T> {
    const { signal } = this.#over;
    return new Promise<T>((resolve, reject) => {
      const stop = () => reject(this.because());
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      const forget = () => signal.removeEventListener('abort', stop);
      Promise.resolve().then(run).then(resolve, reject).finally(forget);
    });
  }

  end(): void {
    this.#release();
  }

  #fail(code: 'HF_ABORTED' | 'HF_TIMEOUT', message: string): void {
    this.#why ??= { code, message };
    this.#over.abort();
  }
}
