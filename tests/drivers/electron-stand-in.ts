/**
 * Stands in for Electron's `utilityProcess`, on real processes of Node, with every peculiarity of
 * Electron's own code that a driver must cope with: each has a name here and a test of its own. It
 * must never be kinder than Electron; what it cannot show is in docs/platforms.md.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { PassThrough, Transform } from 'node:stream';
import type {
  UtilityForkOptions,
  UtilityProcessModule,
} from '../../src/drivers/utility-process.ts';

/** Electron uses force by itself so long after a kill() that did not help. */
const ensuredMs = 2000;

export class StandInChild extends EventEmitter {
  /** quirk: pid before 'spawn' and after 'exit' is undefined */
  pid: number | undefined;
  stdout: PassThrough | null = new PassThrough();
  stderr: PassThrough | null = new PassThrough();
  readonly posted: unknown[] = [];
  /** quirk: a message posted from 'exit' on ends Electron's main process */
  crashed = false;
  #told = false;
  #killed = false;
  readonly #child: ChildProcess;

  constructor(modulePath: string, args: string[], options: UtilityForkOptions) {
    super();
    this.#child = fork(modulePath, args, {
      ...options,
      execArgv: options.execArgv ?? [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // quirk: no stdin
      detached: false, // quirk: no group of its own
    });
    this.#child.on('error', () => {});
    this.#child.on('spawn', () => setImmediate(() => this.#spawned()));
    this.#child.on('message', () => {
      // quirk: an 'error' that is no Error, before the end and not instead of a start
      this.emit('error', 'FatalError', 'v8::FromJust', '{"environmentVariables":{"KEY":"secret"}}');
    });
    this.#child.on('exit', (code, signal) => this.#exited(code, signal));
  }

  postMessage(message: unknown): void {
    if (this.#told) this.crashed = true;
    else {
      this.posted.push(message);
      this.#child.send(message as string);
    }
  }

  /** quirk: does nothing before 'spawn' */
  kill(): boolean {
    if (this.pid === undefined) return false;
    this.#killed = this.#child.kill('SIGTERM');
    const ensured = setTimeout(() => this.#child.kill('SIGKILL'), ensuredMs);
    this.#child.on('exit', () => clearTimeout(ensured));
    return this.#killed;
  }

  #spawned(): void {
    if (this.#told) return;
    this.pid = this.#child.pid;
    if (this.stdout) this.#child.stdout?.pipe(late()).pipe(this.stdout);
    if (this.stderr) this.#child.stderr?.pipe(late()).pipe(this.stderr);
    this.emit('spawn');
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const raw = signal === null ? (code ?? 0) : constants.signals[signal];
    this.pid = undefined;
    this.#told = true;
    try {
      // quirk: whoever was killed exited with 0; any other signal is told as its number
      this.emit('exit', this.#killed && [9, 15].includes(raw) ? 0 : raw);
    } finally {
      // quirk: the streams lose every listener, Electron's own pipe among them
      this.stdout?.removeAllListeners();
      this.stderr?.removeAllListeners();
      this.stdout = null;
      this.stderr = null;
    }
  }
}

/** quirk: the exit comes by another way than the output, and overtakes it */
const late = () =>
  new Transform({
    transform: (chunk: Buffer, _encoding, done) => void setTimeout(done, 10, null, chunk),
  });

export function standIn(): UtilityProcessModule & { readonly forked: StandInChild[] } {
  const forked: StandInChild[] = [];
  return {
    forked,
    fork(modulePath, args, options) {
      const child = new StandInChild(modulePath, args, options);
      forked.push(child);
      return child;
    },
  };
}
