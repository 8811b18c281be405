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
import { type ComponentChild, h, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { byTree } from '../../verify/paths.ts';
import type { ActorState } from '../recording.ts';
import { Statechart } from './chart.ts';
import { Verbs } from './command.ts';
import { Detail } from './detail.ts';
import { exports, partShown, save } from './export.ts';
import { Feed } from './feed.ts';
import { Health } from './health.ts';
import { Log } from './log.ts';
import type { Moment } from './moment.ts';
import { Story } from './story.ts';
import { Tree } from './tree.ts';

const views = ['statechart', 'sequence', 'health'] as const;
/** how often countdowns move, milliseconds */
const tickMs = 250;

const readings: Readonly<Record<Feed['reading'], string>> = {
  waiting: 'connecting',
  live: 'live',
  over: 'over: this is what was recorded',
  refused: 'refused: open the URL that was printed, with all that stands after #',
};

/** `length`: so many entries are shown; undefined follows what comes. */
function App({ feed }: { feed: Feed }): ComponentChild {
  const [chosen, choose] = useState<string | undefined>(undefined);
  const [length, goTo] = useState<number | undefined>(undefined);
  const [mark, setMark] = useState<number | undefined>(undefined);
  const [view, setView] = useState<(typeof views)[number]>('statechart');
  const moment = feed.moment(length);
  const shown = length ?? feed.entries.length;
  const now = length === undefined ? feed.now : moment.at;
  const actors = [...moment.replica.actors.values()].sort((a, b) => byTree(a.path, b.path));
  const actor = actors.find(({ path }) => path === chosen) ?? actors.find((one) => one.machine);
  return h('main', {}, [
    h('header', { class: 'top', key: 'top' }, [
      h('h1', {}, 'Holdfast'),
      h('span', { class: `reading ${feed.reading}`, role: 'status' }, readings[feed.reading]),
      h('fieldset', {}, [
        ...views.map((one) => {
          const pressed = { 'aria-pressed': one === view, onClick: () => setView(one) };
          return h('button', { key: one, ...pressed }, one);
        }),
      ]),
      h('fieldset', { 'aria-label': 'Save' }, [
        ...Object.entries(exports).map(([name, one]) => {
          const onClick = () => save(one, feed, partShown(feed, shown, mark));
          return h('button', { key: name, title: `save ${one.says}`, onClick }, `⤓ ${name}`);
        }),
      ]),
      h(Verbs, { key: 'verbs', feed }),
      h('span', { class: 'counts' }, countsOf(feed, moment, now)),
    ]),
    h(Tree, { key: 'tree', moment, actors, now, chosen: actor?.path, choose }),
    view === 'statechart' && h(Chart, { key: 'chart', feed, moment, actor }),
    view === 'sequence' && h(Story, { key: 'story', feed, shown, mark, actor }),
    view === 'health' && h(Health, { key: 'health', moment, now }),
    actor && h(Detail, { key: 'detail', actor, moment, feed, length }),
    h(Log, { key: 'log', feed, length, goTo, mark, setMark }),
  ]);
}

interface ChartProps {
  feed: Feed;
  moment: Moment;
  actor: ActorState | undefined;
}

function Chart({ feed, moment, actor }: ChartProps): ComponentChild {
  const model = actor?.machine === undefined ? undefined : feed.models.get(actor.machine);
  if (model === undefined || actor === undefined) {
    return h('section', { class: 'chart' }, h('p', {}, noChart(actor, feed)));
  }
  return h(Statechart, {
    ...{ key: model.id, model, value: actor.value },
    fired: moment.fired.get(actor.actor) ?? [],
    taken: (edge: string) => moment.taken.get(`${actor.machine} ${edge}`) ?? 0,
  });
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

function Page({ token }: { token: string }): ComponentChild {
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
    const held = document.getElementById('recording')?.textContent;
    if (held === undefined) void next.read(token);
    else next.hold(held.trimStart());
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
