/**
 * Simulation: the whole runtime under a virtual clock, between a hostile network and hostile
 * processes, for hours that take seconds. It promises that a run follows from its seed alone (each
 * is played twice and compared), that everything that broke is told with the shortest schedule of
 * faults that still breaks it, and that nothing is counted that did not happen. It must never open
 * a socket, start a process, wait for real time or draw a number that the seed does not decide.
 */
import { createHash } from 'node:crypto';
import type { Make } from './app.ts';
import { type Act, inWords, type Kind, kinds, moment } from './faults.ts';
import { type Outcome, play } from './run.ts';
import { type Script, scriptOf } from './script.ts';
import { shortest } from './shrink.ts';
import type { Violation } from './witness.ts';

/** Which hours: everything else follows. */
export interface Plan {
  seed: number;
  /** simulated, all runs together; what a run needs to come to rest comes on top */
  hours: number;
  /** how many runs share the hours; each has options, a world and a mix of faults of its own */
  runs: number;
}

export interface SimulateOptions extends Partial<Plan> {
  /** how the subject is made, when it is not to be the shipped `Gateway` */
  make?: Make;
  /** after each run */
  onRun?: (tally: Tally) => void;
  /** false ends it after the run that is under way */
  mayGoOn?: () => boolean;
}

/** Seed 1, 10 hours, a run for every 2 hours. */
export function planOf({ seed = 1, hours = 10, runs }: Partial<Plan>): Plan {
  return { seed, hours, runs: runs ?? Math.max(1, Math.ceil(hours / 2)) };
}

/** What is left of a run that broke something. */
export interface Broken extends Violation {
  run: number;
  /** the shortest schedule that still breaks it, and where its acts stand in that of the run */
  acts: readonly Act[];
  keep: readonly number[];
  /** how many acts the run had */
  of: number;
  /** what the subject and its world were like */
  script: Omit<Script, 'acts'>;
}

export interface RunResult extends Outcome {
  run: number;
}

const differs = 'same-seed-same-run';

/** One run, played twice; other than the first time is a violation of its own. */
export async function runTwice(plan: Plan, run: number, make?: Make): Promise<RunResult> {
  const script = scriptOf(plan.seed, run, plan.hours / plan.runs);
  const first = await play(script, { make });
  const second = await play(script, { make });
  if (first.violation !== undefined || first.digest === second.digest) return { run, ...first };
  const message = `${first.digest} the first time, ${second.digest} the second`;
  return { run, ...first, violation: { rule: differs, message, at: 0, story: [] } };
}

/** Some acts of one run, once, as `--keep` names them. */
export async function replay(
  plan: Plan,
  run: number,
  keep?: readonly number[],
  make?: Make,
): Promise<RunResult> {
  const script = scriptOf(plan.seed, run, plan.hours / plan.runs);
  const acts = keep === undefined ? script.acts : script.acts.filter((_, at) => keep.includes(at));
  return { run, ...(await play({ ...script, acts }, { make })) };
}

/** So long after its moment the same thing may break in a shorter schedule. */
const soonMs = 1_800_000;

/** The shortest schedule that breaks the same promise; with `keep`, that one as it is. */
export async function shrink(
  plan: Plan,
  result: RunResult,
  { make, keep: given }: { make?: Make | undefined; keep?: readonly number[] } = {},
): Promise<Broken> {
  const { run, violation } = result;
  const { acts, ...script } = scriptOf(plan.seed, run, plan.hours / plan.runs);
  let found = violation ?? { rule: 'none', message: 'nothing was broken', at: 0, story: [] };
  const places = acts.map((_, at) => at);
  // what broke while acts were under way need not be looked for long after
  const until = found.at < script.endMs ? found.at + soonMs : undefined;
  const isShorter = async (kept: readonly number[]) => {
    const some = acts.filter((_, at) => kept.includes(at));
    const outcome = await play({ ...script, acts: some }, { make, until });
    if (outcome.violation?.rule !== found.rule) return false;
    found = outcome.violation;
    return true;
  };
  // a difference between two plays is not in the schedule
  const isOne = found.rule === differs;
  const keep = given ?? (isOne ? places : await shortest(places, isShorter));
  const kept = acts.filter((_, at) => keep.includes(at));
  return { ...found, run, acts: kept, keep, of: acts.length, script };
}

/** Everything that was found so far; runs may come in any order. */
export class Tally {
  faults = 0;
  restarts = 0;
  reconnects = 0;
  simulatedMs = 0;
  runs = 0;
  /** faults and commands that met something, by kind */
  readonly met = new Map<Kind, number>();
  readonly violated: RunResult[] = [];
  readonly plan: Plan;
  readonly #digests = new Map<number, string>();

  constructor(plan: Plan) {
    this.plan = plan;
  }

  add(result: RunResult): void {
    this.runs += 1;
    this.faults += result.faults;
    this.restarts += result.restarts;
    this.reconnects += result.reconnects;
    this.simulatedMs += result.simulatedMs;
    for (const kind of kinds) {
      const times = result.met[kind] ?? 0;
      if (times > 0) this.met.set(kind, (this.met.get(kind) ?? 0) + times);
    }
    this.#digests.set(result.run, result.digest);
    if (result.violation !== undefined) this.violated.push(result);
  }

  /** The same for the same seed, hours and runs, in whatever order the runs were played. */
  get digest(): string {
    const hash = createHash('sha256');
    const byRun = [...this.#digests].sort(([a], [b]) => a - b);
    for (const [run, digest] of byRun) hash.update(`${run} ${digest}\n`);
    return hash.digest('hex').slice(0, 32);
  }
}

/**
 * Plays `runs` runs of `hours / runs` hours, each twice, and answers what was counted.
 *
 *     await simulate({ seed: 7, hours: 20 });
 *
 * Throws an Error whose message has what was broken, and the shortest schedule that breaks it.
 */
export async function simulate(options: SimulateOptions = {}): Promise<Tally> {
  const { make, onRun, mayGoOn = () => true } = options;
  const plan = planOf(options);
  const tally = new Tally(plan);
  for (let run = 0; run < plan.runs && mayGoOn(); run += 1) {
    const result = await runTwice(plan, run, make);
    tally.add(result);
    onRun?.(tally);
    if (result.violation === undefined) continue;
    throw new Error(inText(plan, await shrink(plan, result, { make })));
  }
  return tally;
}

/** For a person: what broke, in which world, after what, and how to see it again. */
export function inText({ seed, hours, runs }: Plan, broken: Broken): string {
  const { run, rule, message, at, acts, keep, of, script, story } = broken;
  const { endMs: _, seed: __, ...shape } = script;
  const which = `--seed ${seed} --hours ${hours} --runs ${runs}`;
  const kept = keep.length === 0 ? 'none' : keep.join(',');
  return [
    `${rule} is broken at ${moment(at)} of run ${run}: ${message}`,
    `  subject and world: ${JSON.stringify(shape)}`,
    `  ${acts.length} of ${of} acts are needed:`,
    ...acts.map((act) => `    ${inWords(act)}`),
    ...(story.length === 0 ? [] : ['  what happened last:', ...story.map((line) => `    ${line}`)]),
    `  again: holdfast simulate ${which} --run ${run} --keep ${kept}`,
  ].join('\n');
}
