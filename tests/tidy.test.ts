/**
 * House style, as tests. A rule nobody can break by accident needs no reviewer; a rule that has
 * quietly stopped matching is worse than none, so every rule here is first shown a known offender.
 */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const biome = join(root, 'node_modules/.bin/biome');

type Tree = Record<string, string>;

/** Lints a small tree under the real biome.json; one `file: rule: message` line per finding. */
function lint(tree: Tree) {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-tidy-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  for (const file of ['biome.json', '.gitignore']) cpSync(join(root, file), join(home, file));
  for (const [file, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), text);
  }
  const args = ['lint', '--reporter=github', '--max-diagnostics=none', '.'];
  const { status, stdout } = spawnSync(biome, args, { cwd: home, encoding: 'utf8' });
  const findings = [...stdout.matchAll(/title=([^,]+),file=([^,]+),[^:]*::(.*)/g)].map(
    ([, rule, file, message]) => `${file?.split(`${basename(home)}/`).at(-1)}: ${rule}: ${message}`,
  );
  return { status, findings };
}

const unread = ['node_modules', 'dist', 'coverage', '.git'];

function everyFile(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return unread.includes(entry.name) ? [] : everyFile(path);
    return entry.isFile() ? [path] : [];
  });
}

const machinesOnly = 'machines/ may import only xstate and its siblings.';
const strangers = 'No machine imports another: machines/ share contracts.ts';

/** [file, what it imports, the start of what the linter must answer] */
const trespasses: [file: string, specifier: string, message: string][] = [
  ['machines/policy.ts', 'node:crypto', machinesOnly],
  ['machines/policy.ts', '../src/ports.ts', machinesOnly],
  ['machines/policy.ts', './../src/ports.ts', machinesOnly],
  ['machines/policy.ts', 'ws', machinesOnly],
  ['machines/heartbeat.ts', './connection.ts', strangers],
  ['machines/gateway.ts', '../src/runtime/gateway.ts', strangers],
  ['src/ports.ts', './runtime/store.ts', 'src/ports.ts may import only types from machines/'],
  ['src/ports.ts', 'node:net', 'src/ports.ts may import only types from machines/contracts.ts'],
  ['src/ports.ts', '../machines/gateway.ts', 'src/ports.ts may import only types from machines/'],
  ['src/errors.ts', './runtime/store.ts', 'src/errors.ts may import only'],
  ['src/index.ts', './cli/main.ts', 'src/index.ts may import only'],
  ['src/index.ts', './verify/index.ts', 'src/index.ts may import only'],
  ['src/drivers/ws.ts', '../../machines/gateway.ts', 'drivers may import only'],
  ['src/drivers/ws.ts', '../runtime/store.ts', 'drivers may import only'],
  ['src/drivers/ws.ts', '../protocols/plain.ts', 'drivers may import only'],
  ['src/drivers/ws.ts', './../runtime/store.ts', 'drivers may import only'],
  ['src/drivers/ws.ts', 'xstate', 'drivers may import only'],
  ['src/drivers/electron/fork.ts', '../../runtime/store.ts', 'drivers may import only'],
  ['src/protocols/plain.ts', '../drivers/ws.ts', 'protocols may import only'],
  ['src/protocols/plain.ts', 'node:net', 'protocols may import only'],
  ['src/protocols/plain.ts', 'ws', 'protocols may import only'],
  ['src/runtime/store.ts', '../drivers/ws.ts', 'runtime may import only'],
  ['src/runtime/store.ts', '../inspector/recorder.ts', 'runtime may import only'],
  ['src/runtime/store.ts', 'node:child_process', 'runtime may import only'],
  ['src/verify/explore.ts', '../drivers/ws.ts', 'verify may import only'],
  ['src/verify/explore.ts', '../cli/main.ts', 'verify may import only'],
  ['src/verify/simulate/run.ts', '../../drivers/ws.ts', 'verify may import only'],
  ['src/verify/explore.ts', '../simulate/run.ts', 'verify may import only'],
  ['src/verify/testing.ts', '../simulate/run.ts', 'holdfast/testing may import only'],
  ['src/simulate/run.ts', '../drivers/ws.ts', 'simulate may import only'],
  ['src/simulate/run.ts', '../verify/explore.ts', 'simulate may import only'],
  ['src/diagram/svg.ts', '../drivers/ws.ts', 'diagram may import only'],
  ['src/diagram/svg.ts', '../inspector/server.ts', 'diagram may import only'],
  ['src/inspector/server.ts', '../drivers/ws.ts', 'inspector may import only'],
  ['src/inspector/page/app.ts', '../../cli/main.ts', 'inspector may import only'],
  ['src/telemetry/log.ts', '../drivers/ws.ts', 'telemetry may import only'],
  ['src/delivery/new.ts', '../drivers/child-process.ts', 'delivery may import only'],
  ['src/elsewhere/new.ts', '../cli/main.ts', 'Nobody imports cli.'],
];

