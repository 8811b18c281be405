/**
 * What it means when a gateway says no or goes away: each refusal of a connect request, close code
 * and refused upgrade falls into one of nine kinds, with the earliest time a next try makes sense.
 *
 * It promises that a peer cannot make us loop: what only a person can cure stops the link, what has
 * a remedy of our own (older signature, other credential) is offered once, and every hint of the
 * server is a floor, never a reason to come earlier. It must never throw, keep a long text, repeat
 * a secret, or offer a second credential to an endpoint that is not trusted.
 */
import type { EndCause } from '../../../machines/contracts.ts';
import { delayMs, field, sentence, word } from '../hostile.ts';
import type { ProofVersion } from './device.ts';
import type { Credentials, Leaving } from './frames.ts';

export type RefusalKind =
  /** lost, or refused in a way that time may cure: back off and try again */
  | 'retry'
  /** the peer names the earliest next try */
  | 'wait'
  /** the peer restarts and will be back */
  | 'restart'
  /** the credentials are wrong or missing: pause until somebody changes them */
  | 'credentials'
  /** a person must approve this device */
  | 'pairing'
  /** the two sides do not speak the same protocol */
  | 'protocol'
  /** our identity is missing or not believed */
  | 'identity'
  /** sign the older way: once, on a fresh socket */
  | 'signature'
  /** the stored device token is dead: drop it, try the shared one once, on a fresh socket */
  | 'device-token';

export interface Refusal {
  readonly kind: RefusalKind;
  /** no try before this time has passed; 0 when the peer asks for nothing */
  readonly floorMs: number;
  /** the most telling code there is: `AUTH_TOKEN_MISMATCH`, `UNAVAILABLE`, `CLOSE_1012`, … */
  readonly code: string;
  /** the peer's own words, one line; may be empty */
  readonly message: string;
  /** with kind `pairing` only */
  readonly pairing: Pairing | null;
}

export interface Pairing {
  /** what to approve, fit for a command line; null when the peer's was missing or malformed */
  readonly requestId: string | null;
  readonly reason: PairingReason | null;
  /** whether to ask again, slowly, while a person decides */
  readonly retry: boolean;
}

const pairingReasons = ['not-paired', 'role-upgrade', 'scope-upgrade', 'metadata-upgrade'] as const;
export type PairingReason = (typeof pairingReasons)[number];

/** What we had sent when the refusal came. */
export interface Attempt {
  readonly role: string;
  readonly credentials: Credentials['kind'];
  /** the signature that was sent; null without device identity */
  readonly proof: ProofVersion | null;
  /** a shared credential is at hand, and no device token was dropped since the last hello */
  readonly canFallBack: boolean;
  /** see `isTrusted` */
  readonly trusted: boolean;
  /** must not come back in any text that is kept */
  readonly secrets: readonly string[];
}

/** The word the machines have for it. The two remedies of our own are the same word there. */
export function endCause({ kind }: Refusal): EndCause {
  switch (kind) {
    case 'retry':
      return 'lost';
    case 'signature':
    case 'device-token':
      return 'again';
    default:
      return kind;
  }
}

const meanings: Readonly<Record<RefusalKind, string>> = {
  retry: 'The connection to the gateway ended',
  wait: 'The gateway asks for time',
  restart: 'The gateway restarts',
  credentials: 'The gateway does not accept our credentials',
  pairing: 'A person must approve this device at the gateway',
  protocol: 'The gateway and we speak different protocols',
  identity: 'The gateway does not accept our device identity',
  signature: 'The gateway does not accept the newer form of our signature',
  'device-token': 'The gateway no longer knows our device token',
};

/** One sentence for a person, safe to log. */
export function explain({ kind, code, message, pairing }: Refusal): string {
  const request = pairing?.requestId == null ? '' : `, request ${pairing.requestId}`;
  return `${meanings[kind]} (${code}${request})${message === '' ? '' : `: ${message}`}`;
}

/** Loopback, or TLS whose certificate is pinned: the only ends that get a second credential. */
export function isTrusted(url: string, fingerprint?: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  if (/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)) return true;
  return protocol === 'wss:' && fingerprint !== undefined && fingerprint !== '';
}

// refusals of the connect request ---------------------------------------------------------------

/** Without a hint, a rate limit is waited out this long; the gateway's own lock lasts 5 minutes. */
const rateLimitMs = 30_000;
/** And when that was not enough, this long: the last one for ever. */
const rateLimitsMs = [rateLimitMs, 60_000, 120_000, 300_000];

/** It has counted our requests, and does not say when the next one is welcome. */
export const isUndatedLimit = ({ code, floorMs }: Refusal): boolean =>
  (code === 'AUTH_RATE_LIMITED' || code === 'HTTP_429') && floorMs === rateLimitMs;

