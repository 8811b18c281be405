/**
 * 200 hosts that are killed with SIGKILL, and the hosts that start after them: 25 times one in each
 * phase of a service, and two at any moment, there up to three hosts in a row. It prints how many
 * died in which phase and what the next host did; the first that finds anything else fails, and
 * says how to play that round again. An interrupt ends it after the present round.
 *
 *     npm run bench:killed -- --seed 1 --round 17
 */

import { parseArgs } from 'node:util';
import { Killings, type Phase, phases, type Round } from '../e2e/killed-hosts.ts';

const { values: given } = parseArgs({
  options: {
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1_000_000)}` },
    round: { type: 'string' },
    cycles: { type: 'string', default: '25' },
  },
});

const cycle: (Phase | null)[] = [...phases, null, null];
const plan = Array.from({ length: Number(given.cycles) }, () => cycle).flat();
const rounds = given.round === undefined ? [...plan.keys()] : [Number(given.round)];

const killings = new Killings(Number(given.seed));
const done: Round[] = [];
const from = performance.now();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
  });
}
let failure: unknown;
try {
  await killings.begin();
  for (const number of rounds) {
    if (interrupted) break;
    done.push(await killings.round(number, cycle[number % cycle.length] ?? null));
  }
} catch (error) {
  failure = error;
} finally {
  await killings.end();
}

const killed = done.flatMap((round) => round.killed);
const times = done.map(({ tookMs }) => tookMs).sort((one, other) => one - other);
const seconds = ((performance.now() - from) / 1_000).toFixed(0);
console.log(`seed ${given.seed}: ${done.length} rounds in ${seconds} s, ${killed.length} killed`);
console.log(`a round took ${times[Math.floor(times.length / 2)]?.toFixed(0)} ms (median)\n`);
console.log(`${'killed'.padEnd(28)} held  free`);
for (const { name } of phases) {
  const here = killed.filter(({ phase }) => phase === name);
  const held = here.filter((one) => one.held).length;
  const free = here.length - held;
  const bar = '#'.repeat(here.length);
  console.log(`${name.padEnd(28)} ${`${held}`.padStart(4)}  ${`${free}`.padStart(4)}  ${bar}`);
}
console.log('\nthe next host');
for (const what of new Set(done.map(({ found }) => found))) {
  console.log(`${`${done.filter(({ found }) => found === what).length}`.padStart(4)}  ${what}`);
}
const litter = done.reduce((sum, round) => sum + round.litter, 0);
console.log(`\n${litter} files were left over in the folders of the records`);
const isWhole = failure === undefined && done.length === rounds.length;
if (failure !== undefined) console.log(failure instanceof Error ? failure.message : failure);
console.log(`${isWhole ? 'PASS' : 'FAIL'}  one process, nothing older, no stranger touched`);
process.exitCode = isWhole ? 0 : 1;
