/**
 * Hosts that are killed with SIGKILL, each in a phase that it has announced or at any moment, and
 * the next host that starts after them: it has exactly one process of the service, nothing lives
 * that carries an older mark, and nobody else was touched. What is left is looked up in the system
 * and in the record; it must never be taken from what a host says of itself alone.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify } from '../../src/drivers/identity.ts';
import { bundle } from './bundle.ts';
import type { Doom } from './doomed-host.ts';

export interface Phase {
  name: string;
  /** how many moments of it a host can be held at: see doomed-host.ts */
  moments: number;
}

/** Another one needs its moments in doomed-host.ts. */
export const phases: readonly Phase[] = [
  { name: 'before spawn', moments: 3 },
  { name: 'between spawn and record', moments: 2 },
  { name: 'starting', moments: 2 },
  { name: 'running', moments: 1 },
  { name: 'stopping', moments: 3 },
  { name: 'repairing', moments: 3 },
];

const manners = ['willing', 'family', 'stubborn'] as const;
type Manner = (typeof manners)[number] | 'refuses' | 'stranger';

/** Answers everybody with its pid; leaves by itself after a while, come what may. */
const service = `
  const [port, manner] = process.argv.slice(1);
  if (manner === 'refuses') process.exit(78);
  if (manner === 'family') {
    require('node:child_process').spawn('sleep', ['90'], { detached: true, stdio: 'ignore' });
  }
  if (manner === 'stubborn') process.on('SIGTERM', () => {});
  if (manner === 'stranger') {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) {
      process.on(signal, () => console.log(signal));
    }
  }
  require('node:net').createServer((socket) => {
    socket.on('error', () => {}).end(String(process.pid));
  }).listen(Number(port), '127.0.0.1', () => console.log('up'));
  if (manner !== 'stranger') setTimeout(() => process.exit(9), 90_000);
`;
const serving = (port: number, manner: Manner): [string, ...string[]] => [
  process.execPath,
  ...['-e', service, String(port), manner],
];

/** What the outcome of one round was, for a histogram. */
export interface Round {
  /** held in that phase, or killed at any moment; one line for each host that was killed */
  killed: { held: boolean; phase: string }[];
  /** what the next host had: what was there, or a process of its own */
  found: string;
  /** files in the folder of the record after the end that are none */
  litter: number;
  tookMs: number;
}

interface Left {
  announced: string;
  record: { mark: { value: string }; process: { pid: number } | null; ready: boolean } | null;
  /** of the service, in whatever group or session */
  carriers: { pid: number; mark: string; isService: boolean }[];
}

/** mulberry32, as numbers in [0, 1). */
function luckOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await isSo())) {
    must(performance.now() < end, `waited in vain for ${what}`);
    await pause(2);
  }
}

/** A host in a process of its own. */
class Host {
  readonly lines: string[] = [];
  readonly gone: Promise<unknown>;
  readonly #child: ChildProcess;
  #errors = '';

  constructor(script: string, doom: Doom, life: string) {
    const env = { ...process.env, [lifeName]: life };
    const argv = [script, JSON.stringify(doom)];
    this.#child = spawn(process.execPath, argv, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'], env });
    this.#child.stderr?.on('data', (chunk) => {
      this.#errors += chunk;
    });
    let rest = '';
    const [, , , words] = this.#child.stdio;
    words?.on('data', (chunk) => {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() ?? '';
      this.lines.push(...parts);
    });
    // closed: whatever it had written has been read
    this.gone = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => resolve(code ?? signal));
    });
  }

  /** The rest of the first line that begins so. */
  async hears(word: string): Promise<string> {
    const found = () => this.lines.find((line) => line.startsWith(word));
    const isOver = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    const said = () => `${this.lines.join(', ')} ${this.#errors}`;
    await until(`"${word}"`, () => found() !== undefined || isOver()).catch((error) => {
      throw new Error(`${error}: ${said()}`);
    });
    must(found() !== undefined, `the host ended before "${word}": ${said()}`);
    return found()?.slice(word.length + 1) ?? '';
  }

  write(word: string): void {
    this.#child.stdin?.write(`${word}\n`);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.gone;
  }
}

const lifeName = 'HOLDFAST_LIFE';

function carriersOf(life: string): Left['carriers'] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      const mark = environment.find((entry) => entry.startsWith('HOLDFAST_MARK='))?.slice(14);
      if (mark === undefined || !environment.includes(`${lifeName}=${life}`)) return [];
      const isService = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(service);
      return [{ pid: Number(pid), mark, isService }];
    } catch {
      return [];
    }
  });
}

