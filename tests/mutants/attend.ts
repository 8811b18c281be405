/**
 * Attends the processes that try mutants one after another: one that spins without an end in a
 * scenario is ended by its CPU time, the mutant counts as killed there, and the rest goes on in a
 * new process. It must never judge by the clock on the wall, nor outlive what it started.
 */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Wanted {
  readonly mutant: string;
  /** the scenario that is tried first */
  readonly first?: string;
}

export interface Tried {
  readonly mutant: string;
  /** the scenario that failed; absent when all passed */
  readonly by?: string;
  readonly why?: string;
}

/** What a process says before it plays a scenario under a mutant. */
export interface Begun {
  readonly pid: number;
  /** counts what was begun */
  readonly turn: number;
  readonly mutant: string;
  readonly scenario: string;
}

export interface Attended {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** of its own */
  readonly folder: string;
  readonly wanted: readonly Wanted[];
  /** of CPU time, for one scenario */
  readonly limitMs: number;
}

const lookMs = 500;

export const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

export const verdictsIn = (folder: string): Tried[] =>
  linesOf(join(folder, 'verdicts')).map((line): Tried => JSON.parse(line));

/** The CPU time that a process has had so far; undefined when it is gone. */
export function cpuMs(pid: number): number | undefined {
  try {
    if (existsSync('/proc/self/stat')) {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      // a tick of the kernel's is a hundredth of a second
      return (Number(fields[11]) + Number(fields[12])) * 10;
    }
    const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)])
      .toString()
      .trim();
    const [seconds = 0, minutes = 0, hours = 0] = text.split(/[-:]/).map(Number).reverse();
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  } catch {
    return undefined;
  }
}

function begunIn(folder: string): Begun | undefined {
  const [line] = linesOf(join(folder, 'begun'));
  try {
    return line === undefined ? undefined : (JSON.parse(line) as Begun);
  } catch {
    // it is being written
    return undefined;
  }
}

/** Every mutant tried once, whatever some of them do to the process. */
export async function attended(work: Attended): Promise<Tried[]> {
  const { folder, wanted } = work;
  const verdicts = join(folder, 'verdicts');
  let fatal: Begun | undefined;
  for (;;) {
    const done = new Set(verdictsIn(folder).map(({ mutant }) => mutant));
    const left = wanted.filter(({ mutant }) => !done.has(mutant));
    if (left.length === 0) return verdictsIn(folder);
    writeFileSync(join(folder, 'wanted'), left.map((one) => JSON.stringify(one)).join('\n'));
    writeFileSync(join(folder, 'begun'), '');
    const { said, spun } = await ended(work);
    const begun = begunIn(folder);
    const open = begun !== undefined && !verdictsIn(folder).some(by(begun.mutant));
    const isAgain = fatal?.mutant === begun?.mutant && fatal?.scenario === begun?.scenario;
    // what takes the process with it must do so twice: somebody else may have ended it
    if (open && (spun || isAgain)) {
      const why = spun ? 'does not end' : 'ends the whole process';
      const line: Tried = { mutant: begun.mutant, by: begun.scenario, why };
      appendFileSync(verdicts, `${JSON.stringify(line)}\n`);
    } else if (!open && left.length > wanted.length - verdictsIn(folder).length) {
      continue;
    } else if (!open) {
      throw new Error(`no mutant was tried:\n${said}`);
    }
    fatal = begun;
  }
}

const by =
  (id: string) =>
  ({ mutant }: Tried): boolean =>
    mutant === id;

/** Runs the program once; `spun` when it was ended for its CPU time. */
async function ended({ argv, cwd, folder, limitMs }: Attended) {
  const child = spawn(process.execPath, argv, {
    cwd,
    env: { ...process.env, HOLDFAST_TRIAL: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // what spins does not hear that its parent is gone
  const end = () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {}
  };
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  }
  let since: { turn: number; ms: number } | undefined;
  let spun = false;
  const looking = setInterval(() => {
    const begun = begunIn(folder);
    const ms = begun && cpuMs(begun.pid);
    if (begun === undefined || ms === undefined) return;
    if (since?.turn !== begun.turn) since = { turn: begun.turn, ms };
    if (ms - since.ms < limitMs) return;
    spun = true;
    end();
  }, lookMs);
  const interrupted = () => process.exit(130);
  process.once('exit', end).once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  } finally {
    clearInterval(looking);
    process.off('exit', end).off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
  return { said: Buffer.concat(chunks).toString(), spun };
}
