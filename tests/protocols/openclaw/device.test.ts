/** The device identity, its proofs, and the stores that keep it and the tokens issued to it. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHoldfastError } from '../../../src/errors.ts';
import {
  covers,
  createIdentity,
  type DeviceTokenKey,
  deviceBlock,
  deviceTokenStore,
  gatewayName,
  type Identity,
  identityStore,
  type PrivateFiles,
  type ProofSubject,
  proofPayload,
  readIdentity,
  tokenToKeep,
} from '../../../src/protocols/openclaw/device.ts';

/** A folder in memory that keeps the promises of the port, and breaks on request. */
class Folder implements PrivateFiles {
  readonly files = new Map<string, string>();
  writes = 0;
  failing: 'read' | 'create' | 'replace' | 'remove' | undefined;

  async read(name: string): Promise<string | null> {
    this.#fail('read');
    return this.files.get(name) ?? null;
  }

  async create(name: string, contents: string): Promise<boolean> {
    this.#fail('create');
    if (this.files.has(name)) return false;
    this.#write(name, contents);
    return true;
  }

  async replace(name: string, contents: string): Promise<void> {
    this.#fail('replace');
    this.#write(name, contents);
  }

  async remove(name: string): Promise<void> {
    this.#fail('remove');
    this.files.delete(name);
  }

  #write(name: string, contents: string): void {
    this.writes += 1;
    this.files.set(name, contents);
  }

  #fail(verb: Folder['failing']): void {
    if (this.failing === verb) throw new Error(`EACCES: permission denied, ${verb}`);
  }
}

const subject: ProofSubject = {
  clientId: 'gateway-client',
  clientMode: 'ui',
  role: 'operator',
  scopes: ['operator.read', 'operator.write'],
  signedAtMs: 1_795_352_163_567,
  token: 't0ken',
  nonce: 'n-1',
  platform: ' Linux ',
  deviceFamily: 'DESKTOP',
};

function holds({ publicKey }: Identity, payload: string, signature: string): boolean {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey },
    format: 'jwk',
  });
  return verify(null, Buffer.from(payload), key, Buffer.from(signature, 'base64url'));
}

/** The code and text of what a promise rejects with. */
async function failure(work: Promise<unknown>): Promise<{ code: string; text: string }> {
  try {
    await work;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { code: error.code, text: `${error.message} ${JSON.stringify(error)}` };
  }
  throw new Error('it did not fail');
}

describe('an identity', () => {
  it('is named after its public key', () => {
    const { identity } = createIdentity();
    const raw = Buffer.from(identity.publicKey, 'base64url');
    expect(raw).toHaveLength(32);
    expect(identity.deviceId).toBe(createHash('sha256').update(raw).digest('hex'));
  });

  it('comes back from its text as the same device', () => {
    const { identity, text } = createIdentity();
    const again = readIdentity(text);
    expect(again?.deviceId).toBe(identity.deviceId);
    expect(again?.sign('x')).toBe(identity.sign('x'));
  });

  it('shows no private key, also as JSON', () => {
    const { identity, text } = createIdentity();
    const { privateKey } = JSON.parse(text);
    expect(text).toContain(privateKey);
    expect(JSON.stringify(identity)).not.toContain(privateKey);
  });

  it('is not read from a text in which anything was changed', () => {
    const { text } = createIdentity();
    const other = JSON.parse(createIdentity().text);
    const whole = JSON.parse(text);
    for (const name of ['version', 'deviceId', 'publicKey', 'privateKey']) {
      expect(readIdentity(JSON.stringify({ ...whole, [name]: undefined }))).toBeNull();
      expect(readIdentity(JSON.stringify({ ...whole, [name]: 'AAAA' }))).toBeNull();
      if (name !== 'version') {
        expect(readIdentity(JSON.stringify({ ...whole, [name]: other[name] }))).toBeNull();
      }
    }
    for (let length = 0; length < text.length - 2; length += 7) {
      expect(readIdentity(text.slice(0, length))).toBeNull();
    }
  });

  it('is not read from any other text, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readIdentity(text)).toBeNull();
      }),
    );
  });
});

describe('a proof', () => {
  it('signs the fields of the request in their order, v3 with folded metadata', () => {
    const head =
      'd|gateway-client|ui|operator|operator.read,operator.write|1795352163567|t0ken|n-1';
    expect(proofPayload('v2', 'd', subject)).toBe(`v2|${head}`);
    expect(proofPayload('v3', 'd', subject)).toBe(`v3|${head}|linux|desktop`);
  });

  it('folds ASCII only, as the gateway does', () => {
    const payload = proofPayload('v3', 'd', { ...subject, platform: 'İÄ-X' });
    expect(payload).toContain('|İÄ-x|');
  });

  it('holds for the key that it names, and for nothing else', () => {
    const { identity } = createIdentity();
    for (const version of ['v3', 'v2'] as const) {
      const block = deviceBlock(identity, version, subject);
      const payload = proofPayload(version, identity.deviceId, subject);
      expect(holds(identity, payload, block.signature)).toBe(true);
      expect(holds(createIdentity().identity, payload, block.signature)).toBe(false);
      expect(holds(identity, `${payload}x`, block.signature)).toBe(false);
    }
  });

  it('carries the time and the nonce of the challenge, so our own clock may be wrong', () => {
    const { identity } = createIdentity();
    const block = deviceBlock(identity, 'v3', { ...subject, signedAtMs: 12, nonce: 'abc' });
    expect(block).toMatchObject({ id: identity.deviceId, signedAt: 12, nonce: 'abc' });
  });
});

