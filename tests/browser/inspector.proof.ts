/** The inspector's page in Chromium: live beside the demo as it is installed, and on a file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { faults } from '../../src/cli/tour.ts';
import { recorder } from '../../src/inspector/recorder.ts';
import { readRecording } from '../../src/inspector/recording.ts';
import { holdfast } from '../cli/house.ts';
import { openChromium } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser?.close());

const url = /http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}/;

/** A page that notes whatever it should not do. */
async function opened(address: string, width = 1280) {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  onTestFinished(() => page.close());
  const wrong: string[] = [];
  const own = new URL(address).origin;
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('requestfailed', (request) => wrong.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(own) && !/^(data|blob):/.test(request.url())) {
      wrong.push(`elsewhere: ${request.url()}`);
    }
  });
  await page.goto(address);
  return { page, wrong };
}

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

describe('the page', () => {
  it('shows every actor of the demo, live, through every fault', { timeout: 120_000 }, async () => {
    const demo = holdfast(['demo', '--inspect']);
    await demo.printed('stdout', url);
    const { page, wrong } = await opened(url.exec(demo.text('stdout'))?.[0] ?? '');
    await page.locator('.drawing svg').waitFor();
    expect(page.url()).not.toContain('#');
    await page.locator('nav', { hasText: 'heartbeat' }).waitFor();
    // a timer counts down, and a chart has the states of its actor lit
    await page.locator('.timer').first().waitFor();
    expect(await text(page, '.timer >> nth=0')).toMatch(/^◷ \S+ in \d+\.\d s$/);
    await page.getByRole('button', { name: /^link/ }).click();
    await page.locator('.state.active:not(.frame)').first().waitFor();
    await page.locator('.arrow.fired, .line.fired').first().waitFor();
    expect(await page.locator('.arrow.miss').count()).toBeGreaterThan(0);
    const { code } = await demo.ended(90_000);
    expect(code).toBe(0);
    await page.locator('.reading.over').waitFor();
    const nav = await text(page, 'nav');
    // each crash and each restart made another process
    const again = Number(/process\s*↻(\d+)/.exec(nav)?.[1] ?? 0);
    expect(again === 0 ? nav : 'made anew').toMatch(/service\s+resting|made anew/);
    expect(await text(page, '.log')).toMatch(/service → demo: service\.rested/);
    expect(faults.length).toBeGreaterThan(5);
    expect(wrong.filter((one) => !one.includes('/recording'))).toEqual([]);
  });

  it('shows a recording from a file, at 390 pixels too', { timeout: 60_000 }, async () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-page-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const file = join(home, 'run.ndjson');
    const plan = ['--seed', '3', '--hours', '0.5', '--runs', '1', '--run', '0'];
    await holdfast(['simulate', ...plan, '--record', file]).ended(30_000);
    const shown = holdfast(['inspect', file, '--json']);
    await shown.printed('stdout', url);
    const { page, wrong } = await opened(url.exec(shown.text('stdout'))?.[0] ?? '', 390);
    // all is over there: one has to go back in time
    await page.getByText('Nobody is there any more').waitFor();
    expect(await text(page, '.log')).toContain('outside → gateway: dispose');
    const slider = page.getByRole('slider');
    await slider.fill(String(Math.round(Number(await slider.getAttribute('max')) / 2)));
    await page.locator('.drawing svg').waitFor();
    await page.locator('.state.active:not(.frame)').first().waitFor();
    expect(await text(page, '.log')).not.toContain('outside → gateway: dispose');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    // one entry back and on, to an oddity and the next, by the keyboard
    const where = () => page.getByRole('slider').inputValue().then(Number);
    const [middle] = [await where(), await slider.blur()];
    await page.keyboard.press('ArrowLeft');
    expect(await where()).toBe(middle - 1);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('p');
    expect(await where()).toBeLessThan(middle);
    const odd = await text(page, '.log li >> nth=0');
    expect(odd).toMatch(/dropped|ignores|late|spawns|ended before/);
    await page.keyboard.press('n');
    expect(await where()).toBeGreaterThanOrEqual(middle);
    await page.getByLabel('Look for').fill('spawns');
    expect(await text(page, '.log ol')).not.toContain(' → ');
    await page.getByLabel('Look for').fill('');
    await page.keyboard.press('Escape');
    // why, and with what context
    await page.getByRole('button', { name: /^gateway/ }).click();
    expect(await text(page, '.detail')).toMatch(/[✓✗] \w+[\s\S]*Context[\s\S]*gens/);
    // the same as a sequence, and as a file
    await page.getByRole('button', { name: 'sequence' }).click();
    await page.locator('.drawing .pill').first().waitFor();
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'save' }).click();
    const saved = readFileSync(await (await saving).path(), 'utf8');
    const { entries } = readRecording(readFileSync(file, 'utf8'));
    expect(readRecording(saved).entries.at(-1)).toEqual(entries.at(-1));
    await page.getByRole('button', { name: 'latest' }).click();
    await page.getByRole('button', { name: 'statechart' }).click();
    await page.getByText('Nobody is there any more').waitFor();
    expect(wrong).toEqual([]);
    shown.signal('SIGINT');
    expect((await shown.ended()).code).toBe(130);
  });

  it('is one file that needs no server, whatever stands in the recording', async () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-page-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const [from, to] = [join(home, 'it.ndjson'), join(home, 'it.html')];
    const recording = recorder();
    const hostile = '</script><script>alert(1)</script><!--';
    const machine = createMachine({
      id: 'lamp',
      description: hostile,
      initial: 'off',
      states: { off: { on: { [hostile]: 'on' } }, on: {} },
    });
    const actor = createActor(machine, { inspect: recording });
    actor.start();
    actor.send({ type: hostile });
    // and its writer was killed in the middle of a line
    writeFileSync(from, `${recording.text()}{"n":`);
    expect((await holdfast(['inspect', from, '--out', to]).ended()).code).toBe(0);
    const { page, wrong } = await opened(pathToFileURL(to).href);
    await page.locator('.state.active', { hasText: 'on' }).first().waitFor();
    expect(await text(page, '.drawing')).toContain(hostile);
    expect(await text(page, '.log')).toContain(`outside → lamp: ${hostile}`);
    expect(wrong.filter((one) => !one.startsWith('elsewhere: file:'))).toEqual([]);
    expect(wrong).toHaveLength(1);
  });

  it('refuses who has not the whole URL, and says what to do', { timeout: 60_000 }, async () => {
    const demo = holdfast(['demo', '--inspect']);
    await demo.printed('stdout', url);
    const [address = ''] = (url.exec(demo.text('stdout'))?.[0] ?? '').split('#');
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(address);
    await page.locator('.reading.refused', { hasText: 'open the URL that was printed' }).waitFor();
    expect(await text(page, 'body')).not.toContain('heartbeat');
    demo.signal('SIGINT');
    await demo.ended();
  });
});
