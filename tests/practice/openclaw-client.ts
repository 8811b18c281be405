/** A device and a client of the openclaw dialect, as small as they can be. */

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { type Client, dial, type Json } from './house.ts';

export interface Device {
  readonly id: string;
  block(challenge: Json, version: 'v2' | 'v3', words: Words): Json;
}
/** What the signature covers. */
export interface Words {
  clientId: string;
  mode: string;
  role: string;
  scopes: string[];
  token: string;
  platform: string;
  family: string;
}

export function makeDevice(): Device {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const x = String(publicKey.export({ format: 'jwk' }).x);
  const id = createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex');
  return {
    id,
    block({ nonce, ts }, version, words) {
      const { clientId, mode, role, scopes, token, platform, family } = words;
      const parts = [version, id, clientId, mode, role, scopes.join(','), ts, token, nonce];
      if (version === 'v3') parts.push(platform, family);
      const signature = sign(null, Buffer.from(parts.join('|')), privateKey).toString('base64url');
      return { id, publicKey: x, signature, signedAt: ts, nonce };
    },
  };
}

export interface ConnectOptions {
  device?: Device;
  version?: 'v2' | 'v3';
  auth?: Json;
  scopes?: string[];
  role?: string;
  mode?: string;
  protocol?: number;
  /** changes the finished device block */
  spoil?: (block: Json) => Json;
}

/** The params of a connect, signed when there is a device. */
export function connectParams(challenge: Json, options: ConnectOptions = {}): Json {
  const { device, auth, role = 'operator', scopes = ['operator.read'], mode = 'ui' } = options;
  const protocol = options.protocol ?? 4;
  const client = { id: 'gateway-client', version: '1', platform: 'Linux', mode };
  const token = String(auth?.token ?? auth?.deviceToken ?? '');
  const words = { clientId: client.id, mode, role, scopes, token, platform: 'linux', family: '' };
  const block = device?.block(challenge, options.version ?? 'v3', words);
  return {
    minProtocol: protocol,
    maxProtocol: protocol,
    client,
    role,
    scopes,
    ...(auth ? { auth } : {}),
    ...(block ? { device: options.spoil ? options.spoil(block) : block } : {}),
  };
}

export interface Answer {
  ok: boolean;
  payload: Json & {
    auth: { deviceToken?: string; issuedAtMs?: number; scopes: string[]; role: string };
    server: { bootId: string; connId: string; version: string };
    policy: Json;
    features: { methods: string[]; events: string[] };
  };
  error: { code: string; message: string; details: Json; retryAfterMs?: number };
}

export const request = async (client: Client, method: string, params?: unknown, id = method) => {
  client.send({ type: 'req', id, method, params });
  for (;;) {
    const frame = await client.nextJson();
    if (frame.type === 'res' && frame.id === id) return frame as unknown as Answer;
  }
};

/** Dials, waits for the challenge, connects, and hands back the answer. */
export async function connect(url: string, options: ConnectOptions = {}) {
  const client = await dial(url);
  const challenge = await client.nextJson();
  const params = connectParams(challenge.payload as Json, options);
  return { client, challenge, answer: await request(client, 'connect', params) };
}
