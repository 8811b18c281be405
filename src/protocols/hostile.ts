/**
 * Reads values that a stranger sent. It promises an answer for any input whatever: a bounded value
 * of the asked type, or nothing. It must never throw, never follow a prototype, never keep a string
 * longer than it was told, and never let a secret through that the peer sends back to us.
 */

/** Beyond this a peer's sentence is not looked at: it is not meant for a person. */
const sentenceMax = 64 * 1024;

/** C0, C1, DEL, lone surrogates, and the marks that reorder or hide text in a terminal. */
const invisible =
  /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]+/gu;

/** The JSON value, or nothing when the text is not JSON. */
export function parse(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    // The engine's message quotes the text; nothing of it is kept.
    return null;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own field, so that `constructor` and its kind are not answers. */
export function field(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A string of 1 to `max` characters with a visible one among them. */
export function text(value: unknown, max: number): string | null {
  if (typeof value !== 'string' || value.length > max) return null;
  return value.trim() === '' ? null : value;
}

/** Visible ASCII without a space, 1 to `max` characters, none of the secrets in it. */
export function word(value: unknown, max: number, secrets: readonly string[] = []): string | null {
  if (typeof value !== 'string' || value.length > max || !/^[!-~]+$/.test(value)) return null;
  return holdsSecret(value, secrets) ? null : value;
}

function holdsSecret(value: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret !== '' && value.includes(secret));
}

/** A whole number from `min` to `max`. */
export function integer(value: unknown, min: number, max: number): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
    ? value
    : null;
}

/** The words of an array: at most `most` of them, in order; whatever is none is left out. */
export function words(
  value: unknown,
  most: number,
  max: number,
  secrets: readonly string[] = [],
): string[] {
  if (!Array.isArray(value)) return [];
  const found: string[] = [];
  for (const item of value) {
    if (found.length === most) break;
    const one = word(item, max, secrets);
    if (one !== null) found.push(one);
  }
  return found;
}

/** A delay as the peer states it, rounded up, and no longer than a timer can run. */
export function delayMs(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return null;
  return Math.min(Math.ceil(value), 2_147_483_647);
}

/**
 * One line of a peer's words, fit for an error message: no control characters, at most `max`
 * characters, and nothing at all when a secret is in it.
 */
export function sentence(value: unknown, secrets: readonly string[], max = 200): string {
  if (typeof value !== 'string' || value.length > sentenceMax) return '';
  const plain = value.replace(invisible, '');
  const line = plain.replace(/\s+/g, ' ').trim();
  if ([value, plain, line].some((form) => holdsSecret(form, secrets))) return '';
  if (line.length <= max) return line;
  return `${line.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
