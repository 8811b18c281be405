/**
 * `holdfast/testing`: the model checker as an assertion, and its counterexamples as tests. It must
 * never pass what was not explored to the end: a bound that was hit is an error like a broken
 * promise.
 */
import type { AnyStateMachine } from 'xstate';
import { alone, isMachine } from './alone.ts';
import { exploreWhile } from './explore.ts';
import { type Recording, type Retrace, retrace } from './retrace.ts';
import { brokenRule } from './rules.ts';
import { formatResult, formatTrace } from './trace.ts';
import type { ExploreOptions, Result, World } from './world.ts';

export { type SimulateOptions, simulate } from '../simulate/index.ts';
export { alone } from './alone.ts';
export type { Recording, Retrace } from './retrace.ts';
export type { ExploreOptions, Promises, Result, View, World } from './world.ts';

/** `delivery` is `async` when it is not given; all others as for `explore`. */
export type CheckOptions = Omit<ExploreOptions, 'delivery'> &
  Partial<Pick<ExploreOptions, 'delivery'>>;

/**
 * Explores every state of a world, or of one machine alone, and returns what was covered.
 *
 *     await check(world, { inFlight: 2, promises });
 *
 * Throws an Error whose message is the shortest trace to the broken promise; and one that names
 * the bounds when they kept it from exploring everything.
 */
export async function check(
  subject: World | AnyStateMachine,
  options: CheckOptions = {},
): Promise<Result> {
  const world = isMachine(subject) ? alone(subject) : subject;
  if (world.roles.length === 0) throw new Error('the world has no machine: nothing was checked');
  const broken = brokenRule(world);
  if (broken) throw new Error(formatTrace(broken));
  const result = await exploreWhile(world, { delivery: 'async', ...options }, () => true);
  if (result.violation) throw new Error(formatTrace(result.violation));
  if (result.cut + result.overflow > 0) throw new Error(`not proved: ${formatResult(result)}`);
  return result;
}

/**
 * Makes a recorded counterexample again, on the checker and on real actors, and returns what
 * became of it. `missing` is the first move that can no longer be made: what led on from there is
 * gone, and with it the way to the broken promise.
 *
 *     await replay(world, { delivery: 'async', inFlight: 2, promises, moves });
 *
 * Throws an Error that begins with the name of the promise while it still breaks; one when checker
 * and actors differ; and one when a command of the user is missing, because then the recording is
 * out of date and shows nothing.
 */
export async function replay(world: World, recording: Recording): Promise<Retrace> {
  const made = retrace(world, recording);
  const { model, actors, difference, missing, trace } = made;
  const broken = model ?? actors;
  if (broken) throw new Error(formatTrace({ ...broken, trace }));
  if (difference !== undefined) throw new Error(`checker and actors differ: ${difference}`);
  if (missing?.move.startsWith('user → ')) {
    const { number, move } = missing;
    throw new Error(`move ${number} is no command of this world; record anew: ${move}`);
  }
  return made;
}
