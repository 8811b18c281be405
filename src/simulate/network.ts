/**
 * A network in memory, for whoever holds the clock in their hands: a `Transport` and, for each
 * dial, the server's end of it. It promises what a real WebSocket would do, hop by hop, each hop
 * one turn of the event loop and in order. It must never use a timer or chance, and never call
 * anybody back while it is being called.
 */

import type { Defer, Transport, TransportEvents, TransportTarget } from '../ports.ts';
import { ClientEnd, type EndedBy } from './client-end.ts';
import { Log, spell } from './log.ts';
import { Queue } from './queue.ts';
import {
  faultOfAddress,
  fittingReason,
  frameOf,
  type Lanes,
  noCode,
  oneLane,
  type Packet,
} from './wire.ts';

/**
 * What a dial meets. `accepts` answers at once, `waits` leaves the answer to the test, `refuses`
 * says 503 and `try later`, `nobody` is ECONNREFUSED, `hangs` takes the connection and never
 * answers, even when it is told to.
 */
export type Manner = 'accepts' | 'waits' | 'refuses' | 'nobody' | 'hangs';

export class Network {
  /** what a dial meets whose URL has no manner of its own */
  manner: Manner = 'accepts';
  /** a connection has arrived; those that were refused or met nobody have not */
  onCall: (call: Call) => void = () => {};
  readonly #calls: Call[] = [];
  /** those whose two ends may still have something to say */
  #living: Call[] = [];
  readonly #manners = new Map<string, Manner>();
  readonly #arrived = new Queue<Call>();
  readonly #lanes: Lanes;

  readonly transport: Transport = (target, events) => {
    const later = this.#lanes(`call ${this.#calls.length + 1}`);
    const call = new Call(target, events, later);
    const fault = faultOfAddress(target);
    if (fault === undefined) {
      this.#calls.push(call);
      this.#living.push(call);
      later(() => this.#arrive(call));
    } else {
      later(() => call.client.hear({ kind: 'failed', fault }));
    }
    return call.client;
  };

  constructor(lanes: Lanes = oneLane) {
    this.#lanes = lanes;
  }

  /** one for each dial, oldest first; an address that is none is not dialled */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** those that are not over at both ends, oldest first */
  get living(): readonly Call[] {
    if (this.#living.some((call) => call.over)) {
      this.#living = this.#living.filter((call) => !call.over);
    }
    return this.#living;
  }

  /** how many sockets have opened at the client's side and are neither reset nor closed */
  get alive(): number {
    return this.#calls.filter((call) => call.client.alive).length;
  }

  /** For dials to this URL, from the next arrival on. */
  at(url: string, manner: Manner): void {
    this.#manners.set(url, manner);
  }

  /** The next call that arrived and was not asked for yet. */
  next(): Promise<Call> {
    return this.#arrived.next();
  }

  #arrive(call: Call): void {
    if (!call.pending || call.client.over) return;
    const manner = this.#manners.get(call.target.url) ?? this.manner;
    if (manner === 'nobody') call.fail('ECONNREFUSED');
    else if (manner === 'refuses') call.refuse(503, 'try later');
    else {
      if (manner === 'accepts') call.accept();
      if (manner === 'hangs') call.hang();
      this.onCall(call);
      this.#arrived.add(call);
    }
  }
}

/** The server's end of one connection. */
export class Call {
  readonly target: TransportTarget;
  readonly client: ClientEnd;
  readonly log = new Log();
  /** a frame was read */
  onFrame: (data: string | Uint8Array) => void = () => {};
  /** whether pings are answered, as every WebSocket server does by itself */
  pongs = true;
  readonly #later: Defer;
  readonly #frames: string[] = [];
  /** ended: our side is over, the client's is not yet */
  #state: 'pending' | 'open' | 'ended' | 'gone' = 'pending';
  #endedBy: EndedBy | undefined;
  #hangs = false;
  #saidClose = false;
  #stalled = false;
  #unread: Packet[] = [];

  constructor(target: TransportTarget, events: TransportEvents, later: Defer) {
    this.target = target;
    this.#later = later;
    this.client = new ClientEnd(target, events, later, {
      hear: (packet) => this.#hear(packet),
      abandoned: (by) => this.#begin(by),
    });
  }

