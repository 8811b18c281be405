/** What a shrunk schedule promises: it breaks the same thing, and nothing in it is idle. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortest } from '../../src/simulate/shrink.ts';

describe('the shortest part that still breaks it', () => {
  it('is exactly what is needed, wherever that stands', async () => {
    const items = fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 30 });
    const cases = items.chain((all) => fc.tuple(fc.constant(all), fc.subarray(all)));
    await fc.assert(
      fc.asyncProperty(cases, async ([all, needed]) => {
        const breaks = async (some: readonly number[]) => needed.every((one) => some.includes(one));
        expect(await shortest(all, breaks)).toEqual(needed);
      }),
    );
  });

  it('is the whole when nothing can be left out', async () => {
    expect(await shortest([1, 2, 3], async () => false)).toEqual([1, 2, 3]);
  });

  it('is given up after so many tries, and breaks it still', async () => {
    const items = Array.from({ length: 2_000 }, (_, at) => at);
    let tries = 0;
    const breaks = async (some: readonly number[]) => {
      tries += 1;
      return items.every((one) => one % 2 === 1 || some.includes(one));
    };
    const left = await shortest(items, breaks);
    expect(await breaks(left)).toBe(true);
    expect(tries).toBeLessThanOrEqual(301);
  });
});
