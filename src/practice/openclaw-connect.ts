/**
 * Judges one `connect` of the openclaw dialect: startup, protocol, rate limit, device proof,
 * credentials, pairing, in that order. It promises a verdict for any params; it must never put a
 * credential into one.
 */

import {
  checkProof,
  type DeviceBook,
  type Grant,
  type ProofFailure,
  type SignatureVersion,
} from './devices.ts';
import { integerOf, isRecord, type JsonRecord, recordOf, textOf, textsOf } from './json.ts';

/** What faults may change about who gets in. */
export interface Rules {
  token: string | undefined;
  expectedProtocol: number;
  accept: readonly SignatureVersion[];
  pairing: { required: boolean; wait: boolean; requestId: string | undefined };
  denial: { code: string; closeCode: number; retryAfterMs: number | undefined; left: number };
  /** on the monotonic clock */
  rateLimitedUntil: number;
  rateLimitHintMs: number;
}

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly details?: JsonRecord;
}

export interface Refusal {
  readonly ok: false;
  readonly error: WireError;
  readonly close: { readonly code: number; readonly reason: string };
}
export interface Admission {
  readonly ok: true;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly deviceId: string | undefined;
  readonly grant: Grant | undefined;
}
export type Verdict = Admission | Refusal;

export interface Desk {
  readonly rules: Rules;
  readonly book: DeviceBook;
  readonly isReady: boolean;
}

/** The connect params once they have been looked at. */
interface Request {
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly device: JsonRecord | undefined;
  readonly auth: JsonRecord | undefined;
  readonly platform: string;
  readonly deviceFamily: string;
  readonly minProtocol: number;
  readonly maxProtocol: number;
}

type Method = 'token' | 'device-token' | 'none';

function refuse(error: WireError, code = 1008, reason = error.message): Refusal {
  return { ok: false, error, close: { code, reason } };
}

const invalid = (message: string, details?: JsonRecord): WireError =>
  details ? { code: 'INVALID_REQUEST', message, details } : { code: 'INVALID_REQUEST', message };

/** What is missing from the params, in words, or the request they make. */
function read(params: unknown): Request | string {
  const given = isRecord(params) ? params : undefined;
  const minProtocol = integerOf(given, 'minProtocol');
  const maxProtocol = integerOf(given, 'maxProtocol');
  if (minProtocol === undefined || maxProtocol === undefined) {
    return 'minProtocol and maxProtocol must be integers';
  }
  const client = recordOf(given, 'client');
  const clientId = textOf(client, 'id');
  const clientMode = textOf(client, 'mode');
  const platform = textOf(client, 'platform');
  if (!clientId || !clientMode || !platform || !textOf(client, 'version')) {
    return 'client must have id, version, platform and mode';
  }
  if (given?.device !== undefined && !isRecord(given.device)) return 'device must be an object';
  return {
    clientId,
    clientMode,
    platform,
    deviceFamily: textOf(client, 'deviceFamily') ?? '',
    role: textOf(given, 'role') ?? 'operator',
    scopes: textsOf(given, 'scopes'),
    device: recordOf(given, 'device'),
    auth: recordOf(given, 'auth'),
    minProtocol,
    maxProtocol,
  };
}

const proofWords: Record<ProofFailure, [code: string, message: string]> = {
  'device-id-mismatch': ['DEVICE_AUTH_DEVICE_ID_MISMATCH', 'device identity mismatch'],
  'device-signature-stale': ['DEVICE_AUTH_SIGNATURE_EXPIRED', 'device signature expired'],
  'device-nonce-missing': ['DEVICE_AUTH_NONCE_REQUIRED', 'device nonce required'],
  'device-nonce-mismatch': ['DEVICE_AUTH_NONCE_MISMATCH', 'device nonce mismatch'],
  'device-signature': ['DEVICE_AUTH_SIGNATURE_INVALID', 'device signature invalid'],
  'device-public-key': ['DEVICE_AUTH_PUBLIC_KEY_INVALID', 'device public key invalid'],
};

function judgeProof(desk: Desk, request: Request, nonce: string): Refusal | undefined {
  const { device, auth } = request;
  if (!device) return undefined;
  const credentials = ['token', 'deviceToken', 'bootstrapToken'];
  const tokens = credentials.flatMap((key) => textOf(auth, key) ?? []);
  const verdict = checkProof(device, nonce, { ...request, tokens });
  if (verdict.ok && desk.rules.accept.includes(verdict.version)) return undefined;
  const reason = verdict.ok ? 'device-signature' : verdict.reason;
  const [code, message] = proofWords[reason];
  return refuse(invalid(message, { code, reason }));
}

const authWords = {
  token_missing: ['AUTH_TOKEN_MISSING', 'gateway token missing', 'update_auth_configuration'],
  token_mismatch: ['AUTH_TOKEN_MISMATCH', 'gateway token mismatch', 'update_auth_credentials'],
  device_token_mismatch: [
    'AUTH_DEVICE_TOKEN_MISMATCH',
    'device token mismatch',
    'review_auth_configuration',
  ],
  scope_mismatch: [
    'AUTH_SCOPE_MISMATCH',
    'device token scope mismatch',
    'review_auth_configuration',
  ],
  rate_limited: ['AUTH_RATE_LIMITED', 'too many failed authentication attempts', 'wait_then_retry'],
} as const;

