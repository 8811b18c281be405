/**
 * The runs of a simulation, shared among processes. It promises each run to one process, a result
 * for each that was played to its end, and that no process is left when it is over, however it
 * ends. It must never change what a run comes to: that follows from the seed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Gateway } from '../runtime/gateway.ts';
import { type Plan, type RunResult, runTwice } from '../simulate/index.ts';
import { type Reach, type Reached, reached } from '../verify/index.ts';

/** What a part is asked to play, and whether it is to say what it reached. */
export interface Order {
  plan: Plan;
  run: number;
  watch: boolean;
}

export interface Played extends RunResult {
  reach?: Reach;
}

export async function played({ plan, run, watch }: Order): Promise<Played> {
  if (!watch) return runTwice(plan, run);
  const seen = reached();
  return { ...(await runTwice(plan, run, watching(seen))), reach: seen.reach() };
}

/** Gateways as they ship, with one more who looks on. */
const watching =
  (seen: Reached) =>
  (...[options, environment]: ConstructorParameters<typeof Gateway>): Gateway => {
    const { inspect } = options;
    const both = (event: unknown) => {
      if (typeof inspect === 'function') inspect(event);
      seen.inspect(event);
    };
    return new Gateway({ ...options, inspect: both }, environment);
  };

/** The part beside this file, in the language of this file. */
const part = fileURLToPath(import.meta.url).replace(/-parts(\.[jt]s)$/, '-part$1');

export class Parts {
  readonly #plan: Plan;
  readonly #watch: boolean;
  readonly #workers: number;
  readonly #children = new Set<ChildProcess>();
  #next = 0;
  #isOver = false;

  constructor(plan: Plan, workers: number, watch: boolean) {
    this.#plan = plan;
    this.#watch = watch;
    this.#workers = Math.min(workers, plan.runs);
  }

  /** Until all are played, `take` answers false, or `end` is called. */
  async play(take: (result: Played) => boolean): Promise<void> {
    const taken = (result: Played) => {
      if (!this.#isOver && !take(result)) this.end();
    };
    if (this.#workers === 1) await this.#here(taken);
    else await Promise.all(Array.from({ length: this.#workers }, () => this.#there(taken)));
    this.end();
  }

  /** Idempotent, and synchronous. */
  end(): void {
    this.#isOver = true;
    for (const child of this.#children) child.kill('SIGKILL');
    this.#children.clear();
  }

  async #here(taken: (result: Played) => void): Promise<void> {
    for (let run = this.#take(); run !== undefined; run = this.#take()) {
      taken(await played(this.#order(run)));
    }
  }

  #there(taken: (result: Played) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = fork(part, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      this.#children.add(child);
      const order = () => {
        const run = this.#take();
        if (run === undefined) child.disconnect();
        else child.send(this.#order(run));
      };
      child.on('message', (result: Played) => {
        taken(result);
        if (child.connected) order();
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        this.#children.delete(child);
        if (this.#isOver || code === 0) resolve();
        else reject(new Error(`a process of the simulation ended with ${signal ?? code}`));
      });
      order();
    });
  }

  #order(run: number): Order {
    return { plan: this.#plan, run, watch: this.#watch };
  }

  #take(): number | undefined {
    if (this.#isOver || this.#next >= this.#plan.runs) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }
}
