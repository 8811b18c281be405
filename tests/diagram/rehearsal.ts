/**
 * A machine with nothing behind its names: guards answer from a list, actions only say that they
 * were done, actors are silent, and no timer ends by itself. What is left is the statechart.
 */
import { type AnyStateMachine, createActor, createMachine, fromPromise } from 'xstate';
import { modelOf } from '../../src/diagram/model.ts';

type Config = Parameters<typeof createMachine>[0];
type Named = Record<string, unknown>;

const mapped = <T>(all: Named, change: (one: unknown) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, change(one)]));

/** Without what needs data. */
function bare(config: unknown): object {
  const { context, output, ...rest } = config as Named;
  const invokes = rest.invoke === undefined ? [] : [rest.invoke].flat();
  return {
    ...rest,
    invoke: invokes.map((one) => ({ ...(one as object), input: undefined })),
    ...(rest.states !== undefined && { states: mapped(rest.states as Named, bare) }),
  };
}

const silent = fromPromise(() => new Promise(() => {}));

/** What a guard answers is in `truths`, what an action has done goes to `did`. */
export class Stage {
  readonly truths = new Set<string>();
  readonly did: string[] = [];
  readonly #machine: AnyStateMachine;

  constructor(machine: AnyStateMachine) {
    const { states, transitions } = modelOf(machine);
    const { guards, delays, actors } = machine.implementations as unknown as Record<string, Named>;
    const acts = [
      ...states.flatMap((one) => [...one.entry, ...one.exit, ...(one.initialActions ?? [])]),
      ...transitions.flatMap(({ actions }) => actions),
    ];
    const asked = [
      ...Object.keys(guards ?? {}),
      ...transitions.flatMap(({ guard }) => guard ?? []),
    ];
    const names = {
      actions: Object.fromEntries(acts.map(({ name }) => [name, () => void this.did.push(name)])),
      guards: Object.fromEntries(asked.map((name) => [name, () => this.truths.has(name)])),
      delays: mapped(delays ?? {}, () => 1000),
      actors: mapped(actors ?? {}, () => silent),
    };
    this.#machine = createMachine(bare(machine.config) as Config, names as never);
  }

  /** An actor that has just started. */
  play(): { isRunning: () => boolean; active: () => string[]; send: (type: string) => void } {
    this.did.length = 0;
    const clock = { setTimeout: () => 0, clearTimeout: () => {} };
    const actor = createActor(this.#machine, { clock: clock as never });
    actor.start();
    const isRunning = () => actor.getSnapshot().status === 'active';
    return {
      isRunning,
      active: () => actor.getSnapshot()._nodes.map(({ id }: { id: string }) => id),
      send: (type) => isRunning() && actor.send({ type }),
    };
  }
}
