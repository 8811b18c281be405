/**
 * Figures for whoever counts: how long a start took and in which parts, what became of each
 * restart and of each attempt to connect again. Promises each once, when its outcome is known, in
 * plain numbers and words of its own, no text of anybody else. It watches the machines and must
 * never be read to decide what they do.
 */
import type { Clock } from '../ports.ts';
import type { Facts } from './facts.ts';
import type { SystemView } from './view.ts';

/** Durations are whole milliseconds; a part that there was not is null. */
export type Metric =
  | {
      /** from `start()` to the first `running`; `value` is `totalMs` */
      name: 'startup';
      value: number;
      attributes: {
        /** `plan` and `beforeSpawn` of the process that got ready */
        planMs: number | null;
        spawnToReadyMs: number | null;
        readyToOpenMs: number | null;
        totalMs: number;
      };
    }
  | {
      /** `value`: from the request or the loss to its outcome */
      name: 'restart';
      value: number;
      attributes: {
        /** who asked; or what nobody asked for: an exit, a process that does not serve */
        by: 'user' | 'host' | 'exit' | 'doubt';
        /** `superseded`: stopped before, as `refused` and `joined` nothing was restarted for it */
        outcome: 'replaced' | 'joined' | 'superseded' | 'refused' | 'failed';
      };
    }
  | {
      /** `value`: how long the attempt itself took */
      name: 'reconnect';
      value: number;
      attributes: {
        /** 1 for the first after a connection that was stable */
        attempt: number;
        /** the wait before it */
        delayMs: number;
        /** `abandoned`: a stop, another target or the end of the process came before */
        outcome: 'open' | 'failed' | 'abandoned';
      };
    };

type Restart = Extract<Metric, { name: 'restart' }>['attributes'];

interface Attempt {
  id: unknown;
  at: number;
  number: number;
  delayMs: number;
}

export class Metrics {
  /** How often each came, by name and outcome; none ever falls. */
  readonly counts: Record<string, number> = {};
  #clock: Clock;
  #facts: Facts;
  #emit: (metric: Metric) => void;
  /** when it was wanted, until it runs for the first time */
  #begunAt: number | null = null;
  #wasWanted = false;
  #planFrom: number | null = null;
  #planMs: number | null = null;
  /** a process that ran and is being replaced, and nobody asked for it */
  #loss: { at: number; by: 'exit' | 'doubt' } | null = null;
  #waitFrom: number | null = null;
  #attempt: Attempt | null = null;

  constructor(clock: Clock, facts: Facts, emit: (metric: Metric) => void) {
    this.#clock = clock;
    this.#facts = facts;
    this.#emit = emit;
  }

  /** A machine took a step. */
  look(view: SystemView) {
    const now = this.#clock.now();
    this.#lookAtPlan(view, now);
    this.#lookAtLife(view, now);
    this.#lookAtLink(view, now);
  }

  /** Somebody asked for a restart; to be told what became of it. */
  asked(by: Restart['by']): (outcome: Restart['outcome']) => void {
    const at = this.#clock.now();
    return (outcome) => this.#restarted(at, by, outcome);
  }

  #lookAtPlan({ supervisor }: SystemView, now: number) {
    if (supervisor?.in('preparing')) this.#planFrom ??= now;
    else if (this.#planFrom !== null) {
      this.#planMs = Math.round(now - this.#planFrom);
      this.#planFrom = null;
    }
  }

  #lookAtLife({ gateway }: SystemView, now: number) {
    const failed = gateway.in('life.wanted.failed');
    const wanted = gateway.in('life.wanted') && !failed;
    if (wanted && !this.#wasWanted) this.#begunAt = now;
    this.#wasWanted = wanted;
    if (gateway.in('life.wanted.running')) {
      this.#started(now);
      this.#recovered('replaced');
    } else if (!wanted) {
      this.#begunAt = null;
      this.#recovered(failed || gateway.in('life.unkillable') ? 'failed' : 'superseded');
    } else if (this.#begunAt === null) {
      const doubted = gateway.in('life.wanted.cycling') && gateway.context.doubted === true;
      if (doubted) this.#loss ??= { at: now, by: 'doubt' };
      if (gateway.in('life.wanted.recovering')) this.#loss ??= { at: now, by: 'exit' };
    }
  }

  #started(now: number) {
    if (this.#begunAt === null) return;
    const totalMs = Math.round(now - this.#begunAt);
    this.#begunAt = null;
    const { spawned, ready, opened } = this.#facts.moments;
    const attributes = {
      planMs: this.#planMs,
      spawnToReadyMs: between(spawned, ready),
      readyToOpenMs: between(ready, opened),
      totalMs,
    };
    this.#say('startup', { name: 'startup', value: totalMs, attributes });
  }

  #recovered(outcome: Restart['outcome']) {
    if (this.#loss === null) return;
    const { at, by } = this.#loss;
    this.#loss = null;
    this.#restarted(at, by, outcome);
  }

  #restarted(at: number, by: Restart['by'], outcome: Restart['outcome']) {
    const value = Math.round(this.#clock.now() - at);
    const metric: Metric = { name: 'restart', value, attributes: { by, outcome } };
    this.#say(`restart.${outcome}`, metric);
  }

  #lookAtLink({ reconnect }: SystemView, now: number) {
    const opening = reconnect?.in('trying.opening') ?? false;
    const id = (reconnect?.context.gens as { connection?: unknown } | undefined)?.connection;
    if (this.#attempt !== null && !(opening && this.#attempt.id === id)) {
      const open = this.#attempt.id === id && (reconnect?.in('trying.up') ?? false);
      const given = ['waiting', 'paused', 'failed'].some((state) => reconnect?.in(state));
      this.#tried(this.#attempt, now, open ? 'open' : given ? 'failed' : 'abandoned');
    }
    const number = Number(reconnect?.context.tries ?? 0);
    if (opening && number > 0 && this.#attempt === null) {
      const delayMs = this.#waitFrom === null ? 0 : Math.round(now - this.#waitFrom);
      this.#attempt = { id, at: now, number, delayMs };
    }
    if (reconnect?.in('waiting')) this.#waitFrom ??= now;
    else this.#waitFrom = null;
  }

  #tried({ at, number, delayMs }: Attempt, now: number, outcome: 'open' | 'failed' | 'abandoned') {
    this.#attempt = null;
    const attributes = { attempt: number, delayMs, outcome };
    const value = Math.round(now - at);
    this.#say(`reconnect.${outcome}`, { name: 'reconnect', value, attributes });
  }

  #say(count: string, metric: Metric) {
    this.counts[count] = (this.counts[count] ?? 0) + 1;
    this.#emit(metric);
  }
}

const between = (from: number | null, to: number | null): number | null =>
  from === null || to === null || to < from ? null : Math.round(to - from);
