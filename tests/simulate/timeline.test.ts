/** Time and order of a simulation, without a subject. */
import { describe, expect, it } from 'vitest';
import { Timeline } from '../../src/simulate/timeline.ts';

/** A timeline, and what happened on it with its moment. */
function begun() {
  const time = new Timeline();
  const heard: string[] = [];
  const say = (word: string) => () => void heard.push(`${time.now} ${word}`);
  const all = async (end: number) => {
    await time.settle();
    while (await time.step(end));
  };
  return { time, heard, say, all };
}

describe('a timeline', () => {
  it('fires timers and moments in the order of time, and stops at the end', async () => {
    const { time, heard, say, all } = begun();
    time.clock.setTimeout(say('timer'), 20);
    time.after(10, say('moment'));
    time.after(99, say('late'));
    await all(50);
    expect(heard).toEqual(['10 moment', '20 timer']);
    expect(time.now).toBe(50);
  });

  it('takes the hops of a lane in order, each after what the one before it caused', async () => {
    const { time, heard, say, all } = begun();
    const lane = time.lane('a');
    lane(() => {
      say('first')();
      void Promise.resolve().then(say('caused'));
    });
    lane(say('second'));
    await all(0);
    expect(heard).toEqual(['0 first', '0 caused', '0 second']);
  });

  it('keeps the order of each lane, and of nothing else, when it is scrambled', async () => {
    const { time, heard, say, all } = begun();
    time.scramble = (lanes) => lanes - 1;
    for (const lane of ['a', 'b']) for (const n of [1, 2]) time.lane(lane)(say(`${lane}${n}`));
    await all(0);
    expect(heard).toEqual(['0 b1', '0 b2', '0 a1', '0 a2']);
  });

  it('lets a hop take its time, and none overtake it', async () => {
    const { time, heard, say, all } = begun();
    const lane = time.lane('call');
    time.latency = () => 40;
    lane(say('slow'));
    time.latency = () => 0;
    lane(say('next'));
    time.lane('other')(say('other'));
    await all(100);
    expect(heard).toEqual(['0 other', '40 slow', '40 next']);
  });

  it('reports a sleep before the first timer that is late, and only then', async () => {
    const { time, heard, say, all } = begun();
    time.onWake = say('woke');
    time.clock.setTimeout(say('timer'), 100);
    time.after(200, say('world'));
    time.stall(5_000);
    await all(6_000);
    time.clock.setTimeout(say('in time'), 100);
    time.stall(100);
    await all(7_000);
    expect(heard).toEqual(['200 world', '5000 woke', '5000 timer', '6100 in time']);
  });

  it('fires timers that are close to each other in one turn, before any hop', async () => {
    const { time, heard, say, all } = begun();
    time.bunchMs = 100;
    time.clock.setTimeout(() => time.lane('a')(say('hop')), 10);
    time.clock.setTimeout(say('second'), 90);
    time.clock.setTimeout(say('third'), 300);
    await all(1_000);
    expect(heard).toEqual(['110 second', '110 hop', '400 third']);
  });

  it('names the lane whose hops never end', async () => {
    const { time } = begun();
    const again = () => time.lane('round')(again);
    again();
    await expect(time.settle()).rejects.toThrow('hops without end through round');
  });
});
