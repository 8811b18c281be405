/**
 * The promises that the bug museum cites bite: each bug is put into a machine, and the search
 * finds it by that promise, in a world where nothing goes wrong but the moves that the museum
 * names. A promise must never be cited for a bug that it does not see.
 */
import { describe, expect, it } from 'vitest';
import { type Guarantee, guarantees } from '../../machines/guarantees.ts';
import type { Promised } from '../../src/cli/exhibit.ts';
import { museum } from '../../src/cli/museum.ts';
import { explore, formatTrace, type World } from '../../src/verify/index.ts';
import { wrongs } from './wrong.ts';

const checks = (kind: Guarantee['kind'], promise: string) =>
  Object.fromEntries(
    guarantees
      .filter((one) => one.kind === kind && one.id === promise)
      .map(({ id, check }) => [id, check]),
  );
/** That promise alone: another one may see the same bug a step earlier. */
const only = (promise: string) => ({
  always: checks('always', promise),
  atRest: checks('atRest', promise),
});

const cited = museum.flatMap(({ exhibits }) =>
  exhibits.flatMap(({ id, kept }) =>
    kept.flatMap((one) =>
      typeof one !== 'string' && 'promise' in one ? [{ id, promised: one }] : [],
    ),
  ),
);

/** The user starts and does what is named; nothing else goes wrong than what is named. */
function provoking({ moves }: Promised, world: World): World {
  const isNamed = (move: string) => moves.includes(move);
  const user = world.user.filter(
    ({ event: { type } }) => type === 'start' || isNamed(`user ${type}`),
  );
  const roles = world.roles.map((role) => {
    if (!('leaf' in role)) return role;
    const emits = Object.entries(role.leaf.emits).map(([state, emissions]) => [
      state,
      emissions.filter(
        ({ fault, report }) => !fault || isNamed(`${role.name} ${state} → ${report.type}`),
      ),
    ]);
    return { ...role, leaf: { ...role.leaf, emits: Object.fromEntries(emits) } };
  });
  return { ...world, user, roles };
}

const cases = wrongs.flatMap((wrong) =>
  wrong.bugs.map((bug) => ({
    ...wrong,
    bug,
    promised: cited.find(({ id, promised }) => id === bug && promised.promise === wrong.promise)
      ?.promised,
  })),
);

describe('a machine with a bug of the museum', () => {
  it.each(cases)('$bug: $what, and breaks $promise', ({ world, promised, promise, inFlight }) => {
    if (promised === undefined) throw new Error('the museum does not cite that promise for it');
    // each is found within a few thousand states; a miss shall not search the whole world
    const bounds = { delivery: 'async', inFlight, maxStates: 20_000 } as const;
    const options = { ...bounds, promises: only(promise) };
    const { violation } = explore(provoking(promised, world), options);
    expect(violation?.guarantee, violation && formatTrace(violation)).toBe(promise);
  });
});

describe('the museum', () => {
  it('cites no promise that was not seen to break for that bug', () => {
    const seen = new Set(cases.map(({ bug, promise }) => `${bug} ${promise}`));
    const unseen = cited.map(({ id, promised }) => `${id} ${promised.promise}`);
    expect(unseen.filter((one) => !seen.has(one))).toEqual([]);
  });
});