function unauthorized(reason: keyof typeof authWords, request: Request, more: object = {}) {
  const [code, words, advice] = authWords[reason];
  const { device, auth } = request;
  const canRetryWithDeviceToken =
    reason === 'token_mismatch' && device !== undefined && !textOf(auth, 'deviceToken');
  const recommendedNextStep = canRetryWithDeviceToken ? 'retry_with_device_token' : advice;
  const details = { code, authReason: reason, canRetryWithDeviceToken, recommendedNextStep };
  return refuse({ ...invalid(`unauthorized: ${words}`, details), ...more });
}

function judgeCredentials(desk: Desk, request: Request): Method | Refusal {
  const { rules, book } = desk;
  const { auth, device, role } = request;
  const shared = textOf(auth, 'token') ?? textOf(auth, 'password');
  const deviceToken = textOf(auth, 'deviceToken');
  if (rules.token !== undefined && shared === rules.token) return 'token';
  const grant = book.grantOf(textOf(device, 'id') ?? '', role);
  const presented = deviceToken ?? shared;
  if (presented !== undefined && grant?.token === presented) {
    const uncovered = request.scopes.some((scope) => !grant.scopes.includes(scope));
    return uncovered ? unauthorized('scope_mismatch', request) : 'device-token';
  }
  if (deviceToken !== undefined) return unauthorized('device_token_mismatch', request);
  if (rules.token === undefined) return 'none';
  return unauthorized(shared === undefined ? 'token_missing' : 'token_mismatch', request);
}

function pairingRequired(desk: Desk, deviceId: string, reason: string): Refusal {
  const { wait, requestId: wished } = desk.rules.pairing;
  const requestId = desk.book.ask(deviceId, wished);
  const hint = { recommendedNextStep: 'wait_then_retry', retryable: true, pauseReconnect: false };
  const details = { code: 'PAIRING_REQUIRED', reason, requestId, deviceId, ...(wait ? hint : {}) };
  const message = `pairing required: ${reason}`;
  return refuse({ code: 'NOT_PAIRED', message, details }, 1008, `${message} (${requestId})`);
}

/** The reserved local helper: no device needed, no pairing record, its scopes kept. */
const isBackend = ({ clientId, clientMode, role }: Request) =>
  clientId === 'gateway-client' && clientMode === 'backend' && role === 'operator';

function admitDevice(desk: Desk, request: Request, method: Method): Verdict {
  const { role, device } = request;
  const deviceId = textOf(device, 'id');
  if (method !== 'device-token' && isBackend(request)) {
    return { ok: true, role, scopes: request.scopes, deviceId: undefined, grant: undefined };
  }
  if (deviceId === undefined) {
    // Without a device the shared secret lets an operator in, but not with scopes of its own word.
    if (role === 'operator') return { ok: true, role, scopes: [], deviceId, grant: undefined };
    const details = { code: 'DEVICE_IDENTITY_REQUIRED' };
    return refuse({ code: 'NOT_PAIRED', message: 'device identity required', details });
  }
  const known = desk.book.grantOf(deviceId, role);
  const asksMore = request.scopes.some((scope) => !known?.scopes.includes(scope));
  const needsPerson = desk.rules.pairing.required && !desk.book.isApproved(deviceId);
  if (needsPerson && (!known || asksMore)) {
    return pairingRequired(desk, deviceId, known ? 'scope-upgrade' : 'not-paired');
  }
  const grant = desk.book.pair(deviceId, role, request.scopes);
  const scopes = request.scopes.length > 0 ? request.scopes : grant.scopes;
  return { ok: true, role, scopes, deviceId, grant };
}

function judgeDoor({ rules, isReady }: Desk, request: Request): Refusal | undefined {
  if (!isReady) {
    const details = { reason: 'startup-sidecars' };
    const message = 'gateway starting; retry shortly';
    const error = { code: 'UNAVAILABLE', message, retryable: true, retryAfterMs: 500, details };
    return refuse(error, 1013, 'gateway starting');
  }
  const { denial, expectedProtocol } = rules;
  if (denial.left > 0) {
    denial.left -= 1;
    const { code, closeCode, retryAfterMs } = denial;
    const error = invalid(`refused as told: ${code}`, { code });
    const hint = retryAfterMs === undefined ? {} : { retryable: true, retryAfterMs };
    return refuse({ ...error, ...hint }, closeCode);
  }
  if (request.minProtocol > expectedProtocol || request.maxProtocol < expectedProtocol) {
    const code = 'PROTOCOL_MISMATCH';
    return refuse(invalid('protocol mismatch', { code, expectedProtocol }), 1002);
  }
  if (performance.now() >= rules.rateLimitedUntil) return undefined;
  const retryAfterMs = rules.rateLimitHintMs;
  return unauthorized('rate_limited', request, { retryable: true, retryAfterMs });
}

export function judgeConnect(desk: Desk, params: unknown, nonce: string): Verdict {
  const request = read(params);
  if (typeof request === 'string') return refuse(invalid(`invalid connect params: ${request}`));
  const early = judgeDoor(desk, request) ?? judgeProof(desk, request, nonce);
  if (early) return early;
  const method = judgeCredentials(desk, request);
  return typeof method === 'string' ? admitDevice(desk, request, method) : method;
}
