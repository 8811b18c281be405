/**
 * Promises of the verbs. Each waits for a fact that only the machines decide, and settles
 * exactly once: with it, with its error, or at its own deadline or abort. It must never leave a
 * timer or a listener behind, and never make anything happen.
 */
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../ports.ts';

export interface WaitOptions {
  signal?: AbortSignal;
  /** default 120,000 ms where the verb waits for readiness; 0 waits as long as it takes */
  timeoutMs?: number;
}

/** Undefined: not yet. Throws what the waiter shall reject with. */
export type Look<T> = () => { value: T } | undefined;

export class Waiters {
  #waiting = new Set<() => void>();
  #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  wait<T>(verb: string, look: Look<T>, { signal, timeoutMs = 0 }: WaitOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let timer: unknown;
      const done = (settle: () => void) => {
        this.#waiting.delete(check);
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const abort = () =>
        done(() => reject(new HoldfastError('HF_ABORTED', `${verb} was aborted by its signal`)));
      const check = () => {
        try {
          const found = look();
          if (found !== undefined) done(() => resolve(found.value));
        } catch (error) {
          done(() => reject(error));
        }
      };
      if (signal?.aborted) return abort();
      if (timeoutMs > 0)
        timer = this.#clock.setTimeout(() => done(() => reject(late(verb, timeoutMs))), timeoutMs);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(check);
      check();
    });
  }

  /** Something changed: lets every waiter look again. */
  look() {
    for (const check of [...this.#waiting]) check();
  }
}

function late(verb: string, timeoutMs: number): HoldfastError {
  return new HoldfastError(
    'HF_TIMEOUT',
    `${verb} did not settle within ${timeoutMs} ms; the system goes on: see status, or wait longer`,
    { details: { timeoutMs } },
  );
}
