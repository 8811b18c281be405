/**
 * A host that says, before it goes on, which phase of its service it comes to, and holds on in the
 * one that its first argument names (JSON), to be killed there. Without one it starts, restarts
 * and stops until it is killed at any moment; or it shows what it found, and quits when told to.
 * It writes to file 3 and waits until that is written, so that the last line is where it died.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { connect } from 'node:net';
import { childProcess } from '../../src/drivers/child-process.ts';
import { supervise } from '../../src/index.ts';
import type { Census, PrivateFolder, ProcessDriver, ProcessHandle } from '../../src/ports.ts';

export interface Doom {
  command: [string, ...string[]];
  port: number;
  custodyDir: string;
  /** held: killed there; free: killed anywhere; fresh: shows what it has found */
  role: 'held' | 'free' | 'fresh';
  phase: string;
  /** which of the moments of that phase */
  moment: number;
  graceMs: number;
}

const doom = JSON.parse(process.argv[2] ?? '{}') as Doom;

const say = (...words: unknown[]) => void writeSync(3, `${words.join(' ')}\n`);

/** Says so when this is the moment to be killed at. */
function isMoment(phase: string, moment: number): boolean {
  const is = doom.role === 'held' && doom.phase === phase && doom.moment === moment;
  if (is) say('held');
  return is;
}

/** Nothing more happens in this process. */
function standAt(phase: string, moment: number): void {
  if (!isMoment(phase, moment)) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Something goes on for ever; the rest of this process lives. */
async function hangAt(phase: string, moment: number): Promise<void> {
  if (isMoment(phase, moment)) await new Promise<never>(() => {});
}

/** From the first signal to the next plan: a write that ends late says nothing new. */
let stopping = false;
/** From the question for a repair to the end. */
let mending = false;

/** Lives, and so does what it has started, until somebody ends them. */
const mends = `
  require('node:child_process').spawn('sleep', ['90'], { detached: true, stdio: 'ignore' });
  setTimeout(() => {}, 90_000);
`;
const doctor: [string, ...string[]] = [process.execPath, '-e', mends];

/** The record of custody, with a word after each write. */
function witnessed(folder: PrivateFolder): PrivateFolder {
  return {
    ...folder,
    async replace(name, contents) {
      const { process: own, ready } = JSON.parse(contents) as { process: unknown; ready: boolean };
      if (own !== null && !ready) await hangAt('between spawn and record', 1);
      await folder.replace(name, contents);
      if (own !== null && mending) isMoment('repairing', 2);
      if (own === null || stopping || mending) return;
      say(ready ? 'running' : 'starting');
      if (ready) isMoment('running', 0);
      else if (!isMoment('starting', 1)) await hangAt('starting', 0);
    },
    async remove(name) {
      await hangAt('stopping', 2);
      await folder.remove(name);
    },
  };
}

function told(handle: ProcessHandle): ProcessHandle {
  return {
    terminate() {
      stopping = true;
      say('stopping');
      standAt('stopping', 0);
      handle.terminate();
      say('stopping, asked');
      isMoment('stopping', 1);
    },
    kill() {
      stopping = true;
      say('stopping');
      handle.kill();
      say('stopping, killed');
    },
    release: () => handle.release(),
  };
}

const driver: ProcessDriver = (plan, events) => {
  if (mending) {
    const handle = childProcess(plan, events);
    standAt('repairing', 1);
    return handle;
  }
  standAt('before spawn', 2);
  const handle = childProcess(plan, events);
  say('between spawn and record');
  standAt('between spawn and record', 0);
  return told(handle);
};

/** Does the process that we have started answer on its port? */
const answers = (pid: number | undefined) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: doom.port });
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk;
    });
    socket.on('error', () => resolve(false)).on('end', () => resolve(Number(said) === pid));
  });

const { can, census } = childProcess;
if (can === undefined || census === undefined) throw new Error('this driver finds nobody again');
const watching: Census = {
  ...census,
  records: (folder) => witnessed(census.records(folder)),
  adopt: (claim, events) => told(census.adopt(claim, events)),
};

const service = supervise({
  command: doom.command,
  port: doom.port,
  custodyDir: doom.custodyDir,
  plan: async () => {
    stopping = false;
    say('before spawn');
    await hangAt('before spawn', 0);
    return { command: doom.command };
  },
  beforeSpawn: () => hangAt('before spawn', 1),
  repair: async () => {
    mending = true;
    say('repairing');
    await hangAt('repairing', 0);
    return { command: doctor };
  },
  ready: {
    probe({ pid }) {
      // for as long as it is to be starting
      const never = doom.role === 'held' && doom.phase === 'starting' && doom.moment === 1;
      return !never && answers(pid);
    },
  },
  // a busy machine takes its time to look through all of its processes
  stop: { graceMs: doom.graceMs, killMs: 20_000 },
  backoff: { firstMs: 5, jitter: 0 },
  driver: Object.assign(driver, { can, census: watching }),
});

service.on('exit', ({ expected, pid, code, signal }) => {
  if (!expected) say('exit', pid, code, signal);
});

async function free(): Promise<never> {
  for (;;) {
    await service.ready();
    await service.restart();
    await service.stop();
    await service.start();
  }
}

await service.start();
if (doom.role === 'free') await free();
const { process: own } = await service.ready();
if (doom.role === 'held') {
  if (doom.phase === 'stopping') void service.stop();
  setInterval(() => {}, 60_000);
} else {
  say('ready', JSON.stringify(own));
  await once(process.stdin, 'data');
  say('quit', JSON.stringify(await service.quit()));
  process.exitCode = 0;
  process.stdin.destroy();
}
