/**
 * The client's end of a fake connection: what a transport hands to its consumer. It promises what
 * the port does: `closed` once or never after `reset`, `done` once for each frame, nothing from
 * inside a call of the consumer's and nothing thrown at anybody. It must never do a thing by
 * itself, and it has no timers: what the driver bounds by time is over at once here.
 */

import type {
  Defer,
  TransportEnd,
  TransportEvents,
  TransportHandle,
  TransportTarget,
} from '../ports.ts';
import {
  coded,
  endOfRefusal,
  type Fault,
  fitsCloseFrame,
  fittingReason,
  frameOf,
  noCode,
  type Packet,
} from './wire.ts';

/** what the kernel takes while the peer does not read */
const kernelBytes = 256 * 1024;
const int32Max = 2 ** 31 - 1;

export type EndedBy = 'client reset' | 'client close' | 'peer';

/** What a client's end knows of the other one. */
export interface FarEnd {
  hear(packet: Packet): void;
  /** the client has begun to end the conversation; called at once, unlike `hear` */
  abandoned(by: EndedBy): void;
}

interface Outgoing {
  packet: Packet;
  bytes: number;
  done: ((error?: Error) => void) | undefined;
}

export class ClientEnd implements TransportHandle {
  readonly #events: TransportEvents;
  readonly #far: FarEnd;
  readonly #later: Defer;
  readonly #payloadMax: number;
  /** abandoned: closed before it opened, which is still to be reported */
  #state: 'dialling' | 'open' | 'closing' | 'abandoned' | 'over' = 'dialling';
  #opened = false;
  #queue: Outgoing[] = [];
  #unread = 0;

  constructor(target: TransportTarget, events: TransportEvents, later: Defer, far: FarEnd) {
    const bytes = target.maxPayloadBytes;
    this.#payloadMax = bytes >= 1 ? Math.min(bytes, int32Max) : 1;
    this.#events = events;
    this.#far = far;
    this.#later = later;
  }

  /** it opened, and was neither reset nor closed since */
  get alive(): boolean {
    return this.#opened && !this.over;
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  get bufferedBytes(): number {
    return this.#queue.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  send(data: string | Uint8Array, done?: (error?: Error) => void): void {
    if (this.#state === 'open') this.#put(frameOf(data), done);
    else this.#answer(done, coded('WS_NOT_OPEN', 'the connection is not open'));
  }

  ping(): void {
    if (this.#state === 'open') this.#put({ kind: 'ping' });
  }

  close(code: number, reason: string): void {
    if (this.#state === 'dialling') {
      this.#far.abandoned('client close');
      this.#state = 'abandoned';
      this.#cut();
      const message = 'we closed before the upgrade was answered';
      this.#later(() => this.#finish(broken({ code: 'WS_ABANDONED', message })));
    } else if (this.#state === 'open') {
      this.#say(fitsCloseFrame(code) ? code : 1000, fittingReason(reason));
    }
  }

  reset(): void {
    if (this.#state === 'over') return;
    this.#far.abandoned('client reset');
    this.#leave();
    this.#cut();
  }

  /** The peer has read so much: the kernel has room again. */
  taken(bytes: number): void {
    this.#unread -= bytes;
    this.#pump();
  }

  /** What came from the peer, one hop after it was said. */
  hear(packet: Packet): void {
    if (this.#state === 'over' || this.#state === 'abandoned') return;
    switch (packet.kind) {
      case 'upgraded':
        this.#state = 'open';
        this.#opened = true;
        this.#tell(() => this.#events.opened());
        break;
      case 'frame':
        if (packet.bytes > this.#payloadMax) this.#tooLarge();
        else this.#tell(() => this.#events.frame(packet.data));
        break;
      case 'ping':
        if (this.#state === 'open') this.#put({ kind: 'pong' });
        this.#tell(() => this.#events.sign('ping'));
        break;
      case 'pong':
        this.#tell(() => this.#events.sign('pong'));
        break;
      case 'close':
        this.#dismissed(packet.code, packet.reason);
        break;
      default:
        this.#lost(packet);
    }
  }

  #lost(packet: Packet): void {
    switch (packet.kind) {
      case 'end':
        this.#hungUp();
        break;
      case 'reset':
        this.#finish(broken({ code: 'ECONNRESET', message: 'read ECONNRESET' }));
        break;
      case 'refused':
        this.#cut();
        this.#finish(endOfRefusal(packet.status, packet.reason));
        break;
      case 'failed':
        this.#finish(broken(packet.fault));
        break;
    }
  }

  #dismissed(code: number, reason: string): void {
    if (code !== noCode && !fitsCloseFrame(code)) {
      const message = `Invalid WebSocket frame: invalid status code ${code}`;
      this.#violated(1002, { code: 'WS_ERR_INVALID_CLOSE_CODE', message });
      return;
    }
    if (this.#state === 'open') this.#put({ kind: 'close', code, reason });
    this.#put({ kind: 'end' });
    this.#finish({ code, reason });
  }

  #tooLarge(): void {
    const message = 'Max payload size exceeded';
    this.#violated(1009, { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', message });
  }

  #violated(code: number, error: Fault): void {
    if (this.#state === 'open') this.#say(code, '');
    this.#put({ kind: 'end' });
    this.#finish({ code, reason: '', error });
  }

  #hungUp(): void {
    if (this.#state === 'dialling') {
      this.#cut();
      this.#finish(broken({ code: 'ECONNRESET', message: 'socket hang up' }));
    } else {
      this.#put({ kind: 'end' });
      this.#finish({ code: 1006, reason: '' });
    }
  }

  #say(code: number, reason: string): void {
    this.#far.abandoned('client close');
    this.#state = 'closing';
    this.#put({ kind: 'close', code, reason });
  }

  #put(packet: Packet, done?: (error?: Error) => void): void {
    this.#queue.push({ packet, bytes: packet.kind === 'frame' ? packet.bytes : 0, done });
    this.#pump();
  }

  #pump(): void {
    while (this.#unread < kernelBytes) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#unread += next.bytes;
      this.#answer(next.done);
      this.#later(() => this.#far.hear(next.packet));
    }
  }

  #cut(): void {
    this.#later(() => this.#far.hear({ kind: 'reset' }));
  }

  #tell(event: () => void): void {
    try {
      event();
    } catch {}
  }

  #finish(end: TransportEnd): void {
    if (this.#state === 'over') return;
    if (this.#queue.length > 0) this.#cut();
    this.#leave();
    this.#tell(() => this.#events.closed(end));
  }

  #answer(done: ((error?: Error) => void) | undefined, error?: Error): void {
    if (done === undefined) return;
    this.#later(() => {
      try {
        if (error === undefined) done();
        else done(error);
      } catch {}
    });
  }

  #leave(): void {
    this.#state = 'over';
    for (const { done } of this.#queue)
      this.#answer(done, coded('ECONNRESET', 'the socket is gone'));
    this.#queue = [];
  }
}

function broken(error: Fault): TransportEnd {
  return { code: 1006, reason: '', error };
}
