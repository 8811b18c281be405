/**
 * Who we are to a gateway: an Ed25519 key pair, the name derived from it, and the proof that signs
 * a challenge with it; and where it and the tokens issued to it are kept.
 *
 * It promises that an identity is made once and then stays the same: what is stored and cannot be
 * read is an error with code HF_IDENTITY_CORRUPT, never a reason to make another one, because a new
 * key means a new pairing and a person who approves it. It must never put a private key or a token
 * into an error, a log or the JSON of an identity, and never read a clock: the time in a proof is
 * the challenge's own.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { field, parse, word, words } from '../hostile.ts';

/** What can prove who it is. The private key stays inside `sign`. */
export interface Identity {
  /** SHA-256 of the raw public key, 64 hex digits */
  readonly deviceId: string;
  /** the raw 32 bytes, base64url */
  readonly publicKey: string;
  /** an Ed25519 signature over the UTF-8 of the payload, base64url */
  sign(payload: string): string;
}

/** Everything a signature covers. The words are those of the connect request. */
export interface ProofSubject {
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  /** `ts` of the challenge: the gateway's own clock, so that ours may be wrong */
  readonly signedAtMs: number;
  /** the credential of the same request; empty for a password or for none */
  readonly token: string;
  readonly nonce: string;
  readonly platform: string;
  readonly deviceFamily: string;
}

/** v3 covers platform and device family; v2 is what an older gateway accepts. */
export type ProofVersion = 'v3' | 'v2';

/** `device` of the connect request. */
export interface DeviceBlock {
  readonly id: string;
  readonly publicKey: string;
  readonly signature: string;
  readonly signedAt: number;
  readonly nonce: string;
}

/** Spaces around and ASCII capitals do not count, exactly as the gateway compares. */
function folded(value: string): string {
  return value.trim().replace(/[A-Z]/g, (capital) => capital.toLowerCase());
}

/** The line that is signed. */
export function proofPayload(version: ProofVersion, deviceId: string, of: ProofSubject): string {
  const fields = [
    version,
    deviceId,
    of.clientId,
    of.clientMode,
    of.role,
    of.scopes.join(','),
    String(of.signedAtMs),
    of.token,
    of.nonce,
  ];
  if (version === 'v3') fields.push(folded(of.platform), folded(of.deviceFamily));
  return fields.join('|');
}

export function deviceBlock(
  identity: Identity,
  version: ProofVersion,
  of: ProofSubject,
): DeviceBlock {
  return {
    id: identity.deviceId,
    publicKey: identity.publicKey,
    signature: identity.sign(proofPayload(version, identity.deviceId, of)),
    signedAt: of.signedAtMs,
    nonce: of.nonce,
  };
}

// the key ---------------------------------------------------------------------------------------

/** A fresh identity and the text that brings it back. The text is a secret. */
export function createIdentity(): { readonly identity: Identity; readonly text: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const identity = identityOf(privateKey);
  const stored = {
    version: 1,
    deviceId: identity.deviceId,
    publicKey: identity.publicKey,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
  };
  return { identity, text: `${JSON.stringify(stored, null, 2)}\n` };
}

/** The identity in this text, or nothing: every field must be there and agree with the key. */
export function readIdentity(stored: string): Identity | null {
  const json = parse(stored);
  if (json === null || field(json.value, 'version') !== 1) return null;
  const encoded = word(field(json.value, 'privateKey'), 256);
  if (encoded === null) return null;
  let identity: Identity;
  try {
    const key = Buffer.from(encoded, 'base64url');
    identity = identityOf(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  } catch {
    return null;
  }
  const agrees =
    field(json.value, 'deviceId') === identity.deviceId &&
    field(json.value, 'publicKey') === identity.publicKey;
  return agrees ? identity : null;
}

function identityOf(privateKey: KeyObject): Identity {
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined) throw new TypeError('not Ed25519');
  return {
    deviceId: createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex'),
    publicKey: x,
    sign: (payload) => sign(null, Buffer.from(payload, 'utf8'), privateKey).toString('base64url'),
  };
}

// where it is kept ------------------------------------------------------------------------------

/**
 * A folder for secrets: one small text file per name, readable by its owner alone (0600, made in a
 * folder of 0700), and whole after a crash: a writer fills a temporary file beside it, flushes it,
 * and renames it. `name` is a plain file name.
 */
export interface PrivateFiles {
  /** null when there is none; rejects when there is one that cannot be trusted or read */
  read(name: string): Promise<string | null>;
  /** false when one was there already, which is then left alone */
  create(name: string, contents: string): Promise<boolean>;
  replace(name: string, contents: string): Promise<void>;
  /** resolves when there is none */
  remove(name: string): Promise<void>;
}

/** Gives the identity of this installation, made on the first call ever. */
export interface IdentityStore {
  load(): Promise<Identity>;
}

const identityName = 'identity.json';

