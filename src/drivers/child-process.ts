/**
 * Runs a launch plan as a real process: a group of its own, no shell, every descendant marked
 * through its environment. It promises the events of `ProcessEvents`, each at most once and never
 * from inside a call of ours, output that is always read and never piles up, every line before
 * `empty` and nothing after it. It must never report a process that did not start, wait with
 * `exited` for a pipe that a descendant still holds, or keep a timer, pipe or listener once
 * `empty` was reported or `release` called.
 *
 * The child's stdin is a pipe that stays open and silent. Its end is the one sign of our death
 * that a child in any language gets for free, even when we are killed; a child that ignores stdin
 * notices nothing, and one that exits at its end (which /dev/null would give it at once) works.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { LaunchPlan, ProcessDriver, ProcessEvents, ProcessHandle } from '../ports.ts';
import { census } from './census.ts';
import { splitLines } from './lines.ts';
import { withoutDebugger } from './node-child.ts';
import { type Platform, thisPlatform } from './platform.ts';
import { type ProcessTree, treeOf } from './process-tree.ts';

const firstLookMs = 10;
const lookMsMax = 250;
const lookGrowth = 1.6;
/** how long a pipe may stay open that no descendant we know of can hold */
const lastWordsMs = 250;

/** What is known to work where, and what was run where: docs/platforms.md. */
export function childProcessOn(platform: Platform): ProcessDriver {
  const groups = platform.trees === 'groups';
  const launch = (plan: LaunchPlan) => start(plan, groups);
  const tree = (child: ChildProcess | undefined, plan: LaunchPlan) =>
    treeOf(child, plan.mark, platform);
  const driver: ProcessDriver = (plan, events) => new Run(plan, events, launch, tree);
  return Object.assign(driver, { can: { signals: groups, stdin: true, group: groups }, census });
}

export const childProcess = childProcessOn(thisPlatform);

/** What a run needs of a process: what Node's has, and what can be dressed up as one. */
export interface Runnable extends EventEmitter {
  readonly pid?: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  kill?(signal: NodeJS.Signals): boolean;
  unref(): void;
}

/** One life of a process, told by the events 'spawn', 'error' and 'exit' of a child process. */
export class Run<Child extends Runnable> implements ProcessHandle {
  /** ended: the process is gone, perhaps not its descendants; emptied: neither, pipes closing */
  #phase: 'pending' | 'running' | 'ended' | 'emptied' | 'over' = 'pending';
  #killing = false;
  #lookMs = firstLookMs;
  #timer: NodeJS.Timeout | undefined;
  readonly #plan: LaunchPlan;
  readonly #events: ProcessEvents;
  readonly #child: Child | undefined;
  readonly #tree: ProcessTree;
  readonly #unread = new Map<Readable, () => void>();
  readonly #undo: (() => void)[] = [];

