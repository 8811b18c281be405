/**
 * Runs the command line as a real process, for the tests beside it. It promises that every run
 * carries a mark which its children inherit, that a test can ask who still carries it, and that
 * whatever does is killed before the next test. Waits are for facts, with a deadline.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until, within } from '../practice/house.ts';
import { built } from './built.ts';

const main = join(built(), 'dist/src/cli/main.js');
const markName = 'HOLDFAST_CLI_TEST';

export interface Ended {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

export interface Command {
  readonly child: ChildProcess;
  text(stream: 'stdout' | 'stderr'): string;
  /** waits until a stream has printed it */
  printed(stream: 'stdout' | 'stderr', what: string | RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  ended(ms?: number): Promise<Ended>;
  /** pids of everybody that descends from it and lives */
  left(): number[];
}

/** `holdfast ...argv`, as it is installed. */
export function holdfast(argv: readonly string[], env: Record<string, string> = {}): Command {
  const mark = randomUUID();
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...env, [markName]: mark },
  });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  const closed = new Promise<number | null>((resolve) => {
    child.on('close', (code) => resolve(code));
  });
  const text = (stream: 'stdout' | 'stderr') => Buffer.concat(chunks[stream]).toString();
  const left = () => carriers(mark);
  onTestFinished(() => {
    for (const pid of left()) process.kill(pid, 'SIGKILL');
  });
  const has = (stream: 'stdout' | 'stderr', what: string | RegExp) =>
    typeof what === 'string' ? text(stream).includes(what) : what.test(text(stream));
  return {
    child,
    text,
    left,
    printed: (stream, what) =>
      until(`${what} on ${stream}`, () => has(stream, what)).catch((error) => {
        throw new Error(`${String(error)}; it said:\n${text('stdout')}\n${text('stderr')}`);
      }),
    signal: (name) => void child.kill(name),
    async ended(ms = 15_000) {
      const code = await within('its end', closed, ms).catch((error) => {
        throw new Error(`${String(error)}; it said:\n${text('stdout')}\n${text('stderr')}`);
      });
      return { code, stdout: Buffer.concat(chunks.stdout), stderr: text('stderr') };
    },
  };
}

/** Read from Linux's /proc without the driver's help: a test should not trust what it tests. */
function carriers(mark: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${markName}=${mark}`);
    } catch {
      return false;
    }
  });
}

export type Json = Record<string, unknown>;

/** Every line as JSON; throws on the first one that is none. */
export const ndjson = (text: string): Json[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

/** A Node program as a command. */
export const node = (program: string): string[] => [process.execPath, '-e', program];
