/**
 * A search near a change: it begins where the change is first felt, by the shortest way, and finds
 * nothing that the changed machine cannot come to.
 */
import { expect, it } from 'vitest';
import { type AnyStateMachine, createMachine } from 'xstate';
import { alone } from '../../src/verify/alone.ts';
import { isSameRow } from '../../src/verify/equal.ts';
import { explore } from '../../src/verify/explore.ts';
import { mutantsOf } from '../../src/verify/mutate.ts';
import { Survey, searchNearby } from '../../src/verify/nearby.ts';
import { Stepper } from '../../src/verify/step.ts';
import type { ExploreOptions } from '../../src/verify/world.ts';

const top = 40;

/** A tower of many floors; nobody may come to its roof. */
const tower = createMachine({
  id: 'tower',
  initial: 'floor0',
  states: {
    ...Object.fromEntries(
      Array.from({ length: top }, (_, i) => [
        `floor${i}`,
        { on: { up: `floor${Math.min(i + 1, top - 1)}`, down: 'floor0' } },
      ]),
    ),
    roof: { on: { up: 'roof' } },
  },
});

const options: ExploreOptions = {
  delivery: 'async',
  inFlight: 1,
  promises: {
    always: { 'no-roof': (view) => (view.at('tower')?.matches('roof') ? 'the roof' : undefined) },
  },
};

const world = alone(tower);
const base = new Stepper(world);
const survey = new Survey(world, options, base);
const rows = base.memo.rows(base.roleId('tower'));

function near(machine: AnyStateMachine, ...changes: AnyStateMachine[]) {
  const own = alone(machine, { user: world.user });
  const differing = [machine, ...changes].flatMap((one) => {
    const tables = new Stepper(alone(one, { user: world.user }), base, 'tower');
    return rows.filter((row) => !isSameRow(tables, row, true));
  });
  const tables = new Stepper(own, base, 'tower');
  const found = searchNearby(own, options, tables, survey.seeds(differing));
  return { found, differing, whole: explore(own, options) };
}

const mutant = (id: string): AnyStateMachine => {
  const found = mutantsOf(tower).find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`no mutant ${id}`);
  return found.build();
};

it('finds what a whole search finds, as short, and without the way there', () => {
  const { found, differing, whole } = near(mutant(`tower.floor${top - 1}/up/sibling`));
  expect(differing).toHaveLength(1);
  expect(found.violation?.guarantee).toBe('no-roof');
  expect(found.violation?.trace.map(({ what }) => what)).toEqual(
    whole.violation?.trace.map(({ what }) => what),
  );
  expect(found.edges).toBeLessThan(whole.edges / 10);
});

it('never comes where the changed machine does not', () => {
  const step = mutant(`tower.floor${top - 1}/up/sibling`);
  const { found, differing, whole } = near(mutant('tower.floor3/up/stays'), step);
  expect(differing).toHaveLength(2);
  expect(whole.violation).toBeUndefined();
  expect(found.violation).toBeUndefined();
  expect(found.states).toBeLessThanOrEqual(whole.states);
});
