/**
 * What was reached, laid over a drawing: a class and a number for every state and transition, and
 * the list of what never was. It promises that nothing is counted under another identity than
 * XState's own. It must never call reached what no count names.
 */

import { sentence, wordsOf } from './chart.ts';
import type { DiagramModel, StateModel } from './model.ts';

/** By identity: how often each transition fired, in how many steps each state was active. */
export interface Reach {
  transitions: Readonly<Record<string, number>>;
  states: Readonly<Record<string, number>>;
}

export interface Overlay {
  /** `hit` or `miss`, by identity */
  classes: Map<string, string>;
  /** by identity of a transition */
  counts: Map<string, number>;
}

/** The choke points of channels are no behaviour, and the root is active whenever anything is. */
const isShown = ({ parent }: StateModel): boolean => parent !== undefined;

export function overlayOf({ states, transitions }: DiagramModel, reach: Reach): Overlay {
  const classes = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const { id } of states.filter(isShown)) classes.set(id, reach.states[id] ? 'hit' : 'miss');
  for (const { id, plumbing } of transitions) {
    if (plumbing) continue;
    const times = reach.transitions[id] ?? 0;
    classes.set(id, times > 0 ? 'hit' : 'miss');
    counts.set(id, times);
  }
  return { classes, counts };
}

/** One line for each state and transition that was never reached, as it reads in the drawing. */
export function neverReached(model: DiagramModel, reach: Reach): string[] {
  const paths = new Map(model.states.map(({ id, path }) => [id, path || 'any state']));
  const states = model.states.filter((one) => isShown(one) && !reach.states[one.id]);
  const taken = model.transitions.filter(({ id, plumbing }) => !plumbing && !reach.transitions[id]);
  return [
    ...states.map(({ path }) => `${model.id}: state ${path}`),
    ...taken.map((one) => {
      const where = one.targets.map((id) => paths.get(id)).join(' and ') || 'nowhere';
      return `${model.id}: ${paths.get(one.source)} → ${where} on ${sentence(wordsOf(one))}`;
    }),
  ];
}

/** `27 of 27 transitions, 14 of 14 states`. */
export function shareOf(model: DiagramModel, reach: Reach): string {
  const states = model.states.filter(isShown);
  const transitions = model.transitions.filter(({ plumbing }) => !plumbing);
  const met = (all: readonly { id: string }[], counts: Readonly<Record<string, number>>) =>
    `${all.filter(({ id }) => counts[id]).length} of ${all.length}`;
  const fired = met(transitions, reach.transitions);
  return `${fired} transitions, ${met(states, reach.states)} states`;
}