const errands: [file: string, specifier: string][] = [
  ['machines/gateway.ts', 'xstate'],
  ['machines/gateway.ts', './contracts.ts'],
  ['machines/index.ts', './gateway.ts'],
  ['src/ports.ts', '../machines/contracts.ts'],
  ['src/index.ts', './runtime/gateway.ts'],
  ['src/index.ts', './drivers/ws.ts'],
  ['src/drivers/ws.ts', '../ports.ts'],
  ['src/drivers/ws.ts', '../errors.ts'],
  ['src/drivers/ws.ts', '../../machines/contracts.ts'],
  ['src/drivers/ws.ts', 'node:timers/promises'],
  ['src/drivers/ws.ts', 'ws'],
  ['src/protocols/openclaw.ts', 'node:crypto'],
  ['src/protocols/openclaw.ts', '../ports.ts'],
  ['src/runtime/gateway.ts', '../../machines/gateway.ts'],
  ['src/runtime/gateway.ts', '../protocols/plain.ts'],
  ['src/verify/simulate/run.ts', '../../runtime/gateway.ts'],
  ['src/verify/simulate/run.ts', '../explore.ts'],
  ['src/verify/testing.ts', '../simulate/index.ts'],
  ['src/simulate/run.ts', '../runtime/gateway.ts'],
  ['src/inspector/page/app.ts', '../recorder.ts'],
  ['src/cli/main.ts', '../drivers/ws.ts'],
];

const importing = (table: readonly (readonly [string, string, ...unknown[]])[]): Tree => {
  const tree: Tree = {};
  for (const [file, from] of table) tree[file] = `${tree[file] ?? ''}import '${from}';\n`;
  return tree;
};

