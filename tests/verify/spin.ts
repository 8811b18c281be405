/**
 * SPIN as a second opinion: turns a model into its own program, runs that to the end and reads
 * what it says. It must never pass for want of SPIN, nor when a limit of SPIN was hit.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Opinion {
  /** stored states but the first, in which no world is chosen yet */
  states: number;
  /** moves but those that choose a world */
  edges: number;
  /** states of each world, when the model announces them */
  perWorld: number[];
  /** the rule that an assertion names */
  broken: string | undefined;
}

/** In depth, without any reduction; throws when the search was not whole. */
export function opinion(model: string, worlds = 1): Opinion {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-spin-'));
  try {
    writeFileSync(join(home, 'model.pml'), model);
    run(home, 'spin', ['-a', 'model.pml']);
    run(home, 'gcc', ['-O0', '-DSAFETY', '-DNOREDUCE', '-o', 'pan', 'pan.c']);
    return read(run(home, './pan', ['-m1000000', '-w20']), worlds);
  } finally {
    rmSync(home, { recursive: true });
  }
}

function run(home: string, command: string, argv: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(command, argv, {
    cwd: home,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) throw new Error(`${command} does not run: apt-get install spin gcc`, { cause: error });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

function read(said: string, worlds: number): Opinion {
  const number = (pattern: RegExp): number => {
    const [, digits] = pattern.exec(said) ?? [];
    if (digits === undefined) throw new Error(`SPIN did not say ${pattern}: ${said}`);
    return Number(digits);
  };
  const stored = number(/^ *(\d+) states, stored/m);
  const transitions = number(/^ *(\d+) transitions/m);
  const broken = /assertion violated {2}!\((\w+)\)/.exec(said)?.[1]?.replaceAll('_', '-');
  const errors = number(/errors: (\d+)/);
  const isWhole = !/max search depth too small|out of memory|not completed/i.test(said);
  if (broken === undefined && (errors > 0 || !isWhole)) throw new Error(`not whole: ${said}`);
  const begun = [...said.matchAll(/^world \d+ from (\d+)$/gm)].map(([, at]) => Number(at));
  return {
    states: stored - 1,
    edges: transitions - 1 - worlds,
    perWorld: begun.map((at, i) => (begun[i + 1] ?? stored) - at),
    broken,
  };
}
