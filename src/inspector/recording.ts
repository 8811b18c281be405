/**
 * What a recording of an actor system holds, and its file: NDJSON, a header and then one entry a
 * line, in the order in which things happened. It promises that every entry stands for itself, so
 * that a file may begin anywhere and end in the middle of a line. It must never hold a value that
 * was not let through by name (shown.ts).
 */
import type { DiagramModel } from '../diagram/model.ts';
import type { Shown } from './shown.ts';

export const version = 1;

export interface Header {
  holdfast: 'recording';
  version: typeof version;
  /** entries that the ring has let go, before the first one here; what they led to is `base` */
  missing: number;
}

/** Where a machine is: XState's state value, names only. */
export type Value = string | { [region: string]: Value };

/** A guard by its name, and what it said. */
export type Verdict = [guard: string, holds: boolean];

export type Happening =
  | Note
  /** a definition, before the first actor that has it; `machine` is its id, or `id~2` */
  | { kind: 'machine'; machine: string; model: DiagramModel }
  /** an actor is made; `path`: ids from the root down; one without a machine is a leaf */
  | { kind: 'spawn'; actor: number; parent?: number; path: string; machine?: string }
  /**
   * without `from`: by whoever is outside; `dropped`: to one that is not there any more; `rest`:
   * nothing else was under way
   */
  | { kind: 'sent'; to: number; from?: number; event: Shown; dropped?: true; rest?: true }
  /** an actor ended before it took what the entry `of` had sent */
  | { kind: 'dropped'; of: number; to: number }
  /**
   * one microstep; `of`: the entry by which its event came. No edge: the event was ignored.
   * `edges` are XState's own identities, `source.id:index`. `value`, where it changed.
   */
  | {
      kind: 'step';
      actor: number;
      event: string;
      of?: number;
      edges: string[];
      guards?: Verdict[];
      value?: Value;
    }
  /** what is known once a macrostep is over: what of the context changed, later verdicts */
  | { kind: 'state'; actor: number; value?: Value; context?: Shown; guards?: Verdict[] }
  /** `ms`: from now */
  | { kind: 'armed'; actor: number; timer: string; ms: number }
  | { kind: 'cancelled'; actor: number; timer: string }
  /** `lateMs`: behind the moment for which it was armed; `event`, where it is more than that */
  | {
      kind: 'fired';
      actor: number;
      timer: string;
      lateMs: number;
      event?: Shown;
      rest?: true;
    }
  | { kind: 'stopped'; actor: number; how: 'stopped' | 'done' | 'error'; error?: Shown }
  /** what was true before the first entry that is kept */
  | { kind: 'base'; actors: ActorState[] };

/** What a gateway says of itself beside its machines, and what somebody who looks on asked for. */
export type Note =
  /** `of`: the name of the gateway, which is the path of its root; `because` is a text */
  | {
      kind: 'status';
      of: string;
      state: string;
      phase: string;
      health: string;
      reasons: string[];
      ready: boolean | 'unknown';
      attempt: number;
      attemptsMax: number | null;
      isOpen: boolean;
      budget?: { used: number; of: number; windowMs: number };
      process?: { ownership: string; pid?: number };
      error?: string;
      because?: string;
    }
  /** asked for, or with its outcome; the same `id`; `inMs`: when it is due, from then */
  | {
      kind: 'restart';
      of: string;
      id: number;
      verb: string;
      by: string;
      inMs: number;
      outcome?: string;
      because?: string;
    }
  /** a process is gone; `before`: what the gateway went through; `words`: what it wrote last */
  | {
      kind: 'exit';
      of: string;
      pid: number;
      code: number | null;
      signal: string | null;
      class: string;
      expected: boolean;
      before: string[];
      lines: number;
      words?: string[];
    }
  /** somebody who looks on asked for it: by the name of a verb, or an event to an actor */
  | { kind: 'asked'; verb: string; to?: number; outcome: 'taken' | 'done' | 'failed' | 'refused' };

/** What somebody who looks on may ask for: verbs, and events by the id of a machine. */
export interface Offer {
  verbs: string[];
  events: Readonly<Record<string, readonly string[]>>;
}

/** An actor as the entries so far have made it. */
export interface ActorState {
  actor: number;
  path: string;
  parent?: number;
  machine?: string;
  value?: Value;
  context: Readonly<Record<string, Shown>>;
  /** by its id, when it will fire */
  timers: Readonly<Record<string, number>>;
}

/** `n` counts from 1 and is never used twice; `at` is in milliseconds, monotonic. */
export type Entry = { n: number; at: number } & Happening;

export interface Recording {
  header: Header;
  entries: Entry[];
  /** a last line that was cut off while it was written */
  cut: boolean;
}

/** A file that is no recording: which line, and what is wrong with it. */
export class NotARecording extends Error {}

export const headerOf = (missing: number): Header => ({ holdfast: 'recording', version, missing });

/** Throws `NotARecording`. */
export function readRecording(text: string): Recording {
  const lines = text.split('\n');
  const isWhole = lines.at(-1) === '';
  if (isWhole) lines.pop();
  const [first = '', ...rest] = lines;
  const header = parsed(first, 1) as Partial<Header>;
  if (header.holdfast !== 'recording')
    throw new NotARecording('line 1 is no header of a recording');
  if (header.version !== version) {
    throw new NotARecording(`it has version ${header.version}; this reads version ${version}`);
  }
  const entries: Entry[] = [];
  for (const [i, line] of rest.entries()) {
    if (!isWhole && i === rest.length - 1 && !isEntry(tried(line))) {
      return { header: headerOf(header.missing ?? 0), entries, cut: true };
    }
    const entry = parsed(line, i + 2);
    if (!isEntry(entry)) throw new NotARecording(`line ${i + 2} is no entry`);
    entries.push(entry);
  }
  return { header: headerOf(header.missing ?? 0), entries, cut: false };
}

function parsed(line: string, number: number): object {
  const value = tried(line);
  if (typeof value === 'object' && value !== null) return value;
  throw new NotARecording(`line ${number} is no JSON object`);
}

function tried(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const needs: Readonly<Record<Happening['kind'], Readonly<Record<string, string>>>> = {
  machine: { machine: 'string', model: 'object' },
  spawn: { actor: 'number', path: 'string' },
  sent: { to: 'number', event: 'object' },
  dropped: { of: 'number', to: 'number' },
  step: { actor: 'number', event: 'string', edges: 'object' },
  state: { actor: 'number' },
  armed: { actor: 'number', timer: 'string', ms: 'number' },
  cancelled: { actor: 'number', timer: 'string' },
  fired: { actor: 'number', timer: 'string', lateMs: 'number' },
  stopped: { actor: 'number', how: 'string' },
  base: { actors: 'object' },
  status: { of: 'string', state: 'string', phase: 'string', health: 'string', reasons: 'object' },
  restart: { of: 'string', id: 'number', verb: 'string', by: 'string' },
  exit: { of: 'string', class: 'string', before: 'object' },
  asked: { verb: 'string', outcome: 'string' },
};

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Record<string, unknown>;
  const fields = Object.hasOwn(needs, String(entry.kind)) ? needs[entry.kind as 'sent'] : undefined;
  if (fields === undefined || typeof entry.n !== 'number' || typeof entry.at !== 'number') {
    return false;
  }
  return Object.entries(fields).every(([name, type]) => {
    return typeof entry[name] === type && entry[name] !== null;
  });
}
