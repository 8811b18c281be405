/**
 * What `holdfast check` found, for a person and for a program. It must never say that a promise
 * holds when something was left unexplored: then it is not known.
 */
import { formatSequence, formatTrace, type Result, type Violation } from '../verify/index.ts';
import type { Sentence } from './subject.ts';

export interface Explored extends Unit {
  result: Result;
  /** roles whose transitions are nobody's */
  standIns: readonly string[];
}

/** One world under one delivery. */
export interface Unit {
  name: string;
  delivery: 'async' | 'rtc';
}

/** A broken promise, and all that it takes to come to it again. */
export interface Broken extends Violation {
  world: string;
  delivery: 'async' | 'rtc';
  bounds: Result['bounds'];
  sentence: string;
}

export interface Findings {
  explored: readonly Explored[];
  /** for which there was no time */
  notBegun: readonly Unit[];
  sentences: readonly Sentence[];
  unproved: readonly string[];
  violation: Broken | undefined;
  /** the exit code: 0 is proved */
  code: number;
}

interface Coverage {
  transitions: number;
  fired: number;
  neverFired: readonly string[];
}

/** One JSON object; `holds` is null where it is not known. */
export function asJson(findings: Findings): string {
  const { explored, sentences, unproved, violation, code } = findings;
  const worlds = explored.map(({ name, delivery, result }) => ({
    name,
    delivery,
    bounds: result.bounds,
    states: result.states,
    edges: result.edges,
    depth: result.depth,
    seconds: result.ms / 1_000,
    statesPerSecond: Math.round((result.states / Math.max(result.ms, 1)) * 1_000),
    bytesPerState: Math.round(result.bytes / result.states),
    cut: result.cut,
    overflow: result.overflow,
    coldSteps: result.coldSteps,
  }));
  const names = [...new Set(explored.map(({ name }) => name))];
  const guarantees = withBroken(sentences, violation).map(({ only, ...sentence }) => ({
    ...sentence,
    holds: sentence.id === violation?.guarantee ? false : code === 0 ? true : null,
    worlds: names.filter((name) => only?.includes(name) ?? true),
  }));
  const broken = violation && {
    world: violation.world,
    delivery: violation.delivery,
    guarantee: violation.guarantee,
    message: violation.message,
    trace: violation.trace,
    sequence: formatSequence(violation),
  };
  const all = { ok: code === 0, worlds, guarantees, coverage: coverageOf(explored), unproved };
  return `${JSON.stringify(broken ? { ...all, violation: broken } : all)}\n`;
}

/** A rule that has no sentence of its own is there when it is broken. */
function withBroken(
  sentences: readonly Sentence[],
  violation: Violation | undefined,
): readonly Sentence[] {
  if (!violation || sentences.some(({ id }) => id === violation.guarantee)) return sentences;
  const { guarantee: id, message: sentence } = violation;
  return [...sentences, { id, sentence, kind: 'kernel' }];
}

export function asText(findings: Findings): string {
  const { explored, notBegun, sentences, unproved, violation, code } = findings;
  const lines = explored.map(({ name, delivery, result }) => inWords(name, delivery, result));
  for (const { name, delivery } of notBegun) lines.push(`${name}: not begun; ${delivery}`);
  if (violation) return `${[...lines, ...brokenWords(violation)].join('\n')}\n`;
  if (explored.length > 0) lines.push(...inWordsOf(coverageOf(explored)));
  lines.push(code === 0 ? provedWords(sentences) : unprovedWords);
  for (const rest of unproved) lines.push(`left open: ${rest}`);
  return `${lines.join('\n')}\n`;
}

function brokenWords(violation: Broken): string[] {
  const { world, sentence, guarantee, message, trace } = violation;
  const [, ...steps] = formatTrace(violation).split('\n');
  return [
    `BROKEN in ${world}: ${guarantee}: ${message}`,
    ...(sentence === guarantee || sentence === message ? [] : [`  ${sentence}`]),
    ...steps,
    ...(trace.length === 0 ? [] : ['', formatSequence(violation)]),
  ];
}

const unprovedWords =
  'not proved: what was explored breaks nothing, and not all of it was explored';

function provedWords(sentences: readonly Sentence[]): string {
  const own = sentences.filter(({ kind }) => kind !== 'kernel').map(({ id }) => id);
  const rules = `the ${sentences.length - own.length} rules of the kernel`;
  return own.length === 0 ? `proved: ${rules}` : `proved: ${own.join(', ')}, and ${rules}`;
}

function inWords(name: string, delivery: string, result: Result): string {
  const { states, edges, depth, ms, cut, overflow, bounds } = result;
  const limits = Object.entries(bounds)
    .filter(([, bound]) => bound !== null)
    .map(([bound, value]) => `${bound} ${value}`);
  const left = cut + overflow === 0 ? 'nothing cut' : `cut ${cut} states, overflow ${overflow}`;
  return [
    `${name}: ${states} states, ${edges} edges, depth ${depth}`,
    `${(ms / 1_000).toFixed(1)} s; ${delivery}, ${limits.join(', ')}; ${left}`,
  ].join(', ');
}

const shownMax = 10;

function inWordsOf({ transitions, fired, neverFired }: Coverage): string[] {
  const shown = neverFired.slice(0, shownMax).map((one) => `  never: ${one}`);
  const more = neverFired.length - shown.length;
  return [
    `transitions: ${fired} of ${transitions} fired`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more: --json has them all`] : []),
  ];
}

/** What no world has fired. */
function coverageOf(explored: readonly Explored[]): Coverage {
  const transitions = new Map<string, number>();
  const never = new Map<string, readonly string[]>();
  for (const { result, standIns } of explored) {
    for (const [role, { transitions: count, never: unfired }] of Object.entries(result.coverage)) {
      if (standIns.includes(role)) continue;
      transitions.set(role, count);
      const before = never.get(role) ?? unfired;
      never.set(
        role,
        before.filter((one) => unfired.includes(one)),
      );
    }
  }
  const total = [...transitions.values()].reduce((sum, count) => sum + count, 0);
  const neverFired = [...never].flatMap(([role, words]) => words.map((word) => `${role}: ${word}`));
  return { transitions: total, fired: total - neverFired.length, neverFired };
}
