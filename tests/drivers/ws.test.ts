/**
 * The ws driver with real servers: the contract every transport keeps, and what only a real
 * network can do to one. Every wait is for an event and has a deadline. TLS is in ws-tls.test.ts,
 * addresses and options in ws-target.test.ts.
 */

import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { wsTransport } from '../../src/drivers/ws.ts';
import type { TransportTarget } from '../../src/ports.ts';
import { transportConformance } from './transport-conformance.ts';
import { nextTurn, payloadMax, Witness } from './transport-witness.ts';
import { clientState, eventually, frame, RealServer, startRaw } from './ws-peers.ts';

transportConformance('ws:', wsTransport, (manner) => RealServer.start(manner));

const linux = process.platform === 'linux';
const call = (target: TransportTarget) => new Witness(wsTransport, target);
const at = (url: string, more: Partial<TransportTarget> = {}): TransportTarget => ({
  url,
  maxPayloadBytes: payloadMax,
  ...more,
});

/** A raw server and a client whose request has arrived there. */
async function request(more: Partial<TransportTarget> = {}) {
  const server = await startRaw();
  const client = call(at(`ws://127.0.0.1:${server.port}/`, more));
  const peer = await server.peer();
  await peer.log.until('request');
  return { server, client, peer };
}

async function meet() {
  const both = await request();
  await both.peer.upgrade();
  await both.client.log.until('opened');
  await nextTurn();
  return both;
}

/** What keeps this process alive, but for what the test runner holds. */
const handles = () =>
  process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'PipeWrap')
    .sort()
    .join(' ');
const untilHandles = (expected: string) =>
  eventually(`the handles are '${expected}'`, () => handles() === expected);

describe('a reset reaches the peer as a TCP reset and leaves no TIME_WAIT', () => {
  it.runIf(linux)('which the kernel would show us', async () => {
    const server = await startRaw();
    const socket = connect(server.port, '127.0.0.1');
    const peer = await server.peer();
    const state = clientState(peer);
    socket.end();
    await peer.log.until('gone by end');
    peer.socket.end();
    await eventually('our port is in TIME_WAIT', () => state() === '06');
    expect(state()).toBe('06');
  });

  const phases: [phase: string, reach: () => Promise<Awaited<ReturnType<typeof request>>>][] = [
    ['the upgrade is pending', request],
    ['the connection is open', meet],
    [
      'the close frame is out',
      async () => {
        const both = await meet();
        both.client.handle.close(1000, '');
        await both.peer.log.until('close 1000');
        return both;
      },
    ],
    [
      'a refusal is being read',
      async () => {
        const both = await request();
        both.peer.socket.write('HTTP/1.1 500 Oh\r\nContent-Length: 99\r\n\r\nhalf an expl');
        await nextTurn();
        await nextTurn();
        return both;
      },
    ],
  ];
  for (const [phase, reach] of phases) {
    it(`while ${phase}`, async () => {
      const { client, peer } = await reach();
      const state = clientState(peer);
      await nextTurn();
      const heard = [...client.log.words];
      client.handle.reset();
      expect(await peer.log.until('gone')).toBe('gone by reset');
      await nextTurn();
      if (linux) expect(state()).toBeUndefined();
      expect(client.log.words).toEqual(heard);
    });
  }

  it('while TCP connects', async () => {
    const server = await startRaw();
    const client = call(at(`ws://127.0.0.1:${server.port}/`));
    await new Promise((resolve) => process.nextTick(resolve));
    client.handle.reset();
    const peer = await server.peer();
    expect(await peer.log.until('gone')).toBe('gone by reset');
    expect(peer.text).toBe('');
    expect(client.log.words).toEqual([]);
  });

  it('while the name is looked up, or nobody answers: nothing is left of us', async () => {
    await untilHandles('');
    for (const host of ['nowhere.invalid', '192.0.2.1', 'localhost:1', '[::1]:1']) {
      for (const turns of [0, 1, 2]) {
        const client = call(at(`ws://${host}/`));
        for (let turn = 0; turn < turns; turn += 1) await nextTurn();
        const heard = [...client.log.words];
        client.handle.reset();
        await nextTurn();
        expect(client.log.words).toEqual(heard);
      }
    }
    await untilHandles('');
  });

  it('also when the peer has closed and our end is on its way', async () => {
    await untilHandles('');
    const closing = frame(0x88, Buffer.from([0x03, 0xe8]));
    for (let ticks = 0; ticks < 12; ticks += 1) {
      const { client, peer } = await meet();
      const state = clientState(peer);
      client.onWord = async () => {
        for (let tick = 0; tick < ticks; tick += 1) {
          await new Promise((resolve) => process.nextTick(resolve));
        }
        client.handle.reset();
      };
      peer.socket.write(Buffer.concat([frame(0x81, 'x'), closing]));
      await peer.log.until('gone');
      if (linux) expect(state()).not.toBe('06');
      peer.socket.destroy();
      expect(client.log.words).toEqual(['opened', 'text x']);
    }
    await untilHandles(Array(12).fill('TCPServerWrap').join(' '));
  });

  it('and 200 cycles leave no handle behind', { timeout: 60_000 }, async () => {
    await untilHandles('');
    const open = await RealServer.start('accepts');
    const waiting = await RealServer.start('waits');
    await nextTurn();
    const before = handles();
    expect(before).toBe('TCPServerWrap TCPServerWrap');
    for (let cycle = 0; cycle < 200; cycle += 1) {
      const server = cycle % 3 === 0 ? waiting : open;
      const client = call(server.target());
      if (cycle % 3 < 2) await server.peer();
      if (cycle % 3 === 1) await client.log.until('opened');
      if (cycle % 2 === 1) client.handle.close(1000, 'maybe');
      client.handle.reset();
    }
    await untilHandles(before);
  });
});

