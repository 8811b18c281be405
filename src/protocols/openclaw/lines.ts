/**
 * What of the gateway's own log is news for whoever supervises it. It must never hide a line that
 * it does not know.
 */
import type { Classify, ClassifyExit, LineLevel } from '../../ports.ts';

/** A line that holds all of these words is of that level; the first row that fits counts. */
const rows: readonly (readonly [level: LineLevel, ...words: string[]])[] = [
  // a page of its own that was left open with an old token asks again and again
  ['drop', 'openclaw-control-ui', 'token_mismatch'],
  ['drop', 'closed before connect', 'token mismatch'],
  ['debug', 'closed before connect', 'code=1005'],
  ['debug', 'security warning: dangerous config flags enabled'],
  ['debug', 'Config warnings:'],
];

export const classify: Classify = (line) =>
  rows.find(([, ...words]) => words.every((word) => line.includes(word)))?.[0];

/** What it writes when it will not take its configuration; builds of today exit with 78 as well. */
const misconfigured =
  /\b(invalid config|config invalid|unrecognized key)\b|\brun: openclaw doctor --fix\b/i;

export const classifyExit: ClassifyExit = ({ lines, wasReady }) =>
  !wasReady && lines.some((line) => misconfigured.test(line)) ? 'configuration' : undefined;
