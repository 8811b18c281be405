/**
 * A recording held against machines: they are put where it begins, are told what others told them
 * and when their timers fired, and must do what they did. It promises that whoever passes took the
 * same transitions, by the same guards, said the same, and armed the same timers. It must never
 * take for the same what it could not compare.
 */
import type { AnyStateMachine } from 'xstate';
import { lineOf } from './line.ts';
import { isFromRest } from './part.ts';
import { type Recorder, recorder } from './recorder.ts';
import { type ActorState, type Entry, type Recording, readRecording } from './recording.ts';
import { machinesIn, Rehearsal } from './rehearsal.ts';
import { Replica } from './replica.ts';
import { shipped } from './shipped.ts';
import type { Shown } from './shown.ts';

export interface Replayed {
  /** how many entries were compared, and the numbers of the first and the last of them */
  entries: number;
  from: number;
  to: number;
  /** the first entry at which the machines went another way */
  difference?: Difference;
  /** why there is something that was not compared */
  unjudged?: string;
}

export interface Difference {
  n: number;
  /** what the recording has there; empty: it ends */
  recorded: string;
  /** what the machines did; empty: nothing */
  again: string;
}

/**
 * Goes the way of a recording again, on the machines that ship or on others; a machine brings the
 * machines of its children along. Time is what the recording says.
 *
 *     const { difference } = replay(readFileSync('flapping.ndjson', 'utf8'));
 *
 * Throws `NotARecording` for a text that is none. Nothing that a hidden field decides can be gone
 * again: `unjudged` says so.
 */
export function replay(
  recording: Recording | string,
  machines: readonly AnyStateMachine[] = shipped,
): Replayed {
  const { entries } = typeof recording === 'string' ? readRecording(recording) : recording;
  const known = new Map<string, AnyStateMachine>();
  for (const machine of machines) for (const one of machinesIn(machine)) known.set(one.id, one);
  const results = systemsIn(entries).map((system) => replayed(system, known));
  const compared = results.filter((one) => one.entries > 0);
  const difference = results.find((one) => one.difference)?.difference;
  const unjudged = results.find((one) => one.unjudged)?.unjudged;
  return {
    entries: compared.reduce((sum, one) => sum + one.entries, 0),
    from: compared.length === 0 ? 0 : Math.min(...compared.map((one) => one.from)),
    to: Math.max(...compared.map(({ to }) => to), 0),
    ...(difference && { difference }),
    ...(results.length === 0 ? { unjudged: 'no machine is in it' } : unjudged && { unjudged }),
  };
}

/** The entries of each root and of all below it; what one told another comes from outside. */
function systemsIn(entries: readonly Entry[]): Entry[][] {
  const roots = new Map<number, number>();
  const systems = new Map<number, Entry[]>();
  const meet = ({ actor, parent }: { actor: number; parent?: number }): void => {
    const root = parent === undefined ? actor : (roots.get(parent) ?? actor);
    roots.set(actor, root);
    if (!systems.has(root)) systems.set(root, []);
  };
  for (const entry of entries) {
    if (entry.kind === 'base') {
      for (const one of entry.actors) meet(one);
      for (const [root, own] of systems) {
        const actors = entry.actors.filter(({ actor }) => roots.get(actor) === root);
        if (actors.length > 0) own.push({ ...entry, actors });
      }
    }
    if (entry.kind === 'spawn') meet(entry);
    const whose = 'actor' in entry ? entry.actor : 'to' in entry ? entry.to : undefined;
    const root = whose === undefined ? undefined : roots.get(whose);
    if (root !== undefined) systems.get(root)?.push(entry);
  }
  return [...systems.values()];
}

const hides = (value: unknown): boolean => JSON.stringify(value).includes('«');

function replayed(
  entries: readonly Entry[],
  known: ReadonlyMap<string, AnyStateMachine>,
): Replayed {
  const replica = new Replica();
  const begin = entries.findIndex((entry) => {
    if (isFromRest(entry) && rootOf(replica)?.value !== undefined) return true;
    replica.apply(entry);
    return false;
  });
  const root = rootOf(replica);
  if (begin < 0) {
    // one that was stopped at once has gone no way
    return root?.machine === undefined
      ? { entries: 0, from: 0, to: 0 }
      : nothing('nothing is done in it');
  }
  const cast = new Map<string, AnyStateMachine>();
  for (const { path, machine } of castIn(entries)) {
    if (machine === undefined) continue;
    const found = known.get(machine.split('~')[0] ?? '');
    if (found === undefined) return nothing(`it has the machine ${machine}, which was not given`);
    cast.set(path, found);
  }
  const actors = [...replica.actors.values()].sort((a, b) => a.actor - b.actor);
  const hidden = actors.find(({ context }) => hides(context));
  if (hidden !== undefined) {
    return nothing(`the context of ${hidden.path} is hidden in part: let it through (allow)`);
  }
  return new Again(entries.slice(begin), actors).run(cast);
}

