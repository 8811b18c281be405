/**
 * `holdfast simulate`: hours of a hostile world in seconds, on as many processors as there are. It
 * promises the same digest for the same seed, hours and runs on any number of them, and one
 * command that shows again what was broken. It must never call whole what Ctrl-C cut short.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  type Broken,
  inText,
  type Plan,
  planOf,
  type RunResult,
  replay,
  runTwice,
  shrink,
  Tally,
} from '../simulate/index.ts';
import { reached } from '../verify/index.ts';
import { UsageError } from './arguments.ts';
import { codeOf, onInterrupt } from './interrupt.ts';
import { writeReach } from './reach.ts';
import { recordRun } from './record-run.ts';
import { Parts } from './simulate-parts.ts';

export interface SimulateOptions {
  seed?: number;
  hours?: number;
  runs?: number;
  workers?: number;
  /** only this one of the runs */
  run?: number;
  /** places of acts in the schedule of that run */
  keep?: readonly number[];
  json?: boolean;
  /** a file for what was reached */
  coverage?: string;
  /** a file for a recording of that run */
  record?: string;
}

const progressMs = 1_000;

export async function simulate(options: SimulateOptions): Promise<number> {
  const { run, keep, json = false, coverage, record: file } = options;
  const plan = planOf(options);
  if (keep !== undefined && run === undefined) throw new UsageError('--keep must come with --run');
  if (run !== undefined && coverage !== undefined) {
    throw new UsageError('--coverage must not come with --run');
  }
  if (run === undefined && file !== undefined) {
    throw new UsageError('--record must come with --run');
  }
  if (run !== undefined && run >= plan.runs) {
    throw new UsageError(`--run must be below --runs (${plan.runs}); got ${run}`);
  }
  const tally = new Tally(plan);
  const begun = performance.now();
  const asked =
    run === undefined
      ? await everyRun(tally, options.workers ?? availableParallelism(), coverage)
      : await oneRun(tally, run, keep);
  if (run !== undefined && file !== undefined) await record(plan, run, keep, file);
  const [first] = tally.violated.sort((a, b) => a.run - b.run);
  const wallSeconds = (performance.now() - begun) / 1_000;
  const broken = first && (await shortened(plan, first, keep));
  process.stdout.write((json ? asJson : asText)(tally, wallSeconds, broken));
  if (broken) return 1;
  return asked === undefined ? 0 : codeOf(asked);
}

async function oneRun(tally: Tally, run: number, keep: readonly number[] | undefined) {
  const { plan } = tally;
  tally.add(keep === undefined ? await runTwice(plan, run) : await replay(plan, run, keep));
  return undefined;
}

/** The same run once more, and all that happens is kept. */
async function record(
  plan: Plan,
  run: number,
  keep: readonly number[] | undefined,
  file: string,
): Promise<void> {
  const { recording } = await recordRun(plan, run, keep);
  try {
    writeFileSync(file, recording.text());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--record cannot be written: ${why}`);
  }
}

/** Until the first violation, or until somebody asks for the end. */
async function everyRun(
  tally: Tally,
  workers: number,
  coverage: string | undefined,
): Promise<NodeJS.Signals | undefined> {
  let asked: NodeJS.Signals | undefined;
  let saidAt = performance.now();
  const sum = reached();
  const parts = new Parts(tally.plan, workers, coverage !== undefined);
  const done = onInterrupt({
    stop: (signal) => {
      asked = signal;
      parts.end();
    },
    kill: (signal) => process.exit(codeOf(signal)),
    killNow: () => parts.end(),
  });
  await parts.play((result) => {
    tally.add(result);
    if (result.reach) sum.add(result.reach);
    if (performance.now() - saidAt >= progressMs) {
      saidAt = performance.now();
      process.stderr.write(`${soFar(tally)}\n`);
    }
    return tally.violated.length === 0;
  });
  done();
  if (coverage !== undefined) writeReach(coverage, sum.reach());
  return asked;
}

async function shortened(
  plan: Plan,
  result: RunResult,
  keep: readonly number[] | undefined,
): Promise<Broken> {
  if (keep !== undefined) return shrink(plan, result, { keep });
  process.stderr.write(`run ${result.run} broke something; looking for the shortest way there\n`);
  return shrink(plan, result);
}

const hoursOf = ({ simulatedMs }: Tally): number => Number((simulatedMs / 3_600_000).toFixed(2));

const soFar = (tally: Tally): string =>
  `${tally.runs} of ${tally.plan.runs} runs, ${Math.round(hoursOf(tally))} simulated hours, ` +
  `${tally.faults} faults, ${tally.violated.length} violations`;

function asJson(tally: Tally, wallSeconds: number, broken: Broken | undefined): string {
  const { plan, faults, restarts, reconnects, violated, digest, runs } = tally;
  const all = {
    seed: plan.seed,
    simulatedHours: hoursOf(tally),
    wallSeconds: Number(wallSeconds.toFixed(1)),
    faults,
    restarts,
    reconnects,
    violations: violated.length,
    digest,
    runs,
    met: Object.fromEntries(tally.met),
    ...(broken ? { broken } : {}),
  };
  return `${JSON.stringify(all)}\n`;
}

/** What is printed without `--json`. */
export function asText(tally: Tally, wallSeconds: number, broken: Broken | undefined): string {
  const { plan, restarts, reconnects, digest, runs } = tally;
  const lines = [
    soFar(tally),
    `seed ${plan.seed}: ${restarts} restarts, ${reconnects} reconnects, ` +
      `${wallSeconds.toFixed(1)} s, every run played twice, digest ${digest}`,
  ];
  if (broken) lines.push(inText(plan, broken));
  else if (runs < plan.runs) lines.push('cut short: nothing is broken in what was played');
  return `${lines.join('\n')}\n`;
}
