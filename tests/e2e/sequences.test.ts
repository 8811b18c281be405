/**
 * Random sequences of commands, a few of them; `npm run verify:full` makes a thousand. And a driver
 * that says too early that a process is gone: whoever watches must notice.
 */
import { describe, expect, it } from 'vitest';
import { childProcess } from '../../src/drivers/child-process.ts';
import type { ProcessDriver } from '../../src/ports.ts';
import { keepHouse } from './house.ts';
import { play, replayed, report } from './sequences.ts';

keepHouse();

/** Tells of an end that comes a moment later, and lets go as late. */
const hasty: ProcessDriver = (plan, events) => {
  let over = false;
  const held =
    <A extends unknown[]>(tell: (...args: A) => void) =>
    (...args: A) => {
      if (!over) tell(...args);
    };
  const { spawned, failed, line, exited, empty } = events;
  const handle = childProcess(plan, {
    ...{ spawned: held(spawned), failed: held(failed), line: held(line) },
    ...{ exited: held(exited), empty: held(empty) },
  });
  const pretend = () => {
    setImmediate(() => {
      if (over) return;
      over = true;
      exited({ code: 0, signal: null });
      empty();
    });
  };
  const late = () => setTimeout(() => handle.release(), 40);
  return { terminate: pretend, kill: pretend, release: late };
};

describe('any sequence of commands', () => {
  it('never has two processes, settles every verb, and leaves nothing', async () => {
    const tally = await play({ runs: 30, ...replayed(1) });
    expect(tally.aliveMax, report(tally)).toBe(1);
    expect(tally.spawns).toBeGreaterThan(30);
  });

  it('is seen through when a driver says too early that a process is gone', async () => {
    const error = await play({ runs: 40, driver: hasty }).catch(String);
    expect(error).toMatch(/beside \d+|service processes after|lives before a spawn|is left/);
  });
});
