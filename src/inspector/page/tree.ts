/**
 * Who is there, each under the one that runs it: where it is, how often it was made anew, how much
 * of the budget for that is used, and what it waits for. It must never show somebody who has ended.
 */
import { type ComponentChild, h } from 'preact';
import { timerName } from '../../verify/paths.ts';
import type { ActorState } from '../recording.ts';
import { shortValue } from '../sequence.ts';
import { Budget } from './health.ts';
import type { Moment } from './moment.ts';

interface TreeProps {
  moment: Moment;
  actors: readonly ActorState[];
  /** milliseconds of the recording */
  now: number;
  chosen: string | undefined;
  choose: (path: string) => void;
}

/** Of one that supervises: what its gateway says of it. */
function budgetOf({ statuses }: Moment, path: string): ComponentChild {
  const [name = '', child, ...below] = path.split('/');
  const { budget } = statuses.get(name) ?? {};
  if (budget === undefined || child !== 'service' || below.length > 0) return null;
  return h(Budget, budget);
}

export function Tree({ moment, actors, now, chosen, choose }: TreeProps): ComponentChild {
  const rows = actors.map(({ actor, path, value, timers }) => {
    const depth = path.split('/').length - 1;
    const again = (moment.spawns.get(path) ?? 1) - 1;
    return h('li', { key: actor, class: `depth-${Math.min(depth, 6)}` }, [
      h('button', { 'aria-pressed': path === chosen, onClick: () => choose(path) }, [
        h('b', {}, path.split('/').at(-1)),
        again > 0 ? h('i', { title: 'how often it was made anew' }, ` ↻${again}`) : null,
        h('span', {}, value === undefined ? 'leaf' : shortValue(value)),
      ]),
      budgetOf(moment, path),
      ...Object.entries(timers).map(([timer, due]) => {
        const left = (Math.max(0, due - now) / 1000).toFixed(1);
        return h('p', { key: timer, class: 'timer' }, `◷ ${timerName(timer)} in ${left} s`);
      }),
    ]);
  });
  return h('nav', { 'aria-label': 'Actors' }, h('ul', {}, rows));
}
