/**
 * One socket with one session, the peer and the clock in the hands of the test: frames are held
 * until the link is open, what is held and what is unwritten is bounded, and the end is told
 * once, however many ways it comes.
 */

import { describe, expect, it } from 'vitest';
import type { Inbound, Protocol, Session, SessionHost } from '../../src/ports.ts';
import { plain } from '../../src/protocols/index.ts';
import { shown, Wire, type WireEnd } from '../../src/runtime/wire.ts';
import { FakeClock } from '../fakes/clock.ts';
import { type FakeSocket, fakeTransport } from './fakes.ts';

interface Made {
  wire: Wire;
  socket: FakeSocket;
  clock: FakeClock;
  inbound: unknown[];
  ends: WireEnd[];
  facts: string[];
  diagnostics: string[];
  /** runs what was deferred */
  flush(): void;
}

const asking = (): Protocol => ({
  ...plain(),
  session: (host) =>
    Object.assign(plain().session(host), {
      request: (id: string, method: string) => `${id} ${method}`,
    }),
});

/** A session of which one part fails. */
const failing = (part: Partial<Record<keyof Session, unknown>>): Protocol => ({
  ...plain(),
  session: (host: SessionHost) => Object.assign(plain().session(host), part),
});

function make(
  protocol = plain(),
  onOpened: (wire: Wire) => void = () => {},
  queueBytes = 100,
): Made {
  const clock = new FakeClock();
  const { sockets, transport } = fakeTransport();
  const tasks: (() => void)[] = [];
  const seen = {
    inbound: [] as unknown[],
    ends: [] as WireEnd[],
    facts: [] as string[],
    diagnostics: [] as string[],
  };
  const wire = new Wire(
    { url: 'ws://me:secret@peer:1/path?token=x', maxPayloadBytes: 1_000 },
    protocol,
    transport,
    {
      clock,
      uuid: () => 'u1',
      queueBytes,
      attempt: 1,
      defer: (task) => tasks.push(task),
      opened: onOpened,
      inbound: (item: Inbound) => seen.inbound.push('data' in item ? item.data : item),
      saving() {},
      ended: (_, end) => seen.ends.push(end),
      diagnose: (level, code, message) => seen.diagnostics.push(`${level} ${code} ${message}`),
    },
    ({ type }) => seen.facts.push(type),
  );
  const [socket] = sockets;
  if (socket === undefined) throw new Error('no socket was asked for');
  const flush = () => {
    for (const task of tasks.splice(0)) task();
  };
  return { wire, socket, clock, flush, ...seen };
}

function open(made: Made): Made {
  made.socket.opens();
  made.wire.command({ type: 'socket.deliver' });
  made.flush();
  return made;
}

describe('the gate', () => {
  it('holds frames until it is told to deliver, then lets them through in order', () => {
    const { wire, socket, inbound, flush } = make();
    socket.opens();
    socket.hears('one');
    socket.hears('two');
    expect(inbound).toEqual([]);
    wire.command({ type: 'socket.deliver' });
    socket.hears('three');
    expect(inbound).toEqual([]);
    flush();
    expect(inbound).toEqual(['one', 'two', 'three']);
    socket.hears('four');
    expect(inbound).toEqual(['one', 'two', 'three', 'four']);
  });

  it('tells that it is open before the first frame', () => {
    const order: string[] = [];
    const made = make(plain(), () => order.push(`open after ${made.inbound.length}`));
    made.socket.opens();
    made.socket.hears('one');
    made.wire.command({ type: 'socket.deliver' });
    made.flush();
    expect([order, made.inbound]).toEqual([['open after 0'], ['one']]);
  });

  it('holds a thousand, and cuts the connection at one more', () => {
    const { wire, socket, inbound, ends, facts, flush } = make(plain(), () => {}, 10_000);
    socket.opens();
    for (let n = 0; n < 1_000; n += 1) socket.hears(`${n}`);
    expect([ends, socket.calls]).toEqual([[], []]);
    socket.hears('one too many');
    socket.hears('and another');
    expect(socket.calls).toEqual(['reset']);
    expect(ends).toMatchObject([{ cause: 'lost', code: 1006 }]);
    expect(ends[0]?.because).toBe('the peer sent more than 1000 messages before the link was open');
    expect(facts.filter((fact) => fact === 'socket.closed')).toHaveLength(1);
    wire.command({ type: 'socket.deliver' });
    flush();
    expect(inbound).toEqual([]);
  });

  it('drops what was held when the end comes before it opens', () => {
    const { wire, socket, inbound, ends, flush } = make();
    socket.opens();
    socket.hears('one');
    wire.command({ type: 'socket.deliver' });
    socket.ends();
    flush();
    expect([inbound, ends.length]).toEqual([[], 1]);
  });
});

