/**
 * What a scenario file imports in place of vitest while it runs under mutants: its tests are
 * collected, to be run again and again in one process. It promises the same order of hooks as
 * vitest; it must never call a test passed that threw.
 */
import { expect } from 'vitest';

export { expect };

type Body = (...args: never[]) => unknown;
type Run = () => unknown;

export interface Scenario {
  readonly file: string;
  readonly title: string;
  /** rejects when the test fails */
  run(): Promise<void>;
}

interface Scope {
  readonly titles: readonly string[];
  readonly before: Run[];
  readonly after: Run[];
  readonly outer: Scope | undefined;
}

const found: Scenario[] = [];
let scope: Scope | undefined;
let loading = '';

/** Loads one file at a time and answers its tests. */
export async function collect(file: string, load: () => Promise<unknown>): Promise<Scenario[]> {
  const from = found.length;
  scope = { titles: [], before: [], after: [], outer: undefined };
  loading = file;
  await load();
  scope = undefined;
  return found.slice(from);
}

export function describe(title: string, ...rest: unknown[]): void {
  const body = rest.find((one) => typeof one === 'function');
  const outer = scope;
  scope = { titles: [...(outer?.titles ?? []), title], before: [], after: [], outer };
  body?.();
  scope = outer;
}

export function it(title: string, ...rest: unknown[]): void {
  const body = rest.find((one) => typeof one === 'function');
  if (body === undefined) throw new TypeError(`${title} has no body`);
  add(title, () => body());
}

it.each =
  <Row>(rows: readonly Row[]) =>
  (title: string, body: Body): void => {
    for (const [i, row] of rows.entries()) {
      const given: readonly unknown[] = Array.isArray(row) ? row : [row];
      add(`${title} #${i + 1}`, () => Reflect.apply(body, undefined, given));
    }
  };

export const beforeEach = (hook: Run): unknown => scope?.before.push(hook);
export const afterEach = (hook: Run): unknown => scope?.after.push(hook);

function add(title: string, body: Run): void {
  const own = scope;
  const run = async () => {
    const line: Scope[] = [];
    for (let at = own; at !== undefined; at = at.outer) line.unshift(at);
    try {
      for (const { before } of line) for (const hook of before) await hook();
      await body();
    } finally {
      for (const { after } of line.toReversed()) for (const hook of after) await hook();
    }
  };
  found.push({ file: loading, title: [...(own?.titles ?? []), title].join(' > '), run });
}
