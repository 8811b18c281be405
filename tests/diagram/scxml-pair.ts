/** A machine and its SCXML, played side by side with the same answers of their guards. */
import { expect } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { modelOf } from '../../src/diagram/model.ts';
import { toScxml } from '../../src/diagram/scxml.ts';
import { everyNode, type Node, readScxml } from './read-scxml.ts';
import { Stage } from './rehearsal.ts';
import { Restless, Session } from './scxml-session.ts';

export class Pair {
  readonly #stage: Stage;
  readonly #text: Node;
  readonly #names: Map<string, string>;

  constructor(machine: AnyStateMachine) {
    this.#stage = new Stage(machine);
    this.#text = readScxml(toScxml(modelOf(machine)));
    const arrows = everyNode(this.#text).flatMap((node) => node.arrows);
    this.#names = new Map(arrows.map(({ original, events }) => [original, events[0] ?? '']));
  }

  /** Throws `Restless` before XState would never return. */
  play() {
    const { truths, did } = this.#stage;
    const isTrue = (cond: string) => truths.has(cond.replace(/^not /, '')) !== /^not /.test(cond);
    truths.clear();
    const session = new Session(this.#text, isTrue);
    const actor = this.#stage.play();
    return {
      session,
      send: (event: string, holding: readonly string[]) => {
        truths.clear();
        for (const one of holding) truths.add(one);
        session.send(this.#names.get(event) ?? event);
        actor.send(event);
      },
      /** Where each is, and what it has done since it was last asked. */
      look: () => ({
        text: { active: session.isRunning && [...session.active].sort(), did: session.takeDone() },
        machine: { active: actor.isRunning() && actor.active().sort(), did: did.splice(0) },
      }),
    };
  }
}

export type Move = [event: string, holding: readonly string[]];

/** How many moves were compared; a run that never comes to rest is called off. */
export function compare(
  pair: Pair,
  moves: Iterable<Move | ((active: Set<string>) => Move)>,
): number {
  let count = 0;
  try {
    const played = pair.play();
    for (const move of moves) {
      const { text, machine } = played.look();
      expect(text).toEqual(machine);
      if (!played.session.isRunning) return count;
      played.send(...(typeof move === 'function' ? move(played.session.active) : move));
      count += 1;
    }
    const { text, machine } = played.look();
    expect(text).toEqual(machine);
  } catch (error) {
    if (!(error instanceof Restless)) throw error;
  }
  return count;
}
