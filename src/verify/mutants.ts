/**
 * Judges mutants: each machine of some worlds changed in one place, explored in its world until
 * the first broken promise. A mutant is killed by that promise, or the same as the machine that it
 * was made from, or it survives. It must never call a mutant killed because of a bound, nor the
 * same because a search was cut off.
 */
import { isSameRow, Walked } from './equal.ts';
import { explore } from './explore.ts';
import type { TableRow } from './memo.ts';
import { type Mutant, type MutantKind, mutantKinds, mutantsOf } from './mutate.ts';
import { isMachineRole } from './roles.ts';
import { Stepper } from './step.ts';
import type { ExploreOptions, MachineRole, World } from './world.ts';

export interface NamedWorld {
  readonly name: string;
  readonly world: World;
}

export interface Verdict {
  readonly mutant: string;
  readonly kind: MutantKind;
  readonly machine: string;
  readonly sentence: string;
  readonly outcome: 'killed' | 'equivalent' | 'survived';
  /** of a killed one: the promise that it broke, and in which world */
  readonly by?: string;
  readonly world?: string;
  /** why it is equivalent; or what kept a survivor from being explored to the end */
  readonly reason?: string;
}

/** How far a search may grow beyond the original's before the mutant is left undecided. */
const growth = 2;

/** Every mutant of every machine of these worlds, each machine once. */
export function mutantsIn(worlds: readonly NamedWorld[]): Mutant[] {
  const machines = worlds.flatMap(({ world }) => world.roles.filter(isMachineRole));
  const once = new Map(machines.map(({ machine }) => [machine.id, machine]));
  return [...once.values()].flatMap(mutantsOf);
}

interface Court extends NamedWorld {
  readonly base: Stepper;
  readonly states: number;
  /** first steps that the world asks for as it is */
  readonly starts: number;
  readonly rows: ReadonlyMap<string, readonly TableRow[]>;
  readonly walked: Walked;
}

export class Judge {
  readonly #worlds: readonly NamedWorld[];
  readonly #options: ExploreOptions;
  readonly #courts = new Map<string, Court>();

  /** Throws an `Error` for worlds that break a promise as they are, once they are needed. */
  constructor(worlds: readonly NamedWorld[], options: ExploreOptions) {
    this.#worlds = worlds;
    this.#options = options;
  }

  judge(mutant: Mutant): Verdict {
    const { id, kind, machine, sentence } = mutant;
    const about = { mutant: id, kind, machine, sentence };
    const changed = mutant.build();
    let isSame = true;
    let compared = 0;
    const undecided: string[] = [];
    for (const named of this.#worlds) {
      const role = roleOf(named.world, machine);
      if (role === undefined) continue;
      const court = this.#court(named);
      const world = withMachine(named.world, role.name, changed);
      const tables = new Stepper(world, court.base, role.name);
      // a step that was made before it was judged would never be judged
      tables.promises = court.base.promises;
      const rows = court.rows.get(role.name) ?? [];
      const inOrder = this.#options.delivery === 'rtc';
      const isSameStep = (row: TableRow) => isSameRow(tables, row, inOrder);
      if (rows.every(isSameStep) && sameStart(court, tables)) {
        if (!court.walked.isSame(world, role.name)) isSame = false;
        compared += rows.length + court.walked.count(role.name);
        continue;
      }
      isSame = false;
      const maxStates = court.states * growth;
      const result = explore(world, { ...this.#options, maxStates }, tables);
      const { violation, cut, overflow } = result;
      const by = violation?.guarantee;
      if (by !== undefined) return { ...about, outcome: 'killed', by, world: named.name };
      if (cut + overflow > 0) undecided.push(`${named.name}: cut ${cut}, overflow ${overflow}`);
    }
    if (isSame) {
      const reason = `equal tables: the same in each of ${compared} steps`;
      return { ...about, outcome: 'equivalent', reason };
    }
    const reason = undecided.length > 0 ? { reason: undecided.join('; ') } : {};
    return { ...about, outcome: 'survived', ...reason };
  }

  /** The tables of a world as it is; made when a mutant needs them. */
  #court(named: NamedWorld): Court {
    const known = this.#courts.get(named.name);
    if (known) return known;
    const { name, world } = named;
    const base = new Stepper(world);
    const { states, violation, cut, overflow } = explore(world, this.#options, base);
    if (violation) throw new Error(`the world ${name} breaks ${violation.guarantee} as it is`);
    if (cut + overflow > 0) throw new Error(`the world ${name} is too large for these bounds`);
    const machines = world.roles.filter(isMachineRole);
    const rows = new Map(
      machines.map((role) => [role.name, base.memo.rows(base.roleId(role.name))]),
    );
    const starts = base.memo.inits.size;
    const court = {
      name,
      world,
      base,
      states,
      starts,
      rows,
      walked: new Walked(world, this.#options),
    };
    this.#courts.set(name, court);
    return court;
  }
}

const roleOf = (world: World, machine: string): MachineRole | undefined =>
  world.roles.filter(isMachineRole).find((role) => role.machine.id === machine);

function withMachine(world: World, name: string, machine: MachineRole['machine']): World {
  const roles = world.roles.map((role) =>
    isMachineRole(role) && role.name === name ? { ...role, machine } : role,
  );
  return { ...world, roles };
}

/** Whether the first steps are the same too. */
function sameStart({ base, starts }: Court, tables: Stepper): boolean {
  return Array.from({ length: starts }, (_, id) => id).every((id) => {
    const [was, is] = [base.init(id), tables.init(id)];
    return isSameRow({ step: () => is }, { snapshot: -1, event: -1, step: was }, true);
  });
}

export interface Tally {
  total: number;
  killed: number;
  equivalent: number;
  survived: number;
}

/** The counts of each kind that occurs. */
export function tallied(verdicts: readonly Verdict[]): Partial<Record<MutantKind, Tally>> {
  const tally = (own: readonly Verdict[]): Tally => ({
    total: own.length,
    killed: own.filter(({ outcome }) => outcome === 'killed').length,
    equivalent: own.filter(({ outcome }) => outcome === 'equivalent').length,
    survived: own.filter(({ outcome }) => outcome === 'survived').length,
  });
  const kinds = mutantKinds.map(
    (kind) => [kind, tally(verdicts.filter((one) => one.kind === kind))] as const,
  );
  return Object.fromEntries(kinds.filter(([, { total }]) => total > 0));
}
