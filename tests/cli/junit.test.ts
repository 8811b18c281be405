/** The report for CI: what it must never call passed. */
import { describe, expect, it } from 'vitest';
import type { Broken, Findings } from '../../src/cli/findings.ts';
import { junitOf } from '../../src/cli/junit.ts';
import { explore } from '../../src/verify/index.ts';
import { deskPromises, deskWorld } from '../verify/machines.ts';

const sentence = { id: 'off is empty', sentence: 'Off is <empty>.', kind: 'always' } as const;

function reportOf(bounds: { maxStates?: number }, change: Partial<Findings> = {}): string {
  const delivery = 'rtc';
  const result = explore(deskWorld(), { delivery, promises: deskPromises, ...bounds });
  const explored = [{ name: 'desk', delivery, result, standIns: [] } as const];
  const all = {
    explored,
    unproved: [],
    notBegun: [],
    sentences: [sentence],
    violation: undefined,
    code: 0,
  };
  return junitOf({ ...all, ...change });
}

const counts = (text: string) => /<testsuites [^>]*?(tests=.*) time/.exec(text)?.[1];

describe('a report as JUnit XML', () => {
  it('passes what holds, and escapes what XML would read', () => {
    const text = reportOf({});
    expect(counts(text)).toBe('tests="1" failures="0" errors="0" skipped="0"');
    expect(text).toContain('name="off is empty: Off is &lt;empty&gt;."');
  });

  it('calls an error what a bound kept it from seeing, and what was not begun', () => {
    expect(counts(reportOf({ maxStates: 3 }))).toBe(
      'tests="1" failures="0" errors="1" skipped="0"',
    );
    const notBegun = [{ name: 'later', delivery: 'async' }] as const;
    expect(counts(reportOf({}, { notBegun }))).toBe(
      'tests="2" failures="0" errors="1" skipped="0"',
    );
  });

  it('fails what is broken, also a rule that has no sentence of its own', () => {
    const violation: Broken = {
      ...{ world: 'desk', delivery: 'rtc', bounds: {}, sentence: '', guarantee: 'modelled' },
      ...{ message: 'an inline source', trace: [] },
    };
    const text = reportOf({}, { violation });
    expect(counts(text)).toBe('tests="2" failures="1" errors="0" skipped="1"');
    expect(text).toContain('<failure type="modelled" message="an inline source">');
  });
});
