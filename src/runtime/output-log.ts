/**
 * How the lines of a process come into the log. Promises that each line has the level that the
 * host gives it, or its protocol, or else its stream; that one which repeats is written once in
 * full, then as a count, every 50 times and at the end; and that nothing of it is lost unsaid. It
 * must never hold more than 200 different lines, and no function of the host can stop it.
 */
import type { Classify, LineLevel } from '../ports.ts';
import { isolated } from './dispatcher.ts';
import type { LineLog, OutputLine } from './output.ts';

export interface LogEars {
  /** who is asked for the level, in order, by the name of the option */
  classify: readonly (readonly [option: string, ask: Classify | undefined])[];
  log(level: Exclude<LineLevel, 'drop'>, fields: object, message: string): void;
  /** a function of the host failed */
  failed(option: string, error: unknown): void;
}

interface Kind {
  line: OutputLine;
  level: Exclude<LineLevel, 'drop'>;
  /** how often it came since it was said last */
  unsaid: number;
}

const levels: readonly unknown[] = ['drop', 'debug', 'info', 'warn', 'error'];
const kindsMax = 200;
const charactersMax = 131_072;
const repeatsMax = 50;
const shownMax = 200;

/** What Node says of itself on stderr, and nobody has to act on. */
const ofNode = new RegExp(
  'ExperimentalWarning|DeprecationWarning|Debugger (?:attached|listening)' +
    '|Waiting for the debugger|--require is not allowed in NODE_OPTIONS|^\\(Use `node --trace-',
);

export class OutputLog implements LineLog {
  /** the one that came last is last */
  #kinds = new Map<string, Kind>();
  #characters = 0;
  #ears: LogEars;
  /** what was complained about since this process began */
  #told = new Set<string>();

  constructor(ears: LogEars) {
    this.#ears = ears;
  }

  begin() {
    this.#told.clear();
  }

  heard(line: OutputLine) {
    if (line.text.trim() === '') return;
    const level = this.#levelOf(line);
    if (level === 'drop') return;
    const key = `${level} ${line.stream} ${line.text}`;
    const known = this.#kinds.get(key);
    if (known === undefined) this.#first(key, { line, level, unsaid: 0 });
    else this.#again(key, known);
  }

  /** What was not said yet is said now, and everything forgotten. */
  end() {
    const kinds = [...this.#kinds.values()];
    this.#kinds.clear();
    this.#characters = 0;
    for (const kind of kinds) this.#sum(kind);
  }

  #first(key: string, kind: Kind) {
    this.#kinds.set(key, kind);
    this.#characters += key.length;
    this.#ears.log(kind.level, { stream: kind.line.stream }, kind.line.text);
    while (this.#kinds.size > kindsMax || this.#characters > charactersMax) this.#forgetOldest();
  }

  #again(key: string, kind: Kind) {
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    kind.unsaid += 1;
    if (kind.unsaid === repeatsMax) this.#sum(kind);
  }

  #forgetOldest() {
    for (const [key, kind] of this.#kinds) {
      this.#kinds.delete(key);
      this.#characters -= key.length;
      this.#sum(kind);
      return;
    }
  }

  #sum(kind: Kind) {
    const { line, level, unsaid } = kind;
    if (unsaid === 0) return;
    kind.unsaid = 0;
    const { stream, text } = line;
    const times = `${unsaid} more ${unsaid === 1 ? 'time' : 'times'}`;
    this.#ears.log(level, { stream, repeats: unsaid }, `${times}: ${text.slice(0, shownMax)}`);
  }

  #levelOf({ text, stream }: OutputLine): LineLevel {
    for (const [option, ask] of this.#ears.classify) {
      const level = ask === undefined ? undefined : this.#asked(option, () => ask(text, stream));
      if (level !== undefined) return level;
    }
    return stream === 'stdout' || ofNode.test(text) ? 'debug' : 'warn';
  }

  #asked(option: string, ask: () => unknown): LineLevel | undefined {
    let answer: unknown;
    isolated(
      () => {
        answer = ask();
        return answer;
      },
      (error) => this.#complain(option, 'failure', error),
    );
    if (answer === undefined || isLevel(answer)) return answer;
    const rule = `it must answer drop, debug, info, warn or error, not ${kindOf(answer)}`;
    this.#complain(option, 'answer', new Error(rule));
    return undefined;
  }

  /** Once for each process and kind: it is asked at every line. */
  #complain(option: string, kind: 'failure' | 'answer', error: unknown) {
    const key = `${option} ${kind}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#ears.failed(option, error);
  }
}

const isLevel = (answer: unknown): answer is LineLevel => levels.includes(answer);

function kindOf(answer: unknown): string {
  if (answer === null) return 'null';
  if (answer instanceof Promise) return 'a promise';
  if (typeof answer === 'string') return 'another text';
  return typeof answer === 'object' ? 'an object' : `a ${typeof answer}`;
}
