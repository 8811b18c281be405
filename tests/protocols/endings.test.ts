/** What the end of a transport means where the protocol knows nothing better: the whole table. */

import { describe, expect, it } from 'vitest';
import type { TransportEnd } from '../../src/ports.ts';
import { readEnding } from '../../src/protocols/index.ts';

const close = (code: number, reason = '') => readEnding({ code, reason });
const status = (status: number, reason = '') => readEnding({ code: 1006, reason, status });
const failed = (code: string, message = '') =>
  readEnding({ code: 1006, reason: '', error: { code, message } });

const scenarios: Record<number, string> = {
  1000: 'CC-05: ',
  1006: 'CC-05: ',
  1009: 'CC-11: ',
  1011: 'CC-05: ',
  1012: 'CC-01: ',
  1013: 'CC-08: ',
};

describe('a close code', () => {
  const rows: [code: number, cause: string, floorMs: number, name: string][] = [
    [1000, 'lost', 0, 'normal closure'],
    [1001, 'lost', 0, 'going away'],
    [1002, 'protocol', 0, 'protocol error'],
    [1003, 'lost', 0, 'unsupported data'],
    [1005, 'lost', 0, 'no code given'],
    [1006, 'lost', 0, 'abnormal closure'],
    [1007, 'lost', 0, 'invalid data'],
    [1008, 'lost', 0, 'policy violation'],
    [1009, 'lost', 0, 'message too big'],
    [1010, 'lost', 0, 'extension missing'],
    [1011, 'lost', 0, 'internal error'],
    [1012, 'restart', 0, 'service restart'],
    [1013, 'wait', 1000, 'try again later'],
    [1014, 'lost', 0, 'bad gateway'],
    [1015, 'lost', 0, 'TLS handshake failed'],
    [3000, 'lost', 0, 'unauthorized'],
    [3003, 'lost', 0, 'forbidden'],
    [3008, 'lost', 0, 'timeout'],
    [3001, 'lost', 0, "the application's own code"],
    [4000, 'lost', 0, "the application's own code"],
    [4999, 'lost', 0, "the application's own code"],
  ];
  for (const [code, cause, floorMs, name] of rows) {
    const scenario = scenarios[code] ?? '';
    it(`${scenario}${code} (${name}) means ${cause}`, () => {
      expect(close(code)).toMatchObject({ cause, floorMs });
      expect(close(code).because).toContain(`${code} (${name})`);
    });
  }

  it('means lost when nobody has heard of it', () => {
    for (const code of [0, -1, 999, 1004, 1016, 2999, 5000, Number.NaN, 1e300]) {
      expect(close(code)).toMatchObject({ cause: 'lost', floorMs: 0 });
    }
  });

  it('CC-10: is told with its name and the reason the peer gave', () => {
    const { cause, because } = close(1008, 'slow consumer');
    expect([cause, because]).toEqual([
      'lost',
      'The peer closed the connection with 1008 (policy violation): slow consumer',
    ]);
    expect(close(1000).because).toBe('The peer closed the connection with 1000 (normal closure).');
    expect(close(1006).because).toBe('The connection broke with 1006 (abnormal closure).');
  });

  it('of our own choice for one frame nobody could read is no proof of another protocol', () => {
    const unread = (code: number, error: string): TransportEnd => ({
      code,
      reason: '',
      error: { code: error, message: 'Invalid WebSocket frame: RSV1 must be clear' },
    });
    expect(readEnding(unread(1002, 'WS_ERR_UNEXPECTED_RSV_1'))).toEqual({
      cause: 'lost',
      floorMs: 0,
      because:
        'We closed the connection with 1002 (protocol error): ' +
        'Invalid WebSocket frame: RSV1 must be clear',
    });
    expect(readEnding(unread(1002, 'ECONNRESET')).cause).toBe('protocol');
    expect(readEnding(unread(1012, 'WS_ERR_UNEXPECTED_RSV_1')).cause).toBe('restart');
  });
});

describe('a refused upgrade', () => {
  const rows: [status: number, cause: string, floorMs: number][] = [
    [401, 'credentials', 0],
    [403, 'credentials', 0],
    [407, 'credentials', 0],
    [404, 'lost', 0],
    [410, 'lost', 0],
    [426, 'lost', 0],
    [429, 'wait', 30_000],
    [503, 'wait', 1000],
    [200, 'lost', 0],
    [302, 'lost', 0],
    [500, 'lost', 0],
    [0, 'lost', 0],
  ];
  for (const [code, cause, floorMs] of rows) {
    it(`with ${code} means ${cause}, not before ${floorMs} ms`, () => {
      expect(status(code)).toMatchObject({ cause, floorMs });
      expect(status(code).because).toContain(`HTTP ${code}`);
    });
  }

  it('is told with what the server said, unless that is a page', () => {
    expect(status(401, 'token expired').because).toBe(
      'The server answered HTTP 401 (unauthorized) instead of upgrading: token expired',
    );
    expect(status(502, ' <!doctype html><h1>Bad gateway</h1>').because).toBe(
      'The server answered HTTP 502 (bad gateway) instead of upgrading.',
    );
  });
});

describe('an error of the socket', () => {
  it('means lost: the network, the name service or the peer may recover', () => {
    const codes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', 'EPIPE'];
    codes.push('EHOSTUNREACH', 'ENETUNREACH', 'CERT_HAS_EXPIRED', 'WS_HANDSHAKE', '__proto__');
    for (const code of codes) {
      expect(failed(code)).toMatchObject({ cause: 'lost', floorMs: 0 });
      expect(failed(code).because).toContain(code);
    }
    expect(failed('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:9').because).toBe(
      'The connection failed with ECONNREFUSED (nobody listens there): 127.0.0.1:9',
    );
  });

  it('says less than the close frame that came before it', () => {
    const error = { code: 'ECONNRESET', message: 'read ECONNRESET' };
    expect(readEnding({ code: 1012, reason: '', error }).cause).toBe('restart');
  });

  it('fails closed when the certificate is not the pinned one', () => {
    expect(failed('TLS_FINGERPRINT', 'the server has ab12')).toEqual({
      cause: 'unauthorised',
      floorMs: 0,
      because: 'The peer is not the pinned one: the server has ab12',
    });
  });
});

describe('the words of a peer', () => {
  it('lose what cannot be seen or would move the cursor', () => {
    expect(close(4000, 'a\u0000b\r\n\tc\u001b[2J\u202ed').because).toMatch(/: ab c\[2Jd$/);
    expect(close(4000, '\u0007\n ').because).toMatch(/code\)\.$/);
  });

  it('end after 120 characters, and never inside one', () => {
    for (const length of [300, 100_000]) {
      const { because } = close(4000, '😀'.repeat(length));
      expect(because).toMatch(/: (😀)+…$/u);
      expect(because.split(': ')[1]?.length).toBe(119);
    }
  });
});
