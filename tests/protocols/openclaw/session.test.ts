/** One conversation with a gateway, frame by frame; the peer is a script. */
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../src/errors.ts';
import type { Protocol } from '../../../src/ports.ts';
import type { DeviceToken } from '../../../src/protocols/openclaw/device.ts';
import { createIdentity } from '../../../src/protocols/openclaw/device.ts';
import { type OpenclawOptions, openclaw } from '../../../src/protocols/openclaw/index.ts';
import { Notes, protocolConformance } from '../protocol-conformance.ts';

type Json = Record<string, unknown>;

const challenge = (nonce: unknown = 'n-1') =>
  JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce, ts: 1_000 } });
const event = (name: string, seq: number | undefined, payload: unknown = {}) =>
  JSON.stringify({ type: 'event', event: name, payload, seq });
const answer = (id: string, payload: unknown) =>
  JSON.stringify({ type: 'res', id, ok: true, payload });
const refusal = (id: string, error: Json) => JSON.stringify({ type: 'res', id, ok: false, error });

const helloPayload = (more: { auth?: Json; policy?: Json; methods?: string[] } = {}) => ({
  type: 'hello-ok',
  protocol: 4,
  server: { version: '2026.9.6', bootId: 'boot-1', connId: 'conn-1' },
  features: { methods: more.methods ?? ['health', 'system-presence'], events: ['tick'] },
  snapshot: {},
  auth: { role: 'operator', scopes: ['operator.admin'], ...more.auth },
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, ...more.policy },
});

const frameOf = (frame: string | Uint8Array | undefined): Json & { id: string; params: Json } =>
  JSON.parse(String(frame));

protocolConformance('openclaw', () => openclaw(), {
  challenge,
  credentials: { token: 's3cret' },
  welcome: (sent) => answer(frameOf(sent[0]).id, helloPayload()),
  requests: {
    read: (frame) => frameOf(frame) as unknown as { id: string; method: string },
    answer,
    refuse: (id, error) => refusal(id, error),
  },
  samples: [
    [
      event('chat.message', 1, { text: 'hi' }),
      { kind: 'event', name: 'chat.message', payload: { text: 'hi' }, seq: 1 },
    ],
    [event('health', undefined, 1), { kind: 'event', name: 'health', payload: 1 }],
    [answer('r-1', { a: 1 }), { kind: 'answer', id: 'r-1', ok: true, payload: { a: 1 } }],
  ],
});

/** Opens a session up to the point where our connect request is out. */
async function greet(
  protocol: Protocol,
  where: { endpoint?: string; fingerprint?: string } = {},
  given: unknown = { token: 's3cret' },
) {
  const notes = Object.assign(new Notes(), where);
  const session = protocol.session(notes);
  session.opened();
  session.frame(challenge());
  await session.credentials(async () => given);
  session.hello();
  const sent = frameOf(notes.sent[0]);
  return { notes, session, sent, auth: sent.params.auth as Json | undefined };
}

async function accepted(protocol: Protocol = openclaw(), hello = helloPayload()) {
  const opened = await greet(protocol);
  opened.session.frame(answer(opened.sent.id, hello));
  return opened;
}

/** Stores in memory, which count and can be told to fail. */
class Stores {
  readonly device = createIdentity();
  token: DeviceToken | null = null;
  calls: string[] = [];
  failing: string | undefined;
  readonly identity = {
    load: async () => {
      this.#called('identity');
      return this.device.identity;
    },
  };
  readonly deviceTokens = {
    load: async () => {
      this.#called('load');
      return this.token;
    },
    save: async (_: unknown, token: DeviceToken) => {
      this.#called('save');
      this.token = token;
    },
    clear: async () => {
      this.#called('clear');
      this.token = null;
    },
  };

  #called(what: string): void {
    this.calls.push(what);
    if (this.failing === what) throw new Error(`no ${what} today`);
  }

  get options(): OpenclawOptions {
    return { identity: this.identity, deviceTokens: this.deviceTokens };
  }
}

