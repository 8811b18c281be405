/**
 * Does a life of losses leave anything behind? 10,000 connect, lose, reconnect cycles against a
 * server in this process, and 300 spawn, kill, restart cycles of a tiny child; then the slope of
 * the collected heap over the last half, in bytes a cycle, and what still keeps Node alive. It
 * measures and judges, it never repairs: run it with `--expose-gc`, and `--json` for a machine.
 */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { WebSocketServer } from 'ws';
import { connect, supervise } from '../../src/index.ts';

// Optimised code lies on the heap as well, and comes and goes as V8 likes: without it the slope
// is of what is held, not of what was compiled.
for (const flag of ['--no-opt', '--no-sparkplug']) setFlagsFromString(flag);

/** What the heap may grow by, bytes a cycle. */
const slopeMax = 64;

const { values: given } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    links: { type: 'string', default: '10000' },
    processes: { type: 'string', default: '300' },
  },
});

interface Sample {
  cycle: number;
  bytes: number;
}

interface Measured {
  name: string;
  cycles: number;
  tookMs: number;
  /** bytes a cycle over the last half, and the standard error of that number */
  slope: number;
  error: number;
  activeBefore: string[];
  activeAfter: string[];
  samples: Sample[];
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The heap that is really held: finalizers and their promises run between two collections. */
async function heldBytes(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with node --expose-gc');
  for (let time = 0; time < 2; time += 1) {
    globalThis.gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

/** Least squares: the slope, and how far it may be off by the scatter alone. */
function line(samples: readonly Sample[]): { slope: number; error: number } {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(samples.map(({ cycle }) => cycle));
  const y = mean(samples.map(({ bytes }) => bytes));
  let above = 0;
  let below = 0;
  for (const { cycle, bytes } of samples) {
    above += (cycle - x) * (bytes - y);
    below += (cycle - x) ** 2;
  }
  const slope = above / below;
  const rest = samples.map(({ cycle, bytes }) => (bytes - y - slope * (cycle - x)) ** 2);
  return { slope, error: Math.sqrt((mean(rest) * rest.length) / (rest.length - 2) / below) };
}

/** What is held for a moment only is no leak: of three neighbours the lowest counts. */
function floor(samples: readonly Sample[]): Sample[] {
  const threes = Array.from({ length: Math.ceil(samples.length / 3) }, (_, n) =>
    samples.slice(3 * n, 3 * n + 3),
  );
  return threes.map((three) => three.reduce((low, one) => (one.bytes < low.bytes ? one : low)));
}

/** The same list before and after, once what is closing has closed. */
async function activeWhenQuiet(wanted: readonly string[] = []): Promise<string[]> {
  const deadline = performance.now() + 3_000;
  for (;;) {
    const active = process.getActiveResourcesInfo().sort();
    if (active.join() === [...wanted].join() || performance.now() > deadline) return active;
    await turn();
  }
}

interface Subject {
  cycle(): Promise<void>;
  end(): Promise<void>;
}

async function measure(name: string, cycles: number, make: () => Promise<Subject>) {
  const activeBefore = await activeWhenQuiet();
  const subject = await make();
  const from = performance.now();
  const every = Math.max(1, Math.floor(cycles / 120));
  // room for all of them beforehand: what is measured must not grow by being measured
  const bytes = new Float64Array(Math.floor(cycles / every));
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    await subject.cycle();
    if (cycle % every === 0) bytes[cycle / every - 1] = await heldBytes();
  }
  const tookMs = Math.round(performance.now() - from);
  await subject.end();
  const activeAfter = await activeWhenQuiet(activeBefore);
  const samples = Array.from(bytes, (held, n) => ({ cycle: (n + 1) * every, bytes: held }));
  const half = line(floor(samples.filter(({ cycle }) => cycle > cycles / 2)));
  return { name, cycles, tookMs, ...half, activeBefore, activeAfter, samples } satisfies Measured;
}

/** The server resets each connection as soon as the link is ready on it. */
async function aLink(): Promise<Subject> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  let socket: Socket | undefined;
  server.on('connection', (ws, request) => {
    ws.on('error', () => {});
    socket = request.socket;
  });
  const reconnect = { firstMs: 1, maxMs: 1, jitter: 0 };
  const link = connect({ url: `ws://127.0.0.1:${port}`, protocol: 'jsonrpc', reconnect });
  link.on('status', () => {});
  link.on('event', () => {});
  link.onConnected(({ request }) => request('subscribe').catch(() => {}));
  await link.start();
  await link.ready();
  return {
    async cycle() {
      const back = link.nextReady();
      socket?.resetAndDestroy();
      await back;
    },
    async end() {
      await link.dispose();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Killed from outside and replaced because somebody asked, by turns. */
async function aProcess(): Promise<Subject> {
  const service = supervise(
    {
      command: ['sh', '-c', 'echo up; exec sleep 600'],
      ready: { line: /up/ },
      backoff: { firstMs: 1, maxMs: 1, jitter: 0 },
      budget: { of: 100, windowMs: 1 },
    },
    { cooldownMs: 0 },
  );
  service.on('status', () => {});
  service.on('exit', () => {});
  await service.start();
  await service.ready();
  let asks = false;
  return {
    async cycle() {
      asks = !asks;
      if (asks) {
        await service.restart();
        return;
      }
      const back = service.nextReady();
      process.kill(service.status.process?.pid ?? 0, 'SIGKILL');
      await back;
    },
    end: async () => void (await service.dispose()),
  };
}

/** Node makes some of its own things at the first server and the first child: not ours to count. */
async function warmUp(): Promise<void> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

await warmUp();
const measured = [
  await measure('link', Number(given.links), aLink),
  await measure('process', Number(given.processes), aProcess),
];
const verdicts = measured.flatMap(({ name, slope, activeBefore, activeAfter }) => [
  { what: `${name}: heap slope under ${slopeMax} B a cycle`, pass: slope < slopeMax },
  {
    what: `${name}: active resources equal before and after`,
    pass: activeBefore.join() === activeAfter.join(),
  },
]);
if (given.json) {
  console.log(JSON.stringify({ measured, verdicts }));
} else {
  for (const { name, cycles, tookMs, slope, error, activeBefore, activeAfter } of measured) {
    const took = `${cycles} cycles in ${(tookMs / 1_000).toFixed(1)} s`;
    console.log(`${name}: ${took}, ${slope.toFixed(1)} ± ${error.toFixed(1)} B a cycle`);
    console.log(`  active before [${activeBefore.join(' ')}], after [${activeAfter.join(' ')}]`);
  }
  for (const { what, pass } of verdicts) console.log(`${pass ? 'PASS' : 'FAIL'}  ${what}`);
}
process.exitCode = verdicts.every(({ pass }) => pass) ? 0 : 1;
