/**
 * Takes fault requests from every channel and answers them. It promises one answer for each, before
 * the fault acts: the asker may be the next to lose its connection. It must never let a bad request
 * or a failing fault reach the server.
 */

import type { FaultAnswer, FaultReply } from './dialect.ts';
import { checkMeaning, effects, type Stage } from './effects.ts';
import { checkFault, FaultError, readFault } from './fault-request.ts';
import { type FaultRequest, faults } from './faults.ts';

type Perform = (values: unknown) => Record<string, unknown> | undefined;

export class FaultDesk {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** A request that came while running: an object, or `NAME:key=value`. Never throws. */
  order(given: unknown): FaultReply {
    try {
      const moment = 'run';
      const read = typeof given === 'string' ? readFault(given, moment) : checkFault(given, moment);
      return this.#reply(read);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const answer: FaultAnswer = { ok: false, error: message };
      return { answer, run: () => {} };
    }
  }

  /** A request from the command line. Throws a FaultError. */
  perform(request: FaultRequest): void {
    this.#reply(request).run();
  }

  #reply(request: FaultRequest): FaultReply {
    const { name, values, afterMs } = request;
    const perform = this.#performer(request);
    checkMeaning(name, values);
    const act = () => {
      // The one value that is a secret stays out of the log.
      this.#stage.log(`fault ${name} ${name === 'token' ? '' : JSON.stringify(values)}`.trimEnd());
      try {
        return perform(values);
      } catch (error) {
        this.#stage.log(`fault ${name} failed: ${String(error)}`);
        return undefined;
      }
    };
    const answer = { ok: true, fault: name } as const;
    if (afterMs > 0) return { answer, run: () => void setTimeout(act, afterMs) };
    // The only fault whose answer is worth waiting for.
    if (name === 'grandchild') return { answer: { ...answer, ...act() }, run: () => {} };
    return { answer, run: () => void act() };
  }

  #performer({ name }: FaultRequest): Perform {
    const { dialect } = this.#stage;
    const own = effects[name] as ((stage: Stage, values: unknown) => undefined) | undefined;
    if (own) return (values) => own(this.#stage, values);
    const theirs = dialect.effects[name] as Perform | undefined;
    if (theirs) return theirs;
    const needed = faults[name].when === 'openclaw' ? 'openclaw' : 'another';
    throw new FaultError(`fault ${name} needs --protocol ${needed}, got ${dialect.name}`);
  }
}
