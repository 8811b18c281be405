/**
 * The JSON-RPC 2.0 dialect: requests, notifications and batches, answered as the specification
 * says. It promises an answer to every request that has an id; it must never execute a request it
 * has called invalid.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Dialect, House } from './dialect.ts';
import { isRecord, type JsonRecord, parseJson, shown } from './json.ts';
import type { Peer } from './peer.ts';

type Id = string | number | null;
type Answer = JsonRecord;

/** What a method needs to run; `afterwards` runs once its answer is on the wire. */
interface Call {
  readonly peer: Peer;
  readonly params: unknown;
  afterwards(run: () => void): void;
}
type Method = (call: Call) => unknown;

class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const sleepMost = 600_000;
const notesMost = 1_000_000;
/** Above this the sender waits for the reader. */
const bufferedHigh = 4 * 1024 * 1024;

/** A parameter by name or, in an array, by place. */
function parameter(params: unknown, key: string, place: number): unknown {
  return Array.isArray(params) ? params[place] : isRecord(params) ? params[key] : undefined;
}

function numberParameter(params: unknown, key: string, place: number, most: number): number {
  const value = parameter(params, key, place);
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw new RpcError(-32602, `${key} must be a number from 0 to ${most}, got ${shown(value)}`);
}

function add({ params }: Call): number {
  const [a, b] = [parameter(params, 'a', 0), parameter(params, 'b', 1)];
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  throw new RpcError(-32602, `add takes two numbers, got ${shown(a)} and ${shown(b)}`);
}

const note = (method: string, params: unknown) =>
  JSON.stringify({ jsonrpc: '2.0', method, params });

/** Sends `count` notifications without outrunning the reader. */
async function notify({ peer, params }: Call): Promise<{ sent: number }> {
  const count = Math.floor(numberParameter(params, 'count', 0, notesMost));
  const given = parameter(params, 'method', 1);
  const method = typeof given === 'string' ? given : 'note';
  let sent = 0;
  for (; sent < count && peer.isOpen; sent += 1) {
    while (peer.isOpen && peer.bufferedBytes > bufferedHigh) await sleep(2);
    peer.push(note(method, { n: sent + 1, of: count }));
  }
  return { sent };
}

function methodsOf(house: House): Record<string, Method> {
  return {
    add,
    notify,
    echo: ({ params }) => params ?? null,
    sleep: async ({ params }) => {
      const ms = numberParameter(params, 'ms', 0, sleepMost);
      await sleep(ms, undefined, { ref: false });
      return { slept: ms };
    },
    info: () => ({ pid: process.pid, bootId: house.bootId, protocol: 'jsonrpc' }),
    fault: ({ peer, params, afterwards }) => {
      const { answer, run } = house.fault(peer, Array.isArray(params) ? params[0] : params);
      if (!answer.ok) throw new RpcError(-32602, answer.error);
      afterwards(run);
      return answer;
    },
    shutdown: ({ afterwards }) => {
      afterwards(() => house.stop('a client asked for shutdown'));
      return { ok: true };
    },
  };
}

function errorAnswer(id: Id, code: number, message: string, data?: unknown): Answer {
  const error = data === undefined ? { code, message } : { code, message, data };
  return { jsonrpc: '2.0', id, error };
}

const isId = (value: unknown): value is Id =>
  value === null || typeof value === 'string' || typeof value === 'number';

const isResponse = (frame: JsonRecord) =>
  frame.method === undefined && ('result' in frame || 'error' in frame);

class JsonRpc {
  readonly #house: House;
  readonly #methods: Record<string, Method>;

  constructor(house: House) {
    this.#house = house;
    this.#methods = methodsOf(house);
  }

  async receive(peer: Peer, text: string): Promise<void> {
    const frame = parseJson(text);
    const after: (() => void)[] = [];
    const answer = await this.#answerTo(peer, frame, after);
    const sent = () => {
      for (const run of after) run();
    };
    if (answer === undefined) sent();
    else peer.answer(JSON.stringify(answer), sent);
  }

  #answerTo(peer: Peer, frame: unknown, after: (() => void)[]) {
    if (frame === undefined) return errorAnswer(null, -32700, 'Parse error');
    if (!Array.isArray(frame)) return this.#one(peer, frame, after);
    if (frame.length === 0) return errorAnswer(null, -32600, 'Invalid Request');
    return this.#batch(peer, frame, after);
  }

  async #batch(peer: Peer, frames: unknown[], after: (() => void)[]) {
    const answers = await Promise.all(frames.map((frame) => this.#one(peer, frame, after)));
    const told = answers.filter((answer) => answer !== undefined);
    return told.length > 0 ? told : undefined;
  }

  async #one(peer: Peer, frame: unknown, after: (() => void)[]): Promise<Answer | undefined> {
    if (isRecord(frame) && isResponse(frame)) return undefined;
    const id = isRecord(frame) && isId(frame.id) ? frame.id : null;
    if (!isRecord(frame) || frame.jsonrpc !== '2.0' || typeof frame.method !== 'string') {
      return errorAnswer(id, -32600, 'Invalid Request');
    }
    if ('id' in frame && !isId(frame.id)) return errorAnswer(null, -32600, 'Invalid Request');
    const answer = await this.#call(peer, id, frame.method, frame.params, after);
    return 'id' in frame ? answer : undefined;
  }

  async #call(peer: Peer, id: Id, name: string, params: unknown, after: (() => void)[]) {
    const method = Object.hasOwn(this.#methods, name) ? this.#methods[name] : undefined;
    if (!method) return errorAnswer(id, -32601, 'Method not found', { method: name.slice(0, 80) });
    this.#house.ledger.called(name);
    try {
      const result = await method({ peer, params, afterwards: (run) => void after.push(run) });
      return { jsonrpc: '2.0', id, result };
    } catch (error) {
      if (error instanceof RpcError) return errorAnswer(id, error.code, error.message, error.data);
      return errorAnswer(id, -32603, error instanceof Error ? error.message : 'Internal error');
    }
  }
}

export function jsonrpcDialect(house: House): Dialect {
  const rpc = new JsonRpc(house);
  const receive = (peer: Peer, text: string) => {
    rpc.receive(peer, text).catch((error) => house.log(`connection ${peer.id}: ${String(error)}`));
  };
  return {
    name: 'jsonrpc',
    opened: (peer) => house.greeted(peer),
    text: receive,
    binary: (peer, data) => receive(peer, data.toString()),
    closed: () => {},
    emit: (peer, name, payload) => peer.push(note(name, payload)),
    leaving(peer, reason, expectedMs) {
      peer.push(note('shutdown', { reason, restartExpectedMs: expectedMs }));
      return expectedMs === null
        ? { code: 1001, reason: 'going away' }
        : { code: 1012, reason: 'service restart' };
    },
    stats: () => ({}),
    effects: {},
  };
}
