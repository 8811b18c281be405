/**
 * One run: a script is played from its first moment until the world has behaved for long enough,
 * and everything is stopped. It promises the same outcome for the same script, with the first
 * thing that was broken if anything was. It must never wait for real time.
 */
import { Gateway } from '../runtime/gateway.ts';
import { App, type Make } from './app.ts';
import { Chance } from './chance.ts';
import { type Act, faults, type Kind } from './faults.ts';
import type { Script } from './script.ts';
import { type Violation, Witness } from './witness.ts';
import { World } from './world.ts';

export interface Outcome {
  /** of everything that happened, in its order */
  digest: string;
  violation: Violation | undefined;
  /** those that met something */
  faults: number;
  /** the same, and the commands, by kind */
  met: Partial<Record<Kind, number>>;
  /** processes that followed another one of the same gateway */
  restarts: number;
  /** connections that followed another one of the same gateway */
  reconnects: number;
  simulatedMs: number;
}

/** What the stores hold is looked at once in so many acts: it takes longer than one. */
const boundedEvery = 20;
/** Stacks are made by the thousand, and read when something is thrown that must not be. */
const stackMost = 3;
/** Once the world behaves, nothing takes longer than this. */
const calmMs = 15 * 60_000;
/** A stop has the grace and the kill, a dispose a second for what is written. */
const stopMs = 60_000;
const longestSleepMs = 3_600_000;

const real: Make = (options, environment) => new Gateway(options, environment);

export interface PlayOptions {
  make?: Make | undefined;
  /** milliseconds after which it is over, whatever the script says */
  until?: number | undefined;
}

export async function play(
  script: Script,
  { make = real, until }: PlayOptions = {},
): Promise<Outcome> {
  const run = new Run(script, make);
  const escaped = (error: unknown) => run.escaped(error);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = stackMost;
  process.on('unhandledRejection', escaped);
  process.on('uncaughtException', escaped);
  try {
    return await run.play(until);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', escaped);
    process.off('uncaughtException', escaped);
  }
}

class Run {
  readonly #script: Script;
  readonly #world: World;
  readonly #witness: Witness;
  readonly #app: App;
  #faults = 0;
  readonly #met: Partial<Record<Kind, number>> = {};
  #acted = 0;

  constructor(script: Script, make: Make) {
    const dice = new Chance(script.seed);
    this.#script = script;
    this.#world = new World(script, dice.fork(1));
    this.#witness = new Witness(this.#world);
    this.#app = new App(this.#world, this.#witness, dice.fork(2), make);
  }

  escaped(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#witness.break('nothing-is-unhandled', text.slice(0, 600));
  }

  async play(until: number | undefined): Promise<Outcome> {
    try {
      await this.#acts(until ?? this.#script.endMs);
      if (this.#isWhole && until === undefined) await this.#calm();
      if (this.#isWhole && until === undefined) await this.#end();
    } catch (error) {
      this.escaped(error);
    }
    const { restarts, reconnects } = this.#app;
    return {
      digest: this.#witness.digest(),
      violation: this.#witness.violation,
      faults: this.#faults,
      met: this.#met,
      restarts,
      reconnects,
      simulatedMs: this.#world.time.now,
    };
  }

  get #isWhole(): boolean {
    return this.#witness.violation === undefined;
  }

  async #acts(until: number): Promise<void> {
    const { time } = this.#world;
    for (const act of this.#script.acts) {
      const { kind } = act;
      // the app is part of the host: who sleeps asks for nothing
      if (faults[kind].is === 'command') time.afterAwake(act.at, () => this.#act(act));
      else time.at(act.at, () => this.#act(act));
    }
    this.#app.start();
    await this.#pass(Math.min(until, this.#script.endMs));
  }

  #act(act: Act): void {
    const fault = faults[act.kind];
    const hasMet = fault.act(this.#world, this.#app, act);
    this.#witness.note(`${act.kind} ${hasMet}`);
    if (hasMet) this.#met[act.kind] = (this.#met[act.kind] ?? 0) + 1;
    if (hasMet && fault.is === 'fault') this.#faults += 1;
    this.#acted += 1;
    if (this.#acted % boundedEvery === 0) this.#witness.bounded(this.#app.gateway);
  }

  /** The world behaves and nobody helps: what is wanted must come true, or say why it cannot. */
  async #calm(): Promise<void> {
    const { time } = this.#world;
    this.#app.isPatient = false;
    this.#world.calm();
    await this.#until(() => !time.isAsleep, longestSleepMs);
    const is = () => this.#app.gateway.status;
    const isSettled = () =>
      is().state === 'running' ||
      is().state === 'failed' ||
      is().phase === 'paused' ||
      is().intent !== 'wanted';
    await this.#until(isSettled, calmMs);
    const { line } = is();
    if (!isSettled()) this.#witness.break('wanted-comes-true', `after ${calmMs} ms: ${line}`);
    if (is().state === 'failed' && is().error === undefined) {
      this.#witness.break('wanted-comes-true', `failed without a reason: ${line}`);
    }
    if (!this.#isWhole || is().intent === 'disposed') return;
    await this.#until(() => !['stopping', 'running'].includes(is().state), stopMs);
    if (is().phase === 'paused') this.#app.resume();
    else this.#app.start();
    await this.#until(() => is().state === 'running', calmMs);
    if (is().state !== 'running') {
      this.#witness.break('a-start-comes-true', `from ${line}, after ${time.now}: ${is().line}`);
    }
    await this.#answers();
  }

  /** Who runs is answered. */
  async #answers(): Promise<void> {
    const { protocol, halves } = this.#script;
    if (!this.#isWhole || protocol === 'plain' || halves === 'process') return;
    // a connection that is dead without a word is found out, and replaced
    await this.#pass(this.#world.time.now + stopMs * 3);
    await this.#until(() => this.#app.gateway.status.state === 'running', calmMs);
    const before = this.#app.requests.length;
    this.#app.request(0);
    const asked = () => this.#app.requests[before]?.outcome;
    await this.#until(() => asked() !== 'pending', stopMs);
    if (asked() !== 'answered') this.#witness.break('who-runs-answers', `it is ${asked()}`);
  }

  async #end(): Promise<void> {
    const { gateway } = this.#app;
    this.#app.stop(0);
    const isDone = () => ['stopped', 'disposed'].includes(gateway.status.state);
    await this.#until(() => isDone() && this.#app.pending.length === 0, stopMs);
    if (!isDone()) this.#witness.break('a-stop-ends', gateway.status.line);
    this.#app.dispose();
    await this.#until(() => this.#app.pending.length === 0, stopMs);
    const { pending } = this.#app;
    if (pending.length > 0) this.#witness.break('every-promise-settles', pending.join(', '));
    // what is on its way arrives, and changes nothing
    await this.#pass(this.#world.time.now + stopMs);
    const left = this.#witness.outside;
    const lives = left.sockets + left.processes + left.timers;
    if (lives > 0) this.#witness.break('nothing-is-left', JSON.stringify(left));
    this.#app.audit();
  }

  async #pass(until: number): Promise<void> {
    await this.#until(() => false, until - this.#world.time.now);
  }

  async #until(what: () => boolean, ms: number): Promise<void> {
    const { time } = this.#world;
    const end = time.now + ms;
    await time.settle();
    this.#witness.atRest();
    while (this.#isWhole && !what() && (await time.step(end))) this.#witness.atRest();
  }
}
