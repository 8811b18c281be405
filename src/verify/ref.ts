/**
 * The part of XState's running actors and of their system that is read here, beyond its public
 * types. It must never hold anything but types and what follows from them.
 */
import type { RawSnapshot } from './compile.ts';
import type { Message } from './world.ts';

export interface Ref {
  readonly id: string;
  readonly src: unknown;
  readonly _parent?: Ref;
  getSnapshot(): RawSnapshot;
  send(message: Message): void;
}

/** The part of XState's system through which every message goes. */
export interface Relay {
  _relay(source: Ref | undefined, target: Ref, event: Message): void;
}

/** `gateway/link/connection`: the ids from the root down. */
export function pathOf(ref: Ref): string {
  return ref._parent ? `${pathOf(ref._parent)}/${ref.id}` : ref.id;
}
