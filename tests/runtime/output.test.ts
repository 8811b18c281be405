/**
 * What a process writes, on its way to the ring and the log: bounded in lines and real bytes, cut
 * where a line is too long, and without a secret, wherever it stands, however it was cut into
 * chunks, and also where only its beginning is left.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines } from '../../src/drivers/lines.ts';
import { redactor } from '../../src/redact.ts';
import { OutputRing } from '../../src/runtime/output.ts';

const bytes = (ring: OutputRing) =>
  ring.lines.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);

describe('the ring', () => {
  it('counts bytes, not characters, and cuts a line at 16 KiB in whole characters', () => {
    const pieces = fc.constantFrom('x', 'é', '€', '😀', '\u001b[31m', ' token=');
    const line = fc
      .tuple(pieces, fc.integer({ min: 0, max: 9_000 }), pieces)
      .map(([first, count, second]) => first.repeat(count) + second);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), (lines) => {
        const ring = new OutputRing();
        for (const text of lines) {
          ring.push('stdout', text);
          expect(bytes(ring)).toBeLessThanOrEqual(262_144);
        }
        for (const { text } of ring.lines) {
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(16_384);
          expect(text).not.toContain('\u001b');
          expect(text, 'nothing is cut within a character').not.toContain('\ufffd');
        }
        expect(ring.lines.length).toBeGreaterThan(0);
        expect(ring.lastWords.length).toBeLessThanOrEqual(20);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps 16 lines of 16 KiB, whichever characters they are made of', () => {
    for (const character of ['x', 'é', '€']) {
      const ring = new OutputRing();
      for (let n = 0; n < 40; n += 1) ring.push('stdout', character.repeat(16_384));
      expect(bytes(ring)).toBeGreaterThan(262_144 - 16_384);
      expect(ring.lines).toHaveLength(16);
      expect(ring.lines[0]?.text.endsWith(character === 'x' ? 'x' : '[line cut at 16 KiB]')).toBe(
        true,
      );
    }
  });

  it('knows the mark that the driver cuts with, and does not cut again', () => {
    const ring = new OutputRing();
    const lines = splitLines((text) => ring.push('stdout', text));
    lines.push(Buffer.from(`${'x'.repeat(20_000)}\n`));
    const [line] = ring.lines;
    expect(line?.text.match(/line cut/g)).toHaveLength(1);
    expect(line?.text).toMatch(/x \[line cut at 16 KiB\]$/);
  });

  it('is as fast for the worst line as for any', () => {
    const worst = ['a.', '://', 'token', 'bearer ', '--', '\u001b[;', '\u001b]', 'cookie:', '\\"'];
    for (const piece of worst) {
      const ring = new OutputRing();
      const begin = performance.now();
      ring.push('stdout', piece.repeat(16_384 / piece.length));
      expect([piece, performance.now() - begin < 500]).toEqual([piece, true]);
    }
  });

  it('has no empty line among the last words', () => {
    const ring = new OutputRing();
    for (const text of ['one', '', '  ', '\u001b[0m', 'two']) ring.push('stderr', text);
    expect(ring.lines).toHaveLength(5);
    expect(ring.lastWords).toEqual(['one', 'two']);
  });
});

/** What a secret may be made of, wherever it is put. */
const secrets = fc
  .array(fc.constantFrom(...'abcdefXYZ0189._~-+'), { minLength: 8, maxLength: 40 })
  .map((all) => `S${all.join('')}e`);
const around = fc.constantFrom('', ' ', 'at 12:00 ', 'one, two; ', '{"x":1} ', '\u001b[31m');

const places: Record<string, (secret: string) => string> = {
  'a flag and its value': (secret) => `--token ${secret}`,
  'a flag with =': (secret) => `--gateway-token=${secret}`,
  'a short flag': (secret) => `-api-key ${secret}`,
  'a quoted flag': (secret) => `--password "${secret} and more"`,
  'a list of arguments': (secret) => `[ 'serve', '--token', '${secret}' ]`,
  'the user of a URL': (secret) => `wss://${secret}@host:1/p`,
  'the password of a URL': (secret) => `postgres://me:${secret}@host/db?x=1`,
  'a query': (secret) => `http://host/?x=1&access_token=${secret}&y=2`,
  'a fragment': (secret) => `http://host/#token=${secret}`,
  'a bearer': (secret) => `sent Bearer ${secret}`,
  'a header': (secret) => `Authorization: Bearer ${secret}`,
  'a header of another scheme': (secret) => `authorization: ApiKey ${secret}`,
  'a header without a scheme': (secret) => `Proxy-Authorization: ${secret}`,
  'a digest': (secret) => `Authorization: Digest username="x", response="${secret}"`,
  'a header in JSON': (secret) => `{"authorization":"Bearer ${secret}","host":"h"}`,
  'a cookie': (secret) => `Set-Cookie: id=1; session=${secret}; Path=/`,
  JSON: (secret) => `{"token":"${secret}","x":1}`,
  'JSON with spaces': (secret) => `{ "clientSecret" : "two ${secret} words" }`,
  'JSON within JSON': (secret) => JSON.stringify(JSON.stringify({ apiKey: `a "${secret}" b` })),
  'an assignment': (secret) => `DB_PASSWORD=${secret}`,
  'a quoted assignment': (secret) => `export SECRET_KEY='a ${secret}'`,
  'a field': (secret) => `private_key: ${secret}`,
};

