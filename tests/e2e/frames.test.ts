/**
 * Frames never pass through a machine. While a hundred thousand of them cross a real connection
 * in each direction, the actors of the system take as many events as if nothing had been said.
 */

import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { connect } from '../../src/index.ts';
import { keep, keepHouse, until } from './house.ts';

keepHouse();

const each = 100_000;

/** A server that says back what it hears. */
async function echo(): Promise<{ url: string; heard(): number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  let heard = 0;
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      heard += 1;
      socket.send(String(data));
    });
  });
  onTestFinished(
    () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  );
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}`, heard: () => heard };
}

it('100,000 messages each way cost the machines a handful of events', async () => {
  const server = await echo();
  let events = 0;
  const inspect = ({ type }: { type: string }) => {
    if (type === '@xstate.event' || type === '@xstate.microstep') events += 1;
  };
  const link = keep(connect({ url: server.url, protocol: 'plain' }, { inspect }));
  let received = 0;
  let isInOrder = true;
  link.on('message', ({ data }) => {
    isInOrder &&= data === `message ${received}`;
    received += 1;
  });
  await link.start();
  await link.ready();
  await until('the opening to settle', () => link.status.phase === 'steady');
  expect(events).toBeGreaterThan(5);

  const before = events;
  for (let sent = 0; sent < each; ) {
    const isRefused = link.send(`message ${sent}`) === 'refused';
    if (!isRefused) sent += 1;
    if (isRefused || sent % 2_000 === 0) await new Promise(setImmediate);
  }
  await until('every echo', () => received === each, 15_000);
  expect([server.heard(), isInOrder]).toEqual([each, true]);
  // room for a beat of the heart on a slow day: its question, its answer, its timers
  expect(events - before).toBeLessThan(50);
});
