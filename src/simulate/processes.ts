/**
 * Processes in memory, for whoever holds the clock in their hands: a `ProcessDriver` and, for
 * each spawn, the child as the operating system would know it. It promises the events of the port
 * in later turns, each once, in order, and none after `release`. It must never use a timer or
 * chance; a child does by itself only what its habits say.
 */

import { type LineSplitter, splitLines } from '../drivers/lines.ts';
import type { Defer, LaunchPlan, ProcessDriver, ProcessEvents, ProcessHandle } from '../ports.ts';
import { Queue } from './queue.ts';
import { type Lanes, oneLane } from './wire.ts';

type Stream = 'stdout' | 'stderr';

export interface Habits {
  /** `when told` waits for `spawned()`; `never` reports neither a spawn nor a failure */
  spawns: 'at once' | 'when told' | 'never';
  /** there is nothing to run: the code of the failure, such as ENOENT */
  failsWith: string | undefined;
  onTerminate: 'exits' | 'ignores';
  /** false: not even SIGKILL ends it or what it leaves, as nothing ends who hangs in the kernel */
  killable: boolean;
  /** descendants that outlive it until they are killed; they are deaf to everything else */
  leaves: number;
  /** undefined: the signal itself ends it */
  exitCodeOnTerminate: number | undefined;
}

const usual: Habits = {
  spawns: 'at once',
  failsWith: undefined,
  onTerminate: 'exits',
  killable: true,
  leaves: 0,
  exitCodeOnTerminate: undefined,
};

export class ProcessTable {
  /** a child is about to live: the moment to set its habits and to script what it does */
  onSpawn: (child: Child) => void = () => {};
  /** of children to come */
  habits: Partial<Habits> = {};
  readonly #children: Child[] = [];
  /** those that may still live, or come to live */
  #living: Child[] = [];
  readonly #born = new Queue<Child>();
  readonly #lanes: Lanes;

  readonly driver: ProcessDriver = (plan, events) => {
    const { child, later } = this.#make(plan, events);
    later(() => this.#bear(child));
    return child.handle;
  };

  constructor(lanes: Lanes = oneLane) {
    this.#lanes = lanes;
  }

  /** one for each spawn that was asked for, oldest first */
  get children(): readonly Child[] {
    return this.#children;
  }

  /** those that are not over, or live on all the same; oldest first */
  get living(): readonly Child[] {
    if (this.#living.some((child) => child.over)) {
      this.#living = this.#living.filter((child) => !child.over);
    }
    return this.#living;
  }

  /** how many children have somebody left: themselves or a descendant */
  get alive(): number {
    return this.#children.filter((child) => child.group > 0).length;
  }

  /** The next child that was about to live and was not asked for yet. */
  next(): Promise<Child> {
    return this.#born.next();
  }

  /** A process that no driver has asked for: it runs from the next turn on. */
  outsider(plan: LaunchPlan, events: ProcessEvents): Child {
    const { child, later } = this.#make(plan, events);
    later(() => {
      child.habits = usual;
      child.begin();
    });
    return child;
  }

  /** In a later turn, in no order with what any process does. */
  get later(): Defer {
    return this.#lanes('process');
  }

  #make(plan: LaunchPlan, events: ProcessEvents) {
    const pid = 101 + this.#children.length;
    const later = this.#lanes(`process ${pid}`);
    const child = new Child(plan, pid, events, later);
    this.#children.push(child);
    this.#living.push(child);
    return { child, later };
  }

  #bear(child: Child): void {
    if (child.released) return;
    child.habits = { ...usual, ...this.habits };
    this.onSpawn(child);
    this.#born.add(child);
    child.begin();
  }
}

export class Child {
  readonly plan: LaunchPlan;
  readonly pid: number;
  habits: Habits = usual;
  /** a signal has reached it while it ran, before it does what its habits say */
  onSignal: (signal: NodeJS.Signals) => void = () => {};
  readonly handle: ProcessHandle;
  /** what was written to its stdin, in order; null: it was closed */
  readonly written: (string | null)[] = [];
  /** something was written to its stdin while it ran */
  onWrite: (text: string | null) => void = () => {};
  readonly #signals: string[] = [];
  readonly #events: ProcessEvents;
  readonly #later: Defer;
  readonly #pipes: Record<Stream, Pipe>;
  /** what is to happen once it runs */
  readonly #held: (() => void)[] = [];
  #phase: 'pending' | 'running' | 'ended' | 'over' = 'pending';
  #descendants = 0;
  /** it was released, and lives on all the same */
  #survives = false;

  constructor(plan: LaunchPlan, pid: number, events: ProcessEvents, later: Defer) {
    this.plan = plan;
    this.pid = pid;
    this.#events = events;
    this.#later = later;
    this.#pipes = { stdout: this.#pipe('stdout'), stderr: this.#pipe('stderr') };
    this.handle = {
      terminate: () => this.#send(plan.stopSignal ?? 'SIGTERM', (signal) => this.#obey(signal)),
      kill: () => this.#send('SIGKILL', () => this.#die()),
      signal: (name) => {
        if (!this.alive) throw new Error(`${name} was not sent: the process is not there`);
        this.#send(name, () => {});
      },
      write: (text) => {
        if (!this.alive || this.written.includes(null)) {
          throw new Error('nothing was written: its stdin is closed');
        }
        this.written.push(text);
        this.#act(() => this.onWrite(text));
      },
      release: () => this.#release(),
    };
  }

