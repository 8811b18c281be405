/**
 * Starts real practice gateways for the tests beside it and real ws clients on them. Promises that
 * everything started here is dead before the next test; waits are for events, with a deadline.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import type { PracticeOptions } from '../../src/practice/start.ts';
import { builtPractice } from '../cli/built.ts';

const { practiceCommand } = await builtPractice();

const deadlineMs = 10_000;

export type Json = Record<string, unknown>;

/** Rejects with `what` when the deadline passes first. */
export function within<T>(what: string, promise: Promise<T>, ms = deadlineMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again every few milliseconds until the answer is yes. */
export async function until(what: string, ask: () => unknown, ms = deadlineMs): Promise<void> {
  const end = performance.now() + ms;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export interface Gateway {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** everything it has printed so far */
  readonly printed: { stdout: Buffer[]; stderr: Buffer[] };
  text(stream: 'stdout' | 'stderr'): string;
  exit(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  http(path: string): Promise<{ status: number; body: Json }>;
  stats(): Promise<Stats>;
  fault(fault: Json | string): Promise<Json>;
}

export interface Stats extends Json {
  connectionsOpened: number;
  open: number;
  closes: {
    id: number;
    code: number;
    reason: string;
    sent: number | null;
    wasReset: boolean;
    fin: boolean;
    error: string | null;
  }[];
  resets: number;
  frames: number;
  pings: number;
  methods: Record<string, number>;
  sockets: { opened: number; open: number };
  bootId: string;
  faults: string[];
  grandchildren: number[];
}

export interface StartOptions extends PracticeOptions {
  env?: Record<string, string>;
}

/** Spawns one and waits for nothing; `cleanUp` is told how to kill it. */
function spawnOne(options: StartOptions, cleanUp: (kill: () => Promise<void>) => void) {
  const { command, args } = practiceCommand({
    ...options,
    args: ['--for-ms', '120000', ...(options.args ?? [])],
  });
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const printed = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => printed.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => printed.stderr.push(chunk));
  const gone = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  cleanUp(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const text = (stream: 'stdout' | 'stderr') => Buffer.concat(printed[stream]).toString();
  return { child, printed, text, exit: () => within('the exit', gone) };
}

async function whenReady(launched: ReturnType<typeof spawnOne>): Promise<Gateway> {
  const { child, text } = launched;
  const port = () => Number(/^listening on (?<port>\d+)$/m.exec(text('stdout'))?.groups?.port ?? 0);
  const up = until('the readiness line', () => port() > 0 || child.exitCode !== null);
  await up.catch((error) => {
    throw new Error(`${String(error)}; stderr: ${text('stderr')}`);
  });
  if (port() === 0) throw new Error(`exited with ${child.exitCode}; stderr: ${text('stderr')}`);
  return { ...launched, pid: child.pid ?? 0, url: `ws://127.0.0.1:${port()}`, ...talk(port()) };
}

/** One for this test, at once. */
export const launch = (options: StartOptions = {}) => spawnOne(options, onTestFinished);

/** One for this test, once it is ready. */
export const start = (options: StartOptions = {}) => whenReady(launch(options));

/** How the clients of the present test leave, whatever a fault has made of them. */
const dialled = new Set<() => void>();

/** One for all tests of a block: faults and counters are cleared after each. */
export function share(options: StartOptions = {}): () => Gateway {
  let gateway: Gateway | undefined;
  let kill: (() => Promise<void>) | undefined;
  const use = () => {
    if (!gateway) throw new Error('the shared gateway is not up');
    return gateway;
  };
  beforeAll(async () => {
    const launched = spawnOne(options, (how) => {
      kill = how;
    });
    gateway = await whenReady(launched);
  });
  afterEach(async () => {
    // Hooks run before onTestFinished: who is to be waited for must be told to go first.
    for (const leave of dialled) leave();
    dialled.clear();
    const open = () =>
      use()
        .stats()
        .then(
          (stats) => stats.open,
          () => 'refused',
        );
    await until('the clients to leave', async () => (await open()) === 0);
    await use().fault({ name: 'clear', counters: true });
  });
  afterAll(async () => kill?.());
  return use;
}

export function talk(port: number) {
  const base = `http://127.0.0.1:${port}`;
  const http = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${base}${path}`, init);
    return { status: response.status, body: (await response.json()) as Json };
  };
  return {
    port,
    http,
    stats: async () => (await http('/stats')).body as Stats,
    fault: async (fault: Json | string) => {
      const body = typeof fault === 'string' ? fault : JSON.stringify(fault);
      return (await http('/fault', { method: 'POST', body })).body;
    },
  };
}

export interface Client {
  readonly ws: WebSocket;
  /** text frames, oldest first; `next` takes them one by one */
  readonly frames: string[];
  next(): Promise<string>;
  nextJson(): Promise<Json>;
  send(frame: unknown): void;
  /** the answer to a JSON-RPC request */
  call(method: string, params?: unknown): Promise<Json>;
  /** how it ended; `error` is of the raw socket, or of the dial */
  closed(): Promise<{ code: number; reason: string; error: string | undefined }>;
  /** RST: no close frame, no FIN */
  reset(): void;
  /** false when no pong came in time; say a short time only where none is expected */
  ponged(ms?: number): Promise<boolean>;
}

/** Opens a client and waits until it is open, unless told not to. */
export async function dial(url: string, waits: 'open' | 'no' = 'open'): Promise<Client> {
  const ws = new WebSocket(url, { perMessageDeflate: false });
  const frames: string[] = [];
  let error: string | undefined;
  let ids = 0;
  let raw: Socket | undefined;
  // The raw socket: ws keeps its errors to itself once the connection is open.
  const watch = (socket: Socket) => {
    raw = socket;
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error ??= cause.code;
    });
  };
  ws.on('upgrade', ({ socket }) => watch(socket));
  ws.on('message', (data) => frames.push(data.toString()));
  ws.on('error', (cause: NodeJS.ErrnoException) => {
    error ??= cause.code ?? cause.message;
  });
  const leave = () => {
    if (raw) raw.resetAndDestroy();
    else ws.terminate();
  };
  dialled.add(leave);
  onTestFinished(leave);
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const opened = new Promise<boolean>((resolve) => ws.on('open', () => resolve(true)));
  const next = async () => {
    await until('a frame', () => frames.length > 0);
    return frames.shift() ?? '';
  };
  const send = (frame: unknown) =>
    ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  const client: Client = {
    ws,
    frames,
    next,
    nextJson: async () => JSON.parse(await next()) as Json,
    send,
    call: async (method, params) => {
      ids += 1;
      const id = ids;
      send({ jsonrpc: '2.0', id, method, params });
      const mine = () => frames.findIndex((frame) => (JSON.parse(frame) as Json).id === id);
      await until(`the answer to ${method}`, () => mine() >= 0);
      return JSON.parse(frames.splice(mine(), 1)[0] ?? '{}') as Json;
    },
    closed: async () => ({ ...(await within('the close', closed)), error }),
    reset: () => raw?.resetAndDestroy(),
    ponged: async (ms = 5000) => {
      const pong = once(ws, 'pong').then(() => true);
      ws.ping();
      return within('a pong', pong, ms).catch(() => false);
    },
  };
  if (waits === 'open') {
    await within('the open', Promise.race([opened, closed.then(() => false)]));
  }
  return client;
}
