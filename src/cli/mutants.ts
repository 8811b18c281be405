/**
 * `holdfast mutants`: changes every machine in one place after another, and says which promise
 * notices. It promises that each mutant is counted once, as killed, equivalent, survived or not
 * judged; it must never pass while one is left that nothing noticed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutantsIn, type NamedWorld, tallied, type Verdict } from '../verify/mutants.ts';
import type { Mutant } from '../verify/mutate.ts';
import { UsageError, type WorldName } from './arguments.ts';
import { codeOf, onInterrupt } from './interrupt.ts';
import { isObject } from './load.ts';
import { type Subworld, shipped, subjectOf } from './subject.ts';

export interface MutantsOptions {
  world?: WorldName;
  machine?: string;
  /** ids */
  mutant?: readonly string[];
  /** a file with an id on each line */
  only?: string;
  /** a file that says in which world each was killed the last time */
  kills?: string;
  whole?: boolean;
  list?: boolean;
  /** milliseconds */
  seconds?: number;
  json?: boolean;
}

/** What a worker is started with. */
export interface Task {
  readonly file: string | undefined;
  readonly world: WorldName | undefined;
  readonly whole: boolean;
}

/** What a worker is asked: a mutant, and the world that comes first. */
export interface Asked {
  readonly id: string;
  readonly first?: string;
}

/** Any order of delivery with one message under way: the most orders for the fewest states. */
export const layer = { delivery: 'async', inFlight: 1 } as const;

/**
 * Where mutants are judged: without a name the parts and the halves that ship, small ones first,
 * in which every machine is at work for a hundredth of what the whole would cost. A guard against
 * what is stale needs two messages under way, so the parts come again with two, and of the halves
 * that are too wide for it the beginning.
 */
export async function judgedIn({ file, world }: Omit<Task, 'whole'>): Promise<NamedWorld[]> {
  const subject = file === undefined ? shipped(world) : await subjectOf(file);
  const isJudged = ({ name, world: { roles }, standIns }: Subworld) =>
    (world !== undefined || name !== 'both') &&
    roles.some((role) => 'machine' in role && !standIns.includes(role.name));
  const worlds = subject.worlds.filter(isJudged);
  if (file !== undefined) return worlds;
  const isPart = ({ name }: Subworld) => !wholes.includes(name);
  const parts = worlds.filter(isPart);
  const halves = worlds.filter((one) => !isPart(one));
  const begun = halves.map((one) => ({ ...twice(one), statesMax: begunStates }));
  return [...parts, ...parts.map(twice), ...halves, ...begun];
}

const twice = (one: Subworld): NamedWorld => ({
  ...one,
  name: `${one.name}, two under way`,
  bounds: { inFlight: 2 },
});

/** four times what the last of those that need it took */
const begunStates = 20_000;
const wholes: readonly string[] = ['link', 'service', 'both'];
const progressMs = 1_000;
const workersMax = 8;

export async function mutants(file: string | undefined, options: MutantsOptions): Promise<number> {
  const { world, whole = false, list = false, json = false } = options;
  if (file !== undefined && world !== undefined) {
    throw new UsageError(`--world must not come with a FILE; got ${JSON.stringify(world)}`);
  }
  const worlds = await judgedIn({ file, world });
  const wanted = chosen(mutantsIn(worlds), options);
  if (list) {
    process.stdout.write(json ? listAsJson(wanted) : listAsText(wanted));
    return 0;
  }
  const asked = asks(wanted, options);
  const trial = new Trial(asked, { file, world, whole }, options.seconds);
  const verdicts = await trial.untilOver();
  const found = { verdicts, notJudged: wanted.length - verdicts.length };
  process.stdout.write(json ? asJson(found) : asText(found));
  return trial.code(found);
}

/** What was asked for by machine and by id; all without a word. */
function chosen(all: readonly Mutant[], { machine, mutant, only }: MutantsOptions): Mutant[] {
  const names = [...new Set(all.map((one) => one.machine))];
  if (machine !== undefined && !names.includes(machine)) {
    const given = JSON.stringify(machine);
    throw new UsageError(`--machine must be one of ${names.join(', ')}; got ${given}`);
  }
  const ids = mutant === undefined && only === undefined ? undefined : new Set(mutant);
  for (const id of only === undefined ? [] : idsIn(only)) ids?.add(id);
  const known = new Set(all.map(({ id }) => id));
  for (const id of ids ?? []) {
    if (known.has(id)) continue;
    const option = mutant?.includes(id) ? '--mutant' : '--only';
    throw new UsageError(`${option} must name what --list prints; got ${JSON.stringify(id)}`);
  }
  const isWanted = (one: Mutant) => machine === undefined || one.machine === machine;
  return all.filter((one) => isWanted(one) && (ids?.has(one.id) ?? true));
}

