/**
 * A part of a recording that is a recording itself: what was true before it, and its entries. It
 * promises to begin where nothing was under way, if there is such a place before it, so that it
 * can be replayed. It must never begin later than it was asked to.
 */
import { type Entry, headerOf, type Recording } from './recording.ts';
import { Replica } from './replica.ts';
import type { Part } from './sequence.ts';

export function partOf({ entries }: Recording, { from, to }: Part): Recording {
  const happened = entries.filter(({ kind }) => kind !== 'machine' && kind !== 'base');
  const wanted = happened.findIndex(({ n }) => n >= from);
  const first = happened.slice(0, wanted + 1).findLastIndex(isFromRest);
  const begin = happened[first < 0 ? wanted : first]?.n ?? from;
  const replica = new Replica();
  let at = 0;
  for (const entry of entries) {
    if (entry.n >= begin && entry.kind !== 'base') break;
    replica.apply(entry);
    at = entry.at;
  }
  const actors = [...replica.actors.values()];
  const models = entries.filter(({ kind, n }) => kind === 'machine' && n <= to);
  const base: Entry[] = actors.length === 0 ? [] : [{ n: begin - 1, at, kind: 'base', actors }];
  const chosen = happened.filter(({ n }) => n >= begin && n <= to);
  return {
    header: headerOf(begin - 1),
    entries: [...models, ...base, ...chosen],
    cut: false,
  };
}

export const isFromRest = (entry: Entry): boolean => 'rest' in entry && entry.rest === true;

export const textOf = ({ header, entries }: Recording): string =>
  [header, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('');
