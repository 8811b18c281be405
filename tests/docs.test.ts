/** The pages that are drawn from the code say what the code says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pages } from '../src/cli/pages.ts';

describe('docs/', () => {
  it.each([...pages()])('%s is what `npm run generate` writes', (file, text) => {
    const committed = readFileSync(new URL(`../docs/${file}`, import.meta.url), 'utf8');
    expect(committed).toBe(text);
  });
});
