/**
 * When the wait that a machine is in will end, by the clock on the wall: stamped once, when the
 * machine has planned it. It is for people; it must never be read to decide that a wait is over.
 */
import type { Clock } from '../ports.ts';
import type { SystemView } from './view.ts';

export class PlannedWait {
  /** wall clock of the moment the present wait ends, when there is one */
  endsAt: number | null = null;
  #clock: Clock;
  /** each wait is planned with luck of its own */
  #luck: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  look({ supervisor, reconnect }: SystemView) {
    const waiting = supervisor?.in('backingOff')
      ? supervisor
      : reconnect?.in('waiting')
        ? reconnect
        : null;
    if (waiting === null) {
      this.endsAt = null;
      this.#luck = undefined;
    } else if (waiting.context.luck !== this.#luck) {
      this.#luck = waiting.context.luck;
      const floorMs = waiting === reconnect ? Number(waiting.context.floorMs) : 0;
      this.endsAt = this.#clock.wallNow() + Number(waiting.context.waitMs) + floorMs;
    }
  }
}
