/** From a broken promise to a file, a replay, a test that fails, and a report, as installed. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../../src/cli/arguments.ts';
import { load } from '../../src/cli/counterexample.ts';
import { shard, share } from '../../src/cli/shard.ts';
import { built, root } from './built.ts';
import { holdfast, type Json } from './house.ts';

const guide = readFileSync(join(root, 'docs/verifying-your-own-machine.md'), 'utf8');
const [mended = ''] = /(?<=^```js\n)\/\/ door\.js\n[\s\S]*?(?=^```$)/m.exec(guide) ?? [];
const broken = mended.replace('guard: isCurrent, ', '');
const renamed = broken.replaceAll('push', 'knock');

/** A folder of a user, where xstate, vitest and holdfast are installed. */
function homeOf(files: Record<string, string>): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-replay-'));
  const modules = join(home, 'node_modules');
  mkdirSync(modules);
  for (const name of ['xstate', 'vitest', 'tsx', 'fast-check']) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  symlinkSync(built(), join(modules, 'holdfast'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }\n');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text);
  return home;
}

/** The part of a page of jsdom that is read here. */
interface Tag {
  readonly parentElement: Tag | null;
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(name: string): Tag | null;
  querySelectorAll(name: string): Iterable<Tag>;
}

function parsedXml(text: string): Tag & { readonly documentElement: Tag } {
  const { JSDOM } = createRequire(import.meta.url)('jsdom') as {
    JSDOM: new (
      text: string,
      options: { contentType: string },
    ) => { window: { document: ReturnType<typeof parsedXml> } };
  };
  return new JSDOM(text, { contentType: 'application/xml' }).window.document;
}

async function run(...argv: string[]) {
  const { code, stdout, stderr } = await holdfast(argv).ended(60_000);
  return { code, stdout: stdout.toString(), stderr };
}

/** What vitest says of one file. */
const vitest = (home: string, file: string) =>
  new Promise<{ failed: boolean; text: string }>((resolve) => {
    const main = join(root, 'node_modules/vitest/vitest.mjs');
    const argv = [main, 'run', '--root', home, '--reporter', 'verbose', file];
    const env = { PATH: process.env.PATH, NO_COLOR: '1' };
    execFile(process.execPath, argv, { env }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, text: `${stdout}${stderr}` }),
    );
  });

const home = homeOf({ 'door.js': broken, 'mended.js': mended, 'renamed.js': renamed });
afterAll(() => rmSync(home, { recursive: true }));

let first: ReturnType<typeof run> | undefined;
/** Checks the broken door once for all tests, and lets it leave everything behind. */
function checked(): ReturnType<typeof run> {
  const files = ['--save', join(home, 'door.json'), '--emit-test', join(home, 'door.test.js')];
  first ??= run('check', join(home, 'door.js'), ...files, '--junit', join(home, 'r.xml'));
  return first;
}

