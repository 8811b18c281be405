/**
 * The two named races over the whole runtime. Stale: a transport that goes on talking after its
 * end, and a second run of the same story without that talk; both must look the same from
 * outside. Dispose: a link held in some phase of connecting, and what can race the dispose in the
 * same turn. It must never wait for real time.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { connect, type Transport } from '../../src/index.ts';
import { FakeClock } from '../fakes/clock.ts';
import { type FakeSocket, fakeTransport } from '../runtime/fakes.ts';
import { Claw, helloOk } from './claw.ts';
import { Stage, secret, url } from './stage.ts';

// a stale generation changes nothing ------------------------------------------------------------

const talk = [
  'opens',
  'challenge',
  'hello',
  'event',
  'pong',
  'garbage',
  'close',
  'restart',
] as const;
const verbs = ['start', 'stop', 'retarget', 'retry', 'request', 'short', 'long'] as const;

const said = fc.record({
  kind: fc.constantFrom('talk', 'talk', 'stale', 'verb' as const),
  talk: fc.constantFrom(...talk),
  verb: fc.constantFrom(...verbs),
  which: fc.nat(9),
  /** whether all that follows has happened before the next step */
  settles: fc.boolean(),
});
/** How far the first connection gets by itself, and what happens then. */
export const story = fc.record({
  begun: fc.constantFrom(0, 1, 2, 3, 3, 3),
  steps: fc.array(said, { minLength: 3, maxLength: 14 }),
});
type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

const event = (name: string, payload: unknown) =>
  JSON.stringify({ type: 'event', event: name, payload });

const idOf = (socket: FakeSocket): string => {
  const connect = socket.sent.map((frame) => JSON.parse(String(frame)) as { id: string });
  return connect[0]?.id ?? 'none';
};

const words: Readonly<Record<(typeof talk)[number], (socket: FakeSocket, at: number) => void>> = {
  opens: (socket) => socket.opens(),
  challenge: (socket) => socket.hears(event('connect.challenge', { nonce: 'n', ts: 1 })),
  hello: (socket) =>
    socket.hears(JSON.stringify({ type: 'res', id: idOf(socket), ok: true, payload: helloOk() })),
  event: (socket, at) => socket.hears(event('note', { at })),
  pong: (socket) => socket.pongs(),
  garbage: (socket) => socket.hears('{"type":'),
  close: (socket) => socket.ends({ code: 1000, reason: 'bye' }),
  restart: (socket) => socket.ends({ code: 1012, reason: 'service restart' }),
};

/** It counts until the peer has ended it or we have reset it; our close frame may be answered. */
class Line {
  readonly socket: FakeSocket;
  ended = false;

  constructor(socket: FakeSocket) {
    this.socket = socket;
  }

  get stale(): boolean {
    return this.ended || this.socket.calls.includes('reset');
  }
}

/** Plays it, and answers all that can be seen from outside. */
async function play({ begun, steps }: Story, withStale: boolean): Promise<unknown> {
  const clock = new FakeClock();
  const { sockets, transport } = fakeTransport();
  const seen: unknown[] = [];
  const lines = new Map<FakeSocket, Line>();
  const link = connect(
    {
      url,
      protocol: 'openclaw',
      credentials: () => secret,
      transport,
      reconnect: { firstMs: 1_000, jitter: 0 },
    },
    { clock, random: () => 0 },
  );
  link.on('status', ({ line }) => seen.push(line));
  link.on('event', ({ name, payload, generation }) => seen.push([name, payload, generation]));
  link.on('diagnostic', ({ code, message }) => seen.push([code, message]));
  const known = () => {
    for (const socket of sockets) if (!lines.has(socket)) lines.set(socket, new Line(socket));
    return [...lines.values()];
  };
  const speak = (line: Line | undefined, what: (typeof talk)[number], at: number) => {
    if (line === undefined) return;
    words[what](line.socket, at);
    if (what === 'close' || what === 'restart') line.ended = true;
  };
  const act = async (verb: (typeof verbs)[number]) => {
    if (verb === 'start') await link.start();
    if (verb === 'stop') void link.stop();
    if (verb === 'retarget') await link.retarget({ url });
    if (verb === 'retry') await link.retryNow();
    if (verb === 'short') await clock.pass(900);
    if (verb === 'long') await clock.pass(16_000);
    if (verb !== 'request') return;
    link.request('status').then(
      () => seen.push('answered'),
      (error) => seen.push(`${error.code} ${error.delivery}`),
    );
  };
  await link.start();
  await clock.settle();
  for (const word of (['opens', 'challenge', 'hello'] as const).slice(0, begun)) {
    speak(known().at(-1), word, 0);
    await clock.settle();
  }
  for (const [at, step] of steps.entries()) {
    const all = known();
    const live = all.filter(({ stale }) => !stale).at(-1);
    if (step.kind === 'verb') await act(step.verb);
    if (step.kind === 'talk') speak(live, step.talk, at);
    const stale = all.filter((line) => line.stale);
    if (step.kind === 'stale' && withStale) {
      speak(stale[step.which % Math.max(1, stale.length)], step.talk, at);
    }
    if (step.settles) await clock.settle();
  }
  await clock.settle();
  const last = { state: link.status.state, armed: clock.armed, attempt: link.status.attempt };
  const ended = link.dispose();
  await clock.until(() => link.status.state === 'disposed', 10_000);
  await ended;
  return { seen, last, sent: sockets.map(({ sent, calls }) => [sent.length, calls]) };
}

