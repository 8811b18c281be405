/** `holdfast mutants` as it is installed, on a machine of a user's and on what ships. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from './built.ts';
import { holdfast } from './house.ts';

/** A door, and a promise about it. */
const door = (promise: string) => `
  import { createMachine } from 'xstate';
  export const machine = createMachine({
    id: 'door', initial: 'shut',
    states: { shut: { on: { push: 'open' } }, open: { on: { pull: 'shut' } } },
  });
  const at = (view) => view.actors[0].value;
  export const promises = { goals: { ${promise} } };`;

function file(text: string): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(home, 'door.js'), text);
  return join(home, 'door.js');
}

async function mutants(...argv: string[]) {
  const { code, stdout, stderr } = await holdfast(['mutants', ...argv]).ended();
  return { code, stdout: stdout.toString(), stderr };
}

describe('holdfast mutants FILE', () => {
  it('names what no promise notices, and who noticed the rest', async () => {
    const { code, stdout } = await mutants(
      '--json',
      file(door("opens: { holds: (view) => at(view) === 'open' }")),
    );
    const { survived, kills, byKind, ...counts } = JSON.parse(stdout);
    expect({ code, ...counts }).toEqual({
      code: 1,
      total: 7,
      killed: 3,
      equivalent: [],
      notJudged: 0,
      byGuarantee: { opens: 3 },
    });
    expect(kills[0]).toEqual({ mutant: 'door.shut/push/dropped', by: 'opens', world: 'door' });
    expect(survived).toContainEqual({
      mutant: 'door.open/pull/dropped',
      sentence: 'door: open, pull: dropped',
    });
    expect(byKind.initial).toEqual({ total: 1, killed: 0, equivalent: 0, survived: 1 });
  });
});

describe('holdfast mutants FILE --kills', () => {
  const doors = () => file(door("opens: { holds: (view) => at(view) === 'open' }"));

  it('says the same as without it, though lines of it are right, wrong or nothing', async () => {
    const right = { mutant: 'door.shut/push/dropped', world: 'door', by: 'opens' };
    const survivor = { ...right, mutant: 'door.open/pull/dropped' };
    const gone = { mutant: 'door.shut/push/stays', world: 'a world that is gone', by: 'opens' };
    const last = file(JSON.stringify({ kills: [right, survivor, gone, null, { a: 1 }] }));
    const { code, stdout } = await mutants('--json', '--kills', last, doors());
    const { total, killed, survived, kills } = JSON.parse(stdout);
    expect({ code, total, killed, survived: survived.length }).toEqual({
      code: 1,
      total: 7,
      killed: 3,
      survived: 4,
    });
    expect(kills.map(({ by }: { by: string }) => by)).toEqual(['opens', 'opens', 'opens']);
    expect(survived.map(({ mutant }: { mutant: string }) => mutant)).toContain(survivor.mutant);
  });

  it('refuses what is no such file', async () => {
    const { code, stderr } = await mutants('--kills', file('[]'), doors());
    expect(code).toBe(2);
    expect(stderr).toMatch(/^holdfast: --kills must be a file that --json made; got ".*"\n$/);
  });
});

describe('holdfast mutants', () => {
  it('lists what it would change, and judges nothing', async () => {
    const { code, stdout, stderr } = await mutants('--list', '--json', '--machine', 'heartbeat');
    const { total, mutants: all } = JSON.parse(stdout);
    expect({ code, stderr, total }).toEqual({ code: 0, stderr: '', total: all.length });
    expect(new Set(all.map(({ machine }: { machine: string }) => machine))).toEqual(
      new Set(['heartbeat']),
    );
  });

  it('takes the mutants that are named, one by one or in a file', async () => {
    const listed = async (...argv: string[]) => {
      const { stdout } = await mutants('--list', '--json', ...argv);
      return JSON.parse(stdout).mutants.map(({ id }: { id: string }) => id);
    };
    const all: string[] = await listed('--machine', 'heartbeat');
    const [first = '', second = '', third = ''] = all;
    expect(await listed('--mutant', second, '--mutant', first)).toEqual([first, second]);
    expect(await listed('--mutant', first, '--only', file(`${third}\n\n`))).toEqual([first, third]);
    const { code, stderr } = await mutants('--list', '--mutant', 'nobody');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'holdfast: --mutant must name what --list prints; got "nobody"\n',
    });
  });

  it('passes nothing when its time is over before a mutant was judged', async () => {
    const { code, stdout } = await mutants('--world', 'link', '--seconds', '0.01', '--json');
    const { total, killed, notJudged } = JSON.parse(stdout);
    expect({ code, killed, notJudged }).toEqual({ code: 3, killed: 0, notJudged: total });
  });

  it('refuses a machine that is not there', async () => {
    const { code, stdout, stderr } = await mutants('--world', 'link', '--machine', 'process');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^holdfast: --machine must be one of gateway, .*; got "process"\n$/);
  });
});
