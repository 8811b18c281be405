/**
 * Reads what strangers sent. It promises a value or `undefined` for any input whatever; it must
 * never throw, and never trust a shape it has not looked at.
 */

export type JsonRecord = Record<string, unknown>;

/** `undefined` for text that is not JSON; JSON has no undefined of its own. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string of at least one character, or nothing. */
export function textOf(record: JsonRecord | undefined, key: string): string | undefined {
  const value = record?.[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function integerOf(record: JsonRecord | undefined, key: string): number | undefined {
  const value = record?.[key];
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

export function recordOf(record: JsonRecord | undefined, key: string): JsonRecord | undefined {
  const value = record?.[key];
  return isRecord(value) ? value : undefined;
}

export function textsOf(record: JsonRecord | undefined, key: string): string[] {
  const value = record?.[key];
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is string => typeof item === 'string' && item !== '');
}

/** A stranger's text, safe in a log: one line, quoted, cut, no control characters. */
export function shown(value: unknown, most = 60): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(JSON.stringify(value));
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
