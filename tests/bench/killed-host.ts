/**
 * 200 hosts that are killed with SIGKILL, 25 in each phase of a service and the rest at any moment
 * and more than one in a row, and the hosts that start after them. It prints how many died in
 * which phase and what the next host did; the first that finds anything else fails, and says how
 * to play that round again.
 *
 *     npm run bench:killed -- --seed 1 --round 17
 */

import { parseArgs } from 'node:util';
import { Killings, type Phase, phases, type Round } from '../e2e/killed-hosts.ts';

const { values: given } = parseArgs({
  options: {
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1_000_000)}` },
    round: { type: 'string' },
    held: { type: 'string', default: '25' },
    rounds: { type: 'string', default: '200' },
  },
});

/** Every phase so often, in turns, then at any moment. */
const plan: (Phase | null)[] = Array.from({ length: Number(given.held) }, () => phases).flat();
while (plan.length < Number(given.rounds)) plan.push(null);

const killings = new Killings(Number(given.seed));
const done: Round[] = [];
const from = performance.now();
await killings.begin();
try {
  for (const [number, phase] of plan.entries()) {
    if (given.round !== undefined && number !== Number(given.round)) continue;
    done.push(await killings.round(number, phase));
  }
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
console.log(`\nPASS  one process, nothing older, no stranger touched; ${litter} files left over`);
