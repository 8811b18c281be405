/** A recording goes its way again on the machines that made it, and on no others. */
import { describe, expect, it } from 'vitest';
import { assign, createActor, createMachine, fromCallback, setup } from 'xstate';
import { heartbeat } from '../../machines/index.ts';
import { recordRun } from '../../src/cli/record-run.ts';
import { partOf, textOf } from '../../src/inspector/part.ts';
import { recorder } from '../../src/inspector/recorder.ts';
import { type Recording, readRecording } from '../../src/inspector/recording.ts';
import { replay } from '../../src/inspector/replay.ts';
import { shipped } from '../../src/inspector/shipped.ts';

const hours = async (seed: number): Promise<Recording> => {
  const { recording } = await recordRun({ seed, hours: 1, runs: 1 }, 0);
  return readRecording(recording.text());
};

/** A lock with a bolt that only the world moves, and a side effect. */
function door(delay: number) {
  const told: string[] = [];
  const machine = setup({
    types: { context: {} as { opened: number }, events: {} as { type: string; code?: number } },
    actors: {
      bolt: fromCallback(({ sendBack }) => {
        told.push('moved');
        sendBack({ type: 'bolted' });
      }),
    },
    actions: { ring: () => told.push('rung') },
    guards: { isRight: ({ event }) => event.code === 7 },
    delays: { closing: delay },
  }).createMachine({
    id: 'door',
    context: { opened: 0 },
    initial: 'shut',
    states: {
      shut: {
        invoke: { src: 'bolt', id: 'bolt' },
        on: {
          bolted: { actions: 'ring' },
          push: {
            guard: 'isRight',
            target: 'open',
            actions: assign({ opened: ({ context }) => context.opened + 1 }),
          },
        },
      },
      open: { after: { closing: 'shut' } },
    },
  });
  return { machine, told };
}

/** Opened, and shut by its timer, under a clock that is ours. */
function opened(allow: Parameters<typeof recorder>[0]) {
  const { machine, told } = door(500);
  const recording = recorder(allow);
  const timers: (() => void)[] = [];
  const clock = { setTimeout: (run: () => void) => timers.push(run), clearTimeout: () => {} };
  const actor = createActor(recording.watch(machine), { inspect: recording, clock }).start();
  actor.send({ type: 'push', code: 1 });
  actor.send({ type: 'push', code: 7 });
  timers.at(-1)?.();
  expect(actor.getSnapshot().value).toBe('shut');
  return { text: recording.text(), told };
}

const all = { allow: { door: { context: ['opened'], events: ['code'] } } };

describe('a recording of the runtime', () => {
  it.each([3, 5])('of seed %i goes the same way again, whole and in parts', async (seed) => {
    const recording = await hours(seed);
    const last = recording.entries.findLast(({ kind }) => kind === 'stopped')?.n ?? 0;
    const whole = replay(recording);
    expect(whole).toEqual({ entries: whole.entries, from: whole.from, to: last });
    expect(whole.entries).toBeGreaterThan(recording.entries.length * 0.8);
    let compared = 0;
    for (let from = 10; from < last; from += 397) {
      const part = partOf(recording, { from, to: Math.min(from + 120, last) });
      const { difference, entries } = replay(textOf(part));
      expect(difference).toBeUndefined();
      compared += entries;
    }
    expect(compared).toBeGreaterThan(150);
  });

  it('goes another way where a machine was changed, and says where', async () => {
    const recording = await hours(5);
    const longer = heartbeat.provide({ delays: { wait: 1 } });
    const others = shipped.filter((machine) => machine !== heartbeat);
    const { difference, entries } = replay(recording, [...others, longer]);
    expect(difference).toMatchObject({ again: expect.stringMatching(/heartbeat.*"ms":1\b/) });
    expect(entries).toBeGreaterThan(20);
  });

  it('is not judged where its machines were not given', async () => {
    const { unjudged } = replay(await hours(3), shipped.slice(0, 1));
    expect(unjudged).toBe('it has the machine supervisor, which was not given');
  });
});

describe('a recording of a machine of somebody else', () => {
  it('goes the same way again, and nothing of the host is run', () => {
    const { text } = opened(all);
    const { machine, told } = door(500);
    const { entries, difference, unjudged } = replay(text, [machine]);
    expect({ difference, unjudged }).toEqual({});
    expect(entries).toBeGreaterThan(8);
    expect(told).toEqual([]);
  });

  it('goes another way with another delay', () => {
    const { text } = opened(all);
    const { difference } = replay(text, [door(600).machine]);
    expect(difference).toMatchObject({
      recorded: expect.stringContaining('"ms":500'),
      again: expect.stringContaining('"ms":600'),
    });
  });

  it('is not judged where a field is hidden, and says what to do', () => {
    const { text } = opened({});
    expect(replay(text, [door(500).machine])).toEqual({
      ...{ entries: 0, from: 0, to: 0 },
      unjudged: 'the context of door is hidden in part: let it through (allow)',
    });
    const { text: half } = opened({ allow: { door: { context: ['opened'] } } });
    const { difference, unjudged } = replay(half, [door(500).machine]);
    expect(difference).toBeDefined();
    expect(unjudged).toBe('2 of the events before it hide something: let it through (allow)');
  });

  it('is not judged where a state of it is gone', () => {
    const { text } = opened(all);
    const other = createMachine({ id: 'door', initial: 'closed', states: { closed: {} } });
    expect(replay(text, [other])).toMatchObject({
      entries: 0,
      unjudged: expect.stringMatching(/^the machines cannot be put where it begins: .*shut/),
    });
  });

  it('is not judged on machines that are not its own', () => {
    const { text } = opened(all);
    expect(replay(text).unjudged).toBe('it has the machine door, which was not given');
  });
});
