/** The tables of a world, and the model that is written from them. */
import { describe, expect, it } from 'vitest';
import { linkAlone } from '../../machines/world.ts';
import { type Bounds, explore, type World } from '../../src/verify/index.ts';
import { promela } from '../../src/verify/promela.ts';
import { type Tables, tabulate } from '../../src/verify/tables.ts';
import { deskWorld } from './machines.ts';

async function tablesOf(world = deskWorld(), inFlight = 2): Promise<Tables> {
  const tables = await tabulate(world, { inFlight });
  if ('why' in tables) throw new Error(tables.message);
  return tables;
}

describe('the tables of a world', () => {
  it('are those of the states that the explorer finds when the dead are dropped', async () => {
    const { states, edges } = explore(deskWorld(), {
      delivery: 'async',
      inFlight: 2,
      dropDead: true,
    });
    expect(await tablesOf()).toMatchObject({ states, edges, inFlight: 2, longest: 2 });
  });

  it('hold what the dead have sent back, which a search otherwise delivers', () => {
    const options = { delivery: 'async', inFlight: 3 } as const;
    const kept = explore(deskWorld(), options);
    const dropped = explore(deskWorld(), { ...options, dropDead: true });
    expect(dropped.states).toBeLessThan(kept.states);
    expect([kept.bounds.dropDead, dropped.bounds.dropDead]).toEqual([undefined, 1]);
  });

  it.each<[why: string, words: string, world: World, bounds: Bounds, mayGoOn: boolean]>([
    ['cut', 'more are left', linkAlone, { inFlight: 1 }, false],
    ['overflow', 'did not fit', deskWorld(), { inFlight: 4, channel: 1 }, true],
    ['missed', "desk would react to 'line.", deskWorld({ staleAccepted: true }), {}, true],
  ])(
    'are refused when they would not be closed: %s',
    async (why, words, world, bounds, mayGoOn) => {
      const refused = await tabulate(world, { inFlight: 2, ...bounds }, () => mayGoOn);
      expect(refused).toMatchObject({ why, message: expect.stringContaining(words) });
    },
  );

  it('name the rule that a step breaks, and go on elsewhere', async () => {
    const { steps, states } = await tablesOf(deskWorld({ finalChild: true }));
    expect(steps.some(({ breaks }) => breaks === 'never-final')).toBe(true);
    expect(states).toBeGreaterThan(10);
    const unstarted = await tablesOf(deskWorld({ clockRead: true }));
    expect(unstarted.steps[unstarted.first]?.breaks).toBe('pure');
  });
});

describe('the model of a world', () => {
  it('is the same text for the same world, and says what SPIN must find', async () => {
    const first = promela([await tablesOf()]);
    expect(promela([await tablesOf()])).toBe(first);
    expect(first).toContain('"states, stored" is to be 35');
    expect(first).toContain('#define IN_FLIGHT 2');
    expect(first).toContain('who lives at the root, /line, /line/bell, /line/wire');
  });

  it('has one guard for each channel, timer, emission and command', async () => {
    const guards = async (inFlight: number): Promise<number | undefined> =>
      promela([await tablesOf(deskWorld(), inFlight)]).match(/-> move = \d+$/gm)?.length;
    // 3 up and 1 down, 3 timers, 2 emissions, 5 commands
    expect([await guards(1), await guards(3)]).toEqual([14, 14]);
  });

  it('keeps no list that SPIN cannot read', async () => {
    const desk = await tablesOf();
    const many = Array.from({ length: 80 }, () => desk);
    const model = promela(many, { announce: true });
    const lists = [...model.matchAll(/^hidden int (\w+)\[(\d+)\] = \{\n([\d,\s]*) \};$/gm)];
    const wrong = lists.filter(
      ([, , size, values = '']) =>
        Number(size) > 4_000 || values.split(',').length !== Number(size),
    );
    expect(wrong.map(([, name]) => name)).toEqual([]);
    expect(lists.map(([, name]) => name)).toEqual(
      expect.arrayContaining(['step_of_value_0', 'step_of_value_1']),
    );
    expect(model).toContain('world = 80; c_code { printf("world 80 from %.0f\\n", nstates); }');
  });

  it('limits a command that the world limits', async () => {
    const world = deskWorld();
    const once = { ...world, user: world.user.map((command) => ({ ...command, max: 1 })) };
    expect(promela([await tablesOf(once)])).toContain('|| used[4] < most(world * 5 + 4)');
    expect(promela([await tablesOf()])).not.toContain('used[4] <');
  });
});
