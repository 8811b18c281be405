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
import { nearbyStates, Survey, searchNearby, startersOf } from './nearby.ts';
import { isMachineRole } from './roles.ts';
import { Stepper } from './step.ts';
import type { Bounds, ExploreOptions, MachineRole, Promises, World } from './world.ts';

export interface NamedWorld {
  readonly name: string;
  readonly world: World;
  /** of this world, in place of those that are promised of all */
  readonly promises?: Promises;
  /** roles that stand for somebody else, and are not changed */
  readonly standIns?: readonly string[];
  /** of this world, in place of those of all */
  readonly bounds?: Bounds;
  /** only so many states from the beginning on, for those that no other world has killed */
  readonly statesMax?: number;
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

export interface JudgeOptions extends ExploreOptions {
  /** explore the largest worlds to their end too; without it only near what differs */
  whole?: boolean;
  /** how many states a world has at most that is always explored to its end */
  smallStates?: number;
}

interface Glance extends NamedWorld {
  readonly statesMax: number;
}

const isGlance = (one: NamedWorld): one is Glance => one.statesMax !== undefined;

/** How far a search may grow beyond the original's before the mutant is left undecided. */
const growth = 2;
const SMALL_STATES = 20_000;

const machinesIn = ({ world, standIns = [] }: NamedWorld): MachineRole[] =>
  world.roles.filter(isMachineRole).filter(({ name }) => !standIns.includes(name));

/** Every mutant of every machine of these worlds, each machine once. */
export function mutantsIn(worlds: readonly NamedWorld[]): Mutant[] {
  const machines = worlds.flatMap(machinesIn);
  const once = new Map(machines.map(({ machine }) => [machine.id, machine]));
  return [...once.values()].flatMap(mutantsOf);
}

interface Court extends NamedWorld {
  readonly options: ExploreOptions;
  readonly base: Stepper;
  readonly survey: Survey;
  /** first steps that the world asks for as it is */
  readonly starts: readonly number[];
  readonly rows: ReadonlyMap<string, readonly TableRow[]>;
  readonly walked: Walked;
}

/** What one world says of a mutant. */
type Opinion = Partial<Pick<Verdict, 'by' | 'world' | 'reason'>> & { readonly same?: number };

export class Judge {
  readonly #worlds: readonly NamedWorld[];
  readonly #glances: readonly Glance[];
  readonly #options: ExploreOptions;
  /** a world with more is searched near what differs */
  readonly #wholeStates: number;
  readonly #courts = new Map<string, Court>();

  /**
   * Cheap worlds come first. Throws an `Error` for worlds that break a promise as they are, once
   * they are needed.
   */
  constructor(worlds: readonly NamedWorld[], { whole, smallStates, ...options }: JudgeOptions) {
    this.#worlds = worlds.filter((one) => !isGlance(one));
    this.#glances = worlds.filter(isGlance);
    this.#options = options;
    this.#wholeStates = whole ? Number.POSITIVE_INFINITY : (smallStates ?? SMALL_STATES);
  }

