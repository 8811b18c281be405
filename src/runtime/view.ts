/**
 * Reads the actor system: which state each machine of it is in. Promises one plain picture of
 * all six machines at one moment; it must never keep a reference to an actor.
 */
import type { AnyActorRef, AnyMachineSnapshot, StateValue } from 'xstate';

/** One machine's state as `parent.child` paths, and the numbers of its context worth showing. */
export interface MachineView {
  /** true when one of its active states is this one or lies within it */
  in(path: string): boolean;
  context: Readonly<Record<string, unknown>>;
}

export interface SystemView {
  gateway: MachineView;
  supervisor: MachineView | null;
  process: MachineView | null;
  reconnect: MachineView | null;
  connection: MachineView | null;
  heartbeat: MachineView | null;
}

export function viewOf(root: AnyActorRef): SystemView {
  const service = child(root, 'service');
  const link = child(root, 'link');
  const connection = child(link, 'connection');
  return {
    gateway: machine(root) as MachineView,
    supervisor: machine(service),
    process: machine(child(service, 'process')),
    reconnect: machine(link),
    connection: machine(connection),
    heartbeat: machine(child(connection, 'heartbeat')),
  };
}

/** Restarts charged inside the window. */
export function charges({ supervisor }: SystemView): number {
  const charged = supervisor?.context.charged;
  return Array.isArray(charged) ? charged.length : 0;
}

/** Waits for somebody outside; not while it tries again because somebody came. */
export function paused({ gateway, reconnect }: SystemView): boolean {
  return gateway.in('life.wanted.linking.held') && (reconnect?.in('paused') ?? false);
}

function child(actor: AnyActorRef | undefined, id: string): AnyActorRef | undefined {
  return actor?.getSnapshot().children?.[id];
}

function machine(actor: AnyActorRef | undefined): MachineView | null {
  const snapshot: AnyMachineSnapshot | undefined = actor?.getSnapshot();
  if (snapshot?.value === undefined) return null;
  return { in: (path) => isIn(snapshot.value, path), context: snapshot.context };
}

/** Paths are few, and asked for after every change. */
const steps = new Map<string, readonly string[]>();

/** Whether one of the active states is this one or lies within it. */
export function isIn(value: StateValue, path: string): boolean {
  let known = steps.get(path);
  if (known === undefined) {
    known = path.split('.');
    steps.set(path, known);
  }
  return within(value, known, 0);
}

function within(value: StateValue, path: readonly string[], at: number): boolean {
  const head = path[at];
  if (head === undefined) return true;
  if (typeof value === 'string') return value === head && at === path.length - 1;
  const inner = value[head];
  return inner !== undefined && within(inner, path, at + 1);
}

/** Where a system stands that has no actors: none yet, or none that can be trusted. */
export const rest = (at: string): SystemView => ({
  gateway: { in: (path) => `${at}.`.startsWith(`${path}.`), context: {} },
  supervisor: null,
  process: null,
  reconnect: null,
  connection: null,
  heartbeat: null,
});
