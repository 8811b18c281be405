/**
 * `holdfast demo`: a practice gateway, the link to it, and a tour of what can happen to both. It
 * promises to end by itself, and exit code 0 only when every step came to the state it must; it
 * must never leave a process behind, however it ends.
 */
import { createGateway, type Gateway } from '../index.ts';
import { practiceCommand } from '../practice/start.ts';
import { codeOf, onInterrupt, spoken } from './interrupt.ts';
import { Log } from './log.ts';
import { ask, Disappointment, ending, faults, opening, type Step, stop } from './tour.ts';
import { type Watch, watched } from './watch.ts';

export interface DemoOptions {
  /** how long to go on, in rounds; without it, one round */
  for?: number;
  json?: boolean;
  /** serve a page that shows what happens */
  inspect?: boolean;
}

/** What even a machine that does a hundred other things has time for. */
const stepMs = 60_000;

/** Short enough to watch; an app that is not a demo leaves the defaults alone. */
const patience = {
  heartbeat: { silenceMs: 1_500, waitMs: 750, probeMs: 750 },
  backoff: { firstMs: 300, maxMs: 2_000, jitter: 0.2 },
  stableMs: 1_000,
};

export async function demo({ for: forMs, json = false, ...more }: DemoOptions): Promise<number> {
  const log = new Log({ stream: process.stdout, json, stamp: 'elapsed' });
  return watched({ isWanted: more.inspect, texts: true }, (watch) =>
    new Tour(log, forMs, watch).walk(),
  );
}

class Tour {
  readonly #log: Log;
  readonly #forMs: number | undefined;
  readonly #gateway: Gateway;
  readonly #watch: Watch | undefined;
  /** aborts when the tour is to end: its time is over, or somebody pressed Ctrl-C */
  readonly #end = new AbortController();
  #interruptedBy: NodeJS.Signals | undefined;
  #crashes = 0;
  #passed = 0;
  #failed = 0;
  #sums = 0;

  constructor(log: Log, forMs: number | undefined, watch: Watch | undefined) {
    this.#log = log;
    this.#forMs = forMs;
    this.#watch = watch;
    this.#gateway = this.#make();
  }

  async walk(): Promise<number> {
    const following = new AbortController();
    this.#log.follow(this.#gateway, following.signal);
    const done = this.#listen();
    const timer =
      this.#forMs === undefined ? undefined : setTimeout(() => this.#end.abort(), this.#forMs);
    this.#introduce();
    await this.#steps();
    clearTimeout(timer);
    await this.#close();
    following.abort();
    await this.#gateway.dispose();
    process.exitCode = this.#verdict();
    done();
    return process.exitCode;
  }

  #make(): Gateway {
    return createGateway({
      name: 'demo',
      cooldownMs: 500,
      ...(this.#watch && { inspect: this.#watch.inspect }),
      process: {
        plan: () => {
          this.#crashes -= 1;
          const faults = this.#crashes >= 0 ? ['crash-at-start'] : [];
          const { command, args } = practiceCommand({ faults, args: ['--ping-ms', '500'] });
          return { command: [command, ...args] };
        },
        ready: { line: /listening on (?<port>\d+)/ },
        backoff: patience.backoff,
        stableMs: patience.stableMs,
      },
      link: {
        url: ({ port }) => `ws://127.0.0.1:${port}`,
        protocol: 'jsonrpc',
        heartbeat: patience.heartbeat,
        reconnect: { ...patience.backoff, stableMs: patience.stableMs },
      },
    });
  }

  #listen(): () => void {
    process.stdout.on('error', () => this.#end.abort());
    return onInterrupt({
      stop: (signal) => {
        this.#interruptedBy = signal;
        this.#log.say('stopping', `${spoken(signal)}; once more kills`);
        this.#end.abort();
      },
      kill: (signal) => {
        this.#log.say('killing', `${spoken(signal)} again; SIGKILL to everything left`);
        void this.#gateway.quit({ withinMs: 1 });
      },
      killNow: () => this.#gateway.killNow(),
    });
  }

  #introduce(): void {
    const length = this.#forMs === undefined ? 'once' : `for ${this.#forMs / 1_000} s`;
    this.#log.title(
      `A practice gateway, the link to it, and ${faults.length} faults, ${length}. Ctrl-C stops.`,
    );
    this.#watch?.announce(this.#log, this.#gateway);
  }

  async #steps(): Promise<void> {
    const isStarted = await this.#step(opening, 'start');
    if (!isStarted) return;
    const rounds = this.#forMs === undefined ? 1 : Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, step] of faults.entries()) {
        if (!(await this.#step(step, `fault ${index + 1} of ${faults.length}`))) return;
      }
    }
  }

  /** Whether the tour goes on. */
  async #step(step: Step, label: string): Promise<boolean> {
    if (this.#end.signal.aborted) return false;
    this.#announce(step, label);
    const late = AbortSignal.timeout(stepMs);
    const stage = {
      gateway: this.#gateway,
      sabotage: (starts: number) => {
        this.#crashes = starts;
      },
      saw: (sentence: string) => this.#say('seen', sentence),
      signal: AbortSignal.any([late, this.#end.signal]),
    };
    try {
      const result = await Promise.race([step.run(stage), endOf(stage.signal)]);
      this.#pass(step, result);
      this.#sums += 1;
      if (step !== ending) this.#say('answered', await ask(stage, this.#sums, this.#sums + 1));
      return true;
    } catch (error) {
      // a step that was cut short has neither passed nor failed
      if (!this.#end.signal.aborted) this.#fail(step, late.aborted ? 'no time left' : error);
      return false;
    }
  }

  #announce(step: Step, label: string): void {
    this.#log.title('');
    this.#log.say(label, step.does);
    this.#log.record('step', { name: step.name, is: 'begun' });
  }

  #pass({ name }: Step, result: string): void {
    this.#passed += 1;
    this.#log.say('passed', result);
    this.#log.record('step', { name, is: 'passed', result });
  }

  #fail({ name }: Step, error: unknown): void {
    this.#failed += 1;
    const because = error instanceof Error ? error.message : String(error);
    this.#log.say('FAILED', because);
    this.#log.record('step', { name, is: 'failed', because });
    if (error instanceof Error && !(error instanceof Disappointment)) {
      this.#log.say(
        '',
        `${error.name}, after: ${this.#gateway.diagnostics.trace.slice(-3).join(' · ')}`,
      );
    }
  }

  #say(word: string, sentence: string): void {
    this.#log.say(word, sentence);
    this.#log.record(word, { sentence });
  }

  /** The last step, also of a tour that was cut short or failed. */
  async #close(): Promise<void> {
    this.#announce(ending, 'stop');
    try {
      this.#pass(ending, await stop({ gateway: this.#gateway }));
    } catch (error) {
      this.#fail(ending, error);
    }
  }

  #verdict(): number {
    const [passed, failed] = [this.#passed, this.#failed];
    const seconds = (this.#log.elapsedMs / 1_000).toFixed(1);
    const all = failed === 0 ? 'each came to the state it must' : `${failed} did not`;
    this.#log.title('');
    const steps = passed + failed === 1 ? '1 step' : `${passed + failed} steps`;
    this.#log.title(`${steps} in ${seconds} s: ${all}.`);
    this.#log.record('end', { passed, failed });
    if (failed > 0) return 1;
    return this.#interruptedBy === undefined ? 0 : codeOf(this.#interruptedBy);
  }
}

/** Rejects when somebody wants the tour to end: no step is waited for then. */
const endOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
