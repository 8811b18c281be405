/**
 * A server on 127.0.0.1 that takes a client exactly as far as it is told and then says nothing
 * more by itself, so that a link can be held in any phase. It hears everything and knows how each
 * client left. It needs no test runner: benches use it too.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';

/** full: TCP itself is not answered. mute: not a byte. The others answer the upgrade. */
export type Manner = 'full' | 'mute' | 'resets' | 'upgrades' | 'challenges';

export interface Client {
  socket: Socket;
  heard: string;
  /** null while it is there */
  left: 'end' | 'reset' | null;
}

export interface StandIn {
  port: number;
  clients: Client[];
  close(): Promise<void>;
}

export function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
}

export const closeFrame = Buffer.from([0x88, 2, 0x03, 0xe8]);

/** The answer to an upgrade request, once it is there as a whole. */
export function upgradeOf(heard: string): Buffer | null {
  const asked = /sec-websocket-key: (.*)\r\n/i.exec(heard)?.[1];
  if (asked === undefined || !heard.includes('\r\n\r\n')) return null;
  const accept = createHash('sha1').update(`${asked}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
}

/** What a client has said in frames of less than 126 bytes: `text hello`, `close 1000`. */
export function frames({ heard }: Client): string[] {
  let rest = Buffer.from(heard.split('\r\n\r\n').slice(1).join('\r\n\r\n'), 'latin1');
  const words: string[] = [];
  while (rest.length >= 6) {
    const size = (rest[1] ?? 0) & 0x7f;
    const mask = rest.subarray(2, 6);
    const text = Buffer.from(rest.subarray(6, 6 + size).map((b, at) => b ^ (mask[at % 4] ?? 0)));
    words.push(rest[0] === 0x88 ? `close ${text.readUInt16BE()}` : `text ${text}`);
    rest = rest.subarray(6 + size);
  }
  return words;
}

export async function standIn(manner: Manner): Promise<StandIn> {
  if (manner === 'full') return fullQueue();
  const clients: Client[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const client: Client = { socket, heard: '', left: null };
    clients.push(client);
    let answered = manner === 'mute';
    socket.on('error', () => {
      client.left ??= 'reset';
    });
    socket.on('end', () => {
      client.left ??= 'end';
    });
    socket.on('data', (data) => {
      client.heard += data.toString('latin1');
      const answer = answered ? null : upgradeOf(client.heard);
      if (answer === null) return;
      answered = true;
      if (manner === 'resets') socket.resetAndDestroy();
      else socket.write(answer);
      if (manner === 'challenges') socket.write(textFrame('challenge'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    clients,
    async close() {
      for (const { socket } of clients) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A listener that never accepts and whose queue is full. */
async function fullQueue(): Promise<StandIn> {
  const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    function () { console.log(this.address().port); });`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe'] });
  const [line] = child.stdout ? await once(child.stdout, 'data') : [''];
  child.kill('SIGSTOP');
  const port = Number(line);
  const fillers: Socket[] = [];
  for (let queued = 0; queued < 2; queued += 1) {
    const filler = dial(port, '127.0.0.1').on('error', () => {});
    fillers.push(filler);
    await once(filler, 'connect');
  }
  return {
    port,
    clients: [],
    async close() {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}
