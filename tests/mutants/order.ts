/**
 * Which scenarios a mutant is tried by, and in which order: those that come to the place of the
 * change, who is named first, then who killed most of the machine. An order must never leave out a
 * scenario that could notice.
 */
import type { Mutant } from '../../src/verify/mutate.ts';
import type { Scenario } from './collector.ts';

export interface Known extends Pick<Scenario, 'title'> {
  /** without a mutant */
  ms: number;
  /** states as `machine/state`, and what they were asked as `machine/state event` */
  visits: ReadonlySet<string>;
  /** by machine */
  readonly kills: Map<string, number>;
}

const killsOf = ({ kills }: Known, machine: string): number =>
  10 * (kills.get(machine) ?? 0) + [...kills.values()].reduce((sum, one) => sum + one, 0);

/** Whether a scenario comes to the place at all; what cannot be told may be. */
function comesTo(
  { visits: seen }: Known,
  { machine, state, event }: Mutant,
  transient: ReadonlySet<string>,
): boolean {
  if (event !== undefined) return seen.has(`${machine}/${state} ${event}`);
  if (state !== undefined && !transient.has(`${machine}/${state}`)) {
    return seen.has(`${machine}/${state}`);
  }
  return seen.has(`${machine}/${machine}`);
}

/** `transient`: states that are left in the very step in which they are entered. */
export function orderFor<S extends Known>(
  mutant: Mutant,
  all: readonly S[],
  transient: ReadonlySet<string>,
  first?: string,
): S[] {
  const able = all.filter((scenario) => comesTo(scenario, mutant, transient));
  const order = able.toSorted(
    (a, b) => killsOf(b, mutant.machine) - killsOf(a, mutant.machine) || a.ms - b.ms,
  );
  const isFirst = ({ title }: S) => title === first;
  return [...all.filter(isFirst), ...order.filter((scenario) => !isFirst(scenario))];
}
