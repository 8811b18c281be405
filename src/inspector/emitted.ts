/**
 * A part of a recording as a vitest file: the entries as data, each with a line that a person
 * reads, and a test that they happen again. It must never hold more of a recording than its part.
 */
import { lineOf } from './line.ts';
import { partOf } from './part.ts';
import { type Entry, headerOf, type Recording } from './recording.ts';
import { type Part, seconds } from './sequence.ts';

/** Where machines that do not ship are imported from; the names of the exports. */
export interface Own {
  from: string;
  names: readonly string[];
}

export function testOf(recording: Recording, part: Part, own?: Own): string {
  // definitions are the machines' own
  const entries = partOf(recording, part).entries.filter(({ kind }) => kind !== 'machine');
  const happened = entries.filter(({ kind }) => kind !== 'base');
  const [first, last] = [happened.at(0), happened.at(-1)];
  const span = `entries ${first?.n ?? 0} to ${last?.n ?? 0}`;
  const given = own === undefined ? '' : `, [${own.names.join(', ')}]`;
  return [
    '/**',
    ` * Written by Holdfast from a recording: ${span}, ${momentOf(first)} to ${momentOf(last)}.`,
    ' * Passes as long as the machines, told the same, take the same transitions by the same',
    ' * guards, say the same and arm the same timers.',
    ' */',
    "import { replay } from 'holdfast/inspect';",
    "import { expect, it } from 'vitest';",
    ...(own === undefined ? [] : [`import { ${own.names.join(', ')} } from ${quoted(own.from)};`]),
    '',
    'const recording = [',
    `  ${quoted(JSON.stringify(headerOf(0)))},`,
    ...commented(entries),
    '];',
    '',
    `it(${quoted(`goes the same way again: ${span}`)}, () => {`,
    `  const { entries, difference, unjudged } = replay(\`\${recording.join('\\n')}\\n\`${given});`,
    '  expect({ difference, unjudged }).toEqual({ difference: undefined, unjudged: undefined });',
    '  expect(entries).toBeGreaterThan(0);',
    '});',
    '',
  ].join('\n');
}

const momentOf = (entry: Entry | undefined): string => seconds(entry?.at ?? 0);

function commented(entries: readonly Entry[]): string[] {
  const paths = new Map<number, string>();
  return entries.flatMap((entry) => {
    if (entry.kind === 'base') for (const { actor, path } of entry.actors) paths.set(actor, path);
    if (entry.kind === 'spawn') paths.set(entry.actor, entry.path);
    const words = entry.kind === 'base' ? 'what was true before' : lineOf(entry, paths)?.words;
    const note = words === undefined ? [] : [`  // ${momentOf(entry)}: ${onOneLine(words)}`];
    return [...note, `  ${quoted(JSON.stringify(entry))},`];
  });
}

const onOneLine = (text: string): string => text.replace(/[\r\n\u2028\u2029]+/g, ' ');

const quoted = (text: string): string =>
  `'${onOneLine(text).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
