/**
 * What the end of a transport means when the protocol on it has nothing better to say. It promises
 * for every end, however odd, one cause and one sentence that a person can read; a doubt becomes
 * `lost`, because a later attempt may cure it. It must never throw, never stop a link for a code
 * that the application owns, and never repeat control characters or long texts of the peer.
 */
import type { EndCause } from '../../machines/contracts.ts';
import type { Ending, Session, TransportEnd } from '../ports.ts';
import { sentence } from './hostile.ts';

interface Meaning {
  readonly name: string;
  readonly cause: EndCause;
  readonly floorMs: number;
}

/** How much of the peer's words a sentence quotes; what is around them is shorter than this. */
const quoteMax = 120;
/** A peer that says "later" and not when: a little longer than a first retry would wait. */
const laterMs = 1000;
/** A peer that counts our requests and finds them too many. */
const rateLimitMs = 30_000;

const lost = (name: string): Meaning => ({ name, cause: 'lost', floorMs: 0 });

/** RFC 6455, its registry at IANA, and nothing else: 3000 to 4999 belong to applications. */
const closeCodes: ReadonlyMap<number, Meaning> = new Map([
  [1000, lost('normal closure')],
  [1001, lost('going away')],
  [1002, { name: 'protocol error', cause: 'protocol', floorMs: 0 }],
  [1003, lost('unsupported data')],
  [1005, lost('no code given')],
  [1006, lost('abnormal closure')],
  [1007, lost('invalid data')],
  [1008, lost('policy violation')],
  [1009, lost('message too big')],
  [1010, lost('extension missing')],
  [1011, lost('internal error')],
  [1012, { name: 'service restart', cause: 'restart', floorMs: 0 }],
  [1013, { name: 'try again later', cause: 'wait', floorMs: laterMs }],
  [1014, lost('bad gateway')],
  [1015, lost('TLS handshake failed')],
  // Registered, yet often somebody's first private code: too weak a sign to pause a link for.
  [3000, lost('unauthorized')],
  [3003, lost('forbidden')],
  [3008, lost('timeout')],
]);

/** The answers to a refused upgrade that mean more than "not now, perhaps another time". */
const statuses: ReadonlyMap<number, Meaning> = new Map([
  [401, { name: 'unauthorized', cause: 'credentials', floorMs: 0 }],
  [403, { name: 'forbidden', cause: 'credentials', floorMs: 0 }],
  [404, lost('not found')],
  [407, { name: 'proxy authentication required', cause: 'credentials', floorMs: 0 }],
  [410, lost('gone')],
  [426, lost('upgrade required')],
  [429, { name: 'too many requests', cause: 'wait', floorMs: rateLimitMs }],
  [500, lost('internal server error')],
  [502, lost('bad gateway')],
  [503, { name: 'service unavailable', cause: 'wait', floorMs: laterMs }],
  [504, lost('gateway timeout')],
]);

/** What a WebSocket client says by itself when it cannot read what came. */
const ownCodes: readonly number[] = [1002, 1007, 1009];

const errors: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody listens there'],
  ['ECONNRESET', 'the other side cut the line'],
  ['EPIPE', 'the other side cut the line'],
  ['ENOTFOUND', 'no such host name'],
  ['EAI_AGAIN', 'the name service does not answer'],
  ['ETIMEDOUT', 'no answer'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
]);

export function readEnding(end: TransportEnd): Ending {
  // Whoever answers there is not the one we were told to trust. As when the host's own `authorize`
  // says no, trying again proves nothing: a person has to look first. A certificate that merely
  // fails the usual checks (expired, a hotel's portal) is cured elsewhere and stays `lost`.
  if (end.error?.code === 'TLS_FINGERPRINT') {
    return ending('unauthorised', 0, 'The peer is not the pinned one', end.error.message);
  }
  if (end.status !== undefined) return readStatus(end.status, end.reason);
  if (end.error !== undefined && end.code === 1006) return readError(end.error);
  return readCode(end);
}

/** The code and reason of a close frame of ours. */
export function closeFor(why: Parameters<Session['closing']>[0]): { code: number; reason: string } {
  switch (why) {
    case 'closed':
      return { code: 1000, reason: 'closed by the client' };
    case 'refused':
      return { code: 1008, reason: 'handshake refused' };
    case 'timeout':
      return { code: 1008, reason: 'handshake took too long' };
  }
}

/** One line of a peer's words: white space is one blank, whatever cannot be seen is gone. */
export function peerWords(words: string, max: number): string {
  return sentence(words.slice(0, 4096).replace(/\s+/g, ' '), [], max);
}

function readStatus(status: number, body: string): Ending {
  const { name, cause, floorMs } = statuses.get(status) ?? lost('');
  // The error page of a proxy is written for a browser.
  const words = body.trimStart().startsWith('<') ? '' : body;
  const what = `The server answered HTTP ${named(status, name)} instead of upgrading`;
  return ending(cause, floorMs, what, words);
}

function readError({ code, message }: NonNullable<TransportEnd['error']>): Ending {
  const how = named(peerWords(code, 40) || 'an error', errors.get(code));
  // Node repeats the code in its message: what is new in it is the address
  const words = message.replace(/^\w+ E[A-Z]+ ?/, '');
  return ending('lost', 0, `The connection failed with ${how}`, words);
}

function readCode({ code, reason, error }: TransportEnd): Ending {
  const { name, cause, floorMs } = closeCodes.get(code) ?? lost('');
  const ofApplication = code >= 3000 && code <= 4999;
  const how = named(code, name || (ofApplication ? "the application's own code" : ''));
  // What our own end could not read may have been damaged on its way, once.
  if (ownCodes.includes(code) && error?.code.startsWith('WS_ERR_')) {
    return ending('lost', 0, `We closed the connection with ${how}`, error.message);
  }
  if (code === 1006) return ending(cause, floorMs, `The connection broke with ${how}`, reason);
  return ending(cause, floorMs, `The peer closed the connection with ${how}`, reason);
}

function named(code: string | number, name: string | undefined): string {
  return name ? `${code} (${name})` : String(code);
}

function ending(cause: EndCause, floorMs: number, what: string, words: string): Ending {
  const said = peerWords(words, quoteMax);
  const quote = what.includes(`(${said})`) ? '' : said;
  return { cause, floorMs, because: quote === '' ? `${what}.` : `${what}: ${quote}` };
}
