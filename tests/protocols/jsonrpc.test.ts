/** The protocol jsonrpc: what the suite asks of all, then JSON-RPC 2.0 itself, row by row. */

import { describe, expect, it } from 'vitest';
import { isHoldfastError } from '../../src/errors.ts';
import type { Inbound } from '../../src/ports.ts';
import { jsonrpc } from '../../src/protocols/index.ts';
import { Notes, type PeerScript, protocolConformance } from './protocol-conformance.ts';

const text = (frame: object) => JSON.stringify({ jsonrpc: '2.0', ...frame });

const script: PeerScript = {
  samples: [
    [text({ method: 'note', params: { n: 1 } }), event('note', { n: 1 })],
    [text({ method: 'bare' }), event('bare', undefined)],
    [text({ id: 'a', result: [1] }), answer('a', [1])],
    [text({ id: 8, result: null }), answer('8', null)],
    [
      text({ id: 'b', error: { code: -32000, message: 'no', data: { why: 1 } } }),
      failure('b', { code: -32000, message: 'no', details: { why: 1 } }),
    ],
    ['not json', { kind: 'message', data: 'not json' }],
  ],
  requests: {
    read(frame) {
      const { jsonrpc: version, ...request } = JSON.parse(String(frame));
      expect(version).toBe('2.0');
      return request;
    },
    answer: (id, result) => text({ id, result }),
    refuse: (id, error) => text({ id, error }),
  },
};

protocolConformance('jsonrpc', jsonrpc, script);

function answer(id: string, payload: unknown): Inbound {
  return { kind: 'answer', id, ok: true, payload };
}

function failure(id: string, error: object): Inbound {
  return { kind: 'answer', id, ok: false, error } as Inbound;
}

function event(name: string, payload: unknown): Inbound {
  return { kind: 'event', name, payload };
}

/** What an accepted session makes of one frame. */
function hear(frame: string | Uint8Array): Notes {
  const host = new Notes();
  const session = jsonrpc().session(host);
  session.opened();
  session.frame(frame);
  expect(host.words).toBe('opened accepted');
  return host;
}

const delivered = (frame: object) => hear(text(frame)).delivered;

describe('answers', () => {
  it('RP-10: match by the text of their id, be it a number or a string', () => {
    expect(delivered({ id: 7, result: 1 })).toEqual([answer('7', 1)]);
    expect(delivered({ id: '7', result: 1 })).toEqual([answer('7', 1)]);
    expect(delivered({ id: 1.5, result: 1 })).toEqual([answer('1.5', 1)]);
    expect(delivered({ id: '', result: 1 })).toEqual([answer('', 1)]);
  });

  it('BI-03: resolve with the message when there is neither result nor error', () => {
    expect(delivered({ id: 'x' })).toEqual([answer('x', { jsonrpc: '2.0', id: 'x' })]);
    expect(delivered({ id: 'x', error: null, result: 5 })).toEqual([answer('x', 5)]);
  });

  it('RP-06, RP-08: carry the error as the peer declared it, or the best words there are', () => {
    const told = (error: unknown) => {
      const [inbound] = delivered({ id: 'x', error });
      return inbound?.kind === 'answer' && !inbound.ok ? inbound.error : inbound;
    };
    expect(told({ code: -1, message: 'no\nway' })).toEqual({ code: -1, message: 'no way' });
    expect(told({ code: 'E', data: 0 })).toEqual({
      code: 'E',
      message: '{"code":"E","data":0}',
      details: 0,
    });
    expect(told('plainly wrong')).toEqual({ code: 'UNKNOWN', message: 'plainly wrong' });
    expect(told({})).toEqual({ code: 'UNKNOWN', message: 'Unknown error' });
    expect(told({ message: 5, code: {} })).toMatchObject({ code: 'UNKNOWN' });
    expect(told([1])).toEqual({ code: 'UNKNOWN', message: '[1]' });
  });

  it('says Unknown error for one that nests deeper than the stack', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const host = hear(`{"jsonrpc":"2.0","id":"x","error":${deep}}`);
    expect(host.delivered).toMatchObject([
      { id: 'x', ok: false, error: { message: 'Unknown error' } },
    ]);
  });

  it('are messages when their id is null, missing, odd or longer than any of ours', () => {
    for (const id of [null, undefined, {}, [], true, 'x'.repeat(257)]) {
      const frame = { id, error: { code: -32700, message: 'Parse error' } };
      expect(delivered(frame)).toMatchObject([{ kind: 'message', data: { error: frame.error } }]);
    }
  });
});

