/**
 * docs/migration.md says what is true: its class is the one that runs here, its members are those
 * of the class, and each proof that it names is there to be looked up. It must never pass because
 * a table was not found.
 */

import { describe, expect, it } from 'vitest';
import * as machines from '../../machines/index.ts';
import { isProof, read, texts } from '../proof.ts';
import { GatewayManager } from './gateway-manager.ts';

const page = read('docs/migration.md');

const [members = '', disappears = ''] = ['Member by member', 'What disappears'].map(
  (title) => page.split(`## ${title}\n`)[1]?.split(/^## /m)[0] ?? '',
);
const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => /^\| (?!old|it showed)/.test(line))
    .map((line) => line.slice(2, -2).split(' | '));
const words = (cell = ''): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

const code = `${texts('src/runtime', '.ts')}\n${read('src/errors.ts')}`;

interface Node {
  states: Readonly<Record<string, Node>>;
}

/** `gateway: life.falling` names a state of that machine. */
function isState(word: string): boolean {
  const [, name, path = ''] = /^(\w+): ([\w.]+)$/.exec(word) ?? [];
  const { gateway, supervisor, process, reconnect, connection, heartbeat } = machines;
  const roots: Record<string, Node> = {
    ...{ gateway, supervisor, process, reconnect, connection, heartbeat },
  };
  const root = name === undefined ? undefined : roots[name];
  return (
    path.split('.').reduce((node: Node | undefined, key) => node?.states[key], root) !== undefined
  );
}

const isKept = (word: string): boolean => isProof(word) || isState(word);
/** An option, a verb or a field: each of its names occurs in the code. */
const isCode = (word: string): boolean =>
  !/^tests\/|^[A-Z]{2}-\d/.test(word) &&
  !/^\w+: [\w.]+$/.test(word) &&
  (word.match(/[A-Za-z_]\w+/g) ?? []).every((name) => new RegExp(`\\b${name}\\b`).test(code));

describe('docs/migration.md', () => {
  it('shows the class that is tested here, word for word', () => {
    const shown = /^```ts\n([\s\S]*?)^```$/m.exec(page)?.[1];
    const source = read('tests/migration/gateway-manager.ts');
    expect(shown).toBe(source.replace("'../../src/index.ts'", "'holdfast'"));
  });

  it('lists every member of the class, and none that it has not', () => {
    const named = rows(members).flatMap(([old, use]) => [...words(old), ...words(use)]);
    const listed = rows(members)
      .flatMap(([old]) => words(old))
      .flatMap((word) => /^(\w+)\(/.exec(word)?.slice(1) ?? []);
    const own = Object.getOwnPropertyNames(GatewayManager.prototype);
    expect(listed.length).toBeGreaterThan(9);
    expect(listed.filter((name) => !own.includes(name))).toEqual([]);
    const has = (name: string) => named.some((word) => word.startsWith(`${name}(`));
    expect(own.filter((name) => name !== 'constructor' && !has(name))).toEqual([]);
  });

  it('names a proof for each hazard, or says that its place is not built', () => {
    const hazards = rows(disappears);
    expect(hazards.length).toBeGreaterThan(50);
    const bare = hazards.filter(
      ([, now = '']) => !words(now).some(isKept) && !/(no|not) [\w -]*built/.test(now),
    );
    expect(bare.map(([it]) => it)).toEqual([]);
  });

  it('names nothing that is not there', () => {
    const named = rows(disappears).flatMap(([, now]) => words(now));
    const unknown = named.filter((word) => !isKept(word) && !isCode(word));
    expect(unknown).toEqual([]);
    const absent = ['gateway: life.nowhere', 'tests/none.test.ts', 'no_such_name'];
    for (const word of [...absent, ['ZZ', 99].join('-')]) {
      expect(isKept(word) || isCode(word), word).toBe(false);
    }
  });
});
