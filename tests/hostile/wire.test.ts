/**
 * Hostile peers, one layer up: the real Wire with a real session on a transport that the test
 * holds, and the commands of the machine given when it would give them. Whatever the frames, the
 * consumer hears nothing before the link is open and nothing after its end, nothing is written
 * after it, and what waits on either side stays within its bound. Bounds are counted, not measured.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SocketReport } from '../../machines/contracts.ts';
import type { Inbound, Protocol } from '../../src/ports.ts';
import { jsonrpc, openclaw, plain } from '../../src/protocols/index.ts';
import { Wire, type WireEnd } from '../../src/runtime/wire.ts';
import { FakeClock } from '../fakes/clock.ts';
import { type FakeSocket, fakeTransport } from '../runtime/fakes.ts';
import { challenge, type Dialect, type Draft, fill, hostileFrame, welcome } from './frames.ts';
import { make, secrets } from './play.ts';

type Command = Parameters<Wire['command']>[0];

/** A wire, and the part of the machine that commands it. */
class Bench {
  readonly wire: Wire;
  readonly socket: FakeSocket;
  readonly facts: SocketReport[] = [];
  readonly ends: WireEnd[] = [];
  readonly inbound: Inbound[] = [];
  readonly diagnostics: string[] = [];
  readonly breaches: string[] = [];
  readonly clock = new FakeClock();
  frames = 0;
  tasks: (() => void)[] = [];
  /** where the machine stands */
  stage: 'dialing' | 'handshake' | 'greeted' | 'open' | 'closing' | 'ended' = 'dialing';
  #ids = 0;
  #isDelivering = false;
  readonly #hasSecrets: boolean;

  constructor(protocol: Protocol, queueBytes = 65_536) {
    this.#hasSecrets = protocol.name === 'openclaw';
    const { sockets, transport } = fakeTransport();
    this.wire = new Wire(
      { url: 'wss://gateway.example:1/?token=q', maxPayloadBytes: 1_000_000 },
      protocol,
      transport,
      {
        clock: this.clock,
        uuid: () => `id-${++this.#ids}`,
        queueBytes,
        attempt: 1,
        defer: (task) => this.tasks.push(task),
        opened: () => {
          this.#isDelivering = true;
        },
        saving() {},
        inbound: (item) => {
          if (!this.#isDelivering || this.ends.length > 0) this.breaches.push('heard out of turn');
          this.inbound.push(item);
        },
        ended: (_, end) => this.ends.push(end),
        diagnose: (_level, code, message) => {
          if (message.length > 300) this.breaches.push(`a diagnostic of ${message.length}`);
          this.diagnostics.push(code);
        },
      },
      (fact) => this.facts.push(fact),
    );
    const [socket] = sockets;
    if (socket === undefined) throw new Error('no socket was asked for');
    this.socket = socket;
  }

  get isOver() {
    return this.ends.length > 0;
  }

  /** One frame of the peer; what the wire may not do with it is kept. */
  hears(draft: Draft) {
    const sent = this.socket.sent.length;
    const facts = this.facts.length;
    const wasOver = this.isOver;
    const marks = { hello: 'id-1', asked: 'asked-1', token: secrets.token };
    this.frames += 1;
    this.#safely(() => this.socket.hears(fill(draft, marks)));
    if (this.socket.sent.length - sent > 1) this.breaches.push('two frames for one');
    if (wasOver && this.socket.sent.length > sent) this.breaches.push('wrote after its end');
    if (wasOver && this.facts.length > facts) this.breaches.push('a fact after its end');
  }

  /** Does what is deferred, and what the machine does with the facts since. */
  async turn(credentials: unknown = secrets.token) {
    for (const task of this.tasks.splice(0)) this.#safely(task);
    for (const { type } of this.facts.slice(this.#seen)) {
      this.#seen += 1;
      if (this.stage === 'ended') continue;
      if (type === 'socket.closed') this.stage = 'ended';
      else if (this.stage === 'closing') continue;
      else if (type === 'socket.opened') this.stage = 'handshake';
      else if (type === 'socket.refused') this.command({ type: 'socket.close', why: 'refused' });
      else if (type === 'socket.challenged' && this.stage === 'handshake') {
        await this.wire.session.credentials(async () => credentials);
        this.command({ type: 'socket.hello' });
        this.stage = 'greeted';
      } else if (type === 'socket.accepted') {
        this.command({ type: 'socket.deliver' });
        this.stage = 'open';
      }
    }
  }

  #seen = 0;

  command(command: Command) {
    this.#safely(() => this.wire.command(command));
    if (command.type === 'socket.close') this.stage = 'closing';
  }

  #safely(run: () => void) {
    try {
      run();
    } catch (error) {
      this.breaches.push(`threw ${String(error)}`);
    }
  }

  /** What must be true when all is over. */
  judge() {
    const kinds = this.facts.map(({ type }) => type);
    const count = (type: string) => kinds.filter((kind) => kind === type).length;
    for (const type of ['opened', 'challenged', 'accepted', 'refused', 'closed']) {
      if (count(`socket.${type}`) > 1) this.breaches.push(`${type} more than once`);
    }
    if (this.ends.length !== 1) this.breaches.push(`told of ${this.ends.length} ends`);
    const because = this.ends[0]?.because ?? '';
    if (because.length > 300) this.breaches.push(`an end in ${because.length} characters`);
    // only there is it ours; elsewhere we merely repeat an id that the peer has chosen
    const isSaid =
      this.#hasSecrets && this.socket.sent.some((one) => String(one).includes(secrets.token));
    if (isSaid && because.includes(secrets.token))
      this.breaches.push(`a secret in the end: ${because}`);
    if (this.clock.armed > 0) this.breaches.push('a timer is armed');
    return this.breaches;
  }
}

// the property -----------------------------------------------------------------------------------

type Step = { frame: Draft } | { turn: true } | { good: true } | { close: true } | { end: number };

const steps = (dialect: Dialect): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 30, arbitrary: hostileFrame(dialect).map((frame) => ({ frame })) },
      { weight: 8, arbitrary: fc.constant<Step>({ turn: true }) },
      { weight: 6, arbitrary: fc.constant<Step>({ good: true }) },
      { weight: 1, arbitrary: fc.constant<Step>({ close: true }) },
      { weight: 1, arbitrary: fc.constantFrom(1000, 1006, 1008).map((end) => ({ end })) },
    ),
    { minLength: 10, maxLength: 40 },
  );

