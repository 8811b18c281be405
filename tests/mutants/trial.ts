/**
 * Runs the scenarios under the mutants that a file names, one mutant after another, each until
 * the first scenario that fails; a line of JSON for each. Who killed most of a machine goes first.
 * It must never start before every scenario has passed without a mutant.
 */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { nodesOf } from '../../src/verify/edit.ts';
import { type Mutant, mutantsOf } from '../../src/verify/mutate.ts';
import { collect, type Scenario } from './collector.ts';
import { put, restore, shippedMachines, visits } from './stand-in.ts';

const { HOLDFAST_MUTANTS: wanted = '', HOLDFAST_VERDICTS: verdicts = '' } = process.env;

/** looks in a row, and the milliseconds between two, in which a scenario has nothing to wait for */
const idleLooks = 40;
const lookMs = 25;

const folder = new URL('../scenarios/', import.meta.url);
// one file is about other mutants, and one makes the same random walks that the checker makes whole
const others = ['mutants.test.ts', 'PR.test.ts'];
const files = readdirSync(folder).filter(
  (name) => name.endsWith('.test.ts') && !others.includes(name),
);

interface Known extends Scenario {
  /** without a mutant */
  ms: number;
  visits: ReadonlySet<string>;
  /** by machine */
  readonly kills: Map<string, number>;
}

/**
 * Resolves when the scenario can go on no more: its clock is a fake one, so nothing but an
 * immediate or a request of Node's can move it. However slow the machine is, this never cuts short.
 */
async function idle(isOver: () => boolean): Promise<string> {
  for (let looks = 0; looks < idleLooks && !isOver(); looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    if (process.getActiveResourcesInfo().some((one) => /Immediate|Req|Job/.test(one))) looks = 0;
  }
  return 'does not end';
}

/** Why a scenario fails, undefined when it passes. */
async function played(scenario: Scenario): Promise<string | undefined> {
  let over = false;
  try {
    return await Promise.race([scenario.run().then(() => undefined), idle(() => over)]);
  } catch (error) {
    const [line = 'fails'] = String(error instanceof Error ? error.message : error).split('\n');
    return line;
  } finally {
    over = true;
  }
}

const killsOf = ({ kills }: Known, machine: string): number =>
  10 * (kills.get(machine) ?? 0) + [...kills.values()].reduce((sum, one) => sum + one, 0);

/** States that are left in the very step in which they are entered. */
const transient = new Set<string>();

/** Whether a scenario comes to the place at all; what cannot be told may be. */
function comesTo({ visits: seen }: Known, { machine, state }: Mutant): boolean {
  if (state !== undefined && !transient.has(`${machine}/${state}`)) {
    return seen.has(`${machine}/${state}`);
  }
  return seen.has(`${machine}/${machine}`);
}

async function tried(mutant: Mutant, all: readonly Known[]) {
  const able = all.filter((scenario) => comesTo(scenario, mutant));
  const order = able.toSorted(
    (a, b) => killsOf(b, mutant.machine) - killsOf(a, mutant.machine) || a.ms - b.ms,
  );
  put(mutant.machine, mutant.build());
  try {
    for (const scenario of order) {
      const why = await played(scenario);
      if (why === undefined) continue;
      scenario.kills.set(mutant.machine, (scenario.kills.get(mutant.machine) ?? 0) + 1);
      return { mutant: mutant.id, by: scenario.title, why };
    }
    return { mutant: mutant.id };
  } finally {
    restore();
  }
}

it('every scenario passes as the machines ship, and each mutant has its turn', async () => {
  const all: Known[] = [];
  for (const file of files) {
    const scenarios = await collect(file, () => import(new URL(file, folder).pathname));
    const unplayed = { ms: 0, visits: new Set<string>() };
    all.push(...scenarios.map((one) => ({ ...one, ...unplayed, kills: new Map() })));
  }
  expect(all.length).toBeGreaterThan(0);
  for (const scenario of all) {
    const before = performance.now();
    scenario.visits = await visits(async () => {
      expect([scenario.title, await played(scenario)]).toEqual([scenario.title, undefined]);
    });
    scenario.ms = performance.now() - before;
  }
  for (const machine of shippedMachines()) {
    for (const { id, always } of nodesOf(machine.root)) {
      if (always !== undefined) transient.add(`${machine.id}/${id}`);
    }
  }
  const ids = new Set(readFileSync(wanted, 'utf8').split('\n').filter(Boolean));
  const mutants = shippedMachines()
    .flatMap(mutantsOf)
    .filter(({ id }) => ids.has(id));
  expect(mutants.length).toBe(ids.size);
  for (const mutant of mutants) {
    appendFileSync(verdicts, `${JSON.stringify(await tried(mutant, all))}\n`);
  }
});