/** A service, its strangers, and the hosts that come and go. */
export class Killings {
  readonly seed: number;
  readonly #home = mkdtempSync(join(tmpdir(), 'holdfast-killed-'));
  readonly #host: string;
  readonly #strangers: ChildProcess[] = [];
  readonly #hosts: Host[] = [];
  #touched = '';
  #port = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.#host = bundle('tests/e2e/doomed-host', this.#home);
  }

  /** Strangers: one with nearly our command line, one with a mark of its own, both listen near. */
  async begin(): Promise<void> {
    this.#port = await freePorts(3);
    for (const [at, env] of [{}, { HOLDFAST_MARK: 'of-another-service' }].entries()) {
      const [program, ...args] = serving(this.#port + 1 + at, 'stranger');
      const stranger = spawn(program, args, {
        ...{ detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
        env: { ...process.env, ...env },
      });
      let said = '';
      stranger.stdout?.on('data', (chunk) => {
        said += chunk;
        this.#touched += String(chunk).replace('up\n', '');
      });
      this.#strangers.push(stranger);
      await until('a stranger to listen', () => said.includes('up'));
    }
  }

  async end(): Promise<void> {
    for (const stranger of this.#strangers) {
      stranger.kill('SIGKILL');
      await until('a stranger to end', () => stranger.signalCode !== null);
    }
    rmSync(this.#home, { recursive: true });
  }

  /** Phase after phase, and then at any moment. Throws with the number of the round. */
  async round(number: number, phase: Phase | null): Promise<Round> {
    const life = `${this.seed}-${number}`;
    const folder = join(this.#home, life);
    mkdirSync(folder, { mode: 0o700 });
    const luck = luckOf(this.seed * 1_000_003 + number);
    try {
      return await this.#round(folder, life, luck, phase);
    } catch (error) {
      const where = phase === null ? 'at any moment' : `in phase "${phase.name}"`;
      const again = `npm run bench:killed -- --seed ${this.seed} --round ${number}`;
      throw new Error(`killed ${where}: ${error}\nagain: ${again}`);
    } finally {
      for (const host of this.#hosts.splice(0)) await host.kill();
      for (const { pid } of carriersOf(life)) killed(pid);
    }
  }

  async #round(folder: string, life: string, luck: () => number, phase: Phase | null) {
    const from = performance.now();
    const moment = Math.floor(luck() * (phase?.moments ?? 1));
    const any = manners[Math.floor(luck() * manners.length)] ?? 'willing';
    // only who does not hear the signal is held while it stops
    const stops: Manner = phase?.name === 'stopping' && moment === 1 ? 'stubborn' : any;
    const manner = phase?.name === 'repairing' ? 'refuses' : stops;
    const doom: Doom = {
      ...{ command: serving(this.#port, manner), port: this.#port, custodyDir: folder },
      ...{ role: phase === null ? 'free' : 'held', phase: phase?.name ?? '', moment },
      graceMs: phase === null ? 60 : 30_000,
    };
    const deaths: Round['killed'] = [];
    // nobody is held: then a second and a third host may be killed over what the first has left
    const hosts = phase === null ? 1 + Math.floor(luck() * 3) : 1;
    let left: Left | undefined;
    for (let host = 0; host < hosts; host += 1) {
      left = await this.#kill(doom, life, luck);
      deaths.push({ held: phase !== null, phase: phaseOf(left) });
    }
    if (phase !== null) {
      must(deaths[0]?.phase === phase.name, `it died in another phase: ${JSON.stringify(left)}`);
    }
    // what was wrong with the configuration is mended by whoever comes next
    const command = serving(this.#port, any);
    const found = await this.#next({ ...doom, command, role: 'fresh', graceMs: 100 }, life, left);
    const litter = readdirSync(folder).length;
    return { killed: deaths, found, litter, tookMs: performance.now() - from };
  }

  #run(doom: Doom, life: string): Host {
    const host = new Host(this.#host, doom, life);
    this.#hosts.push(host);
    return host;
  }

  /** Runs a host until it is killed; answers what is left of it. */
  async #kill(doom: Doom, life: string, luck: () => number): Promise<Left> {
    const host = this.#run(doom, life);
    await host.hears(doom.role === 'held' ? 'held' : '');
    await pause(Math.floor(luck() * (doom.role === 'held' ? 12 : 350)));
    await host.kill();
    // that somebody refused is told to listeners, and may come after the repair has begun
    const isTold = (line: string) => line !== 'held' && !/^exit \d+ 78\b/.test(line);
    const announced = host.lines.filter(isTold).at(-1) ?? '';
    const look = () => carriersOf(life);
    const dies = announced.endsWith('killed') || (announced.endsWith('asked') && !isStubborn(doom));
    // the signal was sent: whoever heard it is on its way out, and counts as gone
    if (dies) await until('who was told to end', () => !look().some(({ isService }) => isService));
    return { announced, record: recordIn(doom.custodyDir), carriers: look() };
  }

  /** The next host: what it has found, once all of it was proved. */
  async #next(doom: Doom, life: string, left: Left | undefined): Promise<string> {
    const host = this.#run(doom, life);
    const own = JSON.parse(await host.hears('ready')) as { pid: number; ownership: string };
    const carriers = carriersOf(life);
    const services = carriers.filter(({ isService }) => isService).map(({ pid }) => pid);
    must(services.join() === `${own.pid}`, `services ${services.join()}, its own is ${own.pid}`);
    await until('the record to be complete', () => recordIn(doom.custodyDir)?.ready === true);
    const mark = recordIn(doom.custodyDir)?.mark.value;
    const older = carriers.filter((one) => one.mark !== mark);
    must(older.length === 0, `carriers of an older mark: ${JSON.stringify(older)}`);
    must((await answerOf(doom.port)) === `${own.pid}`, 'somebody else answers on its port');
    const { process: before } = left?.record ?? {};
    const adoptable = left?.record?.ready === true && lives(left, before?.pid);
    const expected = adoptable ? `adopted ${before?.pid}` : `owned ${own.pid}`;
    must(`${own.ownership} ${own.pid}` === expected, `${own.ownership} instead of ${expected}`);
    await this.#untouched();
    host.write('quit');
    must((await host.hears('quit')).includes('"gone":true'), 'the next host left something');
    must((await host.gone) === 0, 'the next host did not end by itself');
    must(!host.lines.some((line) => line.startsWith('exit')), `${host.lines.join()}`);
    must(carriersOf(life).length === 0, 'somebody is left after the quit');
    must(recordIn(doom.custodyDir) === null, 'the record is left after the quit');
    await this.#untouched();
    if (adoptable) return 'took it over';
    return left?.carriers.length ? 'ended what was left, started its own' : 'started its own';
  }

  async #untouched(): Promise<void> {
    must(this.#touched === '', `a stranger heard ${this.#touched}`);
    for (const [at, stranger] of this.#strangers.entries()) {
      must(identify(stranger.pid ?? 0) !== undefined, 'a stranger has ended');
      const answer = await answerOf(this.#port + 1 + at);
      must(answer === `${stranger.pid}`, 'a stranger does not answer any more');
    }
  }
}

const isStubborn = ({ command }: Doom): boolean => command.at(-1) === 'stubborn';

const lives = (left: Left, pid: number | undefined): boolean =>
  left.carriers.some((one) => one.pid === pid);

/** What is in the system and in the record says it; of a stop and a repair, what was announced. */
function phaseOf({ announced, record, carriers }: Left): string {
  for (const name of ['stopping', 'repairing']) if (announced.startsWith(name)) return name;
  if (record?.ready) return 'running';
  if (record?.process) return 'starting';
  return carriers.length === 0 ? 'before spawn' : 'between spawn and record';
}

function recordIn(folder: string): Left['record'] {
  try {
    return JSON.parse(readFileSync(join(folder, 'gateway.custody.json'), 'utf8'));
  } catch {
    return null;
  }
}

function answerOf(port: number): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    connect({ host: '127.0.0.1', port })
      .on('data', (chunk) => {
        said += chunk;
      })
      .on('error', () => resolve('nobody'))
      .on('end', () => resolve(said));
  });
}

/** False: it was gone already. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The first of so many ports in a row that nobody has. */
async function freePorts(many: number): Promise<number> {
  for (;;) {
    const servers: Server[] = [];
    const listen = (port: number) =>
      new Promise<number>((resolve) => {
        const server = createServer().on('error', () => resolve(0));
        server.listen(port, '127.0.0.1', () => {
          servers.push(server);
          const address = server.address();
          resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
        });
      });
    const first = await listen(0);
    const all = [first];
    for (let at = 1; at < many; at += 1) all.push(await listen(first + at));
    for (const server of servers) await new Promise((resolve) => server.close(resolve));
    if (!all.includes(0)) return first;
  }
}
