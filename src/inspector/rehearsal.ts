/**
 * The machines of a recording, ready to go the same way again: everybody who is no machine is mute
 * and says what he is told to say, no time passes, and no action of the host's is run. It must
 * never start a process, open a connection or wait.
 */
import {
  type ActorLogic,
  type AnyActor,
  type AnyStateMachine,
  createActor,
  type EventObject,
  fromCallback,
  type Snapshot,
} from 'xstate';
import type { Recorder } from './recorder.ts';
import type { ActorState } from './recording.ts';
import { isMachine } from './told.ts';

/** By the path of each actor that is a machine, its machine. */
export type Cast = ReadonlyMap<string, AnyStateMachine>;

type Message = { type: string };

/** What is called here of XState's system, beyond its public types. */
interface Relay {
  _relay(source: unknown, target: unknown, event: Message): void;
}

interface Scheduler {
  getSnapshot(): { _scheduledEvents: Readonly<Record<string, Scheduled>> };
}

interface Scheduled {
  source: unknown;
  id: string;
  event: Message;
}

export class Rehearsal {
  readonly #recording: Recorder;
  readonly #cast: Cast;
  readonly #root: AnyActor;
  readonly #timers = new Map<object, () => void>();

  /** `actors`: where it begins, the root first. */
  constructor(recording: Recorder, cast: Cast, actors: readonly ActorState[]) {
    this.#recording = recording;
    this.#cast = cast;
    const [root] = actors;
    if (root === undefined) throw new RangeError('nobody is there');
    this.#root = createActor(this.#wired(root.path), {
      id: root.path,
      snapshot: this.#persisted(root, actors),
      inspect: recording,
      clock: {
        setTimeout: (run: () => void) => this.#arm(run),
        clearTimeout: (timer: unknown) => this.#timers.delete(timer as object),
      },
      logger: () => {},
    });
    // an error of a machine is in the recording
    this.#root.subscribe({ error: () => {} });
    this.#root.start();
    const { status, error } = this.#root.getSnapshot() as Snapshot<unknown>;
    if (status === 'error') throw error;
  }

  /** Nothing happens where it is not armed. */
  fire(actor: number, timer: string): void {
    const ref = this.#recording.actor(actor);
    const found = [...this.#timers].find(([armed]) => {
      const { source, id, event } = armed as Scheduled;
      return source === ref && (id === timer || event.type === timer.replace(/~\d+$/, ''));
    });
    if (found === undefined) return;
    this.#timers.delete(found[0]);
    found[1]();
  }

  send(from: number | undefined, to: number, event: Message): void {
    const source = from === undefined ? undefined : this.#recording.actor(from);
    const target = this.#recording.actor(to);
    if (target !== undefined) (this.#root.system as unknown as Relay)._relay(source, target, event);
  }

  end(): void {
    this.#root.stop();
  }

  /** XState says whose it is beside the clock: it is the one that was not there before. */
  #arm(run: () => void): object {
    const { _scheduledEvents } = (this.#root.system as unknown as Scheduler).getSnapshot();
    const armed = Object.values(_scheduledEvents).find((one) => !this.#timers.has(one));
    if (armed === undefined) throw new RangeError('a timer that nobody armed');
    this.#timers.set(armed, run);
    return armed;
  }

  #wired(path: string): AnyStateMachine {
    const machine = this.#cast.get(path);
    if (machine === undefined) throw new RangeError(`${path} has no machine`);
    const { actors: known, actions } = machine.implementations as Implementations;
    const actors: Record<string, unknown> = {};
    for (const src of Object.keys(known)) actors[src] = mute;
    for (const [id, src] of invokedBy(machine)) {
      const below = `${path}/${id}`;
      actors[src] = this.#cast.has(below) ? this.#wired(below) : mute;
    }
    const idle = Object.keys(actions).filter((name) => isHosts(actions[name]));
    return this.#recording.watch(
      machine.provide({
        actors,
        actions: Object.fromEntries(idle.map((name) => [name, () => {}])),
      } as object),
    );
  }

  #persisted(actor: ActorState, actors: readonly ActorState[]): Snapshot<unknown> {
    const machine = this.#cast.get(actor.path);
    if (machine === undefined) return { status: 'active', output: undefined, error: undefined };
    const sources = invokedBy(machine);
    const below = actors.filter(({ parent }) => parent === actor.actor);
    const children = below.map((child) => {
      const id = child.path.slice(actor.path.length + 1);
      const snapshot = this.#persisted(child, actors);
      return [id, { snapshot, src: sources.get(id) ?? id, syncSnapshot: false }];
    });
    const { value, context } = actor;
    const state = {
      ...{ status: 'active', output: undefined, error: undefined, historyValue: {} },
      ...{ value, context: structuredClone(context), children: Object.fromEntries(children) },
    };
    return state as Snapshot<unknown>;
  }
}

interface Implementations {
  actors: Readonly<Record<string, unknown>>;
  actions: Readonly<Record<string, unknown>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the system type of ActorLogic is not exported
const mute = fromCallback(() => {}) as unknown as ActorLogic<any, EventObject>;

/** XState's own ones know how they are resolved. */
const isHosts = (action: unknown): boolean =>
  typeof action === 'function' && !('resolve' in action);

interface Node {
  invoke: readonly { id: string; src: unknown }[];
  states: Readonly<Record<string, Node>>;
}

/** By the id of each actor that the machine invokes, the name of its logic. */
function invokedBy({ root }: AnyStateMachine): Map<string, string> {
  const found = new Map<string, string>();
  const look = ({ invoke, states }: Node): void => {
    for (const { id, src } of invoke) if (typeof src === 'string') found.set(id, src);
    for (const below of Object.values(states)) look(below);
  };
  look(root as unknown as Node);
  return found;
}

/** Those that a machine brings along: its children's machines, and theirs. */
export function machinesIn(machine: AnyStateMachine, found = new Set<AnyStateMachine>()) {
  if (found.has(machine)) return found;
  found.add(machine);
  for (const logic of Object.values((machine.implementations as Implementations).actors)) {
    if (isMachine(logic)) machinesIn(logic, found);
  }
  return found;
}
