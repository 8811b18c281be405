/**
 * A file of the user's as a module, TypeScript too. It promises a sentence for whatever keeps it
 * from being loaded; it must never look into what it exports.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './arguments.ts';

export type Exports = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

export async function load(file: string): Promise<Exports> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`FILE must exist; got ${JSON.stringify(file)}`);
  if (/\.[cm]?tsx?$/.test(path)) await readTypeScript(path);
  try {
    const exported: unknown = await import(pathToFileURL(path).href);
    return isObject(exported) ? exported : {};
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file} cannot be loaded: ${why.split('\n')[0]}`);
  }
}

/** Lets this process read TypeScript by the tsx that the file's own folder, or ours, knows. */
async function readTypeScript(path: string): Promise<void> {
  for (const from of [path, import.meta.url]) {
    try {
      await import(pathToFileURL(createRequire(from).resolve('tsx')).href);
      return;
    } catch {}
  }
  throw new UsageError('a TypeScript FILE needs tsx: npm install --save-dev tsx');
}
