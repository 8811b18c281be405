/**
 * A protocol with a handshake whose every step can be left out by the peer, so that a link can be
 * caught in each of them. It promises nothing else: it is as small as a protocol can be.
 */

import type { Protocol, Session, SessionHost, TransportEnd } from '../../src/index.ts';

/**
 * A handshake in three words. The server says `challenge`, the client asks its host for
 * credentials and says `hello CREDENTIALS`, the server says `welcome` or `refused WHY`. After
 * that a request is `ask ID METHOD`, and its answer `answer ID TEXT`.
 */
export function knock(): Protocol {
  return {
    name: 'knock',
    heartbeat: { mode: 'off' },
    session: (host) => new KnockSession(host),
  };
}

class KnockSession implements Session {
  readonly server = {};
  readonly #host: SessionHost;
  #credentials: unknown;
  #open = false;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  opened(): void {
    this.#host.post({ type: 'socket.opened' });
  }

  async credentials(ask: () => Promise<unknown>): Promise<void> {
    this.#credentials = await ask();
  }

  hello(): void {
    this.#host.send(`hello ${String(this.#credentials)}`);
  }

  frame(data: string | Uint8Array): void {
    const [word, ...rest] = String(data).split(' ');
    if (this.#open && word === 'answer') {
      const [id = '', ...payload] = rest;
      this.#host.deliver({ kind: 'answer', id, ok: true, payload: payload.join(' ') });
    } else if (this.#open) this.#host.deliver({ kind: 'message', data });
    else if (word === 'challenge') this.#host.post({ type: 'socket.challenged' });
    else if (word === 'welcome') {
      this.#open = true;
      this.#host.post({ type: 'socket.accepted', silenceMs: 0 });
    } else if (word === 'refused') {
      const refusal = { type: 'socket.refused', cause: 'credentials', floorMs: 0 } as const;
      this.#host.post(refusal, rest.join(' '));
    }
  }

  request(id: string, method: string): string {
    return `ask ${id} ${method}`;
  }

  ended({ code }: TransportEnd) {
    return { cause: 'lost', floorMs: 0, because: `the peer closed with ${code}` } as const;
  }

  closing(why: 'closed' | 'refused' | 'timeout') {
    return why === 'closed' ? { code: 1000, reason: 'bye' } : { code: 1008, reason: why };
  }

  probe() {
    return undefined;
  }
}