  /** what it was sent, in order: names of signals, and `release` */
  get signals(): readonly string[] {
    return this.#signals;
  }

  /** the process itself runs */
  get alive(): boolean {
    return this.#phase === 'running' || this.#survives;
  }

  /** how many are left: itself and its descendants */
  get group(): number {
    return (this.alive ? 1 : 0) + this.#descendants;
  }

  /** nothing of it is left, and nothing will come */
  get over(): boolean {
    return this.#phase === 'over' && this.group === 0;
  }

  get released(): boolean {
    return this.#signals.includes('release');
  }

  /** The table's to call, once its habits are known. */
  begin(): void {
    const { spawns, failsWith } = this.habits;
    if (failsWith !== undefined) this.#fail(failsWith);
    else if (spawns === 'at once') this.#spawn();
  }

  /** For a child that spawns when told. */
  spawned(): void {
    if (this.habits.spawns === 'when told') this.#later(() => this.#spawn());
  }

  says(line: string, stream: Stream = 'stdout'): void {
    this.writes(`${line}\n`, stream);
  }

  /** Bytes as they are, which may end in the middle of a line or of a character. */
  writes(chunk: string | Uint8Array, stream: Stream = 'stdout'): void {
    const bytes = Buffer.from(chunk);
    this.#act(() => {
      if (this.group > 0) this.#pipes[stream].push(bytes);
    });
  }

  exits(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.#act(() => this.#exit(code, signal));
  }

  #pipe(name: Stream): Pipe {
    return new Pipe(
      this.#later,
      (chunk) => (this.#phase === 'over' ? undefined : this.#events.output?.(name, chunk)),
      (text) => {
        if (this.#phase !== 'over') this.#events.line(name, text);
      },
    );
  }

  #act(act: () => void): void {
    this.#later(() => {
      if (this.#phase === 'pending' || this.#held.length > 0) this.#held.push(act);
      else act();
    });
  }

  /** One a turn, so that what comes after them waits behind them. */
  #catchUp(): void {
    const [act] = this.#held;
    if (act === undefined) return;
    this.#later(() => {
      act();
      this.#held.shift();
      this.#catchUp();
    });
  }

  #spawn(): void {
    if (this.#phase !== 'pending') return;
    this.#phase = 'running';
    this.#descendants = this.habits.leaves;
    this.#events.spawned(this.pid);
    this.#catchUp();
  }

  #fail(code: string): void {
    if (this.#phase !== 'pending') return;
    this.#phase = 'ended';
    this.#events.failed({ code, message: `spawn ${this.plan.command} ${code}` });
    this.#lookAround();
  }

  #send(signal: NodeJS.Signals, effect: (signal: NodeJS.Signals) => void): void {
    if (this.#phase === 'over') return;
    this.#signals.push(signal);
    this.#act(() => {
      if (this.#phase === 'running') this.onSignal(signal);
      effect(signal);
    });
  }

  #obey(signal: NodeJS.Signals): void {
    if (this.habits.onTerminate === 'ignores') return;
    const code = this.habits.exitCodeOnTerminate;
    if (code === undefined) this.#exit(null, signal);
    else this.#exit(code, null);
  }

  #die(): void {
    if (!this.habits.killable) return;
    this.#descendants = 0;
    if (this.#phase === 'running') this.#exit(null, 'SIGKILL');
    else this.#lookAround();
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#survives = false;
    if (this.#phase !== 'running') return;
    this.#phase = 'ended';
    this.#events.exited({ code, signal });
    this.#lookAround();
  }

  /** Once the process is gone: is anybody left? */
  #lookAround(): void {
    this.#later(() => {
      if (this.#phase !== 'ended' || this.#descendants > 0) return;
      for (const pipe of [this.#pipes.stdout, this.#pipes.stderr]) pipe.end();
      if (this.#phase !== 'ended') return;
      this.#phase = 'over';
      this.#events.empty();
    });
  }

  #release(): void {
    if (this.#phase === 'over') return;
    this.#signals.push('release');
    this.#survives = this.#phase === 'running' && !this.habits.killable;
    if (this.habits.killable) this.#descendants = 0;
    this.#phase = 'over';
    this.#held.length = 0;
  }
}

/** One stream of output: read as it comes, unless its reader asked for time. */
class Pipe {
  readonly #later: Defer;
  readonly #output: (chunk: Uint8Array) => void | Promise<void>;
  readonly #lines: LineSplitter;
  readonly #waiting: Uint8Array[] = [];
  #held = false;

  constructor(
    later: Defer,
    output: (chunk: Uint8Array) => void | Promise<void>,
    line: (text: string) => void,
  ) {
    this.#later = later;
    this.#output = output;
    this.#lines = splitLines(line);
  }

  push(chunk: Uint8Array): void {
    if (this.#held) this.#waiting.push(chunk);
    else this.#read(chunk);
  }

  /** Nobody can write any more: what is left is read at once. */
  end(): void {
    for (const chunk of this.#waiting.splice(0)) {
      this.#output(chunk);
      this.#lines.push(chunk);
    }
    this.#lines.end();
  }

  #read(chunk: Uint8Array): void {
    const passing = this.#output(chunk);
    this.#lines.push(chunk);
    if (passing === undefined) return;
    this.#held = true;
    const goOn = () => this.#later(() => this.#goOn());
    passing.then(goOn, goOn);
  }

  #goOn(): void {
    this.#held = false;
    while (!this.#held) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) return;
      this.#read(chunk);
    }
  }
}
