/**
 * Hostile conversations by the thousand, each with a fresh session: as many as it takes for so many
 * frames. It must never count a storm in which no session got anywhere, for then nothing was tried.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Protocol } from '../../src/ports.ts';
import type { Dialect } from './frames.ts';
import { conversation, make, play, tally } from './play.ts';

/** Fewest frames of a conversation, on average. */
const framesARun = 10;

export const holds = (dialect: Dialect, protocol?: (variant: number) => Protocol) =>
  fc.asyncProperty(conversation(dialect), fc.nat(2), async (one, variant) => {
    const breaches = await play(dialect, one, (protocol ?? ((n) => make(dialect, n)))(variant));
    if (breaches.length > 0) throw new Error(breaches.join('\n'));
  });

/** Fails with the shortest conversation found in which a session does what its protocol forbids. */
export async function storm(dialect: Dialect, frames: number): Promise<void> {
  const before = { ...tally };
  const numRuns = Math.ceil(frames / framesARun);
  await fc.assert(holds(dialect), { numRuns });
  await new Promise(setImmediate);
  expect(tally.frames - before.frames).toBeGreaterThanOrEqual(frames);
  // the peer is hostile, and yet the conversations get somewhere
  expect(tally.accepted - before.accepted).toBeGreaterThan(numRuns / 10);
  if (dialect === 'openclaw') expect(tally.refused - before.refused).toBeGreaterThan(numRuns / 15);
}
