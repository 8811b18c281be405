/**
 * What real actors do against the rules of the kernel, seen from outside while they run. It judges
 * behaviour only: how a machine is written (`pure`, `modelled` and their like) no run can show.
 * It must never take part.
 */

import type { RawSnapshot } from './compile.ts';
import { blame, type Fault, type Guarantee } from './fault.ts';
import { machineState } from './machine-state.ts';
import { label } from './program.ts';
import { pathOf, type Ref } from './ref.ts';

import { generationOf, generationsOf } from './tokens.ts';
import type { Message, StepPromise } from './world.ts';

/** The rules that a run of real actors can break. */
export const judged: readonly Guarantee[] = [
  'stale-is-inert',
  'nothing-throws',
  'never-final',
  'one-instance',
  'timer-discipline',
  'missing-child',
  'silent-once-stopped',
  'not-abandoned',
];

/** XState's inspection events, as far as they are read here. */
interface Inspected {
  type: string;
  actorRef: Ref & { readonly _processingStatus?: number };
  event?: Message;
  snapshot?: RawSnapshot;
  action?: { type: string; params?: { delay?: unknown } };
}

/** A step of an actor on a message that should change nothing. */
interface Suspect {
  readonly event: Message;
  readonly before: string;
  readonly why: string;
  deeds: number;
}

const RUNNING = 1;

export class Judge {
  /** the first rule that was broken */
  fault: Fault | undefined;
  readonly #actors = new Set<Inspected['actorRef']>();
  readonly #senders = new WeakMap<Message, Ref>();
  readonly #suspects = new Map<Ref, Suspect>();
  readonly #begun = new Map<Ref, { event: Message; before: RawSnapshot }>();
  readonly #root: string;
  readonly #steps: readonly [string, StepPromise][];

  constructor(root: string, steps: Readonly<Record<string, StepPromise>>) {
    this.#root = root;
    this.#steps = Object.entries(steps);
  }

  /** A leaf speaks while it is being stopped. */
  parts(path: string, { type }: Message): void {
    this.#broke('silent-once-stopped', `${path} said '${type}' while it was being stopped`);
  }

  sent(source: Ref | undefined, event: Message): void {
    if (source) this.#senders.set(event, source);
  }

  /** A leaf is stopped that should have come to its own end. */
  abandons(path: string, state: string): void {
    this.#broke('not-abandoned', `${path} was stopped while ${state}`);
  }

  inspect(seen: unknown): void {
    const { type, actorRef, event, snapshot, action } = seen as Inspected;
    if (type === '@xstate.actor') this.#actors.add(actorRef);
    else if (type === '@xstate.microstep' && event) this.#begins(actorRef, event);
    else if (type === '@xstate.action' && action) this.#acts(actorRef, action);
    else if (type === '@xstate.snapshot' && event && snapshot) {
      this.#ends(actorRef, event, snapshot);
    }
  }

  /** What can be seen between two moves. */
  look(error: unknown, timers: Iterable<{ path: string; id: string }>): void {
    if (error !== undefined) {
      const text = error instanceof Error ? error.message : String(error);
      this.#broke(blame(error, text), text.replaceAll('\n', ' '));
    }
    this.#once('one-instance', 'lives twice', this.#places());
    const armed = [...timers].map(({ path, id }) => `'${id}' of ${path}`);
    this.#once('timer-discipline', 'is armed twice', armed);
  }

  #places(): string[] {
    const places: string[] = [];
    for (const ref of this.#actors) {
      const { status } = ref.getSnapshot();
      if (status === 'done') this.#broke('never-final', `${pathOf(ref)} ended by itself`);
      if (status !== 'active') this.#actors.delete(ref);
      else if (ref._processingStatus === RUNNING) places.push(pathOf(ref));
    }
    return places;
  }

  #once(guarantee: Guarantee, what: string, names: readonly string[]): void {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) this.#broke(guarantee, `${twice} ${what}`);
  }

  #begins(actor: Inspected['actorRef'], event: Message): void {
    // an actor that has not started has no snapshot, and must not be asked for one
    if (actor._processingStatus !== RUNNING) return;
    const before = actor.getSnapshot();
    if (!this.#begun.has(actor)) this.#begun.set(actor, { event, before });
    if (this.#suspects.has(actor)) return;
    const why = this.#staleness(actor, before, event);
    if (why === undefined) return;
    this.#suspects.set(actor, { event, before: textOf(before), why, deeds: 0 });
  }

  #acts(actor: Ref, { type, params }: NonNullable<Inspected['action']>): void {
    const suspect = this.#suspects.get(actor);
    const isQuiet = type === 'xstate.log' || (type === 'xstate.raise' && !params?.delay);
    if (suspect && !isQuiet) suspect.deeds += 1;
  }

  #ends(actor: Ref, event: Message, snapshot: RawSnapshot): void {
    this.#judge(actor, event, snapshot);
    const suspect = this.#suspects.get(actor);
    if (suspect?.event !== event) return;
    this.#suspects.delete(actor);
    if (suspect.deeds === 0 && suspect.before === textOf(snapshot)) return;
    const inner = event.report as Message | undefined;
    const words = `${pathOf(actor)} reacted to '${label(inner ?? event)}' ${suspect.why}`;
    this.#broke('stale-is-inert', words);
  }

  #judge(actor: Ref, event: Message, snapshot: RawSnapshot): void {
    const begun = this.#begun.get(actor);
    if (begun?.event !== event) return;
    this.#begun.delete(actor);
    const role = typeof actor.src === 'string' ? actor.src : this.#root;
    for (const [name, promise] of this.#steps) {
      if (promise.role !== role) continue;
      const states = [machineState(begun.before), machineState(snapshot)] as const;
      const message = promise.check(...states, event);
      if (message !== undefined) this.#broke(name, `${role}: ${message}`);
    }
  }

  /** Why a report should change nothing; undefined when it is of the child in force. */
  #staleness(actor: Ref, { children, context }: RawSnapshot, event: Message): string | undefined {
    const sender = this.#senders.get(event);
    if (sender?._parent === actor && children[sender.id] !== sender) return 'from a stopped actor';
    if (!event.type.startsWith('from.')) return undefined;
    const present = generationOf(generationsOf(context), event.type.slice('from.'.length));
    const isOlder = typeof event.gen === 'number' && event.gen !== present;
    return isOlder ? 'of an older generation' : undefined;
  }

  #broke(guarantee: string, message: string): void {
    this.fault ??= { guarantee, message };
  }
}

/** All of a snapshot that a later step may depend on. */
const textOf = ({ status, value, context, children }: RawSnapshot): string =>
  JSON.stringify([status, value, context, Object.keys(children).sort()]);
