/**
 * A counterexample in a file: the moves by name, and all that is needed to make them again. The
 * format is stable and documented in docs/verifying-your-own-machine.md. It must never be read
 * half: whatever a file lacks is one sentence.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { TraceStep } from '../verify/index.ts';
import { UsageError } from './arguments.ts';

const version = 1;

export interface Counterexample {
  holdfast: 'counterexample';
  version: typeof version;
  /** the file that was checked, seen from this one; null for the machines that ship */
  subject: string | null;
  world: string;
  delivery: 'async' | 'rtc';
  bounds: Readonly<Record<string, number | null>>;
  guarantee: string;
  sentence: string;
  message: string;
  /** in order; each is the `what` of its step in `trace` */
  moves: readonly string[];
  /** for readers only */
  trace: readonly TraceStep[];
}

/** From one file to another, with the slashes of an import. */
export function pathBetween(from: string, to: string): string {
  const path = relative(dirname(resolve(from)), resolve(to)).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

export function save(file: string, one: Omit<Counterexample, 'holdfast' | 'version'>): void {
  const whole: Counterexample = { holdfast: 'counterexample', version, ...one };
  writeFileSync(file, `${JSON.stringify(whole, null, 2)}\n`);
}

/** The counterexample, its `subject` as a path that can be opened from here. */
export function load(file: string): Counterexample {
  const found = parsed(file);
  const wrong = (rule: string) => new UsageError(`${file} ${rule}: save it with holdfast check`);
  if (!isObject(found) || found.holdfast !== 'counterexample') {
    throw wrong('must be a counterexample');
  }
  if (found.version !== version) {
    throw wrong(`must have version ${version}, got ${JSON.stringify(found.version)}`);
  }
  const lacking = Object.entries(rules).find(([name, holds]) => !holds(found[name]));
  if (lacking) throw wrong(`has a wrong ${lacking[0]}`);
  const one = found as unknown as Counterexample;
  const { subject } = one;
  return { ...one, subject: subject === null ? null : join(dirname(file), subject) };
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file} cannot be read as JSON: ${why.split('\n')[0]}`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isText = (value: unknown): boolean => typeof value === 'string';

const rules: Readonly<Record<string, (value: unknown) => boolean>> = {
  subject: (value) => value === null || isText(value),
  world: isText,
  delivery: (value) => value === 'async' || value === 'rtc',
  bounds: isObject,
  guarantee: isText,
  sentence: isText,
  message: isText,
  moves: (value) => Array.isArray(value) && value.every(isText),
};
