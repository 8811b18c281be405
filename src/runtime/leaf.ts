/**
 * The shape of everything that touches the outside: an actor that is started, told and stopped.
 * Promises that a leaf posts outside the caller's stack and never after its end, that its
 * resource is released exactly once, and that nothing it does can throw into a machine.
 */
import type { EventObject, fromCallback } from 'xstate';
import type { Defer } from '../ports.ts';

export interface LeafHost {
  defer: Defer;
  /** every resource that is held right now, to be released when all else has failed */
  held: Set<() => void>;
  /** the system has ended, well or badly: nothing may begin any more */
  over: boolean;
  /** told of an error that a leaf could not turn into a fact */
  failed(leaf: string, error: unknown): void;
}

/** One running leaf. */
export interface Running<C> {
  command?(command: C): void;
  /** idempotent; called once by the wrapper */
  release(): void;
}

export type Body<I, C, R> = (input: I, post: (report: R) => void) => Running<C>;

/** What XState runs while the actor lives; it returns how the actor ends. */
export type Play<I> = Parameters<typeof fromCallback<EventObject, I>>[0];

interface Envelope<O> extends EventObject {
  gen?: number;
  order?: O;
}

/**
 * `name` is the id under which the parent knows it. Orders (the absent halves take them) and
 * plain commands both reach `command`; reports carry the generation last taken.
 */
export function leaf<I extends { gen: number }, C extends EventObject, R extends EventObject>(
  name: string,
  host: LeafHost,
  body: Body<I, C, R>,
): Play<I> {
  return ({ input, receive, sendBack }) => {
    let gen = input.gen;
    const post = (report: R) => {
      const stamped = { type: `from.${name}`, gen, report };
      host.defer(() => {
        if (host.held.has(release)) sendBack(stamped);
      });
    };
    const attempt = <T>(run: () => T): T | undefined => {
      try {
        return run();
      } catch (error) {
        host.failed(name, error);
        return undefined;
      }
    };
    const running = host.over ? undefined : attempt(() => body(input, post));
    const release = () => {
      if (!host.held.delete(release)) return;
      attempt(() => running?.release());
    };
    if (!host.over) host.held.add(release);
    receive((event) => {
      const { type, order, gen: given } = event as Envelope<C>;
      if (type === 'order' && given !== undefined) gen = given;
      if (!host.held.has(release)) return;
      attempt(() => running?.command?.(order ?? (event as C)));
    });
    return release;
  };
}
