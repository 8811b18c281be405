/**
 * Random commands to a real gateway with real processes and real sockets: starts, stops, restarts,
 * reloads, retargets, crashes, closes and resumes, in any order and at any distance, with a quit or
 * a dispose at the end. What must hold is watched while it happens and proved by the processes
 * themselves. It must never count on a command to succeed, only on it to settle.
 */

import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { childProcess } from '../../src/drivers/child-process.ts';
import { isHoldfastError } from '../../src/index.ts';
import type { ProcessDriver } from '../../src/ports.ts';
import type { Gateway } from '../../src/runtime/gateway.ts';
import { type Peers, peers } from './peers.ts';
import { kinds, reloadKinds, Watched } from './watched.ts';

type Deed = (life: Life) => void;

/** One life under way, and what its commands have come to. */
class Life {
  readonly gateway: Gateway;
  readonly peers: Peers;
  readonly watched: Watched;
  readonly verbs: { name: string; settled: boolean; done: Promise<void> }[] = [];
  readonly outcomes = new Map<string, number>();
  readonly wrong: unknown[] = [];
  target = 0;

  constructor(script: Script, world: World) {
    this.peers = world.peers;
    this.watched = new Watched(script, world.driver, () => world.peers.urls[this.target] ?? '');
    this.gateway = this.watched.gateway;
  }

  /** A verb may be refused, in our words; it may not hang, and no machine may break over it. */
  ask(name: string, promise: Promise<unknown>): void {
    const verb = { name, settled: false, done: Promise.resolve() };
    const settle = (how: string) => {
      verb.settled = true;
      count(this.outcomes, how);
    };
    verb.done = promise.then(
      (value) => settle(`${name}: ${outcomeOf(value)}`),
      (error: unknown) => {
        settle(`${name}: ${isHoldfastError(error) ? error.code : String(error)}`);
        if (!isHoldfastError(error) || error.code === 'HF_INTERNAL') this.wrong.push(error);
      },
    );
    this.verbs.push(verb);
  }

  crash(): void {
    const { process: own } = this.gateway.status;
    if (own?.pid === undefined) return;
    count(this.outcomes, 'crash: of a living process');
    process.kill(own.pid, 'SIGKILL');
  }
}

const outcomeOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'outcome' in value
    ? String(value.outcome)
    : 'settled';

function count(tally: Map<string, number>, what: string, by = 1): void {
  tally.set(what, (tally.get(what) ?? 0) + by);
}

const close = (code: number): Deed => {
  return ({ peers }) => peers.close(code);
};

/** What may happen in the middle of a life. */
const deeds: Readonly<Record<string, Deed>> = {
  start: (life) => life.ask('start', life.gateway.start()),
  stop: (life) => life.ask('stop', life.gateway.stop()),
  'stop in a hurry': (life) => life.ask('stop', life.gateway.stop({ deadlineMs: 5 })),
  restart: (life) => life.ask('restart', life.gateway.restart()),
  'restart, settling': (life) => life.ask('restart', life.gateway.restart({ settleMs: 15 })),
  'restart by the host': (life) => life.ask('restart', life.gateway.restart({ by: 'host' })),
  reload: (life) => life.ask('reload', life.gateway.reload()),
  'reload, settling': (life) => life.ask('reload', life.gateway.reload({ settleMs: 15 })),
  ready: (life) => life.ask('ready', life.gateway.ready({ timeoutMs: 300 })),
  'next ready': (life) => life.ask('nextReady', life.gateway.nextReady({ timeoutMs: 300 })),
  retry: (life) => life.ask('retryNow', life.gateway.retryNow()),
  retarget: (life) => {
    life.target = 1 - life.target;
    life.ask('retarget', life.gateway.retarget({}));
  },
  crash: (life) => life.crash(),
  reset: ({ peers }) => peers.reset(),
  'close 1000': close(1000),
  'close 1012': close(1012),
  'host resumed': ({ watched }) => watched.resume(),
};

const killing = 'killNow, quit';

/** How a life ends, for good. */
const endings: Readonly<Record<string, (gateway: Gateway) => Promise<unknown>>> = {
  quit: (gateway) => gateway.quit({ withinMs: 1_000 }),
  'quit at once': (gateway) => gateway.quit({ withinMs: 0 }),
  dispose: (gateway) => gateway.dispose(),
  'stop, dispose': (gateway) => gateway.stop().then(() => gateway.dispose()),
  [killing]: (gateway) => {
    gateway.killNow();
    return gateway.quit();
  },
};

const step = fc.record({
  deed: fc.constantFrom(...Object.keys(deeds)),
  /** until the next one: none, a turn, some milliseconds, or until there is nothing to wait for */
  wait: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('none', 'turn', 'calm', 'calm') },
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 25 }) },
    // a reload is watched for a second and a half
    { weight: 1, arbitrary: fc.constant('long') },
  ),
});

export const script = fc.record({
  /** one process after another, over and over */
  kinds: fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 5 }),
  luck: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  cooldownMs: fc.constantFrom(0, 10),
  reload: fc.constantFrom(...reloadKinds),
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
  ending: fc.constantFrom(...Object.keys(endings)),
});
export type Script = typeof script extends fc.Arbitrary<infer S> ? S : never;
type Wait = Script['steps'][number]['wait'];

interface World {
  peers: Peers;
  driver: ProcessDriver;
}

