/** The shipped guarantees in the form that the checker takes, for the proofs of this folder. */
import { expect } from 'vitest';
import { goals, guarantees, steps } from '../../machines/guarantees.ts';
import {
  type ExploreOptions,
  explore,
  formatResult,
  formatTrace,
  type Promises,
  type World,
} from '../../src/verify/index.ts';

const checks = (kind: 'always' | 'atRest') =>
  Object.fromEntries(
    guarantees.filter((one) => one.kind === kind).map(({ id, check }) => [id, check]),
  );

export const promises: Promises = {
  always: checks('always'),
  atRest: checks('atRest'),
  goals: Object.fromEntries(goals.map(({ id, from, holds, by }) => [id, { from, holds, by }])),
  steps: Object.fromEntries(steps.map(({ id, role, check }) => [id, { role, check }])),
};

/** Explores, prints what was covered under which bounds, and shows the shortest trace if broken. */
export function prove(
  world: World & { counters: object },
  options: Omit<ExploreOptions, 'promises'>,
) {
  const result = explore(world, { ...options, promises });
  const summary = `${formatResult(result)}; counters ${JSON.stringify(world.counters)}`;
  console.info(summary);
  expect(result.violation === undefined ? '' : formatTrace(result.violation), summary).toBe('');
  expect(result.cut, summary).toBe(0);
  expect(result.overflow, summary).toBe(0);
}
