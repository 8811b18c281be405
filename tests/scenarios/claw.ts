/**
 * The OpenClaw gateway's end of one call, played by a test: it challenges, accepts, refuses and
 * answers when told, and by itself only where a scenario says so. It must never know what the
 * client should do; it keeps what the client did.
 */
import type { Call } from '../../src/simulate/network.ts';

export type Json = Record<string, unknown>;

export interface Frame {
  type: string;
  id: string;
  method: string;
  params: Json;
}

/** What a gateway says of itself in its hello, unless told otherwise. */
export interface Hello {
  auth?: Json;
  policy?: Json;
  methods?: string[];
  bootId?: string;
}

export function helloOk(hello: Hello = {}): Json {
  const { auth, policy, methods = ['health', 'system-presence'], bootId = 'boot-1' } = hello;
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '2026.9.6', bootId, connId: 'conn-1' },
    features: { methods, events: ['tick'] },
    snapshot: {},
    auth: { role: 'operator', scopes: ['operator.admin'], ...auth },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, ...policy },
  };
}

export class Claw {
  readonly call: Call;

  constructor(call: Call) {
    this.call = call;
  }

  /** Every frame of the client, read as JSON. */
  get frames(): Frame[] {
    return this.call.frames.map((frame) => JSON.parse(frame) as Frame);
  }

  /** The connect requests of this socket; there must never be two. */
  get connects(): Frame[] {
    return this.frames.filter(({ method }) => method === 'connect');
  }

  /** Every request behind the connect. */
  get requests(): Frame[] {
    return this.frames.filter(({ type, method }) => type === 'req' && method !== 'connect');
  }

  get connect(): Frame {
    const [connect] = this.connects;
    if (connect === undefined) throw new Error('the client has not sent its connect yet');
    return connect;
  }

  sends(frame: unknown): this {
    this.call.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    return this;
  }

  challenges(nonce: unknown = 'nonce-1', ts: unknown = 1_700_000_000_000): this {
    return this.event('connect.challenge', { nonce, ts });
  }

  /** Answers the connect; `id` when it shall answer another one. */
  accepts(hello: Hello = {}, id = this.connect.id): this {
    return this.answers(id, helloOk(hello));
  }

  answers(id: string, payload: unknown): this {
    return this.sends({ type: 'res', id, ok: true, payload });
  }

  refuses(error: Json, id = this.connect.id): this {
    return this.sends({ type: 'res', id, ok: false, error });
  }

  /** Refuses the connect and closes, as the gateway does; `code` is the one in the details. */
  denies(code: string, details: Json = {}, more: Json = {}, closeCode = 1008): this {
    const message = `refused: ${code}`;
    this.refuses({ code: 'INVALID_REQUEST', message, ...more, details: { code, ...details } });
    this.call.close(closeCode, message);
    return this;
  }

  event(name: string, payload: unknown, seq?: number): this {
    return this.sends({
      type: 'event',
      event: name,
      payload,
      ...(seq === undefined ? {} : { seq }),
    });
  }
}