/** Whatever is true of every run, added up. */
export interface Tally {
  seed: number;
  sequences: number;
  commands: Map<string, number>;
  outcomes: Map<string, number>;
  spawns: number;
  /** service processes alive at once, over all looks at the system and before every spawn */
  aliveMax: number;
  looks: number;
  tookMs: number;
}

/** A turn of the event loop, for at most `ms`, until it is so. */
async function turnsUntil(isSo: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() > end) return false;
    await pause(2);
  }
  return true;
}

async function waits(life: Life, wait: Wait): Promise<void> {
  if (typeof wait === 'number') await pause(wait);
  if (wait === 'turn') await new Promise(setImmediate);
  if (wait !== 'calm' && wait !== 'long') return;
  const calm = ['stopped', 'running', 'failed'];
  const { gateway } = life;
  // nobody promises that it gets there: a start may be failing again and again
  await turnsUntil(
    () => calm.includes(gateway.status.state) && !gateway.status.pending.length,
    wait === 'long' ? 2_500 : 300,
  );
}

/** Throws when anything did not hold. */
async function live(script: Script, world: World, tally: Tally): Promise<void> {
  const life = new Life(script, world);
  const { watched, gateway } = life;
  const before = holdings();
  try {
    life.ask('start', gateway.start());
    for (const { deed, wait } of script.steps) {
      deeds[deed]?.(life);
      count(tally.commands, deed);
      watched.look(`after ${deed}`);
      await waits(life, wait);
    }
    count(tally.commands, script.ending);
    life.ask(script.ending, endings[script.ending]?.(gateway) ?? Promise.reject());
    watched.look(`after ${script.ending}`);
    const isOver = () => life.verbs.every(({ settled }) => settled);
    await turnsUntil(isOver, 8_000);
    const hanging = life.verbs.filter(({ settled }) => !settled).map(({ name }) => name);
    // it says that nobody survives, not that the system is done with them
    if (script.ending === killing) await turnsUntil(() => watched.left.length === 0, 3_000);
    watched.over(hanging, life.wrong);
    const isEmpty = () => world.peers.clients === 0 && added(before).length === 0;
    if (!(await turnsUntil(isEmpty, 3_000))) {
      throw new Error(`still held: ${added(before).join()}; ${world.peers.clients} clients`);
    }
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${watched.journal}`);
  } finally {
    await watched.clear();
    tally.sequences += 1;
    tally.spawns += watched.spawns;
    tally.looks += watched.looks;
    tally.aliveMax = Math.max(tally.aliveMax, watched.aliveMax);
    for (const [what, times] of life.outcomes) count(tally.outcomes, what, times);
  }
}

/** Runners have timers of their own; those of the gateway are counted by its clock. */
const holdings = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Process|Pipe|Signal|FSReq/.test(name));

/** What is held now and was not held before. */
function added(before: readonly string[]): string[] {
  const known = [...before];
  return holdings().filter((name) => {
    const at = known.indexOf(name);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}

function complaint({ seed, counterexamplePath, errorInstance, counterexample }: Failed): string {
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const again = `SEED=${seed} SEED_PATH=${counterexamplePath}`;
  const command =
    'npx vitest run --config tests/proofs.config.ts --mode full tests/e2e/sequences.full.ts';
  return `${reason}\nthe script: ${fc.stringify(counterexample)}\nagain: ${again} ${command}`;
}
type Failed = Exclude<fc.RunDetails<[Script]>, { failed: false }>;

export interface Asked {
  runs: number;
  seed?: number | undefined;
  /** of one failure, as it was printed */
  path?: string | undefined;
  driver?: ProcessDriver;
}

/** Runs them one after another. A failure says with which seed and path it is played again. */
export async function play({ runs, path, ...asked }: Asked): Promise<Tally> {
  const seed = asked.seed ?? Math.floor(Math.random() * 2 ** 31);
  const from = performance.now();
  const tally: Tally = {
    ...{ seed, sequences: 0, spawns: 0, aliveMax: 0, looks: 0, tookMs: 0 },
    ...{ commands: new Map(), outcomes: new Map() },
  };
  const world = { peers: await peers(2), driver: asked.driver ?? childProcess };
  const property = fc.asyncProperty(script, (one) => live(one, world, tally));
  try {
    // time has a hand in it: what failed is played again as it was before anything is left out
    const again = path === undefined ? { endOnFailure: true } : { path };
    const details = await fc.check(property, { numRuns: runs, seed, ...again });
    if (details.failed) throw new Error(complaint(details));
  } finally {
    await world.peers.end();
    tally.tookMs = Math.round(performance.now() - from);
  }
  return tally;
}

/** What the environment asks for again, or else `usual`; without either the seed is drawn. */
export function replayed(usual?: number): Pick<Asked, 'seed' | 'path'> {
  const { SEED, SEED_PATH } = process.env;
  return { seed: SEED === undefined ? usual : Number(SEED), path: SEED_PATH };
}

export function report({ seed, sequences, spawns, aliveMax, ...more }: Tally): string {
  const table = (counts: Map<string, number>) =>
    [...counts]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([what, times]) => `  ${String(times).padStart(6)}  ${what}`)
      .join('\n');
  const seconds = (more.tookMs / 1_000).toFixed(1);
  return [
    `seed ${seed}: ${sequences} sequences in ${seconds} s, ${spawns} spawns`,
    `at most ${aliveMax} service process alive, ${more.looks} looks at the whole system`,
    `commands\n${table(more.commands)}`,
    `what became of them\n${table(more.outcomes)}`,
  ].join('\n');
}
