/**
 * The pages that show a program and its log: the program is cut out of the page and run for real,
 * and must print that log. Only digits may differ, because pids and durations do.
 */
import { spawn } from 'node:child_process';
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
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drawn } from '../src/cli/sequence.ts';
import { built, root } from './cli/built.ts';
import { within } from './practice/house.ts';

const page = (name: string) => readFileSync(join(root, name), 'utf8');

/** The code blocks of a page: a program's name is in its first line. */
function blocks(text: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map(([, code = '']) => code);
}

function programs(text: string): Map<string, string> {
  const named = blocks(text, 'js').map((code): [string, string] => {
    const name = /^\/\/ ([\w-]+\.mjs)\n/.exec(code)?.[1];
    expect(name, `a program begins with its name: ${code.slice(0, 60)}`).toBeDefined();
    return [String(name), code];
  });
  return new Map(named);
}

/** An empty folder where somebody has installed holdfast, xstate and ws. */
function folder(files: Map<string, string>): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-readme-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, 'node_modules'));
  symlinkSync(built(), join(home, 'node_modules/holdfast'));
  for (const name of ['xstate', 'ws']) {
    symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name));
  }
  for (const [name, code] of files) writeFileSync(join(home, name), code);
  return home;
}

async function output(home: string, program: string): Promise<string> {
  const child = spawn(process.execPath, [program], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk));
  const closed = new Promise((resolve) => child.on('close', resolve));
  await within(`the end of ${program}`, closed, 18_000);
  return Buffer.concat(printed).toString();
}

/** 516 ms and 1.2 s are one duration to a reader; 4711 and 51234 one number. Answers stay. */
const masked = (log: string): string =>
  log.replace(/^[a-z].*$/gm, (line) =>
    line.replace(/\d+(\.\d+)? (ms|s)\b/g, 'TIME').replace(/\d+/g, 'N'),
  );

describe.each(['README.md', 'docs/start.md'])('%s', (name) => {
  it('shows a program and the log that it prints', async () => {
    const text = page(name);
    const home = folder(programs(text));
    const [log = ''] = blocks(text, 'text');
    const printed = await output(home, 'app.mjs');
    expect(masked(printed)).toBe(masked(log));
  });
});

describe('README.md', () => {
  const text = page('README.md');

  it('has two commands for a fresh machine: one to see it, one to trust it', () => {
    const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
    const commands = prose.match(/^ {4}(\S.*)$/gm)?.map((line) => line.trim());
    expect(commands).toEqual(['npm ci && npm start', 'npm ci && npm test']);
    const { scripts } = JSON.parse(page('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test']));
  });

  it('attaches a recorder in five lines, and draws what it kept', async () => {
    const watch = programs(text).get('watch.mjs') ?? '';
    expect(watch.trim().split('\n').slice(1)).toHaveLength(5);
    const before = "import { createGateway } from 'holdfast';\n";
    const options = "const options = { link: { url: 'ws://127.0.0.1:9', protocol: 'plain' } };\n";
    const after = 'await calc.start(); await calc.stop(); await calc.dispose();\n';
    const home = folder(new Map([['watch.mjs', before + options + watch + after]]));
    await output(home, 'watch.mjs');
    const picture = drawn(join(home, 'calc.ndjson'), {});
    for (const words of ['start', 'link.dial', 'link.rested', 'dispose']) {
      expect(picture).toContain(`>${words}<`);
    }
  });

  it.each(['README.md', 'docs/start.md'])('%s links to files that exist', (from) => {
    const links = [...page(from).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to = '']) => to);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((to) => !existsSync(join(root, dirname(from), to)))).toEqual([]);
  });
});