/** The floor after so many undated limits in a row. */
export const limitFloor = (before: number): number => rateLimitsMs[before] ?? 300_000;
/** Startup is polled: the hint is held within these bounds. */
const startup = { least: 100, usual: 500, most: 2000 };

const byCode: Readonly<Record<string, RefusalKind>> = {
  AUTH_REQUIRED: 'credentials',
  AUTH_UNAUTHORIZED: 'credentials',
  AUTH_TOKEN_MISSING: 'credentials',
  AUTH_TOKEN_MISMATCH: 'credentials',
  AUTH_TOKEN_NOT_CONFIGURED: 'credentials',
  AUTH_PASSWORD_MISSING: 'credentials',
  AUTH_PASSWORD_MISMATCH: 'credentials',
  AUTH_PASSWORD_NOT_CONFIGURED: 'credentials',
  AUTH_BOOTSTRAP_TOKEN_INVALID: 'credentials',
  AUTH_DEVICE_TOKEN_MISMATCH: 'credentials',
  AUTH_SCOPE_MISMATCH: 'credentials',
  AUTH_TAILSCALE_IDENTITY_MISSING: 'credentials',
  AUTH_TAILSCALE_PROXY_MISSING: 'credentials',
  AUTH_TAILSCALE_IDENTITY_MISMATCH: 'credentials',
  AUTH_IDENTITY_HEADER_REQUIRED: 'credentials',
  AUTH_VERIFIED_USER_REQUIRED: 'credentials',
  CONTROL_UI_ORIGIN_NOT_ALLOWED: 'credentials',
  // A lookup that the gateway makes elsewhere failed: nothing of ours is wrong.
  AUTH_TAILSCALE_WHOIS_FAILED: 'retry',
  AUTHENTICATED_PROFILE_UNAVAILABLE: 'wait',
  AUTH_RATE_LIMITED: 'wait',
  PROTOCOL_MISMATCH: 'protocol',
  CLIENT_VERSION_MISMATCH: 'protocol',
  CONTROL_UI_BUILD_MISMATCH: 'protocol',
  DEVICE_AUTH_INVALID: 'identity',
  DEVICE_AUTH_DEVICE_ID_MISMATCH: 'identity',
  DEVICE_AUTH_PUBLIC_KEY_INVALID: 'identity',
  DEVICE_AUTH_NONCE_REQUIRED: 'identity',
  DEVICE_AUTH_SIGNATURE_INVALID: 'identity',
  // Signed with the challenge's own time, so age is no excuse and an older form no remedy.
  DEVICE_AUTH_SIGNATURE_EXPIRED: 'identity',
  // A fresh socket brings a fresh nonce.
  DEVICE_AUTH_NONCE_MISMATCH: 'retry',
  PAIRING_REQUIRED: 'pairing',
};

