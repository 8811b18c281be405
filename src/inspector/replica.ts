/**
 * An actor system as its recording tells it: entry after entry is applied, and at any of them the
 * actors, where each is and which timers run are known. It must never guess: what no entry has
 * said is not there.
 */
import type { ActorState, Entry } from './recording.ts';
import type { Shown } from './shown.ts';

export class Replica {
  readonly actors = new Map<number, ActorState>();

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'base':
        this.actors.clear();
        for (const actor of entry.actors) this.actors.set(actor.actor, actor);
        return;
      case 'spawn': {
        const { actor, path, parent, machine } = entry;
        this.actors.set(actor, {
          ...{ actor, path, context: {}, timers: {} },
          ...(parent !== undefined && { parent }),
          ...(machine !== undefined && { machine }),
        });
        return;
      }
      case 'step':
      case 'state':
        this.#change(entry.actor, (actor) => ({
          ...actor,
          ...(entry.value !== undefined && { value: entry.value }),
          ...('context' in entry && { context: { ...actor.context, ...fields(entry.context) } }),
        }));
        return;
      case 'armed':
        this.#timers(entry.actor, (timers) => timers.set(entry.timer, entry.at + entry.ms));
        return;
      case 'cancelled':
      case 'fired':
        this.#timers(entry.actor, (timers) => timers.delete(entry.timer));
        return;
      case 'stopped':
        this.actors.delete(entry.actor);
        return;
      default:
    }
  }

  #change(id: number, next: (actor: ActorState) => ActorState): void {
    const actor = this.actors.get(id);
    if (actor) this.actors.set(id, next(actor));
  }

  #timers(id: number, change: (timers: Map<string, number>) => unknown): void {
    this.#change(id, (actor) => {
      const timers = new Map(Object.entries(actor.timers));
      change(timers);
      return { ...actor, timers: Object.fromEntries(timers) };
    });
  }
}

const fields = (context: Shown | undefined): Readonly<Record<string, Shown>> =>
  typeof context === 'object' && context !== null && !Array.isArray(context) ? context : {};
