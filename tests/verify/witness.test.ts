/** What a witness explains by an automaton, what it refuses, and what it does not look at. */

import { describe, expect, it } from 'vitest';
import { assign, createActor, fromCallback, setup } from 'xstate';
import { type Leaf, type World, witness } from '../../src/verify/index.ts';

const door: Leaf = {
  initial: 'shut',
  emits: {
    shut: [{ report: { type: 'door.opened', forMs: 5 }, next: 'open' }],
    open: [
      { report: { type: 'door.closed', why: 'wind', afterMs: 0 }, next: 'shut' },
      { report: { type: 'door.closed', why: 'wind', afterMs: 5 }, next: 'shut' },
    ],
    locked: [
      { report: { type: 'door.closed', why: 'lock', afterMs: 0 }, next: 'shut', unread: ['why'] },
    ],
  },
  receives: { shut: { 'door.lock': 'locked' }, open: { 'door.lock': 'locked' } },
};

type Said = { type: string; [field: string]: unknown };

/** A house whose door says what it is told to, each before the command of the same place. */
function witnessed(...past: (Said | string)[]) {
  const machine = setup({
    actors: {
      door: fromCallback<{ type: string; say?: Said }>(({ sendBack, receive }) => {
        receive((event) => {
          if ('say' in event) sendBack({ type: 'from.door', gen: 1, report: event.say });
        });
      }),
    },
  }).createMachine({
    context: { heard: 0 },
    invoke: { id: 'door', src: 'door' },
    on: { 'from.door': { actions: assign({ heard: ({ context }) => context.heard + 1 }) } },
  });
  const world: World = {
    roles: [
      { name: 'house', machine },
      { name: 'door', leaf: door },
    ],
    root: 'house',
    user: [],
  };
  const watching = witness(world);
  const house = createActor(machine, { inspect: watching.inspect }).start();
  const { door: actor } = house.getSnapshot().children;
  for (const one of past) {
    if (typeof one === 'string') actor?.send({ type: one });
    else actor?.send({ type: 'xstate.test', say: one });
  }
  expect(house.getSnapshot().context.heard).toBe(
    past.filter((one) => typeof one !== 'string').length,
  );
  return watching;
}

const opened = { type: 'door.opened', forMs: 7 };
const closed = (why: string, afterMs: number) => ({ type: 'door.closed', why, afterMs });

describe('a witness', () => {
  it('explains what the automaton allows, and counts reports and commands', () => {
    const { events, refused } = witnessed(opened, closed('wind', 0), opened, 'door.lock');
    expect({ events, refused }).toEqual({ events: 4, refused: [] });
  });

  it('refuses a report that no state of the automaton makes, and names what was before', () => {
    const { refused } = witnessed(opened, closed('thief', 0));
    expect(refused).toEqual([
      'door reported door.closed {"why":"thief","afterMs":0} in open, ' +
        'after door.opened {"forMs":7}',
    ]);
  });

  it('takes a number for 0 or not, where the automaton tells them apart, and any otherwise', () => {
    expect(witnessed({ type: 'door.opened', forMs: 0 }, closed('wind', 99)).refused).toEqual([]);
    const locked = witnessed('door.lock', closed('lock', 5), opened, closed('wind', 0));
    expect(locked.refused).toEqual([]);
  });

  it('lets a report cross a command, and not the other way round', () => {
    expect(witnessed('door.lock', opened).refused).toEqual([]);
    expect(witnessed(opened, 'door.lock', closed('wind', 1)).refused).toEqual([]);
    const late = witnessed('door.lock', closed('lock', 0), opened, closed('lock', 0));
    expect(late.refused).toHaveLength(1);
  });

  it('reads over the fields that nobody reads', () => {
    expect(witnessed('door.lock', closed('key', 0)).refused).toEqual([]);
    expect(witnessed('door.lock', { type: 'door.closed', afterMs: 0 }).refused).toHaveLength(1);
  });

  it('looks at no actor that the world does not know as a leaf', () => {
    expect(witnessed().events).toBe(0);
  });
});
