/**
 * How long does a process that disposes keep running? For each phase of a link and of a service a
 * child program reaches it, prints the time, disposes and ends by itself; measured from that time
 * to the end of the process as its parent sees it, nothing subtracted. The baseline is a program
 * that prints the time and has nothing else to do. It measures and judges, it never repairs.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../e2e/bundle.ts';
import { linkPhases, servicePhases } from '../e2e/phases.ts';
import { standIn } from '../e2e/stand-in.ts';

/** What a dispose may take to the end of the process, milliseconds. */
const limitMs = 100;

const { values: given } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const home = mkdtempSync(join(tmpdir(), 'holdfast-exit-'));

/** Milliseconds from the time it printed to its end. */
async function run(source: string): Promise<number> {
  const args = ['--input-type=module', '--eval', source];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const endedAt = performance.timeOrigin + performance.now();
  const from = Number(printed.trim());
  if (code !== 0 || !(from > 0)) throw new Error(`ended with ${code} after ${printed}`);
  return endedAt - from;
}

const now = 'process.stdout.write(String(performance.timeOrigin + performance.now()));';

const disposing = (name: string, port: number) => `
  import { bundle } from '../e2e/bundle.ts';
import { linkPhases, servicePhases } from ${JSON.stringify(modules)};
  const phase = [...linkPhases, ...servicePhases].find((one) => one.name === '${name}');
  const { gateway } = await phase.reach(${port});
  ${now}
  void gateway.dispose();
`;

async function measure(name: string, once: () => Promise<number>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < Number(given.runs); time += 1) took.push(await once());
  took.sort((a, b) => a - b);
  const [least = 0] = took;
  const most = took.at(-1) ?? 0;
  const median = took[Math.floor(took.length / 2)] ?? 0;
  const figures = [least, median, most].map((ms) => ms.toFixed(1).padStart(6)).join(' /');
  console.log(`${name.padEnd(24)} ${figures} ms`);
  return most;
}

const modules = bundle('tests/e2e/phases', home);
try {
  console.log(`dispose to exit, min / median / max of ${given.runs} runs`);
  await measure('baseline: nothing to do', () => run(now));
  let worst = 0;
  for (const { name, manner } of [...linkPhases, ...servicePhases]) {
    const server = await standIn(manner ?? 'mute');
    worst = Math.max(worst, await measure(name, () => run(disposing(name, server.port))));
    await server.close();
  }
  const passes = worst < limitMs;
  console.log(`${passes ? 'PASS' : 'FAIL'}  at most ${worst.toFixed(1)} ms, limit ${limitMs} ms`);
  process.exitCode = passes ? 0 : 1;
} finally {
  rmSync(home, { recursive: true });
}
