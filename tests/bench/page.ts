/**
 * How the inspector's page bears a long recording: 100,000 entries of a simulation, from a file.
 * It takes the time until the first chart is drawn, and that of each frame while somebody drags the
 * slider from one end to the other. And how long the first view takes over loopback. It measures
 * and judges, it never repairs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { recordRun } from '../../src/cli/record-run.ts';
import { assets, standalone } from '../../src/inspector/assets.ts';
import { headerOf } from '../../src/inspector/recording.ts';
import { serve } from '../../src/inspector/server.ts';
import { openChromium } from '../browser/chromium.ts';

const entriesWanted = 100_000;
const places = 200;
const limits = { frameMs: 50, viewMs: 1_000, pageKB: 40 };

/** The same hours again and again, as one recording. */
async function long(): Promise<string> {
  const { recording } = await recordRun({ seed: 3, hours: 2, runs: 1 }, 0);
  const [, ...lines] = recording.text().trimEnd().split('\n');
  const kinds = lines.map((line) => JSON.parse(line) as { n: number; at: number; kind: string });
  const definitions = kinds.filter(({ kind }) => kind === 'machine');
  const entries = kinds.filter(({ kind }) => kind !== 'machine');
  const all: object[] = [headerOf(0), ...definitions];
  const { at: endAt } = entries.at(-1) ?? { at: 0 };
  for (let n = 1; n <= entriesWanted; n += 1) {
    const round = Math.floor((n - 1) / entries.length);
    const entry = entries[(n - 1) % entries.length] ?? { at: 0 };
    all.push({ ...entry, n, at: entry.at + round * endAt });
  }
  return all.map((one) => `${JSON.stringify(one)}\n`).join('');
}

/** Milliseconds of each frame while the slider is moved once a frame. */
function scrubbed(page: Page): Promise<number[]> {
  return page.evaluate(`new Promise((resolve) => {
    const slider = document.querySelector('input[type=range]');
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
    const most = Number(slider.max);
    const frames = [];
    let place = 0;
    let before = performance.now();
    const next = () => {
      const now = performance.now();
      if (place > 0) frames.push(now - before);
      before = now;
      if (place === ${places}) return resolve(frames);
      place += 1;
      set.call(slider, String(Math.round((most * place) / (${places} + 1))));
      slider.dispatchEvent(new Event('input', { bubbles: true }));
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  })`);
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

const home = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const browser = await openChromium();
const verdicts: [passes: boolean, what: string][] = [];
try {
  const text = await long();
  const file = join(home, 'long.html');
  writeFileSync(file, standalone(text));
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const before = performance.now();
  await page.goto(pathToFileURL(file).href);
  await page.getByRole('slider').waitFor();
  const opened = performance.now() - before;
  const frames = (await scrubbed(page)).toSorted((a, b) => a - b);
  const [half, most, all] = [at(frames, 0.5), at(frames, 0.99), at(frames, 1)];
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const each = `median ${ms(half)}, 99 % ${ms(most)}, most ${ms(all)}`;
  verdicts.push([most <= limits.frameMs, `${places} places of 100,000 entries: a frame ${each}`]);
  console.log(`${(text.length / 1e6).toFixed(1)} MB are open after ${opened.toFixed(0)} ms`);

  const { recording } = await recordRun({ seed: 3, hours: 0.2, runs: 1 }, 0);
  const served = await serve(recording, assets());
  const fresh = await browser.newPage();
  const asked = performance.now();
  await fresh.goto(served.url);
  await fresh.locator('.log li').first().waitFor();
  const viewed = performance.now() - asked;
  verdicts.push([viewed <= limits.viewMs, `the first view takes ${viewed.toFixed(0)} ms`]);
  await served.close();
  const sent = ['/', '/page.js', '/page.css'].map((path) => assets().get(path)?.body ?? '');
  const size = sent.reduce((sum, body) => sum + gzipSync(body).length, 0) / 1024;
  verdicts.push([size <= limits.pageKB, `the page without ELK has ${size.toFixed(1)} KB gzipped`]);
} finally {
  await browser.close();
  rmSync(home, { recursive: true });
}
for (const [passes, what] of verdicts) console.log(`${passes ? 'PASS' : 'FAIL'}  ${what}`);
process.exitCode = verdicts.every(([passes]) => passes) ? 0 : 1;
