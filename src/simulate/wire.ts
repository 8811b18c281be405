/**
 * What may go over a wire of the fake network, and the rules of WebSocket that both of its ends
 * keep: what fits into a close frame, what is no address, what a refusal says. It promises to read
 * the port's contract for itself and must never take a rule from the driver it stands in for.
 */

import { STATUS_CODES } from 'node:http';
import { immediateDefer } from '../drivers/host.ts';
import type { Defer, TransportEnd, TransportTarget } from '../ports.ts';

export type Fault = NonNullable<TransportEnd['error']>;

/** One thing that one end hears of the other, one hop later. */
export type Packet =
  | { kind: 'frame'; data: string | Uint8Array; bytes: number }
  | { kind: 'ping' | 'pong' | 'upgraded' | 'end' | 'reset' }
  | { kind: 'close'; code: number; reason: string }
  | { kind: 'refused'; status: number; reason: string }
  | { kind: 'failed'; fault: Fault };

/** How one conversation, or one process, takes its hops: in the order in which they were begun. */
export type Lanes = (name: string) => Defer;

/** One hop: a macrotask of its own, behind every hop that was begun before by anybody. */
export const oneLane: Lanes = () => immediateDefer;

/** A close frame without a code is heard as this one, which no frame can carry. */
export const noCode = 1005;
const reasonBytesMax = 123;
const refusalBytesMax = 2048;

export function fitsCloseFrame(code: number): boolean {
  if (!Number.isInteger(code) || code < 1000 || code > 4999) return false;
  return code >= 3000 || (code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006);
}

/** The longest beginning of whole characters that a close frame has room for. */
export function fittingReason(reason: string): string {
  let room = reasonBytesMax;
  let fitting = '';
  for (const character of reason) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    fitting += character;
  }
  return fitting;
}

/** A copy, as the other end will read it: lone surrogates do not survive UTF-8. */
export function frameOf(data: string | Uint8Array): Packet & { kind: 'frame' } {
  const bytes = Buffer.from(data);
  const copy = typeof data === 'string' ? bytes.toString() : bytes;
  return { kind: 'frame', data: copy, bytes: bytes.length };
}

export function faultOfAddress({ url, fingerprint }: TransportTarget): Fault | undefined {
  const invalid = (message: string) => ({ code: 'URL_INVALID', message });
  if (!URL.canParse(url)) return invalid('the URL cannot be parsed');
  const { protocol, hash } = new URL(url);
  if (!/^(ws|wss|http|https|ws\+unix):$/.test(protocol)) {
    return invalid(`the URL begins with ${protocol} instead of ws: or wss:`);
  }
  if (hash !== '') return invalid('the URL has a fragment (#); remove it');
  if (fingerprint !== undefined && !/^(wss|https):$/.test(protocol)) {
    return { code: 'TLS_FINGERPRINT', message: 'TLS certificate fingerprint: the URL is not wss:' };
  }
  return undefined;
}

export function endOfRefusal(status: number, body: string): TransportEnd {
  const words = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  const message = `the server answered ${words} instead of upgrading`;
  const heard = Buffer.from(body).subarray(0, refusalBytesMax).toString();
  return {
    code: 1006,
    reason: heard.replace(/\p{Cc}+/gu, ' ').trim(),
    status,
    error: { code: `HTTP_${status}`, message },
  };
}

export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