describe('holdfast check --save', { timeout: 60_000 }, () => {
  it('writes the moves by name, and says so', async () => {
    const { code, stderr } = await checked();
    const saved = JSON.parse(readFileSync(join(home, 'door.json'), 'utf8')) as Json;
    expect(code).toBe(1);
    expect(stderr).toContain(`wrote ${join(home, 'door.json')}\n`);
    expect(saved).toMatchObject({
      holdfast: 'counterexample',
      version: 1,
      subject: './door.js',
      world: 'door',
      delivery: 'async',
      guarantee: 'stale-is-inert',
      moves: [
        'user → door: push',
        'world → door/motor: motor.done',
        'timer of door: late',
        'user → door: push',
        'a stopped actor → door: motor.done (stale generation) arrives',
      ],
    });
  });

  it('refuses a file that cannot be written before it explores anything', async () => {
    const { code, stderr } = await run('check', '--save', join(home, 'no/where.json'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^holdfast: --save must be a file in a folder that exists; got .+\n$/);
  });
});

describe('holdfast replay', { timeout: 60_000 }, () => {
  const saved = async () => {
    await checked();
    return join(home, 'door.json');
  };

  it('breaks the promise again, on the checker and on real actors', async () => {
    const { code, stdout, stderr } = await run('replay', await saved());
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('\n5. a stopped actor → door: motor.done');
    expect(stdout).toContain('  checker => door=opening+1 motor=turning\n');
    expect(stdout).toContain('  actors  => door=opening+1 motor=turning\n');
    expect(stdout).toContain('\nchecker: BROKEN stale-is-inert: ');
    expect(stdout).toContain('\nactors:  BROKEN stale-is-inert: ');
    expect(stdout).toContain('One process alone hands over at once');
  });

  it('finds the promise kept once the file is mended', async () => {
    const { code, stdout } = await run('replay', await saved(), join(home, 'mended.js'), '--json');
    const { steps, ...rest } = JSON.parse(stdout) as { steps: Json[] };
    expect(rest).toMatchObject({ ok: true, model: null, actors: null, missing: null });
    expect({ code, steps: steps.length }).toEqual({ code: 0, steps: 5 });
  });

  it('says which move can no longer be made, and what can', async () => {
    const { code, stdout } = await run('replay', await saved(), join(home, 'renamed.js'));
    expect(code).toBe(3);
    expect(stdout).toContain('1. user → door: push\n   is not possible here; what is:\n');
    expect(stdout).toContain('   - user → door: knock\n');
  });

  it('refuses a file that is no counterexample, with code 2', async () => {
    const { code, stdout, stderr } = await run('replay', join(home, 'package.json'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^holdfast: .*package\.json must be a counterexample: save it .+\n$/);
  });

  it.each([
    ['{', 'cannot be read as JSON'],
    ['{}', 'must be a counterexample'],
    ['{"holdfast":"counterexample","version":2}', 'must have version 1, got 2'],
    ['{"holdfast":"counterexample","version":1,"subject":null}', 'has a wrong world'],
  ])('says what is wrong with %s', (text, words) => {
    const file = join(home, 'other.json');
    writeFileSync(file, text);
    onTestFinished(() => rmSync(file));
    expect(() => load(file)).toThrow(UsageError);
    expect(() => load(file)).toThrow(words);
  });
});

describe('holdfast check --emit-test', { timeout: 120_000 }, () => {
  it('writes a test that fails by the name of the promise, and passes once mended', async () => {
    await checked();
    const { failed, text } = await vitest(home, 'door.test.js');
    expect(failed, text).toBe(true);
    expect(text).toContain('keeps stale-is-inert');
    expect(text).toContain(
      "Error: stale-is-inert: door reacted to 'motor.done (stale generation)'",
    );
    writeFileSync(join(home, 'door.js'), mended);
    onTestFinished(() => writeFileSync(join(home, 'door.js'), broken));
    const after = await vitest(home, 'door.test.js');
    expect(after.failed, after.text).toBe(false);
    expect(after.text).toContain('1 passed');
  });

  it('is for a file that a test can import', async () => {
    const { code, stderr } = await run('check', '--emit-test', 'a.test.js');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'holdfast: --emit-test must come with a FILE to import; got "a.test.js"\n',
    });
  });
});

describe('holdfast check --junit', () => {
  it('writes a test case for each promise, the broken one with its trace', async () => {
    await checked();
    const text = readFileSync(join(home, 'r.xml'), 'utf8');
    const document = parsedXml(text);
    const cases = [...document.querySelectorAll('testcase')];
    const [failure, ...others] = document.querySelectorAll('failure');
    expect(document.querySelector('parsererror')).toBeNull();
    expect(cases.length).toBeGreaterThan(10);
    expect(others).toEqual([]);
    expect(failure?.parentElement?.getAttribute('name')).toMatch(/^stale-is-inert: /);
    expect(failure?.textContent).toContain('\n1. user → door: push\n    => door=opening+1');
    const skipped = cases.filter((one) => one.querySelector('skipped'));
    expect(skipped).toHaveLength(cases.length - 1);
    expect(document.documentElement.getAttribute('tests')).toBe(String(cases.length));
  });
});

