/**
 * Runs a launch plan as a utility process of Electron, whose own `utilityProcess` it is handed and
 * never imports. It promises what the child-process driver promises, by being the same run around
 * another child, and that what Electron does differently is no news to anybody: no pid before
 * 'spawn' and none after 'exit', a kill() that does nothing before 'spawn', exit code 0 for a
 * process that was killed, output whose listeners are dropped at the exit, an 'error' that is no
 * failure to start. It must never post a message once the exit was told (that has crashed the main
 * process of Electron), never signal a group (the child is in ours), and never take an end that we
 * brought about for a clean one.
 */

import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { Readable } from 'node:stream';
import type { LaunchPlan, ProcessDriver } from '../ports.ts';
import { markedEnvironment, Run, type Runnable } from './child-process.ts';
import { type Platform, thisPlatform } from './platform.ts';
import { markedTree, nobody, type ProcessTree } from './process-tree.ts';
import { taskkillTree } from './taskkill.ts';

/** What is needed of Electron's `UtilityProcess`. */
export interface UtilityChild {
  readonly pid?: number | undefined;
  readonly stdout: NodeJS.ReadableStream | null;
  readonly stderr: NodeJS.ReadableStream | null;
  postMessage(message: unknown): void;
  kill(): boolean;
  on(event: 'spawn', listener: () => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  on(event: 'error', listener: (type: 'FatalError', location: string) => void): unknown;
}

/** What is needed of the options of Electron's `utilityProcess.fork`. */
export interface UtilityForkOptions {
  env?: Record<string, string>;
  cwd?: string;
  execArgv?: string[];
  serviceName?: string;
  stdio?: 'pipe';
}

/** What is needed of Electron's `utilityProcess`. */
export interface UtilityProcessModule {
  fork(modulePath: string, args: string[], options: UtilityForkOptions): UtilityChild;
}

export interface UtilityProcessOptions {
  /** the name in `app.getAppMetrics()` and in the event `child-process-gone` of `app` */
  serviceName?: string;
  /** flags for Node in the child, such as `--max-old-space-size=512` */
  execArgv?: readonly string[];
  /**
   * How a stop asks: this message is posted, for `process.parentPort.on('message', ...)` to hear,
   * and the child has the whole grace. Without it a stop calls `kill()`: SIGTERM on POSIX, after
   * which Electron itself uses force within 2 s; on Windows the end of the tree at once.
   */
  shutdownMessage?: unknown;
}

/**
 * A process driver for the main process of an Electron app: `command` is the absolute path of a
 * module and its arguments, and `electron` is what `import { utilityProcess } from 'electron'`
 * gives. A plan that names a program or a `stopSignal` fails with `HF_OPTION_INVALID`.
 */
export const utilityProcessDriver = (
  electron: UtilityProcessModule,
  options: UtilityProcessOptions = {},
): ProcessDriver => utilityProcessOn(thisPlatform, electron, options);

export function utilityProcessOn(
  platform: Platform,
  electron: UtilityProcessModule,
  options: UtilityProcessOptions = {},
): ProcessDriver {
  const driver: ProcessDriver = (plan, events) => {
    const launch = () => {
      refuse(plan);
      const child = electron.fork(plan.command, [...plan.args], forkOptions(plan, options));
      return new Dressed(child, (words) => events.line('stderr', words));
    };
    const tree = (child: Dressed | undefined) =>
      child === undefined ? nobody : treeIn(platform, child, plan, options);
    return new Run(plan, events, launch, tree);
  };
  return Object.assign(driver, { can: { signals: false, stdin: false, group: false } });
}

/** Why Electron would start something else than was meant, or nothing that says why. */
function refuse({ command, cwd, stopSignal }: LaunchPlan): void {
  if (!isAbsolute(command) || !/\.[cm]?js$/.test(command)) {
    const rule = 'must begin with the absolute path of a .js, .mjs or .cjs module';
    throw coded('HF_OPTION_INVALID', `process.command ${rule} for utilityProcess, not ${command}`);
  }
  if (stopSignal !== undefined && stopSignal !== 'SIGTERM') {
    const instead = 'utilityProcess has no signals; use its shutdownMessage';
    throw coded('HF_OPTION_INVALID', `process.stop.signal cannot be ${stopSignal}: ${instead}`);
  }
  for (const path of cwd === undefined ? [command] : [cwd, command]) {
    if (!existsSync(path)) throw coded('ENOENT', `fork ${command} ENOENT`);
  }
}

function forkOptions(plan: LaunchPlan, options: UtilityProcessOptions): UtilityForkOptions {
  const { serviceName, execArgv } = options;
  return {
    env: markedEnvironment(plan), // never empty, which would mean the whole of ours
    stdio: 'pipe',
    ...(plan.cwd === undefined ? {} : { cwd: plan.cwd }),
    ...(serviceName === undefined ? {} : { serviceName }),
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
  };
}

const coded = (code: string, message: string) => Object.assign(new Error(message), { code });

/** A utility process with the manners of a child process of Node. */
class Dressed extends EventEmitter implements Runnable {
  /** kept from 'spawn' on: Electron forgets it before anybody could ask */
  pid: number | undefined;
  readonly stdin = null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** what was asked for too early */
  atSpawn: (() => void) | undefined;
  /** the last force that we used */
  force: 'SIGTERM' | 'SIGKILL' | undefined;
  phase: 'forked' | 'spawned' | 'gone' = 'forked';
  readonly child: UtilityChild;
  #fatal = false;