const issued = helloPayload({ auth: { deviceToken: 'dev-t0ken' } });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('before hello', () => {
  it('CH-01, CH-02: waits for the challenge, then sends one connect that answers it', async () => {
    const stores = new Stores();
    const notes = new Notes();
    const session = openclaw(stores.options).session(notes);
    session.opened();
    session.hello();
    expect(notes.sent).toEqual([]);
    session.frame(challenge('n-7'));
    await session.credentials(async () => 's3cret');
    session.hello();
    session.hello();
    expect(notes.sent).toHaveLength(1);
    expect(frameOf(notes.sent[0])).toMatchObject({
      type: 'req',
      method: 'connect',
      params: {
        minProtocol: 4,
        client: { id: 'gateway-client', mode: 'ui' },
        role: 'operator',
        scopes: ['operator.admin'],
        auth: { token: 's3cret' },
        device: { id: stores.device.identity.deviceId, nonce: 'n-7', signedAt: 1_000 },
      },
    });
  });

  it('introduces itself as a helper of this machine where there is no identity', async () => {
    const { sent } = await greet(openclaw({ client: { displayName: 'My app' } }));
    expect(sent.params).toMatchObject({ client: { mode: 'backend', displayName: 'My app' } });
    expect(sent.params.device).toBeUndefined();
  });

  it('CH-03: names the challenge that did not come, and closes with 1008', async () => {
    const session = openclaw().session(new Notes());
    session.opened();
    expect(session.closing('timeout')).toEqual({ code: 1008, reason: 'connect challenge timeout' });
    const greeted = await greet(openclaw());
    expect(greeted.session.closing('timeout')).toMatchObject({ code: 4000 });
    expect(greeted.session.closing('refused')).toMatchObject({ code: 1008 });
    expect(greeted.session.closing('closed')).toMatchObject({ code: 1000 });
  });

  it('CH-06: refuses a challenge without a usable nonce and reads nothing after it', () => {
    for (const nonce of [undefined, '', 7, 'a|b']) {
      const notes = new Notes();
      const session = openclaw().session(notes);
      session.opened();
      session.frame(challenge(nonce ?? null));
      session.frame(challenge());
      expect(notes.words).toBe('opened refused');
      expect(notes.facts[1]).toEqual({ type: 'socket.refused', cause: 'lost', floorMs: 0 });
      expect(notes.said[1]).toContain('challenge');
    }
  });

  it('CH-07: reports a refusal with its words, and reads nothing after it', async () => {
    const { notes, session, sent } = await greet(openclaw());
    const error = { code: 'INVALID_REQUEST', message: 'no', details: { code: 'AUTH_REQUIRED' } };
    session.frame(refusal(sent.id, error));
    session.frame(answer(sent.id, helloPayload()));
    session.frame(event('chat', 1));
    expect(notes.words).toBe('opened challenged refused');
    expect(notes.facts[2]).toMatchObject({ cause: 'credentials' });
    expect(notes.said.at(-1)).toContain('AUTH_REQUIRED');
    expect(notes.delivered).toEqual([]);
  });

  it('CH-08: ignores a second challenge', async () => {
    const { notes, session } = await greet(openclaw());
    session.frame(challenge('n-2'));
    session.hello();
    expect(notes.words).toBe('opened challenged');
    expect(notes.sent).toHaveLength(1);
  });

  it('CH-10: is accepted by the answer to its own request alone', async () => {
    const { notes, session, sent } = await greet(openclaw());
    session.frame(answer('somebody-else', helloPayload()));
    session.frame(refusal('somebody-else', { code: 'NO' }));
    session.frame(event('chat', 1));
    expect(notes.words).toBe('opened challenged');
    session.frame(answer(sent.id, helloPayload({ policy: { tickIntervalMs: 15_000 } })));
    expect(notes.facts.at(-1)).toEqual({ type: 'socket.accepted', silenceMs: 30_000 });
    expect(session.server).toEqual({ version: '2026.9.6', bootId: 'boot-1', connId: 'conn-1' });
  });

  it('CH-12: passes on what the host’s credentials threw', async () => {
    const session = openclaw().session(new Notes());
    session.opened();
    session.frame(challenge());
    const ask = () => Promise.reject(new Error('keychain locked'));
    await expect(session.credentials(ask)).rejects.toThrow('keychain locked');
  });

  it('CH-19: keeps to the rhythm of its own hello alone', async () => {
    const protocol = openclaw();
    const rhythms = [15_000, 5_000].map((tickIntervalMs) =>
      accepted(protocol, helloPayload({ policy: { tickIntervalMs } })),
    );
    const facts = (await Promise.all(rhythms)).map(({ notes }) => notes.facts.at(-1));
    expect(facts).toMatchObject([{ silenceMs: 30_000 }, { silenceMs: 10_000 }]);
  });

  it('CH-20: stops for a gateway of another protocol', async () => {
    const { notes } = await accepted(openclaw(), { ...helloPayload(), protocol: 5 });
    expect(notes.facts.at(-1)).toMatchObject({ type: 'socket.refused', cause: 'protocol' });
  });

  it('CH-21: is told to wait while the gateway starts', async () => {
    const { notes, session, sent } = await greet(openclaw());
    const details = { reason: 'startup-sidecars' };
    const error = { code: 'UNAVAILABLE', retryable: true, retryAfterMs: 1500, details };
    session.frame(refusal(sent.id, error));
    expect(notes.facts.at(-1)).toMatchObject({ cause: 'wait', floorMs: 1500 });
    expect(session.ended({ code: 1013, reason: 'gateway starting' })).toMatchObject({
      cause: 'wait',
    });
  });

  it('CH-27: finds a socket that closes before its answer merely lost', async () => {
    const { session } = await greet(openclaw());
    const end = { code: 1006, reason: '', error: { code: 'ECONNRESET', message: 'reset' } };
    expect(session.ended(end)).toMatchObject({ cause: 'lost', floorMs: 0 });
  });

  it('takes a wrong certificate for what it is', () => {
    const error = { code: 'TLS_FINGERPRINT', message: 'not the pin' };
    const session = openclaw().session(new Notes());
    expect(session.ended({ code: 1006, reason: '', error }).cause).toBe('unauthorised');
  });
});

