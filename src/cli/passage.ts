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

/** Resolves when there is room again; at once when there is, or nobody reads any more. */
export function passOn(to: NodeJS.WriteStream, chunk: Uint8Array): void | Promise<void> {
  if (!to.writable || to.write(chunk)) return;
  const gone = new AbortController();
  const { signal } = gone;
  return Promise.race([once(to, 'drain', { signal }), once(to, 'close', { signal })]).then(
    () => gone.abort(),
    () => gone.abort(),
  );
}
