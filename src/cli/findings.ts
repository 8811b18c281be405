/**
 * What `holdfast check` found, for a person and for a program. It must never say that a promise
 * holds when something was left unexplored: then it is not known.
 */
import { formatTrace, type Result, type Violation } from '../verify/index.ts';
import type { Sentence } from './subject.ts';

export interface Explored {
  name: string;
  delivery: 'async' | 'rtc';
  result: Result;
  /** roles whose transitions are nobody's */
  standIns: readonly string[];
}

export interface Findings {
  explored: readonly Explored[];
  /** worlds for which there was no time */
  notBegun: readonly string[];
  sentences: readonly Sentence[];
  unproved: readonly string[];
  violation: (Violation & { world: string }) | undefined;
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
  const names = explored.map(({ name }) => name);
  const guarantees = withBroken(sentences, violation).map(({ only, ...sentence }) => ({
    ...sentence,
    holds: sentence.id === violation?.guarantee ? false : code === 0 ? true : null,
    worlds: names.filter((name) => only?.includes(name) ?? true),
  }));
  const broken = violation && {
    world: violation.world,
    guarantee: violation.guarantee,
    message: violation.message,
    trace: violation.trace,
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
  for (const name of notBegun) lines.push(`${name}: not begun`);
  if (violation) {
    const broken = `BROKEN in ${violation.world}: ${formatTrace(violation)}`;
    return `${[...lines, broken].join('\n')}\n`;
  }
  if (explored.length > 0) lines.push(...inWordsOf(coverageOf(explored)));
  lines.push(code === 0 ? provedWords(sentences) : unprovedWords);
  for (const rest of unproved) lines.push(`left open: ${rest}`);
  return `${lines.join('\n')}\n`;
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
