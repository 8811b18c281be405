/**
 * A client whose upgrade has not been answered yet, when a fault waits for it there. It promises
 * that the upgrade is answered at most once and that a held one notices its peer's reset; it must
 * never write a byte itself.
 */

import type { Socket } from 'node:net';
import type { Silence, Target } from './conditions.ts';

export class Caller implements Target {
  readonly #socket: Socket;
  readonly #accept: () => void;
  #held = false;

  constructor(socket: Socket, accept: () => void) {
    this.#socket = socket;
    this.#accept = accept;
  }

  /** Answers the upgrade unless a fault took the connection. */
  proceed(): void {
    if (!this.#held && !this.#socket.destroyed) this.#accept();
  }

  reset(): void {
    this.#held = true;
    this.#socket.resetAndDestroy();
  }

  halfClose(): void {
    this.#held = true;
    this.#socket.on('data', () => {});
    this.#socket.end();
  }

  silenceWith(silence: Silence, forMs: number): void {
    this.#held = true;
    if (silence === 'blackhole') {
      this.#socket.on('data', () => {});
    } else if (forMs > 0) {
      const timer = setTimeout(() => {
        this.#held = false;
        this.proceed();
      }, forMs);
      this.#socket.on('close', () => clearTimeout(timer));
    }
  }
}
