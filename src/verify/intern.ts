/**
 * Values known by a small number: the same key is always the same id, ids count from zero. It
 * never forgets and never compares by hash alone.
 */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: (T | undefined)[] = [];

  /** The id of `key`; `make` is called the first time only, and may itself intern. */
  id(key: string, make: (id: number) => T): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#values.push(undefined) - 1;
    this.#values[id] = make(id);
    this.#ids.set(key, id);
    return id;
  }

  /** The value of `key` itself, made the first time. */
  get(key: string, make: (id: number) => T): T {
    return this.at(this.id(key, make));
  }

  at(id: number): T {
    const value = this.#values[id];
    if (value === undefined) throw new RangeError(`no interned value ${id}`);
    return value;
  }

  get size(): number {
    return this.#values.length;
  }

  values(): readonly T[] {
    return this.#values.filter((value) => value !== undefined);
  }
}
