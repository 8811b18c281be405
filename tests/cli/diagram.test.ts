/** `holdfast diagram` as it is installed. */
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
import { linkAlone } from '../../machines/world.ts';
import { save } from '../../src/cli/counterexample.ts';
import { storyOf } from '../../src/cli/story.ts';
import { sequenceToSvg } from '../../src/diagram/sequence-svg.ts';
import { wayTo } from '../diagram/stories.ts';
import { root } from './built.ts';
import { holdfast } from './house.ts';

function folder(): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-diagram-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }\n');
  return home;
}

const door = `import { createMachine } from 'xstate';
export const door = createMachine({
  id: 'door',
  initial: 'shut',
  states: { shut: { on: { push: 'open' } }, open: { after: { patience: 'shut' } } },
});
`;

function doorIn(home: string, text = door): string {
  const file = join(home, 'door.js');
  writeFileSync(file, text);
  return file;
}

async function diagram(...argv: string[]) {
  const { code, stdout, stderr } = await holdfast(['diagram', ...argv]).ended();
  return { code, stdout: stdout.toString(), stderr };
}

const recording = [
  '{"holdfast":"recording","version":1,"missing":0}',
  '{"n":1,"at":0,"kind":"spawn","actor":0,"path":"door"}',
  '{"n":2,"at":1,"kind":"stopped","actor":0,"how":"done"}',
  '',
].join('\n');

