/**
 * What is wrong right now, by request: the faults that last and the ones that wait for a connection
 * to reach a moment. It promises that everything here ends with `clear()`; it must never touch a
 * socket itself.
 */

import type { Moment } from './faults.ts';
import type { Peer } from './peer.ts';

/** mute: frames die, pongs live · hang: nothing is read · blackhole: read and thrown away */
export type Silence = 'none' | 'mute' | 'hang' | 'blackhole';

/** What can be done to a connection even before its upgrade is answered. */
export interface Target {
  reset(): void;
  halfClose(): void;
  silenceWith(silence: Silence, forMs: number): void;
}

interface Armed<T> {
  readonly at: T extends Peer ? Moment : 'upgrade';
  /** connections still to be hit; Infinity until clear */
  left: number;
  readonly hit: (target: T) => void;
}

/** What is due for one more connection; each entry is spent by one. */
function spend<T>(armed: readonly Armed<T>[]): ((target: T) => void)[] {
  for (const entry of armed) entry.left -= 1;
  return armed.map(({ hit }) => hit);
}

/** `times: 0` on any channel means every one, until clear. */
export const counted = (times: number) => (times === 0 ? Number.POSITIVE_INFINITY : times);

export class Conditions {
  /** every answer waits this long */
  answerDelayMs = 0;
  delayPongs = false;
  noPong = false;
  copies = 1;
  /** what befalls a connection as it opens */
  silence: Silence = 'none';
  rejections = { status: 503, left: 0 };
  signalsIgnored = new Set<string>();
  drainMs = 0;

  #armed: Armed<Peer>[] = [];
  #armedEarly: Armed<Target>[] = [];
  readonly #lasting = new Map<string, { undo: () => void; timer: NodeJS.Timeout | undefined }>();

  /** Names of the faults that last, for /stats. */
  get names(): string[] {
    const armed = [...this.#armed, ...this.#armedEarly].map(({ at }) => `armed at ${at}`);
    return [...this.#lasting.keys(), ...armed];
  }

  arm(at: Moment, times: number, hit: (peer: Peer) => void): void {
    this.#armed.push({ at, left: counted(times), hit });
  }

  armEarly(times: number, hit: (target: Target) => void): void {
    this.#armedEarly.push({ at: 'upgrade', left: counted(times), hit });
  }

  /** What waits for a connection at this moment. */
  take(at: Moment): ((peer: Peer) => void)[] {
    const due = spend(this.#armed.filter((armed) => armed.at === at));
    this.#armed = this.#armed.filter(({ left }) => left > 0);
    return due;
  }

  takeEarly(): ((target: Target) => void)[] {
    const due = spend(this.#armedEarly);
    this.#armedEarly = this.#armedEarly.filter(({ left }) => left > 0);
    return due;
  }

  /** A fault that lasts `forMs`, or until clear when that is 0; a second of a name replaces it. */
  last(name: string, forMs: number, undo: () => void): void {
    this.end(name);
    const timer = forMs > 0 ? setTimeout(() => this.end(name), forMs) : undefined;
    this.#lasting.set(name, { undo, timer });
  }

  end(name: string): void {
    const lasting = this.#lasting.get(name);
    if (!lasting) return;
    this.#lasting.delete(name);
    clearTimeout(lasting.timer);
    lasting.undo();
  }

  clear(): void {
    for (const name of [...this.#lasting.keys()]) this.end(name);
    this.#armed = [];
    this.#armedEarly = [];
    this.rejections.left = 0;
    this.signalsIgnored.clear();
    this.drainMs = 0;
  }
}