export function identityStore(files: PrivateFiles): IdentityStore {
  const stored = async (): Promise<Identity | null> => {
    const contents = await guarded(identityName, 'read', () => files.read(identityName));
    if (contents === null) return null;
    const identity = readIdentity(contents);
    if (identity === null) throw corrupt(identityName);
    return identity;
  };
  return {
    async load() {
      const present = await stored();
      if (present !== null) return present;
      const fresh = createIdentity();
      const ours = await guarded(identityName, 'write', () =>
        files.create(identityName, fresh.text),
      );
      if (ours) return fresh.identity;
      // Another process was faster: its identity is the one, ours was never used.
      const theirs = await stored();
      if (theirs === null) throw corrupt(identityName);
      return theirs;
    },
  };
}

/** Which token: a gateway issues one per device and role. */
export interface DeviceTokenKey {
  /** see `gatewayName` */
  readonly gateway: string;
  readonly deviceId: string;
  readonly role: string;
}

export interface DeviceToken {
  readonly token: string;
  /** what was granted with it: asked for again when the token is used again */
  readonly scopes: readonly string[];
}

export interface DeviceTokenStore {
  /** null when there is none */
  load(key: DeviceTokenKey): Promise<DeviceToken | null>;
  save(key: DeviceTokenKey, token: DeviceToken): Promise<void>;
  clear(key: DeviceTokenKey): Promise<void>;
}

/** One file per key, so that two links never overwrite each other's token. */
export function deviceTokenStore(files: PrivateFiles): DeviceTokenStore {
  return {
    async load(key) {
      const name = tokenName(key);
      const contents = await guarded(name, 'read', () => files.read(name));
      if (contents === null) return null;
      const found = readToken(key, contents);
      if (found === null) throw corrupt(name);
      return found;
    },
    async save(key, { token, scopes }) {
      const name = tokenName(key);
      const { gateway, deviceId, role } = key;
      const record = { version: 1, gateway, deviceId, role, token, scopes };
      const contents = `${JSON.stringify(record, null, 2)}\n`;
      await guarded(name, 'write', () => files.replace(name, contents));
    },
    async clear(key) {
      const name = tokenName(key);
      await guarded(name, 'remove', () => files.remove(name));
    },
  };
}

/** Longest token that is believed to be one. */
export const deviceTokenMax = 4096;

/** Whether the grant suffices. More scopes are asked for with the shared credential instead. */
export function covers(grant: DeviceToken, scopes: readonly string[]): boolean {
  return scopes.every((scope) => grant.scopes.includes(scope));
}

/**
 * What a hello adds to the store; null when there is nothing to write. A gateway repeats a token
 * it knows beside the scopes of this connection, which may be fewer than were granted with it.
 */
export function tokenToKeep(
  stored: DeviceToken | null,
  auth: { readonly deviceToken: string | null; readonly scopes: readonly string[] },
): DeviceToken | null {
  if (auth.deviceToken === null || auth.deviceToken === stored?.token) return null;
  return { token: auth.deviceToken, scopes: auth.scopes };
}

function readToken(key: DeviceTokenKey, contents: string): DeviceToken | null {
  const json = parse(contents);
  if (json === null || field(json.value, 'version') !== 1) return null;
  for (const part of ['gateway', 'deviceId', 'role'] as const) {
    if (field(json.value, part) !== key[part]) return null;
  }
  const token = word(field(json.value, 'token'), deviceTokenMax);
  const scopes = words(field(json.value, 'scopes'), 64, 128);
  return token === null ? null : { token, scopes };
}

/** Nothing a gateway or a user named becomes a path. */
function tokenName({ gateway, deviceId, role }: DeviceTokenKey): string {
  const digest = createHash('sha256').update(JSON.stringify([gateway, deviceId, role]));
  return `token-${digest.digest('hex').slice(0, 32)}.json`;
}

/**
 * The name tokens are kept under: the certificate where it is pinned, since whoever holds its key
 * is the gateway wherever it listens; else scheme, host and port. Null for what is no address.
 */
export function gatewayName(url: string, fingerprint?: string): string | null {
  const pinned = fingerprint?.replaceAll(':', '').toLowerCase();
  if (pinned !== undefined && /^[0-9a-f]{64}$/.test(pinned)) return `sha256:${pinned}`;
  if (!URL.canParse(url)) return null;
  const { protocol, host } = new URL(url);
  return host === '' ? null : `${protocol}//${host}`;
}

function corrupt(name: string): HoldfastError {
  return new HoldfastError(
    'HF_IDENTITY_CORRUPT',
    `${name} is damaged. Restore it from a copy; or delete it and pair this device again.`,
    { details: { file: name, problem: 'damaged' } },
  );
}

/** File trouble under our code. The cause names the file and the system's reason, no content. */
async function guarded<T>(
  name: string,
  verb: 'read' | 'write' | 'remove',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const problem = verb === 'read' ? 'unreadable' : 'unwritable';
    throw new HoldfastError(
      'HF_IDENTITY_CORRUPT',
      `${name} cannot be ${verb === 'read' ? 'read' : verb === 'write' ? 'written' : 'removed'}.`,
      { details: { file: name, problem }, cause },
    );
  }
}
