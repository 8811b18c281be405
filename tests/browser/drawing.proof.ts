/** What is drawn in Chromium, by a worker, is byte for byte what is drawn in Node and committed. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ships } from '../../src/cli/ships.ts';
import { modelsIn, pictureName } from '../../src/diagram/files.ts';
import { levelsOf } from '../../src/diagram/level.ts';
import { openChromium } from './chromium.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const worker = createRequire(import.meta.url).resolve('elkjs/lib/elk-worker.min.js');

let browser: Browser;
let page: Page;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [at('drawing.page.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'error',
  });
  browser = await openChromium();
  page = await browser.newPage();
  await page.evaluate(
    (text) => {
      globalThis.elkWorker = text;
    },
    readFileSync(worker, 'utf8'),
  );
  await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
}, 60_000);

afterAll(async () => {
  await browser?.close();
});

describe('a picture drawn in a browser', () => {
  it.each([...modelsIn(ships)])(
    'of %s is the committed one at every level',
    async (name, model) => {
      const levels = levelsOf(model);
      const drawn = await page.evaluate(([what, which]) => globalThis.draw(what, which), [
        model,
        levels,
      ] as const);
      for (const [i, level] of levels.entries()) {
        const file = at(`../../diagrams/${pictureName(name, level)}`);
        expect(drawn[i], level).toBe(readFileSync(file, 'utf8'));
      }
    },
    60_000,
  );
});