describe('a refused upgrade', () => {
  it('of 1 MiB is cut at 2 KiB, at once', async () => {
    const { client, peer } = await request();
    const began = performance.now();
    const size = 1024 * 1024;
    peer.socket.write(`HTTP/1.1 418 Teapot\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`);
    await client.log.until('closed 1006');
    expect(performance.now() - began).toBeLessThan(900);
    expect(client.end).toMatchObject({ status: 418, reason: 'x'.repeat(2048) });
    expect(client.end?.error).toEqual({
      code: 'HTTP_418',
      message: "the server answered 418 I'm a Teapot instead of upgrading",
    });
    await peer.log.until('gone by reset');
  });

  it('whose body never ends is reported after a second, with what came', async () => {
    const { client, peer } = await request();
    const began = performance.now();
    peer.socket.write('HTTP/1.1 401 No\r\n\r\n{"error":\n"wait');
    await client.log.until('closed 1006');
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(performance.now() - began).toBeLessThan(3000);
    expect(client.end).toMatchObject({ status: 401, reason: '{"error": "wait' });
    await peer.log.until('gone by reset');
  });

  it('whose body breaks off is reported with what came', async () => {
    const { client, peer } = await request();
    peer.socket.write('HTTP/1.1 500 Oh\r\nContent-Length: 99\r\n\r\nhalf');
    peer.socket.end();
    const began = performance.now();
    await client.log.until('closed 1006');
    expect(performance.now() - began).toBeLessThan(900);
    expect(client.log.words).toEqual(['closed 1006']);
    expect(client.end).toMatchObject({ status: 500, reason: 'half' });
  });

  it('is not followed elsewhere', async () => {
    const elsewhere = await startRaw();
    const { client, peer } = await request();
    const location = `http://127.0.0.1:${elsewhere.port}/`;
    peer.socket.write(`HTTP/1.1 302 Go\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
    await client.log.until('closed 1006');
    expect(client.end?.status).toBe(302);
    expect(elsewhere.arrived()).toBe(0);
  });

  const nonsense: [what: string, answer: string, code: string | RegExp][] = [
    ['that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', /^HPE_/],
    ['that never ends its head', `HTTP/1.1 101 Yes\r\nX: ${'x'.repeat(100_000)}`, /^HPE_/],
    [
      'with a wrong key',
      'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: no\r\n\r\n',
      'WS_HANDSHAKE',
    ],
    ['that is an end', '', 'ECONNRESET'],
  ];
  for (const [what, answer, code] of nonsense) {
    it(`or an answer ${what} is reported once`, async () => {
      const { client, peer } = await request();
      peer.socket.end(answer);
      await client.log.until('closed 1006');
      expect(client.end?.error?.code).toMatch(code);
      expect(client.log.words).toEqual(['closed 1006']);
    });
  }
});

describe('a hostile or broken peer', () => {
  const pieces = Array<Buffer>(20_000).fill(frame(0x00, 'x'));
  const bad: [what: string, bytes: Uint8Array, code: number][] = [
    ['a masked frame', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), 1002],
    ['a reserved bit', frame(0xc1, 'x'), 1002],
    ['an unknown opcode', frame(0x83, 'x'), 1002],
    ['a ping in pieces', frame(0x09, 'x'), 1002],
    ['a ping of 126 bytes', frame(0x89, 'x'.repeat(126)), 1002],
    ['a piece of nothing', frame(0x80, 'x'), 1002],
    ['a close frame of one byte', frame(0x88, 'x'), 1002],
    ['a close code nobody may send', frame(0x88, Buffer.from([0x03, 0xed])), 1002],
    ['text that is not UTF-8', frame(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ['a reason that is not UTF-8', frame(0x88, Buffer.from([0x03, 0xe8, 0xff])), 1007],
    ['33 MB that it only announces', frame(0x82, '', 33_000_000), 1009],
    ['more than fits in a number', frame(0x82, '', 2 ** 62), 1009],
    ['pieces without end', Buffer.concat([frame(0x01, 'x'), ...pieces]), 1008],
  ];
  for (const [what, bytes, code] of bad) {
    it(`that sends ${what} is told ${code}, and so are we`, async () => {
      const { client, peer } = await meet();
      peer.socket.write(Buffer.concat([frame(0x81, 'before'), bytes, frame(0x81, 'behind')]));
      await peer.log.until(`close ${code}`);
      peer.socket.end();
      await client.log.until('closed');
      expect(client.log.words).toEqual(['opened', 'text before', `closed ${code}`]);
      expect(client.end?.error?.code).toMatch(/^WS_ERR_/);
    });
  }

  it('cannot keep us by never ending what is over', async () => {
    const closing = frame(0x88, Buffer.from([0x0f, 0xa0, 0x62, 0x79, 0x65]));
    const over: [bytes: Uint8Array, end: object][] = [
      [closing, { code: 4000, reason: 'bye' }],
      [frame(0x83), { code: 1002, error: { code: 'WS_ERR_INVALID_OPCODE' } }],
    ];
    const stories = over.map(async ([bytes, end]) => {
      const { client, peer } = await meet();
      peer.socket.write(bytes);
      const began = performance.now();
      await client.log.until('closed');
      expect(performance.now() - began).toBeLessThan(3000);
      expect(client.end).toMatchObject(end);
    });
    await Promise.all(stories);
  });

  it('that ends but does not read what we still send cannot keep us either', async () => {
    const { client, peer } = await meet();
    peer.socket.pause();
    while (client.handle.bufferedBytes < 1_000_000) {
      client.handle.send('x'.repeat(90_000));
      await nextTurn();
    }
    peer.socket.end();
    const began = performance.now();
    await client.log.until('closed 1006');
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('may think about our close frame as long as the machine lets it', async () => {
    const { client, peer } = await meet();
    client.handle.close(1000, '');
    await peer.log.until('close 1000');
    await pause(1500); // longer than all that the driver itself bounds
    expect(client.log.words).toEqual(['opened']);
    peer.socket.end(frame(0x88, Buffer.from([0x03, 0xe8])));
    await client.log.until('closed 1000');
    expect(handles()).not.toContain('Timeout');
  });

  it('that ends without a close frame, or in the middle of a frame, leaves 1006', async () => {
    for (const last of [Buffer.alloc(0), frame(0x81, 'half', 100)]) {
      const { client, peer } = await meet();
      peer.socket.end(last);
      await client.log.until('closed');
      expect(client.log.words).toEqual(['opened', 'closed 1006']);
    }
  });

  it('that resets leaves 1006 and the error of the socket', async () => {
    const { client, peer } = await meet();
    peer.socket.resetAndDestroy();
    await client.log.until('closed 1006');
    expect(client.end?.error).toEqual({ code: 'ECONNRESET', message: 'read ECONNRESET' });
  });

  it('that only vanished is no event: the heartbeat will tell', async () => {
    const { client, peer } = await meet();
    peer.socket.pause();
    client.handle.ping();
    client.handle.send('hello?');
    const other = await meet();
    other.client.handle.reset();
    await other.peer.log.until('gone');
    expect(client.log.words).toEqual(['opened']);
  });

  it('is heard from its first packet on, the one with the upgrade', async () => {
    const { client, peer } = await request();
    await peer.upgrade(Buffer.concat([frame(0x81, 'one'), frame(0x81, 'two')]));
    await client.log.until('text two');
    expect(client.log.words).toEqual(['opened', 'text one', 'text two']);
  });
});