/** Fails when what an ended socket still says can be seen anywhere. */
export async function staleTalkIsInert(told: Story): Promise<void> {
  expect(await play(told, true)).toEqual(await play(told, false));
}

// dispose during connect ------------------------------------------------------------------------

const racers = [
  ...['accept', 'challenge', 'hello', 'close', 'reset', 'url', 'credentials'],
  ...['start', 'stop', 'quit', 'retarget', 'dispose', 'turn'],
] as const;

export const race = fc.record({
  phase: fc.nat(6),
  before: fc.array(fc.constantFrom(...racers), { maxLength: 3 }),
  after: fc.array(fc.constantFrom(...racers), { maxLength: 4 }),
  owned: fc.boolean(),
});
type Race = typeof race extends fc.Arbitrary<infer R> ? R : never;

/** Fails when something is alive, armed, sent or asked after a dispose in some phase. */
export async function disposeIsTheEnd({ phase, before, after, owned }: Race): Promise<void> {
  const stage = new Stage();
  stage.network.manner = 'waits';
  const gates: Record<'url' | 'credentials', (() => void)[]> = { url: [], credentials: [] };
  const asked: string[] = [];
  const gate = <T>(name: 'url' | 'credentials', value: T) =>
    new Promise<T>((resolve) => {
      asked.push(name);
      gates[name].push(() => resolve(value));
    });
  let sent = 0;
  const transport: Transport = (target, events) => {
    const handle = stage.network.transport(target, events);
    return {
      send(frame, done) {
        sent += 1;
        handle.send(frame, done);
      },
      ping: () => handle.ping(),
      close: (code, reason) => handle.close(code, reason),
      reset: () => handle.reset(),
      get bufferedBytes() {
        return handle.bufferedBytes;
      },
    };
  };
  const link = {
    url: () => gate('url', url),
    credentials: () => gate('credentials', { token: secret }),
    transport,
  };
  const subject = owned ? stage.gateway({ link }) : stage.connect(link);
  const call = () => stage.calls.at(-1);
  const claw = () => {
    const latest = call();
    return latest === undefined ? undefined : new Claw(latest);
  };
  const acts: Record<(typeof racers)[number], () => unknown> = {
    accept: () => call()?.accept(),
    challenge: () => claw()?.challenges(),
    hello: () => ((claw()?.connects.length ?? 0) > 0 ? claw()?.accepts() : undefined),
    close: () => call()?.close(1000, 'bye'),
    reset: () => call()?.reset(),
    url: () => gates.url.at(-1)?.(),
    credentials: () => gates.credentials.at(-1)?.(),
    start: () => subject.is.start().catch(() => undefined),
    stop: () => void subject.is.stop(),
    quit: () => void subject.is.quit(),
    retarget: () => subject.is.retarget({}).catch(() => undefined),
    dispose: () => void subject.is.dispose(),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  };
  await subject.is.start();
  const ways = ['url', 'accept', 'challenge', 'credentials', 'hello', 'stop'] as const;
  for (const way of ways.slice(0, phase)) {
    await stage.settle();
    await acts[way]();
  }
  if (before.length > 0) await stage.settle();
  for (const act of before) await acts[act]();
  void subject.is.dispose();
  const askedBefore = asked.length;
  const sentBefore = sent;
  for (const act of after) await acts[act]();
  await stage.strike();
  expect(subject.is.status.state).toBe('disposed');
  expect(asked).toHaveLength(askedBefore);
  expect(sent).toBe(sentBefore);
}
