/**
 * What `holdfast check` found as JUnit XML: a suite for each exploration, a test case for each
 * promise. A promise that is not known to hold is never a passed test case: it is an error when
 * something was left out, and skipped when another promise broke first.
 */
import { writeFileSync } from 'node:fs';
import { formatTrace } from '../verify/index.ts';
import type { Explored, Findings } from './findings.ts';
import type { Sentence } from './subject.ts';

type Outcome = 'held' | 'broken' | 'skipped' | 'unknown';

interface Suite {
  name: string;
  seconds: number;
  cases: readonly { sentence: Sentence; outcome: Outcome }[];
}

export function writeJunit(file: string, findings: Findings): void {
  writeFileSync(file, junitOf(findings));
}

export function junitOf(findings: Findings): string {
  const { explored, notBegun, violation } = findings;
  const suites = explored.map((one) => suiteOf(one.name, one.delivery, one, findings));
  const begun = explored.some((one) => isOf(violation, one.name, one.delivery));
  if (violation && !begun) {
    suites.push(suiteOf(violation.world, violation.delivery, undefined, findings));
  }
  for (const { name, delivery } of notBegun) {
    suites.push(suiteOf(name, delivery, undefined, findings));
  }
  const seconds = suites.reduce((sum, suite) => sum + suite.seconds, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="holdfast check" ${counts(suites)} time="${seconds.toFixed(3)}">`,
    ...suites.flatMap((suite) => inXml(suite, violation)),
    '</testsuites>',
    '',
  ].join('\n');
}

const isOf = (violation: Findings['violation'], name: string, delivery: string): boolean =>
  violation?.world === name && violation.delivery === delivery;

function suiteOf(
  name: string,
  delivery: string,
  explored: Explored | undefined,
  { sentences, violation }: Findings,
): Suite {
  const isHere = isOf(violation, name, delivery);
  const whole = explored && explored.result.cut + explored.result.overflow === 0;
  const outcomeOf = (id: string): Outcome => {
    if (isHere && violation?.guarantee === id) return 'broken';
    if (whole && !isHere) return 'held';
    return violation ? 'skipped' : 'unknown';
  };
  const isKnown = !violation || sentences.some(({ id }) => id === violation.guarantee);
  const all = isHere && violation && !isKnown ? [...sentences, ruleOf(violation)] : sentences;
  return {
    name: `${name} ${delivery}`,
    seconds: (explored?.result.ms ?? 0) / 1_000,
    cases: all.map((sentence) => ({ sentence, outcome: outcomeOf(sentence.id) })),
  };
}

/** A rule of the kernel that has no sentence of its own. */
const ruleOf = ({ guarantee, message }: { guarantee: string; message: string }): Sentence => ({
  id: guarantee,
  sentence: message,
  kind: 'kernel',
});

function counts(suites: readonly Suite[]): string {
  const all = suites.flatMap(({ cases }) => cases.map(({ outcome }) => outcome));
  const count = (wanted: Outcome) => all.filter((outcome) => outcome === wanted).length;
  const of = `tests="${all.length}" failures="${count('broken')}"`;
  return `${of} errors="${count('unknown')}" skipped="${count('skipped')}"`;
}

function inXml(suite: Suite, violation: Findings['violation']): string[] {
  const { name, seconds, cases } = suite;
  return [
    `  <testsuite name="${escaped(name)}" ${counts([suite])} time="${seconds.toFixed(3)}">`,
    ...cases.flatMap(({ sentence: { id, sentence }, outcome }) => {
      const title = escaped(sentence === id ? id : `${id}: ${sentence}`);
      const open = `    <testcase classname="holdfast.${escaped(name)}" name="${title}" time="0"`;
      if (outcome === 'held') return [`${open}/>`];
      return [`${open}>`, `      ${bodyOf(outcome, violation)}`, '    </testcase>'];
    }),
    '  </testsuite>',
  ];
}

function bodyOf(outcome: Outcome, violation: Findings['violation']): string {
  if (outcome === 'skipped') return '<skipped message="another promise broke first"/>';
  if (outcome === 'unknown' || !violation) {
    return '<error type="not-proved" message="not all of it was explored"/>';
  }
  const { guarantee, message } = violation;
  const head = `<failure type="${escaped(guarantee)}" message="${escaped(message)}">`;
  return `${head}${escaped(formatTrace(violation))}</failure>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Also drops what XML 1.0 cannot hold at all. */
const escaped = (text: string): string =>
  text
    .replace(/[&<>"]/g, (sign) => entities[sign] ?? sign)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is dropped
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
