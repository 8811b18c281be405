/**
 * Things in the order they came, for whoever asks first. It promises each thing to one asker only,
 * and must never wait by a clock: whoever waits for nothing is stopped by the test's own deadline.
 */

export class Queue<T> {
  readonly #items: T[] = [];
  readonly #askers: ((item: T) => void)[] = [];

  add(item: T): void {
    const asker = this.#askers.shift();
    if (asker === undefined) this.#items.push(item);
    else asker(item);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#askers.push(resolve));
  }
}
