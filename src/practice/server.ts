/**
 * The server itself: one port, HTTP and WebSocket, bound to 127.0.0.1 and nowhere else. It promises
 * that every socket it accepted is on the ledger and gone when it stops, and that a restart in
 * process keeps port and pid; it must never throw for anything a client sends.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { Caller } from './caller.ts';
import { Conditions } from './conditions.ts';
import type { Dialect, FaultReply, House } from './dialect.ts';
import type { Stage } from './effects.ts';
import { FaultDesk } from './fault-desk.ts';
import type { FaultRequest, FaultValues } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Peer } from './peer.ts';
import { answerHttp } from './routes.ts';

export interface ServerPlan {
  readonly port: number;
  readonly pingMs: number;
  /** the habits of a restart in process; a `restart` fault may say otherwise */
  readonly restart: { refuseMs: number; startingMs: number; expectedMs: number };
  readonly log: (line: string) => void;
  readonly makeDialect: (house: House) => Dialect;
}

const maxPayload = 32 * 1024 * 1024;
/** How long a stop waits for close frames to be answered. */
const farewellMs = 400;
/** From the goodbye of a restart to its close frame. */
const goodbyeMs = 25;

export class PracticeServer implements House, Stage {
  readonly ledger = new Ledger();
  readonly conditions = new Conditions();
  readonly peers = new Set<Peer>();
  readonly grandchildren: number[] = [];
  readonly dialect: Dialect;
  readonly log: (line: string) => void;
  bootId = randomUUID();
  isReady = false;
  port: number;
  /** times SIGHUP asked for the configuration to be read again */
  revision = 1;
  readonly #plan: ServerPlan;
  readonly #desk: FaultDesk;
  readonly #wss = new WebSocketServer({
    noServer: true,
    maxPayload,
    autoPong: false,
    clientTracking: false,
    perMessageDeflate: false,
  });
  #listener: Server | undefined;
  #closedUntil = 0;
  #comingBack: Promise<void> | undefined;
  #isLeaving = false;
  #isRestarting = false;
  #lastId = 0;

  constructor(plan: ServerPlan) {
    this.#plan = plan;
    this.port = plan.port;
    this.log = plan.log;
    this.dialect = plan.makeDialect(this);
    this.#desk = new FaultDesk(this);
    if (plan.pingMs > 0) {
      setInterval(() => {
        for (const peer of this.peers) peer.ping();
      }, plan.pingMs).unref();
    }
  }

  /** Opens the listener and resolves with its port; rejects when the port is taken. */
  async listen(): Promise<number> {
    const listener = createServer();
    listener.on('connection', (socket: Socket) => this.ledger.watch(socket));
    listener.on('request', (request, response) => {
      answerHttp(this, request, response).catch((error) => this.log(`http: ${String(error)}`));
    });
    listener.on('upgrade', (request, socket, head) => {
      // Node types it Duplex; a plain HTTP server's is always a net.Socket.
      this.#upgrade(request, socket as Socket, head);
    });
    listener.on('clientError', (_, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ port: this.port, host: '127.0.0.1' }, resolve);
    });
    listener.on('error', (error) => this.log(`listener: ${error.message}`));
    const address = listener.address();
    this.port = typeof address === 'object' && address ? address.port : this.port;
    this.#listener = listener;
    return this.port;
  }

  fault(peer: Peer, given: unknown): FaultReply {
    if (!peer.fromBrowser) return this.#desk.order(given);
    const error = 'faults must be ordered by a program, got a web page (an Origin header)';
    return { answer: { ok: false, error }, run: () => {} };
  }

  order(given: unknown): FaultReply {
    return this.#desk.order(given);
  }

  /** A fault of the command line. Throws a FaultError. */
  perform(request: FaultRequest): void {
    this.#desk.perform(request);
  }

  greeted(peer: Peer): void {
    for (const hit of this.conditions.take('hello')) hit(peer);
  }

  refuse(forMs: number): void {
    this.log(`refusing connections for ${forMs} ms`);
    void this.#closeFor(forMs);
  }

  /** Same pid, same port, new bootId. A second one while it lasts joins the first. */
  restart(wish: FaultValues<'restart'>): void {
    if (this.#isRestarting || this.#isLeaving) return;
    this.#isRestarting = true;
    void this.#restart({
      refuseMs: wish.refuseMs ?? this.#plan.restart.refuseMs,
      startingMs: wish.startingMs ?? this.#plan.restart.startingMs,
      expectedMs: wish.expectedMs ?? this.#plan.restart.expectedMs,
    });
  }

  /** SIGHUP: the configuration is read again, and every client is told. */
  reload(): void {
    this.revision += 1;
    this.log(`configuration read again, revision ${this.revision}`);
    const payload = { revision: this.revision };
    for (const peer of this.peers) this.dialect.emit(peer, 'reloaded', payload);
  }

  /** Says goodbye, waits a moment for the answers, leaves nothing open, exits 0. */
  stop(because: string): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.log(`stopping: ${because}`);
    void this.#stop();
  }

  stats(): Record<string, unknown> {
    return {
      protocol: this.dialect.name,
      pid: process.pid,
      bootId: this.bootId,
      ready: this.isReady,
      revision: this.revision,
      ...this.ledger.read(),
      faults: this.conditions.names,
      grandchildren: this.grandchildren,
      ...this.dialect.stats(),
    };
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { rejections } = this.conditions;
    if (rejections.left > 0) {
      rejections.left -= 1;
      const { status } = rejections;
      socket.end(`HTTP/1.1 ${status} Practice\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const hits = this.conditions.takeEarly();
    const accept = () => {
      this.#wss.handleUpgrade(request, socket, head, (ws) => this.#open(ws, socket, request));
    };
    const caller = new Caller(socket, accept);
    for (const hit of hits) hit(caller);
    caller.proceed();
  }

  #open(ws: WebSocket, socket: Socket, request: IncomingMessage): void {
    this.#lastId += 1;
    const peer = new Peer({
      id: this.#lastId,
      ws,
      socket,
      conditions: this.conditions,
      ledger: this.ledger,
      fromBrowser: request.headers.origin !== undefined,
      events: {
        frame: (from, data, isBinary) => this.#frame(from, data, isBinary),
        closed: (gone) => {
          this.peers.delete(gone);
          this.dialect.closed(gone);
        },
        log: this.log,
      },
    });
    this.peers.add(peer);
    this.ledger.opened();
    this.log(`connection ${peer.id} opened`);
    const { silence } = this.conditions;
    if (silence !== 'none') peer.silenceWith(silence, 0);
    this.dialect.opened(peer);
    for (const hit of this.conditions.take('open')) hit(peer);
  }

  #frame(peer: Peer, data: RawData, isBinary: boolean): void {
    try {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
      if (isBinary) this.dialect.binary(peer, bytes);
      else this.dialect.text(peer, bytes.toString());
    } catch (error) {
      this.log(`connection ${peer.id}: ${String(error)}`);
      peer.close(1011, 'practice gateway failed');
    }
  }

  async #restart(habits: ServerPlan['restart']): Promise<void> {
    this.log('restarting in process');
    const old = [...this.peers];
    const farewells = old.map((peer) => {
      return [peer, this.dialect.leaving(peer, 'gateway restarting', habits.expectedMs)] as const;
    });
    await sleep(goodbyeMs);
    for (const [peer, { code, reason }] of farewells) peer.close(code, reason);
    this.isReady = false;
    const back = this.#closeFor(habits.refuseMs);
    await Promise.race([back, sleep(farewellMs)]);
    for (const peer of old) if (this.peers.has(peer)) peer.reset();
    this.bootId = randomUUID();
    await back;
    await sleep(habits.startingMs);
    this.isReady = true;
    this.#isRestarting = false;
    this.log(`back with boot ${this.bootId}`);
  }

  /** Closes the listener; resolves when it is open again. The longest of several wins. */
  #closeFor(forMs: number): Promise<void> {
    this.#closeListener();
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + forMs);
    this.#comingBack ??= this.#comeBack().finally(() => {
      this.#comingBack = undefined;
    });
    return this.#comingBack;
  }

  /** Somebody may have taken the port meanwhile: a few tries, then it gives up like any server. */
  async #comeBack(): Promise<void> {
    for (let left = 100; this.#listener === undefined && !this.#isLeaving; left -= 1) {
      const wait = this.#closedUntil - performance.now();
      if (wait > 0) await sleep(Math.ceil(wait));
      try {
        await this.listen();
        this.log(`serving ${this.port} again`);
      } catch (error) {
        this.log(`cannot listen on ${this.port}: ${String(error)}`);
        if (left <= 0) process.exit(1);
        await sleep(50);
      }
    }
  }

  async #stop(): Promise<void> {
    this.isReady = false;
    for (const peer of this.peers) {
      const { code, reason } = this.dialect.leaving(peer, 'gateway stopping', null);
      peer.close(code, reason);
    }
    this.#closeListener();
    const deadline = performance.now() + farewellMs;
    while (this.peers.size > 0 && performance.now() < deadline) await sleep(5);
    for (const socket of this.ledger.sockets) socket.resetAndDestroy();
    this.log('stopped');
    process.exit(0);
  }

  #closeListener(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }
}
