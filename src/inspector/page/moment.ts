/**
 * What is known at one moment of a recording: who is there, where each one is, what it did last,
 * and what was counted until then. It must never know of an entry that was not applied.
 */
import type { Entry } from '../recording.ts';
import { Replica } from '../replica.ts';
import type { Shown } from '../shown.ts';

/** An entry of one kind. */
export type Said<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

/** So many restarts, and so many ends, are remembered. */
const notesMost = 20;

export class Moment {
  readonly replica = new Replica();
  /** how often an actor of a path was made */
  readonly spawns = new Map<string, number>();
  /** by the machine and the identity of a transition */
  readonly taken = new Map<string, number>();
  /** of each actor, the transitions of its last step */
  readonly fired = new Map<number, readonly string[]>();
  /** of each actor, the fields of its context that changed last */
  readonly changed = new Map<number, ReadonlySet<string>>();
  /** by the name of a gateway, what it said of itself last */
  readonly statuses = new Map<string, Said<'status'>>();
  /** who asked for a restart or a reload, and what became of it: the last ones, the oldest first */
  readonly restarts = new Map<string, Said<'restart'>>();
  /** how processes ended: the last ones, the oldest first */
  readonly exits = new Map<number, Said<'exit'>>();
  /** milliseconds of the recording */
  at = 0;

  apply(entry: Entry): void {
    this.at = entry.at;
    this.replica.apply(entry);
    if (entry.kind === 'base') for (const { path } of entry.actors) this.#met(path);
    else if (entry.kind === 'spawn') this.#met(entry.path);
    else if (entry.kind === 'step') this.#stepped(entry.actor, entry.edges);
    else if (entry.kind === 'state') this.#changed(entry.actor, entry.context);
    else if (entry.kind === 'stopped') {
      this.fired.delete(entry.actor);
      this.changed.delete(entry.actor);
    } else if (entry.kind === 'status') this.statuses.set(entry.of, entry);
    else if (entry.kind === 'restart') this.#asked(entry);
    else if (entry.kind === 'exit') lastOf(this.exits.set(entry.n, entry));
  }

  /** Under the moment at which it was asked for. */
  #asked(entry: Said<'restart'>): void {
    const key = `${entry.of} ${entry.id}`;
    const { at = entry.at, inMs = entry.inMs } = this.restarts.get(key) ?? {};
    lastOf(this.restarts.set(key, { ...entry, at, inMs }));
  }

  copy(): Moment {
    const other = new Moment();
    const pairs = [
      [this.replica.actors, other.replica.actors],
      [this.spawns, other.spawns],
      [this.taken, other.taken],
      [this.fired, other.fired],
      [this.changed, other.changed],
      [this.statuses, other.statuses],
      [this.restarts, other.restarts],
      [this.exits, other.exits],
    ] as const;
    for (const [from, to] of pairs) {
      for (const [key, value] of from) (to as Map<unknown, unknown>).set(key, value);
    }
    other.at = this.at;
    return other;
  }

  #met(path: string): void {
    this.spawns.set(path, (this.spawns.get(path) ?? 0) + 1);
  }

  #changed(actor: number, context: Shown | undefined): void {
    if (typeof context !== 'object' || context === null) return;
    this.changed.set(actor, new Set(Object.keys(context)));
  }

  #stepped(actor: number, edges: readonly string[]): void {
    if (edges.length === 0) return;
    this.fired.set(actor, edges);
    const { machine = '' } = this.replica.actors.get(actor) ?? {};
    for (const edge of edges) {
      const key = `${machine} ${edge}`;
      this.taken.set(key, (this.taken.get(key) ?? 0) + 1);
    }
  }
}

function lastOf<K>(notes: Map<K, unknown>): void {
  const [first] = notes.keys();
  if (notes.size > notesMost && first !== undefined) notes.delete(first);
}
