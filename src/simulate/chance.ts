/**
 * The dice of a simulation: one number decides everything that it draws. It promises the same
 * numbers for the same seed on every machine, and must never look at anything else.
 */

/** Mulberry32: small, seedable, the same everywhere. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, not including, 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A whole number, both ends included; small ones are as likely as large ones by their size. */
  between(least: number, most: number): number {
    return Math.round(Math.exp(Math.log(least) + this.next() * Math.log(most / least)));
  }

  isTrue(share: number): boolean {
    return this.next() < share;
  }

  /** One of them; there must be one. */
  of<const T>(things: readonly [T, ...T[]]): T {
    return things[this.below(things.length)] ?? things[0];
  }

  /** The time to the next of events that know nothing of each other, milliseconds. */
  gap(meanMs: number): number {
    return Math.max(1, Math.round(-Math.log(1 - this.next()) * meanMs));
  }

  /** Dice of their own for one part, so that what another part draws does not shift them. */
  fork(part: number): Chance {
    const mixed = Math.imul(this.#state ^ Math.imul(part + 1, 0x9e3779b1), 0x85ebca6b);
    return new Chance(mixed ^ (mixed >>> 13));
  }
}
