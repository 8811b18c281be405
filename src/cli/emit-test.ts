/**
 * A counterexample as a vitest file of the user's own: the moves as data, the user's file as what
 * they are made on. It promises a test that fails by the name of the promise as long as the moves
 * break it. It must never copy anything of the machine.
 */
import { writeFileSync } from 'node:fs';
import { type Counterexample, pathBetween } from './counterexample.ts';

/** What a file exports, by which a test can import it. */
export interface Exported {
  file: string;
  /** the name of the one machine; undefined when it exports a world */
  machine: string | undefined;
  /** of `promises`, `input` and `user`, those that are there */
  also: readonly string[];
}

export type Shown = Pick<
  Counterexample,
  'delivery' | 'bounds' | 'guarantee' | 'sentence' | 'moves' | 'trace'
>;

export function emitTest(file: string, exported: Exported, shown: Shown): void {
  writeFileSync(file, testOf(file, exported, shown));
}

function testOf(file: string, { file: subject, machine, also }: Exported, shown: Shown): string {
  const { guarantee, sentence, moves, trace } = shown;
  const own = machine === 'default' ? 'default as machine' : (machine ?? 'world');
  const tools = machine === undefined ? 'replay' : 'alone, replay';
  const title = sentence === guarantee ? guarantee : `${guarantee}: ${sentence}`;
  const given = also.filter((name) => name !== 'promises').join(', ');
  const name = machine === 'default' ? 'machine' : machine;
  return [
    '/**',
    ` * Written by \`holdfast check --emit-test\`. Fails as long as these moves break a promise:`,
    ` * ${title.replaceAll('*/', '* /')}`,
    ' */',
    `import { ${tools} } from 'holdfast/testing';`,
    "import { expect, it } from 'vitest';",
    `import { ${[own, ...also].join(', ')} } from ${quoted(pathBetween(file, subject))};`,
    '',
    ...(name === undefined ? [] : [`const world = alone(${name}, { ${given} });`, '']),
    'const moves = [',
    ...moves.flatMap((move, i) => [`  ${quoted(move)},`, ...comment(trace[i]?.state)]),
    '];',
    '',
    `it(${quoted(`keeps ${guarantee}`)}, async () => {`,
    '  const { model, actors } = await replay(world, {',
    ...optionsOf(shown, also).map((option) => `    ${option},`),
    '  });',
    '  expect({ model, actors }).toEqual({ model: undefined, actors: undefined });',
    '});',
    '',
  ].join('\n');
}

const comment = (state: string | undefined): string[] => (state ? [`  //   => ${state}`] : []);

function optionsOf({ delivery, bounds }: Shown, also: readonly string[]): string[] {
  const counts = ['inFlight', 'posts', 'channel'].flatMap((name) => {
    const bound = bounds[name];
    return typeof bound === 'number' ? [`${name}: ${bound}`] : [];
  });
  const promises = also.includes('promises') ? ['promises'] : [];
  return [`delivery: ${quoted(delivery)}`, ...counts, ...promises, 'moves'];
}

const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
