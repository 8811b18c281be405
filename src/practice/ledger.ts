/**
 * What this server saw on its wire, counted for whoever tests a client: opens, closes with their
 * codes, and whether the end was a reset or a clean FIN. It promises bounded memory under any
 * client; it must never hold a payload or a credential.
 */

import type { Socket } from 'node:net';

/** The end of one WebSocket connection, as the server saw it. */
export interface CloseRecord {
  readonly id: number;
  /** the close code the peer sent; 1006 when no close frame came */
  readonly code: number;
  readonly reason: string;
  /** the close code this server sent, if it sent one first */
  readonly sent: number | null;
  /** the peer reset the connection: ECONNRESET on the raw socket */
  readonly wasReset: boolean;
  /** the peer's FIN was seen */
  readonly fin: boolean;
  /** the first error code of the raw socket */
  readonly error: string | null;
  readonly openMs: number;
}

/** What became of one raw socket. */
export interface Wire {
  fin: boolean;
  error: string | null;
}

const closesKept = 1000;
const methodsKept = 200;

export class Ledger {
  readonly #wires = new Map<Socket, Wire>();
  readonly #methods = new Map<string, number>();
  readonly #closeCodes = new Map<number, number>();
  #closes: CloseRecord[] = [];
  connectionsOpened = 0;
  open = 0;
  frames = 0;
  pings = 0;
  resets = 0;
  #socketsOpened = 0;

  /** Follows one raw socket from accept to its end. */
  watch(socket: Socket): Wire {
    const wire: Wire = { fin: false, error: null };
    this.#wires.set(socket, wire);
    this.#socketsOpened += 1;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      wire.error ??= error.code ?? error.message;
      if (error.code === 'ECONNRESET') this.resets += 1;
    });
    socket.on('end', () => {
      wire.fin = true;
    });
    socket.on('close', () => this.#wires.delete(socket));
    return wire;
  }

  wireOf(socket: Socket): Wire {
    return this.#wires.get(socket) ?? this.watch(socket);
  }

  get sockets(): Iterable<Socket> {
    return this.#wires.keys();
  }

  called(method: string): void {
    const known = this.#methods.get(method);
    if (known === undefined && this.#methods.size >= methodsKept) return;
    this.#methods.set(method.slice(0, 80), (known ?? 0) + 1);
  }

  opened(): void {
    this.connectionsOpened += 1;
    this.open += 1;
  }

  closed(record: CloseRecord): void {
    this.open -= 1;
    this.#closeCodes.set(record.code, (this.#closeCodes.get(record.code) ?? 0) + 1);
    this.#closes.push(record);
    if (this.#closes.length > 2 * closesKept) this.#closes = this.#closes.slice(-closesKept);
  }

  /** Counts from nothing again; what is open stays open. */
  zero(): void {
    this.#methods.clear();
    this.#closeCodes.clear();
    this.#closes = [];
    this.connectionsOpened = 0;
    this.frames = 0;
    this.pings = 0;
    this.resets = 0;
    this.#socketsOpened = 0;
  }

  read() {
    return {
      connectionsOpened: this.connectionsOpened,
      open: this.open,
      closes: this.#closes.slice(-closesKept),
      closeCodes: Object.fromEntries(this.#closeCodes),
      resets: this.resets,
      frames: this.frames,
      pings: this.pings,
      methods: Object.fromEntries(this.#methods),
      sockets: { opened: this.#socketsOpened, open: this.#wires.size },
    };
  }
}
