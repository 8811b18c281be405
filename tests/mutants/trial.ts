/**
 * Runs the scenarios under the mutants that a file names, one mutant after another, each until
 * the first scenario that fails; a line of JSON for each. Who is named goes first, then who killed
 * most of a machine. It must never start before every scenario has passed without a mutant, and
 * never play one that it has not announced.
 */
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nodesOf } from '../../src/verify/edit.ts';
import { type Mutant, mutantsOf } from '../../src/verify/mutate.ts';
import { type Begun, linesOf, type Tried, type Wanted } from './attend.ts';
import { collect, type Scenario } from './collector.ts';
import { type Known, orderFor } from './order.ts';
import { put, restore, shippedMachines, visits } from './stand-in.ts';

const { HOLDFAST_TRIAL: home = '' } = process.env;

/** looks in a row, and the milliseconds between two, in which a scenario has nothing to wait for */
const idleLooks = 40;
const lookMs = 25;

const folder = new URL('../scenarios/', import.meta.url);
// one file is about other mutants, one about the files of a configuration, of which no machine
// knows, and one makes the same random walks that the checker makes whole
const others = ['mutants.test.ts', 'RL.test.ts', 'PR.test.ts'];
const files = readdirSync(folder).filter(
  (name) => name.endsWith('.test.ts') && !others.includes(name),
);

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

let turn = 0;

async function tried(mutant: Mutant, order: readonly (Known & Scenario)[]): Promise<Tried> {
  put(mutant.machine, mutant.build());
  try {
    for (const scenario of order) {
      turn += 1;
      const begun: Begun = { pid: process.pid, turn, mutant: mutant.id, scenario: scenario.title };
      writeFileSync(join(home, 'begun'), JSON.stringify(begun));
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
  const all: (Known & Scenario)[] = [];
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
  const transient = new Set<string>();
  for (const machine of shippedMachines()) {
    for (const { id, always } of nodesOf(machine.root)) {
      if (always !== undefined) transient.add(`${machine.id}/${id}`);
    }
  }
  const wanted = linesOf(join(home, 'wanted')).map((line): Wanted => JSON.parse(line));
  const known = new Map(
    shippedMachines()
      .flatMap(mutantsOf)
      .map((mutant) => [mutant.id, mutant]),
  );
  for (const { mutant: id, first } of wanted) {
    const mutant = known.get(id);
    if (mutant === undefined) throw new RangeError(`no mutant ${id}`);
    const verdict = await tried(mutant, orderFor(mutant, all, transient, first));
    appendFileSync(join(home, 'verdicts'), `${JSON.stringify(verdict)}\n`);
  }
});