describe('the layer rules', () => {
  it('stop every import that crosses a layer the wrong way, and say what is allowed', () => {
    const { status, findings } = lint(importing(trespasses));
    const expected = trespasses.map(([file]) => `${file}: lint/style/noRestrictedImports`);
    const answers = findings.filter((line) => line.includes('noRestrictedImports'));
    expect(status).toBe(1);
    expect(answers.map((line) => line.split(': ', 2).join(': ')).sort()).toEqual(expected.sort());
    const unanswered = trespasses.filter(
      ([file, , message]) => !answers.some((f) => f.startsWith(file) && f.includes(message)),
    );
    expect(unanswered).toEqual([]);
  });

  it('stop a re-export, a type import and a lazy import as well', () => {
    const file = 'src/protocols/plain.ts';
    const forms = [
      "export * from '../drivers/ws.ts';",
      "import type { Ws } from '../drivers/ws.ts';\nexport type { Ws };",
      "export const late = () => import('../drivers/ws.ts');",
    ];
    for (const form of forms) expect(lint({ [file]: form }).findings, form).toHaveLength(1);
  });

  it('let every layer do its own work', () => {
    expect(lint(importing(errands))).toEqual({ status: 0, findings: [] });
  });

  it('hold for this very tree: one configuration, at the root, and nobody excused from it', () => {
    const configs = everyFile(root).filter((file) => /^\.?biome\.jsonc?$/.test(basename(file)));
    expect(configs).toEqual([join(root, 'biome.json')]);
    const excuse = /biome-ignore(-all|-start)?\s+lint(\/style)?(\/noRestricted\w+)?\s*:/;
    expect('// biome-ignore lint/style/noRestrictedImports: just once').toMatch(excuse);
    expect('// biome-ignore lint/suspicious/noExplicitAny: a reason').not.toMatch(excuse);
    const excused = everyFile(root).filter(
      (file) => isSource(relative(root, file)) && excuse.test(readFileSync(file, 'utf8')),
    );
    expect(excused).toEqual([]);
  });

  it('keep clocks, chance and I/O out of machines', () => {
    const globals = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Date'];
    globals.push('performance', 'process', 'console', 'crypto', 'fetch', 'globalThis');
    const use = (name: string) => `export const used = [${name}];\n`;
    const tree = Object.fromEntries(globals.map((name) => [`machines/x-${name}.ts`, use(name)]));
    const { status, findings } = lint({ ...tree, 'src/drivers/clock.ts': use('setTimeout') });
    const rule = 'lint/style/noRestrictedGlobals: Do not use the global variable';
    expect(status).toBe(1);
    expect(findings.sort()).toEqual(
      globals.map((name) => `machines/x-${name}.ts: ${rule} ${name}.`).sort(),
    );
  });

  it('stop an import cycle and an any', () => {
    const { findings } = lint({
      'src/drivers/a.ts': "import { b } from './b.ts';\nexport const a = (): number => b();\n",
      'src/drivers/b.ts': "import { a } from './a.ts';\nexport const b = (): number => a();\n",
      'src/drivers/c.ts': 'export const c: any = 1;\n',
    });
    expect(findings.map((line) => line.split(': ', 2).join(': ')).sort()).toEqual([
      'src/drivers/a.ts: lint/suspicious/noImportCycles',
      'src/drivers/b.ts: lint/suspicious/noImportCycles',
      'src/drivers/c.ts: lint/suspicious/noExplicitAny',
    ]);
  });
});

/** What the linter cannot say: each rule reads one file and answers with its complaints. */
type Rule = (file: string, text: string) => string[];

