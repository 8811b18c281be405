/**
 * A transport between real actors whose messages wait until somebody hands them over: one line per
 * sender and receiver, first in, first out, also after the sender was stopped. So real machines
 * can be taken through orders that one process alone would not produce. Leaves hear at once, as in
 * `async` delivery. It must never change a message.
 */

import { byName, label } from './program.ts';
import { pathOf, type Ref, type Relay } from './ref.ts';
import { generationOf, generationsOf } from './tokens.ts';
import type { Message, MessageView } from './world.ts';

interface Held {
  readonly source: Ref;
  readonly target: Ref;
  readonly event: Message;
}

export class Network {
  #held: Held[] = [];
  readonly #isLeaf: (ref: Ref) => boolean;
  readonly #relay: Relay['_relay'];

  constructor(isLeaf: (ref: Ref) => boolean, relay: Relay['_relay']) {
    this.#isLeaf = isLeaf;
    this.#relay = relay;
  }

  get size(): number {
    return this.#waiting().length;
  }

  /** Whether a message is kept: one between a machine and its parent is. */
  holds(source: Ref | undefined, target: Ref, event: Message): boolean {
    if (source === undefined || source === target || this.#isLeaf(target)) return false;
    if (event.type.startsWith('xstate.') && !this.#isLeaf(source)) return false;
    if (source._parent !== target && target._parent !== source) return false;
    this.#held.push({ source, target, event });
    return true;
  }

  /** The oldest message of every line, by the words of a trace. */
  offers(): Map<string, Held> {
    const lines = new Map<string, Held>();
    for (const held of this.#waiting()) {
      const line = `${idOf(held.source)} ${idOf(held.target)}`;
      if (!lines.has(line)) lines.set(line, held);
    }
    return byName([...lines.values()].map((held) => [`deliver ${wordsOf(held)}`, held] as const));
  }

  messages(): MessageView[] {
    return this.#waiting().map(({ source, target, event }) => ({
      from: isActive(source) ? pathOf(source) : undefined,
      to: pathOf(target),
      event,
    }));
  }

  deliver(name: string): void {
    const held = this.offers().get(name);
    if (!held) throw new RangeError(`nothing to ${name}`);
    this.#held = this.#held.filter((other) => other !== held);
    this.#relay(held.source, held.target, held.event);
  }

  /** What was sent to somebody who has been stopped is lost. */
  #waiting(): Held[] {
    this.#held = this.#held.filter(({ target }) => isActive(target));
    return this.#held;
  }
}

const isActive = (ref: Ref): boolean => ref.getSnapshot().status === 'active';

const ids = new WeakMap<Ref, number>();
let lastId = 0;

/** Tells an actor from its successor at the same path. */
function idOf(ref: Ref): number {
  const id = ids.get(ref) ?? ++lastId;
  ids.set(ref, id);
  return id;
}

function wordsOf({ source, target, event }: Held): string {
  const sender = isActive(source) ? pathOf(source) : 'a stopped actor';
  const isOrder = event.type === 'order';
  const inner = isOrder ? event.order : event.type.startsWith('from.') ? event.report : event;
  const words = `${isOrder ? 'order ' : ''}${label(isMessage(inner) ? inner : event)}`;
  const stale = isStale(source, target, event) ? ' (stale generation)' : '';
  return `${sender} → ${pathOf(target)}: ${words}${stale} arrives`;
}

/** Of another generation than the one that the parent has in force. */
function isStale(source: Ref, target: Ref, { type, gen }: Message): boolean {
  if (typeof gen !== 'number') return false;
  const isReport = type.startsWith('from.');
  if (!isReport && type !== 'order') return false;
  const { context } = (isReport ? target : source).getSnapshot();
  const slot = isReport ? type.slice('from.'.length) : target.id;
  return gen !== generationOf(generationsOf(context), slot);
}

const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
