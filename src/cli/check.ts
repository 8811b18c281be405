/**
 * `holdfast check`: explores every state of a world and says what holds. It promises an exit code
 * that tells proved from broken and from not finished; it must never call proved what a bound, a
 * deadline or Ctrl-C kept it from seeing.
 */
import { exploreWhile } from '../verify/explore.ts';
import {
  type ExploreOptions,
  type Progress,
  type Reach,
  type Result,
  reached,
  type Violation,
} from '../verify/index.ts';
import { brokenRule } from '../verify/rules.ts';
import { type deliveries, UsageError, type WorldName } from './arguments.ts';
import { checkFiles, leave } from './evidence.ts';
import {
  asJson,
  asText,
  type Broken,
  type Explored,
  type Findings,
  type Unit,
} from './findings.ts';
import { codeOf, onInterrupt } from './interrupt.ts';
import { writeReach } from './reach.ts';
import { type Shard, share } from './shard.ts';
import { type Subject, type Subworld, shipped, subjectOf } from './subject.ts';

export interface CheckOptions {
  world?: WorldName;
  delivery?: (typeof deliveries)[number];
  inFlight?: number;
  posts?: number;
  /** milliseconds */
  seconds?: number;
  json?: boolean;
  emit?: 'promela';
  out?: string;
  shard?: Shard;
  /** files to write */
  save?: string;
  emitTest?: string;
  junit?: string;
  coverage?: string;
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
  checkFiles(file, options);
  const subject = file === undefined ? shipped(world) : await subjectOf(file);
  // a world of somebody's own is small enough for the orders that only two messages can have
  const usual = file === undefined ? 1 : 2;
  const bounds = { inFlight: inFlight ?? usual, posts: posts ?? usual };
  const asked = delivery === 'all' ? (['async', 'rtc'] as const) : [delivery];
  const all = asked.flatMap((one) => subject.worlds.map((it) => ({ ...it, delivery: one })));
  const plans = options.shard ? share(all, options.shard) : all;
  const findings = await new Exploration(subject, plans, bounds, options.seconds).untilOver();
  leave(findings, subject, options);
  if (options.coverage !== undefined) writeReach(options.coverage, reachOf(findings.explored));
  process.stdout.write(json ? asJson(findings) : asText(findings));
  return findings.code;
}

/** Of every world together, those roles left out that stand for somebody else. */
function reachOf(explored: readonly Explored[]): Reach {
  const sum = reached();
  for (const { result, standIns } of explored) {
    for (const [role, { reach }] of Object.entries(result.coverage)) {
      if (!standIns.includes(role)) sum.add(reach);
    }
  }
  return sum.reach();
}

type Plan = Unit & Subworld;

class Exploration {
  readonly #subject: Subject;
  readonly #plans: readonly Plan[];
  readonly #bounds: { inFlight: number; posts: number };
  readonly #deadline: number;
  #asked: NodeJS.Signals | undefined;
  #saidAt = performance.now();

  constructor(
    subject: Subject,
    plans: readonly Plan[],
    bounds: { inFlight: number; posts: number },
    forMs = Number.POSITIVE_INFINITY,
  ) {
    this.#subject = subject;
    this.#plans = plans;
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
    let begun = 0;
    for (const plan of this.#plans) {
      if (!this.#mayGoOn() || broken) break;
      begun += 1;
      broken = await this.#explore(plan, explored);
    }
    done();
    const isWhole = explored.length === this.#plans.length && explored.every(isWholly);
    return {
      explored,
      sentences: this.#subject.sentences,
      unproved: this.#subject.unproved,
      notBegun: broken ? [] : this.#plans.slice(begun),
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

  async #explore(plan: Plan, to: Explored[]): Promise<Broken | undefined> {
    const { name, world, delivery, promises, standIns } = plan;
    const { inFlight, posts } = this.#bounds;
    const bound = delivery === 'rtc' ? { posts } : { inFlight };
    const rule = brokenRule(world);
    if (rule) return this.#broken(plan, bound, rule);
    const options: ExploreOptions = { delivery, ...bound, promises };
    const result = await exploreWhile(world, options, (progress) => {
      this.#say(name, progress);
      return this.#mayGoOn();
    });
    to.push({ name, delivery, result, standIns });
    return result.violation && this.#broken(plan, result.bounds, result.violation);
  }

  #broken({ name, delivery }: Plan, bounds: Broken['bounds'], found: Violation): Broken {
    const known = this.#subject.sentences.find(({ id }) => id === found.guarantee);
    return { ...found, world: name, delivery, bounds, sentence: known?.sentence ?? found.message };
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
