/**
 * The protocol without a protocol: an open socket is a connection, and a frame is a message. It
 * promises to hand over each frame as it came, text as text and bytes as bytes, from `opened` to
 * `ended`. It must never read a frame, never send one, and never ask for credentials: whoever needs
 * them here puts them into the URL or the headers.
 */
import type { HeartbeatPolicy } from '../../machines/contracts.ts';
import type { Ending, Protocol, ServerInfo, Session, SessionHost, TransportEnd } from '../ports.ts';
import { closeFor, readEnding } from './endings.ts';

export function plain(): Protocol {
  return { name: 'plain', heartbeat, session: (host) => new PlainSession(host) };
}

/** Any peer answers a WebSocket ping, so silence is asked about, twice, before it is a verdict. */
export const heartbeat: Readonly<Partial<HeartbeatPolicy>> = {
  mode: 'probe',
  silenceMs: 15_000,
  waitMs: 5000,
  probeMs: 5000,
  probes: 2,
};

/** Also the ground for protocols that add a meaning to frames, and no handshake: see `read`. */
export class PlainSession implements Session {
  readonly server: ServerInfo = {};
  protected readonly host: SessionHost;
  #phase: 'new' | 'open' | 'over' = 'new';

  constructor(host: SessionHost) {
    this.host = host;
  }

  opened(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'open';
    this.host.post({ type: 'socket.opened' });
    this.host.post({ type: 'socket.accepted', silenceMs: 0 });
  }

  async credentials(): Promise<void> {
    // Nobody asks us who we are.
  }

  hello(): void {
    // Being connected is all there is to say.
  }

  frame(data: string | Uint8Array): void {
    if (this.#phase === 'open') this.read(data);
  }

  ended(end: TransportEnd): Ending {
    this.#phase = 'over';
    return readEnding(end);
  }

  closing(why: 'closed' | 'refused' | 'timeout'): { code: number; reason: string } {
    return closeFor(why);
  }

  probe(): undefined {
    return undefined;
  }

  /** Called for each frame of an open connection; must not throw. */
  protected read(data: string | Uint8Array): void {
    this.host.deliver({ kind: 'message', data });
  }
}