describe('holdfast check --shard', { timeout: 60_000 }, () => {
  const all = (...argv: string[]) => run('check', '--json', '--delivery', 'all', ...argv);
  const rows = ({ stdout }: { stdout: string }) =>
    (JSON.parse(stdout) as { worlds: Json[] }).worlds.map(({ name, delivery, states }) => [
      name,
      delivery,
      states,
    ]);

  it('gives every exploration to one share, and the shares are the whole', async () => {
    const file = join(home, 'mended.js');
    const whole = await all(file);
    const shares = [await all(file, '--shard', '1/2'), await all(file, '--shard', '2/2')];
    expect(rows(whole)).toHaveLength(2);
    expect(shares.flatMap(rows)).toEqual(rows(whole));
    expect([whole, ...shares].map(({ code }) => code)).toEqual([0, 0, 0]);
  });

  it('finds in one share what is broken in the whole', async () => {
    const file = join(home, 'door.js');
    const codes = [];
    for (const one of ['1/2', '2/2']) codes.push((await all(file, '--shard', one)).code);
    expect(codes).toContain(1);
  });

  it('is never empty, or it would prove nothing', () => {
    expect(() => shard('--shard')('3/2')).toThrow(
      '--shard must be i/n, with i from 1 to n, such as 2/3; got "3/2"',
    );
    expect(() => share(['one', 'two'], { index: 1, of: 9 })).toThrow(
      '--shard must have at most 2 shares, one for each exploration; got "1/9"',
    );
  });
});

describe('holdfast replay of a recording', { timeout: 60_000 }, () => {
  const lamp = (ms: number) => `
    import { setup } from 'xstate';
    export const lamp = setup({ delays: { dusk: ${ms} } }).createMachine({
      id: 'lamp',
      initial: 'off',
      states: { off: { on: { push: 'on' } }, on: { after: { dusk: 'off' } } },
    });`;
  const write = `
    import { writeFileSync } from 'node:fs';
    import { recorder } from 'holdfast/inspect';
    import { createActor } from 'xstate';
    import { lamp } from './lamp.js';
    const recording = recorder();
    const actor = createActor(recording.watch(lamp), { inspect: recording }).start();
    for (const type of ['push', 'push', 'pull']) actor.send({ type });
    writeFileSync(process.argv[2], recording.text());
    actor.stop();`;

  it('goes its way again, and leaves a test that fails once the machine changes', async () => {
    const own = homeOf({ 'lamp.js': lamp(50), 'write.mjs': write });
    onTestFinished(() => rmSync(own, { recursive: true }));
    const file = join(own, 'lamp.ndjson');
    execFileSync(process.execPath, [join(own, 'write.mjs'), file]);
    const subject = join(own, 'lamp.js');
    const test = join(own, 'lamp.test.js');
    const first = await run('replay', file, subject, '--emit-test', test);
    expect(first).toMatchObject({ code: 0, stderr: `wrote ${test}\n` });
    expect(first.stdout).toMatch(/entries 4 to \d+\nthe same again: \d entries\n$/);
    expect(await vitest(own, 'lamp.test.js')).toMatchObject({ failed: false });
    writeFileSync(subject, lamp(60));
    const other = await run('replay', file, subject, '--json');
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout)).toMatchObject({ ok: false, difference: { n: 5 } });
    expect((await run('replay', file, subject)).stdout).toContain('ANOTHER WAY at entry 5');
    const failing = await vitest(own, 'lamp.test.js');
    expect(failing).toMatchObject({ failed: true });
    expect(failing.text).toContain('goes the same way again: entries');
    // the machines that ship are not these
    expect(await run('replay', file)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('it has the machine lamp, which was not given'),
    });
  });

  it('refuses a part that is none, and what belongs to a recording elsewhere', async () => {
    const file = join(home, 'empty.ndjson');
    writeFileSync(file, '{"holdfast":"recording","version":1,"missing":0}\n');
    expect(await run('replay', file, '--from', '9')).toMatchObject({
      code: 2,
      stderr: 'holdfast: --from must be at most 0; got 9\n',
    });
    const json = await run('replay', join(home, 'door.json'), '--from', '9');
    expect(json.stderr).toMatch(/^holdfast: --from, --to and --emit-test must come with a rec/);
    const none = await run('replay', file, join(home, 'write.mjs'));
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('FILE must exist') });
    expect((await run('replay', file)).code).toBe(3);
  });
});
