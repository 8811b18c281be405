/**
 * The bug museum leaves out no bug and cites nothing that is not there: every scenario, mutant,
 * promise, move, path and title of it is looked up. It must never pass because a row was lost.
 */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
import { type Exhibit, type Keeper, promised, tested } from '../../src/cli/exhibit.ts';
import { type Hazard, hazards } from '../../src/cli/hazards.ts';
import { museum, museumCounts } from '../../src/cli/museum.ts';
import type { World } from '../../src/verify/index.ts';
import { at, promises, read } from '../proof.ts';
import { ids as scenarios } from '../scenarios/ids.ts';
import type { Mutant } from '../scenarios/mutants.ts';

const exhibits = museum.flatMap((section) => section.exhibits);

/** The features that came with a hazard which is kept from happening, by letter. */
const hazardous: Readonly<Record<string, string>> = {
  A: '11 17',
  B: '15',
  ST: '3 6 7 8 9 10 12',
  D: '4 5 8 11 13 14 15',
  E: '3 4',
  G: '4 5 6 12 15',
  H: '2 3 6 7 8',
  I: '2 4 5',
  J: '3 4 6 8',
  K: '4 5 6 8 9 12 13 14',
  L: '3 4 5 7 11',
  M: '4 6',
  N: '13',
  P: '3 6',
};

/** How many bugs each section of the collection has, and how its ids are written. */
const sections: readonly [letter: string, count: number, digits: number][] = [
  ['A', 25, 2],
  ['B', 31, 2],
  ['C', 29, 2],
  ['D', 10, 2],
  ['E', 12, 2],
  ['F', 9, 2],
  ['G', 33, 2],
  ['H', 10, 2],
  ['N', 10, 1],
];

const folder = at('tests/scenarios/');
const files = readdirSync(folder).filter((file) => file.endsWith('.mutants.ts'));
const loaded = await Promise.all(
  files.map((file): Promise<{ mutants: readonly Mutant[] }> => import(new URL(file, folder).href)),
);
const mutated = new Set(loaded.flatMap(({ mutants }) => mutants.flatMap(({ ids }) => ids)));

const worlds: readonly World[] = [linkAlone, serviceAlone, both];
const roles = worlds.flatMap((world) => world.roles);
const commands = worlds.flatMap(({ user }) => user.map(({ event }) => event.type));
const timers = roles.flatMap((role) =>
  'machine' in role ? Object.keys(role.machine.implementations.delays) : [],
);
const reports = roles.flatMap((role) => {
  if (!('leaf' in role)) return [];
  return Object.entries(role.leaf.emits).flatMap(([state, emissions]) =>
    emissions.map(({ report }) => `${role.name} ${state} → ${report.type}`),
  );
});
const moves = new Set([
  ...commands.map((command) => `user ${command}`),
  ...timers.map((timer) => `timer ${timer}`),
  ...reports,
]);

/** What is wrong with a keeper; nothing when whatever it cites is there. */
function faults(keeper: Keeper): string[] {
  if (typeof keeper === 'string') {
    if (!scenarios.includes(keeper)) return [`${keeper} is no scenario`];
    return mutated.has(keeper) ? [] : [`${keeper} has no mutant`];
  }
  if ('promise' in keeper) {
    const unknown = keeper.moves.filter((move) => !moves.has(move));
    return [
      ...(promises.includes(keeper.promise) ? [] : [`${keeper.promise} is no promise`]),
      ...(keeper.moves.length === 0 ? [`${keeper.promise} without a move`] : []),
      ...unknown.map((move) => `no world knows "${move}"`),
    ];
  }
  const { path, title } = keeper;
  if (!path.startsWith('tests/') || !existsSync(at(path))) return [`${path} is not there`];
  return titles(path).some((line) => title !== '' && line.includes(title))
    ? []
    : [`${path} has no test "${title}"`];
}