describe('credentials', () => {
  it('are a token, a password, a token as text or nothing', async () => {
    const cases: [unknown, unknown][] = [
      [{ token: 't0ken' }, { token: 't0ken' }],
      [{ password: 'pass word' }, { password: 'pass word' }],
      ['t0ken', { token: 't0ken' }],
      [null, undefined],
    ];
    for (const [given, sent] of cases) {
      expect((await greet(openclaw(), {}, given)).auth).toEqual(sent);
    }
  });

  it('of any other form pause the link, and do not show in the error', async () => {
    const forms = ['', '  ', {}, { token: '' }, { token: 7 }, { token: 'a', password: 'b' }, 7];
    for (const given of [...forms, 'x'.repeat(5000), { password: '' }]) {
      const session = openclaw().session(new Notes());
      session.opened();
      session.frame(challenge());
      const failed = session.credentials(async () => given);
      await expect(failed).rejects.toMatchObject({ code: 'HF_CREDENTIALS' });
      await expect(failed).rejects.not.toThrow(/xxx/);
    }
  });

  it('AU-17: an unreadable identity ends the attempt before anything is asked', async () => {
    const stores = new Stores();
    const session = openclaw(stores.options).session(new Notes());
    session.opened();
    session.frame(challenge());
    for (const failing of ['identity', 'load']) {
      stores.failing = failing;
      let asked = 0;
      const failed = session.credentials(async () => {
        asked += 1;
      });
      await expect(failed).rejects.toMatchObject({ code: 'HF_IDENTITY_CORRUPT' });
      expect(asked).toBe(0);
    }
    const corrupt = new HoldfastError('HF_IDENTITY_CORRUPT', 'identity.json is damaged.');
    const identity = { load: () => Promise.reject(corrupt) };
    const other = openclaw({ identity }).session(new Notes());
    await expect(other.credentials(async () => 't')).rejects.toBe(corrupt);
  });

  it('are answered too late by a host: the session that ended meanwhile stays silent', async () => {
    const notes = new Notes();
    const session = openclaw().session(notes);
    session.opened();
    session.frame(challenge());
    const late = session.credentials(async () => {
      session.ended({ code: 1006, reason: '' });
      return 't0ken';
    });
    await late;
    session.hello();
    expect(notes.sent).toEqual([]);
  });

  it('are a device token once there is one, alone in its field, and what is signed', async () => {
    const stores = new Stores();
    const protocol = openclaw(stores.options);
    const first = await accepted(protocol, issued);
    expect(first.auth).toEqual({ token: 's3cret' });
    await settled();
    expect(stores.token).toEqual({ token: 'dev-t0ken', scopes: ['operator.admin'] });
    const second = await accepted(protocol, issued);
    expect(second.auth).toEqual({ deviceToken: 'dev-t0ken' });
    await settled();
    expect(stores.calls.filter((call) => call === 'save')).toHaveLength(1);
  });

  it('are the shared ones where the device token does not cover the scopes', async () => {
    const stores = new Stores();
    stores.token = { token: 'dev-t0ken', scopes: ['operator.read'] };
    const { auth } = await greet(openclaw(stores.options));
    expect(auth).toEqual({ token: 's3cret' });
  });

  it('wait for the token that is being stored', async () => {
    const stores = new Stores();
    const protocol = openclaw(stores.options);
    let finish = () => {};
    const { save } = stores.deviceTokens;
    stores.deviceTokens.save = async (key, token) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await save(key, token);
    };
    await accepted(protocol, issued);
    const next = greet(protocol);
    await settled();
    finish();
    expect((await next).auth).toEqual({ deviceToken: 'dev-t0ken' });
  });

  it('AU-21: a token that cannot be stored is a diagnostic, and the connection stays', async () => {
    const stores = new Stores();
    stores.failing = 'save';
    const protocol = openclaw(stores.options);
    const { notes, session } = await accepted(protocol, issued);
    await settled();
    expect(notes.words).toBe('opened challenged accepted');
    expect(notes.said.join(' ')).toContain('warn HF_TOKEN_STORE');
    expect(notes.said.join(' ')).not.toContain('dev-t0ken');
    session.frame(event('chat', 1));
    expect(notes.delivered).toHaveLength(1);
    stores.failing = undefined;
    expect((await accepted(protocol, issued)).auth).toEqual({ token: 's3cret' });
    await settled();
    expect(stores.token).toMatchObject({ token: 'dev-t0ken' });
  });

  it('sent unencrypted to another machine are warned of, once, and still sent', async () => {
    const protocol = openclaw();
    const endpoint = 'ws://gateway.example:18789';
    const said: string[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const { notes, session, sent, auth } = await greet(protocol, { endpoint });
      expect(auth).toEqual({ token: 's3cret' });
      session.frame(answer(sent.id, helloPayload()));
      said.push(...notes.said);
    }
    expect(said.filter((line) => line.includes('HF_PLAIN_TEXT'))).toHaveLength(1);
    expect((await greet(openclaw())).notes.said.join(' ')).not.toContain('HF_PLAIN_TEXT');
  });
});