describe('notifications', () => {
  it('RP-11, RP-13: are events by their method, once, whatever the method is called', () => {
    for (const method of ['channel.status', 'tick', '__proto__', 'constructor', 'ünïcode']) {
      expect(delivered({ method, params: [1] })).toEqual([event(method, [1])]);
    }
  });

  it('are events also with the id null, which nobody can wait for', () => {
    const host = hear(text({ id: null, method: 'old', params: 1 }));
    expect([host.delivered, host.sent]).toEqual([[event('old', 1)], []]);
  });

  it('are messages when the method is no name', () => {
    for (const method of [5, null, '', '  ', {}, 'x'.repeat(257)]) {
      expect(delivered({ method })).toMatchObject([{ kind: 'message' }]);
    }
  });
});

describe('requests of the peer', () => {
  const refusal = (id: unknown) => ({
    jsonrpc: '2.0',
    id,
    error: { code: -32601, message: 'Method not found' },
  });

  it('are refused with their own id, and delivered to nobody', () => {
    for (const id of [7, '7', 0, '']) {
      const host = hear(text({ id, method: 'roots/list', params: {} }));
      expect(host.sent.map((frame) => JSON.parse(String(frame)))).toEqual([refusal(id)]);
      expect(host.delivered).toEqual([]);
    }
  });

  it('are messages when their id is none that an answer could carry', () => {
    for (const id of ['{}', '[1]', 'true', '1e400', `"${'x'.repeat(257)}"`]) {
      const host = hear(`{"jsonrpc":"2.0","id":${id},"method":"m"}`);
      expect([host.delivered.map(({ kind }) => kind), host.sent]).toEqual([['message'], []]);
    }
  });

  it('are mentioned once on a connection, not each time', () => {
    const host = new Notes();
    const session = jsonrpc().session(host);
    session.opened();
    for (const id of [1, 2, 3]) session.frame(text({ id, method: 'a\u001b[2Jsk' }));
    expect(host.sent).toHaveLength(3);
    expect(host.said.filter((words) => words !== '')).toEqual([
      'info HF_REQUEST_DECLINED The peer sent a request (a[2Jsk): this client answers none.',
    ]);
  });

  it('are answered by a batch when they came in one', () => {
    const all = [
      { jsonrpc: '2.0', id: 1, method: 'a' },
      { jsonrpc: '2.0', method: 'note' },
      5,
      { jsonrpc: '2.0', id: 'mine', result: 2 },
      { jsonrpc: '2.0', id: 2, method: 'b' },
      [],
    ];
    const host = hear(JSON.stringify(all));
    expect(host.sent.map((frame) => JSON.parse(String(frame)))).toEqual([[refusal(1), refusal(2)]]);
    expect(host.delivered).toEqual([
      event('note', undefined),
      { kind: 'message', data: 5 },
      answer('mine', 2),
      { kind: 'message', data: [] },
    ]);
    expect(hear(JSON.stringify(all.slice(1, 4))).sent).toEqual([]);
  });
});

describe('anything else', () => {
  it('BI-01: is a message with the value that came', () => {
    for (const json of ['null', '42', '[]', '{}', '"text"', '{"jsonrpc":"1.0","id":1}']) {
      const host = hear(json);
      expect(host.delivered).toEqual([{ kind: 'message', data: JSON.parse(json) }]);
      expect(host.sent).toEqual([]);
    }
    expect(hear('not json').delivered).toEqual([{ kind: 'message', data: 'not json' }]);
  });

  it('BI-06: is read from bytes when they hold UTF-8, and kept as bytes when not', () => {
    const bytes = new TextEncoder().encode(text({ method: 'ö' }));
    expect(hear(bytes).delivered).toEqual([event('ö', undefined)]);
    const noise = Buffer.from(text({ method: 'é' }), 'latin1');
    const [inbound] = hear(noise).delivered;
    expect(inbound?.kind === 'message' && inbound.data).toBe(noise);
  });

  it('BI-01: takes the fields of a frame from the frame alone', () => {
    const [inbound] = hear('{"__proto__":{"jsonrpc":"2.0","method":"x"}}').delivered;
    expect(inbound?.kind).toBe('message');
    const host = hear('{"jsonrpc":"2.0","id":"x","__proto__":{"result":1}}');
    expect(host.delivered).toMatchObject([{ kind: 'answer', id: 'x', ok: true }]);
    expect(host.delivered).not.toMatchObject([{ payload: 1 }]);
  });
});

describe('requests of ours', () => {
  const session = jsonrpc().session(new Notes());

  it('leave params out when there are none', () => {
    expect(session.request?.('1', 'm', undefined)).toBe('{"jsonrpc":"2.0","id":"1","method":"m"}');
    expect(JSON.parse(String(session.request?.('1', 'm', [])))).toHaveProperty('params', []);
  });

  it('are refused, as not sent, when their params are not JSON', () => {
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    for (const params of [cycle, { n: 1n }]) {
      const error = fault(() => session.request?.('1', 'm', params));
      expect(isHoldfastError(error) && error).toMatchObject({
        code: 'HF_OPTION_INVALID',
        delivery: 'not-sent',
        message: expect.stringContaining('params of m must be JSON'),
      });
    }
  });
});

function fault(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