async function drive(dialect: Dialect, all: Step[], variant: number): Promise<Bench> {
  const bench = new Bench(make(dialect, variant));
  bench.socket.opens();
  let isClosed = false;
  for (const step of all) {
    // past `closed` or a reset of ours a transport says nothing more
    if (isClosed || bench.socket.calls.includes('reset')) break;
    if ('frame' in step) bench.hears(step.frame);
    else if ('turn' in step) await bench.turn();
    else if ('close' in step && bench.stage !== 'closing' && bench.stage !== 'ended') {
      bench.command({ type: 'socket.close', why: 'closed' });
    } else if ('end' in step) {
      bench.socket.ends({ code: step.end, reason: `${secrets.token} ${'x'.repeat(500)}` });
      isClosed = true;
    } else if (bench.stage !== 'closing' && bench.stage !== 'ended') {
      bench.hears({ text: JSON.stringify(bench.stage === 'greeted' ? welcome : challenge) });
      await bench.turn();
    }
  }
  await bench.turn();
  bench.wire.release();
  await bench.turn();
  return bench;
}

describe('a wire under hostile frames keeps its word,', () => {
  const plans: [dialect: Dialect, runs: number, frames: number][] = [
    ['plain', 500, 4_000],
    ['jsonrpc', 700, 6_000],
    ['openclaw', 1_500, 14_000],
  ];
  for (const [dialect, numRuns, least] of plans) {
    it(`${dialect}: over at least ${least} frames`, { timeout: 60_000 }, async () => {
      const count = { frames: 0, open: 0 };
      const property = fc.asyncProperty(steps(dialect), fc.nat(2), async (all, variant) => {
        const bench = await drive(dialect, all, variant);
        count.frames += bench.frames;
        if (bench.inbound.length > 0) count.open += 1;
        const breaches = bench.judge();
        if (breaches.length > 0) throw new Error(breaches.join('\n'));
      });
      await fc.assert(property, { numRuns });
      expect(count.frames).toBeGreaterThanOrEqual(least);
      expect(count.open).toBeGreaterThan(numRuns / 20);
    });
  }
});

// floods -----------------------------------------------------------------------------------------

const accepted = async (protocol: Protocol, queueBytes?: number): Promise<Bench> => {
  const bench = new Bench(protocol, queueBytes);
  bench.socket.opens();
  await bench.turn();
  if (protocol.name !== 'openclaw') return bench;
  bench.hears({ text: JSON.stringify(challenge) });
  await bench.turn();
  bench.hears({ text: JSON.stringify(welcome) });
  return bench;
};

