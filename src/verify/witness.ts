/**
 * Whether the outside keeps to the automata that stand for it: watches leaves of a running system
 * by XState's inspection and follows each in its automaton. It promises that whatever it refuses,
 * no interleaving of the automaton explains; it must never disturb the system that it watches. A
 * number in a report counts only by whether it is 0, and only where the automaton makes that
 * difference: how long a wait is, no exploration depends on.
 */
import type { ActorRefLike, InspectionEvent } from 'xstate';
import type { Emission, Leaf, Message, World } from './world.ts';

export interface Witness {
  /** to be given as `inspect` to an actor, or to a gateway; any number of systems may share it */
  readonly inspect: (event: InspectionEvent) => void;
  /** reports and commands seen so far */
  readonly events: number;
  /** reports that no automaton explains, in words: what was reported, after which events */
  readonly refused: readonly string[];
}

/** Watches every leaf of `world` by the `src` under which its parent invokes it. */
export function witness(world: World): Witness {
  const automata = new Map(
    world.roles.flatMap((role) => ('leaf' in role ? [[role.name, role.leaf] as const] : [])),
  );
  const followed = new WeakMap<object, Follower>();
  const refused: string[] = [];
  let events = 0;
  const leafOf = (actor: ActorRefLike | undefined) => (actor ? followed.get(actor) : undefined);
  return {
    inspect(event) {
      if (event.type !== '@xstate.event') return;
      const { event: message, actorRef, sourceRef } = event;
      if (message.type === 'xstate.init') {
        const name = String(Reflect.get(actorRef, 'src'));
        const leaf = automata.get(name);
        if (leaf !== undefined) followed.set(actorRef, new Follower(name, leaf, message.input));
        return;
      }
      const told = leafOf(actorRef);
      if (told?.takes(message.order ?? message)) events += 1;
      const speaker = leafOf(sourceRef);
      const report = speaker?.isPlain ? message : message.report;
      if (speaker === undefined || report === undefined) return;
      events += 1;
      const objection = speaker.reports(report);
      if (objection !== undefined) refused.push(objection);
    },
    get events() {
      return events;
    },
    refused,
  };
}

/** A state that the automaton may be in, and how many of the commands it had taken by then. */
interface Place {
  state: string;
  taken: number;
}

/**
 * One leaf. A report is posted at some moment and arrives later: each command on record may have
 * come before or after that moment, so every place that explains the past is kept.
 */
class Follower {
  readonly #name: string;
  readonly #leaf: Leaf;
  readonly #signs: ReadonlyMap<string, number>;
  readonly #past: string[] = [];
  readonly #commands: string[] = [];
  #places: Place[];

  constructor(name: string, leaf: Leaf, input: unknown) {
    this.#name = name;
    this.#leaf = leaf;
    this.#signs = signsOf(leaf);
    const given = (input ?? {}) as Readonly<Record<string, unknown>>;
    const state = typeof leaf.initial === 'string' ? leaf.initial : leaf.initial(given);
    this.#places = [{ state, taken: 0 }];
  }

  /** Its reports travel without an envelope. */
  get isPlain(): boolean {
    return this.#leaf.plain === true;
  }

  /** False for what no automaton of this leaf could take, as XState's own events. */
  takes({ type }: Message): boolean {
    if (type.startsWith('xstate.')) return false;
    this.#commands.push(type);
    this.#past.push(type);
    return true;
  }

  /** Undefined, or what is wrong with it; after that it goes on from wherever it could be. */
  reports(report: Message): string | undefined {
    const next = new Map<string, Place>();
    for (const place of this.#places) this.#explain(place, report, next);
    const past = this.#past.join(', ') || 'its start';
    this.#past.push(words(report));
    if (next.size > 0) {
      this.#places = [...next.values()];
      return undefined;
    }
    const states = [...new Set(this.#places.map(({ state }) => state))].join(' or ');
    return `${this.#name} reported ${words(report)} in ${states}, after ${past}`;
  }

  #explain({ state, taken }: Place, report: Message, next: Map<string, Place>): void {
    let at = state;
    for (let count = taken; count <= this.#commands.length; count++) {
      for (const emission of this.#leaf.emits[at] ?? []) {
        if (!this.#matches(emission, report)) continue;
        next.set(`${count} ${emission.next}`, { state: emission.next, taken: count });
      }
      at = this.#leaf.receives?.[at]?.[this.#commands[count] ?? ''] ?? at;
    }
  }

  #matches({ report: allowed, unread = [] }: Emission, report: Message): boolean {
    const kind = kindOf(allowed);
    return Object.entries(allowed).every(([field, value]) => {
      const given = report[field];
      if (unread.includes(field)) return given !== undefined;
      if (typeof value !== 'number' || typeof given !== 'number') return given === value;
      const signs = this.#signs.get(`${kind} ${field}`) ?? 1;
      return signs === 1 || (value === 0) === (given === 0);
    });
  }
}

/** A report without its numbers. */
const kindOf = (report: Message): string =>
  JSON.stringify(Object.entries(report).filter(([, value]) => typeof value !== 'number'));

/** By kind and field of a report: 2 where the automaton tells 0 from other numbers. */
function signsOf(leaf: Leaf): Map<string, number> {
  const seen = new Map<string, Set<boolean>>();
  for (const { report } of Object.values(leaf.emits).flat()) {
    for (const [field, value] of Object.entries(report)) {
      if (typeof value !== 'number') continue;
      const key = `${kindOf(report)} ${field}`;
      seen.set(key, (seen.get(key) ?? new Set()).add(value === 0));
    }
  }
  return new Map([...seen].map(([key, signs]) => [key, signs.size]));
}

const words = ({ type, ...rest }: Message): string =>
  Object.keys(rest).length === 0 ? type : `${type} ${JSON.stringify(rest)}`;
