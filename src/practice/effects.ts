/**
 * What each fault does, one function a row of the table. It promises to touch this process and its
 * own sockets only; whatever a fault starts, it must never outlive the duration it was given.
 */

import { spawn } from 'node:child_process';
import { type Conditions, counted, type Silence, type Target } from './conditions.ts';
import type { Dialect } from './dialect.ts';
import { FaultError } from './fault-request.ts';
import type { FaultName, FaultValues } from './faults.ts';
import type { Ledger } from './ledger.ts';
import { flood, splitCharacter, writeLine } from './noise.ts';
import type { Peer } from './peer.ts';

/** What the effects work on: the server, seen from here. */
export interface Stage {
  readonly conditions: Conditions;
  readonly ledger: Ledger;
  readonly peers: ReadonlySet<Peer>;
  readonly dialect: Dialect;
  readonly grandchildren: number[];
  readonly log: (line: string) => void;
  refuse(forMs: number): void;
  restart(plan: FaultValues<'restart'>): void;
}

type Detail = Record<string, unknown> | undefined;
type Effects = {
  readonly [N in FaultName]?: (stage: Stage, values: FaultValues<N>) => Detail;
};

const killers = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const;
const ignorable = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'];

interface Reach {
  readonly at: FaultValues<'close'>['at'];
  readonly times: number;
}
interface EarlyReach {
  readonly at: FaultValues<'drop'>['at'];
  readonly times: number;
}

function reach(stage: Stage, { at, times }: Reach, hit: (peer: Peer) => void): undefined {
  if (at === 'now') for (const peer of stage.peers) hit(peer);
  else stage.conditions.arm(at, times, hit);
}

/** As reach, for what can be done even before the upgrade is answered. */
function early(stage: Stage, { at, times }: EarlyReach, hit: (target: Target) => void): undefined {
  if (at === 'upgrade') stage.conditions.armEarly(times, hit);
  else reach(stage, { at, times }, hit);
}

/** Now: every connection there is and every one that opens while it lasts. */
function silence(
  stage: Stage,
  kind: Exclude<Silence, 'none'>,
  values: FaultValues<'hang'>,
): Detail {
  const { conditions, peers } = stage;
  if (values.at !== 'now') {
    return early(stage, values, (target) => target.silenceWith(kind, values.forMs));
  }
  for (const other of ['mute', 'hang', 'blackhole']) conditions.end(other);
  conditions.silence = kind;
  for (const peer of peers) peer.silenceWith(kind, 0);
  conditions.last(kind, values.forMs, () => {
    conditions.silence = 'none';
    for (const peer of peers) peer.unsilence(kind);
  });
  return undefined;
}

function crash(stage: Stage, values: FaultValues<'crash'>): never | undefined {
  const { exitCode, signal, says } = values;
  const killer = killers.find((known) => known === signal);
  if (says !== undefined) writeLine('stderr', says);
  stage.log(killer ? `crashing by ${killer}, as told` : `crashing with ${exitCode}, as told`);
  if (!killer) process.exit(exitCode);
  process.removeAllListeners(killer);
  process.kill(process.pid, killer);
  return undefined;
}

/** Refuses bad names before anything is promised to the asker. */
function signalNames(text: string): string[] {
  const names = text.split(/[+\s]+/).filter((name) => name !== '');
  const stranger = names.find((name) => !ignorable.includes(name));
  if (stranger === undefined && names.length > 0) return names;
  const rule = `signal-ignore.signals must name some of ${ignorable.join(', ')}`;
  throw new FaultError(`${rule}, got ${JSON.stringify(stranger ?? text)}`);
}

function grandchild(stage: Stage, { lifeMs }: FaultValues<'grandchild'>): Detail {
  const program = `process.on('SIGTERM', () => {}); setTimeout(() => {}, ${lifeMs});`;
  const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: 'ignore' });
  child.on('error', (error) => stage.log(`grandchild: ${error.message}`));
  child.unref();
  if (child.pid === undefined) return { pid: null };
  stage.grandchildren.push(child.pid);
  stage.log(`grandchild ${child.pid} started in a session of its own`);
  return { pid: child.pid };
}

