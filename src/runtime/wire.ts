/**
 * One socket with one protocol session on it: the only place where frames pass. Promises that
 * frames behind the hello are held until the link is open, that the consumer gets each frame
 * directly and no machine ever sees one, and that the end is told once. It must never write or
 * read after its end, nor keep more than its bounds of held frames or of unwritten bytes.
 */
import type { EndCause, SocketCommand, SocketReport } from '../../machines/index.ts';
import { HoldfastError } from '../errors.ts';
import type {
  Clock,
  Defer,
  Ending,
  Inbound,
  Protocol,
  Session,
  Transport,
  TransportEnd,
  TransportHandle,
  TransportTarget,
} from '../ports.ts';
import { duration } from './duration.ts';
import { messageOf } from './host.ts';
import type { Channel } from './requests.ts';

/** How many inbound items may wait for the link to be open. */
const heldMax = 1_000;

export interface WireHost {
  clock: Clock;
  uuid(): string;
  queueBytes: number;
  attempt: number;
  defer: Defer;
  /** the link is open: frames flow, requests may be sent */
  opened(wire: Wire): void;
  inbound(inbound: Inbound): void;
  saving(work: Promise<unknown>): void;
  /** the session is over, or is being ended: whatever waits on it is settled now */
  ended(wire: Wire, end: WireEnd): void;
  diagnose(level: 'debug' | 'info' | 'warn' | 'error', code: string, message: string): void;
}

export interface WireEnd {
  cause: EndCause;
  because: string;
  code: number;
  floorMs: number;
}

export class Wire implements Channel {
  readonly session: Session;
  readonly endpoint: string;
  #host: WireHost;
  #post: (fact: SocketReport) => void;
  #handle: TransportHandle;
  #held: Inbound[] | null = [];
  /** of the frames whose items are held */
  #heldBytes = 0;
  /** of the frame that is being read, until something of it is held */
  #frameBytes = 0;
  #opened = false;
  #done = false;
  #heardAt: number;
  /** what the peer gave as its reason to refuse or to leave */
  #because: string | null = null;
  /** the heartbeat has given up on the peer */
  #silent = false;
  /** who waits for the next sign of life: the heartbeat, and whoever probes */
  readonly #listening = new Set<() => void>();

