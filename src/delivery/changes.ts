/**
 * What a mutation changed, path by path, and whether a configuration that is read later has it.
 * It promises to look at what was changed alone: a service stamps its own fields, and others write
 * theirs. It must never take a redacted value for a proof, in either direction.
 */
import { isDeepStrictEqual } from 'node:util';

/** A configuration: plain JSON with an object at its root. */
export type Config = Record<string, unknown>;

export interface Change {
  path: readonly string[];
  /** undefined: removed */
  value: unknown;
}

/** `hidden`: a redacted value stands where the proof would be. */
export type Seen = 'there' | 'absent' | 'hidden';

export const isConfig = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects are compared member by member, everything else as a whole. */
export function changesBetween(before: Config, after: Config, at: readonly string[] = []) {
  const found: Change[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const path = [...at, key];
    const [old, value] = [own(before, key), own(after, key)];
    if (isDeepStrictEqual(old, value)) continue;
    if (isConfig(old) && isConfig(value)) found.push(...changesBetween(old, value, path));
    else found.push({ path, value });
  }
  return found;
}

export function seenIn(found: Config, changes: readonly Change[], redacted: string): Seen {
  const each = changes.map(({ path, value }) => {
    const there = path.reduce<unknown>(
      (at, key) => (isConfig(at) ? own(at, key) : undefined),
      found,
    );
    return compare(value, there, redacted);
  });
  return worst(each);
}

/** How often a redacted value stands in it. */
export function redactedIn(value: unknown, redacted: string): number {
  if (value === redacted) return 1;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum, part) => sum + redactedIn(part, redacted), 0);
}

function compare(wanted: unknown, found: unknown, redacted: string): Seen {
  if (isDeepStrictEqual(wanted, found)) return 'there';
  if (wanted === undefined || found === undefined) return 'absent';
  if (wanted === redacted || found === redacted) return 'hidden';
  const both = isConfig(wanted) && isConfig(found);
  const lists = Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length;
  if (!both && !lists) return 'absent';
  const [left, right] = [new Map(Object.entries(wanted)), new Map(Object.entries(found))];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return worst(keys.map((key) => compare(left.get(key), right.get(key), redacted)));
}

function worst(each: readonly Seen[]): Seen {
  return (
    each.find((seen) => seen === 'absent') ?? each.find((seen) => seen === 'hidden') ?? 'there'
  );
}

const own = (config: Config, key: string): unknown =>
  Object.hasOwn(config, key) ? config[key] : undefined;
