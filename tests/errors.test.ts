/**
 * Errors as a user meets them: every code has its place in docs/errors.md and in the code, and
 * what an error says of itself can always be logged. Nothing here knows how an error comes about.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorTexts, noticeTexts } from '../src/cli/error-texts.ts';
import { errorCodes, HoldfastError } from '../src/errors.ts';

const root = new URL('../src/', import.meta.url);
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/^(errors|cli\/error-texts)\.ts$/.test(file))
  .map((file) => readFileSync(new URL(file, root), 'utf8'));
const said = new Set(sources.flatMap((text) => text.match(/(?<=')HF_[A-Z_]+(?=')/g) ?? []));

describe('docs/errors.md', () => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');

  it('has one heading for each code, with its cause and its remedy', () => {
    const headings = [...page.matchAll(/^## (HF_\w+)$/gm)].map(([, code]) => code);
    expect(headings).toEqual(Object.keys(errorTexts));
    expect([...headings].sort()).toEqual([...errorCodes].sort());
    for (const { cause, remedy, from } of Object.values(errorTexts)) {
      for (const text of [cause, remedy, from]) expect(text.length).toBeGreaterThan(9);
    }
  });

  it('knows every code that the code says, and none that it never says', () => {
    const known = [...Object.keys(errorTexts), ...Object.keys(noticeTexts)];
    expect([...said].sort()).toEqual(known.sort());
  });
});

describe('toJSON', () => {
  const secret = 's3cr3t-value-0123456789';
  const anything = fc.anything({
    maxDepth: 5,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    withBoxedValues: true,
  });

  it('can be written by JSON, and is bounded, whatever the details are', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5_000 }), anything, (message, value) => {
        const details = { value, circle: {} as object, list: Array(1_000).fill(message) };
        Object.assign(details.circle, { details });
        const error = new HoldfastError('HF_INTERNAL', message, { details, cause: value });
        const text = JSON.stringify(error);
        expect(text.length).toBeLessThan(1_000_000);
        expect(JSON.parse(text)).toMatchObject({ name: 'HoldfastError', code: 'HF_INTERNAL' });
        expect(text).not.toContain('"stack"');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['a bearer token', `refused: Bearer ${secret}`],
    ['a credential of a URL', `wss://me:${secret}@host/path`],
    ['a token of a query', `https://host/?token=${secret}&x=1`],
    ['an argument', `serve --auth-token ${secret}`],
  ])('SE-02: holds no %s, in message, details or trace', (_, text) => {
    const details = { text, deep: [{ text }], password: secret, server: { apiKey: secret } };
    const trace = [text];
    const error = new HoldfastError('HF_REQUEST_FAILED', text, { details, trace });
    expect(JSON.stringify(error)).not.toContain(secret);
    expect(JSON.stringify(error)).toContain('[redacted]');
  });

  it('leaves the error itself as it was', () => {
    const details = { password: secret };
    const error = new HoldfastError('HF_CREDENTIALS', 'no', { details });
    error.toJSON();
    expect(error.details).toEqual({ password: secret });
  });
});
