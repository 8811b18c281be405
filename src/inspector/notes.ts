/**
 * What a gateway says of itself beside its machines: how well it is, who asked for a restart and
 * what became of it, how a process ended. It promises words of closed lists and numbers; texts (a
 * sentence, a reason, what a process wrote) only where they were let through. It must never keep
 * what a peer or a process has made up, unasked.
 */
import type { ExitRecord } from '../runtime/facts.ts';
import type { Outcome } from '../runtime/ledger.ts';
import type { PendingIntent, Status } from '../runtime/status.ts';
import type { Note } from './recording.ts';
import { shownText } from './shown.ts';

/** A gateway, as far as it is listened to. */
export interface Followed {
  readonly status: Status;
  on(name: 'status', listener: (status: Status) => void): unknown;
  on(name: 'restart', listener: (intent: Intent) => void): unknown;
  on(name: 'exit', listener: (exit: ExitRecord) => void): unknown;
}

type Intent = PendingIntent & { outcome?: Outcome };

interface Take {
  keep: (note: Note) => void;
  /** texts are let through */
  texts: boolean;
  /** wall clock, milliseconds since 1970 */
  wallNow: () => number;
}

export function follow(gateway: Followed, { keep, texts, wallNow }: Take): void {
  const { name } = gateway.status;
  const told = (status: Status): void => keep(statusNote(status, texts));
  gateway.on('status', told);
  gateway.on('restart', (intent) => keep(restartNote(name, intent, texts, wallNow())));
  gateway.on('exit', (exit) => keep(exitNote(name, exit, texts)));
  told(gateway.status);
}

function statusNote(status: Status, texts: boolean): Note {
  const { name, state, phase, health, ready, attempt, attemptsMax, budget } = status;
  const { ownership, pid } = status.process ?? {};
  return {
    ...{ kind: 'status', of: name, state, phase, health: health.state },
    ...{ reasons: [...health.reasons], ready, attempt, attemptsMax },
    isOpen: status.connection !== undefined,
    ...(budget && { budget: { ...budget } }),
    ...(ownership && { process: { ownership, ...(pid !== undefined && { pid }) } }),
    ...(status.error && { error: status.error.code }),
    ...(texts && { because: shownText(status.because) }),
  };
}

function restartNote(of: string, intent: Intent, texts: boolean, wallNow: number): Note {
  const { id, verb, by, dueAt, outcome, because } = intent;
  return {
    ...{ kind: 'restart', of, id, verb, by, inMs: Math.max(0, Math.round(dueAt - wallNow)) },
    ...(outcome && { outcome }),
    ...(texts && { because: shownText(because) }),
  };
}

/** The last lines that a person reads. */
const linesMost = 20;

function exitNote(of: string, exit: ExitRecord, texts: boolean): Note {
  const { pid, code, signal, expected, transitions, lastWords } = exit;
  return {
    ...{ kind: 'exit', of, pid, code, signal, class: exit.class, expected },
    before: transitions.slice(-linesMost).map(({ state, phase }) => `${state} ${phase}`),
    lines: lastWords.length,
    ...(texts && { words: lastWords.slice(-linesMost).map(shownText) }),
  };
}
