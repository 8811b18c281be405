/**
 * What a frame of the peer becomes: an answer, an event or a message, once, and never two of
 * them; and a tick, which is a sign of life and nothing else.
 */
import { describe, expect, it } from 'vitest';
import { jsonrpc, type Link, type Protocol } from '../../src/index.ts';
import { onStage } from './stage.ts';
import { outcome } from './watch.ts';

const stage = onStage();

/** A link that is running, its peer's end of the socket, and whatever its listeners heard. */
async function met(link: Partial<Link> = {}) {
  const subject = stage().connect({ heartbeat: { mode: 'off' }, ...link });
  if (link.protocol === undefined) await stage().running(subject);
  else {
    await subject.is.start();
    await stage().settle();
  }
  const { call } = stage().claw;
  const events: unknown[] = [];
  const messages: unknown[] = [];
  subject.is.on('event', (event) => events.push(event));
  subject.is.on('message', (message) => messages.push(message));
  return {
    subject,
    call,
    events,
    messages,
    says: async (frame: unknown) => {
      call.send(JSON.stringify(frame));
      await stage().settle();
    },
    ask: async (method: string) => {
      const asked = outcome(subject.is.request(method));
      await stage().settle();
      return { asked, id: stage().claw.frames.at(-1)?.id };
    },
  };
}

/** JSON-RPC whose ids travel as numbers, as many a client of it counts. */
function counting(): Protocol {
  const inner = jsonrpc();
  const names = new Map<string, string>();
  return {
    ...inner,
    session: (host) => {
      const session = inner.session({
        ...host,
        deliver: (inbound) => {
          if (inbound.kind !== 'answer') host.deliver(inbound);
          else host.deliver({ ...inbound, id: names.get(inbound.id) ?? inbound.id });
        },
      });
      const request = (id: string, method: string, params: unknown) => {
        names.set(String(names.size + 1), id);
        return JSON.stringify({ jsonrpc: '2.0', id: names.size, method, params });
      };
      return Object.assign(session, { request });
    },
  };
}

describe('JSON-RPC', () => {
  it('RP-10: an answer whose id is a number finds its request', async () => {
    const { ask, says, messages } = await met({ protocol: counting() });
    const one = await ask('one');
    const two = await ask('two');
    expect([one.id, two.id]).toEqual([1, 2]);
    await says({ jsonrpc: '2.0', id: 2, result: 'for two' });
    expect([one.asked.settled, two.asked.value]).toEqual([false, 'for two']);
    await says({ jsonrpc: '2.0', id: 1, error: { code: -1, message: 'not one' } });
    expect(one.asked.error).toMatchObject({ code: 'HF_REQUEST_FAILED', delivery: 'answered' });
    expect(messages).toEqual([]);
  });

  it('RP-06: an error is told in its own words, else as JSON, else as unknown', async () => {
    const { ask, says } = await met({ protocol: 'jsonrpc' });
    const errors = [
      [{ code: -32_000, message: 'by zero' }, 'by zero'],
      [{ code: -32_000, why: 'none' }, '{"code":-32000,"why":"none"}'],
      [{}, 'Unknown error'],
      ['just a text', 'just a text'],
    ] as const;
    for (const [error, words] of errors) {
      const { asked, id } = await ask('divide');
      await says({ jsonrpc: '2.0', id, error });
      expect(asked.error).toMatchObject({ code: 'HF_REQUEST_FAILED', delivery: 'answered' });
      expect(asked.error?.message).toBe(`request "divide" failed: ${words}`);
    }
  });

  it('RP-11: a notification is one event under its own name', async () => {
    const { events, messages, says } = await met({ protocol: 'jsonrpc' });
    const names = ['gateway.ready', 'channel.status', 'chat.message', 'error'];
    for (const method of names) await says({ jsonrpc: '2.0', method, params: { of: method } });
    const expected = names.map((name) => ({ name, payload: { of: name }, generation: 1 }));
    expect(events).toEqual(expected);
    expect(messages).toEqual([]);
  });
});

describe('the OpenClaw gateway', () => {
  it('RP-06: an error without a message is told by its code', async () => {
    const { ask, says } = await met();
    const errors = [
      [{ code: 'FORBIDDEN', message: 'not yours' }, 'not yours'],
      [{ code: 'FORBIDDEN' }, 'FORBIDDEN, without a message'],
      [undefined, 'UNKNOWN, without a message'],
    ] as const;
    for (const [error, words] of errors) {
      const { asked, id } = await ask('chat.send');
      await says({ type: 'res', id, ok: false, error });
      expect(asked.error?.message).toBe(`request "chat.send" failed: ${words}`);
    }
  });

  it('RP-12: ticks are life and nothing else; without them it is asked for a sign', async () => {
    const { subject, call, events, messages, says } = await met({ heartbeat: { mode: 'probe' } });
    for (let n = 0; n < 5; n += 1) {
      await stage().pass(59_000);
      await says({ type: 'event', event: 'tick', payload: { ts: 1_700_000_000_000 } });
      expect(subject.is.diagnostics.lastAliveAt).toBe(stage().clock.wallNow());
    }
    await stage().pass(59_999);
    expect(call.log.words.filter((word) => word === 'ping')).toEqual([]);
    await stage().pass(1);
    expect(call.log.words.filter((word) => word === 'ping')).toHaveLength(1);
    expect([events, messages]).toEqual([[], []]);
    expect(subject.is.status.state).toBe('running');
  });

  it('RP-13: an event that nobody knows is handed over under its own name', async () => {
    const { events, messages, says } = await met();
    await says({ type: 'event', event: 'of.tomorrow', payload: { new: true } });
    await says({ type: 'event', event: 'of.tomorrow', payload: null, seq: 1 });
    expect(events).toEqual([
      { name: 'of.tomorrow', payload: { new: true }, generation: 1 },
      { name: 'of.tomorrow', payload: null, seq: 1, generation: 1 },
    ]);
    expect(messages).toEqual([]);
  });
});
