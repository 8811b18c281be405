/**
 * The one error class. It promises a stable `code`, a message that names the option or verb, the
 * rule and the value, and what to do; `details` that are safe to log. It must never carry a
 * secret: whoever builds one passes redacted text.
 */

import { loggable } from './redact.ts';

/** What became of a request whose connection ended. */
export type Delivery = 'not-sent' | 'maybe-executed' | 'answered';

/** Every code that can reach a user; docs/errors.md has one heading for each. */
export const errorCodes = [
  'HF_OPTION_INVALID',
  'HF_DISPOSED',
  'HF_STOPPED',
  'HF_TIMEOUT',
  'HF_ABORTED',
  'HF_NOT_CONNECTED',
  'HF_CONNECTION_LOST',
  'HF_REQUEST_TIMEOUT',
  'HF_REQUEST_FAILED',
  'HF_QUEUE_FULL',
  'HF_EXHAUSTED',
  'HF_PROTOCOL_MISMATCH',
  'HF_CREDENTIALS',
  'HF_PAIRING',
  'HF_IDENTITY_CORRUPT',
  'HF_UNAUTHORISED',
  'HF_PLAN_FAILED',
  'HF_OCCUPIED',
  'HF_SPAWN_FAILED',
  'HF_NOT_READY',
  'HF_CONFIGURATION',
  'HF_RUNTIME',
  'HF_UNKILLABLE',
  'HF_CONFIG_CONFLICT',
  'HF_CONFIG_CORRUPT',
  'HF_CONFIG_FILE',
  'HF_CONFIG_UNCERTAIN',
  'HF_USER_FUNCTION',
  'HF_INTERNAL',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export interface HoldfastErrorOptions {
  details?: Record<string, unknown>;
  cause?: unknown;
  /** the last transitions before it, oldest first */
  trace?: readonly string[];
  delivery?: Delivery;
}

export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;
  readonly trace: readonly string[];
  /** present on errors of requests only */
  declare readonly delivery?: Delivery;

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.details = options.details ?? {};
    this.trace = options.trace ?? [];
    if (options.delivery !== undefined) this.delivery = options.delivery;
  }

  /** Safe to log: no cause, no stack, texts redacted, size bounded; JSON can always say it. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: loggable(this.message),
      details: loggable(this.details),
      ...(this.delivery === undefined ? {} : { delivery: this.delivery }),
      ...(this.trace.length === 0 ? {} : { trace: loggable(this.trace) }),
    };
  }
}

/** True for errors made by Holdfast, also across copies of the package. */
export function isHoldfastError(value: unknown): value is HoldfastError {
  return value instanceof Error && value.name === 'HoldfastError' && 'code' in value;
}
