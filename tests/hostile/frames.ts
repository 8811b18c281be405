/**
 * What a hostile peer says, as fast-check arbitraries: noise, frames of the protocol with one part
 * made wrong, good frames at the wrong moment, and huge ones. Each frame is plain data with marks
 * in it (`%HELLO%`, `%ASKED%`, `%TOKEN%`), so that a counterexample can be read and replayed; it
 * promises that marks are filled in only when the frame is sent. It must never know a session.
 */

import fc from 'fast-check';

export type Frame = string | Uint8Array;
/** Text with marks, or bytes. `times` makes it huge: the filling is repeated inside a string. */
export type Draft = { text: string } | { bytes: Uint8Array } | { huge: number; text: string };

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Filled in when the frame is sent: what we have said by then, and a secret of ours. */
export interface Marks {
  hello: string;
  asked: string;
  token: string;
}

export function fill(draft: Draft, { hello, asked, token }: Marks): Frame {
  if ('bytes' in draft) return draft.bytes;
  const size = 'huge' in draft ? draft.huge : 0;
  if (size === 0 && !draft.text.includes('%')) return draft.text;
  return draft.text
    .replaceAll('%HELLO%', hello)
    .replaceAll('%ASKED%', asked)
    .replaceAll('%TOKEN%', token)
    .replaceAll('%HUGE%', 'h'.repeat(size));
}

// what the protocols say when they are well ------------------------------------------------------

export const dialects = ['plain', 'jsonrpc', 'openclaw'] as const;
export type Dialect = (typeof dialects)[number];

const event = (name: string, payload: Json, more: Record<string, Json> = {}): Json => ({
  ...{ type: 'event', event: name, payload },
  ...more,
});
const answer = (id: string, payload: Json): Json => ({ type: 'res', id, ok: true, payload });
const refusal = (id: string, error: Json): Json => ({ type: 'res', id, ok: false, error });

export const challenge = event('connect.challenge', { nonce: 'n-1', ts: 1_000 });
export const welcome = answer('%HELLO%', {
  type: 'hello-ok',
  protocol: 4,
  server: { version: '2026.9.6', bootId: 'boot', connId: 'conn' },
  features: { methods: ['health', 'system-presence'], events: ['tick'] },
  auth: { role: 'operator', scopes: ['operator.admin'], deviceToken: 'issued-device-token' },
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
});

const openclawFrames: Json[] = [
  challenge,
  welcome,
  event('connect.challenge', { nonce: 'a|b', ts: 1 }),
  answer('%HELLO%', { type: 'hello-ok', protocol: 3 }),
  answer('somebody-else', (welcome as { payload: Json }).payload),
  refusal('%HELLO%', { code: 'AUTH_TOKEN_MISMATCH', message: 'no: %TOKEN%' }),
  refusal('%HELLO%', { code: 'NOT_PAIRED', message: 'x', details: { requestId: '%TOKEN%' } }),
  refusal('%HELLO%', { code: 'UNAVAILABLE', message: 'later', retryAfterMs: 500 }),
  refusal('somebody-else', { code: '%TOKEN%', message: '%TOKEN%', details: { a: 1 } }),
  refusal('%ASKED%', { code: 'X', message: 'never heard of it %TOKEN%', retryable: false }),
  answer('%ASKED%', { ok: true }),
  answer('never-asked', null),
  event('agent', { text: 'hi', at: [1, 2, { b: null }] }, { seq: 1 }),
  event('agent', '%TOKEN%', { seq: 7 }),
  event('tick', { ts: 1 }, { seq: 2 }),
  event('shutdown', { reason: 'update %TOKEN%', restartExpectedMs: 1500 }),
  event('shutdown', { reason: 'off' }),
  { type: 'req', id: 'q-1', method: 'ping', params: {} },
  { type: 'req', id: 'q-2', method: 'run.this', params: { cmd: 'id' } },
];

const notification: Json = { jsonrpc: '2.0', method: 'changed', params: { to: 1 } };
const question: Json = { jsonrpc: '2.0', id: 9, method: 'do', params: [1] };
const jsonrpcFrames: Json[] = [
  notification,
  question,
  { jsonrpc: '2.0', id: '%ASKED%', result: { sum: 2 } },
  { jsonrpc: '2.0', id: 'never-asked', result: null },
  { jsonrpc: '2.0', id: 7, error: { code: -32000, message: 'no', data: { a: [] } } },
  { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'parse error' } },
  [notification, question, { jsonrpc: '2.0', id: 1, result: 1 }],
  [[question], [], question, null],
];

const frames: Record<Dialect, Json[]> = {
  plain: [...openclawFrames.slice(0, 3), notification, 'text'],
  jsonrpc: jsonrpcFrames,
  openclaw: openclawFrames,
};

// one part made wrong ----------------------------------------------------------------------------

/** JSON as it is written on the wire, also what no `stringify` would write. */
const poisons: readonly string[] = [
  ...['null', 'true', 'false', '0', '-1', '1.5', '1e999', '-1e999', '9007199254740993', '1e308'],
  ...['""', '" "', '"x"', '"\\u0000"', '"\\ud800"', '"\\u202e\\u200b"', '"__proto__"', '"%HELLO%"'],
  ...['[]', '{}', '[[]]', '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{}}}'],
  ...['{"toString":1,"valueOf":2}', '"%TOKEN%"', '"\\ud83d"', '"a|b,c"', '"%ASKED%"'],
  ...[`"${'7'.repeat(300)}"`, `${'['.repeat(200)}${']'.repeat(200)}`, '"%HELLO% "', '[null]'],
  `"${'words of a peer '.repeat(40)}"`,
];
const keys = ['__proto__', 'constructor', 'toString', '', 'type', 'id', 'method', '\u0000'];

