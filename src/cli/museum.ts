/**
 * The bug museum: the bugs of managers of flags and timers, and what keeps each of them from
 * happening here. Its page, docs/museum.md, is generated from these rows, and a test looks up
 * whatever they cite. A bug that nothing forbids must say so.
 */
import type { Exhibit, Keeper } from './exhibit.ts';
import { hazards } from './hazards.ts';
import { clients, managers } from './museum-links.ts';
import { heartbeats, processes, restarting } from './museum-processes.ts';
import { found, read, simulated, starts } from './museum-starts.ts';

export interface Section {
  title: string;
  exhibits: readonly Exhibit[];
}

export const museum: readonly Section[] = [
  { title: 'A. Clients of a WebSocket', exhibits: clients },
  { title: 'B. Connections, pairing and credentials', exhibits: managers },
  { title: 'C. Processes, ownership and quit', exhibits: processes },
  { title: 'D. One decision about heartbeats, in ten turns', exhibits: heartbeats },
  { title: 'E. Restart, reload and configuration', exhibits: restarting },
  { title: 'F. Start, readiness and requests', exhibits: starts },
  { title: 'G. Reproduced by running a manager against fakes', exhibits: simulated },
  { title: 'H. Seen by reading only', exhibits: read },
  { title: 'N. Found by running the manager that was replaced', exhibits: found },
];

const code = (word: string): string => `\`${word}\``;
const list = (words: readonly string[]): string => [...new Set(words)].map(code).join(', ');

const nameOf = (keeper: Keeper): string => {
  if (typeof keeper === 'string') return keeper;
  return 'promise' in keeper ? keeper.promise : keeper.path;
};

/** What shows that the keepers would notice: mutants, moves of a world, the words of a test. */
function shown(kept: readonly Keeper[]): string {
  const scenarios = kept.filter((keeper) => typeof keeper === 'string');
  const one = scenarios.length === 1 ? 'mutant' : 'mutants';
  const mutants = scenarios.length === 0 ? [] : [`the ${one} of ${list(scenarios)}`];
  const others = kept.flatMap((keeper) => {
    if (typeof keeper === 'string') return [];
    return 'promise' in keeper ? [keeper.moves.map(code).join(', ')] : [`“${keeper.title}”`];
  });
  return [...mutants, ...others].join('; ');
}

function row({ id, bug, kept, out, open }: Exhibit): string {
  if (out !== undefined) return `| ${id} | ${bug} | out of scope | ${out} |`;
  const missing = open === undefined ? [] : [`**open**: ${open}`];
  const keepers = list(kept.map(nameOf)) || '—';
  return `| ${id} | ${bug} | ${keepers} | ${[...missing, shown(kept)].join('; ')} |`;
}

/** The tables of docs/museum.md, one for each section. */
export const museumTables = (): string =>
  museum
    .map(({ title, exhibits }) => {
      const head = '| id | what went wrong | kept from happening by | what shows it |';
      return [`## ${title}\n`, head, '|---|---|---|---|', ...exhibits.map(row)].join('\n');
    })
    .join('\n\n');

/** The table of the hazards: what was done, what is done, and which wrong line would be noticed. */
export const hazardTable = (): string =>
  [
    '| id | what it did | what is done here | shown by | which wrong line is noticed |',
    '|---|---|---|---|---|',
    ...hazards.map(({ id, hazard, instead, kept }) =>
      ['', id, hazard, instead, list(kept.map(nameOf)), shown(kept), ''].join(' | ').trim(),
    ),
  ].join('\n');

/** How many bugs there are, and what became of them. */
export function museumCounts(): { all: number; kept: number; out: number; open: number } {
  const all = museum.flatMap(({ exhibits }) => exhibits);
  const outside = all.filter(({ out }) => out !== undefined).length;
  const missing = all.filter(({ open }) => open !== undefined).length;
  return { all: all.length, kept: all.length - outside - missing, out: outside, open: missing };
}
