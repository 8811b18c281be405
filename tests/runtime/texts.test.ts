/**
 * What a process says and what it is given: its last words are bounded and without secrets, its
 * environment is the host's without the traces of the host's own supervisor.
 */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { redactor } from '../../src/redact.ts';
import { environment } from '../../src/runtime/environment.ts';
import { type OutputLine, OutputRing } from '../../src/runtime/output.ts';

describe('the last words', () => {
  it('are at most 500 lines, the newest last', () => {
    const ring = new OutputRing();
    for (let n = 0; n < 700; n += 1) ring.push('stdout', `line ${n}`);
    expect(ring.lines).toHaveLength(500);
    expect([ring.lines[0]?.text, ring.lines.at(-1)?.text]).toEqual(['line 200', 'line 699']);
    expect(ring.lastWords).toHaveLength(20);
    expect(ring.lastWords.slice(-2)).toEqual(['line 698', 'line 699']);
  });

  it('are at most 256 KiB, however long a line is', () => {
    const ring = new OutputRing();
    const size = () => ring.lines.reduce((sum, { text }) => sum + text.length, 0);
    for (let n = 0; n < 40; n += 1) {
      ring.push('stderr', String(n % 10).repeat(16_384));
      expect(size()).toBeLessThanOrEqual(262_144);
    }
    expect(ring.lines).toHaveLength(16);
    ring.push('stdout', 'x'.repeat(300_000));
    expect(size()).toBeLessThanOrEqual(262_144);
  });

  it('are those of one process, and a copy', () => {
    const ring = new OutputRing();
    ring.push('stdout', 'old');
    const { lines } = ring;
    ring.begin({});
    ring.push('stderr', 'new');
    expect(lines).toEqual([{ stream: 'stdout', text: 'old' }]);
    expect(ring.lines).toEqual([{ stream: 'stderr', text: 'new' }]);
  });

  it('never hold a secret of that process, and a reader sees the line as it was', () => {
    const ring = new OutputRing();
    ring.begin({ env: { DB_PASSWORD: 'hunter2!', PORT: '8123' } });
    const read: OutputLine[] = [];
    const stop = ring.follow((line) => read.push(line));
    ring.push('stdout', 'hunter2! on 8123');
    stop();
    ring.push('stdout', 'unread');
    expect(ring.lines.map(({ text }) => text)).toEqual(['[redacted] on 8123', 'unread']);
    expect(read).toEqual([{ stream: 'stdout', text: 'hunter2! on 8123' }]);
    ring.begin({});
    ring.push('stdout', 'hunter2! on 8123');
    expect(ring.lines.map(({ text }) => text)).toEqual(['hunter2! on 8123']);
  });

  it('a reader may stop inside of a line', () => {
    const ring = new OutputRing();
    const read: string[] = [];
    const stop = ring.follow(({ text }) => {
      read.push(text);
      stop();
    });
    ring.push('stdout', 'one');
    ring.push('stdout', 'two');
    expect(read).toEqual(['one']);
  });
});

describe('a text', () => {
  const secret = 'S3cr3t-value.0';
  const hidden: [name: string, text: string, shown: string][] = [
    ['SE-01', `serve --token ${secret} --port 1`, 'serve --token [redacted] --port 1'],
    ['SE-01', `serve --token=${secret}`, 'serve --token=[redacted]'],
    ['SE-01', `--gateway-token ${secret} x`, '--gateway-token [redacted] x'],
    ['SE-01', `--api-key=${secret} x`, '--api-key=[redacted] x'],
    ['SE-02', `dial ws://me:${secret}@h:1/p`, 'dial ws://[redacted]@h:1/p'],
    ['SE-02', `https://${secret}@h/p`, 'https://[redacted]@h/p'],
    ['SE-02', `ws://me:a@${secret}@h/p`, 'ws://[redacted]@h/p'],
    ['a query', `ws://h/p?token=${secret}&x=1`, 'ws://h/p?token=[redacted]&x=1'],
    ['a header', `Authorization: Bearer ${secret}`, 'Authorization: Bearer [redacted]'],
    ['JSON', `{"apiKey":"${secret}","x":1}`, '{"apiKey":"[redacted]","x":1}'],
    ['an assignment', `ACCESS_TOKEN='${secret}'`, "ACCESS_TOKEN='[redacted]'"],
  ];
  it.each(hidden)('%s: %s shows no secret', (_, text, shown) => {
    expect(redactor()(text)).toBe(shown);
  });

  const harmless = [
    'listening on ws://127.0.0.1:8123/p?x=1',
    'mail me@example.org',
    'no tokens left, 3 passwords tried',
    'basic facts',
  ];
  it.each(harmless)('%s stays as it is', (text) => {
    const env = { TOKEN: 'short', PATH: 'listening', KEEP: 'training', MAX_TOKENS: '127000' };
    expect(redactor({ env })(text)).toBe(text);
  });

  it('loses every secret of the environment, the longer one first', () => {
    const env = { API_KEY: 'abcdef', SESSION_SECRET: 'abcdef-ghijkl', TOKEN: undefined };
    const clean = redactor({ env })('abcdef-ghijkl, then abcdef and abcdef');
    expect(clean).toBe('[redacted], then [redacted] and [redacted]');
  });

  it('may hold what means something to a regular expression', () => {
    expect(redactor({ env: { PASSWORD: 'a+b(c)$&' } })('x a+b(c)$& y')).toBe('x [redacted] y');
  });
});

describe('the environment of a child', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('PO-25: has no trace of the supervisor of the host', () => {
    const traces = ['INVOCATION_ID', 'JOURNAL_STREAM', 'SYSTEMD_EXEC_PID', 'NOTIFY_SOCKET'];
    traces.push('XPC_SERVICE_NAME', 'LAUNCH_JOB_LABEL');
    for (const name of [...traces, 'HF_KEPT']) vi.stubEnv(name, 'x');
    const own = environment({});
    expect(traces.filter((name) => name in own)).toEqual([]);
    expect(own.HF_KEPT).toBe('x');
  });

  it('is changed as the caller says: set, replaced, removed', () => {
    vi.stubEnv('HF_REMOVED', 'x');
    vi.stubEnv('HF_REPLACED', 'x');
    const own = environment({
      HF_REMOVED: undefined,
      HF_REPLACED: 'y',
      HF_NEW: '',
      NOTIFY_SOCKET: '/mine',
    });
    expect(own).toMatchObject({ HF_REPLACED: 'y', HF_NEW: '', NOTIFY_SOCKET: '/mine' });
    expect('HF_REMOVED' in own).toBe(false);
    expect(process.env.HF_REMOVED).toBe('x');
  });
});