describe('the queue', () => {
  it('refuses a frame before the link is open, after its end, and beyond the bound', () => {
    const made = make();
    const { wire, socket } = made;
    expect(wire.send('early')).toBe('refused');
    open(made);
    expect(wire.send('now')).toBe('sent');
    socket.bufferedBytes = 90;
    expect([wire.send('x'.repeat(10)), wire.send('x'.repeat(11))]).toEqual(['queued', 'refused']);
    expect(wire.send(new Uint8Array(11))).toBe('refused');
    expect(wire.send('é'.repeat(6))).toBe('refused');
    socket.bufferedBytes = 0;
    socket.ends();
    expect(wire.send('late')).toBe('refused');
    expect(socket.sent).toEqual(['now', 'x'.repeat(10)]);
  });

  it('says of a request that does not fit that it was not sent', () => {
    const { wire, socket } = open(make(asking()));
    socket.bufferedBytes = 100;
    const full = expect.objectContaining({ code: 'HF_QUEUE_FULL', delivery: 'not-sent' });
    expect(() => wire.write('1', 'add', {}, () => {})).toThrow(full);
    socket.bufferedBytes = 0;
    wire.write('1', 'add', {}, () => {});
    expect(socket.sent).toEqual(['1 add']);
  });

  it('says of a request where there are none that it was not sent', () => {
    const { wire } = open(make());
    const none = expect.objectContaining({ code: 'HF_REQUEST_FAILED', delivery: 'not-sent' });
    expect(() => wire.write('1', 'add', {}, () => {})).toThrow(none);
  });
});

describe('the end', () => {
  const ways: [name: string, end: (made: Made) => void, because: string][] = [
    ['of the peer', ({ socket }) => socket.ends({ code: 1000 }), 'The peer'],
    ['by a close', ({ wire }) => close(wire), 'we closed the connection'],
    ['by a release', ({ wire }) => wire.release(), 'we reset the connection'],
  ];
  const close = (wire: Wire) => wire.command({ type: 'socket.close', why: 'closed' });

  it.each(ways)('%s is told once, whatever follows', (_, end, because) => {
    const made = open(make());
    end(made);
    for (const [, again] of ways) again(made);
    expect(made.ends).toHaveLength(1);
    expect(made.ends[0]?.because).toContain(because);
    made.socket.hears('late');
    expect(made.inbound).toEqual([]);
  });

  it('of ours is a reset, or a close frame with the code of the protocol', () => {
    const released = open(make());
    released.wire.release();
    expect(released.socket.calls).toEqual(['reset']);
    const closed = open(make());
    close(closed.wire);
    expect(closed.socket.calls).toEqual([expect.stringMatching(/^close 1000/)]);
  });

  it('says what is known: no answer, silence under a probe, what the host did not do', () => {
    const early = make();
    early.wire.release();
    expect(early.ends[0]?.because).toBe(
      'ws://peer:1/path had not answered; we reset the connection',
    );
    const silent = open(make());
    silent.clock.jump(700);
    silent.wire.ping(() => {});
    silent.wire.silent();
    silent.wire.release();
    expect(silent.ends).toMatchObject([{ cause: 'dead' }]);
    expect(silent.ends[0]?.because).toMatch(/^the peer was silent for 700 ms, also when probed; /);
    const unwanted = open(make());
    unwanted.wire.ping(() => {});
    unwanted.wire.release();
    expect(unwanted.ends).toMatchObject([{ cause: 'closed', because: 'we reset the connection' }]);
    const blamed = make();
    blamed.wire.blame('link.credentials had not answered');
    blamed.wire.command({ type: 'socket.close', why: 'timeout' });
    expect(blamed.ends[0]?.because).toBe('link.credentials had not answered');
  });
});

describe('signs of life', () => {
  it('are frames and pongs; each who asked hears of the next one, once', () => {
    const { wire, socket, clock } = open(make());
    const alive: string[] = [];
    clock.jump(50);
    expect(wire.idleMs).toBe(50);
    wire.ping(() => alive.push('a'));
    wire.ping(() => alive.push('b'));
    expect(socket.calls).toEqual(['ping', 'ping']);
    socket.pongs();
    expect([alive, wire.idleMs]).toEqual([['a', 'b'], 0]);
    clock.jump(20);
    socket.hears('x');
    expect([alive, wire.idleMs]).toEqual([['a', 'b'], 0]);
  });
});

describe('a protocol that throws', () => {
  const boom = () => {
    throw new Error('boom');
  };

  it.each([
    ['opened', ({ socket }: Made) => socket.opens()],
    ['frame', (made: Made) => open(made).socket.hears('x')],
  ])('in %s loses its connection, and says so', (part, drive) => {
    const made = make(failing({ [part]: boom }));
    expect(() => drive(made)).not.toThrow();
    expect(made.socket.calls).toEqual(['reset']);
    expect(made.ends).toMatchObject([{ cause: 'lost', because: 'link.protocol failed: boom' }]);
    expect(made.facts.at(-1)).toBe('socket.closed');
    expect(made.diagnostics).toEqual(['error HF_USER_FUNCTION link.protocol failed: boom']);
  });

  it('in ended is a lost connection', () => {
    const made = open(make(failing({ ended: boom })));
    expect(() => made.socket.ends({ code: 1000 })).not.toThrow();
    expect(made.ends).toMatchObject([{ cause: 'lost', code: 1000 }]);
    expect(made.facts.at(-1)).toBe('socket.closed');
  });

  it('when it is opened for its host is a lost connection', () => {
    const made = make(plain(), boom);
    made.socket.opens();
    expect(() => made.wire.command({ type: 'socket.deliver' })).not.toThrow();
    made.flush();
    expect(made.ends).toHaveLength(1);
    expect(made.facts.at(-1)).toBe('socket.closed');
  });
});

describe('a URL', () => {
  it.each([
    ['ws://me:secret@h:1/p?token=x#y', 'ws://h:1/p'],
    ['wss://h/', 'wss://h'],
    ['no url', 'an invalid URL'],
  ])('%s is shown as %s', (url, text) => {
    expect(shown(url)).toBe(text);
  });
});
