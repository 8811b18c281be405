/**
 * What we show at the door: asks the host for its credentials at every attempt, loads the identity
 * and the device token, and picks the one credential that is sent. It promises that an identity or
 * a token store that cannot be read ends the attempt with HF_IDENTITY_CORRUPT, before any other
 * credential is used; and that a device token goes alone, in its own field. It must never put a
 * credential into an error, and never offer a second one to an endpoint that is not trusted: the
 * first goes to whatever endpoint the host has chosen.
 */
import { HoldfastError, isHoldfastError } from '../../errors.ts';
import { field, text } from '../hostile.ts';
import {
  covers,
  type DeviceToken,
  type DeviceTokenKey,
  type DeviceTokenStore,
  deviceTokenMax,
  type Identity,
  type IdentityStore,
} from './device.ts';
import { type Client, type ConnectRequest, type Credentials, secretsOf } from './frames.ts';
import type { GatewayMemory } from './memory.ts';
import { type Attempt, isTrusted } from './refusals.ts';

/** What stays the same from attempt to attempt. */
export interface Terms {
  readonly client: Client;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly identity?: IdentityStore;
  readonly deviceTokens?: DeviceTokenStore;
}

/** The gateway at the other end, as far as it is known before it speaks. */
export interface Door {
  readonly endpoint: string;
  /** see `gatewayName` */
  readonly gateway: string | null;
  readonly fingerprint: string | undefined;
}

export interface Papers {
  readonly request: ConnectRequest;
  readonly attempt: Attempt;
  /** where a device token of this gateway belongs; null when none can be kept */
  readonly key: DeviceTokenKey | null;
  /** what lies there now */
  readonly stored: DeviceToken | null;
}

/** Before anything was asked for. */
export function nothingSent(role: string): Attempt {
  const secrets: string[] = [];
  return { role, credentials: 'none', proof: null, canFallBack: false, trusted: false, secrets };
}

export async function gather(
  terms: Terms,
  door: Door,
  memory: GatewayMemory,
  { ask, saving }: { ask(): Promise<unknown>; saving(work: Promise<unknown>): void },
): Promise<Papers> {
  const { client, role, scopes } = terms;
  const loading = identityOf(terms);
  // the first time, it is made and written
  saving(loading);
  const identity = await loading;
  const key = keyOf(terms, door, identity);
  const stored = await storedToken(terms, key, memory);
  const shared = readCredentials(await ask());
  const usable = stored !== null && !memory.hasDroppedToken && covers(stored, scopes);
  const credentials: Credentials = usable ? { kind: 'device-token', token: stored.token } : shared;
  const proof = identity === null ? null : memory.proof;
  const secrets = [...secretsOf(shared), ...secretsOf(credentials)];
  if (stored !== null) secrets.push(stored.token);
  return {
    request: {
      client,
      role,
      scopes,
      credentials,
      ...(identity === null || proof === null ? {} : { device: { identity, proof } }),
    },
    attempt: {
      role,
      credentials: credentials.kind,
      proof,
      canFallBack: shared.kind !== 'none' && !memory.hasDroppedToken,
      trusted: isTrusted(door.endpoint, door.fingerprint),
      secrets: [...new Set(secrets)],
    },
    key,
    stored,
  };
}

async function identityOf({ identity }: Terms): Promise<Identity | null> {
  if (identity === undefined) return null;
  return failingClosed('identity', () => identity.load());
}

function keyOf(terms: Terms, door: Door, identity: Identity | null): DeviceTokenKey | null {
  if (identity === null || terms.deviceTokens === undefined || door.gateway === null) return null;
  return { gateway: door.gateway, deviceId: identity.deviceId, role: terms.role };
}

async function storedToken(
  { deviceTokens }: Terms,
  key: DeviceTokenKey | null,
  memory: GatewayMemory,
): Promise<DeviceToken | null> {
  if (deviceTokens === undefined || key === null) return null;
  await memory.stored;
  return failingClosed('device token', () => deviceTokens.load(key));
}

/** A store of the host may fail in words of its own: they end the attempt in ours. */
async function failingClosed<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (isHoldfastError(cause)) throw cause;
    throw new HoldfastError(
      'HF_IDENTITY_CORRUPT',
      `the ${what} cannot be loaded; repair its store, then start() again`,
      { cause },
    );
  }
}

/** `{ token }`, `{ password }`, a token as text, or nothing at all. */
function readCredentials(given: unknown): Credentials {
  if (given === undefined || given === null) return { kind: 'none' };
  const token = typeof given === 'string' ? given : field(given, 'token');
  const password = field(given, 'password');
  if (token !== undefined && password === undefined) {
    const read = text(token, deviceTokenMax);
    if (read !== null) return { kind: 'token', token: read };
  } else if (password !== undefined && token === undefined) {
    const read = text(password, deviceTokenMax);
    if (read !== null) return { kind: 'password', password: read };
  }
  throw new HoldfastError(
    'HF_CREDENTIALS',
    'link.credentials must give { token }, { password }, a token or nothing, each a text of ' +
      `1 to ${deviceTokenMax} characters; got ${shape(given)}`,
    { details: { option: 'link.credentials' } },
  );
}

/** Never the value: it is, or was meant to be, a secret. */
function shape(given: unknown): string {
  if (typeof given === 'string') return given.trim() === '' ? 'an empty text' : 'a longer text';
  if (typeof given !== 'object' || given === null) return `a ${typeof given}`;
  const names = ['token', 'password'].filter((name) => Object.hasOwn(given, name));
  return names.length === 0 ? 'an object with neither' : `unusable ${names.join(' and ')}`;
}