describe('the identity store', () => {
  it('makes an identity once and gives the same one ever after', async () => {
    const folder = new Folder();
    const first = await identityStore(folder).load();
    const second = await identityStore(folder).load();
    expect(second.deviceId).toBe(first.deviceId);
    expect(folder.writes).toBe(1);
  });

  it('gives everybody the same identity when many ask at once', async () => {
    const folder = new Folder();
    const stores = Array.from({ length: 8 }, () => identityStore(folder));
    const all = await Promise.all(stores.map((store) => store.load()));
    expect(new Set(all.map(({ deviceId }) => deviceId)).size).toBe(1);
    expect(folder.writes).toBe(1);
  });

  it('fails closed on a corrupt file, writes nothing and shows nothing of it (AU-17)', async () => {
    const { text } = createIdentity();
    const { privateKey } = JSON.parse(text);
    for (const corrupt of ['', '{}', 'null', text.slice(0, -20), text.replace('1', '2')]) {
      const folder = new Folder();
      folder.files.set('identity.json', corrupt);
      const { code, text: words } = await failure(identityStore(folder).load());
      expect(code).toBe('HF_IDENTITY_CORRUPT');
      expect(words).not.toContain(privateKey);
      expect(folder.files.get('identity.json')).toBe(corrupt);
      expect(folder.writes).toBe(0);
    }
  });

  it('fails closed on a file that cannot be read (AU-17)', async () => {
    const folder = new Folder();
    folder.failing = 'read';
    expect((await failure(identityStore(folder).load())).code).toBe('HF_IDENTITY_CORRUPT');
    expect(folder.writes).toBe(0);
  });

  it('uses no identity that it could not write down', async () => {
    const folder = new Folder();
    folder.failing = 'create';
    const { code, text } = await failure(identityStore(folder).load());
    expect(code).toBe('HF_IDENTITY_CORRUPT');
    expect(text).toContain('cannot be written');
  });
});

describe('the device-token store', () => {
  const key: DeviceTokenKey = { gateway: 'sha256:aa', deviceId: 'd', role: 'operator' };
  const token = { token: 'dev-t0ken', scopes: ['operator.read'] };

  it('gives back what was saved under the same key, and nothing under another', async () => {
    const store = deviceTokenStore(new Folder());
    expect(await store.load(key)).toBeNull();
    await store.save(key, token);
    expect(await store.load(key)).toEqual(token);
    for (const other of [{ gateway: 'sha256:ab' }, { deviceId: 'e' }, { role: 'node' }]) {
      expect(await store.load({ ...key, ...other })).toBeNull();
    }
    await store.save(key, { token: 'newer', scopes: [] });
    expect(await store.load(key)).toEqual({ token: 'newer', scopes: [] });
    await store.clear(key);
    await store.clear(key);
    expect(await store.load(key)).toBeNull();
  });

  it('makes no path of a name that somebody else chose', async () => {
    const folder = new Folder();
    const store = deviceTokenStore(folder);
    await store.save({ gateway: '../../x', deviceId: '/etc/passwd', role: '..\0' }, token);
    expect([...folder.files.keys()]).toEqual([expect.stringMatching(/^token-[0-9a-f]{32}\.json$/)]);
  });

  it('fails closed on a corrupt file, and clears it when told to (AU-17)', async () => {
    const folder = new Folder();
    const store = deviceTokenStore(folder);
    await store.save(key, token);
    const [name = ''] = folder.files.keys();
    const written = folder.files.get(name) ?? '';
    const moved = JSON.stringify({ ...JSON.parse(written), gateway: 'sha256:ab' });
    for (const corrupt of ['', 'null', written.slice(0, -9), moved]) {
      folder.files.set(name, corrupt);
      const { code, text } = await failure(store.load(key));
      expect(code).toBe('HF_IDENTITY_CORRUPT');
      expect(text).not.toContain(token.token);
    }
    await store.clear(key);
    expect(await store.load(key)).toBeNull();
  });

  it('says when a token could not be saved, and shows nothing of it (AU-21)', async () => {
    const folder = new Folder();
    folder.failing = 'replace';
    const { code, text } = await failure(deviceTokenStore(folder).save(key, token));
    expect(code).toBe('HF_IDENTITY_CORRUPT');
    expect(text).toContain('cannot be written');
    expect(text).not.toContain(token.token);
  });

  it('keeps the grant of a token that the gateway only repeats (AU-23)', () => {
    const scopes = ['operator.read'];
    const stored = { token: 'a', scopes: ['operator.read', 'operator.write'] };
    expect(tokenToKeep(stored, { deviceToken: 'a', scopes })).toBeNull();
    expect(tokenToKeep(stored, { deviceToken: null, scopes })).toBeNull();
    expect(tokenToKeep(stored, { deviceToken: 'b', scopes })).toEqual({ token: 'b', scopes });
    expect(tokenToKeep(null, { deviceToken: 'a', scopes })).toEqual({ token: 'a', scopes });
  });

  it('says whether a grant suffices for what is asked', () => {
    expect(covers(token, ['operator.read'])).toBe(true);
    expect(covers(token, [])).toBe(true);
    expect(covers(token, ['operator.read', 'operator.admin'])).toBe(false);
  });
});

describe('the name of a gateway', () => {
  it('is its pinned certificate, else where it listens, without credentials', () => {
    const pin = 'AB:'.repeat(31).concat('CD');
    expect(gatewayName('wss://h:1/x', pin)).toBe(`sha256:${'ab'.repeat(31)}cd`);
    expect(gatewayName('wss://User:pw@H.example:443/p?token=t')).toBe('wss://h.example');
    expect(gatewayName('ws://127.0.0.1:18789')).toBe('ws://127.0.0.1:18789');
    expect(gatewayName('ws://127.0.0.1:18789', 'no pin')).toBe('ws://127.0.0.1:18789');
    expect(gatewayName('nonsense')).toBeNull();
  });
});