/** The lines of a file that may hold a title: those with a text. */
const titles = (path: string): string[] =>
  read(path)
    .split('\n')
    .filter((line) => /['`"]/.test(line) && !/^\s*(\*|\/)/.test(line));

/** What is wrong with a row: it is kept by something, or says why not. */
function flaws({ id, bug, kept, out, open }: Exhibit): string[] {
  const cited = kept.flatMap(faults);
  const bare = kept.length === 0 && out === undefined && open === undefined;
  return [
    ...cited,
    ...(bare ? ['nothing keeps it, and nothing says why'] : []),
    ...(out !== undefined && kept.length > 0 ? ['is out of scope, and kept all the same'] : []),
    ...(bug === '' || out === '' || open === '' ? ['says nothing'] : []),
    ...(/[|\n]/.test([bug, out, open].join('')) ? ['does not fit into a table'] : []),
  ].map((flaw) => `${id}: ${flaw}`);
}

describe('the museum', () => {
  it('has every bug of the collection, once and in order', () => {
    const all = sections.flatMap(([letter, count, digits]) =>
      Array.from({ length: count }, (_, n) => `${letter}${`${n + 1}`.padStart(digits, '0')}`),
    );
    expect(exhibits.map(({ id }) => id)).toEqual(all);
    expect(museum.map(({ title }) => title[0])).toEqual(sections.map(([letter]) => letter));
  });

  it('tells no bug in the words of another', () => {
    const bugs = exhibits.map(({ bug }) => bug);
    expect(bugs.filter((bug, n) => bugs.indexOf(bug) !== n)).toEqual([]);
  });

  it('cites only what is there, and keeps each bug or says why not', () => {
    expect(exhibits.flatMap(flaws)).toEqual([]);
  });

  it('counts what is kept, what is open and what is out', () => {
    const { all, kept, out, open } = museumCounts();
    expect(all).toBe(169);
    expect(kept + out + open).toBe(all);
    expect(exhibits.filter((one) => one.open === undefined && one.kept.length > 0).length).toBe(
      kept,
    );
  });

  it('cites every scenario that was written for it', () => {
    const cited = new Set(exhibits.flatMap((one) => one.kept));
    const own = scenarios.filter((id) => id.startsWith('MU-'));
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter((id) => !cited.has(id))).toEqual([]);
  });
});

/** What is wrong with a hazard: a scenario stands for it, whose mutant is the wrong line. */
function risks({ id, hazard, instead, kept }: Hazard): string[] {
  const texts = [hazard, instead];
  return [
    ...kept.flatMap(faults),
    ...(kept.some((keeper) => typeof keeper === 'string') ? [] : ['no scenario shows it']),
    ...(texts.includes('') ? ['says nothing'] : []),
    ...(/[|\n]/.test(texts.join('')) ? ['does not fit into a table'] : []),
  ].map((risk) => `${id}: ${risk}`);
}

describe('the hazards', () => {
  it('are all there, once and in order, each in its own words', () => {
    const all = Object.entries(hazardous).flatMap(([letter, numbers]) =>
      numbers.split(' ').map((number) => `${letter}${number}`),
    );
    expect(hazards.map(({ id }) => id)).toEqual(all);
    for (const texts of [hazards.map(({ hazard }) => hazard), hazards.map((one) => one.instead)]) {
      expect(texts.filter((text, n) => texts.indexOf(text) !== n)).toEqual([]);
    }
  });

  it('have each a scenario that shows it, with a wrong line', () => {
    expect(hazards.flatMap(risks)).toEqual([]);
  });

  it('have every scenario that was written for them', () => {
    const cited = new Set(hazards.flatMap(({ kept }) => kept));
    const own = scenarios.filter((id) => id.startsWith('HZ-'));
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter((id) => !cited.has(id))).toEqual([]);
  });

  it.each<[what: string, row: Partial<Hazard>, risk: string]>([
    ['no scenario', { kept: [promised('one-socket', 'user stop')] }, 'no scenario shows it'],
    ['nothing at all', { kept: [] }, 'no scenario shows it'],
    ['an unknown scenario', { kept: [['ZZ', 99].join('-')] }, 'is no scenario'],
    ['no words', { instead: '' }, 'says nothing'],
    ['words that break the table', { hazard: 'a | b' }, 'does not fit'],
  ])('that cite %s are found', (_what, more, risk) => {
    const row: Hazard = { id: 'Z1', hazard: 'a', instead: 'b', kept: ['GS-01'], ...more };
    expect(risks(row).join()).toContain(risk);
  });
});

describe('the look-up', () => {
  const of = (...kept: Keeper[]): Exhibit => ({ id: 'Z1', bug: 'a bug', kept });
  const known = 'tests/scenarios/MU.test.ts';

  it.each<[what: string, row: Exhibit, flaw: string]>([
    ['a scenario that nobody wrote', of(['ZZ', 99].join('-')), 'is no scenario'],
    ['a promise that nobody made', of(promised('all-is-well', 'user stop')), 'is no promise'],
    ['a promise without a move', of(promised('one-socket')), 'without a move'],
    ['an unknown command', of(promised('one-socket', 'user explode')), 'no world knows'],
    ['an unknown timer', of(promised('one-socket', 'timer never')), 'no world knows'],
    ['a report in another state', of(promised('one-socket', 'os empty → os.exited')), 'no world'],
    ['a path that is not there', of(tested('tests/none.test.ts', 'a title')), 'is not there'],
    ['a path outside of the tests', of(tested('src/cli/main.ts', 'holdfast')), 'is not there'],
    ['words that no test has', of(tested(known, 'that was never written')), 'has no test'],
    ['no words', of(tested(known, '')), 'has no test'],
    ['the words of a comment', of(tested(known, 'Bugs of others that no other')), 'has no test'],
    ['a row that is not kept', of(), 'nothing keeps it'],
    ['a reason without words', { ...of(), open: '' }, 'says nothing'],
    ['a row that is both out and kept', { ...of('MU-01'), out: 'not ours' }, 'all the same'],
    ['a text that breaks its table', { ...of('MU-01'), bug: 'a | b' }, 'does not fit'],
  ])('finds %s', (_what, row, flaw) => {
    expect(flaws(row).join()).toContain(flaw);
  });

  it('is content with each kind of keeper', () => {
    const words = tested(known, 'MU-01: that throws at a loss');
    expect(flaws(of('MU-01', promised('one-socket', 'user stop', 'timer kill'), words))).toEqual(
      [],
    );
  });
});
