/**
 * A table with few entries as three short lists: the rows are laid over one another wherever they
 * leave room, and each entry names its owner. Entry (row, column) is `value[at]`, with `at` for
 * `base[row] + column - shift`, where `owner[at]` is the row, and otherwise there is none. It must
 * be readable at every column of a row's window without leaving the lists.
 */
export interface Packed {
  readonly shift: number;
  /** by row */
  readonly base: readonly number[];
  /** row + 1, 0 where nobody is */
  readonly owner: readonly number[];
  readonly value: readonly number[];
}

/** The columns that a row may be asked for: the first, and one after the last. */
export type Window = readonly [from: number, to: number];

export class Sparse {
  readonly #rows = new Map<number, { window: Window; entries: Map<number, number> }>();

  set(row: number, column: number, value: number, window: Window): void {
    const known = this.#rows.get(row) ?? { window, entries: new Map() };
    known.entries.set(column, value);
    this.#rows.set(row, known);
  }

  /** Fullest rows first: they are the hardest to place. `rows` is how many there are in all. */
  pack(rows: number): Packed {
    const starts = [...this.#rows.values()].map(({ window }) => window[0]);
    const shift = Math.max(0, ...starts);
    const base = Array.from({ length: rows }, () => shift);
    const owner: number[] = [];
    const value: number[] = [];
    let length = 1;
    const fullest = [...this.#rows].sort((a, b) => b[1].entries.size - a[1].entries.size);
    for (const [row, { window, entries }] of fullest) {
      const [from, to] = window;
      let at = 0;
      const fits = (column: number) => (owner[at + column - from] ?? 0) === 0;
      while (![...entries.keys()].every(fits)) at += 1;
      for (const [column, entry] of entries) {
        owner[at + column - from] = row + 1;
        value[at + column - from] = entry;
      }
      base[row] = at - from + shift;
      length = Math.max(length, at + to - from);
    }
    const whole = (list: readonly number[]) => Array.from({ length }, (_, i) => list[i] ?? 0);
    return { shift, base, owner: whole(owner), value: whole(value) };
  }
}
