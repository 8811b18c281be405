/**
 * `holdfast check`: explores every state of a world and says what holds. It promises an exit code
 * that tells proved from broken and from not finished; it must never call proved what a bound, a
 * deadline or Ctrl-C kept it from seeing.
 */
import { exploreWhile } from '../verify/explore.ts';
import type { ExploreOptions, Progress, Result, Violation } from '../verify/index.ts';
import { brokenRule } from '../verify/rules.ts';
import { UsageError, type WorldName } from './arguments.ts';
import { asJson, asText, type Explored, type Findings } from './findings.ts';
import { codeOf, onInterrupt } from './interrupt.ts';
import { type Subject, type Subworld, shipped, subjectOf } from './subject.ts';

export interface CheckOptions {
  world?: WorldName;
  delivery?: 'async' | 'rtc';
  inFlight?: number;
  posts?: number;
  /** milliseconds */
  seconds?: number;
  json?: boolean;
  emit?: 'promela';
  out?: string;
}

const progressMs = 1_000;

export async function check(file: string | undefined, options: CheckOptions): Promise<number> {
  const { world, delivery = 'async', inFlight, posts, json = false } = options;
  if (options.out !== undefined) throw new UsageError('--out must come with --emit');
  if (delivery === 'async' && posts !== undefined) {
    throw new UsageError('--posts must come with --delivery rtc');
  }
  if (delivery === 'rtc' && inFlight !== undefined) {
    throw new UsageError('--in-flight must come with --delivery async');
  }
  if (file !== undefined && world !== undefined) {
    throw new UsageError(`--world must not come with a FILE; got ${JSON.stringify(world)}`);
  }
  const subject = file === undefined ? shipped(world) : await subjectOf(file);
  // a world of somebody's own is small enough for the orders that only two messages can have
  const usual = file === undefined ? 1 : 2;
  const bounds: ExploreOptions =
    delivery === 'rtc'
      ? { delivery, posts: posts ?? usual }
      : { delivery, inFlight: inFlight ?? usual };
  const findings = await new Exploration(subject, bounds, options.seconds).untilOver();
  process.stdout.write(json ? asJson(findings) : asText(findings));
  return findings.code;
}

class Exploration {
  readonly #subject: Subject;
  readonly #bounds: ExploreOptions;
  readonly #deadline: number;
  #asked: NodeJS.Signals | undefined;
  #saidAt = performance.now();

  constructor(subject: Subject, bounds: ExploreOptions, forMs = Number.POSITIVE_INFINITY) {
    this.#subject = subject;
    this.#bounds = bounds;
    this.#deadline = performance.now() + forMs;
  }

  async untilOver(): Promise<Findings> {
    const done = onInterrupt({
      stop: (signal) => {
        this.#asked = signal;
      },
      kill: (signal) => process.exit(codeOf(signal)),
      killNow: () => {},
    });
    const explored: Explored[] = [];
    let broken: Findings['violation'];
    for (const one of this.#subject.worlds) {
      if (!this.#mayGoOn() || broken) break;
      const violation = await this.#explore(one, explored);
      if (violation) broken = { world: one.name, ...violation };
    }
    done();
    const begun = explored.map(({ name }) => name);
    const names = this.#subject.worlds.map(({ name }) => name);
    const isWhole = explored.length === names.length && explored.every(isWholly);
    return {
      explored,
      sentences: this.#subject.sentences,
      unproved: this.#subject.unproved,
      notBegun: broken ? [] : names.filter((name) => !begun.includes(name)),
      violation: broken,
      code: this.#code(broken !== undefined, isWhole),
    };
  }

  /** A signal counts for more than a bound; a promise that is broken counts for more than both. */
  #code(isBroken: boolean, isWhole: boolean): number {
    if (isBroken) return 1;
    if (this.#asked !== undefined) return codeOf(this.#asked);
    return isWhole ? 0 : 3;
  }

  async #explore(one: Subworld, to: Explored[]): Promise<Violation | undefined> {
    const { name, world, promises, standIns } = one;
    const rule = brokenRule(world);
    if (rule) return rule;
    const result = await exploreWhile(world, { ...this.#bounds, promises }, (progress) => {
      this.#say(name, progress);
      return this.#mayGoOn();
    });
    to.push({ name, delivery: this.#bounds.delivery, result, standIns });
    return result.violation;
  }

  #mayGoOn(): boolean {
    return this.#asked === undefined && performance.now() < this.#deadline;
  }

  #say(name: string, { states, depth, ms }: Progress): void {
    if (performance.now() - this.#saidAt < progressMs) return;
    this.#saidAt = performance.now();
    const rate = Math.round((states / ms) * 1_000);
    process.stderr.write(`${name}: ${states} states so far, ${rate} a second, depth ${depth}\n`);
  }
}

const isWholly = ({ result }: { result: Result }): boolean => result.cut + result.overflow === 0;