describe('holdfast diagram', () => {
  it('prints the picture of a machine of yours', async () => {
    const { code, stdout, stderr } = await diagram(doorIn(folder()), '--theme', 'dark');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^<svg .*<title>door<\/title>.*after patience.*<\/svg>\n$/s);
    expect(stdout).not.toContain('prefers-color-scheme');
  });

  it('prints it for other tools', async () => {
    const file = doorIn(folder());
    const scxml = await diagram(file, '--format', 'scxml');
    expect(scxml.stdout).toContain('<transition event="push" target="door-open"/>');
    const dot = await diagram(file, '--format', 'dot', '--level', 'overview');
    expect(dot.stdout).toContain('  "door.shut" -> "door.open" [label="push"]\n');
  });

  it('prints its text twin and its model', async () => {
    const file = doorIn(folder());
    const text = await diagram(file, '--format', 'mermaid');
    expect(text.stdout).toContain('  shut --> open : push\n');
    const model = await diagram(file, '--format', 'json');
    expect(JSON.parse(model.stdout)).toMatchObject({ id: 'door', transitions: [{}, {}] });
  });

  it('draws one composite of a machine that ships', async () => {
    const { stdout } = await diagram('--machine', 'reconnect', '--level', 'waiting');
    expect(stdout).toContain('id="s-reconnect.waiting.floored"');
    expect(stdout).not.toContain('id="s-reconnect.failed.protocol"');
  });

  it('keeps a folder, and says in one line what a new transition makes stale', async () => {
    const home = folder();
    const file = doorIn(home);
    const out = join(home, 'diagrams');
    expect((await diagram(file, '--out', out)).stdout).toBe(
      `${join(out, 'door.mmd')}\n${join(out, 'door.svg')}\n`,
    );
    expect(readdirSync(out)).toEqual(['door.mmd', 'door.svg']);
    expect(await diagram(file, '--out', out, '--check')).toMatchObject({ code: 0, stdout: '' });
    const before = readFileSync(join(out, 'door.mmd'), 'utf8').split('\n');
    doorIn(home, door.replace("push: 'open'", "push: 'open', kick: 'open'"));
    expect(await diagram(file, '--out', out, '--check')).toMatchObject({
      code: 1,
      stdout: 'door: + shut → open on `kick`\n',
    });
    await diagram(file, '--out', out);
    const after = readFileSync(join(out, 'door.mmd'), 'utf8').split('\n');
    expect(after.filter((line) => !before.includes(line))).toEqual(['  shut --> open : kick']);
    expect(after).toHaveLength(before.length + 1);
  });

  it('removes the drawing of a machine that is gone, and of nobody else', async () => {
    const home = folder();
    const out = join(home, 'diagrams');
    const file = doorIn(home);
    await diagram(file, '--out', out);
    writeFileSync(join(out, 'former.mmd'), readFileSync(join(out, 'door.mmd')));
    writeFileSync(join(out, 'mine.mmd'), 'stateDiagram-v2\n  by --> hand\n');
    rmSync(join(out, 'door.svg'));
    expect(await diagram(file, '--out', out, '--check')).toMatchObject({
      code: 1,
      stdout: 'former: no such machine any more\ndoor.svg: has not been drawn yet\n',
    });
    const { stdout } = await diagram(file, '--out', out);
    expect(stdout).toBe(`${join(out, 'former.mmd')}\n${join(out, 'door.svg')}\n`);
    expect(readdirSync(out)).toEqual(['door.mmd', 'door.svg', 'mine.mmd']);
  });

  it('draws a counterexample as what passed between the actors', async () => {
    const home = folder();
    const file = join(home, 'way.json');
    const way = wayTo(linkAlone, 'gateway/link', 'trying.up');
    const rest = { subject: null, delivery: 'async', bounds: {}, sentence: '', moves: [] } as const;
    save(file, { ...way, ...rest });
    expect(await diagram(file)).toEqual({
      code: 0,
      stdout: sequenceToSvg(storyOf(way)),
      stderr: '',
    });
    const text = await diagram(file, '--format', 'mermaid');
    expect(text.stdout).toContain('sequenceDiagram\n');
    expect(text.stdout).toContain('->>p1: 1. start\n');
    const refused = await diagram(file, '--level', 'full');
    expect(refused.stderr).toBe('holdfast: --level must not come with a counterexample\n');
    writeFileSync(file, '{}');
    expect((await diagram(file)).stderr).toContain('must be a counterexample');
  });

  it('draws what was reached, and lists what was not', async () => {
    const home = folder();
    const file = doorIn(home);
    const coverage = join(home, 'reached.json');
    const none = await diagram(file, '--coverage', coverage);
    expect(none.stderr).toContain('--coverage cannot be read: ENOENT');
    writeFileSync(coverage, '{"transitions":{}}');
    const foreign = await diagram(file, '--coverage', coverage);
    expect(foreign.stderr).toContain('--coverage must be a recording, or what --coverage of');
    const transitions = { 'door.shut:0': 7 };
    const reach = { holdfast: 'coverage', transitions, states: { 'door.shut': 8, 'door.open': 7 } };
    writeFileSync(coverage, JSON.stringify(reach));
    const drawn = await diagram(file, '--coverage', coverage);
    expect(drawn.stdout).toContain(' ×7</tspan>');
    expect(drawn.stderr).toBe(
      'door: 1 of 2 transitions, 2 of 2 states\n  never: door: open → shut on after patience\n',
    );
  });

  it.each([
    [['--machine', 'nobody'], '--machine must be one of connection, '],
    [[], '--machine must name one of connection, '],
    [['--machine', 'process', '--level', 'gone'], 'process has no level "gone"; it has overview'],
    [['--format', 'png'], '--format must be one of svg, mermaid, '],
    [['nowhere.js'], 'FILE must exist; got "nowhere.js"'],
  ])('refuses %j in one sentence', async (argv, sentence) => {
    const { code, stdout, stderr } = await diagram(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    ['nonsense\n', [], 'FILE must be a recording: '],
    [recording, ['--level', 'full'], '--level must not come with '],
    [recording, ['--format', 'dot'], 'must be svg or mermaid; got "dot"'],
    [recording, ['--from', '9'], '--from must be at most 2; got 9'],
  ])('refuses the recording %j with %j', async (text, argv, sentence) => {
    const file = join(folder(), 'some.ndjson');
    writeFileSync(file, text);
    const { code, stderr } = await diagram(file, ...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('refuses a part of what has none', async () => {
    const { code, stderr } = await diagram('--machine', 'process', '--to', '3');
    expect([code, stderr]).toEqual([
      2,
      'holdfast: --from and --to must come with a recording (.ndjson)\n',
    ]);
  });

  it('refuses a file without a machine', async () => {
    const file = doorIn(folder(), 'export const nothing = 1;\n');
    const { code, stderr } = await diagram(file);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `holdfast: ${file} must export an XState machine; none found\n`,
    });
  });
});
