/**
 * What somebody who looks on may ask for: verbs of the app by name, and events of its actors by
 * type. It promises that whatever was asked for is recorded, what became of it too. It must never
 * do what was not allowed by name, or throw into the app.
 */
import type { Source } from './reader.ts';
import type { Note, Offer } from './recording.ts';
import { isMachine, type Ref } from './told.ts';

/**
 * Nothing is allowed that is not here.
 *
 *     inspect(recording, { commands: { verbs: { restart: () => gateway.restart() } } });
 */
export interface Commands {
  /** by the name on its button; what it answers is not shown, only whether it failed */
  verbs?: Readonly<Record<string, () => unknown>>;
  /**
   * by the id of a machine, the types of events that may be sent to its actors. Their fields are
   * those that the sender chose: allow only what the machine takes from anybody
   */
  events?: Readonly<Record<string, readonly string[]>>;
}

type Asked = Extract<Note, { kind: 'asked' }>;

export class Clerk {
  readonly #recording: Source;
  readonly #verbs: ReadonlyMap<string, () => unknown>;
  readonly #events: ReadonlyMap<string, readonly string[]>;

  constructor(recording: Source, { verbs = {}, events = {} }: Commands) {
    this.#recording = recording;
    this.#verbs = new Map(Object.entries(verbs));
    this.#events = new Map(Object.entries(events));
  }

  get offer(): Offer {
    return { verbs: [...this.#verbs.keys()], events: Object.fromEntries(this.#events) };
  }

  /** The status of the answer: 202 taken, 400 not understood, 403 not allowed, 404 nobody there. */
  take(body: string): number {
    const asked = parsed(body);
    if (asked === undefined) return 400;
    return 'verb' in asked ? this.#verb(asked.verb) : this.#event(asked);
  }

  #verb(verb: string): number {
    const run = this.#verbs.get(verb);
    if (run === undefined) return this.#refused('a verb');
    this.#keep({ kind: 'asked', verb, outcome: 'taken' });
    const settled = (outcome: Asked['outcome']) => this.#keep({ kind: 'asked', verb, outcome });
    // not within the answer: it may take long, and it may throw
    Promise.resolve()
      .then(run)
      .then(
        () => settled('done'),
        () => settled('failed'),
      );
    return 202;
  }

  #event({ to, event }: { to: number; event: { type: string } }): number {
    const ref = this.#recording.actor?.(to);
    if (ref === undefined) return 404;
    const allowed = this.#events.get(machineOf(ref) ?? '') ?? [];
    if (!allowed.includes(event.type)) return this.#refused('an event');
    this.#keep({ kind: 'asked', verb: `send ${event.type}`, to, outcome: 'taken' });
    ref.send(event);
    return 202;
  }

  /** What was asked for is not repeated: it may be anything. */
  #refused(verb: string): number {
    this.#keep({ kind: 'asked', verb, outcome: 'refused' });
    return 403;
  }

  #keep(asked: Asked): void {
    this.#recording.asked?.(asked);
  }
}

const machineOf = ({ logic }: Ref): string | undefined => (isMachine(logic) ? logic.id : undefined);

type Parsed = { verb: string } | { to: number; event: { type: string } };

function parsed(body: string): Parsed | undefined {
  let asked: unknown;
  try {
    asked = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof asked !== 'object' || asked === null) return undefined;
  const { verb, to, event } = asked as Record<string, unknown>;
  if (typeof verb === 'string') return { verb };
  if (!Number.isSafeInteger(to) || typeof event !== 'object' || event === null) return undefined;
  if (!('type' in event) || typeof event.type !== 'string') return undefined;
  // what XState says of itself is said by nobody else
  if (event.type.startsWith('xstate.') || event.type === '*') return undefined;
  return { to: Number(to), event: { ...event, type: event.type } };
}
