/**
 * The clock that tests move by hand: it promises order among timers and quiet between them. It
 * must never need real time to pass.
 */

import { describe, expect, it } from 'vitest';
import { FakeClock, turns } from './clock.ts';

const start = () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  const note = (word: string) => () => seen.push(`${word} at ${clock.now()}`);
  return { clock, seen, note };
};

describe('the fake clock', () => {
  it('fires in the order of what is due, and of arming when that is the same', async () => {
    const { clock, seen, note } = start();
    clock.setTimeout(note('late'), 30);
    clock.setTimeout(note('first'), 10);
    clock.setTimeout(note('second'), 10);
    clock.setTimeout(note('beyond'), 31);
    await clock.pass(30);
    expect(seen).toEqual(['first at 10', 'second at 10', 'late at 30']);
    expect([clock.now(), clock.wallNow(), clock.armed]).toEqual([30, 1_700_000_000_030, 1]);
    expect(clock.nextDue()).toBe(31);
  });

  it('never fires what was cleared, nor from inside the call that arms it', async () => {
    const { clock, seen, note } = start();
    const id = clock.setTimeout(note('cleared'), 10);
    clock.setTimeout(() => clock.clearTimeout(id), 10 - 1);
    clock.setTimeout(note('at once'), 0);
    expect(seen).toEqual([]);
    await clock.pass(20);
    clock.clearTimeout(id);
    expect(seen).toEqual(['at once at 0']);
    expect(clock.nextDue()).toBeUndefined();
  });

  it('lets what follows from a timer happen before the next one fires', async () => {
    const { clock, seen, note } = start();
    clock.setTimeout(async () => {
      await turns(5);
      clock.setTimeout(note('follower'), 5);
      await turns(5);
      clock.setTimeout(note('follower of the follower'), 1);
    }, 10);
    clock.setTimeout(note('next'), 12);
    await clock.pass(20);
    expect(seen).toEqual(['follower of the follower at 11', 'next at 12', 'follower at 15']);
  });

  it('calls onStep in the quiet after each timer', async () => {
    const { clock, seen, note } = start();
    clock.onStep = note('step');
    clock.setTimeout(() => void turns(5).then(note('done')), 10);
    await clock.pass(20);
    expect(seen).toEqual(['step at 0', 'done at 10', 'step at 10', 'step at 20']);
  });

  it('settles without moving', async () => {
    const { clock, seen, note } = start();
    clock.setTimeout(note('due'), 1);
    void turns(6).then(note('settled'));
    await clock.settle();
    expect(seen).toEqual(['settled at 0']);
  });

  it('goes from timer to timer until it is so', async () => {
    const { clock, seen, note } = start();
    const again = () => {
      note('tick')();
      clock.setTimeout(again, 10);
    };
    again();
    await clock.until(() => seen.length === 3, 20);
    expect(clock.now()).toBe(20);
    await clock.until(() => seen.length === 3, 0);
  });

  it('says what it waited for and what is armed when it does not become so', async () => {
    const { clock } = start();
    const never = clock.until(() => clock.now() === 7, 100);
    await expect(never).rejects.toThrow('no timer is armed: () => clock.now() === 7');
    clock.setTimeout(() => {}, 50);
    clock.setTimeout(() => {}, 500);
    const soon = clock.until(() => false, 100);
    await expect(soon).rejects.toThrow(
      'still not so after 100 ms from 0 on, now 50 and timers are due at 500: () => false',
    );
  });
});
