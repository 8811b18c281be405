/**
 * One WebSocket connection and everything a fault may do to it. It promises that whatever the peer
 * or a fault does stays inside this connection and that nothing outlives it; it must never throw
 * into the server, and never grow without bound behind a peer that does not read.
 */

import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Conditions, Silence } from './conditions.ts';
import type { Ledger } from './ledger.ts';

/** What the server does when something happens on a connection. */
interface PeerEvents {
  frame(peer: Peer, data: RawData, isBinary: boolean): void;
  closed(peer: Peer): void;
  log(line: string): void;
}

export interface PeerParts {
  readonly id: number;
  readonly ws: WebSocket;
  readonly socket: Socket;
  readonly conditions: Conditions;
  readonly ledger: Ledger;
  readonly events: PeerEvents;
  /** the upgrade carried an Origin: a web page, which may talk but not order faults */
  readonly fromBrowser: boolean;
}

const bufferedMost = 64 * 1024 * 1024;

export class Peer {
  readonly id: number;
  readonly connId = randomUUID();
  readonly fromBrowser: boolean;
  silence: Silence = 'none';
  readonly #parts: PeerParts;
  readonly #openedAt = performance.now();
  #sent: number | null = null;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(parts: PeerParts) {
    this.id = parts.id;
    this.fromBrowser = parts.fromBrowser;
    this.#parts = parts;
    this.#listen();
  }

  get #speaks(): boolean {
    return this.silence === 'none' && this.#parts.ws.readyState === this.#parts.ws.OPEN;
  }

  get bufferedBytes(): number {
    return this.#parts.ws.bufferedAmount;
  }

  get isOpen(): boolean {
    return this.#parts.ws.readyState === this.#parts.ws.OPEN;
  }

  /** An answer to a frame: late under slow, several times under repeat; `sent` runs after it. */
  answer(text: string | Buffer, sent: () => void = () => {}): void {
    const { answerDelayMs, copies } = this.#parts.conditions;
    const send = () => {
      for (let copy = 0; copy < copies; copy += 1) this.push(text);
      sent();
    };
    if (answerDelayMs === 0) send();
    else this.later(answerDelayMs, send);
  }

  /** A frame nobody asked for. */
  push(text: string | Buffer): void {
    if (!this.#speaks) return;
    if (this.bufferedBytes > bufferedMost) this.close(1008, 'slow consumer');
    else this.#parts.ws.send(text, ignoreLateError);
  }

  ping(): void {
    if (this.#speaks) this.#parts.ws.ping('', false, ignoreLateError);
  }

  /** Runs once after `ms` unless the connection is gone by then. */
  later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  close(code: number, reason: string): void {
    if (this.silence === 'blackhole' || this.silence === 'hang') return;
    if (this.isOpen) this.#sent = code;
    this.#parts.ws.close(code, cutToBytes(reason, 123));
  }

  /** RST: the peer sees ECONNRESET, no close frame, and no TIME_WAIT stays behind. */
  reset(): void {
    this.#parts.socket.resetAndDestroy();
  }

  /** FIN without a close frame; whatever the peer still says is read. */
  halfClose(): void {
    this.#parts.socket.end();
  }

  silenceWith(silence: Silence, forMs: number): void {
    if (this.silence === 'blackhole') return;
    if (this.silence === 'hang') this.#parts.ws.resume();
    this.silence = silence;
    if (silence === 'hang') this.#parts.ws.pause();
    if (silence === 'blackhole') this.#swallow();
    else if (forMs > 0) this.later(forMs, () => this.unsilence(silence));
  }

  unsilence(silence: Silence): void {
    if (this.silence !== silence || silence === 'blackhole') return;
    this.silence = 'none';
    if (silence === 'hang') this.#parts.ws.resume();
  }

  /** From here on the bytes never reach the WebSocket; its frame boundaries are lost for good. */
  #swallow(): void {
    const { socket, ledger } = this.#parts;
    const wire = ledger.wireOf(socket);
    socket.removeAllListeners('data');
    socket.removeAllListeners('end');
    socket.on('data', () => {});
    socket.on('end', () => {
      wire.fin = true;
    });
    socket.resume();
  }

  #listen(): void {
    const { ws, socket, ledger, events } = this.#parts;
    const wire = ledger.wireOf(socket);
    ws.on('message', (data, isBinary) => {
      ledger.frames += 1;
      if (this.silence === 'none') events.frame(this, data, isBinary);
    });
    ws.on('ping', (data) => this.#pong(data));
    // A hostile frame ends its own connection: ws closes with the code that says why.
    ws.on('error', (error) => events.log(`connection ${this.id}: ${error.message}`));
    ws.on('close', (code, reason) => {
      for (const timer of this.#timers) clearTimeout(timer);
      this.#timers.clear();
      ledger.closed({
        id: this.id,
        code,
        reason: reason.toString(),
        sent: this.#sent,
        wasReset: wire.error === 'ECONNRESET',
        fin: wire.fin,
        error: wire.error,
        openMs: Math.round(performance.now() - this.#openedAt),
      });
      const how = wire.error ?? (wire.fin ? 'FIN' : 'ended here');
      events.log(`connection ${this.id} closed: ${code} ${reason.toString()} (${how})`);
      events.closed(this);
    });
  }

  #pong(data: Buffer): void {
    const { ws, conditions, ledger } = this.#parts;
    ledger.pings += 1;
    if (conditions.noPong || this.silence === 'hang' || this.silence === 'blackhole') return;
    const pong = () => {
      if (this.isOpen) ws.pong(data, false, ignoreLateError);
    };
    if (conditions.delayPongs) this.later(conditions.answerDelayMs, pong);
    else pong();
  }
}

/** The close event follows and says what happened; a send error alone has nothing to add. */
function ignoreLateError(): void {}

/** A close reason has at most 123 bytes, and a character is not cut in two. */
function cutToBytes(text: string, most: number): string {
  let cut = text.slice(0, most);
  while (Buffer.byteLength(cut) > most) cut = cut.slice(0, -1);
  return cut;
}
