/**
 * How long it takes to find each seeded bug: a table of the promise that finds it, the length of
 * its shortest trace, the states that were explored until then, and seconds of CPU and wall clock.
 *
 *     npm run bench:seeded
 */

import { shipped } from '../../src/cli/subject.ts';
import { explore } from '../../src/verify/index.ts';
import { seeds } from '../machines/seeded.ts';

const [{ promises } = { promises: {} }] = shipped().worlds;

const rows = seeds.map(({ bug, world, options }) => {
  const began = process.cpuUsage();
  const { violation, states, ms } = explore(world, { ...options, promises });
  const { user, system } = process.cpuUsage(began);
  return {
    bug,
    guarantee: violation?.guarantee ?? 'NOT FOUND',
    moves: violation?.trace.length,
    states,
    cpuSeconds: Number(((user + system) / 1e6).toFixed(2)),
    wallSeconds: Number((ms / 1_000).toFixed(2)),
  };
});
console.table(rows);
