/**
 * Which states of a machine are active where it is, and what of it a recording has reached. It must
 * never count a state for a step that was not taken.
 */
import type { DiagramModel } from '../diagram/model.ts';
import type { Reach } from '../verify/reached.ts';
import type { Recording, Value } from './recording.ts';
import { Replica } from './replica.ts';

/** Every state on the way to where it is. */
export function activeIn({ states }: DiagramModel, value: Value | undefined): Set<string> {
  const paths = new Set(['', ...pathsIn(value)]);
  return new Set(states.filter(({ path }) => paths.has(path)).map(({ id }) => id));
}

function pathsIn(value: Value | undefined, above = ''): string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [`${above}${value}`];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${above}${key}`,
    ...pathsIn(inner, `${above}${key}.`),
  ]);
}

/** As `reached` would have counted it while it was recorded. */
export function reachOf({ entries }: Recording): Reach {
  const replica = new Replica();
  const models = new Map<string, DiagramModel>();
  const reach: Reach = { transitions: {}, states: {} };
  const count = (counts: Record<string, number>, ids: Iterable<string>): void => {
    for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  };
  for (const entry of entries) {
    replica.apply(entry);
    if (entry.kind === 'machine') models.set(entry.machine, entry.model);
    if (entry.kind !== 'step' && entry.kind !== 'state') continue;
    if (entry.kind === 'step') count(reach.transitions, entry.edges);
    const { machine = '', value } = replica.actors.get(entry.actor) ?? {};
    const model = models.get(machine);
    if (model !== undefined) count(reach.states, activeIn(model, value));
  }
  return reach;
}
