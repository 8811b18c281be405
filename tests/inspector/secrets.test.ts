/** Secrets are planted wherever an app has any; no form of one is found in what was recorded. */
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { assign, createActor, emit, fromPromise, log, raise, setup } from 'xstate';
import { createGateway } from '../../src/index.ts';
import { type Recorder, recorder } from '../../src/inspector/index.ts';
import { serve } from '../../src/inspector/server.ts';
import { keep, keepHouse, until } from '../e2e/house.ts';
import { Planted } from './planted.ts';

keepHouse();

/** A peer that answers, speaks unasked and hangs up, with a secret each time. */
async function peer(planted: Planted): Promise<{ port: number; calls: () => WebSocket[] }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const answer = planted.of('an answer');
  const refusal = planted.of('the text of a refusal');
  server.on('connection', (socket) => {
    socket.on('message', (frame) => {
      const { id, method } = JSON.parse(String(frame)) as { id?: number; method: string };
      if (id === undefined) return;
      const said =
        method === 'refused' ? { error: { code: 1, message: refusal } } : { result: answer };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...said }));
    });
  });
  await new Promise((resolve) => server.on('listening', resolve));
  return { port: (server.address() as AddressInfo).port, calls: () => [...server.clients] };
}

/** What a reader of the server gets, headers and all, until it is closed. */
async function streamOf(recording: Recorder): Promise<() => Promise<string>> {
  const served = await serve(recording, new Map());
  const headers = { authorization: `Bearer ${new URL(served.url).hash.slice(1)}` };
  const response = await fetch(`http://127.0.0.1:${served.port}/recording`, { headers });
  const all = response.text();
  return async () => {
    await served.close();
    return `${JSON.stringify([...response.headers])}${await all}`;
  };
}

describe('a recording of a gateway', () => {
  it('holds no secret of its options, frames, environment, output or errors', async () => {
    const planted = new Planted();
    const { port, calls } = await peer(planted);
    const recording = recorder();
    const streamed = await streamOf(recording);
    let asked = 0;
    const line = planted.plain('a line of output');
    const gateway = keep(
      createGateway({
        inspect: recording,
        cooldownMs: 0,
        process: {
          command: [
            'sh',
            '-c',
            `echo up ${line}; echo "$ERR" >&2; exec sleep 60`,
            planted.of('an argument'),
          ],
          env: {
            ...process.env,
            API_TOKEN: planted.of('a variable that says so'),
            COLOUR: planted.of('a variable that does not'),
            ERR: planted.of('a line of error output'),
          },
          ready: { line: /up (?<word>\S+)/ },
        },
        link: {
          url: () => {
            asked += 1;
            if (asked === 2) throw new Error(planted.of('an error of a function'));
            const query = `token=${planted.plain('a query')}`;
            const user = `${planted.plain('a user')}:${planted.plain('a password')}`;
            return `ws://${user}@127.0.0.1:${port}/${planted.plain('a path')}?${query}`;
          },
          protocol: 'jsonrpc',
          credentials: () => ({ token: planted.of('a credential') }),
          authorize: () => {
            if (asked === 2) throw new Error(planted.of('an error of authorize'));
            return true;
          },
          ws: {
            headers: { authorization: `Bearer ${planted.plain('a header')}` },
            subprotocols: [],
          },
          reconnect: { firstMs: 10, maxMs: 40, jitter: 0 },
        },
      }),
    );
    await gateway.start();
    await gateway.ready();
    await gateway.request(planted.of('a method'), [planted.of('a parameter')]);
    await expect(gateway.request('refused')).rejects.toThrow();
    gateway.send(JSON.stringify({ note: planted.of('a frame of ours') }));
    for (const socket of calls()) {
      socket.send(
        JSON.stringify({
          jsonrpc: '2.0',
          method: planted.of('an event'),
          params: planted.of('its data'),
        }),
      );
      socket.close(1012, planted.plain('a reason'));
    }
    await until('the link has given up', () => gateway.status.state === 'failed');
    await gateway.stop();
    await gateway.dispose();
    const text = `${recording.text()}${await streamed()}`;
    expect(text.split('socket.closed').length).toBeGreaterThanOrEqual(3);
    expect(planted.size).toBeGreaterThanOrEqual(20);
    expect(planted.foundIn(text)).toEqual([]);
  });
});

describe('a recording of a machine of somebody else', () => {
  it('holds no secret of its context, events, input, output, errors or definition', async () => {
    const planted = new Planted();
    const raw: unknown[] = [];
    const machine = setup({
      types: {} as { context: Record<string, unknown>; input: { key: string } },
      actors: {
        login: fromPromise<unknown, unknown>(() =>
          Promise.reject(
            Object.assign(new Error(planted.of('the text of an error')), {
              code: planted.of('its code'),
            }),
          ),
        ),
        fetch: fromPromise<unknown, unknown>(() =>
          Promise.resolve(planted.of('the output of an actor')),
        ),
      },
      actions: { note: (_, _params: { token: string }) => {} },
      guards: { is: (_, _params: { token: string }) => true },
    }).createMachine({
      id: 'foreign',
      context: ({ input }) => ({ key: input.key, literal: planted.of('a literal of the context') }),
      initial: 'in',
      meta: { note: planted.of('meta') },
      output: planted.of('the output of a machine'),
      on: {
        go: {
          guard: { type: 'is', params: { token: planted.of('a parameter of a guard') } },
          actions: [
            { type: 'note', params: { token: planted.of('a parameter of an action') } },
            assign({ got: ({ event }) => event, own: planted.of('what is assigned') }),
            raise({ type: 'went', token: planted.of('what is raised') } as never),
            emit({ type: 'said', token: planted.of('what is emitted') } as never),
            log(planted.of('what is logged')),
          ],
        },
      },
      states: {
        in: {
          invoke: [
            { src: 'login', input: planted.of('the input of an actor'), onError: {} },
            { src: 'fetch', onDone: 'out' },
          ],
        },
        out: { type: 'final' },
      },
    });
    const recording = recorder({ allow: { foreign: { events: ['size'] } } });
    const inspect = (event: unknown) => {
      raw.push(event);
      recording.next(event);
    };
    const input = { key: planted.of('the input of a machine') };
    const actor = createActor(recording.watch(machine), { input, inspect, logger: () => {} });
    actor.subscribe({ error: () => {} });
    actor.start();
    const token = planted.of('a field of an event');
    actor.send({ type: 'go', token, size: 3, [planted.plain('a name of a field')]: 1 } as never);
    await until('it is over', () => actor.getSnapshot().status !== 'active');
    const text = recording.text();
    expect(text).toContain('"event":{"type":"go","size":3,"«redacted»":2}');
    expect(planted.size).toBeGreaterThanOrEqual(15);
    expect(planted.foundIn(text)).toEqual([]);
    // and they are in what was shown to it
    const shown = raw.map((event) => describeAll(event)).join('\n');
    expect(planted.foundIn(shown).length).toBeGreaterThanOrEqual(8);
  });
});

/** Everything in an inspection event that a careless recorder would have written down. */
function describeAll(event: unknown): string {
  const { type, event: sent, snapshot, action } = event as Record<string, unknown>;
  const { context, output, error } = (snapshot ?? {}) as Record<string, unknown>;
  const words = error instanceof Error ? `${error.message} ${JSON.stringify(error)}` : '';
  return (
    JSON.stringify({ type, sent, context, output, action: String(JSON.stringify(action)) }) + words
  );
}