  constructor(child: UtilityChild, diagnose: (words: string) => void) {
    super();
    this.child = child;
    this.stdout = readable(child.stdout);
    this.stderr = readable(child.stderr);
    // for good: an 'error' without a listener would end the host
    child.on('error', (type, location) => {
      // not the report: it holds the whole environment
      const heard = this.listenerCount('exit') > 0; // nobody listens after a release
      if (!this.#fatal && heard) diagnose(`[${type}] V8: ${location}`);
      this.#fatal = true;
    });
    child.on('spawn', () => {
      if (this.phase !== 'forked' || child.pid === undefined) return;
      this.pid = child.pid;
      this.phase = 'spawned';
      this.emit('spawn');
      this.atSpawn?.();
    });
    child.on('exit', (code) => {
      const launched = this.phase === 'spawned';
      if (this.phase === 'gone') return;
      this.phase = 'gone';
      for (const stream of [this.stdout, this.stderr]) if (stream) keepListening(stream);
      if (launched) this.emit('exit', ...this.#ending(code));
      else this.emit('error', coded('UTILITY_LAUNCH_FAILED', `it ended before it ran: ${code}`));
    });
  }

  unref(): void {}

  /** The codes that stand for our own force; any other one the process has chosen for itself. */
  #ending(code: number): [code: number | null, signal: NodeJS.Signals | null] {
    const ours = this.force === 'SIGKILL' ? [0, 1, 9, 15] : [0, 15];
    if (this.force !== undefined && ours.includes(code)) return [null, this.force];
    return this.#fatal && code === 0 ? [null, 'SIGABRT'] : [code, null];
  }
}

function readable(stream: NodeJS.ReadableStream | null): Readable | null {
  if (stream === null || stream instanceof Readable) return stream;
  throw coded('EINVAL', 'utilityProcess gave an output that is no stream of Node');
}

/** Electron drops every listener after 'exit', also those of its own pipe: they come back. */
function keepListening(stream: Readable): void {
  const known = stream
    .eventNames()
    .map((name) => [name, stream.rawListeners(name) as ((...args: unknown[]) => void)[]] as const);
  process.nextTick(() => {
    for (const [name, listeners] of known) {
      const left = stream.rawListeners(name);
      for (const listener of listeners) if (!left.includes(listener)) stream.on(name, listener);
    }
  });
}

/** What is asked for before 'spawn' is done at 'spawn'; no message goes out after the exit. */
function treeIn(
  platform: Platform,
  dressed: Dressed,
  { mark }: LaunchPlan,
  { shutdownMessage }: UtilityProcessOptions,
): ProcessTree {
  const { child } = dressed;
  const groups = platform.trees === 'groups';
  const end = () => void calmly(() => child.kill());
  const leader = {
    get pid() {
      return dressed.pid;
    },
    kill: end,
  };
  const rest = groups ? markedTree(mark) : taskkillTree(leader, platform.taskkill);

  /** On macOS nobody reads the mark, and kill() alone would take Electron 2 s. */
  const endLeader = () => {
    if (!groups || dressed.phase !== 'spawned') return;
    end();
    const { pid } = child;
    if (pid !== undefined && pid > 1) calmly(() => process.kill(pid, 'SIGKILL'));
  };
  const signal = () => {
    if (dressed.phase === 'gone') return;
    if (dressed.phase === 'forked') dressed.atSpawn ??= signal;
    else if (shutdownMessage !== undefined) calmly(() => child.postMessage(shutdownMessage));
    else if (groups) {
      dressed.force ??= 'SIGTERM';
      end();
    } else kill(); // what Electron calls kill() would be the end of the leader alone
  };
  const kill = () => {
    if (dressed.phase === 'forked') {
      dressed.atSpawn = kill;
      return;
    }
    dressed.force = 'SIGKILL';
    endLeader();
    rest.kill();
  };
  const killNow = () => {
    if (dressed.phase === 'forked') dressed.atSpawn = killNow;
    dressed.force = 'SIGKILL';
    endLeader();
    rest.killNow();
  };
  return { ...rest, signal, kill, killNow };
}

/** Electron throws where a process is already gone: then there is nothing to do. */
function calmly(act: () => unknown): void {
  try {
    act();
  } catch {}
}