const coded = (code: string, more: Json = {}) => ({
  code: 'INVALID_REQUEST',
  message: 'refused',
  ...more,
  details: { code, ...(more.details as Json) },
});

describe('a refusal', () => {
  it('AU-04, AU-05, AU-06: makes us sign the older way once, on another socket', async () => {
    const stores = new Stores();
    const protocol = openclaw(stores.options);
    const signatures: unknown[] = [];
    const causes: unknown[] = [];
    const refuseWith = async (code: string) => {
      const { notes, session, sent } = await greet(protocol);
      signatures.push((sent.params.device as Json).signature);
      session.frame(refusal(sent.id, coded(code)));
      causes.push((notes.facts.at(-1) as { cause?: unknown }).cause);
    };
    await refuseWith('DEVICE_AUTH_SIGNATURE_INVALID');
    await refuseWith('DEVICE_AUTH_SIGNATURE_INVALID');
    await refuseWith('DEVICE_AUTH_SIGNATURE_EXPIRED');
    expect(causes).toEqual(['again', 'identity', 'identity']);
    // The same nonce: Ed25519 signs the same words the same way.
    expect(signatures[0]).not.toBe(signatures[1]);
    expect(signatures[2]).toBe(signatures[0]);
  });

  it('AU-03: is forgotten at the next hello', async () => {
    const stores = new Stores();
    const protocol = openclaw(stores.options);
    const signature = async (end: (id: string) => string) => {
      const { session, sent } = await greet(protocol);
      session.frame(end(sent.id));
      return (sent.params.device as Json).signature;
    };
    const invalid = coded('DEVICE_AUTH_SIGNATURE_INVALID');
    const v3 = await signature((id) => refusal(id, invalid));
    const v2 = await signature((id) => answer(id, helloPayload()));
    expect(v2).not.toBe(v3);
    expect(await signature((id) => refusal(id, invalid))).toBe(v3);
    expect(await signature((id) => answer(id, helloPayload()))).toBe(v2);
  });

  it('AU-13: of the device token drops it once, for the shared one', async () => {
    const stores = new Stores();
    stores.token = { token: 'dead', scopes: ['operator.admin'] };
    const protocol = openclaw(stores.options);
    const first = await greet(protocol);
    expect(first.auth).toEqual({ deviceToken: 'dead' });
    first.session.frame(refusal(first.sent.id, coded('AUTH_DEVICE_TOKEN_MISMATCH')));
    expect(first.notes.facts.at(-1)).toMatchObject({ cause: 'again' });
    const second = await greet(protocol);
    expect(second.auth).toEqual({ token: 's3cret' });
    expect(stores.token).toBeNull();
    second.session.frame(refusal(second.sent.id, coded('AUTH_TOKEN_MISMATCH')));
    expect(second.notes.facts.at(-1)).toMatchObject({ cause: 'credentials' });
  });

  it('AU-13: is not sent the dropped token again where the store cannot forget it', async () => {
    const stores = new Stores();
    stores.token = { token: 'dead', scopes: ['operator.admin'] };
    stores.failing = 'clear';
    const protocol = openclaw(stores.options);
    const { notes, session } = await greet(protocol);
    const end = { code: 1008, reason: 'unauthorized: device token mismatch' };
    expect(session.ended(end).cause).toBe('again');
    await settled();
    expect(notes.said.join(' ')).toContain('HF_TOKEN_STORE');
    expect((await greet(protocol)).auth).toEqual({ token: 's3cret' });
  });

  it('AU-14: offers no second credential to an endpoint that is not trusted', async () => {
    const pin = 'ab'.repeat(32);
    const ends: [endpoint: string, fingerprint: string | undefined, cause: string][] = [
      ['ws://gateway.example:1', undefined, 'credentials'],
      ['wss://gateway.example:1', undefined, 'credentials'],
      ['wss://gateway.example:1', pin, 'again'],
      ['https://gateway.example:1', pin, 'again'],
      ['ws://127.0.0.1:1', undefined, 'again'],
    ];
    for (const [endpoint, fingerprint, cause] of ends) {
      const stores = new Stores();
      stores.token = { token: 'dead', scopes: ['operator.admin'] };
      const where = { endpoint, ...(fingerprint === undefined ? {} : { fingerprint }) };
      const { notes, session, sent } = await greet(openclaw(stores.options), where);
      session.frame(refusal(sent.id, coded('AUTH_DEVICE_TOKEN_MISMATCH')));
      expect([endpoint, notes.facts.at(-1)]).toMatchObject([endpoint, { cause }]);
      await settled();
      expect(stores.token === null).toBe(cause === 'again');
    }
  });

  it('counts for its own gateway alone', async () => {
    const stores = new Stores();
    stores.token = { token: 'dead', scopes: ['operator.admin'] };
    const protocol = openclaw(stores.options);
    const one = await greet(protocol);
    one.session.frame(refusal(one.sent.id, coded('AUTH_DEVICE_TOKEN_MISMATCH')));
    await settled();
    stores.token = { token: 'alive', scopes: ['operator.admin'] };
    const other = await greet(protocol, { endpoint: 'ws://127.0.0.1:2' });
    expect(other.auth).toEqual({ deviceToken: 'alive' });
  });

  it('AU-07, AU-12: names the request to approve, once, and nothing malformed', async () => {
    const protocol = openclaw(new Stores().options);
    const said: string[] = [];
    for (const requestId of ['req-1', 'req-1', '../x']) {
      const { notes, session, sent } = await greet(protocol);
      const error = coded('PAIRING_REQUIRED', { code: 'NOT_PAIRED', details: { requestId } });
      session.frame(refusal(sent.id, error));
      expect(notes.facts.at(-1)).toMatchObject({ cause: 'pairing' });
      said.push(...notes.said.filter((line) => line.includes('HF_PAIRING')));
    }
    expect(said.map((line) => /request (\S+)\)/.exec(line)?.[1])).toEqual(['req-1', undefined]);
  });

  it('AU-08: of a node waits for somebody, without asking again by itself', async () => {
    const { notes, session, sent } = await greet(openclaw({ role: 'node', scopes: [] }));
    session.frame(refusal(sent.id, coded('PAIRING_REQUIRED', { code: 'NOT_PAIRED' })));
    expect(notes.facts.at(-1)).toMatchObject({ cause: 'credentials' });
    expect(notes.said.at(-1)).toContain('approve');
  });

  it('AU-16: by a rate limit brings the gateway’s own floor along', async () => {
    const { notes, session, sent } = await greet(openclaw());
    session.frame(refusal(sent.id, coded('AUTH_RATE_LIMITED', { retryAfterMs: 42_000 })));
    expect(notes.facts.at(-1)).toMatchObject({ cause: 'wait', floorMs: 42_000 });
  });

  it('G5: never repeats a credential, wherever the gateway puts it', async () => {
    const { notes, session, sent } = await greet(openclaw());
    const error = { code: 's3cret', message: 'not s3cret', details: { code: 's3cret' } };
    session.frame(refusal(sent.id, error));
    session.ended({ code: 1008, reason: 'bad token s3cret' });
    expect(notes.said.join(' ')).not.toContain('s3cret');
    const past = await accepted(openclaw(new Stores().options), issued);
    past.session.frame(refusal('r', { code: 'NO', message: 'dev-t0ken is dead' }));
    expect(JSON.stringify(past.notes.delivered)).not.toContain('dev-t0ken');
  });
});

