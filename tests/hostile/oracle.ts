/**
 * What a session may do with each frame, written from the contracts of `src/ports.ts` and of the
 * protocols and from nothing of their code. The oracle is the session's host: it is told what is
 * about to happen, and keeps every breach of a rule as a sentence. It promises to read a frame with
 * its own eyes; it must never ask the session what a frame was.
 */

import type { SocketReport } from '../../machines/contracts.ts';
import type { Inbound, SessionHost } from '../../src/ports.ts';
import type { Dialect, Frame } from './frames.ts';

/** The longest sentence for a person. */
const wordsMax = 300;

const codes: Record<Dialect, readonly string[]> = {
  plain: [],
  jsonrpc: ['HF_REQUEST_DECLINED'],
  openclaw: [
    ...['HF_PAIRING', 'HF_SCOPES_REDUCED', 'HF_PROBE_DECLINED', 'HF_SEQUENCE_GAP'],
    ...['HF_FRAME_UNREADABLE', 'HF_PLAIN_TEXT', 'HF_TOKEN_STORE'],
  ],
};
const kinds: Record<Dialect, readonly Inbound['kind'][]> = {
  plain: ['message'],
  jsonrpc: ['message', 'event', 'answer'],
  openclaw: ['event', 'answer'],
};

/** What the session was asked to do: facts and frames belong to a cause, or to none. */
export type Cause = 'nothing' | 'opened' | 'frame' | 'hello' | 'ended';

const textOf = (frame: Frame) =>
  typeof frame === 'string' ? frame : new TextDecoder().decode(frame);

