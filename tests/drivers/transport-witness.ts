/**
 * How the transport suites see the two ends of a connection: words in order, and waiting for one
 * with a deadline. It knows only `src/ports.ts`; whoever brings a transport brings the peers.
 */

import { onTestFinished } from 'vitest';
import type {
  Transport,
  TransportEnd,
  TransportEvents,
  TransportHandle,
  TransportTarget,
} from '../../src/ports.ts';
import { Log as PlainLog, spell } from '../../src/simulate/log.ts';

/** As the simulated network's log; whoever waits in vain is told what was heard instead. */
export class Log extends PlainLog {
  override until(start: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const complain = () => reject(new Error(`no '${start}' in ${JSON.stringify(this.words)}`));
      const deadline = setTimeout(complain, 10_000);
      super.until(start).then((word) => {
        clearTimeout(deadline);
        resolve(word);
      }, reject);
    });
  }
}

/** The other end of one connection; it hears `text …`, `bytes …`, `ping`, `pong`, `close 1000 …`,
 * then `gone by end` or `gone by reset`. A reset that meets the peer in the middle of reading or
 * writing may look like an end to it; one that meets it at rest may not. */
export interface Peer {
  readonly log: PlainLog;
  send(data: string | Uint8Array): void;
  ping(): void;
  close(code: number, reason: string): void;
  /** ends the connection without a close frame */
  end(): void;
  reset(): void;
  /** stops reading, so that the client's buffers fill up */
  stall(): void;
}

/** `accepts` opens every connection, `waits` never answers, `refuses` says 503 and `try later` */
export type Manner = 'accepts' | 'waits' | 'refuses';

export interface PeerServer {
  target(): TransportTarget;
  /** the next client that arrived and was not asked for yet */
  peer(): Promise<Peer>;
  dispose(): Promise<void>;
}
export type MakeServer = (manner: Manner) => Promise<PeerServer>;

export const payloadMax = 100_000;
export { hex, spell } from '../../src/simulate/log.ts';

/** One connection as its consumer sees it. */
export class Witness implements TransportEvents {
  readonly handle: TransportHandle;
  readonly log = new Log();
  end: TransportEnd | undefined;
  /** called with each word after it was noted */
  onWord: (word: string) => void = () => {};

  constructor(transport: Transport, target: TransportTarget) {
    // What a callback does must not depend on how it is called.
    const { opened, frame, sign, closed } = this;
    this.handle = transport(target, { opened, frame, sign, closed });
    onTestFinished(() => this.handle.reset());
  }

  readonly opened = () => this.#note('opened');
  readonly frame = (data: string | Uint8Array) => this.#note(spell(data));
  readonly sign = (kind: 'ping' | 'pong') => this.#note(kind);
  readonly closed = (end: TransportEnd) => {
    this.end = end;
    this.#note(`closed ${end.code}`);
  };

  /** Sends and says `done` or `done not sent` when the transport has answered for it. */
  send(data: string | Uint8Array): Log {
    const answers = new Log();
    this.handle.send(data, (error) => answers.say(error ? 'done not sent' : 'done'));
    return answers;
  }

  #note(word: string): void {
    this.log.say(word);
    this.onWord(word);
  }
}

export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
