/**
 * What happened, the last first, and the way back to any moment of it: a slider, one entry at a
 * time, or from one oddity to the next. It promises the same by the keyboard. It must never leave
 * out an entry that what is looked for is in.
 */
import { type ComponentChild, h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { lineOf } from '../line.ts';
import type { Feed } from './feed.ts';
import { onwards, type Place, speeds } from './play.ts';

interface LogProps {
  feed: Feed;
  /** so many entries are shown; undefined follows what comes */
  length: number | undefined;
  goTo: (length: number | undefined) => void;
  /** the other end of the part that is taken away */
  mark: number | undefined;
  setMark: (mark: number | undefined) => void;
}

const linesMost = 120;

export function Log({ feed, length, goTo, mark, setMark }: LogProps): ComponentChild {
  const [looked, look] = useState('');
  const [speed, setSpeed] = useState<number>(speeds[0]);
  const [isPlaying, play] = usePlaying({ feed, goTo, speed });
  const all = feed.entries.length;
  const shown = length ?? all;
  const runs = isPlaying || (length === undefined && feed.reading === 'live');
  const go = (to: number | undefined) => {
    play(undefined);
    goTo(to === undefined || to >= all ? undefined : Math.max(0, to));
  };
  const ways: readonly Way[] = [
    {
      key: ' ',
      name: runs ? 'pause' : 'play',
      says: runs ? 'stand still here' : 'go on as it happened',
      run: () => {
        const from = shown >= all ? 0 : shown;
        goTo(runs ? shown : from);
        play(runs ? undefined : from);
      },
    },
    { key: 'ArrowLeft', name: '◀', says: 'one entry back', run: () => go(shown - 1) },
    { key: 'ArrowRight', name: '▶', says: 'one entry on', run: () => go(shown + 1) },
    {
      key: 'p',
      name: '« odd',
      says: 'to the oddity before: dropped, ignored, late, made anew',
      run: () => go(feed.oddBefore(shown) ?? shown),
    },
    { key: 'n', name: 'odd »', says: 'to the next oddity', run: () => go(feed.oddAfter(shown)) },
    { key: 'l', name: 'latest', says: 'to what happened last', run: () => go(undefined) },
    {
      key: 'm',
      name: mark === undefined ? 'mark' : `from ${feed.entries[mark]?.n ?? 'here'}`,
      says: mark === undefined ? 'a part begins here' : 'forget where the part begins',
      run: () => setMark(mark === undefined ? shown : undefined),
    },
  ];
  useKeys(ways);
  const onInput = (event: Event) => go(Number(textIn(event)));
  const range = { type: 'range', min: 0, max: all, value: shown, onInput };
  const search = { type: 'search', placeholder: 'look for', value: looked };
  return h('section', { class: 'log', 'aria-label': 'What happened, the last first' }, [
    h('header', {}, [
      h('input', { ...range, 'aria-label': 'Entry after which it is shown' }),
      ...ways.map(({ key, name, says, run }) => {
        const how = `${says} (${key === ' ' ? 'space' : key})`;
        return h('button', { key, title: how, onClick: run }, name);
      }),
      h(
        'select',
        {
          'aria-label': 'How fast it is played',
          value: speed,
          onChange: (event: Event) => setSpeed(Number(textIn(event))),
        },
        speeds.map((one) => h('option', { key: one, value: one }, `×${one}`)),
      ),
      h('input', {
        ...search,
        'aria-label': 'Look for',
        onInput: (event: Event) => look(textIn(event)),
      }),
    ]),
    h('ol', {}, rowsOf(feed, shown, looked)),
  ]);
}

interface Playing {
  feed: Feed;
  goTo: (length: number | undefined) => void;
  speed: number;
}

/** Frame by frame from so many entries on, until the end or until somebody goes elsewhere. */
function usePlaying({ feed, goTo, speed }: Playing) {
  const [isPlaying, setPlaying] = useState(false);
  // undefined at once where it stops: a frame may still come before the effect is undone
  const place = useRef<Place | undefined>(undefined);
  useEffect(() => {
    if (!isPlaying) return undefined;
    let last = performance.now();
    const step = () => {
      if (place.current === undefined) return;
      const now = performance.now();
      place.current = onwards(feed.entries, place.current, (now - last) * speed);
      last = now;
      const { length } = place.current;
      goTo(length);
      if (length >= feed.entries.length) setPlaying(false);
      else frame = requestAnimationFrame(step);
    };
    let frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [isPlaying, speed, feed]);
  const play = (from: number | undefined) => {
    place.current = from === undefined ? undefined : { length: from, sinceMs: 0 };
    setPlaying(from !== undefined);
  };
  return [isPlaying, play] as const;
}

interface Way {
  key: string;
  name: string;
  says: string;
  run: () => void;
}

const textIn = (event: Event): string => (event.currentTarget as HTMLInputElement).value;

/** Not while somebody writes, or moves something else by the same keys. */
function useKeys(ways: readonly Way[]): void {
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      const { target, key, ctrlKey, metaKey, altKey } = event;
      if (ctrlKey || metaKey || altKey) return;
      if (target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
      const way = ways.find((one) => one.key === key);
      if (way === undefined) return;
      event.preventDefault();
      way.run();
    };
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  });
}

function rowsOf({ entries, paths }: Feed, shown: number, looked: string): ComponentChild[] {
  const rows: ComponentChild[] = [];
  const wanted = looked.toLowerCase();
  for (let at = shown - 1; at >= 0 && rows.length < linesMost; at -= 1) {
    const entry = entries[at];
    if (entry === undefined) continue;
    const line = lineOf(entry, paths);
    if (line === undefined || !line.words.toLowerCase().includes(wanted)) continue;
    rows.push(
      h('li', { key: entry.n, class: line.mark }, [
        h('time', {}, (entry.at / 1000).toFixed(3)),
        h('span', {}, line.words),
      ]),
    );
  }
  return rows;
}