function own(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, key)
        ? Reflect.get(at, key)
        : undefined,
    value,
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class Oracle implements SessionHost {
  readonly attempt = 1;
  readonly endpoint = 'wss://gateway.example:1/';
  readonly clock: SessionHost['clock'] = {
    now: () => 0,
    wallNow: () => 1_700_000_000_000,
    setTimeout: () => this.#breach('a session armed a timer'),
    clearTimeout: () => {},
  };
  readonly breaches: string[] = [];
  readonly facts: string[] = [];
  /** of our connect request, once it is out */
  helloId: string | undefined;
  /** what the hello of the peer gave us to keep */
  issued: string | undefined;
  cause: Cause = 'nothing';
  readonly #dialect: Dialect;
  readonly #secrets: readonly string[];
  #frame = '';
  #value: unknown;
  #isChallenged = false;
  #isAccepted = false;
  #isRefused = false;
  #isOver = false;
  #ids = 0;
  /** since the present cause began */
  #count = { sent: 0, delivered: 0, told: 0, facts: 0 };

  constructor(dialect: Dialect, secrets: readonly string[]) {
    this.#dialect = dialect;
    this.#secrets = secrets;
  }

  get isAccepted() {
    return this.#isAccepted;
  }

  get isChallenged() {
    return this.#isChallenged;
  }

  get isRefused() {
    return this.#isRefused;
  }

  /** Runs one step of the session; whatever it throws is a breach. */
  during(cause: Cause, run: () => void, frame: Frame = '') {
    this.cause = cause;
    this.#frame = textOf(frame);
    this.#value = cause === 'frame' ? json(this.#frame) : undefined;
    this.#count = { sent: 0, delivered: 0, told: 0, facts: 0 };
    try {
      run();
    } catch (error) {
      this.#breach(`${cause} threw ${String(error)}`);
    }
    this.cause = 'nothing';
    if (cause === 'ended') this.#isOver = true;
  }

  /** What the session says of the end: in words that may be shown, without what we know or keep. */
  judgeEnd(because: string) {
    this.#rule(because.length <= wordsMax, `the end in ${because.length} characters`);
    if (this.#dialect !== 'openclaw' || this.helloId === undefined) return;
    this.#rule(!this.#saysSecret(because), `the end repeats a secret: ${because}`);
    const repeats = this.issued !== undefined && because.includes(this.issued);
    this.#rule(!repeats, `the end repeats the token that was issued to us: ${because}`);
  }

  // the host's part -------------------------------------------------------------------------------

  uuid(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  send(frame: Frame) {
    const text = textOf(frame);
    this.#count.sent += 1;
    this.#rule(this.#count.sent === 1, 'sent two frames for one');
    this.#rule(!this.#isOver, 'sent after its end');
    if (this.cause === 'hello' && this.#dialect === 'openclaw') {
      this.#rule(this.helloId === undefined, 'sent two connect requests');
      this.#rule(this.#isChallenged, 'sent a connect request before the challenge');
      this.#rule(own(json(text), 'method') === 'connect', 'said hello with something else');
      this.helloId = String(own(json(text), 'id'));
      this.#rule(!this.#saysSecret(text, 1), 'sent a private key');
      return;
    }
    this.#rule(this.cause === 'frame', `sent by itself (${this.cause})`);
    this.#rule(this.#isAccepted, 'answered before the hello was');
    this.#rule(this.#dialect !== 'plain', 'plain sent something');
    this.#rule(this.#frame.includes('"method"') || this.#frame.includes('\\u'), 'answered nothing');
    this.#rule(text.length <= 8 * this.#frame.length + 200, `${text.length} for few`);
    this.#noSecret(text, 'an answer of ours');
  }

  post(fact: SocketReport, because?: string) {
    this.#count.facts += 1;
    this.facts.push(fact.type);
    this.#rule(
      this.#count.facts === 1 || this.cause === 'opened',
      'posted two facts for one frame',
    );
    this.#rule(!this.#isOver, `posted ${fact.type} after its end`);
    this.#rule(!this.#isRefused, `posted ${fact.type} after a refusal`);
    this.#rule(this.#isNamed(fact), `posted ${fact.type} out of place`);
    if (fact.type === 'socket.challenged') this.#isChallenged = true;
    if (fact.type === 'socket.accepted') {
      this.#isAccepted = true;
      const issued = own(this.#value, 'payload', 'auth', 'deviceToken');
      if (typeof issued === 'string' && issued.length > 8) this.issued = issued;
    }
    if (fact.type === 'socket.refused') this.#isRefused = true;
    if (because !== undefined) this.#sentence(because, 'a reason');
  }

  saving() {}

  deliver(inbound: Inbound) {
    this.#count.delivered += 1;
    this.#rule(this.cause === 'frame', `delivered by itself (${this.cause})`);
    this.#rule(this.#isAccepted, 'delivered before it was accepted');
    this.#rule(!this.#isOver, 'delivered after its end');
    const { kind } = inbound;
    this.#rule(kinds[this.#dialect].includes(kind), `${this.#dialect} delivered a ${kind}`);
    const most = this.#dialect === 'jsonrpc' && Array.isArray(this.#value) ? this.#value.length : 1;
    const gaps = this.#dialect === 'openclaw' ? 1 : 0;
    this.#rule(this.#count.delivered <= Math.max(1, most) + gaps, 'delivered more than came');
    if (kind === 'answer') this.#answer(inbound);
    this.#noSecret(inbound, `a delivered ${kind}`);
  }

  diagnose(level: string, code: string, message: string) {
    this.#count.told += 1;
    this.#rule(this.#count.told <= 2, 'more than two diagnostics for one frame');
    this.#rule(/^(debug|info|warn|error)$/.test(level), `level ${level}`);
    this.#rule(codes[this.#dialect].includes(code), `diagnostic ${code} has no name here`);
    this.#sentence(message, 'a diagnostic');
  }

  // the rules -------------------------------------------------------------------------------------

  /** Whether the protocol names this fact for this moment and this frame. */
  #isNamed(fact: SocketReport): boolean {
    const { type } = fact;
    const isFirst = this.facts.filter((one) => one === type).length === 1;
    if (type === 'socket.opened') return this.cause === 'opened' && isFirst;
    if (this.#dialect !== 'openclaw') {
      return type === 'socket.accepted' && this.cause === 'opened' && isFirst;
    }
    if (this.cause !== 'frame') return false;
    const isChallenge = own(this.#value, 'event') === 'connect.challenge';
    const isOurs = this.helloId !== undefined && own(this.#value, 'id') === this.helloId;
    const isAnswer = isOurs && !this.#isAccepted && own(this.#value, 'type') === 'res';
    const isHello = own(this.#value, 'payload', 'type') === 'hello-ok';
    const nonce = own(this.#value, 'payload', 'nonce');
    const isSignable = typeof nonce === 'string' && /^[!-~]{1,256}$/.test(nonce);
    switch (type) {
      case 'socket.challenged':
        return isChallenge && isSignable && isFirst && this.helloId === undefined;
      case 'socket.accepted':
        return isAnswer && isFirst && isHello && own(this.#value, 'ok') === true;
      case 'socket.refused':
        return isAnswer || (isChallenge && !this.#isChallenged);
      case 'socket.leaving':
        return this.#isAccepted && own(this.#value, 'event') === 'shutdown';
      case 'socket.closed':
        return false;
    }
  }

  #answer(inbound: Extract<Inbound, { kind: 'answer' }>) {
    this.#rule(inbound.id !== this.helloId, 'delivered the answer to our own hello');
    this.#rule(inbound.id.length <= 256, 'an answer with a long id');
    if (inbound.ok) return;
    const { code, message } = inbound.error;
    this.#rule(String(code).length <= 64, 'a long error code');
    this.#sentence(message, 'an error of the peer');
    if (this.#dialect !== 'openclaw') return;
    this.#rule(!this.#saysSecret(`${code} ${message}`), 'a secret of ours in an error');
  }

  #sentence(words: string, what: string) {
    this.#rule(words.length <= wordsMax, `${what} is ${words.length} characters long`);
    this.#rule(!/\p{Cc}|\p{Cs}/u.test(words), `${what} with control characters`);
    const mayQuote = this.#dialect !== 'openclaw';
    this.#rule(mayQuote || !this.#saysSecret(words), `a secret of ours in ${what}`);
  }

  /** A peer that has a secret of ours may repeat it to our own consumer; we never add it. */
  #noSecret(value: unknown, what: string) {
    if (this.#secrets.some((secret) => this.#frame.includes(secret))) return;
    try {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
      this.#rule(!this.#saysSecret(text), `a secret of ours in ${what}`);
    } catch {
      // deeper than the stack, and so the peer's own
    }
  }

  /** The first secret travels in the hello; the others, `from` 1 on, never travel at all. */
  #saysSecret(text: string, from = 0): boolean {
    return this.#secrets.slice(from).some((secret) => text.includes(secret));
  }

  #rule(holds: boolean, breach: string) {
    if (!holds) this.#breach(breach);
  }

  #breach(breach: string) {
    if (this.breaches.length < 5)
      this.breaches.push(`${breach}; frame ${this.#frame.slice(0, 200)}`);
  }
}
