/**
 * What supervision costs. From the exit event of a child to the decision that it is started again,
 * and from the end of the wait to the spawn: our own time, the wait and the operating system left
 * out. And the CPU of a process that supervises an idle child, beside the same process without it.
 * It measures and judges, it never repairs.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childProcess } from '../../src/drivers/child-process.ts';
import { systemClock } from '../../src/drivers/system-clock.ts';
import type { Clock, GatewayOptions, ProcessDriver } from '../../src/index.ts';
import { Gateway } from '../../src/runtime/gateway.ts';
import { bundle } from '../e2e/bundle.ts';
import { environment } from '../e2e/environment.ts';

/** From the exit event of a crash to the decision that it is started again, milliseconds. */
const ownLimitMs = 10;
const { values: given } = parseArgs({
  options: {
    crashes: { type: 'string', default: '200' },
    pairs: { type: 'string', default: '6' },
    idle: { type: 'string', default: '60000' },
  },
});

/** Told apart from every other wait by its length. */
const waitMs = 37;

interface Crash {
  /** from the exit event to the wait that is armed */
  decided: number;
  /** from the end of that wait to the call of the driver */
  spawned: number;
  /** what this process used of a CPU for both, whoever else had it meanwhile */
  used: number;
}

/** Milliseconds of CPU of this process so far. */
function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Kills it from outside so often, and takes the time of what follows. */
async function crashes(times: number): Promise<Crash[]> {
  const at = { exit: 0, decided: 0, due: 0, spawn: 0, used: 0 };
  const clock = (onResume: () => void): Clock => {
    const real = systemClock({ onResume });
    return {
      ...real,
      setTimeout(run, ms) {
        if (ms !== waitMs) return real.setTimeout(run, ms);
        at.decided = performance.now();
        at.used += used();
        return real.setTimeout(() => {
          at.due = performance.now();
          at.used -= used();
          run();
        }, ms);
      },
    };
  };
  const timed: ProcessDriver = (plan, events) => {
    at.spawn = performance.now();
    at.used += used();
    return childProcess(plan, {
      spawned: (pid) => events.spawned(pid),
      failed: (error) => events.failed(error),
      line: (stream, text) => events.line(stream, text),
      empty: () => events.empty(),
      exited(exit) {
        at.exit = performance.now();
        at.used = -used();
        events.exited(exit);
      },
    });
  };
  const { can, census } = childProcess;
  if (can === undefined || census === undefined) throw new Error('not the driver we know');
  const options: GatewayOptions = {
    process: {
      command: ['sh', '-c', 'echo up; exec sleep 600'],
      ready: { line: /^up$/ },
      backoff: { firstMs: waitMs, maxMs: waitMs, jitter: 0 },
      budget: { of: 100, windowMs: 1 },
      stop: { killMs: 20_000 },
    },
  };
  const driver = Object.assign(timed, { can, census });
  const service = new Gateway(options, environment(clock, driver));
  await service.start();
  await service.ready();
  const taken: Crash[] = [];
  for (let time = 0; time < times; time += 1) {
    const again = service.nextReady();
    process.kill(service.status.process?.pid ?? Number.NaN, 'SIGKILL');
    await again;
    taken.push({ decided: at.decided - at.exit, spawned: at.spawn - at.due, used: at.used });
  }
  await service.dispose();
  return taken;
}

const quantile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
};

function line(what: string, values: readonly number[]): string {
  const figures = [0.5, 0.9, 0.99, 1].map((part) => quantile(values, part).toFixed(2).padStart(7));
  return `${what.padEnd(34)} ${figures.join(' /')} ms`;
}

interface Idle {
  name: string;
  micros: number;
  tookMs: number;
  /** armed by the machines while it was measured */
  timers: number;
  active: string[];
}

function idle(script: string, name: string): Promise<Idle> {
  const child = spawn(process.execPath, [script, name, given.idle], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(said) as Idle);
      else reject(new Error(`${name} ended with ${code}`));
    });
  });
}

const perHour = ({ micros, tookMs }: Idle): number => (micros * 3_600_000) / tookMs;

const taken = await crashes(Number(given.crashes));
const decided = taken.map((crash) => crash.decided);
const own = taken.map((crash) => crash.decided + crash.spawned);
console.log(`${taken.length} crashes, median / 90 % / 99 % / most`);
console.log(line('exit event to the decision', decided));
console.log(
  line(
    'end of the wait to the spawn',
    taken.map(({ spawned }) => spawned),
  ),
);
console.log(line('both: our own time', own));
console.log(
  line(
    'the same, as CPU of this process',
    taken.map((crash) => crash.used),
  ),
);

const home = mkdtempSync(join(tmpdir(), 'holdfast-supervision-'));
const script = bundle('tests/bench/supervised', home);
const names = ['none', 'service', 'linked', 'adopted'];
// all at once: whatever else the machine does, it does to all of them
const rounds = Array.from({ length: Number(given.pairs) }, () => names).flat();
const measured = await Promise.all(rounds.map((name) => idle(script, name)));
rmSync(home, { recursive: true });

console.log(`\nidle for ${Number(given.idle) / 1_000} s: microseconds of CPU an hour`);
const unsupervised = measured.filter(({ name }) => name === 'none').map(perHour);
const bare = quantile(unsupervised, 0.5);
/** what cannot be told from nothing: runs without supervision differ by as much */
const noise = Math.max(...unsupervised) - Math.min(...unsupervised);
for (const name of names) {
  const same = measured.filter((one) => one.name === name);
  const each = same.map((one) => perHour(one).toFixed(0).padStart(9)).join(' ');
  const ratio = (quantile(same.map(perHour), 0.5) / bare).toFixed(2);
  const timers = Math.max(...same.map((one) => one.timers));
  console.log(`${name.padEnd(8)} ${each}  ratio ${ratio}, ${timers} timers of the machines`);
  console.log(`         active [${same[0]?.active.join(' ')}]`);
}
const served = measured.filter(({ name }) => name === 'service');
const added = quantile(served.map(perHour), 0.5) - bare;
const verdicts = [
  {
    what: `from a crash to the decision: 99 % under ${ownLimitMs} ms of our own`,
    pass: quantile(decided, 0.99) < ownLimitMs,
  },
  {
    what: `idle supervision adds ${added.toFixed(0)} us an hour; noise ${noise.toFixed(0)}`,
    pass: added < noise,
  },
  {
    what: 'idle supervision arms no timer',
    pass: served.every(({ timers }) => timers === 0),
  },
];
console.log();
for (const { what, pass } of verdicts) console.log(`${pass ? 'PASS' : 'FAIL'}  ${what}`);
process.exitCode = verdicts.every(({ pass }) => pass) ? 0 : 1;
