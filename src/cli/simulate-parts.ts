/**
 * The runs of a simulation, shared among processes. It promises each run to one process, a result
 * for each that was played to its end, and that no process is left when it is over, however it
 * ends. It must never change what a run comes to: that follows from the seed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Plan, type RunResult, runTwice } from '../simulate/index.ts';

/** What a part is asked to play. */
export interface Order {
  plan: Plan;
  run: number;
}

/** The part beside this file, in the language of this file. */
const part = fileURLToPath(import.meta.url).replace(/-parts(\.[jt]s)$/, '-part$1');

export class Parts {
  readonly #plan: Plan;
  readonly #workers: number;
  readonly #children = new Set<ChildProcess>();
  #next = 0;
  #isOver = false;

  constructor(plan: Plan, workers: number) {
    this.#plan = plan;
    this.#workers = Math.min(workers, plan.runs);
  }

  /** Until all are played, `take` answers false, or `end` is called. */
  async play(take: (result: RunResult) => boolean): Promise<void> {
    const taken = (result: RunResult) => {
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

  async #here(taken: (result: RunResult) => void): Promise<void> {
    for (let run = this.#take(); run !== undefined; run = this.#take()) {
      taken(await runTwice(this.#plan, run));
    }
  }

  #there(taken: (result: RunResult) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = fork(part, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      this.#children.add(child);
      const order = () => {
        const run = this.#take();
        if (run === undefined) child.disconnect();
        else child.send({ plan: this.#plan, run } satisfies Order);
      };
      child.on('message', (result: RunResult) => {
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

  #take(): number | undefined {
    if (this.#isOver || this.#next >= this.#plan.runs) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }
}
