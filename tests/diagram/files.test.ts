import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ships } from '../../src/cli/diagram.ts';
import { elk } from '../../src/diagram/elk.ts';
import { drawAll, isDrawing, machinesIn, modelsIn, staleIn } from '../../src/diagram/files.ts';
import type { Engine } from '../../src/diagram/layout.ts';
import * as charts from './charts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('diagrams/', () => {
  it('says and shows what the machines do', async () => {
    const folder = join(root, 'diagrams');
    const texts = readdirSync(folder).map((file): [string, string] => [
      file,
      readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n'),
    ]);
    const committed = new Map(texts.filter(([file, text]) => isDrawing(file, text)));
    const stale = staleIn(committed, await drawAll(modelsIn(ships), await elk()));
    expect(stale, 'run `npm run generate` and commit the result').toEqual([]);
    // some sixty layouts take as long as the machine needs
  }, 60_000);

  it('holds each of the six machines, and the system that they make', () => {
    const names = ['connection', 'gateway', 'heartbeat', 'process', 'reconnect', 'supervisor'];
    expect([...modelsIn(ships).keys()]).toEqual([...names, 'actors', 'system']);
  });
});

describe('the machines of a module', () => {
  it('are told from what else it exports', () => {
    const found = [...machinesIn(charts).keys()];
    expect(found).toEqual(['awkward', 'lone', 'nameless', 'player']);
  });

  it('lose the word machine, and take their own id where they have no name', () => {
    const { player, lone } = charts;
    const found = [...machinesIn({ loneMachine: lone, default: player }).keys()];
    expect(found).toEqual(['lone', 'player']);
  });

  it('may be exported twice, but never share a name', () => {
    const { player, lone } = charts;
    expect([...machinesIn({ a: lone, aMachine: lone }).keys()]).toEqual(['a']);
    expect(() => machinesIn({ a: lone, aMachine: player })).toThrow('drawn as "a"');
  });

  it('are drawn the same every time', async () => {
    const drawn = async (engine: Engine) => [...(await drawAll(modelsIn(charts), engine))];
    const engine = await elk();
    expect(await drawn(engine)).toEqual(await drawn(await elk()));
    expect(await drawn(engine)).toEqual(await drawn(engine));
  });
});

describe('npm run generate', () => {
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), 'holdfast-diagrams-'));
    onTestFinished(() => rmSync(made, { recursive: true }));
    return made;
  };

  function generate(out: string, ...more: string[]) {
    const machines = join(root, 'tests/diagram/charts.ts');
    const script = ['--import', 'tsx', 'src/cli/generate.ts', '--machines', machines, '--out', out];
    const args = [...script, ...more];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, said: stdout.trim().split('\n'), stderr };
  }

  it('writes what is missing, then has nothing to say', () => {
    const out = folder();
    expect(generate(out).status).toBe(0);
    const files = readdirSync(out);
    const texts = ['awkward.mmd', 'lone.mmd', 'nameless.mmd', 'player.mmd'];
    expect(files.filter((file) => file.endsWith('.mmd'))).toEqual(texts);
    expect(files).toEqual(expect.arrayContaining(['lone.svg', 'player.svg', 'player.on.svg']));
    expect(generate(out, '--check')).toEqual({ status: 0, said: [''], stderr: '' });
  });

  it('names every stale file and what differs, with --check, and leaves it alone', () => {
    const out = folder();
    generate(out);
    const player = join(out, 'player.mmd');
    const old = readFileSync(player, 'utf8').replace('  off --> on : play', '  off --> on : start');
    writeFileSync(player, old);
    writeFileSync(join(out, 'former.mmd'), readFileSync(join(out, 'lone.mmd')));
    writeFileSync(join(out, 'mine.mmd'), 'stateDiagram-v2\n  by --> hand\n');
    rmSync(join(out, 'awkward.mmd'));
    const { status, said } = generate(out, '--check');
    expect(status).toBe(1);
    expect(said).toEqual([
      'awkward: has not been drawn yet',
      'former: no such machine any more',
      'player: - off → on on `start [not muted] / note, count`; ' +
        '+ off → on on `play [not muted] / note, count`',
      '',
      'What is generated is stale: run `npm run generate` and commit the result.',
    ]);
    expect(readFileSync(player, 'utf8')).toBe(old);
  });

  it('removes the drawing of a machine that is gone, and nothing that it did not draw', () => {
    const out = folder();
    generate(out);
    writeFileSync(join(out, 'former.mmd'), readFileSync(join(out, 'lone.mmd')));
    writeFileSync(join(out, 'mine.mmd'), 'stateDiagram-v2\n  by --> hand\n');
    expect(generate(out).said).toEqual(['former: no such machine any more']);
    expect(readdirSync(out)).not.toContain('former.mmd');
    expect(readdirSync(out)).toContain('mine.mmd');
  });

  it('names a bad option and exits 2', () => {
    const { status, stderr } = generate(folder(), '--chek');
    expect(status).toBe(2);
    expect(stderr).toContain('--chek');
  });
});
