/** The storms of frames.test.ts at length: more than 100,000 hostile frames against a session. */
import { describe, expect, it } from 'vitest';
import type { Dialect } from './frames.ts';
import { storm } from './storm.ts';

describe('a session does with hostile frames what its protocol names, and nothing else,', () => {
  const plans: [dialect: Dialect, frames: number][] = [
    ['plain', 10_000],
    ['jsonrpc', 25_000],
    ['openclaw', 70_000],
  ];
  it.each(plans)('%s: over at least %i frames', async (dialect, frames) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    await storm(dialect, frames);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
