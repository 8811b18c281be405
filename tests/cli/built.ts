/**
 * The package as its users get it: built from the sources as they are now. It promises a folder
 * that holds exactly that build, made once for all tests that ask, and never the build of another
 * state of the sources: its name is their hash. It must never touch `dist`, which is yours.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const shelf = join(root, 'node_modules/.cache/holdfast');
const oldMs = 3_600_000;

/** What is built, and what goes into the package beside it. */
const sources = ['tsconfig.json', 'machines', 'src'];
const beside = ['package.json', 'README.md', 'LICENSE', 'docs', 'diagrams'];

/** The folder with package.json and dist; its imports resolve to what the repository installed. */
export function built(): string {
  const folder = join(shelf, hashOf([...sources, ...beside]));
  if (existsSync(folder)) return folder;
  const draft = join(shelf, `draft-${randomUUID()}`);
  mkdirSync(draft, { recursive: true });
  forgetOld();
  const tsc = join(root, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', 'tsconfig.json', '--outDir', join(draft, 'dist')], { cwd: root });
  buildPage(draft);
  for (const name of beside) cpSync(join(root, name), join(draft, name), { recursive: true });
  try {
    renameSync(draft, folder);
  } catch (error) {
    // somebody else was faster, with the same sources
    rmSync(draft, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** As `npm run page` does, into that folder. */
function buildPage(draft: string): void {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: { page: string };
  };
  const [bundler = '', ...options] = scripts.page.replace('=dist/', `=${draft}/dist/`).split(' ');
  execFileSync(join(root, 'node_modules/.bin', bundler), options, { cwd: root });
}

/** The practice gateway of that build: it starts without a compiler, in a third of the time. */
export async function builtPractice(): Promise<typeof import('../../src/practice/start.ts')> {
  return import(pathToFileURL(join(built(), 'dist/src/practice/start.js')).href);
}

function hashOf(names: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string) => {
    if (!statSync(path).isDirectory()) hash.update(`${path}\n`).update(readFileSync(path));
    else for (const name of readdirSync(path).sort()) add(join(path, name));
  };
  for (const name of names) add(join(root, name));
  return hash.digest('hex').slice(0, 24);
}

function forgetOld(): void {
  for (const name of readdirSync(shelf)) {
    const path = join(shelf, name);
    // another process may be clearing up too
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > oldMs) rmSync(path, { recursive: true, force: true });
  }
}
