/**
 * Passes on what a command writes: bytes as they come, in order, none added and none lost. It
 * promises to read no faster than our own reader reads, so that nothing piles up here; it must
 * never block the process, which has a link to hold, and never write once nobody reads.
 */
import { once } from 'node:events';
import { childProcess } from '../drivers/child-process.ts';
import type { ProcessDriver, ProcessEvents } from '../ports.ts';

type Name = 'stdout' | 'stderr';

export interface Ears {
  /** what it returns holds up the reading of that stream */
  output(stream: Name, chunk: Uint8Array): void | Promise<void>;
  line(stream: Name, text: string): void;
}

/** The real driver, with somebody who listens beside the runtime. */
export const passing =
  (ears: Ears): ProcessDriver =>
  (plan, events) => {
    const both: ProcessEvents & Pick<Ears, 'output'> = {
      spawned: (pid) => events.spawned(pid),
      failed: (error) => events.failed(error),
      exited: (exit) => events.exited(exit),
      empty: () => events.empty(),
      output: (stream, chunk) => ears.output(stream, chunk),
      line(stream, text) {
        events.line(stream, text);
        ears.line(stream, text);
      },
    };
    return childProcess(plan, both);
  };

/** Bytes for one stream of ours. */
export class Outlet {
  readonly #to: NodeJS.WriteStream;
  #room: Promise<void> | undefined;

  constructor(to: NodeJS.WriteStream) {
    this.#to = to;
  }

  /** What it returns resolves when there is room again, or nobody reads any more. */
  pass(chunk: Uint8Array): void | Promise<void> {
    if (!this.#to.writable || this.#to.write(chunk)) return;
    this.#room ??= this.#drained();
    return this.#room;
  }

  async #drained(): Promise<void> {
    const first = new AbortController();
    const { signal } = first;
    const either = [once(this.#to, 'drain', { signal }), once(this.#to, 'close', { signal })];
    await Promise.race(either).catch(() => {});
    first.abort();
    await Promise.allSettled(either);
    this.#room = undefined;
  }
}
