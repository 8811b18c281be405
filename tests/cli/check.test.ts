/** `holdfast check` as it is installed, and the guide to it: its example is run as it stands. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from './built.ts';
import { holdfast, type Json } from './house.ts';

const guide = readFileSync(join(root, 'docs/verifying-your-own-machine.md'), 'utf8');
const [program = ''] = /(?<=^```js\n)\/\/ door\.js\n[\s\S]*?(?=^```$)/m.exec(guide) ?? [];
const outputs = [
  ...guide.matchAll(/^```console\n\$ npx holdfast check door\.js\n([\s\S]*?)^```$/gm),
].map(([, text = '']) => text);

/** A file of a user in a folder where xstate is installed. */
function file(name: string, text: string): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-check-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(home, name), text);
  return join(home, name);
}

const untimed = (text: string) => text.replace(/\d+\.\d s;/g, 's;');

async function check(...argv: string[]) {
  const { code, stdout, stderr } = await holdfast(['check', ...argv]).ended();
  return { code, stdout: stdout.toString(), stderr };
}

describe('the guide', () => {
  it.each([
    ['as it stands', 0, program],
    ['without its guard', 1, program.replace('guard: isCurrent, ', '')],
  ])('shows what its example prints, %s', async (title, code, text) => {
    const said = await check(file('door.js', text));
    const shown = outputs[code] ?? `nothing ${title}`;
    expect({ ...said, stdout: untimed(said.stdout) }).toEqual({
      code,
      stdout: untimed(shown),
      stderr: '',
    });
  });
});

describe('holdfast check FILE', () => {
  it('reads TypeScript, and answers a broken rule as JSON', async () => {
    const text = `import { createMachine } from 'xstate';
      const late = (): boolean => Date.now() > 0;
      export const door = createMachine({ id: 'door', on: { push: { guard: late } } });`;
    const { code, stdout, stderr } = await check('--json', file('door.ts', text));
    const { ok, violation, guarantees } = JSON.parse(stdout) as {
      ok: boolean;
      violation: Json;
      guarantees: Json[];
    };
    expect({ code, ok, stderr }).toEqual({ code: 1, ok: false, stderr: '' });
    expect(violation).toMatchObject({ world: 'door', guarantee: 'pure' });
    expect(guarantees.find(({ id }) => id === 'pure')).toMatchObject({ holds: false });
    expect(guarantees.find(({ id }) => id === 'never-final')).toMatchObject({ holds: null });
  });

  it.each([
    [
      'export const nothing = 1;',
      'must export a world, or one XState machine; machines found: none',
    ],
    [
      "export const world = { roles: [], root: 'door', user: [] };",
      'at least one of them a machine',
    ],
    ['export const = 1;', 'cannot be loaded: '],
  ])('never passes %s', async (text, words) => {
    const { code, stdout, stderr } = await check(file('door.js', text));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^holdfast: [^\n]+\n$/);
    expect(stderr).toContain(words);
  });
});

describe('holdfast check', () => {
  it('says what it knows when its time is over, and proves nothing by it', async () => {
    const { code, stdout } = await check('--world', 'service', '--seconds', '0.3', '--json');
    const { ok, worlds, guarantees, coverage } = JSON.parse(stdout) as {
      ok: boolean;
      worlds: Json[];
      guarantees: Json[];
      coverage: { transitions: number; fired: number; neverFired: string[] };
    };
    expect({ code, ok }).toEqual({ code: 3, ok: false });
    expect(worlds).toHaveLength(1);
    expect(worlds[0]).toMatchObject({
      name: 'service',
      delivery: 'async',
      bounds: { inFlight: 1 },
    });
    expect(Number(worlds[0]?.cut)).toBeGreaterThan(0);
    expect(guarantees.map(({ holds }) => holds)).toEqual(guarantees.map(() => null));
    expect(coverage.neverFired).toHaveLength(coverage.transitions - coverage.fired);
  });

  it('proves the gateway by contracts in parts, and says what they leave open', async () => {
    const argv = ['--world', 'contracts', '--in-flight', '1', '--seconds', '1', '--json'];
    const { stdout } = await check(...argv);
    const { worlds, guarantees, unproved } = JSON.parse(stdout) as {
      worlds: Json[];
      guarantees: Json[];
      unproved: string[];
    };
    expect(worlds[0]).toMatchObject({ name: 'link-below-anyone', bounds: { inFlight: 1 } });
    const inside = guarantees.find(({ id }) => id === 'inside-its-contract');
    expect(inside).toMatchObject({ kind: 'always' });
    expect(inside?.worlds).toContain('link-below-anyone');
    expect(inside?.worlds).not.toContain('gateway-above-contracts');
    expect(unproved.join()).toContain('comes in the end');
  });

  it('tells how far it is, and Ctrl-C ends it with what is known', async () => {
    const command = holdfast(['check', '--world', 'both']);
    await command.printed('stderr', /^both: \d+ states so far, \d+ a second, depth \d+$/m);
    command.signal('SIGINT');
    const { code, stdout } = await command.ended();
    expect(code).toBe(130);
    expect(stdout.toString()).toMatch(/^both: \d+ states, .* cut \d+ states/);
    expect(stdout.toString()).toContain('not proved');
  });

  it.each([
    [['--posts', '2'], '--posts must come with --delivery rtc'],
    [['--in-flight', '0'], '--in-flight must be a whole number from 1 to 12; got "0"'],
  ])('refuses %j', async (argv, words) => {
    expect(await check(...argv)).toEqual({ code: 2, stdout: '', stderr: `holdfast: ${words}\n` });
  });
});
