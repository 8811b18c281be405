/**
 * A recording for Stately's inspector: its three messages, made of what was let through and of
 * nothing else. It promises every actor before what concerns it. It must never give an adapter more
 * than a recording holds, nor let one that throws reach the app.
 */
import type { DiagramModel, StateModel, TransitionModel } from '../diagram/model.ts';
import type { Source } from './reader.ts';
import { type ActorState, type Entry, readRecording } from './recording.ts';
import { Replica } from './replica.ts';
import type { Shown } from './shown.ts';

interface Told {
  rootId: string;
  sessionId: string;
  /** milliseconds of the recording */
  createdAt: string;
  id: string;
  _version: string;
}

interface SnapshotTold {
  status: 'active';
  value: unknown;
  context: unknown;
  output: undefined;
  error: undefined;
}

export type StatelyMessage = Told &
  (
    | {
        type: '@xstate.actor';
        name: string;
        /** the definition as JSON */
        definition: string;
        parentId: string | undefined;
        snapshot: SnapshotTold;
      }
    | { type: '@xstate.event'; event: { type: string }; sourceId: string | undefined }
    | { type: '@xstate.snapshot'; event: { type: string }; snapshot: SnapshotTold }
  );

/** As `@statelyai/inspect` has them: `createWebSocketInspector().adapter`, say. */
export interface StatelyAdapter {
  send(message: StatelyMessage): void;
}

/** The protocol of @statelyai/inspect that these messages follow. */
const protocol = '0.7.2';

/**
 * Forwards what is recorded, and what was until now, to an adapter of `@statelyai/inspect`.
 *
 *     const { adapter } = createWebSocketInspector();
 *     const stop = forward(recording, adapter);
 *
 * Answers what ends it.
 */
export function forward(recording: Source, adapter: StatelyAdapter): () => void {
  const teller = new Teller();
  const tell = (entry: Entry) => {
    for (const message of teller.told(entry)) {
      try {
        adapter.send(message);
      } catch {
        // a page that is gone is no concern of the app
      }
    }
  };
  for (const entry of readRecording(recording.text()).entries) tell(entry);
  return recording.listen((line) => tell(JSON.parse(line) as Entry));
}

class Teller {
  readonly #replica = new Replica();
  readonly #models = new Map<string, DiagramModel>();
  readonly #roots = new Map<number, number>();

  told(entry: Entry): StatelyMessage[] {
    this.#replica.apply(entry);
    switch (entry.kind) {
      case 'machine':
        this.#models.set(entry.machine, entry.model);
        return [];
      case 'base':
        return entry.actors.map((actor) => this.#actor(entry, actor));
      case 'spawn': {
        const { actor, path, parent, machine } = entry;
        const made = { actor, path, context: {}, timers: {} };
        return [
          this.#actor(entry, {
            ...made,
            ...(parent !== undefined && { parent }),
            ...(machine && { machine }),
          }),
        ];
      }
      case 'sent': {
        const sourceId = entry.from === undefined ? undefined : idOf(entry.from);
        const event = eventOf(entry.event);
        return [{ type: '@xstate.event', event, sourceId, ...this.#about(entry, entry.to) }];
      }
      case 'step':
      case 'state': {
        const actor = this.#replica.actors.get(entry.actor);
        if (actor === undefined) return [];
        const event = { type: entry.kind === 'step' ? entry.event : '' };
        const about = this.#about(entry, entry.actor);
        return [{ type: '@xstate.snapshot', event, snapshot: snapshotOf(actor), ...about }];
      }
      default:
        return [];
    }
  }

  #actor(entry: Entry, actor: ActorState): StatelyMessage {
    const { parent, machine = '', path } = actor;
    this.#roots.set(actor.actor, this.#roots.get(parent ?? -1) ?? parent ?? actor.actor);
    const name = path.split('/').at(-1) ?? path;
    const model = this.#models.get(machine);
    return {
      type: '@xstate.actor',
      name,
      definition: JSON.stringify(model === undefined ? { id: name } : configOf(model)),
      parentId: parent === undefined ? undefined : idOf(parent),
      snapshot: snapshotOf(actor),
      ...this.#about(entry, actor.actor),
    };
  }

  #about({ n, at }: Entry, actor: number): Told {
    const rootId = idOf(this.#roots.get(actor) ?? actor);
    const createdAt = String(Math.round(at));
    return { rootId, sessionId: idOf(actor), createdAt, id: String(n), _version: protocol };
  }
}

const idOf = (actor: number): string => `holdfast:${actor}`;

const snapshotOf = ({ value, context }: ActorState): SnapshotTold => ({
  ...{ status: 'active', value, context },
  ...{ output: undefined, error: undefined },
});

function eventOf(event: Shown): { type: string } {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return { type: '' };
  return { ...event, type: String(event.type) };
}

// the definition --------------------------------------------------------------------------------

/** As an author would have written it; every target is an id. */
function configOf({ states, transitions }: DiagramModel): object {
  const inside = (parent: string | undefined) => states.filter((one) => one.parent === parent);
  const write = (state: StateModel): object => {
    const own = transitions.filter(({ source, plumbing }) => source === state.id && !plumbing);
    const of = (kind: TransitionModel['kind']) => own.filter((one) => one.kind === kind);
    const below = inside(state.id);
    return {
      id: state.id,
      ...(state.type === 'atomic' || state.type === 'compound' ? {} : { type: state.type }),
      ...(state.initial !== undefined && { initial: keyOf(states, state.initial) }),
      ...(state.description && { description: state.description }),
      ...(state.entry.length > 0 && { entry: state.entry.map(({ name }) => name) }),
      ...(state.exit.length > 0 && { exit: state.exit.map(({ name }) => name) }),
      ...(state.invokes.length > 0 && { invoke: state.invokes }),
      ...(below.length > 0 && {
        states: Object.fromEntries(below.map((one) => [one.key, write(one)])),
      }),
      ...many(
        'on',
        grouped([...of('on'), ...of('done')], ({ event }) => event),
      ),
      ...many(
        'after',
        grouped(of('after'), ({ delay = '' }) => delay),
      ),
      ...(of('always').length > 0 && { always: of('always').map(way) }),
    };
  };
  const [root] = inside(undefined);
  return root === undefined ? {} : write(root);
}

const keyOf = (states: readonly StateModel[], id: string): string =>
  states.find((one) => one.id === id)?.key ?? id;

const way = ({ targets, guard, actions }: TransitionModel): object => ({
  ...(targets.length > 0 && { target: targets.map((id) => `#${id}`) }),
  ...(guard !== undefined && { guard }),
  ...(actions.length > 0 && { actions: actions.map(({ name }) => name) }),
});

function grouped(
  all: readonly TransitionModel[],
  by: (one: TransitionModel) => string,
): Record<string, object[]> {
  const groups: Record<string, object[]> = {};
  for (const one of all) {
    const group = groups[by(one)] ?? [];
    group.push(way(one));
    groups[by(one)] = group;
  }
  return groups;
}

const many = (name: string, groups: Record<string, object[]>): object =>
  Object.keys(groups).length > 0 ? { [name]: groups } : {};
