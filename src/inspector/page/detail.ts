/**
 * What is known of one actor beyond its chart: its context, with what its last change touched, and
 * why it did what it did: each of its last steps with what its guards said. It must never show a
 * verdict as that of another step.
 */
import { type ComponentChild, h } from 'preact';
import { timerName } from '../../verify/paths.ts';
import type { ActorState, Entry, Verdict } from '../recording.ts';
import { becameWords } from '../sequence.ts';
import type { Shown } from '../shown.ts';
import { Events } from './command.ts';
import type { Feed } from './feed.ts';
import type { Moment } from './moment.ts';

interface DetailProps {
  actor: ActorState;
  moment: Moment;
  feed: Feed;
  /** so many entries are shown; undefined: all */
  length: number | undefined;
}

const stepsMost = 12;
/** so far back it is looked for them */
const entriesMost = 5_000;

export function Detail({ actor, moment, feed, length }: DetailProps): ComponentChild {
  const { entries } = feed;
  const steps = stepsOf(actor.actor, entries, length ?? entries.length);
  const changed = moment.changed.get(actor.actor);
  const context = Object.entries(actor.context);
  return h('aside', { class: 'detail', 'aria-label': `About ${actor.path}` }, [
    length === undefined ? h(Events, { key: actor.path, feed, actor }) : null,
    h('h2', {}, 'Why'),
    steps.length === 0 ? h('p', {}, 'It has taken no step yet.') : h('ol', {}, steps.map(stepRow)),
    h('h2', {}, 'Context'),
    context.length === 0
      ? h('p', {}, actor.machine === undefined ? 'A leaf has none.' : 'Nothing was let through.')
      : h(
          'dl',
          {},
          context.flatMap(([name, value]) => fieldRows(name, value, changed?.has(name) ?? false)),
        ),
  ]);
}

type Step = Extract<Entry, { kind: 'step' }>;

function stepsOf(actor: number, entries: readonly Entry[], length: number): Step[] {
  const found: Step[] = [];
  const first = Math.max(0, length - entriesMost);
  for (let at = length - 1; at >= first && found.length < stepsMost; at -= 1) {
    const entry = entries[at];
    if (entry?.kind === 'step' && entry.actor === actor) found.push(entry);
  }
  return found;
}

/** The latest comes first. */
function stepRow(step: Step, at: number, steps: readonly Step[]): ComponentChild {
  const { n, event, edges, guards = [], value } = step;
  const before = steps.slice(at + 1).find((one) => one.value !== undefined)?.value;
  const became = value === undefined ? '' : ` → ${becameWords(before, value)}`;
  const outcome = edges.length === 0 ? ': ignored' : became;
  const name = timerName(event);
  return h('li', { key: n, class: edges.length === 0 ? 'odd' : '' }, [
    h('span', {}, `${name === event ? event : `after ${name}`}${outcome}`),
    ...guards.map(verdict),
  ]);
}

const verdict = ([guard, holds]: Verdict): ComponentChild =>
  h('small', { class: holds ? 'holds' : 'fails' }, ` ${holds ? '✓' : '✗'} ${guard}`);

const fieldRows = (name: string, value: Shown, isChanged: boolean): ComponentChild[] => [
  h('dt', { class: isChanged ? 'changed' : '' }, name),
  h('dd', { class: isChanged ? 'changed' : '' }, textOf(value)),
];

const textOf = (value: Shown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
