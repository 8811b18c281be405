/**
 * What it costs an app to be inspected: pairs of runs of an app that takes 1,000 events a second,
 * bare and with a reader of its recording, one after another. It compares the delays of the event
 * loop, and in one process the time of an event with and without the recorder. It never judges a
 * run by itself.
 */
import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createActor, createMachine } from 'xstate';
import { recorder } from '../../src/inspector/recorder.ts';

const { values: given } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    for: { type: 'string', default: '10000' },
  },
});
const [pairs, forMs] = [Number(given.pairs), Number(given.for)];
const limitMs = 2;
const app = fileURLToPath(new URL('inspected-app.ts', import.meta.url));

interface Seen {
  p50: number;
  p99: number;
  events: number;
  missing: number;
  slow: number;
  /** bytes that the reader got */
  read: number;
}

function run(how: 'bare' | 'inspected'): Promise<Seen> {
  const child = spawn(process.execPath, ['--import', 'tsx', app, how, String(forMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let read = 0;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) resolve({ ...(JSON.parse(line) as Seen), read });
      else if (line.startsWith('http')) {
        const { port, hash } = new URL(line);
        const headers = { authorization: `Bearer ${hash.slice(1)}` };
        const reading = get({ host: '127.0.0.1', port, path: '/recording', headers }, (answer) => {
          answer.on('data', (piece: Buffer) => {
            read += piece.length;
          });
          answer.on('error', () => {});
        });
        reading.on('error', () => {});
      }
    });
  });
}

/** Microseconds for one event. */
function cost(isRecorded: boolean): number {
  const machine = createMachine({
    id: 'lamp',
    initial: 'off',
    states: { off: { on: { push: 'on' } }, on: { on: { push: 'off' } } },
  });
  const recording = recorder();
  const actor = createActor(machine, isRecorded ? { inspect: recording } : {});
  actor.start();
  const round = (count: number) => {
    const before = performance.now();
    for (let i = 0; i < count; i += 1) actor.send({ type: 'push' });
    return ((performance.now() - before) / count) * 1_000;
  };
  round(20_000);
  return Math.min(...Array.from({ length: 5 }, () => round(20_000)));
}

const [bare, recorded] = [cost(false), cost(true)];
const each = `${bare.toFixed(1)} µs bare, ${recorded.toFixed(1)} µs recorded`;
console.log(`an event: ${each}, ${(recorded / bare).toFixed(1)} times`);
const differences: number[] = [];
for (let pair = 1; pair <= pairs; pair += 1) {
  const isFirst = pair % 2 === 1;
  const first = await run(isFirst ? 'bare' : 'inspected');
  const second = await run(isFirst ? 'inspected' : 'bare');
  const [without, inspected] = isFirst ? [first, second] : [second, first];
  differences.push(inspected.p99 - without.p99);
  const each = `${without.p99.toFixed(2)} ms bare, ${inspected.p99.toFixed(2)} ms inspected`;
  const { events, read, slow } = inspected;
  const had = `${events} events, ${(read / 1e6).toFixed(1)} MB read, ${slow} cut off`;
  console.log(`pair ${pair}: p99 ${each} (${had})`);
}
const sorted = differences.toSorted((a, b) => a - b);
const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
const passes = median <= limitMs;
const what = `p99 differs by ${median.toFixed(2)} ms in the median of ${pairs} pairs`;
console.log(`${passes ? 'PASS' : 'FAIL'}  ${what}, limit ${limitMs} ms`);
process.exitCode = passes ? 0 : 1;