  /** the text frames of the client, as they were */
  get frames(): readonly string[] {
    return this.#frames;
  }

  /** the upgrade was answered and neither end is gone, as far as this end has heard */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** neither end is there any more */
  get over(): boolean {
    return this.client.over && (this.#state === 'gone' || this.#state === 'ended');
  }

  /** dialled and not answered yet */
  get pending(): boolean {
    return this.#state === 'pending';
  }

  /** who began to end it, whoever finished that */
  get endedBy(): EndedBy | undefined {
    return this.#endedBy;
  }

  accept(): void {
    if (this.#state !== 'pending' || this.#hangs) return;
    this.#state = 'open';
    this.#tell({ kind: 'upgraded' });
  }

  /** Answers the upgrade with an HTTP status instead; `reason` is the body. */
  refuse(status: number, reason: string): void {
    if (this.#state !== 'pending' || this.#hangs) return;
    this.#begin('peer');
    this.#state = 'ended';
    this.#tell({ kind: 'refused', status, reason });
  }

  /** The dial itself fails: no server has heard of it. */
  fail(code: string): void {
    if (this.#state !== 'pending') return;
    this.#begin('peer');
    this.#state = 'gone';
    const message = `connect ${code} ${new URL(this.target.url).host}`;
    this.#tell({ kind: 'failed', fault: { code, message } });
  }

  /** From now on it does not answer the upgrade, whoever asks it to. */
  hang(): void {
    this.#hangs = true;
  }

  send(data: string | Uint8Array): void {
    if (this.#mayTalk) this.#tell(frameOf(data));
  }

  ping(): void {
    if (this.#mayTalk) this.#tell({ kind: 'ping' });
  }

  /** With 1005, a close frame that says no code. */
  close(code: number, reason: string): void {
    if (!this.#mayTalk) return;
    this.#begin('peer');
    this.#sayClose(code, code === noCode ? '' : fittingReason(reason));
  }

  end(): void {
    if (this.#state !== 'pending' && this.#state !== 'open') return;
    this.#begin('peer');
    this.#end();
  }

  reset(): void {
    if (this.#state === 'gone') return;
    this.#begin('peer');
    this.#state = 'gone';
    this.#tell({ kind: 'reset' });
  }

  stall(): void {
    this.#stalled = true;
  }

  /** Reads on after a `stall`, beginning with what has come meanwhile. */
  resume(): void {
    this.#stalled = false;
    const unread = this.#unread;
    this.#unread = [];
    for (const packet of unread) this.#hear(packet);
  }

  get #mayTalk(): boolean {
    return this.#state === 'open' && !this.#saidClose;
  }

  #begin(by: EndedBy): void {
    this.#endedBy ??= by;
  }

  #tell(packet: Packet): void {
    this.#later(() => this.client.hear(packet));
  }

  #sayClose(code: number, reason: string): void {
    this.#saidClose = true;
    this.#tell({ kind: 'close', code, reason });
  }

  #end(): void {
    this.#state = 'ended';
    this.#tell({ kind: 'end' });
  }

  #hear(packet: Packet): void {
    if (this.#state === 'gone') return;
    // no buffer holds up a reset, and none outlives it
    if (packet.kind === 'reset') this.#lose('reset');
    else if (this.#stalled) this.#unread.push(packet);
    else this.#read(packet);
  }

  #read(packet: Packet): void {
    switch (packet.kind) {
      case 'frame':
        if (typeof packet.data === 'string') this.#frames.push(packet.data);
        this.client.taken(packet.bytes);
        this.log.say(spell(packet.data));
        this.onFrame(packet.data);
        break;
      case 'ping':
        if (this.pongs && this.#mayTalk) this.#tell({ kind: 'pong' });
        this.log.say('ping');
        break;
      case 'close':
        this.#dismissed(packet.code, packet.reason);
        break;
      case 'end':
        this.#lose('end');
        break;
      default:
        this.log.say(packet.kind);
    }
  }

  #dismissed(code: number, reason: string): void {
    if (this.#mayTalk) this.#sayClose(code, reason);
    if (this.#state === 'open') this.#end();
    this.log.say(`close ${code} ${reason}`.trim());
  }

  #lose(how: 'end' | 'reset'): void {
    this.#state = 'gone';
    this.#unread = [];
    this.log.say(`gone by ${how}`);
  }
}
