/**
 * Bad input: options that cannot be meant, frames and bytes that nobody should send, verbs at the
 * wrong moment. None may crash, cost a connection that still works, or be guessed at in silence.
 */
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { dialling, outcome } from './watch.ts';

const stage = onStage();

/** A link that is running, and whatever its listeners heard since. */
async function met(link: Partial<Link> = {}) {
  const dials = dialling(stage());
  const subject = stage().connect({ transport: dials.transport, ...link });
  if (link.protocol === undefined) await stage().running(subject);
  else {
    await subject.is.start();
    await stage().settle();
  }
  const heard: unknown[] = [];
  subject.is.on('event', ({ name, payload }) => heard.push([name, payload]));
  subject.is.on('message', ({ data }) => heard.push(data));
  return { subject, dials, claw: stage().claw, heard };
}

describe('a frame', () => {
  it('BI-01: that says nothing we know is a sign of life, and that is all', async () => {
    const { subject, claw, heard } = await met();
    const frames = ['not json', 'null', '42', '[]', '{}', '{"type":"res"}'];
    for (const frame of frames) {
      await stage().pass(50_000);
      claw.sends(frame);
      await stage().settle();
      expect(subject.is.diagnostics.lastAliveAt).toBe(stage().clock.wallNow());
    }
    // silence of 60 s would have been asked about
    expect(claw.call.log.words.filter((word) => word === 'ping')).toEqual([]);
    expect(subject.is.status).toMatchObject({ state: 'running', connection: { generation: 1 } });
    expect([stage().calls.length, claw.call.open, heard]).toEqual([1, true, []]);
    const codes = subject.diagnostics.map(({ code }) => code);
    expect(codes).toEqual(['HF_FRAME_UNREADABLE']);
  });

  it('BI-02: of 33 million characters is answered with 1009, and a new connection', async () => {
    const { subject, dials, claw, heard } = await met();
    await stage().pass(10_000);
    claw.event('chat', 'x'.repeat(33_000_000));
    await stage().settle();
    expect(claw.call.endedBy).toBe('client close');
    expect(await claw.call.log.until('close')).toMatch(/^close 1009/);
    expect(heard).toEqual([]);
    expect(subject.is.status.state).toBe('reconnecting');
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running');
    expect(dials.waits).toEqual([11_000]);
  });

  it('BI-03: that answers without a result and without an error is itself the answer', async () => {
    const { subject, claw } = await met({ protocol: 'jsonrpc' });
    const asked = outcome(subject.is.request('empty'));
    await stage().settle();
    const { id = '' } = claw.frames[0] ?? {};
    claw.sends({ jsonrpc: '2.0', id, more: 1 });
    await stage().settle();
    expect(asked.value).toEqual({ jsonrpc: '2.0', id, more: 1 });
  });

  it('BI-03: of the OpenClaw gateway that says ok and no more is an answer too', async () => {
    const { subject, claw } = await met();
    const asked = outcome(subject.is.request('empty'));
    await stage().settle();
    const { id = '' } = claw.requests[0] ?? {};
    claw.sends({ type: 'res', id, ok: true });
    await stage().settle();
    expect(asked).toMatchObject({ settled: true, value: undefined });
    expect(asked.error).toBeUndefined();
  });

  it('BI-06: of bytes is read as text where it is text, and harms nobody where not', async () => {
    const { subject, claw, heard } = await met();
    const event = JSON.stringify({ type: 'event', event: 'chat', payload: 'grüß dich' });
    for (const frame of [new Uint8Array([0xff, 0xfe, 0x00]), new Uint8Array(0)]) {
      claw.call.send(frame);
    }
    claw.call.send(new TextEncoder().encode(event));
    await stage().settle();
    expect(heard).toEqual([['chat', 'grüß dich']]);
    expect([stage().calls.length, claw.call.open]).toEqual([1, true]);
    expect(subject.is.status.state).toBe('running');
  });

  it('BI-06: of bytes stays bytes where there is no protocol', async () => {
    const { subject, claw, heard } = await met({ protocol: 'plain' });
    claw.call.send(new Uint8Array([0xff, 0x00]));
    await stage().settle();
    expect(heard.map((data) => [...(data instanceof Uint8Array ? data : [])])).toEqual([[255, 0]]);
    expect(subject.is.status.state).toBe('running');
  });
});