describe('a flood', () => {
  it('of half a million frames before our hello leaves nothing behind', {
    timeout: 60_000,
  }, async () => {
    const bench = new Bench(openclaw());
    bench.socket.opens();
    const answer = JSON.stringify({ type: 'res', id: 'never-asked', ok: true, payload: {} });
    const event = JSON.stringify({ type: 'event', event: 'agent', payload: { text: 'early' } });
    for (let n = 0; n < 250_000; n += 1) {
      bench.socket.hears(answer);
      bench.socket.hears(n % 25 === 0 ? 'garbage' : event);
    }
    const { facts, inbound, diagnostics, tasks, socket, clock } = bench;
    expect(facts).toEqual([{ type: 'socket.opened' }]);
    expect([inbound, diagnostics, tasks, socket.sent, socket.calls]).toEqual([[], [], [], [], []]);
    expect([clock.armed, bench.isOver]).toEqual([0, false]);
    await bench.turn();
    bench.hears({ text: JSON.stringify(challenge) });
    await bench.turn();
    bench.hears({ text: JSON.stringify(welcome) });
    await bench.turn();
    await bench.turn();
    expect(bench.stage).toBe('open');
    expect(bench.inbound).toEqual([]);
  });

  it('of garbage past our hello is told of once and kept nowhere', {
    timeout: 60_000,
  }, async () => {
    const bench = await accepted(openclaw());
    await bench.turn();
    await bench.turn();
    for (let n = 0; n < 100_000; n += 1) bench.socket.hears(n % 2 === 0 ? '{"type":"res"}' : '[');
    expect(bench.diagnostics.filter((code) => code === 'HF_FRAME_UNREADABLE')).toHaveLength(1);
    expect([bench.inbound, bench.tasks, bench.isOver]).toEqual([[], [], false]);
  });

  it('before the link is open is cut at its bytes, and nothing of it is kept', async () => {
    const bench = await accepted(plain(), 65_536);
    bench.socket.hears('x'.repeat(65_535));
    bench.socket.hears('y');
    expect(bench.isOver).toBe(false);
    bench.socket.hears('z');
    expect(bench.socket.calls).toEqual(['reset']);
    expect(bench.ends).toEqual([
      {
        cause: 'lost',
        because: 'the peer sent more than 65536 bytes before the link was open',
        code: 1006,
        floorMs: 0,
      },
    ]);
    for (let n = 0; n < 500_000; n += 1) bench.socket.hears('more');
    await bench.turn();
    await bench.turn();
    expect([bench.inbound, bench.ends.length, bench.tasks]).toEqual([[], 1, []]);
    expect(bench.facts.map(({ type }) => type)).toEqual([
      'socket.opened',
      'socket.accepted',
      'socket.closed',
    ]);
  });

  it('is counted in bytes as they came, and each frame once', async () => {
    const bytes = await accepted(plain(), 1_024);
    bytes.socket.hears('é'.repeat(512));
    expect(bytes.isOver).toBe(false);
    bytes.socket.hears(new Uint8Array(1));
    expect(bytes.isOver).toBe(true);
    const batch = await accepted(jsonrpc(), 1_024);
    const one = '{"jsonrpc":"2.0","method":"m"}';
    batch.socket.hears(`[${Array(30).fill(one).join()}]`);
    expect(batch.isOver).toBe(false);
    await batch.turn();
    await batch.turn();
    expect(batch.inbound).toHaveLength(30);
  });

  it('once the link is open is passed on, however much it is', async () => {
    const bench = await accepted(plain(), 1_024);
    await bench.turn();
    await bench.turn();
    for (let n = 0; n < 10_000; n += 1) bench.socket.hears('x'.repeat(100));
    expect([bench.inbound.length, bench.isOver]).toEqual([10_000, false]);
  });

  const questions: [name: string, protocol: Protocol, question: string][] = [
    ['jsonrpc', jsonrpc(), '{"jsonrpc":"2.0","id":1,"method":"do"}'],
    ['openclaw', openclaw(), '{"type":"req","id":"1","method":"ping"}'],
  ];
  it.each(questions)(
    'of questions in %s whose answers are not read ends the connection',
    async (_, protocol, question) => {
      const bench = await accepted(protocol, 2_048);
      await bench.turn();
      await bench.turn();
      const before = bench.socket.sent.length;
      const written = () =>
        bench.socket.sent.slice(before).reduce((sum, frame) => sum + String(frame).length, 0);
      for (let n = 0; n < 10_000; n += 1) {
        bench.socket.hears(question);
        bench.socket.bufferedBytes = written();
        if (bench.isOver) break;
      }
      expect(bench.socket.calls).toEqual(['reset']);
      expect(bench.ends[0]?.because).toBe('the peer sent requests and did not read our answers');
      // one answer beyond the bound, and not one more
      expect(written()).toBeLessThan(2_048 + 200);
      const last = bench.socket.sent.length;
      bench.socket.hears(question);
      expect(bench.socket.sent).toHaveLength(last);
    },
  );
});

describe('past its own close frame', () => {
  it('a wire answers nothing, opens nothing and hands nothing on', async () => {
    const bench = new Bench(openclaw());
    bench.socket.opens();
    await bench.turn();
    bench.hears({ text: JSON.stringify(challenge) });
    await bench.turn();
    bench.command({ type: 'socket.close', why: 'timeout' });
    const { length } = bench.socket.sent;
    bench.hears({ text: JSON.stringify(welcome) });
    bench.hears({ text: '{"type":"req","id":"1","method":"ping"}' });
    await bench.turn();
    expect(bench.socket.sent).toHaveLength(length);
    expect(bench.facts.map(({ type }) => type)).toEqual(['socket.opened', 'socket.challenged']);
    bench.socket.ends({ code: 1000 });
    expect(bench.facts.at(-1)?.type).toBe('socket.closed');
    expect(bench.ends).toHaveLength(1);
  });
});
