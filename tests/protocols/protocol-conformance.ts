/**
 * What every protocol must do, as one suite over a protocol and a script of its peer. It plays the
 * runtime's part by the letter of `src/ports.ts`: it opens, asks for credentials when the session
 * says that it was challenged, says hello, hands over frames, good and hostile, and ends. It knows
 * no protocol, no socket and no real time.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndCause, SocketReport } from '../../machines/contracts.ts';
import type { Inbound, Protocol, Session, SessionHost, TransportEnd } from '../../src/ports.ts';

export type Frame = string | Uint8Array;

/** The peer's side of the conversation. */
export interface PeerScript {
  /** the peer's first word, where it speaks first */
  challenge?: () => Frame;
  /** what the host's `credentials` yields */
  credentials?: unknown;
  /** the answer to our hello, from what we have sent; absent: connected is accepted */
  welcome?: (sent: readonly Frame[]) => Frame;
  /** only where the protocol has requests */
  requests?: {
    read(frame: Frame): { id: string; method: string; params?: unknown };
    answer(id: string, payload: unknown): Frame;
    refuse(id: string, error: { code: string | number; message?: string }): Frame;
  };
  /** ordinary frames and what becomes of them once accepted; also what the hostile ones imitate */
  samples: readonly [Sample, ...Sample[]];
}
type Sample = readonly [frame: Frame, inbound: Inbound];

export const runs = 2000;
/** the longest sentence */
const wordsMax = 256;
const longestMs = 2_147_483_647;

const causes: readonly EndCause[] = [
  ...(['closed', 'lost', 'timeout', 'dead', 'restart', 'wait', 'again'] as const),
  ...(['credentials', 'pairing', 'protocol', 'identity', 'unauthorised'] as const),
];

/** A host that keeps everything and does nothing. */
export class Notes implements SessionHost {
  readonly attempt = 1;
  readonly endpoint = 'ws://127.0.0.1:1';
  readonly facts: SocketReport[] = [];
  readonly sent: Frame[] = [];
  readonly delivered: Inbound[] = [];
  /** every word meant for a person */
  readonly said: string[] = [];
  readonly timers = new Set<unknown>();
  readonly clock: SessionHost['clock'] = {
    now: () => 0,
    wallNow: () => 1_700_000_000_000,
    setTimeout: (run) => {
      this.timers.add(run);
      return run;
    },
    clearTimeout: (run) => void this.timers.delete(run),
  };
  #ids = 0;

