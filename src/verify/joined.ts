/**
 * The tables of one or more worlds laid out as lists of numbers with names, for a model checker
 * that knows nothing but arrays. Every number is moved so that worlds share places (an actor at
 * the same path, a timer of the same name) and nothing else. In events, snapshots and steps 0
 * stands for none; it must never stand for one of them.
 */
import { type Packed, Sparse, type Window } from './packed.ts';
import { ARM, CANCEL, type Effect, SHOW, SPAWN } from './program.ts';
import type { Tables } from './tables.ts';

/** What a model may find broken, numbered from 1 in this order. */
export const breaks: readonly string[] = [
  'stale-is-inert',
  'nothing-throws',
  'never-final',
  'no-inner-event',
  'one-instance',
  'timer-discipline',
  'missing-child',
  'one-report',
  'generations',
  'pure',
  'modelled',
  // a search asked for a step that is not in the tables, or filled a channel that was wide enough
  'closed',
  'channel',
];
/** Throws a RangeError for what a step of the tables can not break: nothing is dropped. */
function breakOf(guarantee: string): number {
  const number = breaks.indexOf(guarantee) + 1;
  if (number === 0) throw new RangeError(`a model has no place for the promise ${guarantee}`);
  return number;
}

export interface Layout {
  readonly paths: readonly string[];
  /** place of each timer: its slot and its name; ordered by slot */
  readonly timers: readonly { slot: number; id: string }[];
  readonly isLeaf: readonly boolean[];
  /** most emissions of one leaf in one state, by slot */
  readonly emissionsMax: readonly number[];
  readonly lists: Readonly<Record<string, readonly number[]>>;
  readonly packed: Readonly<Record<string, Packed>>;
  readonly inFlight: number;
  readonly longest: number;
  /** most commands of one world, and whether each is limited anywhere */
  readonly limited: readonly boolean[];
}

