/**
 * The roles of a world, made ready to be stepped: every child of a machine is replaced by an
 * inert stand-in, so that spawning one is cheap and starts nothing.
 */
import { type AnyActorLogic, type AnyStateMachine, createActor } from 'xstate';
import type { RawAction, RawSnapshot } from './compile.ts';
import { Broken } from './fault.ts';
import type { Leaf, MachineRole, Message, Role } from './world.ts';

const inert = {
  transition: (snapshot: unknown) => snapshot,
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  getPersistedSnapshot: (snapshot: unknown) => snapshot,
} as unknown as AnyActorLogic;

/** The part of a machine that is called here. */
export interface RawMachine {
  transition(snapshot: RawSnapshot, event: Message, scope: Scope): RawSnapshot;
  getInitialSnapshot(scope: Scope, input: unknown): RawSnapshot;
}

/** What XState hands to a transition; everything that would act is a no-op. */
export interface Scope {
  readonly self: unknown;
  readonly parent: unknown;
  readonly system: unknown;
  readonly id: string;
  readonly sessionId: string;
  logger(): void;
  defer(): void;
  stopChild(): void;
  emit(): void;
  actionExecutor(action: RawAction): void;
}

/** One scope serves every step; `collect` is handed each action instead of its execution. */
export function makeScope(collect: (action: RawAction) => void): Scope {
  const parent = createActor(inert, { id: '#parent' });
  const self = createActor(inert, { id: '#self', parent } as object);
  return {
    self,
    parent,
    system: self.system,
    id: self.id,
    sessionId: self.sessionId,
    logger: () => {},
    defer: () => {},
    stopChild: () => {},
    emit: () => {},
    actionExecutor: collect,
  };
}

export interface RoleEntry {
  readonly name: string;
  readonly machine: AnyStateMachine | undefined;
  readonly leaf: Leaf | undefined;
  readonly ctxKey: ((context: object) => unknown) | undefined;
}

/** What a snapshot says of the machine that made it. */
interface Made {
  readonly machine?: unknown;
  readonly _nodes?: readonly { id: string }[];
}

export class Roles {
  /** what the entries were made from */
  readonly made: readonly Role[];
  readonly entries: readonly RoleEntry[];
  readonly #ids: ReadonlyMap<string, number>;

  /** What is the same as in `base` is taken from there. */
  constructor(roles: readonly Role[], base?: Roles) {
    this.entries = roles.map(
      (role, i) => (base?.made[i] === role && base.entries[i]) || prepare(role),
    );
    this.made = roles;
    this.#ids = new Map(roles.map(({ name }, i) => [name, i]));
  }

  at(role: number): RoleEntry {
    const entry = this.entries[role];
    if (!entry) throw new RangeError(`no role ${role}`);
    return entry;
  }

  id(name: string): number {
    const id = this.#ids.get(name);
    if (id === undefined) throw new Broken('modelled', `the world has no role '${name}'`);
    return id;
  }

  /** A snapshot that a machine with the same states made, as one of the machine of this role. */
  moved(role: number, snapshot: RawSnapshot): RawSnapshot {
    const { machine } = this.at(role);
    const made: RawSnapshot & Made = snapshot;
    if (!machine || made.machine === machine) return snapshot;
    const nodesOf = (nodes: readonly { id: string }[]) =>
      nodes.map(({ id }) => machine.getStateNodeById(id));
    const history = Object.entries(snapshot.historyValue ?? {});
    const historyValue = Object.fromEntries(history.map(([id, last]) => [id, nodesOf(last)]));
    return Object.assign(
      { ...snapshot },
      { machine, _nodes: nodesOf(made._nodes ?? []), historyValue },
    );
  }

  /** The machine of a role, as XState's own interface. */
  machine(role: number): RawMachine {
    const { machine, name } = this.at(role);
    if (!machine) throw new Broken('modelled', `role '${name}' is a leaf, not a machine`);
    return machine as unknown as RawMachine;
  }
}

export const isMachineRole = (role: Role): role is MachineRole => 'machine' in role;

function prepare(role: Role): RoleEntry {
  const { name } = role;
  if (!isMachineRole(role)) return { name, leaf: role.leaf, machine: undefined, ctxKey: undefined };
  const { actors } = role.machine.implementations as { actors: Record<string, unknown> };
  const stubs = Object.fromEntries(Object.keys(actors).map((src) => [src, inert]));
  return {
    name,
    machine: role.machine.provide({ actors: stubs } as object),
    leaf: undefined,
    ctxKey: role.ctxKey?.bind(role),
  };
}
