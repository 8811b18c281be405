/**
 * Paired devices, their tokens and the proof that a device holds its key (Ed25519 over the v3 or
 * v2 payload). It promises that a token stays the same until it is revoked and that a state file is
 * written whole, for its owner alone; it must never take a broken state file for an empty one.
 */

import { createHash, createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { integerOf, isRecord, type JsonRecord, parseJson, textOf, textsOf } from './json.ts';

export interface Grant {
  readonly token: string;
  readonly scopes: readonly string[];
  readonly issuedAtMs: number;
}

/** A state file that cannot be trusted; the process ends as a configuration error. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

const keyOf = (deviceId: string, role: string) => `${deviceId} ${role}`;

export class DeviceBook {
  /** times a device was paired for a role, in this process */
  pairings = 0;
  readonly #file: string | undefined;
  readonly #grants = new Map<string, Grant>();
  readonly #pending = new Map<string, string>();
  readonly #approved = new Set<string>();

  constructor(file?: string) {
    this.#file = file;
    if (file !== undefined && existsSync(file)) this.#load(file);
  }

  get pending(): readonly string[] {
    return [...this.#pending.values()];
  }

  get size(): number {
    return this.#grants.size;
  }

  grantOf(deviceId: string, role: string): Grant | undefined {
    return this.#grants.get(keyOf(deviceId, role));
  }

  isApproved(deviceId: string): boolean {
    return this.#approved.has(deviceId);
  }

  /** The request that waits for a person; the same device asks only once. */
  ask(deviceId: string, requestId: string | undefined): string {
    const known = this.#pending.get(deviceId) ?? requestId ?? randomUUID();
    this.#pending.set(deviceId, known);
    return known;
  }

  approve(): number {
    const count = this.#pending.size;
    for (const deviceId of this.#pending.keys()) this.#approved.add(deviceId);
    this.#pending.clear();
    return count;
  }

  /** Pairs a device, or hands out the grant it has; wider scopes keep the token. */
  pair(deviceId: string, role: string, scopes: readonly string[]): Grant {
    const known = this.grantOf(deviceId, role);
    const missing = scopes.filter((scope) => !known?.scopes.includes(scope));
    if (known && missing.length === 0 && known.token !== '') return known;
    if (!known) this.pairings += 1;
    const keeps = known && known.token !== '';
    const grant: Grant = {
      token: keeps ? known.token : randomBytes(24).toString('base64url'),
      scopes: [...(known?.scopes ?? []), ...missing],
      issuedAtMs: keeps ? known.issuedAtMs : Date.now(),
    };
    this.#grants.set(keyOf(deviceId, role), grant);
    this.#approved.delete(deviceId);
    this.#save();
    return grant;
  }

  /** Every token is void; the devices stay paired. */
  revokeTokens(): void {
    for (const [key, grant] of this.#grants) this.#grants.set(key, { ...grant, token: '' });
    this.#save();
  }

  unpairAll(): void {
    this.#grants.clear();
    this.#approved.clear();
    this.#save();
  }

  #load(file: string): void {
    const saved = parseJson(readFileSync(file, 'utf8'));
    const grants = isRecord(saved) && saved.version === 1 ? saved.grants : undefined;
    if (!isRecord(grants)) throw new StateError(`state must be version 1 JSON, got ${file}`);
    for (const [key, value] of Object.entries(grants)) {
      const grant = isRecord(value) ? value : undefined;
      const issuedAtMs = integerOf(grant, 'issuedAtMs');
      if (typeof grant?.token !== 'string' || issuedAtMs === undefined) {
        throw new StateError(`state must hold whole grants, got ${file}`);
      }
      this.#grants.set(key, { token: grant.token, scopes: textsOf(grant, 'scopes'), issuedAtMs });
    }
  }

  #save(): void {
    if (this.#file === undefined) return;
    const state = { version: 1, grants: Object.fromEntries(this.#grants) };
    const whole = `${this.#file}.${process.pid}.part`;
    writeFileSync(whole, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(whole, this.#file);
  }
}

export type SignatureVersion = 'v2' | 'v3';

/** Why a proof fails, in the words of `details.reason`, or the version that was signed. */
export type ProofVerdict =
  | { readonly ok: true; readonly version: SignatureVersion }
  | { readonly ok: false; readonly reason: ProofFailure };
export type ProofFailure =
  | 'device-id-mismatch'
  | 'device-signature-stale'
  | 'device-nonce-missing'
  | 'device-nonce-mismatch'
  | 'device-signature'
  | 'device-public-key';

/** What a device signed, besides what is in its own block. */
export interface Signed {
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly platform: string;
  readonly deviceFamily: string;
  /** any of these may be the token in the payload */
  readonly tokens: readonly string[];
}

const skewMostMs = 120_000;

function publicKeyOf(base64url: string) {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url };
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Trimmed, and lower case in ASCII alone: the same on every machine whatever its locale. */
const plainCase = (text: string) => text.trim().replace(/[A-Z]/g, (c) => c.toLowerCase());

function payload(version: SignatureVersion, device: JsonRecord, signed: Signed, token: string) {
  const { clientId, clientMode, role, scopes, platform, deviceFamily } = signed;
  const head = [version, device.id, clientId, clientMode, role, scopes.join(',')];
  const tail = version === 'v3' ? [plainCase(platform), plainCase(deviceFamily)] : [];
  return [...head, device.signedAt, token, device.nonce, ...tail].join('|');
}

export function checkProof(device: JsonRecord, nonce: string, signed: Signed): ProofVerdict {
  const failed = (reason: ProofFailure) => ({ ok: false, reason }) as const;
  const publicKey = textOf(device, 'publicKey') ?? '';
  const raw = Buffer.from(publicKey, 'base64url');
  const fingerprint = createHash('sha256').update(raw).digest('hex');
  if (fingerprint !== device.id) return failed('device-id-mismatch');
  const signedAt = integerOf(device, 'signedAt');
  if (signedAt === undefined || Math.abs(Date.now() - signedAt) > skewMostMs) {
    return failed('device-signature-stale');
  }
  const given = textOf(device, 'nonce');
  if (given === undefined) return failed('device-nonce-missing');
  if (given !== nonce) return failed('device-nonce-mismatch');
  const key = publicKeyOf(publicKey);
  if (!key) return failed('device-public-key');
  const signature = Buffer.from(textOf(device, 'signature') ?? '', 'base64url');
  for (const version of ['v3', 'v2'] as const) {
    for (const token of [...signed.tokens, '']) {
      const text = Buffer.from(payload(version, device, signed, token));
      if (verify(null, text, key, signature)) return { ok: true, version };
    }
  }
  return failed('device-signature');
}
