/**
 * What a word on the command line may be. Every reader here promises the value, or one sentence
 * that names the option, the rule and what was given; it must never repeat a query or a password
 * of a URL, and never let a bad value through to fail later.
 */

/** A mistake of whoever typed the command: exit code 2, one sentence, no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const protocols = ['plain', 'jsonrpc'] as const;
export const restarts = ['on-failure', 'always', 'never'] as const;
export const worldNames = ['link', 'service', 'contracts', 'both'] as const;
export const deliveries = ['async', 'rtc', 'all'] as const;
export const models = ['promela'] as const;
export const diagramFormats = ['svg', 'mermaid', 'json', 'scxml', 'dot'] as const;
export const themes = ['auto', 'light', 'dark'] as const;
export type WorldName = (typeof worldNames)[number];
export type DiagramFormat = (typeof diagramFormats)[number];
export type ProtocolName = (typeof protocols)[number];
export type RestartWhen = (typeof restarts)[number];

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const longestMs = 2 ** 31 - 1;
const shownMax = 60;

const wrong = (option: string, rule: string, given: string): UsageError =>
  new UsageError(`${option} must be ${rule}; got ${shown(given)}`);

const shown = (text: string): string =>
  JSON.stringify(text.length > shownMax ? `${text.slice(0, shownMax)}…` : text);

/** `30s`, `500ms`, `2m`, `1h`. */
export const duration =
  (option: string) =>
  (text: string): number => {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
    const ms = Number(digits) * (unitMs[unit as keyof typeof unitMs] ?? Number.NaN);
    if (ms >= 1 && ms <= longestMs) return Math.round(ms);
    throw wrong(option, 'a duration such as 30s, 500ms or 2m, at most 24 days', text);
  };

export const milliseconds =
  (option: string) =>
  (text: string): number => {
    const ms = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (ms <= longestMs) return ms;
    throw wrong(option, `a whole number of milliseconds from 0 to ${longestMs}`, text);
  };

/** Seconds on the command line, milliseconds in the program. */
export const seconds =
  (option: string) =>
  (text: string): number => {
    const ms = /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Number(text) * 1_000 : Number.NaN;
    if (ms >= 1 && ms <= longestMs) return Math.round(ms);
    throw wrong(option, 'a number of seconds such as 60 or 0.5', text);
  };

/** A path; that it can be written to shows when it is. */
export const folder =
  (option: string) =>
  (text: string): string => {
    if (text !== '' && !text.includes('\0')) return text;
    throw wrong(option, 'a folder', text);
  };

const countMax = 12;

export const count =
  (option: string) =>
  (text: string): number => {
    const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= 1 && number <= countMax) return number;
    throw wrong(option, `a whole number from 1 to ${countMax}`, text);
  };

const seedMax = 2 ** 32 - 1;

const whole =
  (least: number, most: number) =>
  (option: string) =>
  (text: string): number => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw wrong(option, `a whole number from ${least} to ${most}`, text);
  };

export const seed = whole(0, seedMax);
export const many = whole(1, 1_000_000);
export const steps = whole(1, 1_000_000_000);
export const port = whole(1, 65_535);

export const hours =
  (option: string) =>
  (text: string): number => {
    const number = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
    if (number >= 0.01 && number <= 100_000) return number;
    throw wrong(option, 'a number of hours from 0.01 to 100000', text);
  };

/** `3,17`, or `none`. */
export const places =
  (option: string) =>
  (text: string): number[] => {
    if (text === 'none') return [];
    if (/^\d{1,6}(,\d{1,6})*$/.test(text)) return text.split(',').map(Number);
    throw wrong(option, 'none, or whole numbers with commas such as 3,17', text);
  };

export const oneOf =
  <T extends string>(option: string, allowed: readonly T[]) =>
  (text: string): T => {
    const found = allowed.find((one) => one === text);
    if (found !== undefined) return found;
    throw wrong(option, `one of ${allowed.join(', ')}`, text);
  };

export const word =
  (option: string) =>
  (text: string): string => {
    if (/^[\w.@:-]{1,40}$/.test(text)) return text;
    throw wrong(option, '1 to 40 letters, digits or . _ @ : -', text);
  };

export const pattern =
  (option: string) =>
  (text: string): RegExp => {
    try {
      if (text !== '') return new RegExp(text);
    } catch (error) {
      const why = error instanceof Error ? error.message.split(': ').at(-1) : 'not understood';
      throw wrong(`${option}`, `a regular expression (${why?.toLowerCase()})`, text);
    }
    throw wrong(option, 'a regular expression', text);
  };

/** Where the link goes; `{port}` may stand for the port that the ready line names. */
export const address =
  (option: string) =>
  (text: string): string => {
    const whole = text.replaceAll('{port}', '1');
    const scheme = URL.canParse(whole) ? new URL(whole).protocol : '';
    if (['ws:', 'wss:', 'http:', 'https:'].includes(scheme)) return text;
    throw wrong(option, 'a ws, wss, http or https URL', withoutSecrets(text));
  };

function withoutSecrets(text: string): string {
  return text.replace(/[?#].*$/s, '?…').replace(/\/\/[^/@]*@/, '//…@');
}

/** Options that are right one by one, and wrong beside each other. */
export function checkTogether({
  url,
  protocol,
  readyLine,
}: {
  url?: string;
  protocol?: ProtocolName;
  readyLine?: RegExp;
}): void {
  if (url === undefined && protocol !== undefined) {
    throw new UsageError(`--protocol must come with --url; got "${protocol}" alone`);
  }
  if (!url?.includes('{port}') || readyLine?.source.includes('(?<port>')) return;
  const given = readyLine === undefined ? 'none' : shown(readyLine.source);
  const rule = 'must have a group (?<port>\\d+), because --url names {port}';
  throw new UsageError(`--ready-line ${rule}; got ${given}`);
}
