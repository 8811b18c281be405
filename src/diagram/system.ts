/**
 * The actor system as one picture: who runs whom, in which state, and which messages pass each
 * way. It promises what the definitions say: a child is told what its machine handles under its
 * own name, or what its parent handles too; it says what its parent handles under the child's
 * name; a leaf takes and says what its automaton does. It must never be drawn by hand.
 */

import type { AnyStateMachine } from 'xstate';
import { type DiagramModel, modelOf, type StateModel, type TransitionModel } from './model.ts';

/** What stands behind the name by which an actor is invoked. */
export interface Role {
  name: string;
  machine?: AnyStateMachine;
  leaf?: {
    emits: Readonly<Record<string, readonly { report: { type: string } }[]>>;
    receives?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

/** Who is there, by the name under which each is invoked, and what the root is asked. */
export interface System {
  roles: readonly Role[];
  root: string;
  user: readonly { event: { type: string } }[];
}

export function isSystem(value: unknown): value is System {
  if (typeof value !== 'object' || value === null) return false;
  const { roles, root, user } = value as Partial<System>;
  return Array.isArray(roles) && Array.isArray(user) && typeof root === 'string';
}

/** Everything that is said. */
export function systemOf({ roles, root, user }: System): DiagramModel {
  const actors = roles.map((role) => new Actor(role));
  const asks = [...new Set(user.map(({ event }) => event.type))];
  return {
    ...picture('system', actors, [{ ...box('host'), outside: true }]),
    description: 'Who runs whom, and what they say to each other.',
    transitions: [
      ...asks.map((label, i) => message(`host:${i}`, 'host', root, label)),
      ...actors.flatMap((parent) => parent.talk(actors)),
    ],
  };
}

/** Only who runs whom, and where. */
export function actorsOf({ roles }: System): DiagramModel {
  const actors = roles.map((role) => new Actor(role));
  return {
    ...picture('actors', actors, []),
    description: 'Who runs whom, and in which state.',
    transitions: actors.flatMap((parent) => parent.runs(actors)),
  };
}

function picture(id: string, actors: readonly Actor[], more: readonly StateModel[]) {
  const top: StateModel = { ...bare, id, key: id, path: '', type: 'compound' };
  const boxes = [...more, ...actors.map((actor) => actor.box)];
  const states = [top, ...boxes.map((one) => ({ ...one, parent: id }))];
  return { id, direction: 'RIGHT' as const, states };
}

const bare = { entry: [], exit: [], invokes: [], tags: [] };

const box = (name: string): StateModel => ({
  ...bare,
  id: name,
  key: name,
  path: name,
  type: 'atomic',
});

const message = (id: string, from: string, to: string, label: string): TransitionModel => ({
  id,
  source: from,
  targets: [to],
  event: label,
  label,
  kind: 'on',
  actions: [],
  reenter: false,
  plumbing: false,
});

class Actor {
  readonly name: string;
  readonly #role: Role;
  readonly #model: DiagramModel | undefined;

  constructor(role: Role) {
    this.name = role.name;
    this.#role = role;
    this.#model = role.machine && modelOf(role.machine);
  }

  /** A machine is a closed composite, a leaf stands beyond the machines. */
  get box(): StateModel {
    if (!this.#model) return { ...box(this.name), outside: true };
    return { ...box(this.name), inside: this.#model.states.length - 1 };
  }

  /** What its parent tells it: orders and hints, or the commands of a leaf. */
  #takes(parent: Actor): string[] {
    const { leaf } = this.#role;
    if (leaf) return [...new Set(Object.values(leaf.receives ?? {}).flatMap(Object.keys))];
    const heard = this.#events.filter((event) => !this.#isOfChild(event));
    return heard.filter((event) => this.#isOwn(event) || parent.#events.includes(event));
  }

  /** What it says, as far as its parent listens. */
  #says(parent: Actor): string[] {
    const { leaf } = this.#role;
    if (!leaf) return parent.#events.filter((event) => this.#isOwn(event));
    const reports = Object.values(leaf.emits).flat();
    return [...new Set(reports.map(({ report }) => report.type))];
  }

  runs(actors: readonly Actor[]): TransitionModel[] {
    return this.#children(actors).map((child) => {
      return message(`${child.name}:0`, this.name, child.name, `in ${this.#placesOf(child)}`);
    });
  }

  /** Everything that passes between it and each of its children. */
  talk(actors: readonly Actor[]): TransitionModel[] {
    return this.#children(actors).flatMap((child) => {
      const down = [`runs in ${this.#placesOf(child)}`, ...child.#takes(this)];
      const up = child.#says(this);
      return [
        ...down.map((label, i) => message(`${child.name}:${i}`, this.name, child.name, label)),
        ...up.map((label, i) =>
          message(`${child.name}:${down.length + i}`, child.name, this.name, label),
        ),
      ];
    });
  }

  #isOfChild(event: string): boolean {
    const { states } = this.#model ?? { states: [] };
    return states.some(({ invokes }) => invokes.some(({ src }) => event.startsWith(`${src}.`)));
  }

  #isOwn(event: string): boolean {
    return event.startsWith(`${this.name}.`);
  }

  /** Events of its author's, each once, in the order in which they are handled. */
  get #events(): string[] {
    const handled = this.#model?.transitions.filter(({ kind, plumbing }) => {
      return kind === 'on' && !plumbing;
    });
    return [...new Set(handled?.map(({ event }) => event))];
  }

  #children(actors: readonly Actor[]): Actor[] {
    const invoked = this.#model?.states.flatMap(({ invokes }) => invokes.map(({ src }) => src));
    return actors.filter(({ name }) => invoked?.includes(name));
  }

  #placesOf({ name }: Actor): string {
    const states = this.#model?.states.filter(({ invokes }) =>
      invokes.some(({ src }) => src === name),
    );
    return (states ?? []).map(({ path }) => path || 'any state').join(', ');
  }
}
