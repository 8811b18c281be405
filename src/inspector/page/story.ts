/**
 * The last entries before the moment that is shown, as a sequence diagram: the same drawing as that
 * of a recording by `holdfast diagram`. It must never leave out an entry of those it stands for.
 */
import { type ComponentChild, h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sequenceToSvg } from '../../diagram/sequence-svg.ts';
import { lineOf } from '../line.ts';
import { type ActorState, type Entry, headerOf } from '../recording.ts';
import { sequenceOf } from '../sequence.ts';
import type { Feed } from './feed.ts';
import { elementOf } from './picture.ts';

interface StoryProps {
  feed: Feed;
  /** so many entries are shown */
  shown: number;
  /** the other end of a part, if one is marked */
  mark: number | undefined;
  actor: ActorState | undefined;
}

/** What a person reads at once; of a part that he marked, more. */
const entriesMost = 60;
const markedMost = 200;
/** so far back it is looked for those of one actor */
const searchedMost = 5_000;

export function Story({ feed, shown, mark, actor }: StoryProps): ComponentChild {
  const [isOne, setOne] = useState(false);
  const [words, look] = useState('');
  const place = useRef<HTMLDivElement>(null);
  const path = isOne ? actor?.path : undefined;
  useEffect(() => {
    place.current?.replaceChildren(elementOf(drawn(feed, { shown, mark, path, words })));
    place.current?.lastElementChild?.scrollIntoView({ block: 'end' });
  }, [feed, shown, mark, path, words]);
  const most = mark === undefined ? `the last ${entriesMost} entries` : 'from the mark';
  return h('section', { class: 'chart', 'aria-label': 'Sequence diagram' }, [
    h('header', {}, [
      h('strong', {}, most),
      h('label', {}, [
        h('input', { type: 'checkbox', checked: isOne, onChange: () => setOne(!isOne) }),
        ' of the chosen actor and those below it',
      ]),
      h('input', {
        ...{ type: 'search', placeholder: 'only with', 'aria-label': 'Only entries with' },
        value: words,
        onInput: (event: Event) => look((event.currentTarget as HTMLInputElement).value),
      }),
    ]),
    h('div', { class: 'drawing', ref: place }),
  ]);
}

interface Choice {
  shown: number;
  mark: number | undefined;
  /** of the actor above all that are drawn */
  path: string | undefined;
  words: string;
}

function drawn(feed: Feed, { shown, mark, path, words }: Choice): string {
  const isFiltered = path !== undefined || words !== '';
  const [from, to] = mark === undefined ? [0, shown] : [mark, shown].sort((a, b) => a - b);
  const most = mark === undefined ? entriesMost : markedMost;
  const first = Math.max(from ?? 0, (to ?? shown) - (isFiltered ? searchedMost : most));
  const part = feed.entries.slice(first, to);
  const wanted = words.toLowerCase();
  const chosen = part.filter((entry) => {
    if (path !== undefined && !isOf(entry, feed.paths, path)) return false;
    const line = wanted === '' ? undefined : lineOf(entry, feed.paths)?.words;
    return wanted === '' || (line?.toLowerCase().includes(wanted) ?? false);
  });
  const last = chosen.slice(-most);
  const actors = [...feed.moment(first).replica.actors.values()];
  const before: Entry = { n: 0, at: 0, kind: 'base', actors };
  const spawns = part.filter(({ kind }) => kind === 'spawn');
  const known = last.length < part.length ? spawns.filter((one) => !last.includes(one)) : [];
  const entries = [before, ...known.map((one) => ({ ...one, n: 0 })), ...last];
  const range = { from: last.at(0)?.n ?? 1, to: last.at(-1)?.n ?? 1 };
  const story = sequenceOf({ header: headerOf(0), entries, cut: false }, range);
  return sequenceToSvg(story, { theme: 'none' });
}

/** Of it, or of one below it. */
function isOf(entry: Entry, paths: ReadonlyMap<number, string>, path: string): boolean {
  const numbers = [
    ...('actor' in entry ? [entry.actor] : []),
    ...('to' in entry && entry.to !== undefined ? [entry.to] : []),
    ...('from' in entry && entry.from !== undefined ? [entry.from] : []),
  ];
  return numbers.some((one) => `${paths.get(one)}/`.startsWith(`${path}/`));
}
