/**
 * Takes secrets out of text before it is stored, logged or shown. Promises that what an argument,
 * a variable, a URL, a header or a field names as secret does not pass, nor its beginning at the
 * end of a text that was cut. It must never be the only fence: texts of errors are built without
 * secrets in the first place.
 */

/** What a secret goes by: of a variable, a field, a flag. */
const names =
  'token|secret(?:[_-]?key)?|passw(?:or)?d|passphrase|(?:api|access|private|signing)[_-]?key';
const secretName = new RegExp(`${names}|credential|authorization|cookie`, 'i');
const secretFlag = new RegExp(`^--?[\\w-]*(?:${names})[\\w-]*$`, 'i');
const hidden = '[redacted]';

/** Each keeps what its group `kept` holds, and `end` if there is one; `value` is the secret. */
const inUrl = [
  /\b(?<kept>[a-z][\w+.-]{0,30}:\/\/)(?<value>[^\s/]+)(?<end>@)/gi,
  new RegExp(`(?<kept>[?&#][\\w.-]{0,40}(?:${names})[\\w.-]{0,20}=)(?<value>[^\\s"'&#]+)`, 'gi'),
];
const schemes = 'bearer|basic|token|negotiate|apikey';
const inHeader = [
  /(?<kept>authorization\\*["']?\s{0,9}[:=]\s{0,9}\\*["']?digest\s+)(?<value>.+)/gi,
  new RegExp(
    `(?<kept>authorization\\\\*["']?\\s{0,9}[:=]\\s{0,9}\\\\*["']?(?:(?:${schemes})\\s+)?)` +
      '(?<value>[^\\s"\'\\\\]+)',
    'gi',
  ),
  /(?<kept>\bcookie\\*["']?\s{0,9}:\s{0,9}\\*["']?)(?<value>[^"'\\]+)/gi,
  /\b(?<kept>(?:bearer|basic)\s+)(?<value>[\w.~+/=-]{8,})/gi,
];
const inText = [
  // "name": "value" and name='value', also where JSON is written within JSON
  new RegExp(
    `(?<kept>(?:${names})[\\w.-]{0,30}\\\\*["']?\\s{0,9}[:=]\\s{0,9}(?<quote>\\\\*["']))` +
      '(?<value>[^]*?)(?<end>(?<!\\\\)\\k<quote>|$)',
    'gi',
  ),
  new RegExp(
    `(?<kept>(?:${names})\\\\*["']?\\s{0,9}=\\s{0,9})(?!\\\\*["'])(?<value>[^\\s"'&]+)`,
    'gi',
  ),
  new RegExp(
    `(?<kept>(?:${names})\\\\*["']?\\s{0,9}:\\s{0,9})(?!\\\\*["'])(?<value>[^\\s"'&,;]+)`,
    'gi',
  ),
];
const inArguments = [
  new RegExp(
    `(?<kept>(?<![\\w-])--?[\\w-]{0,40}(?:${names})[\\w-]{0,20}(?:=|\\s{1,9}))` +
      `(?<value>"[^"]*"?|'[^']*'?|\\S+)`,
    'gi',
  ),
  // a list of arguments as JSON and Node write it
  new RegExp(
    `(?<kept>--?[\\w-]{0,40}(?:${names})[\\w-]{0,20}\\\\*["']\\s{0,9},\\s{0,9}\\\\*["'])` +
      '(?<value>[^"\'\\\\]+)',
    'gi',
  ),
];
const patterns = [...inUrl, ...inHeader, ...inText, ...inArguments];
/** Without any of these words no pattern fits: most lines are let through at once. */
const suspicious = /token|secret|passw|passphrase|key|bearer|basic|authorization|cookie|@/i;
/** What may be the beginning of a secret when the text ends there because it was cut. */
const cutOff = [
  /(?<kept>\b(?:bearer|basic)\s+)(?<value>[\w.~+/=-]{1,7})$/gi,
  /(?<kept>:\/\/)(?<value>[^\s/]+)$/g,
];

interface Groups {
  kept: string;
  value: string;
  end?: string;
}

function hide(text: string, where: readonly RegExp[], found: (value: string) => void = () => {}) {
  return where.reduce(
    (clean, pattern) =>
      clean.replaceAll(pattern, (...match) => {
        const { kept, value, end = '' } = match.at(-1) as Groups;
        found(value);
        return `${kept}${hidden}${end}`;
      }),
    text,
  );
}

/** What is known of a process before it says anything. */
export interface Known {
  env?: Readonly<Record<string, string | undefined>>;
  /** without the program */
  args?: readonly string[];
}

/** `cut`: the text goes on, and nobody will see how. */
export type Redact = (text: string, cut?: boolean) => string;

/** Secrets of the arguments and of the environment are replaced wherever they show. */
export function redactor(known: Known = {}): Redact {
  const secrets = literals(known);
  return (text, cut = false) => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, hidden);
    if (cut) clean = hide(withoutBeginning(clean, secrets), cutOff);
    return suspicious.test(clean) ? hide(clean, patterns) : clean;
  };
}

/** Shorter ones would take ordinary words out of every text. */
const shortest = 6;

/** The longest first: of one that contains another a part would stay. */
function literals({ env = {}, args = [] }: Known): string[] {
  const found = new Set<string>();
  const note = (secret: string) => {
    for (const form of forms(secret)) if (form.length >= shortest) found.add(form);
  };
  const noteUserinfo = (value: string) => {
    note(value);
    note(value.slice(value.indexOf(':') + 1));
    note(value.replaceAll(/^["']|["']$/g, ''));
  };
  for (const [name, value = ''] of Object.entries(env)) {
    if (secretName.test(name) && !isCount(name, value)) note(value);
    hide(value, inUrl, noteUserinfo);
  }
  for (const [at, arg] of args.entries()) {
    if (secretFlag.test(args[at - 1] ?? '')) note(arg);
    hide(arg, [...inUrl, ...inHeader, ...inArguments], noteUserinfo);
    hide(arg, inText, note);
  }
  return [...found].sort((a, b) => b.length - a.length);
}

/** How many tokens of a language model, say: no secret. */
const isCount = (name: string, value: string): boolean =>
  /^\d{1,9}$/.test(value) && /tokens|max|limit/i.test(name);

/** As it is, line by line, and as JSON and URLs would write it. */
function forms(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return [...lines, JSON.stringify(secret).slice(1, -1), ...decoded(secret), ...encoded(secret)];
}

function decoded(secret: string): string[] {
  try {
    return [decodeURIComponent(secret)];
  } catch {
    return [];
  }
}

/** Half a pair of surrogates has no place in a URL. */
function encoded(secret: string): string[] {
  try {
    return [encodeURIComponent(secret)];
  } catch {
    return [];
  }
}

function withoutBeginning(text: string, secrets: readonly string[]): string {
  let longest = 0;
  for (const secret of secrets) {
    let length = Math.min(secret.length - 1, text.length);
    while (length > longest && !text.endsWith(secret.slice(0, length))) length -= 1;
    longest = Math.max(longest, length);
  }
  return longest === 0 ? text : text.slice(0, -longest) + hidden;
}

/** Whether the argument after this one is a secret. */
export const namesSecret = (flag: string): boolean => secretFlag.test(flag);

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
      secretName.test(name) && typeof item === 'string' ? hidden : loggable(item, depth - 1),
    ]),
  );
}
