/**
 * What one run of a simulation is: the subject's options, the shape of its world, and everything
 * that goes wrong or is asked for, each with its moment. It promises plain data that follows from
 * the seed and the number of the run alone, so that a run can be repeated, and shortened.
 */
import { Chance } from './chance.ts';
import { type Act, faults, type Kind, kinds } from './faults.ts';

/** What can be wrong for a while. */
export type Condition =
  /** nobody listens */
  | 'refused'
  /** the upgrade is answered with 503 */
  | 'unavailable'
  /** the upgrade is not answered */
  | 'blackHole'
  /** the upgrade takes its time */
  | 'slowUpgrade'
  /** packets take their time */
  | 'slowLines'
  /** the handshake is not answered */
  | 'mute'
  /** the service asks for patience and says how long */
  | 'limited'
  /** requests are not answered */
  | 'unanswering'
  /** a terminate signal changes nothing */
  | 'stubborn'
  /** not even SIGKILL ends it */
  | 'unkillable'
  /** there is nothing to run */
  | 'unspawnable'
  /** neither spawned nor failed */
  | 'spawnHangs'
  /** it runs, and never serves */
  | 'unready'
  /** it does not survive that its configuration is read anew */
  | 'brittle'
  /** it leaves descendants that outlive it */
  | 'fertile'
  /** what is simultaneous happens in any order */
  | 'disorder'
  /** timers that are due close to each other fire in the same turn */
  | 'bunched';

export interface Script {
  /** of the dice that the run itself rolls: jitter, disorder */
  seed: number;
  protocol: 'plain' | 'jsonrpc' | 'openclaw';
  halves: 'both' | 'link' | 'process';
  ready: 'none' | 'line' | 'probe' | 'protocol';
  heartbeat: 'probe' | 'misses' | 'observe' | 'off';
  /** between two pings, and of silence before a probe */
  beatMs: number;
  attemptsMax: number | null;
  jitter: number;
  graceMs: number;
  /** from the spawn until it serves */
  bootMs: number;
  /** from a terminate signal, or whatever else asks it to end, to the exit */
  drainMs: number;
  /** how it is asked to end before it is signalled */
  graceful: 'not' | 'stdin' | 'signal' | 'request';
  /** how it is made to read its configuration anew */
  reload: 'restart' | 'signal' | 'request';
  /** there is a command that mends a refused configuration */
  mends: boolean;
  /** of every packet */
  latencyMs: number;
  /** the app starts or resumes again what has stopped or given up, so long after it has */
  patienceMs: number;
  /** when the world begins to behave */
  endMs: number;
  acts: readonly Act[];
}

const hourMs = 3_600_000;

export function scriptOf(seed: number, run: number, hours: number): Script {
  const dice = new Chance(seed).fork(run);
  const halves = dice.of(['both', 'both', 'both', 'both', 'link', 'process']);
  const protocol = dice.of(['plain', 'jsonrpc', 'openclaw', 'openclaw']);
  const ready = dice.of(['none', 'line', 'line', 'probe', 'protocol']);
  const endMs = Math.round(hours * hourMs);
  const ways = dice.fork(2);
  // where there is nobody to send a request to, it is a signal
  const request = halves === 'both' && protocol !== 'plain' ? 'request' : 'signal';
  return {
    seed: dice.below(2 ** 31),
    protocol,
    halves,
    ready: ready === 'protocol' && halves === 'process' ? 'line' : ready,
    heartbeat: dice.of(['probe', 'probe', 'misses', 'observe', 'off']),
    beatMs: dice.of([15_000, 30_000, 60_000]),
    attemptsMax: dice.isTrue(0.1) ? dice.between(3, 12) : null,
    jitter: dice.of([0, 0.5, 0.5, 1]),
    graceMs: dice.of([1_000, 5_000, 10_000]),
    bootMs: dice.between(10, 8_000),
    drainMs: dice.between(1, 4_000),
    graceful: ways.of(['not', 'not', 'stdin', 'signal', request]),
    reload: ways.of(['restart', 'signal', request]),
    mends: ways.isTrue(0.5),
    latencyMs: dice.of([0, 0, 1, 20, 200]),
    patienceMs: dice.between(5_000, 90_000),
    endMs,
    acts: actsOf(dice.fork(1), endMs, halves),
  };
}

/** A mix of its own for each run: some kinds never, some often. */
function actsOf(dice: Chance, endMs: number, halves: Script['halves']): Act[] {
  const possible = kinds.filter((kind) => fits(faults[kind].about, halves));
  const mix = possible.map((kind) => ({
    kind,
    weight: faults[kind].weight * dice.of([0, 1, 1, 1, 3]),
  }));
  const meanMs = dice.between(70_000, 260_000);
  const acts: Act[] = [];
  for (let at = dice.gap(meanMs); at < endMs; at += dice.gap(meanMs)) {
    const kind = drawn(mix, dice);
    acts.push({ at, kind, forMs: faults[kind].forMs(dice), value: dice.below(1_000) });
  }
  return acts;
}

function drawn(mix: readonly { kind: Kind; weight: number }[], dice: Chance): Kind {
  const whole = mix.reduce((sum, { weight }) => sum + weight, 0);
  let left = dice.next() * whole;
  for (const { kind, weight } of mix) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'start';
}

const fits = (about: 'link' | 'process' | 'any', halves: Script['halves']): boolean =>
  about === 'any' || halves === 'both' || halves === about;
