/** `holdfast conformance` as it is installed. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from './built.ts';
import { holdfast } from './house.ts';

/** A machine that counts its pushes; `forgets` tells the checker that the count does not matter. */
const door = (ctxKey: string) => `import { assign, createMachine } from 'xstate';
const machine = createMachine({
  id: 'door',
  context: { pushes: 0 },
  on: {
    push: {
      guard: ({ context }) => context.pushes < 3,
      actions: assign({ pushes: ({ context }) => context.pushes + 1 }),
    },
  },
  initial: 'shut',
  states: {
    shut: { always: { guard: ({ context }) => context.pushes > 2, target: 'open' } },
    open: {},
  },
});
export const world = {
  roles: [{ name: 'door', machine, ctxKey: ${ctxKey} }],
  root: 'door',
  user: [{ event: { type: 'push' } }],
};`;

function file(text: string): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-conformance-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(home, 'door.js'), text);
  return join(home, 'door.js');
}

async function conformance(...argv: string[]) {
  const { code, stdout, stderr } = await holdfast(['conformance', ...argv]).ended();
  return { code, stdout: stdout.toString(), stderr };
}

describe('holdfast conformance', () => {
  it('finds no difference where the checker knows all that matters', async () => {
    const path = file(door('({ pushes }) => pushes'));
    const { code, stdout, stderr } = await conformance(path, '--steps', '50', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      steps: 50,
      differences: 0,
      worlds: [{ world: 'door', seed: 1, steps: 50, states: 4 }],
    });
  });

  it('names the move and the way there where it forgets what matters', async () => {
    const { code, stdout } = await conformance(file(door('() => 0')), '--seed', '5');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^door: \d+ steps, .* seed 5; DIFFERENT\nseed 5, walk \d+: state differ\n/,
    );
    expect(stdout).toMatch(/\n1\. user 0 push\n2\. user 0 push\n3\. user 0 push\n/);
    expect(stdout).toMatch(/\n\d+ steps, 1 differences\n$/);
  });

  it('says its seed and its steps in what it prints of the machines that ship', async () => {
    const { code, stdout } = await conformance('--steps', '300', '--seed', '9');
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\d+ walks, \d+ states/g, '')).toBe(
      ['link', 'service', 'gateway-above-contracts', 'gateway-without-service', 'both']
        .map((world) => `${world}: 60 steps, ; seed 9; no difference\n`)
        .join('')
        .concat('300 steps, 0 differences\n'),
    );
  });

  it.each([
    [['--steps', '0'], '--steps must be a whole number from 1 to 1000000000; got "0"'],
    [['--seed', 'x'], '--seed must be a whole number from 0 to 4294967295; got "x"'],
    [['missing.js'], 'FILE must exist; got "missing.js"'],
  ])('refuses %j', async (argv, words) => {
    const said = await conformance(...argv);
    expect(said).toEqual({ code: 2, stdout: '', stderr: `holdfast: ${words}\n` });
  });
});
