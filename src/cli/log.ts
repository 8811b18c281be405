/**
 * The log of a command, for a person or for a program. It promises one event on one line, columns
 * that line up, colour only on a terminal that wants it, and with `json` nothing but NDJSON. It
 * must never show a secret (it prints what the runtime has already cleaned) and never let a
 * control character of somebody else reach a terminal.
 */
import type { GatewayEvents, Status } from '../index.ts';

/** Whatever of a gateway can be listened to. */
export interface Speaker {
  on<K extends keyof GatewayEvents & string>(
    name: K,
    listener: (value: GatewayEvents[K]) => unknown,
    options?: { signal?: AbortSignal },
  ): unknown;
}

export interface LogOptions {
  stream: NodeJS.WriteStream;
  json: boolean;
  /** what a line begins with: the time since the start, or the time of day and a name */
  stamp: 'elapsed' | { name: string };
}

type Tone = 'good' | 'busy' | 'bad' | 'quiet';

const tones: Readonly<Record<string, Tone>> = {
  running: 'good',
  passed: 'good',
  reconnecting: 'busy',
  restarting: 'busy',
  stopping: 'busy',
  warning: 'busy',
  killing: 'bad',
  failed: 'bad',
  FAILED: 'bad',
  error: 'bad',
};
const paints: Readonly<Record<Tone, string>> = { good: '32', busy: '33', bad: '31', quiet: '2' };
const wordWidth = 13;

export class Log {
  readonly #options: LogOptions;
  readonly #colours: boolean;
  readonly #startedAt = performance.now();
  #isLineOpen = false;

  constructor(options: LogOptions) {
    this.#options = options;
    const { NO_COLOR = '', TERM } = process.env;
    this.#colours = options.stream.isTTY === true && NO_COLOR === '' && TERM !== 'dumb';
  }

  /** Milliseconds since this log began. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Writes what a gateway says of itself, until `signal` aborts. */
  follow(gateway: Speaker, signal: AbortSignal): void {
    const { json } = this.#options;
    gateway.on('status', (status) => this.status(status), { signal });
    gateway.on('diagnostic', (fact) => this.diagnostic(fact), { signal });
    if (!json) return;
    gateway.on('exit', (exit) => this.record('exit', exit), { signal });
    gateway.on('restart', (restart) => this.record('restart', restart), { signal });
    gateway.on('metric', (metric) => this.record('metric', metric), { signal });
  }

  status(status: Status): void {
    if (this.#options.json) this.record('status', status);
    else this.say(status.state, sentence(status));
  }

  diagnostic({ level, code, message }: GatewayEvents['diagnostic']): void {
    if (this.#options.json) this.record('diagnostic', { level, code, message });
    else if (level === 'warn' || level === 'error') {
      this.say(level === 'warn' ? 'warning' : 'error', `${message} (${code})`);
    }
  }

  /** One line for a person; nothing in `json`. */
  say(word: string, sentence: string): void {
    if (this.#options.json) return;
    const stamp = this.#paint(this.#stamp(), 'quiet');
    const column = this.#paint(word.padEnd(wordWidth), tones[word]);
    this.#write(`${stamp}  ${column} ${printable(sentence)}`);
  }

  /** A line without a time: a title, or an empty one between two parts. */
  title(text: string): void {
    if (!this.#options.json) this.#write(printable(text));
  }

  /** One JSON object; nothing for a person. */
  record(event: string, fields: object): void {
    if (!this.#options.json) return;
    this.#write(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
  }

  /** Bytes of somebody else went to the same stream: a line of ours begins at a line's start. */
  noteForeign(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#isLineOpen = chunk.at(-1) !== 0x0a;
  }

  #write(line: string): void {
    const { stream } = this.#options;
    if (!stream.writable) return;
    stream.write(`${this.#isLineOpen ? '\n' : ''}${line}\n`);
    this.#isLineOpen = false;
  }

  #stamp(): string {
    const { stamp } = this.#options;
    if (stamp === 'elapsed') return `${(this.elapsedMs / 1_000).toFixed(2).padStart(7)} s`;
    return `[${stamp.name}] ${localTime(new Date())}`;
  }

  #paint(text: string, tone: Tone | undefined): string {
    return this.#colours && tone !== undefined ? `\x1b[${paints[tone]}m${text}\x1b[0m` : text;
  }
}

/** What an app can do about a failure is no news for somebody who only reads. */
const sentence = ({ state, because, error }: Status): string =>
  state === 'failed' && error !== undefined ? error.message : because;

const printable = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ').trimEnd();

/** 2026-01-31 03:14:07.250, as the clock on the wall shows it. */
function localTime(now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, -1).replace('T', ' ');
}