  constructor(
    plan: LaunchPlan,
    events: ProcessEvents,
    launch: (plan: LaunchPlan) => Child,
    tree: (child: Child | undefined, plan: LaunchPlan) => ProcessTree,
  ) {
    this.#plan = plan;
    this.#events = events;
    try {
      refuseMark(plan);
      this.#child = launch(plan);
    } catch (error) {
      process.nextTick(() => this.#failed(error));
    }
    this.#tree = tree(this.#child, plan);
    if (this.#child !== undefined) this.#attach(this.#child);
  }

  terminate(): void {
    if (this.#phase === 'over') return;
    this.#tree.signal(this.#plan.stopSignal ?? 'SIGTERM');
  }

  /** Holds on: whoever appears until the tree is empty is killed as well. */
  kill(): void {
    if (this.#phase === 'over') return;
    this.#killing = true;
    this.#tree.kill();
    if (this.#phase === 'ended') this.#lookSoon();
  }

  signal(name: NodeJS.Signals): void {
    const sent = this.#phase === 'running' && this.#child?.kill?.(name);
    if (!sent) throw new Error(`${name} was not sent: the process is not there`);
  }

  write(text: string | null): void {
    const stdin = this.#phase === 'running' ? this.#child?.stdin : null;
    if (!stdin?.writable) throw new Error('nothing was written: its stdin is closed');
    if (text === null) stdin.end();
    else stdin.write(text);
  }

  release(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#tree.killNow();
    this.#letGo();
    this.#child?.unref();
  }

  #attach(child: Child): void {
    // Guards that stay for good: an 'error' without a listener would end the host.
    const emitters: (EventEmitter | null)[] = [child, child.stdin, child.stdout, child.stderr];
    for (const emitter of emitters) {
      emitter?.on('error', () => {});
    }
    const spawned = () => this.#spawned();
    const failed = (error: Error) => this.#failed(error);
    const exited = (code: number | null, signal: NodeJS.Signals | null) =>
      this.#exited({ code, signal });
    child.on('spawn', spawned).on('error', failed).on('exit', exited);
    this.#undo.push(() => child.off('spawn', spawned).off('error', failed).off('exit', exited));
    this.#read('stdout', child.stdout);
    this.#read('stderr', child.stderr);
  }

  #read(name: 'stdout' | 'stderr', stream: Readable | null | undefined): void {
    if (!stream) return;
    const lines = splitLines((text) => {
      if (this.#phase !== 'over') this.#events.line(name, text);
    });
    const data = (chunk: Buffer) => {
      const passing = this.#events.output?.(name, chunk);
      lines.push(chunk);
      if (passing !== undefined) this.#holdUp(stream, passing);
    };
    const close = () => {
      lines.end();
      this.#unread.delete(stream);
      if (this.#phase === 'emptied' && this.#unread.size === 0) this.#finish();
    };
    stream.on('data', data).on('end', lines.end).on('close', close);
    this.#undo.push(() => stream.off('data', data).off('end', lines.end).off('close', close));
    this.#unread.set(stream, lines.end);
  }

  /** A slow consumer slows the process, not us. What the dead have left in the pipe is little. */
  #holdUp(stream: Readable, passing: Promise<void>): void {
    if (this.#phase === 'emptied') return;
    const goOn = () => stream.resume();
    stream.pause();
    passing.then(goOn, goOn);
  }

  #spawned(): void {
    if (this.#phase !== 'pending' || this.#child?.pid === undefined) return;
    this.#phase = 'running';
    this.#events.spawned(this.#child.pid);
  }

  #failed(error: unknown): void {
    if (this.#phase !== 'pending') return;
    this.#phase = 'ended';
    this.#unread.clear();
    this.#events.failed(reasonOf(error, this.#plan));
    this.#look();
  }

  #exited(exit: { code: number | null; signal: NodeJS.Signals | null }): void {
    this.#tree.reaped();
    this.#spawned();
    if (this.#phase !== 'running') return;
    this.#phase = 'ended';
    this.#events.exited(exit);
    this.#look();
  }

  /** Once the process is gone: is anybody left? The timer holds the host, as the process did. */
  #look(): void {
    if (this.#phase !== 'ended') return;
    if (this.#killing) this.#tree.kill();
    if (this.#tree.isEmpty()) {
      this.#emptied();
    } else {
      this.#timer = setTimeout(() => this.#look(), this.#lookMs);
      this.#lookMs = Math.min(this.#lookMs * lookGrowth, lookMsMax);
    }
  }

  #lookSoon(): void {
    clearTimeout(this.#timer);
    this.#lookMs = firstLookMs;
    this.#timer = setTimeout(() => this.#look(), this.#lookMs);
  }

  /** Nobody can write any more, so the pipes end by themselves, unless a stranger holds them. */
  #emptied(): void {
    this.#phase = 'emptied';
    for (const stream of this.#unread.keys()) stream.resume();
    // The timer may be late and come before the reading: one round of reading is still due then.
    const finishLate = () => setImmediate(() => this.#finish());
    if (this.#unread.size === 0) this.#finish();
    else this.#timer = setTimeout(finishLate, lastWordsMs);
  }

  #finish(): void {
    if (this.#phase !== 'emptied') return;
    for (const end of this.#unread.values()) end();
    if (this.#phase !== 'emptied') return;
    this.#phase = 'over';
    this.#letGo();
    this.#events.empty();
  }

  #letGo(): void {
    clearTimeout(this.#timer);
    for (const undo of this.#undo) undo();
    this.#undo.length = 0;
    this.#unread.clear();
    for (const pipe of [this.#child?.stdin, this.#child?.stdout, this.#child?.stderr]) {
      pipe?.destroy();
    }
  }
}

function refuseMark({ command, mark }: LaunchPlan): void {
  if (mark.name === '' || mark.value === '' || process.env[mark.name] === mark.value) {
    // Killing its carriers would kill us, or everyone.
    throw new Error(`spawn ${command} refused: the mark '${mark.name}' is empty or our own`);
  }
}

/** First, where whoever looks for it finds it soonest; and last, where nothing overrides it. */
export function markedEnvironment({ env, mark }: LaunchPlan): Record<string, string> {
  return { [mark.name]: mark.value, ...env, [mark.name]: mark.value };
}

function start(plan: LaunchPlan, detached: boolean): ChildProcess {
  const { command, args, cwd } = plan;
  return spawn(command, withoutDebugger(command, args), {
    env: markedEnvironment(plan),
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached,
    windowsHide: true,
    shell: false,
  });
}

/** Node's words, without the values it quotes, and with the cause it hides behind ENOENT. */
function reasonOf(error: unknown, { command, cwd }: LaunchPlan): { code: string; message: string } {
  const { message } = error instanceof Error ? error : { message: `spawn ${command} failed` };
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'EINVAL';
  if (code === 'ENOENT' && cwd !== undefined && !existsSync(cwd)) {
    return { code, message: `${message}: the working directory ${cwd} does not exist` };
  }
  return { code, message: message.split(' Received ')[0] ?? message };
}
