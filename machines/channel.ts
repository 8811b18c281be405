/**
 * The two envelopes, made once: `order` opens a new generation and sends a command to a child,
 * `report` stamps what a child has to say with the generation it serves, `current` and `heard`
 * are the choke point that lets only the generation in force in. This is the one file that tames
 * XState's action types; no machine calls `sendTo` or `sendParent` by itself.
 */
import {
  type ActorLogic,
  assign,
  type EventObject,
  enqueueActions,
  raise,
  type Snapshot,
  sendParent,
  sendTo,
} from 'xstate';

/** What every parent's context holds: the generation last opened for each child slot. */
interface Parent {
  gens: Record<string, number>;
}

/** What every child's context holds: the generation it serves. */
interface Child {
  gen: number;
}

/** An event that crosses a boundary; which fields it has depends on its direction. */
interface Envelope extends EventObject {
  gen: number;
  report: EventObject;
  order: EventObject;
}

/** What a parent needs to know of a child it never imports: a name and its input. */
// biome-ignore lint/suspicious/noExplicitAny: AnyActorSystem is not exported by XState
export type Port<Input> = ActorLogic<Snapshot<unknown>, EventObject, Input, any>;

/** Stands for the child until the runtime provides the real one. */
export const port = <Input>(name: string): Port<Input> => ({
  transition: (snapshot) => snapshot,
  getInitialSnapshot: () => {
    throw new Error(`no actor was provided for "${name}"`);
  },
  getPersistedSnapshot: (snapshot) => snapshot,
});

/** The generation in force for child `id`, to hand over as input. */
export const opened = (context: Parent, id: string): number => context.gens[id] ?? 0;

const next = (context: Parent, id: string) => ({
  gens: { ...context.gens, [id]: opened(context, id) + 1 },
});

/**
 * Entry action of the state that invokes child `id`: its reports count from here on. Also the
 * exit action of that state, where a late report of the stopped child could still be believed.
 */
export const opens = <C extends Parent, EE extends EventObject, E extends EventObject>(
  id: string,
) => assign<C, EE, undefined, E, never>(({ context }) => next(context, id) as Partial<C>);

/** Sends orders to child `id`; every report that crosses one on its way is stale from then on. */
export const orders =
  <O extends EventObject>(id: string) =>
  <C extends Parent, EE extends EventObject, E extends EventObject>(order: O) =>
    enqueueActions<C, EE, undefined, E, never, never, never, never, never>(
      ({ context, enqueue }) => {
        const { gens } = next(context, id);
        enqueue.assign({ gens } as Partial<C>);
        enqueue.sendTo(id, { type: 'order', gen: gens[id], order });
      },
    );

/** Sends hints to a child or commands to a leaf: unstamped, and no answer is owed. */
export const tell =
  <H extends EventObject>(id: string) =>
  <C extends Parent, EE extends EventObject, E extends EventObject>(hint: H) =>
    sendTo<C, EE, undefined, never, E>(id, hint as never);

/** A child's word to its parent. Use it at most once a macrostep, as the last action. */
export const report =
  <R extends EventObject>(name: string) =>
  <C extends Child, EE extends EventObject, E extends EventObject>(what: R | ((context: C) => R)) =>
    sendParent<C, EE, undefined, EventObject, E>(({ context }) => ({
      type: `from.${name}`,
      gen: context.gen,
      report: typeof what === 'function' ? what(context) : what,
    }));

/** Guard of every `from.NAME`: the report is of the generation in force. */
export const current = ({ context, event }: { context: Parent; event: EventObject }): boolean =>
  (event as Envelope).gen === opened(context, event.type.slice('from.'.length));

/** Action behind `current`: the report becomes an event of the machine itself. */
export const hears = <C extends Parent, EE extends EventObject, E extends EventObject>() =>
  raise<C, EE, E, undefined, never>(({ event }) => (event as unknown as Envelope).report as E);

/** First action on every `order`: from here on the child serves the new generation. */
export const takes = <C extends Child, EE extends EventObject, E extends EventObject>() =>
  assign<C, EE, undefined, E, never>(
    ({ event }) => ({ gen: (event as unknown as Envelope).gen }) as Partial<C>,
  );

/** Second action on every `order`: the command becomes an event of the machine itself. */
export const obeys = <C extends Child, EE extends EventObject, E extends EventObject>() =>
  raise<C, EE, E, undefined, never>(({ event }) => (event as unknown as Envelope).order as E);
