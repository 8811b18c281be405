/**
 * Servers in this process that accept everybody and say nothing, for links that are to be lost:
 * each connection can be reset or closed at any moment. They promise to know who is connected, and
 * must never answer, or end anything, by themselves.
 */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Peers {
  readonly urls: readonly string[];
  /** connections that have not left */
  readonly clients: number;
  /** every connection at once: without a word */
  reset(): void;
  /** every connection at once, with this code */
  close(code: number): void;
  /** the servers too, for good */
  end(): Promise<void>;
}

export async function peers(many: number): Promise<Peers> {
  const servers: WebSocketServer[] = [];
  const sockets = new Map<WebSocket, Socket>();
  for (let made = 0; made < many; made += 1) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await once(server, 'listening');
    server.on('connection', (ws, { socket }) => {
      sockets.set(ws, socket);
      ws.on('error', () => {});
      ws.on('close', () => sockets.delete(ws));
    });
    servers.push(server);
  }
  const portOf = (server: WebSocketServer) => {
    const address = server.address();
    return typeof address === 'object' ? address?.port : undefined;
  };
  return {
    urls: servers.map((server) => `ws://127.0.0.1:${portOf(server)}`),
    get clients() {
      return sockets.size;
    },
    reset() {
      for (const socket of sockets.values()) socket.resetAndDestroy();
    },
    close(code) {
      for (const ws of sockets.keys()) ws.close(code);
    },
    async end() {
      for (const socket of sockets.values()) socket.destroy();
      for (const server of servers) {
        server.close();
        await once(server, 'close');
      }
    },
  };
}
