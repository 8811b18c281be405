/**
 * The practice gateway as a process: reads its options, listens, prints one readiness line, obeys
 * signals. It promises exit code 2 for a bad option and 0 for a stop; it must never bind to
 * anything but 127.0.0.1, and never print a secret.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { StateError } from './devices.ts';
import type { Dialect, House } from './dialect.ts';
import { FaultError } from './fault-request.ts';
import type { FaultRequest, FaultValues } from './faults.ts';
import { jsonrpcDialect } from './jsonrpc.ts';
import { surviveClosedOutput, writeLine } from './noise.ts';
import { openclawDialect } from './openclaw.ts';
import { helpText, OptionError, type Options, readOptions } from './options.ts';
import { plainDialect } from './plain.ts';
import { PracticeServer } from './server.ts';

type StartName = 'slow-start' | 'slow-ready' | 'never-ready' | 'exit-at-start' | 'crash-at-start';

/** These act before anything listens; the rest of the command line's faults once it does. */
const beforeListening = new Set([
  'signal-ignore',
  'slow-drain',
  'flood',
  'print',
  'split-utf8',
  'grandchild',
]);

function options(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    writeLine('stderr', `practice gateway: ${error.message}`);
    process.exit(2);
  }
}

function dialectOf({ protocol, tickMs, state }: Options): (house: House) => Dialect {
  if (protocol !== 'openclaw') return protocol === 'plain' ? plainDialect : jsonrpcDialect;
  const token = process.env.PRACTICE_TOKEN || undefined;
  return (house) => openclawDialect(house, { tickMs, token, state });
}

function startFault<N extends StartName>(from: Options, name: N): FaultValues<N> | undefined {
  const request = from.faults.find((fault) => fault.name === name);
  return request?.values as FaultValues<N> | undefined;
}

const isStartFault = ({ name }: FaultRequest) =>
  ['slow-start', 'slow-ready', 'never-ready', 'exit-at-start', 'crash-at-start'].includes(name);

/** A start that fails before there is anything to connect to. */
async function obstacles(from: Options): Promise<void> {
  const slow = startFault(from, 'slow-start');
  if (slow) await sleep(slow.ms);
  if (startFault(from, 'crash-at-start')) throw new Error('practice was told to crash at start');
  const exit = startFault(from, 'exit-at-start');
  if (!exit) return;
  writeLine('stderr', exit.says);
  process.exit(exit.code);
}

function obeySignals(server: PracticeServer): void {
  const stop = (signal: string) => {
    const { drainMs } = server.conditions;
    if (drainMs === 0) return server.stop(signal);
    server.log(`draining for ${drainMs} ms`);
    server.isReady = false;
    return void setTimeout(() => server.stop(signal), drainMs);
  };
  const restart = { refuseMs: undefined, startingMs: undefined, expectedMs: undefined };
  const deeds: Record<string, (signal: string) => void> = {
    SIGTERM: stop,
    SIGINT: stop,
    SIGHUP: () => server.reload(),
    SIGUSR2: () => server.restart(restart),
  };
  for (const [signal, deed] of Object.entries(deeds)) {
    process.on(signal, () => {
      if (server.conditions.signalsIgnored.has(signal)) server.log(`${signal} ignored, as told`);
      else deed(signal);
    });
  }
}

async function becomeReady(server: PracticeServer, from: Options): Promise<void> {
  const { port } = server;
  server.log(`serving 127.0.0.1:${port}, ${from.protocol}, boot ${server.bootId}`);
  if (startFault(from, 'never-ready')) return;
  const slow = startFault(from, 'slow-ready');
  server.isReady = slow === undefined;
  const { pid } = process;
  const line = from.readyLine.replaceAll('{port}', `${port}`).replaceAll('{pid}', `${pid}`);
  writeLine('stdout', line);
  if (!slow) return;
  await sleep(slow.ms);
  server.isReady = true;
  server.log('ready');
}

async function main(): Promise<void> {
  surviveClosedOutput();
  const from = options();
  if (from.help) return void process.stdout.write(helpText());
  const log = (line: string) => {
    if (!from.quiet) writeLine('stderr', `practice ${line}`);
  };
  const { port, pingMs, restart } = from;
  const plan = { port, pingMs, restart, log, makeDialect: dialectOf(from) };
  const faults = from.faults.filter((fault) => !isStartFault(fault));
  try {
    const server = new PracticeServer(plan);
    obeySignals(server);
    for (const fault of faults) if (beforeListening.has(fault.name)) server.perform(fault);
    if (from.forMs > 0) setTimeout(() => server.stop('its time is over'), from.forMs);
    await obstacles(from);
    await server.listen();
    for (const fault of faults) if (!beforeListening.has(fault.name)) server.perform(fault);
    await becomeReady(server, from);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  const exitCode = error instanceof FaultError ? 2 : error instanceof StateError ? 78 : 1;
  const option = exitCode === 2 ? '--fault: ' : exitCode === 78 ? '--state: ' : '';
  // A failing listener says enough in one line; anything else deserves its stack.
  if (exitCode === 1 && !('code' in error)) throw error;
  writeLine('stderr', `practice gateway: ${option}${error.message}`);
  process.exit(exitCode);
}

await main();
