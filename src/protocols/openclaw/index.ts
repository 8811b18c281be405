/**
 * The protocol of the OpenClaw gateway, version 4, from the side of a host app: `openclaw()` for a
 * gateway on this machine with its shared token, `openclaw({ identity, deviceTokens })` for a
 * device that is paired once and comes back by itself.
 *
 * It promises that what one gateway has taught us (an older signature, a dead device token) counts
 * for that gateway alone and until its next hello. It must never open a socket, never read a file,
 * and never make an identity: those are the host's, behind the ports it is given.
 */
import { HoldfastError } from '../../errors.ts';
import type { Protocol } from '../../ports.ts';
import { word } from '../hostile.ts';
import type { DeviceTokenStore, IdentityStore } from './device.ts';
import type { Client } from './frames.ts';
import { classify, classifyExit } from './lines.ts';
import { Memories } from './memory.ts';
import type { Terms } from './papers.ts';
import { OpenclawSession, type PinnedHost } from './session.ts';

export interface OpenclawOptions {
  /** who this device is; without it the gateway sees a helper on its own machine */
  identity?: IdentityStore;
  /** where the tokens issued to this device are kept; without it the shared one is sent always */
  deviceTokens?: DeviceTokenStore;
  /** how we introduce ourselves; a gateway that sees other words may ask for a new approval */
  client?: Partial<Client>;
  /** default `operator` */
  role?: string;
  /** default `operator.admin`; asking for more later needs a person's approval */
  scopes?: readonly string[];
}

/** The gateway logs its own drain budget when it starts: 325 s, after which it ends by itself. */
const stopGraceMs = 325_000;

/** Throws `HF_OPTION_INVALID`. */
export function openclaw(options: OpenclawOptions = {}): Protocol {
  const terms = termsOf(options);
  const memories = new Memories();
  return {
    name: 'openclaw',
    // Two ticks of silence, then one question; a hello that states its own rhythm replaces it.
    heartbeat: { mode: 'probe', silenceMs: 60_000, probes: 1, probeMs: 5000 },
    stopGraceMs,
    classify,
    classifyExit,
    session: (host: PinnedHost) => new OpenclawSession(host, terms, memories),
  };
}

function termsOf(options: OpenclawOptions): Terms {
  const { identity, deviceTokens, client = {}, role = 'operator' } = options;
  const { scopes = ['operator.admin'] } = options;
  if (deviceTokens !== undefined && identity === undefined) {
    throw invalid('deviceTokens', 'needs an identity: a token is issued to a device');
  }
  if (!signable(role)) throw invalid('role', `must be ${aWord}`);
  if (!Array.isArray(scopes) || scopes.length > 64 || !scopes.every(signable)) {
    throw invalid('scopes', `must be at most 64 texts, each ${aWord}`);
  }
  // Only a client of mode `backend` is let in without a device; only another one is paired.
  const mode = identity === undefined ? 'backend' : 'ui';
  const platform = process.platform;
  return {
    client: { id: 'gateway-client', mode, version: '0.1.0', platform, ...client },
    role,
    scopes: [...scopes],
    ...(identity === undefined ? {} : { identity }),
    ...(deviceTokens === undefined ? {} : { deviceTokens }),
  };
}

/** What is signed is joined by `|` and `,`: a word with one of them would be two. */
const aWord = 'a word of visible characters without , and |';

function signable(value: unknown): boolean {
  const read = word(value, 128);
  return read !== null && !/[,|]/.test(read);
}

function invalid(option: string, rule: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `openclaw.${option} ${rule}`, {
    details: { option: `openclaw.${option}`, rule },
  });
}

export {
  type DeviceToken,
  type DeviceTokenKey,
  type DeviceTokenStore,
  deviceTokenStore,
  type Identity,
  type IdentityStore,
  identityStore,
  type PrivateFiles,
} from './device.ts';
export type { Client } from './frames.ts';
