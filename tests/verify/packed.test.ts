/** A sparse table laid into short lists gives back what went in, and nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sparse } from '../../src/verify/packed.ts';

const cells = fc.array(fc.tuple(fc.nat(7), fc.nat(9), fc.integer({ min: 1, max: 99 })), {
  maxLength: 40,
});

describe('a packed table', () => {
  it('answers at every row and column as the whole table does', () => {
    fc.assert(
      fc.property(cells, fc.integer({ min: 0, max: 30 }), (entries, from) => {
        const whole = new Map<string, number>();
        const sparse = new Sparse();
        for (const [row, column, value] of entries) {
          whole.set(`${row} ${column}`, value);
          sparse.set(row, from + column, value, [from, from + 10]);
        }
        const { base, owner, value, shift } = sparse.pack(8);
        for (let row = 0; row < 8; row++) {
          for (let column = 0; column < 10; column++) {
            const at = (base[row] ?? Number.NaN) + from + column - shift;
            const read = owner[at] === row + 1 ? value[at] : 0;
            expect(read).toBe(whole.get(`${row} ${column}`) ?? 0);
            expect(at).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });

  it('lays rows over one another', () => {
    const sparse = new Sparse();
    for (let row = 0; row < 10; row++) sparse.set(row, row % 2, row + 1, [0, 2]);
    expect(sparse.pack(10).value.length).toBeLessThan(20);
  });
});