const isCode = (file: string) => /\.(ts|tsx|css)$/.test(file);
const isSource = (file: string) => /^(machines|src)\//.test(file) && isCode(file);
const withoutComments = (text: string) =>
  text.replace(/\/\*[\s\S]*?\*\//g, (c) => c.replace(/[^\n]/g, '')).replace(/(^|\s)\/\/.*$/gm, '');

const clock = 'use after: in a machine, or the Clock port';
const banned: [name: string, pattern: RegExp, instead: string][] = [
  ['Math.random', /\bMath\.random\b/, 'use the number the Random port supplied'],
  ['Date.now', /\bDate\.now\b|\bnew Date\(\)/, 'use the Clock port'],
  ['performance.now', /\bperformance\.now\b/, 'use the Clock port'],
  ['node:timers', /['"]node:timers/, clock],
  // Not a definition of the same name: XState's own Clock interface has these two methods.
  ...['setTimeout', 'setInterval', 'setImmediate'].map((name): [string, RegExp, string] => {
    const definition = `\\s*(?:\\(\\s*\\w+\\??\\s*:|\\([^()]*\\)\\s*\\{$|\\??:)`;
    return [
      name,
      new RegExp(`(?<!(?<!globalThis)\\.|\\w|')${name}\\b(?!${definition})`, 'm'),
      clock,
    ];
  }),
];

const rules: Record<string, Rule> = {
  'time and chance come from ports': (file, text) => {
    // The practice gateway is a peer of its own, the checker measures, the inspector looks on.
    if (!isSource(file) || /^src\/(drivers|cli|practice|verify|inspector)\//.test(file)) return [];
    const code = withoutComments(text);
    return banned.flatMap(([name, pattern, instead]) =>
      pattern.test(code) ? [`${file}: ${name} is banned here; ${instead}`] : [],
    );
  },
  'a line has at most 100 columns': (file, text) =>
    text.split('\n').flatMap((line, at) => {
      const wide = isCode(file) && line.length > 100;
      return wide ? [`${file}:${at + 1}: ${line.length} columns; wrap at 100`] : [];
    }),
  'a source file has at most 400 lines': (file, text) => {
    const lines = text.trimEnd().split('\n').length;
    return isSource(file) && lines > 400 ? [`${file}: ${lines} lines; split it below 400`] : [];
  },
  'a source file opens by saying what it promises': (file, text) => {
    const opening = /^(?:#!.*\n)?\s*(\/\*[\s\S]*?\*\/|(?:\/\/.*\n?)+)/.exec(text)?.[1] ?? '';
    const words = opening.match(/[a-z]+/gi)?.length ?? 0;
    return !isSource(file) || words >= 6 ? [] : [`${file}: open with a comment paragraph`];
  },
  'a file is named after what it owns': (file) =>
    /^(utils?|types|helpers?)\.tsx?$/.test(basename(file))
      ? [`${file}: say what it holds; a type lives with its owner`]
      : [],
  'no test is skipped or left alone': (file, text) =>
    /\.test\.ts$/.test(file) && /\b(it|test|describe)\.(skip|only|todo)\b/.test(text)
      ? [`${file}: a skipped test is a promise nobody checks; fix it or delete it`]
      : [],
  'ports and contracts are types, and hold nothing that runs': (file, text) =>
    /^(src\/ports|machines\/contracts)\.ts$/.test(file) &&
    /^(import|export \*) (?!type\b)/m.test(text)
      ? [`${file}: write import type`]
      : [],
  'watchers see the runtime as types; only simulate runs it': (file, text) =>
    /^src\/(diagram|inspector|telemetry|verify(?!\/simulate))/.test(file) &&
    /^(?:import|export)(?! type\b)[^;]*?from '(?:\.\.\/)+runtime\//m.test(withoutComments(text))
      ? [`${file}: import type from runtime, or move it to verify/simulate`]
      : [],
  'the inspector loads only when asked for': (file, text) =>
    file === 'src/index.ts' &&
    /^(?:import|export)(?! type\b)[^;]*?from '\.\/inspector\//m.test(text)
      ? [`${file}: use await import() for the inspector`]
      : [],
};

/** One offender and one innocent for each rule, so that no rule can die quietly. */
const header = '/** A file opens with one paragraph about what it promises. */\n';
const offenders: Record<keyof typeof rules, [file: string, text: string][]> = {
  'time and chance come from ports': [
    ['src/runtime/a.ts', 'const n = Math.random();'],
    ['src/runtime/a.ts', 'const n = Date.now();'],
    ['src/diagram/a.ts', 'const n = new Date().toISOString();'],
    ['src/runtime/a.ts', 'const n = performance.now();'],
    ['src/runtime/a.ts', '  setTimeout(() => {\n  }, 5);'],
    ['src/runtime/a.ts', 'globalThis.setTimeout(f, 5);'],
    ['src/runtime/a.ts', 'const clock = { setTimeout: setTimeout };'],
    ['src/runtime/a.ts', "import { x } from 'node:timers/promises';"],
    ['machines/a.ts', 'const t = setInterval(f, 5);'],
  ],
  'a line has at most 100 columns': [['tests/a.test.ts', 'x'.repeat(101)]],
  'a source file has at most 400 lines': [['machines/a.ts', 'x\n'.repeat(401)]],
  'a source file opens by saying what it promises': [
    ['src/a.ts', 'export const a = 1;'],
    ['src/a.ts', '// a\nexport const a = 1;'],
  ],
  'a file is named after what it owns': [
    ['src/runtime/utils.ts', ''],
    ['tests/types.ts', ''],
  ],
  'no test is skipped or left alone': ['skip', 'only'].map((how) => ['a.test.ts', `it.${how}(`]),
  'ports and contracts are types, and hold nothing that runs': [
    ['src/ports.ts', "import { a } from '../machines/contracts.ts';"],
    ['machines/contracts.ts', "import { a } from 'xstate';"],
  ],
  'watchers see the runtime as types; only simulate runs it': [
    ['src/inspector/a.ts', "import { a } from '../runtime/status.ts';"],
    ['src/verify/a.ts', "import {\n  a,\n} from '../runtime/status.ts';"],
  ],
  'the inspector loads only when asked for': [
    ['src/index.ts', "export { inspect } from './inspector/server.ts';"],
  ],
};

const innocents: [file: string, text: string][] = [
  ['src/drivers/clock.ts', `${header}setTimeout(f, Date.now() + Math.random());`],
  ['src/runtime/a.ts', `${header}// never Date.now()\nclock.setTimeout(f, 5);`],
  ['src/runtime/b.ts', `${header}const c = {\n  setTimeout(fn, ms) {\n  },\n};`],
  ['src/runtime/c.ts', `${header}const c: Clock = { setTimeout: (fn, ms) => port.after(fn, ms) };`],
  ['src/runtime/d.ts', `${header}interface C {\n  setTimeout(fn: F, ms: number): unknown;\n}`],
  ['src/cli/main.ts', `#!/usr/bin/env node\n${header}`],
  ['src/ports.ts', `${header}import type { A } from '../machines/contracts.ts';`],
  ['src/verify/a.ts', `${header}import type { S } from '../runtime/status.ts';`],
  ['src/verify/simulate.ts', `${header}import { a } from '../runtime/gateway.ts';`],
  ['src/index.ts', `${header}export type { R } from './inspector/recorder.ts';`],
];

describe('the tree', () => {
  const tree = everyFile(root)
    .map((file) => relative(root, file))
    .filter((file) => isCode(file) && /^(machines|src|tests)\//.test(file));
  const texts = tree.map((file) => [file, readFileSync(join(root, file), 'utf8')] as const);

  it('is read at all', () => {
    expect(tree).toContain('tests/tidy.test.ts');
    expect(tree).toContain('src/index.ts');
    expect(tree).toContain('machines/index.ts');
  });

  for (const [name, rule] of Object.entries(rules)) {
    it(`keeps the rule: ${name}`, () => {
      const missed = offenders[name]?.filter(([file, text]) => rule(file, text).length === 0);
      expect(missed, 'known offenders this rule no longer sees').toEqual([]);
      const accused = innocents.flatMap(([file, text]) => rule(file, text));
      expect(accused, 'innocent files this rule accuses').toEqual([]);
      expect(texts.flatMap(([file, text]) => rule(file, text))).toEqual([]);
    });
  }

  it('names the replacement for everything it bans', () => {
    const rule = rules['time and chance come from ports'];
    expect(rule?.('src/runtime/a.ts', 'Math.random()')).toEqual([
      'src/runtime/a.ts: Math.random is banned here; use the number the Random port supplied',
    ]);
  });

  it('has nothing at its top level that was not agreed on', () => {
    const agreed = ['machines', 'src', 'tests', 'diagrams', 'docs', 'README.md', 'LICENSE'];
    agreed.push('package.json', 'package-lock.json', 'tsconfig.json', 'biome.json');
    agreed.push('.ci', '.editorconfig', '.git', '.gitattributes', '.gitignore', '.npmrc');
    const ignored = /^(node_modules|dist|coverage)$|\.tgz$/;
    const strange = readdirSync(root).filter((n) => !agreed.includes(n) && !ignored.test(n));
    expect(strange).toEqual([]);
  });
});