describe('an option', () => {
  const reconnects: [options: NonNullable<Link['reconnect']>, name: string][] = [
    [{ attemptsMax: 0 }, 'attemptsMax'],
    [{ attemptsMax: -1 }, 'attemptsMax'],
    [{ attemptsMax: Number.NaN }, 'attemptsMax'],
    [{ firstMs: 0 }, 'firstMs'],
    [{ firstMs: -5 }, 'firstMs'],
    [{ firstMs: Number.NaN }, 'firstMs'],
    [{ factor: 0 }, 'factor'],
    [{ maxMs: 999 }, 'maxMs'],
    [{ maxMs: 2 ** 31 }, 'maxMs'],
  ];

  it('BI-05: that would dial without end or without a pause is refused by name', () => {
    for (const [reconnect, name] of reconnects) {
      expect(() => stage().connect({ reconnect })).toThrow(
        expect.objectContaining({
          code: 'HF_OPTION_INVALID',
          message: expect.stringContaining(`link.reconnect.${name} must`),
        }),
      );
    }
    expect(() => stage().supervise({ backoff: { firstMs: 0 } })).toThrow('process.backoff.firstMs');
    expect(stage().subjects).toEqual([]);
  });

  it('BI-05: of the shortest wait there is still means a wait', async () => {
    const dials = dialling(stage());
    stage().network.manner = 'nobody';
    const reconnect = { firstMs: 1, maxMs: 1 };
    const subject = stage().connect({ transport: dials.transport, reconnect });
    await subject.is.start();
    await stage().pass(20);
    expect(dials.at).toHaveLength(21);
    expect(new Set(dials.waits)).toEqual(new Set([1]));
  });

  it('BI-07: that is no port is refused, also within a URL', async () => {
    for (const port of [0, 70_000, Number.NaN, -1, 80.5]) {
      expect(() => stage().supervise({ port })).toThrow('process.port must be a whole number');
    }
    const urls = ['ws://127.0.0.1:0', 'ws://127.0.0.1:70000', 'ws://127.0.0.1:NaN'];
    for (const url of urls) {
      expect(() => stage().connect({ url })).toThrow(/link\.url must/);
    }
    const subject = stage().connect();
    for (const url of urls) {
      const asked = outcome(subject.is.retarget({ url }));
      await stage().settle();
      expect(asked.error?.message).toMatch(/^retarget: url must/);
    }
    expect(stage().calls).toEqual([]);
  });
});

describe('a verb or a frame that fits nowhere', () => {
  it('BI-08: changes nothing, whatever the state', async () => {
    const subject = stage().connect();
    const odd = async () => {
      const before = subject.is.status;
      const told = subject.statuses.length;
      const sockets = stage().calls.length;
      await Promise.all([subject.is.retryNow(), subject.is.resume()]);
      const unknown = { url: 'ws://127.0.0.1:18790', nonsense: 1 };
      const refused = outcome(subject.is.retarget(unknown));
      await stage().settle();
      expect(refused.error?.code).toBe('HF_OPTION_INVALID');
      expect(subject.is.status).toBe(before);
      expect([subject.statuses.length, stage().calls.length]).toEqual([told, sockets]);
    };
    await odd();
    expect([subject.is.status.state, stage().clock.armed]).toEqual(['stopped', 0]);
    await stage().running(subject);
    await odd();
    await subject.is.start();
    stage().claw.sends({ type: 'req', id: 'q1', method: 'open.the.door', params: {} });
    stage().claw.sends({ type: 'order', do: 'reconnect' });
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
    expect(stage().calls).toHaveLength(1);
    expect(stage().claw.frames.at(-1)).toMatchObject({ type: 'res', id: 'q1', ok: false });
    await subject.is.stop();
    await odd();
    expect(stage().clock.armed).toBe(0);
  });
});

describe('what a process writes', () => {
  it('BI-10: is whole lines, however its characters were cut into chunks', async () => {
    const subject = stage().supervise();
    await subject.is.start();
    await stage().settle();
    const line = 'Grüße, 世界 🎈 done';
    for (const byte of new TextEncoder().encode(`${line}\n`)) {
      stage().child.writes(new Uint8Array([byte]), 'stderr');
    }
    stage().child.writes(new Uint8Array([0x62, 0xf0, 0x9f, 0x0a]), 'stderr');
    await stage().settle();
    const texts = subject.is.diagnostics.output;
    expect(texts[0]).toEqual({ stream: 'stderr', text: line });
    expect(texts[1]?.text).toMatch(/^b\ufffd+$/);
    expect(texts).toHaveLength(2);
    expect(subject.is.status.state).toBe('running');
  });
});
