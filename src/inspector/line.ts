/**
 * An entry of a recording as one line of the log. It must never hide that something was ignored,
 * dropped or late.
 */
import { timerName } from '../verify/paths.ts';
import type { Entry } from './recording.ts';
import { lateFrom, shortValue, wordsOf } from './sequence.ts';

interface Line {
  words: string;
  /** a class: `odd` is what somebody who looks for trouble looks for */
  mark: '' | 'odd';
}

export function lineOf(entry: Entry, paths: ReadonlyMap<number, string>): Line | undefined {
  const name = (actor: number | undefined): string =>
    actor === undefined ? 'outside' : (paths.get(actor)?.split('/').at(-1) ?? `actor ${actor}`);
  switch (entry.kind) {
    case 'spawn':
      return { words: `${name(entry.parent)} spawns ${name(entry.actor)}`, mark: '' };
    case 'sent': {
      const words = `${name(entry.from)} → ${name(entry.to)}: ${wordsOf(entry.event)}`;
      return entry.dropped
        ? { words: `${words} (dropped: it has ended)`, mark: 'odd' }
        : { words, mark: '' };
    }
    case 'dropped':
      return { words: `${name(entry.to)} ended before it took entry ${entry.of}`, mark: 'odd' };
    case 'step':
      if (entry.edges.length === 0) {
        return { words: `${name(entry.actor)} ignores ${entry.event}`, mark: 'odd' };
      }
      return entry.value === undefined
        ? undefined
        : { words: `${name(entry.actor)} is ${shortValue(entry.value)}`, mark: '' };
    case 'fired': {
      const late = entry.lateMs >= lateFrom;
      const words = `${name(entry.actor)}: after ${timerName(entry.timer)}`;
      return late
        ? { words: `${words}, ${Math.round(entry.lateMs)} ms late`, mark: 'odd' }
        : { words, mark: '' };
    }
    case 'stopped':
      return {
        words: `${name(entry.actor)} is ${entry.how}`,
        mark: entry.how === 'error' ? 'odd' : '',
      };
    default:
      return noteLine(entry);
  }
}

function noteLine(entry: Entry): Line | undefined {
  switch (entry.kind) {
    case 'status': {
      const { of, state, phase, because, health, reasons } = entry;
      const well = health === 'healthy' ? '' : ` (${[health, ...reasons].join(', ')})`;
      const words = `${of}: ${because ?? `${state}, ${phase}`}${well}`;
      return { words, mark: state === 'failed' || health === 'unresponsive' ? 'odd' : '' };
    }
    case 'restart': {
      const { of, verb, by, because, outcome, inMs } = entry;
      const why = because === undefined ? '' : `, because ${because}`;
      const became = outcome ?? (inMs > 0 ? `due in ${inMs} ms` : 'due');
      return { words: `${of}: ${verb} by ${by}${why}: ${became}`, mark: '' };
    }
    case 'exit': {
      const { of, pid, expected } = entry;
      const words = `${of}: process ${pid} is gone: ${endOf(entry)}`;
      return { words, mark: expected ? '' : 'odd' };
    }
    case 'asked':
      return { words: `somebody who looks on: ${entry.verb}: ${entry.outcome}`, mark: '' };
    default:
      return undefined;
  }
}

/** `exit 1, runtime`, `SIGKILL, signal`. */
export const endOf = (exit: Extract<Entry, { kind: 'exit' }>): string =>
  `${exit.signal ?? `exit ${exit.code}`}, ${exit.class}`;
