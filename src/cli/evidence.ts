/**
 * What `holdfast check` leaves behind in files: the counterexample, a test of it, and a report for
 * CI. It promises that a file that cannot be written is refused before anything is explored. It
 * must never write a counterexample when nothing is broken.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './arguments.ts';
import { pathBetween, save } from './counterexample.ts';
import { emitTest } from './emit-test.ts';
import type { Findings } from './findings.ts';
import { writeJunit } from './junit.ts';
import type { Subject } from './subject.ts';

interface Files {
  save?: string;
  emitTest?: string;
  junit?: string;
}

export function checkFiles(file: string | undefined, files: Files): void {
  const { save: saved, emitTest: test, junit } = files;
  if (test !== undefined && file === undefined) {
    throw new UsageError(
      `--emit-test must come with a FILE to import; got ${JSON.stringify(test)}`,
    );
  }
  for (const [option, path] of Object.entries({
    '--save': saved,
    '--emit-test': test,
    '--junit': junit,
  })) {
    if (path === undefined || isWritable(path)) continue;
    const rule = 'must be a file in a folder that exists';
    throw new UsageError(`${option} ${rule}; got ${JSON.stringify(path)}`);
  }
}

const kindOf = (path: string) => statSync(path, { throwIfNoEntry: false });

const isWritable = (path: string): boolean =>
  path !== '' &&
  kindOf(path)?.isDirectory() !== true &&
  kindOf(dirname(path))?.isDirectory() === true;

/** Writes what was asked for; what was written is told on stderr. */
export function leave(findings: Findings, { exported }: Subject, files: Files): void {
  const { violation } = findings;
  if (files.junit !== undefined) {
    writeJunit(files.junit, findings);
    told(files.junit);
  }
  if (!violation) return;
  const moves = violation.trace.map(({ what }) => what);
  if (files.save !== undefined) {
    const subject = exported === undefined ? null : pathBetween(files.save, exported.file);
    const { world, delivery, bounds, guarantee, sentence, message, trace } = violation;
    const parts = { world, delivery, bounds, guarantee, sentence, message, moves, trace };
    save(files.save, { subject, ...parts });
    told(files.save);
  }
  if (files.emitTest !== undefined && exported !== undefined) {
    emitTest(files.emitTest, exported, { ...violation, moves });
    told(files.emitTest);
  }
}

const told = (file: string): boolean => process.stderr.write(`wrote ${file}\n`);
