/** A second opinion: SPIN searches the same tables by itself, and must come to the same numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkAlone, serviceAlone } from '../../machines/world.ts';
import { explore, type World } from '../../src/verify/index.ts';
import { promela } from '../../src/verify/promela.ts';
import { type Tables, tabulate } from '../../src/verify/tables.ts';
import { type Bugs, deskWorld } from './machines.ts';
import { opinion } from './spin.ts';
import { plan, systemOf } from './systems.ts';

async function tablesOf(world: World, inFlight: number): Promise<Tables> {
  const tables = await tabulate(world, { inFlight });
  if ('why' in tables) throw new Error(tables.message);
  return tables;
}

const explored = (world: World, inFlight: number) =>
  explore(world, { delivery: 'async', inFlight, dropDead: true });

describe('SPIN and the explorer find the same states and the same moves', () => {
  it.each<[what: string, world: World, inFlight: number]>([
    ['a desk, two messages in flight', deskWorld(), 2],
    ['a desk, four messages in flight', deskWorld(), 4],
    ['a link alone, one message in flight', linkAlone, 1],
    ['a link alone, two messages in flight', linkAlone, 2],
    ['a service alone, one message in flight', serviceAlone, 1],
  ])('in %s', async (what, world, inFlight) => {
    const { states, edges, cut, overflow, violation } = explored(world, inFlight);
    const second = opinion(promela([await tablesOf(world, inFlight)]));
    console.info(`${what}: ${states} states, ${edges} moves; SPIN: ${JSON.stringify(second)}`);
    expect({ cut, overflow, violation }).toEqual({ cut: 0, overflow: 0, violation: undefined });
    expect(second).toEqual({ states, edges, perWorld: [], broken: undefined });
  });

  it('in each of 100 systems drawn at random', async () => {
    const seed = 20;
    const inFlight = 2;
    const systems = fc.sample(plan, { numRuns: 100, seed }).map(systemOf);
    const ours = systems.map((system) => explored(system, inFlight));
    const all: Tables[] = [];
    for (const system of systems) all.push(await tablesOf(system, inFlight));
    const second = opinion(promela(all, { announce: true }), all.length);
    const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
    console.info(`seed ${seed}: ${second.perWorld.join(' ')}; ${second.edges} moves`);
    expect(ours.filter(({ violation, overflow }) => violation || overflow > 0)).toEqual([]);
    expect(second.perWorld).toEqual(ours.map(({ states }) => states));
    expect(second.edges).toBe(sum(ours.map(({ edges }) => edges)));
  });
});

describe('SPIN and the explorer come to the same verdict', () => {
  it.each<[rule: string, bugs: Bugs]>([
    ['one-instance', { childLeaked: true }],
    ['timer-discipline', { timerDoubled: true }],
    ['missing-child', { childMissing: true }],
    ['never-final', { finalChild: true }],
  ])('when %s is broken', async (rule, bugs) => {
    const world = deskWorld(bugs);
    expect(explored(world, 2).violation?.guarantee).toBe(rule);
    expect(opinion(promela([await tablesOf(world, 2)])).broken).toBe(rule);
  });
});

describe('the comparison', () => {
  it('notices one table entry that is not what the machines do', async () => {
    const tables = await tablesOf(deskWorld(), 2);
    const steps = tables.steps.map((step, i) =>
      i === tables.first || step.effects.length === 0 ? step : { ...step, effects: [] },
    );
    const second = opinion(promela([{ ...tables, steps }]));
    expect(second.states).not.toBe(tables.states);
  });
});
