/** What Stately's own adapter sends of a recording, as its page would get it. */
import type { AddressInfo } from 'node:net';
import { createWebSocketInspector } from '@statelyai/inspect';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { type AnyStateMachine, createActor, createMachine } from 'xstate';
import * as machines from '../../machines/index.ts';
import { recordRun } from '../../src/cli/record-run.ts';
import { modelOf } from '../../src/diagram/model.ts';
import { forward, type StatelyMessage } from '../../src/inspector/forward.ts';
import { recorder } from '../../src/inspector/recorder.ts';
import { until } from '../practice/house.ts';

/** A server in the place of Stately's, and what it was sent. */
async function page() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const got: StatelyMessage[] = [];
  server.on('connection', (socket) => {
    socket.on('message', (text) => got.push(JSON.parse(String(text)) as StatelyMessage));
  });
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const inspector = createWebSocketInspector({ url: `ws://127.0.0.1:${port}` });
  onTestFinished(() => {
    inspector.stop();
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { got, adapter: inspector.adapter, server };
}

const toggle = createMachine({
  id: 'toggle',
  initial: 'off',
  states: { off: { on: { push: 'on' } }, on: { on: { push: 'off' } } },
});

describe('a recording that is forwarded', () => {
  it('reaches the page through the adapter of @statelyai/inspect', async () => {
    const { got, adapter, server } = await page();
    const recording = recorder();
    const actor = createActor(toggle, { inspect: recording });
    actor.start();
    actor.send({ type: 'push', token: 'a secret' } as never);
    await until('it is connected', () => server.clients.size === 1);
    const stop = forward(recording, adapter);
    actor.send({ type: 'push' });
    await until('all has come', () => got.length >= 6);
    stop();
    actor.send({ type: 'push' });
    expect(got.map(({ type }) => type)).toEqual([
      '@xstate.actor',
      '@xstate.snapshot',
      '@xstate.event',
      '@xstate.snapshot',
      '@xstate.event',
      '@xstate.snapshot',
    ]);
    expect(got[0]).toMatchObject({ name: 'toggle', sessionId: 'holdfast:0', rootId: 'holdfast:0' });
    expect(got[3]).toMatchObject({ event: { type: 'push' }, snapshot: { value: 'on' } });
    expect(JSON.stringify(got)).not.toContain('a secret');
  });

  it('names every actor before anything that concerns it', async () => {
    const { recording } = await recordRun({ seed: 3, hours: 0.5, runs: 1 }, 0);
    const met = new Set<string>();
    const early: StatelyMessage[] = [];
    let count = 0;
    forward(recording, {
      send: (message) => {
        count += 1;
        if (message.type === '@xstate.actor') met.add(message.sessionId);
        else if (!met.has(message.sessionId)) early.push(message);
      },
    });
    expect(count).toBeGreaterThan(300);
    expect(early).toEqual([]);
  });

  it('never lets an adapter that throws reach the app', () => {
    const recording = recorder();
    const actor = createActor(toggle, { inspect: recording });
    forward(recording, {
      send: () => {
        throw new Error('gone');
      },
    });
    actor.start();
    actor.send({ type: 'push' });
    expect(actor.getSnapshot().value).toBe('on');
  });

  it.each(Object.entries(machines).filter(([, one]) => 'config' in Object(one)))(
    'has of %s a definition that XState reads as the same states and transitions',
    (_, machine) => {
      const recording = recorder();
      const told: StatelyMessage[] = [];
      forward(recording, { send: (message) => told.push(message) });
      recording.next({ type: '@xstate.actor', actorRef: { id: 'x:0', logic: machine } });
      const [first] = told;
      const definition = first?.type === '@xstate.actor' ? first.definition : '';
      const again = modelOf(createMachine(JSON.parse(definition)));
      const was = modelOf(machine as AnyStateMachine, { bare: true });
      expect(again.states.map(({ id, type }) => [id, type])).toEqual(
        was.states.map(({ id, type }) => [id, type]),
      );
      const ways = (model: typeof was) =>
        model.transitions
          .filter(({ plumbing }) => !plumbing)
          .map(({ source, label, targets, guard }) =>
            JSON.stringify([source, label, targets, guard]),
          )
          .sort();
      expect(ways(again)).toEqual(ways(was));
    },
  );
});
