/**
 * A counterexample as a sequence diagram for a terminal: an actor is a column, time goes down, and
 * what is said stands to the right of its arrow. It keeps within 100 columns up to some twenty
 * actors. It must never leave out a message, an actor that came or went, or a state that changed.
 */
import { byTree, shortName, timerName } from './paths.ts';
import type { Happening, Sent, TraceStep, Violation } from './world.ts';

const COLUMNS = 100;
/** what a number and the space around it take */
const MARGIN = 5;
const LABEL = 44;
/** and what it has where there are many columns */
const LEAST = 16;
const PITCH = { least: 3, most: 12 };

export const user = 'user';

export function formatSequence({ guarantee, message, trace }: Violation): string {
  const chart = new Chart(trace);
  const rows = trace.flatMap((step, i) => chart.step(step, String(i + 1)));
  return [...chart.head, ...rows, ...chart.end(`${guarantee}: ${message}`)].join('\n');
}

/** Who says or hears something, or comes or goes; parents before their children. */
export function lanesOf(trace: readonly TraceStep[]): string[] {
  const seen = new Set<string>();
  for (const { from, to, kind, happened } of trace) {
    seen.add(to);
    if (kind === 'delivery' && from !== undefined) seen.add(from);
    for (const one of happened) {
      for (const path of one.kind === 'sent' ? [one.from, one.to] : [one.path]) {
        if (path !== undefined) seen.add(path);
      }
    }
  }
  const actors = [...seen].sort(byTree);
  return trace.some(({ kind }) => kind === 'user') ? [user, ...actors] : actors;
}

class Chart {
  readonly head: readonly string[];
  readonly #lanes: readonly string[];
  readonly #pitch: number;
  readonly #alive = new Set<string>();

  constructor(trace: readonly TraceStep[]) {
    this.#lanes = lanesOf(trace);
    const room = Math.floor((COLUMNS - MARGIN - LABEL) / Math.max(this.#lanes.length, 1));
    this.#pitch = Math.min(Math.max(room, PITCH.least), PITCH.most);
    const names = this.#lanes.map((path) => shortName(path, this.#lanes));
    const fits = names.every((name) => name.length < this.#pitch);
    this.head = fits ? this.#level(names) : this.#stairs(names);
    for (const path of this.#lanes) if (!comesFirst(path, trace)) this.#alive.add(path);
  }

  step(step: TraceStep, number: string): string[] {
    const rows = [...this.#move(step, number)];
    for (const one of step.happened) rows.push(...this.#happening(one, step));
    if (step.changed.length === 0) return rows;
    return [...rows, ...this.#row(this.#lines(), `=> ${step.changed.join(' ')}`)];
  }

  end(words: string): string[] {
    return this.#row(this.#lines(), `✗ ${words}`);
  }

  #move({ kind, from, to, says }: TraceStep, number: string): string[] {
    if (kind === 'user') return this.#arrow(user, to, '─▶', says, number);
    if (kind === 'world') return this.#mark(to, '●', says, number);
    if (kind === 'timer') return this.#mark(to, '◷', `timer ${timerName(says)}`, number);
    return this.#arrow(from, to, '─▶', says, number);
  }

  #happening(one: Happening, step: TraceStep): string[] {
    if (one.kind === 'sent') return this.#sent(one, one.waits, step);
    const name = shortName(one.path, this.#lanes);
    if (one.kind === 'ended') {
      const rows = this.#mark(one.path, '┴', `${name} is stopped`);
      this.#alive.delete(one.path);
      return rows;
    }
    const again = this.#alive.has(one.path);
    this.#alive.add(one.path);
    return this.#mark(one.path, again ? '┼' : '┬', `${name} begins${again ? ' anew' : ''}`);
  }

  /** A post of a leaf repeats what its move says; it is on its way from there. */
  #sent({ from, to, says }: Sent, waits: boolean, step: TraceStep): string[] {
    const posted = step.kind === 'world' && from === step.to && says === step.says;
    return this.#arrow(from, to, waits ? '╌▷' : '─▶', posted ? '' : says);
  }

  #arrow(from: string | undefined, to: string, [line, tip]: string, says: string, number = '') {
    const cells = this.#lines();
    const end = this.#at(to);
    const start =
      from === undefined ? Math.max(end - Math.min(this.#pitch - 1, 4), 0) : this.#at(from);
    const ahead = start <= end ? 1 : -1;
    for (let at = start + ahead; at !== end && start !== end; at += ahead) {
      cells[at] = cells[at] === '│' ? '┼' : line;
    }
    cells[start] = from === undefined ? '✗' : ahead > 0 ? '├' : '┤';
    if (start !== end) cells[end - ahead] = ahead > 0 ? tip : reversed[tip ?? ''];
    return this.#row(cells, from === undefined ? `${says} (its sender is stopped)` : says, number);
  }

  #mark(path: string, sign: string, words: string, number = ''): string[] {
    const cells = this.#lines();
    cells[this.#at(path)] = sign;
    return this.#row(cells, words, number);
  }

  #at(path: string): number {
    return Math.max(this.#lanes.indexOf(path), 0) * this.#pitch;
  }

  /** A row with nothing but the lines of those who are there. */
  #lines(): (string | undefined)[] {
    const cells: (string | undefined)[] = Array(this.#lanes.length * this.#pitch).fill(' ');
    for (const path of this.#alive) cells[this.#at(path)] = '│';
    return cells;
  }

  #row(cells: readonly (string | undefined)[], words: string, number = ''): string[] {
    const [first = '', ...rest] = wrapped(
      words,
      Math.max(COLUMNS - MARGIN - 2 - cells.length, LEAST),
    );
    const blank = this.#lines().join('');
    return [
      `${number.padStart(3)}  ${cells.join('')}${first}`,
      ...rest.map((text) => `     ${blank}  ${text}`),
    ].map((row) => row.trimEnd());
  }

  #level(names: readonly string[]): string[] {
    return [`     ${names.map((name) => name.padEnd(this.#pitch)).join('')}`.trimEnd()];
  }

  /** Names that are wider than a column stand on steps of their own. */
  #stairs(names: readonly string[]): string[] {
    return names.map((name, i) => `     ${'│'.padEnd(this.#pitch).repeat(i)}${name}`);
  }
}

const reversed: Readonly<Record<string, string>> = { '▶': '◀', '▷': '◁' };

/** Whether the first that is seen of an actor is its beginning. */
export function comesFirst(path: string, trace: readonly TraceStep[]): boolean {
  for (const { from, to, happened } of trace) {
    if (to === path || from === path) return false;
    const first = happened.find((one) =>
      one.kind === 'sent' ? one.from === path || one.to === path : one.path === path,
    );
    if (first) return first.kind === 'began';
  }
  return false;
}

function wrapped(words: string, width: number): string[] {
  const rows: string[] = [];
  for (const word of words.split(' ')) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + word.length < width) rows.push(`${rows.pop()} ${word}`);
    else for (let at = 0; at < word.length; at += width) rows.push(word.slice(at, at + width));
  }
  return rows.length === 0 ? [''] : rows;
}
