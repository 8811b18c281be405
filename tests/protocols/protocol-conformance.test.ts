/** The suite itself, on a toy protocol with a whole handshake: the half that plain never plays. */

import type { Protocol, Session, SessionHost } from '../../src/ports.ts';
import { closeFor, readEnding } from '../../src/protocols/index.ts';
import { protocolConformance } from './protocol-conformance.ts';

/** Frames are words: the peer says `knock`, we say who we are, it says `come in`, then anything. */
const knock = (): Protocol => ({
  name: 'knock',
  heartbeat: { mode: 'off' },
  session: (host) => new Knock(host),
});

class Knock implements Session {
  readonly server = {};
  readonly #host: SessionHost;
  #stage: 'new' | 'opened' | 'challenged' | 'greeted' | 'accepted' | 'over' = 'new';
  #name = '';

  constructor(host: SessionHost) {
    this.#host = host;
  }

  opened(): void {
    if (this.#stage !== 'new') return;
    this.#stage = 'opened';
    this.#host.post({ type: 'socket.opened' });
  }

  async credentials(ask: () => Promise<unknown>): Promise<void> {
    this.#name = String(await ask());
  }

  hello(): void {
    if (this.#stage !== 'challenged') return;
    this.#stage = 'greeted';
    this.#host.send(this.#name);
  }

  frame(data: string | Uint8Array): void {
    if (this.#stage === 'opened' && data === 'knock') {
      this.#stage = 'challenged';
      this.#host.post({ type: 'socket.challenged' });
    } else if (this.#stage === 'greeted' && data === `come in, ${this.#name}`) {
      this.#stage = 'accepted';
      this.#host.post({ type: 'socket.accepted', silenceMs: 30_000 });
    } else if (this.#stage === 'accepted') this.#host.deliver({ kind: 'message', data });
  }

  ended(end: Parameters<Session['ended']>[0]) {
    this.#stage = 'over';
    return readEnding(end);
  }

  closing(why: 'closed' | 'refused' | 'timeout') {
    return closeFor(why);
  }

  probe(): undefined {}
}

protocolConformance('a toy with a handshake', knock, {
  challenge: () => 'knock',
  credentials: 'Ada',
  welcome: ([name]) => `come in, ${name}`,
  samples: [['hello', { kind: 'message', data: 'hello' }]],
});
