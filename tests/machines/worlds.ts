/** The shipped guarantees in the form that the checker takes, for the proofs of this folder. */
import { expect } from 'vitest';
import { type Guarantee, goals, guarantees, steps } from '../../machines/guarantees.ts';
import {
  type ExploreOptions,
  explore,
  formatResult,
  formatTrace,
  type Promises,
  type World,
} from '../../src/verify/index.ts';

const checks = (all: readonly Guarantee[], kind: Guarantee['kind']) =>
  Object.fromEntries(all.filter((one) => one.kind === kind).map(({ id, check }) => [id, check]));

/** What holds in every world, and what is `promised` of one part beyond it. */
export const promisesWith = (promised: readonly Guarantee[]): Promises => ({
  always: checks([...guarantees, ...promised], 'always'),
  atRest: checks([...guarantees, ...promised], 'atRest'),
  goals: Object.fromEntries(goals.map(({ id, from, holds, by }) => [id, { from, holds, by }])),
  steps: Object.fromEntries(steps.map(({ id, role, check }) => [id, { role, check }])),
});

export const promises: Promises = promisesWith([]);

/** Explores, prints what was covered under which bounds, and shows the shortest trace if broken. */
export function prove(
  world: World & { counters: object },
  options: Omit<ExploreOptions, 'promises'>,
  promised: readonly Guarantee[] = [],
) {
  const result = explore(world, { ...options, promises: promisesWith(promised) });
  const summary = `${formatResult(result)}; counters ${JSON.stringify(world.counters)}`;
  console.info(summary);
  expect(result.violation === undefined ? '' : formatTrace(result.violation), summary).toBe('');
  expect(result.cut, summary).toBe(0);
  expect(result.overflow, summary).toBe(0);
  return result.coverage;
}
