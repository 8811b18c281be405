/**
 * What the tests connect to and supervise: the practice gateway, and Holdfast itself in a process
 * of its own, each as one quick file. Real sockets and real processes only; a server's own answer
 * to what it saw is the proof.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { type PracticeOptions, practiceCommand } from '../../src/practice/start.ts';
import type { Json, Stats } from '../practice/house.ts';
import { bundle } from './bundle.ts';

let home: string | undefined;
const paths = new Map<string, string>();

afterAll(() => {
  if (home !== undefined) rmSync(home, { recursive: true });
  home = undefined;
  paths.clear();
});

/** Bundled once a test file. */
export function bundled(source: string): string {
  home ??= mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  const made = paths.get(source) ?? bundle(source, home);
  paths.set(source, made);
  return made;
}

export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  /** lines of stdout and stderr so far */
  readonly lines: string[];
  /** resolves with the exit code, or the signal */
  readonly gone: Promise<number | string>;
}

/**
 * Holdfast in a process of its own, as a host would run it: `source` sees its public names as `hf`
 * and may await. Whatever is thrown or rejected and not handled is printed and ends it with 70.
 */
export function program(source: string): Program {
  const whole = `import * as hf from ${JSON.stringify(bundled('src/index'))};
    for (const kind of ['unhandledRejection', 'uncaughtException']) {
      process.on(kind, (error) => {
        console.log(kind, error?.stack ?? error);
        process.exitCode = 70;
      });
    }
    ${source}`;
  const args = ['--input-type=module', '--eval', whole];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.on('data', (chunk) => {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
  }
  const gone = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? ''));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return { child, pid: child.pid ?? Number.NaN, lines, gone };
}

/** The command line of a practice gateway. It leaves by itself after a minute, come what may. */
export function practice(options: PracticeOptions = {}): [string, ...string[]] {
  const { command, args } = practiceCommand(options);
  const own = args.slice(args.findIndex((arg) => arg.endsWith('gateway.ts')) + 1);
  return [command, bundled('src/practice/gateway'), ...own, '--quiet', '--for-ms', '60000'];
}

export const listening = { line: /^listening on (?<port>\d+)$/ };
export const urlOf = ({ port }: { port: number | undefined }) => `ws://127.0.0.1:${port}`;

/** One HTTP call on a socket of its own, which is gone when the answer is there. */
function http(port: number, path: string, body?: unknown): Promise<Json> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const call = request({ host: '127.0.0.1', port, path, method, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(JSON.parse(text) as Json));
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export const stats = async (port: number) => (await http(port, '/stats')) as Stats;
export const fault = (port: number, name: string, more: Json = {}) =>
  http(port, '/fault', { name, ...more });

/** What a client said after its upgrade request: `text hello`, `ping`, `close 1000 bye`. */
export function spoken(heard: string): string[] {
  let rest = Buffer.from(heard.split('\r\n\r\n').slice(1).join('\r\n\r\n'), 'latin1');
  const words: string[] = [];
  // a client's frames are masked, and in these tests shorter than 126 bytes
  while (rest.length >= 6) {
    const size = (rest[1] ?? 0) & 0x7f;
    const mask = rest.subarray(2, 6);
    const payload = rest.subarray(6, 6 + size).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
    const text = Buffer.from(payload);
    if (rest[0] === 0x88) words.push(`close ${text.readUInt16BE()} ${text.subarray(2)}`);
    else words.push(rest[0] === 0x89 ? 'ping' : `text ${text}`);
    rest = rest.subarray(6 + size);
  }
  return words;
}

/** A server that greets everybody with one frame; its address. */
export async function greeter(frame = 'hello'): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (ws) => {
    ws.on('error', () => {});
    ws.send(frame);
  });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(async () => {
    for (const ws of server.clients) ws.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return `ws://127.0.0.1:${port}`;
}
