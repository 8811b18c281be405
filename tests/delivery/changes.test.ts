/** Whether a change is there: what a service adds is no denial, what it hides is no proof. */
import { describe, expect, it } from 'vitest';
import { type Config, changesBetween, redactedIn, seenIn } from '../../src/delivery/changes.ts';

const hidden = '<hidden>';
const seen = (before: Config, after: Config, found: Config) =>
  seenIn(found, changesBetween(before, after), hidden);

describe('the changes', () => {
  it('are the smallest members that differ; lists count as a whole', () => {
    const before = { a: { b: 1, c: [1] }, gone: 1, same: { x: 1 } };
    expect(changesBetween(before, { a: { b: 2, c: [1, 2] }, same: { x: 1 }, add: {} })).toEqual([
      { path: ['a', 'b'], value: 2 },
      { path: ['a', 'c'], value: [1, 2] },
      { path: ['gone'], value: undefined },
      { path: ['add'], value: {} },
    ]);
    expect(changesBetween(before, structuredClone(before))).toEqual([]);
  });

  it('know no inherited members', () => {
    const sly = JSON.parse('{ "constructor": 1, "__proto__": { "a": 1 } }') as Config;
    expect(changesBetween({}, sly).map(({ path }) => path)).toEqual([
      ['constructor'],
      ['__proto__'],
    ]);
    expect(seen({}, sly, {})).toBe('absent');
    expect(seen({}, sly, sly)).toBe('there');
  });
});

describe('a change', () => {
  it.each<[string, Config, Config, Config, string]>([
    ['among fields of others', { a: 1 }, { a: 2 }, { a: 2, meta: 9 }, 'there'],
    ['that is not there', { a: 1 }, { a: 2 }, { a: 1 }, 'absent'],
    ['half of which is there', { a: 1 }, { a: 2, b: 2 }, { a: 2 }, 'absent'],
    ['that removed', { a: { b: 1, c: 1 } }, { a: { c: 1 } }, { a: { c: 1, d: 1 } }, 'there'],
    ['that should have removed', { a: 1 }, {}, { a: 1 }, 'absent'],
    ['of a secret', { a: hidden }, { a: 'new' }, { a: hidden }, 'hidden'],
    ['of a secret in a list', { a: [] }, { a: [{ s: 'new' }] }, { a: [{ s: hidden }] }, 'hidden'],
    ['beside a kept secret', { a: [hidden] }, { a: [hidden, 1] }, { a: ['raw', 1] }, 'hidden'],
    ['of a secret, and more that is not there', {}, { a: 'x', b: 1 }, { a: hidden }, 'absent'],
    ['below what is no object', { a: { b: 1 } }, { a: { b: 2 } }, { a: 7 }, 'absent'],
  ])('%s', (_, before, after, found, verdict) => {
    expect(seen(before, after, found)).toBe(verdict);
  });

  it('counts redacted values at any depth', () => {
    expect(redactedIn({ a: hidden, b: [{ c: hidden }, 'x', null] }, hidden)).toBe(2);
  });
});
