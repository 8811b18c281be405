/**
 * Takes secrets out of text before it is stored, logged or shown. Promises that the values of
 * variables whose names speak of secrets, bearer tokens and credentials in URLs do not pass. It
 * must never be the only fence: texts of errors are built without secrets in the first place.
 */
const secretName = /token|secret|password|passwd|api_?key|credential|private_?key/i;
const patterns: readonly [RegExp, string][] = [
  [/\b([a-z][\w+.-]*:\/\/)[^\s/]+@/gi, '$1[redacted]@'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 [redacted]'],
  [
    /((?:token|secret|password|passwd|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
    '$1[redacted]',
  ],
  [/(--[\w-]*(?:token|secret|password|api-?key))(=|\s+)\S+/gi, '$1$2[redacted]'],
];

/** `env`: the variables of the child; values of secret ones are replaced wherever they show. */
export function redactor(
  env: Readonly<Record<string, string | undefined>> = {},
): (text: string) => string {
  const secrets = Object.entries(env)
    .map(([name, value = '']) => (secretName.test(name) ? value : ''))
    .filter((value) => value.length >= 6)
    // one that contains another goes first, or a part of it would stay
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, '[redacted]');
    for (const [pattern, instead] of patterns) clean = clean.replaceAll(pattern, instead);
    return clean;
  };
}

const clean = redactor();
const bounds = { depth: 4, entries: 50, text: 1_000 };

/**
 * A plain copy of anything that may be written into a log: texts redacted and cut, values under
 * secret names replaced, depth and size bounded, and nothing in it that JSON cannot say.
 */
export function loggable(value: unknown, depth = bounds.depth): unknown {
  if (typeof value === 'string') return clean(value).slice(0, bounds.text);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return value;
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (depth === 0) return Array.isArray(value) ? '[array]' : '[object]';
  if (Array.isArray(value)) {
    return value.slice(0, bounds.entries).map((item) => loggable(item, depth - 1));
  }
  const entries = Object.entries(value).slice(0, bounds.entries);
  return Object.fromEntries(
    entries.map(([name, item]) => [
      name,
      secretName.test(name) && typeof item === 'string' ? '[redacted]' : loggable(item, depth - 1),
    ]),
  );
}