describe('past hello', () => {
  it('RP-12: takes a tick as life and hands it to nobody', async () => {
    const { notes, session } = await accepted();
    session.frame(event('tick', 1, { ts: 1 }));
    session.frame(event('chat', 2));
    expect(notes.delivered).toEqual([{ kind: 'event', name: 'chat', payload: {}, seq: 2 }]);
    expect(notes.said.join(' ')).not.toContain('HF_SEQUENCE_GAP');
  });

  it('GS-20: tells a gap in the numbers once, and still delivers what follows', async () => {
    const { notes, session } = await accepted();
    for (const seq of [6, 7, 9, 10]) session.frame(event('chat', seq));
    expect(notes.delivered).toEqual([
      { kind: 'event', name: 'chat', payload: {}, seq: 6 },
      { kind: 'event', name: 'chat', payload: {}, seq: 7 },
      { kind: 'event', name: 'sequence.gap', payload: { expected: 8, received: 9 } },
      { kind: 'event', name: 'chat', payload: {}, seq: 9 },
      { kind: 'event', name: 'chat', payload: {}, seq: 10 },
    ]);
    expect(notes.said.filter((line) => line.includes('HF_SEQUENCE_GAP'))).toHaveLength(1);
  });

  it('HB-23: answers the gateway’s ping, and declines what else it asks', async () => {
    const { notes, session } = await accepted();
    session.frame(JSON.stringify({ type: 'req', id: 'q-1', method: 'ping' }));
    session.frame(JSON.stringify({ type: 'req', id: 'q-2', method: 'node.invoke', params: {} }));
    expect(notes.sent.slice(1).map(frameOf)).toMatchObject([
      { type: 'res', id: 'q-1', ok: true },
      { type: 'res', id: 'q-2', ok: false, error: { code: 'unsupported_method' } },
    ]);
  });

  it('HB-16: probes with what the hello offers, and no more once it is declined', async () => {
    expect((await accepted()).session.probe()).toEqual({ method: 'system-presence', params: {} });
    const none = await accepted(openclaw(), helloPayload({ methods: ['ping'] }));
    expect(none.session.probe()).toBeUndefined();

    const { notes, session } = await accepted(openclaw(), helloPayload({ methods: ['health'] }));
    const probe = session.probe();
    session.request?.('probe-1', probe?.method ?? '', probe?.params);
    session.frame(refusal('probe-1', { code: 'UNAVAILABLE', retryable: true }));
    expect(session.probe()).toEqual(probe);
    session.request?.('probe-2', 'health', {});
    session.frame(refusal('probe-2', { code: 'X', message: 'unknown method: health' }));
    expect(session.probe()).toBeUndefined();
    expect(notes.words).toBe('opened challenged accepted');
    expect(notes.said.join(' ')).toContain('HF_PROBE_DECLINED');
  });

  it('CC-06: passes on that the gateway leaves, and whether it will be back', async () => {
    const { notes, session } = await accepted();
    const payload = { reason: 'gateway restarting', restartExpectedMs: 1500 };
    session.frame(event('shutdown', 1, payload));
    expect(notes.facts.at(-1)).toEqual({ type: 'socket.leaving', expected: true });
    expect(notes.said.at(-1)).toContain('back in about 1500 ms: gateway restarting');
    expect(session.ended({ code: 1012, reason: 'service restart' })).toMatchObject({
      cause: 'restart',
      floorMs: 1500,
    });
    const last = await accepted();
    last.session.frame(event('shutdown', 1, { reason: 'gateway stopping' }));
    expect(last.notes.facts.at(-1)).toEqual({ type: 'socket.leaving', expected: false });
    expect(last.session.ended({ code: 1012, reason: 'service restart' })).toMatchObject({
      cause: 'lost',
    });
    expect([...notes.delivered, ...last.notes.delivered]).toEqual([]);
  });

  it('CC-01, CC-05, CC-08 … CC-11: reads each close as what it is', async () => {
    const ends: [code: number, reason: string, cause: string][] = [
      [1000, '', 'lost'],
      [1006, '', 'lost'],
      [1008, 'slow consumer', 'lost'],
      [1009, '', 'lost'],
      [1011, '', 'lost'],
      [1012, 'service restart', 'restart'],
      [1013, 'gateway starting', 'wait'],
      [4000, 'tick timeout', 'lost'],
      [4001, 'auth changed', 'lost'],
    ];
    for (const [code, reason, cause] of ends) {
      const { session } = await accepted();
      const end = session.ended({ code, reason });
      expect([code, end.cause]).toEqual([code, cause]);
      expect(end.because).toContain(`CLOSE_${code}`);
      expect(end.because).toContain(reason);
    }
    const greeted = await greet(openclaw());
    expect(greeted.session.ended({ code: 1008, reason: 'pairing required' })).toMatchObject({
      cause: 'pairing',
    });
  });

  it('AU-02: leaves a refused request to its caller', async () => {
    const { notes, session } = await accepted();
    session.frame(refusal('r-1', coded('AUTH_TOKEN_MISMATCH')));
    expect(notes.words).toBe('opened challenged accepted');
    expect(notes.delivered).toMatchObject([{ kind: 'answer', id: 'r-1', ok: false }]);
  });

  it('sends no frame longer than the gateway takes, and none that is not JSON', async () => {
    const hello = helloPayload({ policy: { maxPayload: 70_000 } });
    const { session } = await accepted(openclaw(), hello);
    const ask = (params: unknown) => () => session.request?.('r', 'chat.send', params);
    expect(ask({ text: 'x'.repeat(60_000) })).not.toThrow();
    expect(ask({ text: 'x'.repeat(70_000) })).toThrow(
      expect.objectContaining({ code: 'HF_REQUEST_FAILED', delivery: 'not-sent' }),
    );
    expect(ask({ n: 1n })).toThrow(
      expect.objectContaining({ code: 'HF_OPTION_INVALID', delivery: 'not-sent' }),
    );
  });

  it('BI-01, BI-06: tells once that it cannot read, and reads bytes that are text', async () => {
    const { notes, session } = await accepted();
    for (const frame of ['no', 'no', new Uint8Array([0xff])]) session.frame(frame);
    session.frame(new TextEncoder().encode(event('chat', 1)));
    expect(notes.said.filter((line) => line.includes('HF_FRAME_UNREADABLE'))).toHaveLength(1);
    expect(notes.delivered).toHaveLength(1);
  });

  it('says when fewer scopes were granted than asked for', async () => {
    const reduced = helloPayload({ auth: { scopes: [] } });
    const { notes } = await accepted(openclaw(), reduced);
    expect(notes.said.join(' ')).toContain('warn HF_SCOPES_REDUCED');
  });
});

describe('options', () => {
  it('that cannot be meant are refused by name', () => {
    const { deviceTokens } = new Stores();
    const bad: [OpenclawOptions, string][] = [
      [{ deviceTokens }, 'openclaw.deviceTokens'],
      [{ role: '' }, 'openclaw.role'],
      [{ scopes: ['a,b'] }, 'openclaw.scopes'],
      [{ scopes: ['a|b'] }, 'openclaw.scopes'],
    ];
    for (const [options, option] of bad) {
      expect(() => openclaw(options)).toThrow(
        expect.objectContaining({
          code: 'HF_OPTION_INVALID',
          details: expect.objectContaining({ option }),
        }),
      );
    }
  });

  it('have the defaults of the gateway: two ticks, one probe, and its own drain budget', () => {
    expect(openclaw()).toMatchObject({
      name: 'openclaw',
      heartbeat: { mode: 'probe', silenceMs: 60_000, probes: 1, probeMs: 5000 },
      stopGraceMs: 325_000,
    });
  });
});
