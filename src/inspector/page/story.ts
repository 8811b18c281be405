/**
 * The last entries before the moment that is shown, as a sequence diagram: the same drawing as that
 * of a recording by `holdfast diagram`. It must never leave out an entry of those it stands for.
 */
import { type ComponentChild, h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sequenceToSvg } from '../../diagram/sequence-svg.ts';
import { type Entry, headerOf } from '../recording.ts';
import { sequenceOf } from '../sequence.ts';
import type { Feed } from './feed.ts';
import { elementOf } from './picture.ts';

interface StoryProps {
  feed: Feed;
  /** so many entries are shown; undefined follows what comes */
  length: number | undefined;
  actor: number | undefined;
}

/** What a person reads at once. */
const entriesMost = 60;
/** so far back it is looked for those of one actor */
const searchedMost = 5_000;

export function Story({ feed, length, actor }: StoryProps): ComponentChild {
  const [isOne, setOne] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const shown = length ?? feed.entries.length;
  const wanted = isOne ? actor : undefined;
  useEffect(() => {
    place.current?.replaceChildren(elementOf(drawn(feed, shown, wanted)));
    place.current?.lastElementChild?.scrollIntoView({ block: 'end' });
  }, [feed, shown, wanted]);
  return h('section', { class: 'chart', 'aria-label': 'Sequence diagram' }, [
    h('header', {}, [
      h('strong', {}, `the last ${entriesMost} entries`),
      h('label', {}, [
        h('input', { type: 'checkbox', checked: isOne, onChange: () => setOne(!isOne) }),
        ' of the chosen actor alone',
      ]),
    ]),
    h('div', { class: 'drawing', ref: place }),
  ]);
}

function drawn(feed: Feed, shown: number, actor: number | undefined): string {
  const first = Math.max(0, shown - (actor === undefined ? entriesMost : searchedMost));
  const part = feed.entries.slice(first, shown);
  const chosen = part.filter((entry) => actor === undefined || isOf(entry, actor));
  const last = chosen.slice(-entriesMost);
  const actors = [...feed.moment(first).replica.actors.values()];
  const before: Entry = { n: 0, at: 0, kind: 'base', actors };
  const spawns = part.filter(({ kind }) => kind === 'spawn');
  const known = last.length < part.length ? spawns.filter((one) => !last.includes(one)) : [];
  const entries = [before, ...known.map((one) => ({ ...one, n: 0 })), ...last];
  const range = { from: last.at(0)?.n ?? 1, to: last.at(-1)?.n ?? 1 };
  const story = sequenceOf({ header: headerOf(0), entries, cut: false }, range);
  return sequenceToSvg(story, { theme: 'none' });
}

const isOf = (entry: Entry, actor: number): boolean =>
  ('actor' in entry && entry.actor === actor) ||
  ('to' in entry && (entry.to === actor || ('from' in entry && entry.from === actor)));
