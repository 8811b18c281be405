/**
 * How long it takes to lay out and draw a machine, by its number of states: machines from a seed,
 * with two transitions a state, composites of four, guards, actions and delays. Half of them keep
 * to their composite as machines do that people write; the others lead from any state to any, the
 * worst that a layout can be asked. It measures and judges, it never repairs.
 */
import { createMachine } from 'xstate';
import { elk } from '../../src/diagram/elk.ts';
import { pictureOf } from '../../src/diagram/files.ts';
import { modelOf } from '../../src/diagram/model.ts';
import { Chance } from '../../src/simulate/chance.ts';

const sizes = [20, 40, 60, 100];
const judged = { states: 60, limitMs: 5_000 };
const seeds = [1, 2, 3];
const inside = 4;

/** Of a hundred arrows, how many stay within their composite. */
const kinds = { written: 70, 'any to any': 0 };

class Writer {
  readonly #dice: Chance;
  readonly #composites: number;
  readonly #homely: number;

  constructor(states: number, homely: number, seed: number) {
    this.#dice = new Chance(seed);
    this.#composites = Math.round(states / (inside + 1));
    this.#homely = homely;
  }

  machine() {
    const all = Array.from({ length: this.#composites }, (_, i) => [`c${i}`, this.#composite(i)]);
    return createMachine({ id: 'bench', initial: 'c0', states: Object.fromEntries(all) });
  }

  #composite(home: number) {
    const keys = Array.from({ length: inside }, (_, i) => `s${i}`);
    const states = Object.fromEntries(keys.map((key) => [key, this.#leaf(home)]));
    return { initial: 's0', on: this.#handlers(home, 1), states };
  }

  #leaf(home: number) {
    const timed = this.#dice.below(3) === 0 ? { after: { patience: this.#target(home) } } : {};
    return { on: this.#handlers(home, 2), entry: ['begin'], ...timed };
  }

  #handlers(home: number, count: number) {
    const handlers = Array.from({ length: count }, (_, i) => {
      const guard = this.#dice.below(3) === 0 ? { guard: 'is allowed' } : {};
      return [`event ${i}`, { target: this.#target(home), actions: ['note it'], ...guard }];
    });
    return Object.fromEntries(handlers);
  }

  #target(home: number): string {
    const isHomely = this.#dice.below(100) < this.#homely;
    const composite = isHomely ? home : this.#dice.below(this.#composites);
    const at = this.#dice.below(isHomely ? inside : inside + 1);
    return at === inside ? `#bench.c${composite}` : `#bench.c${composite}.s${at}`;
  }
}

const engine = await elk();

async function msFor(states: number, homely: number, seed: number): Promise<number> {
  const model = modelOf(new Writer(states, homely, seed).machine());
  const before = performance.now();
  const svg = await pictureOf(model, 'full', engine);
  if (!svg.includes('</svg>')) throw new Error('nothing was drawn');
  return performance.now() - before;
}

let slowest = 0;
for (const [kind, homely] of Object.entries(kinds)) {
  for (const states of sizes) {
    const took: number[] = [];
    for (const seed of seeds) took.push(await msFor(states, homely, seed));
    if (states === judged.states) slowest = Math.max(slowest, ...took);
    const each = took.map((ms) => ms.toFixed(0).padStart(6)).join(' ');
    console.log(`${kind.padEnd(10)} ${String(states).padStart(4)} states ${each} ms`);
  }
}
const passes = slowest < judged.limitMs;
const what = `${judged.states} states are drawn in at most ${slowest.toFixed(0)} ms`;
console.log(`${passes ? 'PASS' : 'FAIL'}  ${what}, limit ${judged.limitMs} ms`);
process.exitCode = passes ? 0 : 1;
