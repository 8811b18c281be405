/**
 * Ends every run with one plain line, `N passed, N failed`, for whoever reads only the last line.
 * A file that cannot be loaded, an error outside any test and an empty run count as failures:
 * the line must never look better than the run was.
 */

import type { Reporter } from 'vitest/node';

export default class FinalLine implements Reporter {
  onTestRunEnd: NonNullable<Reporter['onTestRunEnd']> = (modules, unhandled, reason) => {
    let passed = 0;
    let failed = unhandled.length;
    for (const module of modules) {
      const before = failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed' || state === 'pending') failed += 1;
      }
      if (failed === before && !module.ok()) failed += 1;
    }
    if (failed === 0 && (reason !== 'passed' || passed === 0)) failed = 1;
    // The default reporter's summary may still be on its way to the terminal; ours comes last.
    process.once('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  };
}
