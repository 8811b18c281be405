import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ships } from '../../src/cli/ships.ts';
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
