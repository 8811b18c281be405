/**
 * What led to where a system is: its last phases with their moments, for whoever reads the report
 * of a failure. Promises plain JSON, at most 20 of them, oldest first. It must never be read to
 * decide what happens next.
 */
import type { State } from './status.ts';

export interface Transition {
  /** wall clock, milliseconds since 1970 */
  at: number;
  state: State;
  phase: string;
  /** the sentence of the status at that moment */
  because: string;
}

const most = 20;

export class History {
  #transitions: Transition[] = [];

  /** A copy, oldest first. */
  get transitions(): Transition[] {
    return this.#transitions.slice(-most);
  }

  /** Those before it gave up, while it has given up: a failure is not among its own reasons. */
  get before(): Transition[] {
    const [last] = this.#transitions.slice(-1);
    return this.#transitions.slice(0, last?.state === 'failed' ? -1 : undefined).slice(-most);
  }

  /** Once for each line and each phase; one that has given up is noted once. */
  note(transition: Transition) {
    const last = this.#transitions.at(-1);
    const { state, phase, because } = transition;
    if (last?.state === state) {
      if (state === 'failed' || (last.phase === phase && last.because === because)) return;
    }
    this.#transitions.push(transition);
    if (this.#transitions.length > most + 1) this.#transitions.shift();
  }
}