const bySegments = (a: string, b: string): number => {
  const [left, right] = [a.split('/'), b.split('/')];
  const at = left.findIndex((segment, i) => segment !== right[i]);
  if (at < 0) return left.length - right.length;
  return (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
};
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export function joined(worlds: readonly Tables[]): Layout {
  return new Join(worlds).layout();
}

/** Where the numbers of one world go. */
interface Shift {
  readonly tables: Tables;
  readonly snapshots: number;
  readonly events: number;
  readonly steps: number;
  readonly window: Window;
}

class Join {
  readonly #shifts: readonly Shift[];
  readonly #paths: readonly string[];
  readonly #names: readonly string[];
  readonly #timers: readonly { slot: number; id: string }[];
  readonly #timerIds: readonly string[];
  readonly #programs = new Map<string, number>();
  readonly #op = [0];
  readonly #arg = [0];
  readonly #with = [0];

  constructor(worlds: readonly Tables[]) {
    const shifts: Shift[] = [];
    const next = { snapshots: 1, events: 1, steps: 1 };
    for (const tables of worlds) {
      const window: Window = [next.events, next.events + tables.events.length];
      shifts.push({ tables, ...next, window });
      next.snapshots += tables.snapshots.length;
      next.events += tables.events.length;
      next.steps += tables.steps.length;
    }
    this.#shifts = shifts;
    const all = <T>(pick: (tables: Tables) => readonly T[]) => [...new Set(worlds.flatMap(pick))];
    this.#paths = all(({ slots }) => slots.map(({ path }) => path)).sort(bySegments);
    this.#names = all(({ names }) => names);
    this.#timerIds = all(({ timers }) => timers);
    this.#timers = all(({ armed, slots, timers }) =>
      armed.map(({ slot, timer }) => `${slots[slot]?.path}\n${timers[timer]}`),
    )
      .map((both) => both.split('\n'))
      .map(([path = '', id = '']) => ({ slot: this.#paths.indexOf(path), id }))
      .sort((a, b) => a.slot - b.slot);
  }

  layout(): Layout {
    const worlds = this.#shifts.map(({ tables }) => tables);
    const emissions = this.#emissions();
    const commands = Math.max(0, ...worlds.map(({ user }) => user.length));
    return {
      paths: this.#paths,
      timers: this.#timers,
      isLeaf: this.#paths.map((path) =>
        worlds.every(({ slots }) => slots.find((slot) => slot.path === path)?.isLeaf ?? true),
      ),
      emissionsMax: emissions.max,
      lists: {
        ...this.#places(),
        ...this.#ofSnapshots(),
        ...this.#ofEvents(),
        ...this.#ofSteps(),
        ...this.#ofUser(commands),
        ...emissions.lists,
      },
      packed: { ...this.#packed(), emission: emissions.packed },
      inFlight: Math.max(...worlds.map(({ inFlight }) => inFlight)),
      longest: Math.max(...worlds.map(({ longest }) => longest)),
      limited: Array.from({ length: commands }, (_, i) =>
        worlds.some(({ user }) => user[i]?.max !== undefined),
      ),
    };
  }

  #places(): Record<string, readonly number[]> {
    const paths = this.#paths;
    return {
      parent: paths.map((path) => Math.max(0, paths.indexOf(parentOf(path)))),
      /** one after the last that lives below */
      below: paths.map((path, i) => {
        const next = paths.findIndex((other, at) => at > i && !other.startsWith(`${path}/`));
        return next < 0 ? paths.length : next;
      }),
      own: paths.map((path) => this.#names.indexOf(nameOf(path)) + 1),
      timers: [...paths, ''].map(
        (_, slot) => this.#timers.filter((timer) => timer.slot < slot).length,
      ),
      owner: this.#timers.map(({ slot }) => slot),
    };
  }

  #ofSnapshots(): Record<string, readonly number[]> {
    const all = this.#shifts.flatMap(({ tables, snapshots: shift }) =>
      tables.snapshots.map((one) => ({ ...one, older: one.stale < 0 ? 0 : one.stale + shift })),
    );
    return {
      older_actor: [0, ...all.map(({ older }) => older)],
      is_leaf: [0, ...all.map(({ isLeaf }) => Number(isLeaf))],
    };
  }

  #ofEvents(): Record<string, readonly number[]> {
    const all = this.#shifts.flatMap(({ tables, events: shift }) =>
      tables.events.map(({ reportOf, isStale, stale }) => ({
        says: reportOf < 0 ? 0 : this.#names.indexOf(tables.names[reportOf] ?? '') + 1,
        isStale,
        older: stale + shift,
      })),
    );
    return {
      older_event: [0, ...all.map(({ older }) => older)],
      says: [0, ...all.map(({ says }) => says)],
      is_stale: [0, ...all.map(({ isStale }) => Number(isStale))],
    };
  }

  #ofSteps(): Record<string, readonly number[]> {
    const all = this.#shifts.flatMap((shift) =>
      shift.tables.steps.map(({ next, isNoop, breaks: broken, effects }) => ({
        next: next + shift.snapshots,
        isNoop,
        broken: broken === undefined ? 0 : breakOf(broken),
        program: this.#program(effects, shift),
      })),
    );
    return {
      next: [0, ...all.map(({ next }) => next)],
      is_noop: [0, ...all.map(({ isNoop }) => Number(isNoop))],
      breaks: [0, ...all.map(({ broken }) => broken)],
      program: [0, ...all.map(({ program }) => program)],
      first: [0, ...this.#shifts.map(({ tables, steps }) => tables.first + steps)],
      op: this.#op,
      arg: this.#arg,
      with: this.#with,
    };
  }

  /** Where a list of effects starts; equal lists start at the same place, the empty one at 0. */
  #program(effects: readonly Effect[], { tables, events, steps }: Shift): number {
    const orders = effects
      .filter(({ kind }) => kind !== SHOW)
      .map(({ kind, name, event, init }) => {
        const isTimer = kind === ARM || kind === CANCEL;
        const known = isTimer ? this.#timerIds : this.#names;
        const text = (isTimer ? tables.timers : tables.names)[name] ?? '';
        const value = kind === SPAWN ? init + steps : event < 0 ? 0 : event + events;
        return [kind + 1, Math.max(0, known.indexOf(text)), value] as const;
      });
    if (orders.length === 0) return 0;
    const key = JSON.stringify(orders);
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const start = this.#op.length;
    for (const [op, arg, value] of [...orders, [0, 0, 0] as const]) {
      this.#op.push(op);
      this.#arg.push(arg);
      this.#with.push(value);
    }
    this.#programs.set(key, start);
    return start;
  }

  /** By world and command: its event and how often it may be used, 0 for any number of times. */
  #ofUser(commands: number): Record<string, readonly number[]> {
    const events = Array.from({ length: (this.#shifts.length + 1) * commands }, () => 0);
    const most = events.slice();
    this.#shifts.forEach(({ tables, events: shift }, world) => {
      tables.user.forEach(({ event, max }, i) => {
        if (max === 0) return;
        events[(world + 1) * commands + i] = event + shift;
        most[(world + 1) * commands + i] = max ?? 0;
      });
    });
    return { command: events, most };
  }

  #packed(): Record<string, Packed> {
    const { length } = this.#paths;
    const kids = new Sparse();
    this.#paths.forEach((path, slot) => {
      if (slot === 0) return;
      const name = this.#names.indexOf(nameOf(path));
      kids.set(this.#paths.indexOf(parentOf(path)), name, slot, [0, this.#names.length]);
    });
    const timers = new Sparse();
    this.#timers.forEach(({ slot, id }, i) => {
      timers.set(slot, this.#timerIds.indexOf(id), i + 1, [0, this.#timerIds.length]);
    });
    const steps = new Sparse();
    let snapshots = 1;
    for (const { tables, window, ...shift } of this.#shifts) {
      for (const { snapshot, event, step } of tables.rows) {
        steps.set(snapshot + shift.snapshots, event + shift.events, step + shift.steps, window);
      }
      snapshots += tables.snapshots.length;
    }
    return { kid: kids.pack(length), clock: timers.pack(length), step_of: steps.pack(snapshots) };
  }

  /** By slot and snapshot: where the list of what a leaf may do next starts. */
  #emissions() {
    const event = [0];
    const next = [0];
    const count = [0];
    const starts = new Sparse();
    const max = this.#paths.map(() => 0);
    const last = this.#shifts.reduce((sum, { tables }) => sum + tables.snapshots.length, 1);
    for (const { tables, ...shift } of this.#shifts) {
      for (const { slot, snapshot, choices } of tables.emissions) {
        if (choices.length === 0) continue;
        const place = this.#paths.indexOf(tables.slots[slot]?.path ?? '');
        starts.set(place, snapshot + shift.snapshots, event.length, [0, last]);
        max[place] = Math.max(max[place] ?? 0, choices.length);
        choices.forEach((choice, i) => {
          event.push(choice.event + shift.events);
          next.push(choice.next + shift.snapshots);
          count.push(choices.length - i);
        });
      }
    }
    const lists = { emitted: event, after: next, choices: count };
    return { max, lists, packed: starts.pack(this.#paths.length) };
  }
}