const nothing = (unjudged: string): Replayed => ({ entries: 0, from: 0, to: 0, unjudged });

const rootOf = ({ actors }: Replica): ActorState | undefined =>
  [...actors.values()].find(({ parent }) => parent === undefined);

const castIn = (entries: readonly Entry[]): readonly { path: string; machine?: string }[] =>
  entries.flatMap((entry): readonly { path: string; machine?: string }[] =>
    entry.kind === 'base' ? entry.actors : entry.kind === 'spawn' ? [entry] : [],
  );

/** Both sides of a comparison, entry by entry. */
class Again {
  readonly #actors: readonly ActorState[];
  readonly #expected: readonly Entry[];
  readonly #recording: Recorder;
  readonly #then: Names;
  readonly #now = new Names();
  /** armed before the beginning: XState does not know of them */
  readonly #before = new Set<string>();
  #rehearsal: Rehearsal | undefined;
  #at = 0;
  #next = 0;
  #compared = 0;
  #hidden = 0;
  #difference: Difference | undefined;

  constructor(entries: readonly Entry[], actors: readonly ActorState[]) {
    this.#then = new Names(actors);
    this.#actors = actors;
    for (const { actor, timers } of actors) {
      for (const timer of Object.keys(timers)) this.#before.add(`${this.#then.of(actor)} ${timer}`);
    }
    for (const entry of entries) if (entry.kind === 'spawn') this.#then.met(entry);
    this.#expected = entries.filter((entry) => this.#counts(entry, this.#then));
    this.#at = entries[0]?.at ?? 0;
    const allow = { '*': { context: ['*'], events: ['*'] } };
    const bounds = { entriesMax: 100, bytesMax: 64 * 1024 };
    this.#recording = recorder({ allow, now: () => this.#at, ...bounds });
  }

