/** The inspector's page in Chromium: live beside the demo as it is installed, and on a file. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { assign, createActor, createMachine, setup } from 'xstate';
import { faults } from '../../src/cli/tour.ts';
import { supervise } from '../../src/index.ts';
import { inspect, readRecording, recorder, replay } from '../../src/inspector/index.ts';
import { built, root } from '../cli/built.ts';
import { holdfast } from '../cli/house.ts';
import { keep, keepHouse } from '../e2e/house.ts';
import { Planted } from '../inspector/planted.ts';
import { openChromium } from './chromium.ts';

keepHouse();
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

/** Whether vitest passes this file, where holdfast is installed. */
async function passes(home: string, test: string): Promise<boolean> {
  const modules = join(home, 'node_modules');
  if (!existsSync(modules)) {
    mkdirSync(modules);
    for (const name of ['vitest', 'xstate']) {
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    }
    symlinkSync(built(), join(modules, 'holdfast'));
  }
  writeFileSync(join(home, 'some.test.ts'), test);
  const argv = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', home];
  const { status } = spawnSync(process.execPath, argv, { env: { PATH: process.env.PATH } });
  return status === 0;
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
    // nothing may be asked for that was not offered
    expect(await page.locator('.command').count()).toBe(0);
    await page.getByRole('button', { name: 'health' }).click();
    expect(await text(page, 'nav')).toMatch(/budget \d of 5/);
    await page.locator('.health tbody tr', { hasText: 'replaced' }).first().waitFor();
    await page.locator('.ends summary', { hasText: 'SIGKILL' }).first().waitFor();
    // each crash and each restart made another process
    await page.locator('nav', { hasText: /process\s*↻\d/ }).waitFor();
    const health = await text(page, '.health');
    expect(health).toMatch(/^demo (healthy|degraded|unresponsive)/);
    expect(health).toMatch(/restart by user\s+the configuration changed\s+(replaced|joined)/);
    expect(health).toMatch(/pid \d+, SIGKILL, crash/);
    expect(health).toMatch(/before: .*running steady → /);
    expect(await page.locator('.ends pre').first().textContent()).toMatch(/\w{3}/);
    const { code } = await demo.ended(90_000);
    expect(code).toBe(0);
    await page.locator('.reading.over').waitFor();
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
    // it goes on by itself, as it happened, until somebody wants it to stand still
    const still = await where();
    await page.getByRole('button', { name: 'mark' }).click();
    await page.getByLabel('How fast it is played').selectOption('16');
    await page.getByRole('button', { name: 'play' }).click();
    await vi.waitUntil(async () => (await where()) > still + 40, 20_000);
    await page.getByRole('button', { name: 'pause' }).click();
    const stopped = await where();
    // the same as a sequence, of one actor or with some words alone
    await page.getByRole('button', { name: 'sequence' }).click();
    await page.locator('.drawing .pill').first().waitFor();
    const everybody = await page.locator('.drawing svg').innerHTML();
    await page.getByRole('button', { name: /^link/ }).click();
    await page.getByText('of the chosen actor and those below it').click();
    const drawing = () => page.locator('.drawing svg').innerHTML();
    await vi.waitUntil(async () => (await drawing()) !== everybody, 5_000);
    expect((await drawing()).length).toBeLessThan(everybody.length);
    await page.getByLabel('Only entries with').fill('nothing has these words');
    await page.locator('.drawing .pill').first().waitFor({ state: 'detached' });
    expect(await where()).toBe(stopped);
    // and as files
    const saved = async (name: string) => {
      const saving = page.waitForEvent('download');
      await page.getByRole('button', { name: `⤓ ${name}` }).click();
      return readFileSync(await (await saving).path(), 'utf8');
    };
    const { entries } = readRecording(readFileSync(file, 'utf8'));
    const whole = readRecording(await saved('recording'));
    expect(whole.entries.at(-1)).toEqual(entries.at(-1));
    expect(replay(whole)).not.toHaveProperty('difference');
    const part = replay(await saved('part'));
    expect(part).not.toHaveProperty('difference');
    expect(part.entries).toBeGreaterThan(20);
    expect(part.entries).toBeLessThan(whole.entries.length / 2);
    expect(await saved('picture')).toMatch(/^<svg [\s\S]*<\/svg>\n?$/);
    const test = await saved('test');
    expect(test).toContain("import { replay } from 'holdfast/inspect';");
    expect(test).toContain('  // ');
    expect(await passes(home, test)).toBe(true);
    expect(await passes(home, test.replaceAll('"edges":["', '"edges":["no'))).toBe(false);
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

describe('the page of a gateway', () => {
  const command: [string, ...string[]] = ['sh', '-c', 'echo up; exec sleep 60'];

  it('asks for what was allowed, by buttons, and shows that it did', async () => {
    const gateway = keep(supervise({ command, ready: { line: /up/ } }, { cooldownMs: 0 }));
    await gateway.start();
    const before = (await gateway.ready()).process?.pid;
    const { url: address, close } = await gateway.inspect({ commands: true });
    onTestFinished(close);
    const { page, wrong } = await opened(address);
    await page.getByRole('button', { name: 'restart', exact: true }).click();
    await page.getByText('restart: taken', { exact: true }).waitFor();
    await page.locator('.log li', { hasText: 'somebody who looks on: restart: done' }).waitFor();
    expect(gateway.status.process?.pid).not.toBe(before);
    await page.getByRole('button', { name: 'stop', exact: true }).click();
    await page.locator('nav', { hasText: /service\s*resting/ }).waitFor();
    expect(gateway.status.state).toBe('stopped');
    expect(wrong).toEqual([]);
  });

  it('sends an event that was allowed, with its fields, to the chosen actor', async () => {
    const lamp = setup({
      types: { context: {} as { load: number }, events: {} as { type: 'push'; load?: number } },
    }).createMachine({
      id: 'lamp',
      context: { load: 0 },
      initial: 'off',
      states: {
        off: {
          on: { push: { target: 'on', actions: assign({ load: ({ event }) => event.load ?? 1 }) } },
        },
        on: {},
      },
    });
    const recording = recorder({ allow: { lamp: { context: ['load'] } } });
    const actor = createActor(lamp, { inspect: recording }).start();
    const commands = { events: { lamp: ['push'] } };
    const { url: address, close } = await inspect(recording, { commands });
    onTestFinished(close);
    const { page } = await opened(address);
    await page.getByLabel('Fields of the event, as JSON').fill('{"load":');
    expect(await page.getByRole('button', { name: 'push' }).isDisabled()).toBe(true);
    await page.getByLabel('Fields of the event, as JSON').fill('{"load": 7}');
    await page.getByRole('button', { name: 'push' }).click();
    // what changed is marked
    await page.locator('dd.changed', { hasText: '7' }).waitFor();
    await page.locator('.state.active', { hasText: 'on' }).first().waitFor();
    expect(actor.getSnapshot().context.load).toBe(7);
  });

  it('holds no secret in any of its views', { timeout: 60_000 }, async () => {
    const planted = new Planted();
    const gateway = keep(
      supervise({
        command: ['sh', '-c', `echo up "$ERR" ${planted.plain('output')}; exec sleep 60`],
        env: {
          ...process.env,
          API_TOKEN: planted.of('a variable that says so'),
          COLOUR: planted.of('a variable that does not'),
          ERR: planted.of('a variable that is written out'),
        },
        ready: { line: /up/ },
      }),
    );
    const { url: address, close } = await gateway.inspect();
    onTestFinished(close);
    const { page } = await opened(address);
    await gateway.start();
    await gateway.ready();
    await gateway.restart({ because: planted.of('a reason') });
    const seen: string[] = [];
    for (const view of ['statechart', 'sequence', 'health']) {
      await page.getByRole('button', { name: view }).click();
      for (const name of [/^service/, /^holdfast|^gateway/]) {
        await page.locator('nav').getByRole('button', { name }).first().click();
        seen.push(await page.content());
      }
    }
    for (const name of ['recording', 'part', 'picture', 'test']) {
      const saving = page.waitForEvent('download');
      await page.getByRole('button', { name: `⤓ ${name}` }).click();
      seen.push(readFileSync(await (await saving).path(), 'utf8'));
    }
    const all = seen.join('\n');
    expect(all).toContain('restart by user');
    expect(all).toContain('lines, not let through');
    expect(planted.size).toBe(5);
    expect(planted.foundIn(all)).toEqual([]);
  });
});

describe('an app that runs in a browser', () => {
  it('records itself, and is looked at elsewhere', async () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-page-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const app = `
      import { assign, createActor, createMachine, setup } from 'xstate';
      import { recorder } from 'holdfast/inspect';
      const machine = createMachine({
        id: 'door',
        initial: 'shut',
        states: { shut: { on: { push: 'open' } }, open: {} },
      });
      const recording = recorder();
      const actor = createActor(recording.watch(machine), { inspect: recording }).start();
      actor.send({ type: 'push' });
      globalThis.recorded = recording.text();`;
    const bundler = join(root, 'node_modules/esbuild/bin/esbuild');
    const argv = ['--bundle', '--platform=browser', '--format=iife', '--log-level=error'];
    const content = execFileSync(bundler, argv, { cwd: built(), input: app, encoding: 'utf8' });
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.addScriptTag({ content });
    const [from, to] = [join(home, 'door.ndjson'), join(home, 'door.html')];
    writeFileSync(from, await page.evaluate('recorded'));
    expect((await holdfast(['inspect', from, '--out', to]).ended()).code).toBe(0);
    const { page: shown } = await opened(pathToFileURL(to).href);
    await shown.locator('.state.active', { hasText: 'open' }).first().waitFor();
  });
});
