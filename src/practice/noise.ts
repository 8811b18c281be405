/**
 * What a child may do to whoever reads its output. It promises that a reader who left (EPIPE) is
 * survived in silence, and that a flood waits for a slow reader; it must never hold more than one
 * chunk of what it has still to write.
 */

import { once } from 'node:events';

export type StreamName = 'stdout' | 'stderr';

const chunkBytes = 64 * 1024;

/** A parent that died must not take this process with it: the orphan is part of the exercise. */
export function surviveClosedOutput(): void {
  for (const name of ['stdout', 'stderr'] as const) process[name].on('error', () => {});
}

export function writeLine(stream: StreamName, line: string): void {
  process[stream].write(`${line}\n`);
}

/** Writes `bytes` in lines of `lineBytes`, the newline counted; 0 makes a single line of all. */
export async function flood(stream: StreamName, bytes: number, lineBytes: number): Promise<void> {
  const out = process[stream];
  const every = lineBytes === 0 ? chunkBytes : lineBytes;
  const line = `${'.'.repeat(Math.max(0, every - 1))}${lineBytes === 0 ? '.' : '\n'}`;
  const chunk = line.repeat(Math.max(1, Math.floor(chunkBytes / every)));
  for (let left = bytes; left > 0 && out.writable; left -= chunk.length) {
    const room = out.write(left <= chunk.length ? `${chunk.slice(0, left - 1)}\n` : chunk);
    if (!room) await Promise.race([once(out, 'drain'), once(out, 'close')]).catch(() => {});
  }
}

/** One line whose é arrives in two writes: half a character each. */
export function splitCharacter(stream: StreamName, gapMs: number): void {
  const bytes = Buffer.from('half a café\n');
  const middle = bytes.indexOf(0xc3) + 1;
  process[stream].write(bytes.subarray(0, middle));
  setTimeout(() => process[stream].write(bytes.subarray(middle)), gapMs);
}
