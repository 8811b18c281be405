/**
 * What happened, the last first, and the way back to any moment of it: a slider, one entry at a
 * time, or from one oddity to the next. It promises the same by the keyboard. It must never leave
 * out an entry that what is looked for is in.
 */
import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { lineOf } from '../line.ts';
import type { Feed } from './feed.ts';

interface LogProps {
  feed: Feed;
  /** so many entries are shown; undefined follows what comes */
  length: number | undefined;
  goTo: (length: number | undefined) => void;
}

const linesMost = 120;

export function Log({ feed, length, goTo }: LogProps): ComponentChild {
  const [looked, look] = useState('');
  const all = feed.entries.length;
  const shown = length ?? all;
  const go = (to: number | undefined) => {
    goTo(to === undefined || to >= all ? undefined : Math.max(0, to));
  };
  const ways: readonly Way[] = [
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
  ];
  useKeys(ways);
  const onInput = (event: Event) => go(Number(textIn(event)));
  const range = { type: 'range', min: 0, max: all, value: shown, onInput };
  const search = { type: 'search', placeholder: 'look for', value: looked };
  return h('section', { class: 'log', 'aria-label': 'What happened, the last first' }, [
    h('header', {}, [
      h('input', { ...range, 'aria-label': 'Entry after which it is shown' }),
      ...ways.map(({ key, name, says, run }) => {
        return h('button', { key, title: `${says} (${key})`, onClick: run }, name);
      }),
      h('input', {
        ...search,
        'aria-label': 'Look for',
        onInput: (event: Event) => look(textIn(event)),
      }),
    ]),
    h('ol', {}, rowsOf(feed, shown, looked)),
  ]);
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
      if (target instanceof HTMLElement && /^(INPUT|SELECT)$/.test(target.tagName)) return;
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
