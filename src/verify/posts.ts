/**
 * The one queue in which posts of leaves wait for their turn, interned like every other part of
 * a state. First in, first out; it must never reorder.
 */
import { Interner } from './intern.ts';

export interface Queue {
  readonly id: number;
  readonly items: readonly { readonly slot: number; readonly event: number }[];
  /** by `slot * 65536 + event` of the post that was added */
  readonly pushed: Map<number, Queue>;
  rest: Queue | undefined;
}

export class Posts {
  readonly #queues = new Interner<Queue>();

  constructor() {
    this.#of([]);
  }

  at(id: number): Queue {
    return this.#queues.at(id);
  }

  push(queue: Queue, slot: number, event: number): Queue {
    const key = slot * 0x10000 + event;
    let next = queue.pushed.get(key);
    if (!next) {
      next = this.#of([...queue.items, { slot, event }]);
      queue.pushed.set(key, next);
    }
    return next;
  }

  rest(queue: Queue): Queue {
    queue.rest ??= this.#of(queue.items.slice(1));
    return queue.rest;
  }

  /** Without the posts of a leaf that was stopped. */
  without(queue: Queue, slot: number): Queue {
    if (!queue.items.some((item) => item.slot === slot)) return queue;
    return this.#of(queue.items.filter((item) => item.slot !== slot));
  }

  /** With the posts of one slot marked as of an older generation. */
  stale(queue: Queue, slot: number, older: (event: number) => number): Queue {
    if (!queue.items.some((item) => item.slot === slot)) return queue;
    return this.#of(
      queue.items.map((item) => (item.slot === slot ? { slot, event: older(item.event) } : item)),
    );
  }

  #of(items: Queue['items']): Queue {
    const key = items.map(({ slot, event }) => `${slot}:${event}`).join();
    return this.#queues.get(key, (id) => ({
      id,
      items,
      pushed: new Map(),
      rest: undefined,
    }));
  }
}
