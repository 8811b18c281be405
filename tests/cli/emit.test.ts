/** `holdfast check --emit promela` as it is installed. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from './built.ts';
import { holdfast } from './house.ts';

const door = `import { createMachine } from 'xstate';
export const door = createMachine({
  id: 'door',
  initial: 'shut',
  states: { shut: { on: { push: 'open' } }, open: { on: { pull: 'shut' } } },
});`;

/** A folder where xstate is installed, with one file of a user. */
function home(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-emit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(folder, 'door.js'), text);
  return folder;
}

async function emit(...argv: string[]) {
  const { code, stdout, stderr } = await holdfast(['check', '--emit', 'promela', ...argv]).ended();
  return { code, stdout: stdout.toString(), stderr };
}

describe('holdfast check --emit promela', () => {
  it('writes a model, and says how many states SPIN must find in it', async () => {
    const folder = home(door);
    const file = join(folder, 'models/door.pml');
    const said = await emit(join(folder, 'door.js'), '--out', join(folder, 'models'));
    expect(said).toEqual({
      code: 0,
      stdout:
        `door: 2 states, 4 edges, in flight 2; ${file}\n` +
        '  SPIN has to store 3 states, one of them before the start\n',
      stderr: '',
    });
    expect(readFileSync(file, 'utf8')).toContain('"states, stored" is to be 3:');
  });

  it('answers one JSON object', async () => {
    const folder = home(door);
    const { code, stdout } = await emit(join(folder, 'door.js'), '--json', '--out', folder);
    const file = join(folder, 'door.pml');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      models: [{ world: 'door', file, inFlight: 2, states: 2, edges: 4 }],
    });
  });

  it('writes nothing of a machine that breaks a rule before it moves', async () => {
    const folder = home(door.replace("'open'", "{ target: 'open', actions: 'ring' }"));
    const { code, stdout, stderr } = await emit(join(folder, 'door.js'), '--out', folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^holdfast: door: modelled: .*unknown action 'ring'\n$/);
    expect(readdirSync(folder)).not.toContain('door.pml');
  });

  it.each([
    [['--delivery', 'rtc'], '--emit must come with --delivery async; got "rtc"'],
    [['--out', ''], '--out must be a folder; got ""'],
    [['--emit', 'tla'], '--emit must be one of promela; got "tla"'],
  ])('refuses %j', async (argv, words) => {
    const said = await emit(...argv);
    expect(said).toEqual({ code: 2, stdout: '', stderr: `holdfast: ${words}\n` });
  });

  it('is what --out needs', async () => {
    const { code, stderr } = await holdfast(['check', '--out', 'models']).ended();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'holdfast: --out must come with --emit\n',
    });
  });
});