  constructor(
    target: TransportTarget,
    protocol: Protocol,
    transport: Transport,
    host: WireHost,
    post: (fact: SocketReport) => void,
  ) {
    this.#host = host;
    this.#post = post;
    this.#heardAt = host.clock.now();
    this.endpoint = shown(target.url);
    this.session = protocol.session({
      attempt: host.attempt,
      endpoint: this.endpoint,
      ...(target.fingerprint === undefined ? {} : { fingerprint: target.fingerprint }),
      clock: host.clock,
      uuid: host.uuid,
      send: (frame) => this.#answer(frame),
      post: (fact, because) => this.#say(fact, because),
      deliver: (inbound) => this.#deliver(inbound),
      saving: (work) => host.saving(work),
      diagnose: (level, code, message) => host.diagnose(level, code, message),
    });
    this.#handle = transport(target, {
      opened: () => {
        this.#opened = true;
        this.#ask(() => this.session.opened());
      },
      frame: (data) => {
        if (this.#done) return;
        this.#heard();
        this.#frameBytes = sizeOf(data);
        this.#ask(() => this.session.frame(data));
      },
      sign: () => this.#heard(),
      closed: (end) => this.#closed(end),
    });
  }

  /** Milliseconds since the peer was last heard. */
  get idleMs(): number {
    return this.#host.clock.now() - this.#heardAt;
  }

  command(command: SocketCommand) {
    if (command.type === 'socket.hello') this.session.hello();
    if (command.type === 'socket.deliver') this.#open();
    if (command.type === 'socket.close') this.#close(command.why);
  }

  /** Asks the peer for a sign of life; `alive` is called once, at the next one. */
  ping(alive: () => void) {
    this.#listening.add(alive);
    this.#handle.ping();
    const probe = this.session.probe();
    if (probe !== undefined && this.session.request !== undefined) {
      this.#handle.send(
        this.session.request(`probe-${this.#host.uuid()}`, probe.method, probe.params),
      );
    }
  }

  write(id: string, method: string, params: unknown, done: (error?: Error) => void) {
    if (this.session.request === undefined) {
      throw new HoldfastError(
        'HF_REQUEST_FAILED',
        `request "${method}": this protocol has no requests; use send()`,
        { delivery: 'not-sent', details: { method } },
      );
    }
    const frame = this.session.request(id, method, params);
    if (!this.#fits(frame)) {
      throw new HoldfastError(
        'HF_QUEUE_FULL',
        `request "${method}": ${this.#handle.bufferedBytes} bytes already wait to be written; ` +
          'the peer reads too slowly, try later or raise link.limits.queueBytes',
        { delivery: 'not-sent', details: { method, bufferedBytes: this.#handle.bufferedBytes } },
      );
    }
    this.#handle.send(frame, done);
  }

  /** A frame without an answer. */
  send(data: string | Uint8Array): 'sent' | 'queued' | 'refused' {
    if (this.#done || this.#held !== null || !this.#fits(data)) return 'refused';
    this.#handle.send(data);
    return this.#handle.bufferedBytes > 0 ? 'queued' : 'sent';
  }

  /** Why the handshake will not be finished, when that is not the peer's doing. */
  blame(because: string) {
    this.#because = because;
  }

  /** The heartbeat ended with a ping unanswered: what follows is its verdict. */
  silent() {
    this.#silent = true;
  }

  /** Ends it now, with a reset. */
  release() {
    this.#handle.reset();
    const cause = this.#silent ? 'dead' : 'closed';
    this.#end({ cause, because: this.#resetting(), code: 1006, floorMs: 0 });
  }

  /** Who is reset has been silent for too long, or is not wanted any more: what is known of it. */
  #resetting(): string {
    if (!this.#opened) return `${this.endpoint} had not answered; we reset the connection`;
    if (!this.#silent) return 'we reset the connection';
    const silent = duration(this.idleMs);
    return `the peer was silent for ${silent}, also when probed; we reset the connection`;
  }

  #fits(frame: string | Uint8Array): boolean {
    return this.#handle.bufferedBytes + sizeOf(frame) <= this.#host.queueBytes;
  }

  /** What the session says by itself: a peer that asks and never reads must not fill our memory. */
  #answer(frame: string | Uint8Array) {
    if (this.#done) return;
    if (this.#handle.bufferedBytes <= this.#host.queueBytes) this.#handle.send(frame);
    else this.#cut('the peer sent requests and did not read our answers');
  }

  #say(fact: SocketReport, because?: string) {
    if (because !== undefined) this.#because = because;
    this.#post(fact);
  }

  #heard() {
    this.#heardAt = this.#host.clock.now();
    if (this.#listening.size === 0) return;
    const listening = [...this.#listening];
    this.#listening.clear();
    for (const alive of listening) alive();
  }

  #deliver(inbound: Inbound) {
    if (this.#done) return;
    if (this.#held === null) this.#host.inbound(inbound);
    else this.#hold(this.#held, inbound);
  }

  #hold(held: Inbound[], inbound: Inbound) {
    const { queueBytes } = this.#host;
    this.#heldBytes += this.#frameBytes;
    this.#frameBytes = 0;
    if (held.length >= heldMax) {
      this.#cut(`the peer sent more than ${heldMax} messages before the link was open`);
    } else if (this.#heldBytes > queueBytes) {
      this.#cut(`the peer sent more than ${queueBytes} bytes before the link was open`);
    } else held.push(inbound);
  }

  /** A protocol that throws ends its own connection, and nothing else. */
  #ask(run: () => void) {
    try {
      run();
    } catch (error) {
      this.#cut(this.#failed(error));
    }
  }

  #failed(error: unknown): string {
    const because = `link.protocol failed: ${messageOf(error)}`;
    this.#host.diagnose('error', 'HF_USER_FUNCTION', because);
    return because;
  }

  #cut(because: string) {
    if (this.#done) return;
    this.#handle.reset();
    this.#end({ cause: 'lost', because, code: 1006, floorMs: 0 });
    this.#post({ type: 'socket.closed', cause: 'lost', floorMs: 0 });
  }

  /** Held frames follow outside of the step that opened it: their listeners see it open. */
  #open() {
    this.#ask(() => this.#host.opened(this));
    this.#host.defer(() => {
      const held = this.#held ?? [];
      this.#held = null;
      for (const inbound of held) this.#deliver(inbound);
    });
  }

  #close(why: 'closed' | 'refused' | 'timeout') {
    const { code, reason } = this.session.closing(why);
    const because = why === 'closed' ? 'we closed the connection' : (this.#because ?? reason);
    this.#handle.close(code, reason);
    this.#end({ cause: why === 'closed' ? 'closed' : 'lost', because, code, floorMs: 0 });
  }

  #closed(end: TransportEnd) {
    const { cause, because, floorMs } = this.#meaning(end);
    this.#end({ cause, because: this.#because ?? because, code: end.code, floorMs });
    this.#post({ type: 'socket.closed', cause, floorMs });
  }

  #meaning(end: TransportEnd): Ending {
    try {
      return this.session.ended(end);
    } catch (error) {
      return { cause: 'lost', because: this.#failed(error), floorMs: 0 };
    }
  }

  /** Tells the consumer once; what comes after is about a connection that no longer counts. */
  #end(end: WireEnd) {
    if (this.#done) return;
    this.#done = true;
    this.#listening.clear();
    if (this.#held !== null) this.#held = [];
    this.#host.ended(this, end);
  }
}

function sizeOf(frame: string | Uint8Array): number {
  return typeof frame === 'string' ? Buffer.byteLength(frame) : frame.byteLength;
}

/** A URL as it may be shown: without credentials and without its query. */
export function shown(url: string): string {
  if (!URL.canParse(url)) return 'an invalid URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
