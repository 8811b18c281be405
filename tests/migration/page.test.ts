/**
 * docs/migration.md says what is true: its class is the one that runs here, its members are those
 * of the class, and each proof that it names is there to be looked up. It must never pass because
 * a table was not found.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goals, guarantees } from '../../machines/guarantees.ts';
import * as machines from '../../machines/index.ts';
import { GatewayManager } from './gateway-manager.ts';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const read = (path: string) => readFileSync(at(path), 'utf8');
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

/** The text of every file of ours in a folder with this ending, without what is installed there. */
const texts = (folder: string, ending: string): string =>
  readdirSync(at(folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return texts(path, ending);
      return entry.name.endsWith(ending) ? read(path) : '';
    })
    .join('\n');
const tests = texts('tests', '.test.ts');
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

const promises = [...guarantees, ...goals].map(({ id }) => id);
const isProof = (word: string): boolean =>
  promises.includes(word) ||
  (/^tests\//.test(word) && existsSync(at(word))) ||
  (/^[A-Z]{2}-\d+$/.test(word) && new RegExp(`['\`\\s,]${word}\\b`).test(tests)) ||
  isState(word);
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
      ([, now = '']) => !words(now).some(isProof) && !/(no|not) [\w -]*built/.test(now),
    );
    expect(bare.map(([it]) => it)).toEqual([]);
  });

  it('names nothing that is not there', () => {
    const named = rows(disappears).flatMap(([, now]) => words(now));
    const unknown = named.filter((word) => !isProof(word) && !isCode(word));
    expect(unknown).toEqual([]);
    const absent = ['gateway: life.nowhere', 'tests/none.test.ts', 'no_such_name'];
    for (const word of [...absent, ['ZZ', 99].join('-')]) {
      expect(isProof(word) || isCode(word), word).toBe(false);
    }
  });
});