/** Also said to a client that needs no identity, when it brings no token either. */
const identityWanted = ['DEVICE_IDENTITY_REQUIRED', 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED'];

const deadTokenCodes = ['AUTH_DEVICE_TOKEN_MISMATCH', 'AUTH_TOKEN_MISMATCH', 'AUTH_UNAUTHORIZED'];

/** The `error` of the answer to our connect request. */
export function readRefusal(error: unknown, attempt: Attempt): Refusal {
  const details = field(error, 'details');
  const outer = codeWord(field(error, 'code'), attempt);
  const inner = codeWord(field(details, 'code'), attempt);
  const code = inner ?? outer ?? 'UNKNOWN';
  const hint = delayMs(field(error, 'retryAfterMs'));
  const message = sentence(field(error, 'message'), attempt.secrets);
  const as = (kind: RefusalKind, floorMs = hint ?? 0): Refusal => ({
    kind,
    floorMs,
    code,
    message,
    pairing: kind === 'pairing' ? readPairing(details, attempt) : null,
  });

  if (deadTokenCodes.includes(code) && canDropToken(attempt)) return as('device-token');
  if (code === 'DEVICE_AUTH_SIGNATURE_INVALID' && attempt.proof === 'v3') return as('signature');
  if (identityWanted.includes(code)) return as(attempt.proof === null ? 'credentials' : 'identity');

  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (known !== undefined) return as(known, hint ?? (known === 'wait' ? rateLimitMs : 0));
  // A code of a later version: better a pause that a person sees than a loop that locks us out.
  if (code.startsWith('AUTH_')) return as('credentials');
  if (code.startsWith('DEVICE_AUTH_')) return as('identity');

  if (outer === 'NOT_PAIRED') return as('pairing');
  if (outer === 'UNAVAILABLE') {
    const reason = field(details, 'reason');
    if (reason === 'startup-sidecars') return as('wait', startupFloor(hint));
    if (reason === 'gateway-restarting') return as('restart');
    return hint === null ? as('retry') : as('wait');
  }
  if (field(error, 'retryable') === true) return hint === null ? as('retry') : as('wait');
  // Refused for its form: the same request would be refused again.
  if (outer === 'INVALID_REQUEST') return as('protocol');
  if (field(error, 'retryable') === false) return as('protocol');
  return as('retry');
}

/** Our connect request was answered with something that is not a hello of our version. */
export const notAHello: Refusal = {
  kind: 'protocol',
  floorMs: 0,
  code: 'NOT_A_HELLO',
  message: '',
  pairing: null,
};

function startupFloor(hint: number | null): number {
  return Math.min(Math.max(hint ?? startup.usual, startup.least), startup.most);
}

function canDropToken(attempt: Attempt): boolean {
  return attempt.credentials === 'device-token' && attempt.trusted && attempt.canFallBack;
}

function codeWord(value: unknown, { secrets }: Attempt): string | null {
  const code = word(value, 64, secrets);
  return code !== null && /^[A-Za-z][A-Za-z0-9_.-]*$/.test(code) ? code : null;
}

const requestIdShape = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Fit to be shown and typed into a command, or null. */
export function readRequestId(value: unknown, secrets: readonly string[] = []): string | null {
  const id = word(value, 128, secrets);
  return id !== null && requestIdShape.test(id) ? id : null;
}

function readPairing(details: unknown, { role, secrets }: Attempt): Pairing {
  const reason = field(details, 'reason');
  const asked =
    field(details, 'pauseReconnect') === false ||
    field(details, 'recommendedNextStep') === 'wait_then_retry';
  return {
    requestId: readRequestId(field(details, 'requestId'), secrets),
    reason: pairingReasons.find((known) => known === reason) ?? null,
    // A node that asks again makes another request for a person to look at; an operator does not,
    // unless the gateway says that nobody will look any more.
    retry: field(details, 'pauseReconnect') !== true && (role !== 'node' || asked),
  };
}

// how a connection ended ------------------------------------------------------------------------

export interface End {
  /** 1006 when no close frame was seen */
  readonly code: number;
  readonly reason: string;
  /** HTTP status when the upgrade was refused */
  readonly status?: number;
}

export interface EndContext {
  readonly phase: 'handshake' | 'open';
  /** the event `shutdown`, if one came on this connection */
  readonly leaving: Leaving | null;
  readonly attempt: Attempt;
}

/** A restart that is said to last longer is looked for after this time all the same. */
const restartMost = 60_000;

export function readEnd(end: End, { phase, leaving, attempt }: EndContext): Refusal {
  if (end.status !== undefined) return readStatus(end.status);
  const message = sentence(end.reason, attempt.secrets);
  const as = (kind: RefusalKind, floorMs = 0): Refusal => ({
    kind,
    floorMs,
    code: `CLOSE_${Number.isSafeInteger(end.code) ? end.code : 0}`,
    message,
    pairing: kind === 'pairing' ? readPairing(reasonDetails(end.reason), attempt) : null,
  });
  const handshake = phase === 'handshake';
  switch (end.code) {
    // After hello these blame one frame, perhaps one that the line damaged; before it, our request.
    case 1002:
    case 1003:
    case 1007:
    case 1009:
      return as(handshake ? 'protocol' : 'retry');
    case 1008:
      if (!handshake) return as('retry');
      if (/pairing required|pending approval/i.test(end.reason)) return as('pairing');
      if (/device token mismatch/i.test(end.reason) && canDropToken(attempt)) {
        return as('device-token');
      }
      // The refusal itself travels in an answer before this close; alone, it is a lost connection.
      return as('retry');
    case 1012:
      if (leaving !== null && leaving.restartExpectedMs === null) return as('retry');
      return as('restart', Math.min(leaving?.restartExpectedMs ?? 0, restartMost));
    case 1013:
      return as('wait', startup.usual);
    // 4001: the gateway's credentials changed. Ours are asked for anew at every attempt.
    default:
      return as('retry');
  }
}

function reasonDetails(reason: string): unknown {
  const found = /\(requestId:\s*([^\s)]{1,128})\)/i.exec(reason.slice(0, 256));
  return { requestId: found?.[1] };
}

/** An upgrade answered with HTTP: a gateway that starts or stops, or a proxy before it. */
function readStatus(status: number): Refusal {
  const as = (kind: RefusalKind, floorMs = 0): Refusal => ({
    kind,
    floorMs,
    code: `HTTP_${Number.isSafeInteger(status) ? status : 0}`,
    message: '',
    pairing: null,
  });
  if (status === 401 || status === 403 || status === 407) return as('credentials');
  if (status === 429) return as('wait', rateLimitMs);
  if (status === 503) return as('wait', startup.usual);
  return as('retry');
}
