/**
 * Every state seen so far, each once: rows of numbers in one arena, found again by open
 * addressing, each with the move that first led to it. Exact: a hash only says where to look,
 * the whole row is compared. It must never merge two different rows.
 */
import type { Row } from './delivery.ts';

type Ints = Int32Array<ArrayBuffer>;

const grown = (array: Ints, needed: number): Ints => {
  if (needed <= array.length) return array;
  const larger = new Int32Array(Math.max(needed, Math.ceil(array.length * 1.6)));
  larger.set(array);
  return larger;
};

/** Rows differ in length as new slots are met: trailing zeros do not count. */
function trimmed(row: Row, length: number): number {
  let end = length;
  while (end > 0 && row[end - 1] === 0) end--;
  return end;
}

function hash(row: Row, length: number): number {
  let mixed = 0x811c9dc5;
  for (let i = 0; i < length; i++) {
    mixed = Math.imul(mixed ^ (row[i] ?? 0), 0x01000193);
    mixed ^= mixed >>> 15;
  }
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

export class States {
  #arena: Ints = new Int32Array(1 << 14);
  /** start of each state in the arena; one more entry marks the end */
  #starts = new Int32Array(1 << 10);
  #parents = new Int32Array(1 << 10);
  #moves = new Int32Array(1 << 10);
  #hashes = new Int32Array(1 << 10);
  #table = new Int32Array(1 << 11).fill(-1);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  get bytes(): number {
    const arrays = [this.#arena, this.#starts, this.#parents, this.#moves, this.#hashes];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, this.#table.byteLength);
  }

  /** The state's id; look at `size` to see whether it is new. */
  add(row: Row, length: number, parent: number, move: number): number {
    const end = trimmed(row, length);
    const code = hash(row, end);
    const mask = this.#table.length - 1;
    let place = code & mask;
    for (;;) {
      const known = this.#table[place] ?? -1;
      if (known < 0) break;
      if (this.#hashes[known] === code && this.#equals(known, row, end)) return known;
      place = (place + 1) & mask;
    }
    this.#table[place] = this.#count;
    return this.#append(row, end, code, parent, move);
  }

  /** Copies a state into `row`. */
  load(id: number, row: Row): void {
    const start = this.#starts[id] ?? 0;
    const end = this.#starts[id + 1] ?? 0;
    row.fill(0);
    for (let i = start; i < end; i++) row[i - start] = this.#arena[i] ?? 0;
  }

  parent(id: number): number {
    return this.#parents[id] ?? -1;
  }

  /** The move that led from `parent(id)` to `id`. */
  move(id: number): number {
    return this.#moves[id] ?? -1;
  }

  #equals(id: number, row: Row, length: number): boolean {
    const start = this.#starts[id] ?? 0;
    if ((this.#starts[id + 1] ?? 0) - start !== length) return false;
    for (let i = 0; i < length; i++) if (this.#arena[start + i] !== row[i]) return false;
    return true;
  }

  #append(row: Row, length: number, code: number, parent: number, move: number): number {
    const id = this.#count;
    const start = this.#starts[id] ?? 0;
    this.#count += 1;
    this.#starts = grown(this.#starts, this.#count + 1);
    this.#parents = grown(this.#parents, this.#count);
    this.#moves = grown(this.#moves, this.#count);
    this.#hashes = grown(this.#hashes, this.#count);
    this.#arena = grown(this.#arena, start + length);
    for (let i = 0; i < length; i++) this.#arena[start + i] = row[i] ?? 0;
    this.#starts[id + 1] = start + length;
    this.#parents[id] = parent;
    this.#moves[id] = move;
    this.#hashes[id] = code;
    if (this.#count * 3 > this.#table.length * 2) this.#rehash();
    return id;
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2).fill(-1);
    const mask = table.length - 1;
    for (let id = 0; id < this.#count; id++) {
      let place = (this.#hashes[id] ?? 0) & mask;
      while ((table[place] ?? -1) >= 0) place = (place + 1) & mask;
      table[place] = id;
    }
    this.#table = table;
  }
}

/** A growing list of numbers without the cost of an array of boxed values. */
export class Numbers {
  #items = new Int32Array(1 << 10);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#items.byteLength;
  }

  push(value: number): void {
    this.#items = grown(this.#items, this.#count + 1);
    this.#items[this.#count++] = value;
  }

  at(index: number): number {
    return this.#items[index] ?? 0;
  }
}
