/**
 * Checks what somebody asked for against the table of faults. It promises a typed request with
 * every default filled in, or one sentence that names the option, the rule and the value; it must
 * never act, and never throw anything but that sentence.
 */

import { type FaultName, type FaultRequest, type FaultRow, faults, type Rule } from './faults.ts';
import { isRecord, parseJson, shown } from './json.ts';

/** What a user did wrong, in one sentence: the option, the rule, the value. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
}

/** What every fault takes besides its own parameters. */
const everyFault: Readonly<Record<string, Rule>> = {
  afterMs: { kind: 'integer', min: 0, max: 600_000, fallback: 0 },
};
const rowOf = (name: FaultName): FaultRow => faults[name];

function expected(rule: Rule): string {
  if (rule.kind === 'integer') return `an integer from ${rule.min} to ${rule.max}`;
  if (rule.kind === 'flag') return 'true or false';
  if (rule.kind === 'closeCode')
    return 'a close code that may be sent (1000 to 1014, 3000 to 4999)';
  return rule.kind === 'choice' ? `one of ${rule.of.join(', ')}` : 'a text';
}

/** 1004 to 1006 and 1015 are words about a connection, never words on it. */
const maySend = (code: number) => code >= 3000 || (code <= 1014 && (code < 1004 || code > 1006));

function checkedValue(rule: Rule, given: unknown): number | string | boolean | undefined {
  if (rule.kind === 'text') return typeof given === 'string' ? given : undefined;
  if (rule.kind === 'flag') {
    if (typeof given === 'boolean') return given;
    return given === 'true' ? true : given === 'false' ? false : undefined;
  }
  if (rule.kind === 'choice') return rule.of.find((allowed) => allowed === given);
  const range = rule.kind === 'closeCode' ? { min: 1000, max: 4999 } : rule;
  const number = typeof given === 'string' && /^\d{1,12}$/.test(given) ? Number(given) : given;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined;
  if (number < range.min || number > range.max) return undefined;
  return rule.kind === 'closeCode' && !maySend(number) ? undefined : number;
}

/** Checks `{ name, ...parameters }` as it arrives from either channel. Throws a FaultError only. */
export function checkFault(given: unknown, moment: 'start' | 'run'): FaultRequest {
  if (!isRecord(given)) {
    throw new FaultError(`fault must be an object with a name, got ${shown(given)}`);
  }
  const { name } = given;
  if (typeof name !== 'string' || !Object.hasOwn(faults, name)) {
    const known = Object.keys(faults).join(', ');
    throw new FaultError(`fault name must be one of ${known}, got ${shown(name)}`);
  }
  const row = rowOf(name as FaultName);
  if (row.when === 'start' && moment === 'run') {
    throw new FaultError(`fault ${name} must be given on the command line, got it while running`);
  }
  if (name === 'token' && moment === 'start') {
    throw new FaultError('fault token must be sent while running, got it where argv shows it');
  }
  const rules: Readonly<Record<string, Rule>> = { ...row.parameters, ...everyFault };
  for (const key of Object.keys(given)) {
    if (key === 'name' || Object.hasOwn(rules, key)) continue;
    const known = Object.keys(rules).join(', ');
    throw new FaultError(`fault ${name} takes only ${known}, got ${shown(key)}`);
  }
  const values: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(rules)) {
    const raw = Object.hasOwn(given, key) ? given[key] : undefined;
    const value = raw === undefined ? rule.fallback : checkedValue(rule, raw);
    if (raw !== undefined && value === undefined) {
      throw new FaultError(`${name}.${key} must be ${expected(rule)}, got ${shown(raw)}`);
    }
    values[key] = value;
  }
  const { afterMs, ...rest } = values;
  return { name, afterMs, values: rest } as unknown as FaultRequest;
}

/** Reads `NAME`, `NAME:key=value,key=value` or a JSON object, as a command line has it. */
export function readFault(spec: string, moment: 'start' | 'run'): FaultRequest {
  if (spec.trimStart().startsWith('{')) {
    const given = parseJson(spec);
    if (given === undefined) throw new FaultError(`fault must be JSON, got ${shown(spec)}`);
    return checkFault(given, moment);
  }
  const colon = spec.indexOf(':');
  const given: Record<string, unknown> = { name: colon < 0 ? spec : spec.slice(0, colon) };
  const pairs = colon < 0 ? [] : spec.slice(colon + 1).split(',');
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) {
      throw new FaultError(`fault ${shown(spec)} must be NAME:key=value,…, got ${shown(pair)}`);
    }
    given[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return checkFault(given, moment);
}

function parameterText([key, rule]: [string, Rule]): string {
  if (rule.fallback === undefined) return `${key}?`;
  const value = rule.kind === 'text' ? JSON.stringify(rule.fallback) : String(rule.fallback);
  return `${key}=${value.length > 24 ? '…' : value}`;
}

/** The table as `--help` prints it. */
export function faultHelp(): string {
  const lines = Object.entries<FaultRow>(faults).flatMap(([name, row]) => {
    const given = Object.entries(row.parameters).map(parameterText).join(' ');
    const mark = row.when === 'run' ? '' : `(${row.when} only)`;
    const call = `  ${name.padEnd(16)}${given}`.trimEnd();
    return [`${call.padEnd(17)} ${mark}`.trimEnd(), `      ${row.does}`];
  });
  return lines.join('\n');
}
