/**
 * What steppers of nearly the same world share: every event, snapshot and first step by its
 * number. It must never depend on a machine but through the steps that are kept in it.
 */
import type { RawSnapshot } from './compile.ts';
import { Interner } from './intern.ts';
import type { EventEntry, Step } from './program.ts';
import type { Token } from './tokens.ts';

export interface SnapshotEntry {
  readonly id: number;
  readonly role: number;
  /** undefined for a leaf */
  readonly snapshot: RawSnapshot | undefined;
  /** state of a leaf's automaton */
  readonly state: string | undefined;
  readonly token: Token;
  /** id of the same snapshot with a stale token, -1 until it is asked for */
  stale: number;
  readonly key: string;
  readonly steps: Map<number, Step>;
}

export interface InitEntry {
  readonly role: number;
  readonly input: unknown;
  step: Step | undefined;
}

/** One row of a role's table. */
export interface TableRow {
  readonly snapshot: number;
  readonly event: number;
  readonly step: Step;
}

export class Memo {
  readonly names = new Interner<string>();
  readonly timers = new Interner<{ id: string; delay: string }>();
  readonly events = new Interner<EventEntry>();
  readonly snapshots = new Interner<SnapshotEntry>();
  readonly inits = new Interner<InitEntry>();
  /** types known to travel in an envelope, and types known to travel bare */
  readonly inner = new Set<string>();
  readonly outer = new Set<string>();

  /** Everything that is known of a role so far. */
  rows(role: number): TableRow[] {
    return this.snapshots
      .values()
      .filter((entry) => entry.role === role)
      .flatMap(({ id, steps }) =>
        [...steps].map(([event, step]) => ({ snapshot: id, event, step })),
      );
  }
}
