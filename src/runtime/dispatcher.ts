/**
 * Hands events to listeners, each on its own: one that throws, rejects, re-enters or removes
 * itself harms nobody. It must never let a listener's error out, never skip a listener because
 * another failed, and never attach a listener to an actor.
 */
import { HoldfastError } from '../errors.ts';

export type Listener<T> = (value: T) => unknown;

export interface ListenOptions {
  /** removes the listener when it aborts */
  signal?: AbortSignal;
}

export class Dispatcher<Events extends Record<string, unknown>> {
  #listeners = new Map<keyof Events, readonly Entry[]>();
  #failed: (event: string, error: unknown) => void;

  /** `failed` is told of every listener that threw or rejected; it must not throw itself */
  constructor(failed: (event: string, error: unknown) => void) {
    this.#failed = failed;
  }

  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>, options: ListenOptions = {}) {
    this.#add(name, listener, false, options.signal);
  }

  once<K extends keyof Events>(
    name: K,
    listener: Listener<Events[K]>,
    options: ListenOptions = {},
  ) {
    this.#add(name, listener, true, options.signal);
  }

  off<K extends keyof Events>(name: K, listener: Listener<Events[K]>) {
    const kept = (this.#listeners.get(name) ?? []).filter((entry) => entry.listener !== listener);
    this.#listeners.set(name, kept);
  }

  emit<K extends keyof Events>(name: K, value: Events[K]) {
    for (const entry of this.#listeners.get(name) ?? []) {
      if (entry.once) this.#remove(name, entry);
      this.#call(String(name), entry.listener, value);
    }
  }

  /** Forgets every listener. */
  clear() {
    this.#listeners.clear();
  }

  #add<K extends keyof Events>(
    name: K,
    listener: Listener<Events[K]>,
    once: boolean,
    signal?: AbortSignal,
  ) {
    if (typeof listener !== 'function') {
      throw new HoldfastError(
        'HF_OPTION_INVALID',
        `on("${String(name)}"): the listener must be a function, got ${typeof listener}`,
      );
    }
    if (signal?.aborted) return;
    const entry = { listener: listener as Listener<never>, once };
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), entry]);
    signal?.addEventListener('abort', () => this.#remove(name, entry), { once: true });
  }

  /** This one only: the same function may have been added twice. */
  #remove(name: keyof Events, entry: Entry) {
    const kept = (this.#listeners.get(name) ?? []).filter((other) => other !== entry);
    this.#listeners.set(name, kept);
  }

  #call(name: string, listener: Listener<never>, value: unknown) {
    isolated(
      () => listener(value as never),
      (error) => this.#failed(name, error),
    );
  }
}

/** Runs what nobody waits for: `failed` is told when it throws, or when its promise rejects. */
export function isolated(run: () => unknown, failed: (error: unknown) => void) {
  try {
    const result = run();
    if (isThenable(result)) result.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

interface Entry {
  listener: Listener<never>;
  once: boolean;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
