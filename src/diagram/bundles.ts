/**
 * What is drawn as one arrow: all transitions between the same two states, said once each; the
 * arrow from a dot to where a composite begins; the arrow out of a history state. It must never
 * leave a transition out.
 */

import type { Chart, Part, Words } from './chart.ts';
import { wordsOf } from './chart.ts';
import { broken } from './lettering.ts';
import type { TransitionModel } from './model.ts';

const labelMost = 210;

/** Transitions between the same two states, drawn as one arrow. */
export interface Bundle {
  id: string;
  source: string;
  target: string;
  /** `start` leads from a dot, `memory` from a history state to where it begins */
  kind: 'transition' | 'start' | 'memory';
  ids: string[];
  lines: { parts: Part[]; ids: string[] }[];
}

export const dotOf = (id: string): string => `start of ${id}`;

/** The state in which a dot stands, if it is one. */
export const placeOfDot = (id: string): string | undefined =>
  id.startsWith(dotOf('')) ? id.slice(dotOf('').length) : undefined;

export const allBundles = (chart: Chart): Bundle[] => [...startsOf(chart), ...bundlesOf(chart)];

function startsOf({ states, children }: Chart): Bundle[] {
  return [...states.values()].flatMap((state): Bundle[] => {
    const { id, initial, type, initialActions: actions } = state;
    if (initial === undefined || !states.has(initial)) return [];
    if (type === 'history') return [bundle('memory', id, initial, [{ label: 'at first' }])];
    if (!children.get(id)?.length) return [];
    const does = actions ? [{ label: '', does: actions.map(({ name }) => name).join(', ') }] : [];
    return [bundle('start', dotOf(id), initial, does)];
  });
}

const bundle = (
  kind: Bundle['kind'],
  source: string,
  target: string,
  words: readonly Words[],
): Bundle => ({
  id: `${source} to ${target}`,
  source,
  target,
  kind,
  ids: [],
  lines: words.flatMap((one) => broken(one, labelMost).map((parts) => ({ parts, ids: [] }))),
});

function bundlesOf({ arrows }: Chart): Bundle[] {
  const bundles = new Map<string, { source: string; target: string; members: TransitionModel[] }>();
  for (const transition of arrows) {
    for (const target of transition.targets) {
      const { source } = transition;
      const key = `${source} to ${target}`;
      const found = bundles.get(key) ?? { source, target, members: [] };
      found.members.push(transition);
      bundles.set(key, found);
    }
  }
  return [...bundles].map(([id, { source, target, members }]) => ({
    id,
    source,
    target,
    kind: 'transition',
    ids: members.map((member) => member.id),
    lines: labelLines(members),
  }));
}

/** Where closed composites make two transitions say the same, it is said once. */
function labelLines(members: readonly TransitionModel[]): Bundle['lines'] {
  const said = new Map<string, { words: Words; ids: string[] }>();
  for (const member of members) {
    const words = wordsOf(member);
    const key = JSON.stringify(words);
    const found = said.get(key) ?? { words, ids: [] };
    found.ids.push(member.id);
    said.set(key, found);
  }
  return [...said.values()].flatMap(({ words, ids }) =>
    broken(words, labelMost).map((parts) => ({ parts, ids })),
  );
}