describe('a secret', () => {
  it.each(Object.entries(places))('is not stored from %s, in chunks of any size', (_, place) => {
    fc.assert(
      fc.property(
        secrets,
        around,
        around,
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 9 }),
        (secret, before, after, sizes) => {
          const ring = new OutputRing();
          const lines = splitLines((text) => ring.push('stdout', text));
          const all = Buffer.from(`${before}${place(secret)}${after}\n`);
          for (let from = 0, at = 0; from < all.length; at += 1) {
            const size = sizes[at % sizes.length] ?? 1;
            lines.push(all.subarray(from, from + size));
            from += size;
          }
          const stored = JSON.stringify([ring.lines, ring.lastWords]);
          expect(stored).not.toContain(secret);
          expect(stored).toContain('[redacted]');
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(Object.entries(places))('leaves no beginning when %s is cut', (_, place) => {
    fc.assert(
      fc.property(secrets, fc.integer({ min: 5, max: 60 }), (secret, room) => {
        const ring = new OutputRing();
        const text = place(secret);
        const at = text.indexOf(secret);
        // it begins so many bytes before the line is cut
        const fill = 'x'.repeat(16_384 - ' [line cut at 16 KiB]'.length - at - room);
        ring.push('stdout', `${fill.slice(0, -1)} ${text}${'y'.repeat(100)}`);
        const [line] = ring.lines;
        const begun = secret.slice(0, Math.max(4, Math.min(room, secret.length) - 1));
        expect(line?.text).not.toContain(begun);
        expect(line?.text).toMatch(/\[line cut at 16 KiB\]$/);
      }),
      { numRuns: 100 },
    );
  });

  const told: Record<string, (secret: string) => Parameters<typeof redactor>[0]> = {
    'the environment': (secret) => ({ env: { MY_TOKEN: secret } }),
    'a URL of the environment': (secret) => ({ env: { DB: `pg://me:${secret}@host/db` } }),
    'the arguments': (secret) => ({ args: ['--token', secret] }),
    'an argument with =': (secret) => ({ args: [`--api-key=${secret}`] }),
    'a URL of the arguments': (secret) => ({ args: [`https://h/?token=${secret}&x=1`] }),
    'a header of the arguments': (secret) => ({ args: ['-H', `Authorization: Bearer ${secret}`] }),
    'a variable of the arguments': (secret) => ({ args: [`PASSWORD=${secret}`] }),
  };
  it.each(Object.entries(told))('of %s shows nowhere, not even its beginning', (_, known) => {
    fc.assert(
      fc.property(secrets, fc.integer({ min: 1, max: 60 }), (secret, room) => {
        const ring = new OutputRing();
        ring.begin(known(secret) ?? {});
        ring.push('stderr', `got ${secret}, and ${JSON.stringify(secret)}`);
        ring.push('stderr', `/x/${encodeURIComponent(secret)}/y`);
        const fill = 'x'.repeat(16_384 - ' [line cut at 16 KiB]'.length - room);
        ring.push('stderr', `${fill}${secret}${'y'.repeat(100)}`);
        const stored = JSON.stringify(ring.lines);
        expect(stored).not.toContain(secret);
        expect(stored).not.toContain(encodeURIComponent(secret));
        expect(stored).not.toContain(`x${secret.slice(0, Math.min(room, secret.length - 1))} [`);
        expect(ring.clean(`and ${secret}`)).toBe('and [redacted]');
      }),
      { numRuns: 100 },
    );
  });

  it('longer than a line leaves nothing of it', () => {
    const secret = Array.from({ length: 5_000 }, (_, n) => `k${n}`).join('-');
    const ring = new OutputRing();
    ring.begin({ env: { PRIVATE_KEY: secret } });
    const lines = splitLines((text) => ring.push('stdout', text));
    lines.push(Buffer.from(`${secret}\nkey ${secret}\n`));
    ring.push('stdout', `{"private_key":"${secret}"}`);
    expect(ring.lines.map(({ text }) => text)).toEqual([
      '[redacted] [line cut at 16 KiB]',
      'key [redacted] [line cut at 16 KiB]',
      '{"private_key":"[redacted] [line cut at 16 KiB]',
    ]);
  });

  it('of more than one line is known by each of them', () => {
    const key =
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END PRIVATE KEY-----';
    const ring = new OutputRing();
    ring.begin({ env: { TLS_PRIVATE_KEY: key } });
    for (const line of key.split('\n')) ring.push('stdout', `> ${line}`);
    ring.push('stdout', JSON.stringify(key));
    expect(JSON.stringify(ring.lines)).not.toMatch(/MIIE|Bgkq/);
  });

  it('of the options is known before anything is spawned', () => {
    const ring = new OutputRing(undefined, { env: { API_TOKEN: 'S3cret-v' }, args: [] });
    expect(ring.clean('no S3cret-v here')).toBe('no [redacted] here');
  });

  it('is not what merely sounds like one', () => {
    const harmless = [
      'used 512 tokens, max_tokens: 4096',
      'vite http://localhost:5173/@vite/client',
      'the token expired; ask for another',
      'waiting for other credentials: resume() tries again',
      'listening on ws://127.0.0.1:8123/p?x=1#top',
    ];
    const known = { env: { MAX_OUTPUT_TOKENS: '127000', CWD: '/home' }, args: ['--port', '8123'] };
    for (const text of harmless) expect(redactor(known)(text)).toBe(text);
  });
});
