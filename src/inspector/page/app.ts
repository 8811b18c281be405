/**
 * The page of the inspector: who is there, where each one is, what it waits for and what was said.
 * It promises to keep up with the recording by drawing at most once a frame, and that everything
 * can be reached by the keyboard. It must never fetch anything but what its own server has.
 */
/*! This file is built with Preact.

The MIT License (MIT)

Copyright (c) 2015-present Jason Miller

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
*/
import { h, render, type VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { byTree, timerName } from '../../verify/paths.ts';
import type { ActorState } from '../recording.ts';
import { shortValue } from '../sequence.ts';
import { Statechart } from './chart.ts';
import { Feed } from './feed.ts';
import { lineOf } from './line.ts';
import type { Moment } from './moment.ts';

const linesMost = 300;
/** how often countdowns move, milliseconds */
const tickMs = 250;

const readings: Readonly<Record<Feed['reading'], string>> = {
  waiting: 'connecting',
  live: 'live',
  over: 'over: this is what was recorded',
  refused: 'refused: open the URL that was printed, with all that stands after #',
};

/** `length`: so many entries are shown; undefined follows what comes. */
function App({ feed }: { feed: Feed }): VNode {
  const [chosen, choose] = useState<string | undefined>(undefined);
  const [length, goTo] = useState<number | undefined>(undefined);
  const moment = feed.moment(length);
  const now = length === undefined ? feed.now : moment.at;
  const actors = [...moment.replica.actors.values()].sort((a, b) => byTree(a.path, b.path));
  const actor = actors.find(({ path }) => path === chosen) ?? actors.find((one) => one.machine);
  const model = actor?.machine === undefined ? undefined : feed.models.get(actor.machine);
  return h('main', {}, [
    h('header', { class: 'top', key: 'top' }, [
      h('h1', {}, 'Holdfast'),
      h('span', { class: `reading ${feed.reading}`, role: 'status' }, readings[feed.reading]),
      h('span', { class: 'counts' }, countsOf(feed, moment, now)),
    ]),
    h(Tree, { key: 'tree', moment, actors, now, chosen: actor?.path, choose }),
    model && actor
      ? h(Statechart, {
          ...{ key: `chart ${actor.machine}`, model, value: actor.value },
          fired: moment.fired.get(actor.actor) ?? [],
          taken: (edge: string) => moment.taken.get(`${actor.machine} ${edge}`) ?? 0,
        })
      : h('section', { class: 'chart', key: 'none' }, h('p', {}, noChart(actor, feed))),
    h(Log, { key: 'log', feed, moment, length, goTo }),
  ]);
}

function countsOf({ count, missing }: Feed, { replica }: Moment, now: number): string {
  const gone = missing === 0 ? '' : `, ${missing} older ones let go`;
  return `${replica.actors.size} actors, ${count} entries${gone}, ${(now / 1000).toFixed(1)} s`;
}

function noChart(actor: ActorState | undefined, feed: Feed): string {
  if (actor) return `${actor.path} is a leaf: it has no statechart.`;
  return feed.count === 0
    ? 'Nobody is there yet.'
    : 'Nobody is there any more: go back in time, below.';
}

interface TreeProps {
  moment: Moment;
  actors: readonly ActorState[];
  now: number;
  chosen: string | undefined;
  choose: (path: string) => void;
}

function Tree({ moment, actors, now, chosen, choose }: TreeProps): VNode {
  const rows = actors.map(({ actor, path, value, timers }) => {
    const depth = path.split('/').length - 1;
    const again = (moment.spawns.get(path) ?? 1) - 1;
    return h('li', { key: actor, class: `depth-${Math.min(depth, 6)}` }, [
      h('button', { 'aria-pressed': path === chosen, onClick: () => choose(path) }, [
        h('b', {}, path.split('/').at(-1)),
        again > 0 ? h('i', { title: 'how often it was made anew' }, ` ↻${again}`) : null,
        h('span', {}, value === undefined ? 'leaf' : shortValue(value)),
      ]),
      ...Object.entries(timers).map(([timer, due]) => {
        const left = (Math.max(0, due - now) / 1000).toFixed(1);
        return h('p', { key: timer, class: 'timer' }, `◷ ${timerName(timer)} in ${left} s`);
      }),
    ]);
  });
  return h('nav', { 'aria-label': 'Actors' }, h('ul', {}, rows));
}

interface LogProps {
  feed: Feed;
  moment: Moment;
  length: number | undefined;
  goTo: (length: number | undefined) => void;
}

function Log({ feed, moment, length, goTo }: LogProps): VNode {
  const all = feed.entries.length;
  const shown = length ?? all;
  const lines = feed.entries.slice(Math.max(0, shown - linesMost), shown).reverse();
  const rows = lines.flatMap((entry) => {
    const line = lineOf(entry, moment.paths);
    if (line === undefined) return [];
    return h('li', { key: entry.n, class: line.mark }, [
      h('time', {}, (entry.at / 1000).toFixed(3)),
      h('span', {}, line.words),
    ]);
  });
  const onInput = (event: Event) => {
    const to = Number((event.currentTarget as HTMLInputElement).value);
    goTo(to >= all ? undefined : to);
  };
  const range = { type: 'range', min: 0, max: all, value: shown, onInput };
  return h('section', { class: 'log', 'aria-label': 'What happened, the last first' }, [
    h('header', {}, [
      h('input', { ...range, 'aria-label': 'Entry after which it is shown' }),
      h('button', { disabled: length === undefined, onClick: () => goTo(undefined) }, 'latest'),
    ]),
    h('ol', {}, rows),
  ]);
}

function Page({ token }: { token: string }): VNode {
  const [feed, shown] = useState<{ feed: Feed } | undefined>(undefined);
  useEffect(() => {
    let isDue = false;
    const next = new Feed(() => {
      if (isDue) return;
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        shown({ feed: next });
      });
    });
    void next.read(token);
    const ticking = setInterval(() => next.reading === 'live' && shown({ feed: next }), tickMs);
    return () => clearInterval(ticking);
  }, [token]);
  return feed === undefined ? h('p', {}, readings.waiting) : h(App, feed);
}

/** It stays with this tab, so that the page can be loaded again, and leaves the address at once. */
function tokenHere(): string {
  const given = location.hash.slice(1);
  if (given !== '') {
    sessionStorage.setItem('token', given);
    history.replaceState(null, '', location.pathname);
  }
  return given === '' ? (sessionStorage.getItem('token') ?? '') : given;
}

render(h(Page, { token: tokenHere() }), document.body);