  uuid(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  send(frame: Frame): void {
    this.sent.push(frame);
  }

  post(fact: SocketReport, because = ''): void {
    this.facts.push(fact);
    this.said.push(because);
  }

  deliver(inbound: Inbound): void {
    this.delivered.push(inbound);
  }

  saving(): void {}

  diagnose(level: string, code: string, message: string): void {
    this.said.push(`${level} ${code} ${message}`);
  }

  get words(): string {
    return this.facts.map(({ type }) => type.replace('socket.', '')).join(' ');
  }

  get count(): number {
    return this.facts.length + this.sent.length + this.delivered.length;
  }
}

type Stage = 'new' | 'opened' | 'accepted' | 'ended';
const stages: readonly Stage[] = ['new', 'opened', 'accepted', 'ended'];

export const someEnd: TransportEnd = { code: 1006, reason: '' };

export async function reach(
  stage: Stage,
  protocol: Protocol,
  script: PeerScript,
): Promise<{ host: Notes; session: Session }> {
  const host = new Notes();
  const session = protocol.session(host);
  if (stage === 'new') return { host, session };
  session.opened();
  if (stage !== 'opened') {
    if (script.challenge) session.frame(script.challenge());
    if (script.welcome) {
      await session.credentials(async () => script.credentials);
      session.hello();
      session.frame(script.welcome(host.sent));
    }
  }
  if (stage === 'ended') session.ended(someEnd);
  return { host, session };
}

// what a stranger sends -------------------------------------------------------------------------

/** BI-01, BI-06, and the keys, depths and lengths that break a reader that trusts. */
export const strange: readonly Frame[] = [
  ...['', 'not json', 'null', '42', '[]', '{}', '"text"', 'true', '[[]]', '[null,1,{}]', '\ud800'],
  ...['{"type":"res"}', '{"type":"event"}', '{"type":"req"}', '{"jsonrpc":"2.0"}'],
  '{"jsonrpc":"2.0","id":{"toString":1},"result":1}',
  '{"__proto__":{"polluted":1},"jsonrpc":"2.0","method":"__proto__","params":{"__proto__":[]}}',
  '{"type":"res","id":"__proto__","ok":true,"payload":{"constructor":{"prototype":1}}}',
  '{"type":"event","event":"hasOwnProperty","payload":{"__proto__":{"polluted":1}}}',
  `{"jsonrpc":"2.0","id":"${'7'.repeat(200_000)}","result":1}`,
  `{"type":"res","id":"${'7'.repeat(200_000)}","ok":true}`,
  '{"jsonrpc":"2.0","id":1e400,"method":"x"}',
  `{"jsonrpc":"2.0","id":"1","error":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  `{"type":"res","id":"1","ok":false,"error":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
  `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  new Uint8Array(),
  new Uint8Array([0xff, 0xfe, 0x00, 0xc3, 0x28]),
  new TextEncoder().encode('{"jsonrpc":"2.0"'),
];

const textOf = (frame: Frame) =>
  typeof frame === 'string' ? frame : new TextDecoder().decode(frame);

/** A frame that was good before somebody cut it, twisted it, or put something else into it. */
function damaged(samples: readonly string[]): fc.Arbitrary<string> {
  const put = fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 8 }));
  return fc
    .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat({ max: 24 }), put)
    .map(([frame, where, length, insert]) => {
      const from = where % (frame.length + 1);
      return frame.slice(0, from) + insert + frame.slice(from + length);
    });
}

const word = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.string());
const value = fc.jsonValue();

/** The right fields with the wrong values. */
const lookalike = fc
  .record(
    {
      ...{ jsonrpc: fc.constantFrom('2.0', '1.0', 2), id: word, method: word, ok: word },
      ...{ type: fc.constantFrom('req', 'res', 'event', 'hello-ok'), event: word },
      ...{ result: value, params: value, payload: value, error: value },
    },
    { requiredKeys: [] },
  )
  .map((frame) => JSON.stringify(frame));

export function hostile(script: PeerScript): fc.Arbitrary<Frame> {
  const good = script.samples.map(([frame]) => textOf(frame));
  if (script.challenge) good.push(textOf(script.challenge()));
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
    lookalike,
    fc.array(lookalike, { maxLength: 4 }).map((all) => `[${all.join(',')}]`),
    fc.uint8Array({ maxLength: 200 }),
    damaged(good),
    fc.constantFrom(...strange.filter((frame) => frame.length < 1000)),
  );
}

const anyText = fc.string({ unit: 'binary', maxLength: 3000 });
const someTransportEnd: fc.Arbitrary<TransportEnd> = fc.record(
  {
    code: fc.oneof(fc.constant(1006), fc.integer({ min: 990, max: 5000 }), fc.double()),
    reason: anyText,
    status: fc.oneof(fc.integer({ min: 100, max: 599 }), fc.double()),
    error: fc.record({
      code: fc.oneof(fc.constantFrom('ECONNREFUSED', 'TLS_FINGERPRINT'), anyText),
      message: anyText,
    }),
  },
  { requiredKeys: ['code', 'reason'] },
);

// the suite -------------------------------------------------------------------------------------

export function protocolConformance(
  name: string,
  makeProtocol: () => Protocol,
  script: PeerScript,
): void {
  const at = (stage: Stage) => reach(stage, makeProtocol(), script);
  describe(`protocol conformance: ${name}`, () => {
    handshake(at, script);
    hostility(at, script);
    endings(at);
    ends(at, script);
    if (script.requests) requests(at, script.requests);
  });
}

type At = (stage: Stage) => ReturnType<typeof reach>;

/** One verdict on the handshake at most; an announced departure may come at any time. */
const legalOrder = /^(opened( challenged)?( accepted| refused)?)?$/;
const order = (host: Notes) => host.words.replace(/ leaving/g, '');

function handshake(at: At, script: PeerScript): void {
  const whole = script.welcome ? 'opened challenged accepted' : 'opened accepted';

  it('posts the facts of a handshake in their order, each of them once', async () => {
    const { host, session } = await at('accepted');
    expect(host.words).toBe(whole);
    expect(host.delivered).toEqual([]);
    expect(host.facts.at(-1)).toMatchObject({ silenceMs: expect.any(Number) });
    expect(session.server).toBeTypeOf('object');
  });

  it('posts, sends and delivers nothing before the transport is open', async () => {
    const { host, session } = await at('new');
    for (const [frame] of script.samples) session.frame(frame);
    for (const frame of strange) session.frame(frame);
    if (script.challenge) session.frame(script.challenge());
    session.hello();
    session.probe();
    expect(host.count).toBe(0);
  });

  it('sends nothing before its hello, then its hello alone', async () => {
    expect((await at('opened')).host.sent).toEqual([]);
    expect((await at('accepted')).host.sent).toHaveLength(script.welcome ? 1 : 0);
  });

  it('is opened and accepted once, however often it is told', async () => {
    const { host, session } = await at('accepted');
    const sent = [...host.sent];
    session.opened();
    if (script.challenge) session.frame(script.challenge());
    if (script.welcome) session.frame(script.welcome(sent));
    session.opened();
    expect(host.words).toBe(whole);
    expect(host.sent).toEqual(sent);
  });
}

function hostility(at: At, script: PeerScript): void {
  const [sample, expected] = script.samples[0];

  it('BI-01, BI-06: survives every strange frame and still reads the next one', async () => {
    for (const frame of strange) {
      const { host, session } = await at('accepted');
      const before = host.words;
      session.frame(frame);
      expect(host.words, textOf(frame).slice(0, 80)).toBe(before);
      session.frame(sample);
      expect(host.delivered.at(-1)).toEqual(expected);
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('hands ordinary frames over as what they are, in order', async () => {
    const { host, session } = await at('accepted');
    for (const [frame] of script.samples) session.frame(frame);
    expect(host.delivered).toEqual(script.samples.map(([, inbound]) => inbound));
  });

  it(`throws for none of ${runs} runs of hostile frames, and its facts stay in order`, async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...stages),
      fc.array(hostile(script), { minLength: 1, maxLength: 6 }),
      async (stage, frames) => {
        const { host, session } = await at(stage);
        const before = host.count;
        for (const frame of frames) session.frame(frame);
        expect(order(host)).toMatch(legalOrder);
        if (stage === 'new' || stage === 'ended') expect(host.count).toBe(before);
        if (stage === 'opened' && script.welcome) expect(host.sent).toEqual([]);
        expect(host.said.join('')).not.toMatch(/\p{Cc}/u);
        expect(Math.max(0, ...host.said.map(({ length }) => length))).toBeLessThan(wordsMax);
      },
    );
    await fc.assert(property, { numRuns: runs });
  });
}

function endings(at: At): void {
  it(`gives each of ${runs} ends a cause, a floor a timer can take, and a sentence`, async () => {
    const property = fc.asyncProperty(
      fc.constantFrom<Stage>('new', 'opened', 'accepted'),
      someTransportEnd,
      async (stage, end) => {
        const { host, session } = await at(stage);
        const before = host.count;
        const { cause, floorMs, because } = session.ended(end);
        expect(causes).toContain(cause);
        expect(Number.isInteger(floorMs) && floorMs >= 0 && floorMs <= longestMs).toBe(true);
        expect(because).not.toMatch(/\p{Cc}|\p{Cs}/u);
        expect(because.length).toBeLessThanOrEqual(wordsMax);
        expect(because.trim()).not.toBe('');
        expect(host.count).toBe(before);
      },
    );
    await fc.assert(property, { numRuns: runs });
  });

  it('closes with a code that may stand in a close frame and a reason that fits one', async () => {
    for (const why of ['closed', 'refused', 'timeout'] as const) {
      const { session } = await at('accepted');
      const { code, reason } = session.closing(why);
      const standard = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011].includes(code);
      expect(standard || (code >= 3000 && code <= 4999), `${why}: ${code}`).toBe(true);
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
      expect(reason).toMatch(/^[ -~]+$/);
    }
  });
}

function ends(at: At, script: PeerScript): void {
  it('is silent and calm after its end, whatever it is asked', async () => {
    const { host, session } = await at('ended');
    const before = host.count;
    const frames = [...script.samples.map(([frame]) => frame), ...strange];
    const everything = [
      () => session.opened(),
      () => session.credentials(async () => 'late').catch(() => {}),
      () => session.hello(),
      ...frames.map((frame) => () => session.frame(frame)),
      () => session.closing('closed'),
      () => session.probe(),
      () => session.request?.('id', 'method', {}),
      () => session.ended({ code: 1000, reason: 'again' }),
      () => session.server,
    ];
    for (const act of everything) expect(act).not.toThrow();
    await Promise.resolve();
    expect([host.count, host.timers.size]).toEqual([before, 0]);
  });
}

function requests(at: At, peer: NonNullable<PeerScript['requests']>): void {
  const method = fc.string({ minLength: 1, maxLength: 60 });
  const params = fc.option(fc.jsonValue(), { nil: undefined });
  /** JSON has one zero */
  const inJson = (value: unknown) =>
    value === undefined ? undefined : JSON.parse(JSON.stringify(value));

  it('writes requests that the peer reads back as they were meant', async () => {
    const { host, session } = await at('accepted');
    const before = host.count;
    const property = fc.property(fc.uuid(), method, params, (id, name, given) => {
      const read = peer.read(session.request?.(id, name, given) ?? '');
      expect([read.id, read.method]).toEqual([id, name]);
      expect(read.params).toEqual(inJson(given));
      expect('params' in read && read.params !== undefined).toBe(given !== undefined);
    });
    fc.assert(property, { numRuns: runs });
    expect(host.count).toBe(before);
  });

  it('RP-02, RP-04, RP-07: hands over every answer, in any order, asked for or not', async () => {
    const { host, session } = await at('accepted');
    const ids = ['b', 'a', 'b', 'nobody-asked'];
    for (const id of ids) session.frame(peer.answer(id, { of: id }));
    session.frame(peer.refuse('nobody-asked', { code: 'NO', message: 'no' }));
    expect(host.delivered).toMatchObject([
      ...ids.map((id) => ({ kind: 'answer', id, ok: true, payload: { of: id } })),
      { kind: 'answer', id: 'nobody-asked', ok: false, error: { code: 'NO', message: 'no' } },
    ]);
    expect(host.words).not.toContain('refused');
  });

  it('RP-06: names an error that has no words, and keeps a long one short', async () => {
    const { host, session } = await at('accepted');
    session.frame(peer.refuse('1', { code: 'NO' }));
    session.frame(peer.refuse('2', { code: 'NO', message: `a\u0007b ${'long '.repeat(9000)}` }));
    for (const inbound of host.delivered) {
      const { message } = (inbound as { error: { message: string } }).error;
      expect(message.trim()).not.toBe('');
      expect(message.length).toBeLessThanOrEqual(512);
      expect(message).not.toMatch(/\p{Cc}/u);
    }
    expect(host.delivered).toHaveLength(2);
  });
}
