/**
 * What a dialect must know and what it may use. Types only: the server knows no dialect by name,
 * and a dialect knows the server only through `House`.
 */

import type { FaultName, FaultValues } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Peer } from './peer.ts';

export type Protocol = 'plain' | 'jsonrpc' | 'openclaw';
export const protocols: readonly Protocol[] = ['plain', 'jsonrpc', 'openclaw'];

/** The answer to a fault request; `run` acts, and is called once the answer is on the wire. */
export type FaultAnswer =
  | { readonly ok: true; readonly fault: string; readonly [detail: string]: unknown }
  | { readonly ok: false; readonly error: string };
export interface FaultReply {
  readonly answer: FaultAnswer;
  readonly run: () => void;
}

export interface House {
  readonly ledger: Ledger;
  readonly peers: ReadonlySet<Peer>;
  /** changes with every restart in process; the pid does not */
  readonly bootId: string;
  readonly isReady: boolean;
  readonly log: (line: string) => void;
  /** a fault asked for over a connection, as an object or as `NAME:key=value` */
  fault(peer: Peer, given: unknown): FaultReply;
  /** the dialect's handshake is over on this connection */
  greeted(peer: Peer): void;
  stop(because: string): void;
}

/** What a dialect's own faults do; the rest belong to the server. */
export type FaultEffects = {
  readonly [N in FaultName]?: (values: FaultValues<N>) => Record<string, unknown> | undefined;
};

export interface Dialect {
  readonly name: Protocol;
  opened(peer: Peer): void;
  text(peer: Peer, text: string): void;
  binary(peer: Peer, data: Buffer): void;
  closed(peer: Peer): void;
  /** an event in the dialect's own words */
  emit(peer: Peer, name: string, payload: Record<string, unknown>): void;
  /** says goodbye before an end; `expectedMs` null means that it will not come back */
  leaving(peer: Peer, reason: string, expectedMs: number | null): { code: number; reason: string };
  /** more for /stats */
  stats(): Record<string, unknown>;
  readonly effects: FaultEffects;
}
