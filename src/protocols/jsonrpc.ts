/**
 * JSON-RPC 2.0 over one socket, client side: requests and their answers, notifications as events,
 * batches, and whatever else comes as a message. It promises that every frame is handed over or
 * answered, once, and that a peer which asks us something gets its answer: there is no such method.
 * It must never throw on a peer's bytes, never decide whether an answer is still wanted, and never
 * send anything but those refusals by itself.
 */
import { HoldfastError } from '../errors.ts';
import type { Inbound, PeerError, Protocol } from '../ports.ts';
import { peerWords } from './endings.ts';
import { field, isRecord, parse } from './hostile.ts';
import { heartbeat, PlainSession } from './plain.ts';

/** Longer ids and method names are not looked at: no request of ours has one. */
const nameMax = 256;
const messageMax = 300;

const methodNotFound = { code: -32601, message: 'Method not found' };

/** A request of the peer. The id goes back as it came: `7` and `"7"` are two ids. */
interface Question {
  readonly kind: 'question';
  readonly id: string | number;
  readonly method: string;
}

export function jsonrpc(): Protocol {
  return { name: 'jsonrpc', heartbeat, session: (host) => new JsonRpcSession(host) };
}

class JsonRpcSession extends PlainSession {
  #hasDeclined = false;

  request(id: string, method: string, params: unknown): string {
    try {
      return JSON.stringify({ jsonrpc: '2.0', id, method, params });
    } catch (cause) {
      const message = `request: params of ${shown(method)} must be JSON: no cycles, no bigint`;
      throw new HoldfastError('HF_OPTION_INVALID', message, { cause, delivery: 'not-sent' });
    }
  }

  protected override read(data: string | Uint8Array): void {
    const line = typeof data === 'string' ? data : decode(data);
    const json = line === null ? null : parse(line);
    if (json === null) this.host.deliver({ kind: 'message', data });
    else this.#reply(Array.isArray(json.value) ? this.#batch(json.value) : this.#take(json.value));
  }

  /** A batch is answered by a batch. */
  #batch(values: readonly unknown[]): object | undefined {
    if (values.length === 0) return this.#take(values);
    const owed = values.map((value) => this.#take(value)).filter((one) => one !== undefined);
    return owed.length === 0 ? undefined : owed;
  }

  /** Hands one element over; what it returns is owed to the peer. */
  #take(value: unknown): object | undefined {
    const read = readElement(value);
    if (read.kind !== 'question') return void this.host.deliver(read);
    if (!this.#hasDeclined) {
      const message = `The peer sent a request (${shown(read.method)}): this client answers none.`;
      this.host.diagnose('info', 'HF_REQUEST_DECLINED', message);
    }
    this.#hasDeclined = true;
    return { jsonrpc: '2.0', id: read.id, error: methodNotFound };
  }

  #reply(owed: object | undefined): void {
    if (owed !== undefined) this.host.send(JSON.stringify(owed));
  }
}

const shown = (method: string) => peerWords(method, 80);

function readElement(value: unknown): Inbound | Question {
  const message: Inbound = { kind: 'message', data: value };
  if (!isRecord(value) || field(value, 'jsonrpc') !== '2.0') return message;
  const id = readId(field(value, 'id'));
  if (Object.hasOwn(value, 'method')) {
    const method = name(value.method, nameMax);
    if (method === null || id === 'strange') return message;
    // No answer could be matched to the id null, so nobody waits for one.
    if (id === 'none') return { kind: 'event', name: method, payload: field(value, 'params') };
    return { kind: 'question', id: id.value, method };
  }
  if (typeof id !== 'object') return message;
  return readAnswer(String(id.value), value);
}

function readAnswer(id: string, frame: Readonly<Record<string, unknown>>): Inbound {
  const error = field(frame, 'error');
  if (error) return { kind: 'answer', id, ok: false, error: readError(error) };
  const payload = Object.hasOwn(frame, 'result') ? frame.result : frame;
  return { kind: 'answer', id, ok: true, payload };
}

function readError(error: unknown): PeerError {
  const code = field(error, 'code');
  const details = field(error, 'data');
  return {
    code: typeof code === 'number' ? code : (name(code, 64) ?? 'UNKNOWN'),
    message: messageOf(error),
    ...(details === undefined ? {} : { details }),
  };
}

function messageOf(error: unknown): string {
  const given = typeof error === 'string' ? error : field(error, 'message');
  const words = typeof given === 'string' ? peerWords(given, messageMax) : '';
  if (words !== '') return words;
  const json = inJson(error);
  return json === '{}' || json === '' ? 'Unknown error' : json;
}

/** Empty where the value lies deeper than the stack. */
function inJson(value: unknown): string {
  try {
    return peerWords(JSON.stringify(value), messageMax);
  } catch {
    return '';
  }
}

function name(value: unknown, max: number): string | null {
  return typeof value === 'string' && value.length <= max && value.trim() !== '' ? value : null;
}

function readId(id: unknown): { value: string | number } | 'none' | 'strange' {
  if (id === undefined || id === null) return 'none';
  if (typeof id === 'number') return Number.isFinite(id) ? { value: id } : 'strange';
  return typeof id === 'string' && id.length <= nameMax ? { value: id } : 'strange';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