  /** `first`: the name of the world that is asked first, where there is such a one. */
  judge(mutant: Mutant, first?: string): Verdict {
    const { id, kind, machine, sentence } = mutant;
    const about = { mutant: id, kind, machine, sentence };
    const changed = mutant.build();
    const isFirst = ({ name }: NamedWorld) => name === first;
    const order = [...this.#worlds].sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
    const opinions: Opinion[] = [];
    for (const named of order) {
      const role = machinesIn(named).find((one) => one.machine.id === machine);
      if (role === undefined) continue;
      const opinion = this.#asked(this.#court(named), role.name, changed, isFirst(named));
      const { by } = opinion;
      if (by !== undefined) return { ...about, outcome: 'killed', by, world: named.name };
      opinions.push(opinion);
    }
    const same = opinions.flatMap((one) => one.same ?? []);
    if (same.length === opinions.length) {
      const compared = same.reduce((sum, count) => sum + count, 0);
      const reason = `equal tables: the same in each of ${compared} steps`;
      return { ...about, outcome: 'equivalent', reason };
    }
    for (const named of this.#glances) {
      const by = this.#glance(named, machine, changed);
      if (by !== undefined) return { ...about, outcome: 'killed', by, world: named.name };
    }
    const undecided = opinions.flatMap((one) => one.reason ?? []);
    const reason = undecided.length > 0 ? { reason: undecided.join('; ') } : {};
    return { ...about, outcome: 'survived', ...reason };
  }

  /** `isLikely`: it was this world that killed the mutant the last time. */
  #asked(court: Court, name: string, changed: MachineRole['machine'], isLikely: boolean): Opinion {
    const { base, options, rows, starts, survey, walked } = court;
    const world = withMachine(court.world, name, changed);
    const tables = new Stepper(world, base, name);
    tables.promises = options.promises?.steps ?? {};
    const { states } = survey.result;
    const isTiny = states <= nearbyStates;
    const found = () => explore(world, { ...options, maxStates: states * growth }, tables);
    // who was killed here is likely to be killed before most of the rows are made
    const early = isLikely && isTiny ? found() : undefined;
    if (early?.violation) return { by: early.violation.guarantee };
    const own = rows.get(name) ?? [];
    const inOrder = options.delivery === 'rtc';
    const others = own.filter((row) => !isSameRow(tables, row, inOrder));
    const inits = new Set(starts.filter((init) => !isSameStart(base, tables, init)));
    if (others.length + inits.size === 0) {
      return walked.isSame(world, name) ? { same: own.length + walked.count(name) } : {};
    }
    const isWhole = states <= this.#wholeStates;
    if (!isWhole || !isTiny) {
      const seeds = survey.seeds([...others, ...startersOf([...rows.values()].flat(), inits)]);
      const { violation } = searchNearby(world, options, tables, seeds);
      if (violation) return { by: violation.guarantee };
    }
    if (!isWhole) return { reason: `${court.name}: searched near what differs` };
    const { violation, cut, overflow } = early ?? found();
    if (violation) return { by: violation.guarantee };
    return cut + overflow > 0 ? { reason: `${court.name}: cut ${cut}, overflow ${overflow}` } : {};
  }

  /** What is broken soon in a world that is too wide to be known as it is. */
  #glance(named: Glance, machine: string, changed: MachineRole['machine']): string | undefined {
    const role = machinesIn(named).find((one) => one.machine.id === machine);
    if (role === undefined) return undefined;
    const { goals: _, ...promises } = named.promises ?? this.#options.promises ?? {};
    const { bounds, statesMax } = named;
    const options = { ...this.#options, ...bounds, promises, maxStates: statesMax };
    return explore(withMachine(named.world, role.name, changed), options).violation?.guarantee;
  }

  /** The tables of a world as it is; made when a mutant needs them. */
  #court(named: NamedWorld): Court {
    const known = this.#courts.get(named.name);
    if (known) return known;
    const { name, world, bounds } = named;
    const promises = named.promises ?? this.#options.promises ?? {};
    const options = { ...this.#options, ...bounds, promises };
    const base = new Stepper(world);
    const survey = new Survey(world, options, base);
    const { violation, cut, overflow } = survey.result;
    if (violation) throw new Error(`the world ${name} breaks ${violation.guarantee} as it is`);
    if (cut + overflow > 0) throw new Error(`the world ${name} is too large for these bounds`);
    const rows = new Map(
      world.roles
        .filter(isMachineRole)
        .map((role) => [role.name, base.memo.rows(base.roleId(role.name))]),
    );
    const starts = Array.from({ length: base.memo.inits.size }, (_, id) => id);
    const walked = new Walked(world, options);
    const court = { ...named, options, base, survey, starts, rows, walked };
    this.#courts.set(name, court);
    return court;
  }
}

function withMachine(world: World, name: string, machine: MachineRole['machine']): World {
  const roles = world.roles.map((role) =>
    isMachineRole(role) && role.name === name ? { ...role, machine } : role,
  );
  return { ...world, roles };
}

/** Whether a first step is the same too. */
function isSameStart(base: Stepper, tables: Stepper, init: number): boolean {
  const [was, is] = [base.init(init), tables.init(init)];
  return isSameRow({ step: () => is }, { snapshot: -1, event: -1, step: was }, true);
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
