/**
 * How to start the practice gateway as its own process, from source as well as from dist. It
 * promises a command that works from any working directory; it must never start one itself.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Protocol } from './dialect.ts';

export interface PracticeOptions {
  /** default jsonrpc */
  protocol?: Protocol;
  /** default 0: a free one, named in the readiness line */
  port?: number;
  /** each as the table of faults has it: `slow:ms=200`, `refuse:forMs=500`, `{"name":"drop"}` */
  faults?: readonly string[];
  /** further options, word for word */
  args?: readonly string[];
}

/** The loader that lets Node read TypeScript, as an address that no working directory changes. */
function typescriptLoader(): string {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  } catch (cause) {
    const message = 'the practice gateway runs from source only where tsx is installed';
    throw new Error(`${message}: npm install --save-dev tsx`, { cause });
  }
}

/** The command line; the secret of openclaw goes in the environment, as PRACTICE_TOKEN. */
export function practiceCommand(options: PracticeOptions = {}): {
  command: string;
  args: string[];
} {
  const isSource = import.meta.url.endsWith('.ts');
  const script = fileURLToPath(new URL(isSource ? 'gateway.ts' : 'gateway.js', import.meta.url));
  if (!existsSync(script)) {
    throw new Error(`the practice gateway must lie beside its starter, got no file at ${script}`);
  }
  const { protocol = 'jsonrpc', port = 0, faults = [], args = [] } = options;
  return {
    command: process.execPath,
    args: [
      ...(isSource ? ['--import', typescriptLoader()] : []),
      script,
      '--port',
      String(port),
      '--protocol',
      protocol,
      ...faults.flatMap((fault) => ['--fault', fault]),
      ...args,
    ],
  };
}