type Path = readonly (string | number)[];

function pathsOf(value: Json, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...at, key]));
  return [at, ...inner];
}

/** Written out with the value (or the name of the key) at one place replaced. */
function written(value: Json, path: Path, put: (json: string, key?: string) => string): string {
  const [key, ...rest] = path;
  if (key === undefined) return put(JSON.stringify(value));
  if (Array.isArray(value)) {
    const items = value.map((one, at) =>
      String(at) === String(key) ? written(one, rest, put) : JSON.stringify(one),
    );
    return `[${items.filter((item) => item !== '').join()}]`;
  }
  const members = Object.entries(value as Record<string, Json>).map(([name, one]) => {
    const member = `${JSON.stringify(name)}:`;
    if (name !== key) return member + JSON.stringify(one);
    if (rest.length > 0) return member + written(one, rest, put);
    return put(JSON.stringify(one), name);
  });
  return `{${members.filter((member) => member !== '').join()}}`;
}

const hows = ['replace', 'replace', 'replace', 'drop', 'double', 'rename', 'wrap', 'cut'] as const;
type How = (typeof hows)[number];

function damaged(frame: Json, path: Path, how: How, poison: string, newName: string): string {
  if (how === 'cut') return JSON.stringify(frame).slice(0, path.length * 13 + poison.length);
  return written(frame, path, (json, key) => {
    const name = key === undefined ? '' : `${JSON.stringify(key)}:`;
    if (how === 'drop') return '';
    if (how === 'wrap') return `${name}[${json}]`;
    if (how === 'double' && key !== undefined) return `${name}${json},${name}${poison}`;
    if (how === 'rename' && key !== undefined) return `${JSON.stringify(newName)}:${json}`;
    return `${name}${poison}`;
  });
}

// the arbitraries --------------------------------------------------------------------------------

const deep = (open: string, close: string, depth: number) =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

/** Rarely drawn: each costs as much as hundreds of the others. */
const monsters: Draft[] = [
  { huge: 300_000, text: '%HUGE%' },
  { huge: 200_000, text: '{"type":"event","event":"%HUGE%","payload":1}' },
  { huge: 200_000, text: '{"type":"res","id":"%HUGE%","ok":true}' },
  { huge: 200_000, text: '{"type":"res","id":"%HELLO%","ok":false,"error":{"message":"%HUGE%"}}' },
  { huge: 200_000, text: '{"type":"event","event":"shutdown","payload":{"reason":"%HUGE%"}}' },
  { huge: 200_000, text: '{"jsonrpc":"2.0","id":"%HUGE%","method":"m"}' },
  { huge: 200_000, text: '{"jsonrpc":"2.0","id":1,"method":"%HUGE%"}' },
  { huge: 200_000, text: '{"jsonrpc":"2.0","id":1,"error":{"code":"%HUGE%","message":"%HUGE%"}}' },
  { text: `[${Array(3_000).fill(JSON.stringify(question)).join()}]` },
  { text: deep('[', ']', 50_000) },
  { text: `{"type":"res","id":"%HELLO%","ok":false,"error":${deep('{"a":', '}', 20_000)}}` },
  { text: `{"jsonrpc":"2.0","id":1,"error":${deep('{"a":', '}', 20_000)}}` },
  { bytes: new Uint8Array(300_000).fill(0xff) },
];

const oddities: Draft[] = [
  ...['', ' ', 'null', '[]', '{}', '"', '\u0000', '\ud800', '\ufeff{}', '42', '{"type":"res"}'],
].map((text) => ({ text }));

export function hostileFrame(dialect: Dialect): fc.Arbitrary<Draft> {
  const good = frames[dialect];
  const places = good.map((frame) => pathsOf(frame));
  const some = <T>(all: readonly T[]) => fc.constantFrom(...all);
  const intact = some(good).map((frame): Draft => ({ text: JSON.stringify(frame) }));
  const wrong = fc
    .tuple(fc.nat(9_999), fc.nat(9_999), some(hows), some(poisons), some(keys))
    .map(([which, where, how, poison, key]): Draft => {
      const paths = places[which % good.length] ?? [];
      const path = paths[where % paths.length] ?? [];
      return { text: damaged(good[which % good.length] ?? null, path, how, poison, key) };
    });
  const binary = fc.tuple(some(good), fc.nat(40)).map(([frame, cut]): Draft => {
    const bytes = new TextEncoder().encode(JSON.stringify(frame));
    return { bytes: bytes.subarray(0, bytes.length - (cut % 4 === 0 ? 0 : cut)) };
  });
  return fc.oneof(
    { weight: 300, arbitrary: intact },
    { weight: 450, arbitrary: wrong },
    { weight: 60, arbitrary: binary },
    { weight: 40, arbitrary: some(oddities) },
    { weight: 40, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes })) },
    {
      weight: 60,
      arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => ({ text })),
    },
    { weight: 30, arbitrary: fc.json({ maxDepth: 2 }).map((text) => ({ text })) },
    { weight: 3, arbitrary: some(monsters) },
  );
}
