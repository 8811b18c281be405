/** Readers of a stranger's values: bounded answers for any input, and no secret comes back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  delayMs,
  field,
  integer,
  parse,
  sentence,
  text,
  word,
  words,
} from '../../src/protocols/hostile.ts';

describe('hostile values', () => {
  it('are read without a throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (value, name) => {
        field(value, name);
        text(value, 8);
        word(value, 8, [name]);
        words(value, 4, 8);
        integer(value, 0, 9);
        delayMs(value);
        sentence(value, [name]);
        expect(true).toBe(true);
      }),
    );
  });

  it('have no fields but their own', () => {
    expect(field({}, 'constructor')).toBeUndefined();
    expect(field(JSON.parse('{"__proto__":{"code":"A"}}'), 'code')).toBeUndefined();
    expect(field([1], 'length')).toBeUndefined();
    expect(field(null, 'code')).toBeUndefined();
    expect(field({ code: 'A' }, 'code')).toBe('A');
  });

  it('are not quoted when they are no JSON', () => {
    expect(parse('{"privateKey":"abc"')).toBeNull();
    expect(parse('null')).toEqual({ value: null });
  });

  it('become bounded words', () => {
    expect(word('bootId-1', 8)).toBe('bootId-1');
    expect(word('bootId-12', 8)).toBeNull();
    expect(word('two words', 20)).toBeNull();
    expect(word('\u001b[31mred', 20)).toBeNull();
    expect(word('x-hunter2', 20, ['hunter2'])).toBeNull();
    expect(words(['a', 7, 'b', 'c c', 'd'], 2, 8)).toEqual(['a', 'b']);
    expect(words('abc', 2, 8)).toEqual([]);
  });

  it('become delays that a timer can run', () => {
    expect([0, 12.2, 1e99, 2 ** 31].map(delayMs)).toEqual([0, 13, 2 ** 31 - 1, 2 ** 31 - 1]);
    for (const none of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
      expect(delayMs(none)).toBeNull();
    }
  });
});

describe('a sentence of the peer', () => {
  it('is one visible line within its bound', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (value) => {
        const line = sentence(value, []);
        expect(line.length).toBeLessThanOrEqual(200);
        expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2066-\u2069]/u);
        expect(line).toBe(line.trim());
      }),
    );
  });

  it('is dropped when a secret is in it, however the peer hides it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 24 }),
        fc.string({ maxLength: 40 }),
        fc.string({ maxLength: 40 }),
        (secret, before, after) => {
          expect(sentence(before + secret + after, [secret])).toBe('');
        },
      ),
    );
    expect(sentence('bad token s3\u200bcret\u0000', ['s3cret'])).toBe('');
    expect(sentence(`${'x'.repeat(195)}s3cret`, ['s3cret'])).toBe('');
    expect(sentence('bad token', ['s3cret', ''])).toBe('bad token');
  });

  it('is dropped when it is too long for a person', () => {
    expect(sentence('x'.repeat(64 * 1024 + 1), [])).toBe('');
    expect(sentence('x'.repeat(300), [])).toBe(`${'x'.repeat(199)}…`);
    expect(sentence(`${'x'.repeat(198)}😀😀`, [])).toBe(`${'x'.repeat(198)}…`);
  });
});