const connectionEffects: Effects = {
  refuse: (stage, { forMs, drop }) => {
    stage.refuse(forMs);
    if (drop) for (const peer of stage.peers) peer.reset();
    return undefined;
  },
  reject: ({ conditions }, { status, times }) => {
    conditions.rejections = { status, left: counted(times) };
    return undefined;
  },
  drop: (stage, values) => early(stage, values, (target) => target.reset()),
  halfclose: (stage, values) => early(stage, values, (target) => target.halfClose()),
  close: (stage, values) => reach(stage, values, (peer) => peer.close(values.code, values.reason)),
  hang: (stage, values) => silence(stage, 'hang', values),
  blackhole: (stage, values) => silence(stage, 'blackhole', values),
  mute: (stage, values) => silence(stage, 'mute', values),
  'no-pong': ({ conditions }, { forMs }) => {
    conditions.noPong = true;
    conditions.last('no-pong', forMs, () => {
      conditions.noPong = false;
    });
    return undefined;
  },
  slow: ({ conditions }, { ms, pongs, forMs }) => {
    conditions.last('slow', forMs, () => {
      conditions.answerDelayMs = 0;
      conditions.delayPongs = false;
    });
    conditions.answerDelayMs = ms;
    conditions.delayPongs = pongs;
    return undefined;
  },
  repeat: ({ conditions }, { copies, forMs }) => {
    conditions.last('repeat', forMs, () => {
      conditions.copies = 1;
    });
    conditions.copies = copies;
    return undefined;
  },
  say: (stage, values) => {
    const padded = values.text.padEnd(values.bytes, '.');
    const frame = values.binary ? Buffer.from(padded) : padded;
    return reach(stage, values, (peer) => peer.push(frame));
  },
  emit: (stage, values) => {
    const { event, count } = values;
    return reach(stage, values, (peer) => {
      for (let n = 1; n <= count; n += 1) stage.dialect.emit(peer, event, { n, of: count });
    });
  },
};

const processEffects: Effects = {
  crash,
  restart: (stage, values) => {
    stage.restart(values);
    return undefined;
  },
  stall: (stage, { ms }) => {
    stage.log(`stalling the event loop for ${ms} ms`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return undefined;
  },
  'signal-ignore': ({ conditions }, { signals }) => {
    for (const name of signalNames(signals)) conditions.signalsIgnored.add(name);
    return undefined;
  },
  'slow-drain': ({ conditions }, { ms }) => {
    conditions.drainMs = ms;
    return undefined;
  },
  flood: (_, { bytes, stream, lineBytes }) => {
    void flood(stream, bytes, lineBytes);
    return undefined;
  },
  print: (_, { text, stream }) => {
    writeLine(stream, text);
    return undefined;
  },
  'split-utf8': (_, { stream, gapMs }) => {
    splitCharacter(stream, gapMs);
    return undefined;
  },
  grandchild,
  clear: ({ conditions, ledger }, { counters }) => {
    conditions.clear();
    if (counters) ledger.zero();
    return undefined;
  },
};

export const effects: Effects = { ...connectionEffects, ...processEffects };

/** What a request says that the table cannot check; throws a FaultError before anything is done. */
export function checkMeaning(name: FaultName, values: unknown): void {
  if (name === 'signal-ignore') signalNames((values as FaultValues<'signal-ignore'>).signals);
  const signal = name === 'crash' ? (values as FaultValues<'crash'>).signal : undefined;
  if (signal === undefined || killers.some((known) => known === signal)) return;
  const rule = `crash.signal must be one of ${killers.join(', ')}`;
  throw new FaultError(`${rule}, got ${JSON.stringify(signal)}`);
}
