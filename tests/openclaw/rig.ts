/**
 * What the tests on the real gateway share: how Holdfast is told to run a prepared one, a journal
 * of what Holdfast said with the times, and waits for facts. It promises that a failed test prints
 * that journal, and that real leaves did nothing that the checker's automata do not allow. It must
 * never use anything else of Holdfast but its public exports.
 */
import { get } from 'node:https';
import { afterAll, expect, onTestFailed } from 'vitest';
import type { Gateway, ProcessOptions, Status } from '../../src/index.ts';
import { type World, witness } from '../../src/verify/index.ts';
import { type PreparedGateway, sleep } from './harness.ts';

/** A cold start on two busy processors takes up to a minute; twice that is a failure. */
export const coldMs = 120_000;

/** The process half of the options for a prepared gateway, its environment complete. */
export function launching({ plan, port }: PreparedGateway) {
  // What the harness left out must not come back from the environment of this test.
  const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return {
    command: [plan.command, ...plan.args] as [string, ...string[]],
    env: { ...cleared, ...plan.env },
    cwd: plan.cwd,
    port,
    readyMs: coldMs,
    stop: { graceMs: 8000 },
  } satisfies ProcessOptions;
}

/** Whether the gateway says that it serves; its certificate is nobody's, so it is not checked. */
export function readyOverTls({ httpUrl }: PreparedGateway): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(
      `${httpUrl}/readyz`,
      { rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.on('error', () => resolve(false));
  });
}

/** Call it once, at the top of a file; what it returns is the `inspect` of everything in it. */
export function explained(world: World) {
  const watching = witness(world);
  afterAll(() => {
    console.info(`  ${watching.events} events of real leaves, each explained by its automaton`);
    expect(watching.refused).toEqual([]);
    expect(watching.events).toBeGreaterThan(0);
  });
  return watching.inspect;
}

export interface Entry {
  readonly at: number;
  readonly status: Status;
}

/** Everything a gateway object said, on the clock of `performance.now()`. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly exits: { pid: number; code: number | null; signal: string | null }[] = [];
  readonly diagnostics: string[] = [];
  /** how each connection ended, in Holdfast's words */
  readonly ends: string[] = [];
  readonly #startedAt = performance.now();

  constructor(watched: Pick<Gateway, 'on' | 'diagnostics'>) {
    watched.on('status', (status) => {
      this.entries.push({ at: performance.now(), status });
      const end = watched.diagnostics.lastEnd;
      if (end !== null && this.ends.at(-1) !== end.because) this.ends.push(end.because);
    });
    watched.on('exit', ({ pid, code, signal }) => this.exits.push({ pid, code, signal }));
    watched.on('diagnostic', ({ level, code, message }) => {
      if (level !== 'debug') this.diagnostics.push(`${level} ${code} ${message}`);
    });
  }

  /** The states entered since then, in order, each once in a row. */
  states(since = 0): string[] {
    const states = this.entries.filter(({ at }) => at >= since).map(({ status }) => status.state);
    return states.filter((state, index) => state !== states[index - 1]);
  }

  /** When this state was first told of, since then. */
  when(state: string, since: number): number {
    const found = this.entries.find(({ at, status }) => at >= since && status.state === state);
    return found?.at ?? Number.NaN;
  }

  get text(): string {
    const lines = this.entries.map(({ at, status }) => {
      const seconds = ((at - this.#startedAt) / 1000).toFixed(2).padStart(8);
      return `${seconds}  ${status.line} [${status.phase}]`;
    });
    return [...lines, ...this.diagnostics, ...this.ends.map((end) => `end: ${end}`)].join('\n');
  }

  /** Called in a test: what is known is printed when it fails. */
  printIfFailed(): void {
    onTestFailed(() => {
      process.stderr.write(`${this.text}\n`);
    });
  }
}

/** Asks every few milliseconds until the answer is yes. */
export async function until(what: string, ask: () => unknown, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await sleep(10);
  }
}

/** A figure for the report of a run. */
export function measured(what: string, ms: number): void {
  process.stdout.write(`measured: ${what}: ${Math.round(ms)} ms\n`);
}