function idsIn(file: string): string[] {
  if (!existsSync(file)) {
    throw new UsageError(`--only must be a file of ids; got ${JSON.stringify(file)}`);
  }
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

/** Each mutant, and where it was killed the last time; what the file has wrong is not followed. */
function asks(wanted: readonly Mutant[], { kills: file }: MutantsOptions): Asked[] {
  const last: unknown = file === undefined ? { kills: [] } : parsed(file);
  const kills: unknown = isObject(last) ? last.kills : undefined;
  if (!Array.isArray(kills)) {
    throw new UsageError(`--kills must be a file that --json made; got ${JSON.stringify(file)}`);
  }
  const worlds = new Map(
    kills.filter(isObject).map(({ mutant, world }): [unknown, unknown] => [mutant, world]),
  );
  return wanted.map(({ id }) => {
    const first = worlds.get(id);
    return typeof first === 'string' ? { id, first } : { id };
  });
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

class Trial {
  readonly #wanted: readonly Asked[];
  readonly #task: Task;
  readonly #deadline: number;
  readonly #verdicts: Verdict[] = [];
  readonly #queue: Asked[];
  #asked: NodeJS.Signals | undefined;
  #saidAt = performance.now();

  constructor(wanted: readonly Asked[], task: Task, forMs = Number.POSITIVE_INFINITY) {
    this.#wanted = wanted;
    this.#queue = [...wanted];
    this.#task = task;
    this.#deadline = performance.now() + forMs;
  }

  /** In the order of the machines, whichever worker was first. */
  async untilOver(): Promise<Verdict[]> {
    const count = Math.min(availableParallelism(), workersMax, this.#wanted.length);
    const workers = Array.from({ length: count }, () => this.#worker());
    const end = () => {
      for (const worker of workers) worker.kill('SIGKILL');
    };
    const done = onInterrupt({
      stop: (signal) => {
        this.#asked = signal;
        end();
      },
      kill: (signal) => process.exit(codeOf(signal)),
      killNow: end,
    });
    const late = setTimeout(end, Math.min(this.#deadline - performance.now(), 2 ** 31 - 1));
    try {
      await Promise.all(workers.map((worker) => this.#served(worker)));
    } finally {
      clearTimeout(late);
      end();
      done();
    }
    const order = new Map(this.#wanted.map(({ id }, i) => [id, i]));
    const at = ({ mutant }: Verdict) => order.get(mutant) ?? 0;
    return this.#verdicts.sort((a, b) => at(a) - at(b));
  }

  /** A survivor counts for more than what was not judged. */
  code({ verdicts, notJudged }: Found): number {
    if (this.#asked !== undefined) return codeOf(this.#asked);
    if (verdicts.some(({ outcome }) => outcome === 'survived')) return 1;
    return notJudged > 0 ? 3 : 0;
  }

  #worker(): ChildProcess {
    const own = new URL(`./mutants-worker${extname(import.meta.url)}`, import.meta.url);
    return fork(fileURLToPath(own), [JSON.stringify(this.#task)]);
  }

  /** Hands out one mutant after another, until none is left or the worker was ended. */
  #served(worker: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = () => {
        const mutant = performance.now() < this.#deadline ? this.#queue.shift() : undefined;
        if (mutant === undefined) worker.disconnect();
        else worker.send(mutant);
      };
      worker.on('message', (message) => {
        this.#verdicts.push(message as Verdict);
        this.#say();
        next();
      });
      worker.on('error', reject);
      worker.on('exit', (code, signal) => {
        const failed = code !== 0 && signal !== 'SIGKILL';
        if (failed) reject(new Error(`a worker ended with ${code ?? signal}`));
        else resolve();
      });
      next();
    });
  }

  #say(): void {
    if (performance.now() - this.#saidAt < progressMs) return;
    this.#saidAt = performance.now();
    const killed = this.#verdicts.filter(({ outcome }) => outcome === 'killed').length;
    const judged = `${this.#verdicts.length} of ${this.#wanted.length} mutants judged`;
    process.stderr.write(`${judged}, ${killed} killed\n`);
  }
}

interface Found {
  readonly verdicts: readonly Verdict[];
  readonly notJudged: number;
}

const of = ({ verdicts }: Found, outcome: Verdict['outcome']): readonly Verdict[] =>
  verdicts.filter((verdict) => verdict.outcome === outcome);

/** How often each promise was the one that noticed, most first. */
function noticedBy(found: Found): [by: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { by = '' } of of(found, 'killed')) counts.set(by, (counts.get(by) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function asJson(found: Found): string {
  const { verdicts, notJudged } = found;
  const all = {
    total: verdicts.length + notJudged,
    killed: of(found, 'killed').length,
    equivalent: of(found, 'equivalent').map(({ mutant, reason }) => ({ mutant, reason })),
    survived: of(found, 'survived').map(({ mutant, sentence, reason }) => ({
      mutant,
      sentence,
      ...(reason === undefined ? {} : { reason }),
    })),
    notJudged,
    byKind: tallied(verdicts),
    byGuarantee: Object.fromEntries(noticedBy(found)),
    kills: of(found, 'killed').map(({ mutant, by, world }) => ({ mutant, by, world })),
  };
  return `${JSON.stringify(all)}\n`;
}

function asText(found: Found): string {
  const { verdicts, notJudged } = found;
  const killed = of(found, 'killed').length;
  const equivalent = of(found, 'equivalent').length;
  const survived = of(found, 'survived');
  const counts = [
    `${verdicts.length + notJudged} mutants: ${killed} killed, ${equivalent} equivalent`,
    `${survived.length} survived${notJudged > 0 ? `, ${notJudged} not judged` : ''}`,
  ].join(', ');
  const kinds = Object.entries(tallied(verdicts)).map(
    ([kind, tally]) => `  ${kind}: ${tally.killed} of ${tally.total - tally.equivalent}`,
  );
  const promises = noticedBy(found).map(([by, count]) => `  ${by}: ${count}`);
  const left = survived.map(({ sentence, reason }) =>
    reason === undefined ? `survived: ${sentence}` : `survived: ${sentence} (${reason})`,
  );
  const lines = [...left, counts, 'killed, by kind:', ...kinds, 'noticed by:', ...promises];
  return `${lines.join('\n')}\n`;
}

const listAsJson = (all: readonly Mutant[]): string => {
  const mutants = all.map(({ id, kind, machine, sentence }) => ({ id, kind, machine, sentence }));
  return `${JSON.stringify({ total: all.length, mutants })}\n`;
};

const listAsText = (all: readonly Mutant[]): string =>
  all.map(({ id, sentence }) => `${id}\n    ${sentence}\n`).join('');