  run(cast: ReadonlyMap<string, AnyStateMachine>): Replayed {
    const quiet = this.#recording.listen((line) => this.#heard(JSON.parse(line) as Entry));
    let rehearsal: Rehearsal;
    try {
      rehearsal = new Rehearsal(this.#recording, cast, this.#actors);
    } catch (error) {
      // a state that is not there any more, say
      const why = error instanceof Error ? error.message : String(error);
      return nothing(`the machines cannot be put where it begins: ${why}`);
    }
    this.#rehearsal = rehearsal;
    for (let one = this.#due(); one !== undefined; one = this.#due()) {
      const before = this.#next;
      this.#play(one);
      if (this.#next === before) this.#differs(one, undefined);
    }
    quiet();
    rehearsal.end();
    const [first, last] = [this.#expected.at(0), this.#expected[this.#next - 1]];
    return {
      entries: this.#compared,
      from: first?.n ?? 0,
      to: last?.n ?? 0,
      ...(this.#difference && { difference: this.#difference }),
      ...(this.#hidden > 0 && this.#difference && { unjudged: hiddenWords(this.#hidden) }),
    };
  }

  #due(): Entry | undefined {
    return this.#difference === undefined ? this.#expected[this.#next] : undefined;
  }

  /** How a leaf ends is told by nobody; definitions and what is said beside are no steps. */
  #counts(entry: Entry, names: Names): boolean {
    if (isBeside(entry)) return false;
    return entry.kind !== 'stopped' || names.isMachine(entry.actor);
  }

  #heard(entry: Entry): void {
    if (entry.kind === 'spawn') this.#now.met(entry);
    if (this.#rehearsal === undefined || this.#difference !== undefined) return;
    if (!this.#counts(entry, this.#now)) return;
    this.#pass();
    const expected = this.#due();
    if (expected === undefined || !this.#isSame(expected, entry)) {
      // what is left over after the last entry of a part is not part of it
      if (expected !== undefined || this.#difference !== undefined) this.#differs(expected, entry);
      return;
    }
    this.#next += 1;
    this.#compared += 1;
    // armed anew, XState knows of it
    if (expected.kind === 'armed') {
      this.#before.delete(`${this.#then.of(expected.actor)} ${expected.timer}`);
    }
    // what was said in the middle of it is said in the middle of it again
    for (let one = this.#due(); one !== undefined && isSaid(one, this.#then); one = this.#due()) {
      if (isFromRest(one)) return;
      const before = this.#next;
      this.#play(one);
      if (this.#next === before) return;
    }
  }

  /** A timer from before the beginning is cancelled, and nobody knew that it ran. */
  #pass(): void {
    for (let one = this.#due(); one?.kind === 'cancelled'; one = this.#due()) {
      if (!this.#before.delete(`${this.#then.of(one.actor)} ${one.timer}`)) return;
      this.#next += 1;
    }
  }

  #play(entry: Entry): void {
    this.#pass();
    if ('event' in entry && hides(entry.event)) this.#hidden += 1;
    if (entry !== this.#due() || this.#rehearsal === undefined) return;
    this.#at = entry.at;
    if (entry.kind === 'stopped') {
      // from outside, all at once
      this.#rehearsal.end();
    } else if (entry.kind === 'fired') {
      const actor = this.#now.number(this.#then.of(entry.actor));
      if (actor === undefined) return;
      if (this.#before.delete(`${this.#then.of(entry.actor)} ${entry.timer}`)) {
        const event = entry.event ?? { type: entry.timer };
        this.#rehearsal.send(actor, actor, event as { type: string });
      } else this.#rehearsal.fire(actor, entry.timer);
    } else if (entry.kind === 'sent') {
      const to = this.#now.number(this.#then.of(entry.to));
      const from = entry.from === undefined ? undefined : this.#then.of(entry.from);
      if (to === undefined || entry.dropped) {
        // nobody hears it
        this.#next += 1;
        return;
      }
      const source = from === undefined ? undefined : this.#now.number(from);
      this.#rehearsal.send(source, to, entry.event as { type: string });
    }
  }

  #isSame(recorded: Entry, again: Entry): boolean {
    if (recorded.kind === 'fired' && again.kind === 'sent') {
      return this.#then.of(recorded.actor) === this.#now.of(again.to);
    }
    return covers(factOf(recorded, this.#then), factOf(again, this.#now));
  }

  #differs(recorded: Entry | undefined, again: Entry | undefined): void {
    this.#difference ??= {
      n: recorded?.n ?? this.#expected.at(-1)?.n ?? 0,
      recorded: recorded === undefined ? '' : wordsOf(recorded, this.#then),
      again: again === undefined ? '' : wordsOf(again, this.#now),
    };
  }
}

const beside: readonly Entry['kind'][] = ['machine', 'base', 'status', 'restart', 'exit', 'asked'];
const isBeside = ({ kind }: Entry): boolean => beside.includes(kind);

const hiddenWords = (count: number): string =>
  `${count} of the events before it hide something: let it through (allow)`;

/** By whom nothing decides: someone outside, a leaf, or a delay. */
const isSaid = (entry: Entry, names: Names): boolean =>
  entry.kind === 'fired' ||
  (entry.kind === 'sent' && (entry.from === undefined || !names.isMachine(entry.from)));

/** Numbers differ from run to run; paths do not. */
class Names {
  readonly #paths = new Map<number, string>();
  readonly #numbers = new Map<string, number>();
  readonly #machines = new Set<number>();

  constructor(actors: readonly { actor: number; path: string; machine?: string }[] = []) {
    for (const actor of actors) this.met(actor);
  }

  met({ actor, path, machine }: { actor: number; path: string; machine?: string }): void {
    this.#paths.set(actor, path);
    this.#numbers.set(path, actor);
    if (machine !== undefined) this.#machines.add(actor);
  }

  of(actor: number): string {
    return this.#paths.get(actor) ?? 'outside';
  }

  /** The last one of that path. */
  number(path: string): number | undefined {
    return this.#numbers.get(path);
  }

  isMachine(actor: number): boolean {
    return this.#machines.has(actor);
  }

  get paths(): ReadonlyMap<number, string> {
    return this.#paths;
  }
}

/** An entry without when it was, and with paths for numbers. */
function factOf(entry: Entry, names: Names): Shown {
  const { n: _n, at: _at, ...rest } = entry as Entry & Record<string, Shown>;
  const fact: Record<string, Shown> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (['of', 'rest', 'lateMs', 'parent', 'machine'].includes(name)) continue;
    fact[name] = ['actor', 'from', 'to'].includes(name)
      ? names.of(Number(value))
      : (value as Shown);
  }
  return fact;
}

/** Equal, but for what the recording does not show. */
function covers(recorded: Shown, again: Shown): boolean {
  if (typeof recorded === 'string' && /«|…$/.test(recorded)) return true;
  if (typeof recorded !== 'object' || recorded === null) return recorded === again;
  if (typeof again !== 'object' || again === null) return false;
  if (Array.isArray(recorded) !== Array.isArray(again)) return false;
  const { '«redacted»': hidden, ...fields } = recorded as Record<string, Shown>;
  const others = again as Record<string, Shown>;
  if (hidden === undefined && Object.keys(fields).length !== Object.keys(others).length)
    return false;
  return Object.entries(fields).every(
    ([name, value]) => name in others && covers(value, others[name] ?? null),
  );
}

function wordsOf(entry: Entry, names: Names): string {
  return lineOf(entry, names.paths)?.words ?? JSON.stringify(factOf(entry, names));
}
