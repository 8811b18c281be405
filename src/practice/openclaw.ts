/**
 * The openclaw dialect, protocol 4: challenge, connect, hello-ok, then requests and numbered
 * events. It promises that nothing but `connect` is executed before hello-ok; it must never log or
 * count a credential.
 */

import { randomUUID } from 'node:crypto';
import { counted } from './conditions.ts';
import { Configuration } from './configuration.ts';
import { DeviceBook } from './devices.ts';
import type { Dialect, FaultEffects, House } from './dialect.ts';
import { integerOf, isRecord, type JsonRecord, parseJson, textOf } from './json.ts';
import {
  type Admission,
  judgeConnect,
  type Refusal,
  type Rules,
  type WireError,
} from './openclaw-connect.ts';
import type { Peer } from './peer.ts';

export interface OpenclawPlan {
  readonly tickMs: number;
  /** undefined: nobody is asked for a token */
  readonly token: string | undefined;
  readonly state: string | undefined;
}

interface Session {
  readonly nonce: string;
  /** a connect has come: a second one is a mistake even while the hello is slow */
  isJudged: boolean;
  /** set once hello-ok is on the wire */
  admission: Admission | undefined;
  seq: number;
}

interface Frame {
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
}

const preauthMost = 64 * 1024;
const preauthMs = 15_000;
const events = ['connect.challenge', 'health', 'presence', 'shutdown', 'tick'];

const mismatch = (message: string): WireError => ({ code: 'INVALID_REQUEST', message });

function readFrame(value: unknown): Frame | undefined {
  const frame = isRecord(value) && value.type === 'req' ? value : undefined;
  const [id, method] = [textOf(frame, 'id'), textOf(frame, 'method')];
  return id && method ? { id, method, params: frame?.params } : undefined;
}

class Openclaw {
  readonly book: DeviceBook;
  readonly configuration = new Configuration();
  readonly rules: Rules;
  challengesWithheld = 0;
  readonly #house: House;
  readonly #plan: OpenclawPlan;
  readonly #sessions = new Map<Peer, Session>();
  readonly #refused = new Map<string, number>();
  readonly #methods: Record<string, (params: JsonRecord) => unknown>;
  readonly #bornAt = performance.now();
  #admitted = 0;
  #ticker: NodeJS.Timeout | undefined;

  constructor(house: House, plan: OpenclawPlan) {
    this.#house = house;
    this.#plan = plan;
    this.book = new DeviceBook(plan.state);
    this.rules = {
      token: plan.token,
      expectedProtocol: 4,
      accept: ['v2', 'v3'],
      pairing: { required: false, wait: false, requestId: undefined },
      denial: { code: '', closeCode: 1008, retryAfterMs: undefined, left: 0 },
      rateLimitedUntil: 0,
      rateLimitHintMs: 0,
    };
    this.#methods = {
      health: () => this.#health(),
      status: () => ({ ok: true, bootId: house.bootId, pid: process.pid }),
      'system-presence': () => this.#presence(),
      'practice.echo': (params) => params,
      'config.get': () => this.configuration.snapshot(),
    };
    this.tickEvery(plan.tickMs);
  }

  /** 0: never again. */
  tickEvery(ms: number): void {
    clearInterval(this.#ticker);
    if (ms === 0) return;
    const tick = () => {
      for (const peer of this.#house.peers) this.event(peer, 'tick', { ts: Date.now() });
    };
    this.#ticker = setInterval(tick, ms).unref();
  }

  skip(numbers: number): void {
    for (const session of this.#sessions.values()) session.seq += numbers;
  }

  opened(peer: Peer): void {
    const session: Session = {
      nonce: randomUUID(),
      isJudged: false,
      admission: undefined,
      seq: 0,
    };
    this.#sessions.set(peer, session);
    peer.later(preauthMs, () => {
      if (!session.admission) peer.close(1008, 'handshake timeout');
    });
    if (this.challengesWithheld > 0) {
      this.challengesWithheld -= 1;
      return;
    }
    const payload = { nonce: session.nonce, ts: Date.now(), capabilities: [] };
    peer.push(JSON.stringify({ type: 'event', event: 'connect.challenge', payload }));
  }

  closed(peer: Peer): void {
    this.#sessions.delete(peer);
  }

  receive(peer: Peer, text: string): void {
    const session = this.#sessions.get(peer);
    if (!session || !peer.isOpen) return;
    if (!session.admission && Buffer.byteLength(text) > preauthMost) {
      peer.close(1009, 'preauth payload too large');
      return;
    }
    const value = parseJson(text);
    if (isRecord(value) && value.type === 'res') return;
    const frame = readFrame(value);
    if (frame) this.#house.ledger.called(frame.method);
    if (!session.admission) this.#connect(peer, session, frame);
    else if (frame) this.#request(peer, frame);
    else this.#fail(peer, 'invalid', mismatch('invalid request frame'));
  }

  event(peer: Peer, event: string, payload: unknown): void {
    const session = this.#sessions.get(peer);
    if (!session?.admission) return;
    session.seq += 1;
    peer.push(JSON.stringify({ type: 'event', event, payload, seq: session.seq }));
  }

  stats(): Record<string, unknown> {
    const { book } = this;
    return {
      admitted: this.#admitted,
      refused: Object.fromEntries(this.#refused),
      pairings: book.pairings,
      paired: book.size,
      pending: book.pending,
      configuration: this.configuration.stats(),
    };
  }

  #connect(peer: Peer, session: Session, frame: Frame | undefined): void {
    if (frame?.method !== 'connect' || session.isJudged) {
      const message = 'invalid handshake: first request must be connect';
      if (frame) this.#fail(peer, frame.id, mismatch(message));
      peer.close(1008, frame ? message : 'invalid request frame');
      return;
    }
    session.isJudged = true;
    const { rules, book } = this;
    const desk = { rules, book, isReady: this.#house.isReady };
    const verdict = judgeConnect(desk, frame.params, session.nonce);
    if (!verdict.ok) {
      this.#refuse(peer, frame.id, verdict);
      return;
    }
    this.#admitted += 1;
    const payload = this.#hello(peer, verdict);
    // No event may overtake a hello that is slow.
    peer.answer(JSON.stringify({ type: 'res', id: frame.id, ok: true, payload }), () => {
      session.admission = verdict;
      this.#house.greeted(peer);
    });
  }

  #refuse(peer: Peer, id: string, { error, close }: Refusal): void {
    const code = textOf(error.details, 'code') ?? textOf(error.details, 'reason') ?? error.code;
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    this.#house.log(`connection ${peer.id} refused: ${error.message}`);
    const text = JSON.stringify({ type: 'res', id, ok: false, error });
    peer.answer(text, () => peer.close(close.code, close.reason));
  }

  #hello(peer: Peer, { role, scopes, grant }: Admission) {
    const { bootId } = this.#house;
    const methods = [
      ...Object.keys(this.#methods),
      'config.set',
      'practice.fault',
      'practice.sleep',
    ];
    const token = grant && { deviceToken: grant.token, issuedAtMs: grant.issuedAtMs };
    return {
      type: 'hello-ok',
      protocol: this.rules.expectedProtocol,
      server: { version: 'practice', bootId, connId: peer.connId },
      features: { methods: methods.sort(), events, capabilities: [] },
      snapshot: {
        presence: this.#presence(),
        health: this.#health(),
        stateVersion: { presence: 1, health: 1 },
        uptimeMs: Math.round(performance.now() - this.#bornAt),
      },
      auth: { role, scopes, ...token },
      policy: {
        maxPayload: 26_214_400,
        maxBufferedBytes: 52_428_800,
        tickIntervalMs: this.#plan.tickMs,
        attachments: { maxBytes: 20_971_520, maxImageBytes: 6_291_456 },
      },
    };
  }

  #request(peer: Peer, { id, method, params }: Frame): void {
    const given = isRecord(params) ? params : {};
    const own = Object.hasOwn(this.#methods, method) ? this.#methods[method] : undefined;
    if (own) this.#answer(peer, id, own(given));
    else if (method === 'practice.fault') this.#fault(peer, id, params);
    else if (method === 'config.set') this.#configure(peer, id, given);
    else if (method === 'practice.sleep') {
      const ms = Math.min(Math.max(0, integerOf(given, 'ms') ?? 0), 600_000);
      peer.later(ms, () => this.#answer(peer, id, { slept: ms }));
    } else if (method === 'connect') {
      this.#fail(peer, id, mismatch('connect is only valid as the first request'));
    } else this.#fail(peer, id, mismatch(`unknown method: ${method.slice(0, 80)}`));
  }

  #fault(peer: Peer, id: string, params: unknown): void {
    const { answer, run } = this.#house.fault(peer, params);
    if (answer.ok) this.#answer(peer, id, answer, run);
    else this.#fail(peer, id, mismatch(answer.error));
  }

  #configure(peer: Peer, id: string, params: JsonRecord): void {
    const { ending, verdict } = this.configuration.set(params);
    if (ending === 'restart') this.#house.fault(peer, { name: 'restart' }).run();
    if (ending !== undefined) return;
    if (verdict.ok) this.#answer(peer, id, verdict.payload);
    else this.#fail(peer, id, mismatch(verdict.message));
  }

  #answer(peer: Peer, id: string, payload: unknown, sent?: () => void): void {
    peer.answer(JSON.stringify({ type: 'res', id, ok: true, payload }), sent);
  }

  #fail(peer: Peer, id: string, error: WireError): void {
    peer.answer(JSON.stringify({ type: 'res', id, ok: false, error }));
  }

  #health() {
    return { ok: true, ts: Date.now(), durationMs: 0 };
  }

  #presence() {
    const connected = [...this.#sessions].filter(([, { admission }]) => admission);
    return connected.map(([{ connId }, { admission }]) => {
      const deviceId = admission?.deviceId;
      const who = deviceId === undefined ? {} : { deviceId };
      return { ts: Date.now(), host: 'practice', instanceId: connId, ...who };
    });
  }
}

function effectsOf(openclaw: Openclaw): FaultEffects {
  const { rules, book } = openclaw;
  return {
    deny: ({ code, closeCode, retryAfterMs, times }) => {
      rules.denial = { code, closeCode, retryAfterMs, left: counted(times) };
      return undefined;
    },
    'rate-limit': ({ retryAfterMs, forMs }) => {
      rules.rateLimitHintMs = retryAfterMs;
      rules.rateLimitedUntil = performance.now() + (forMs ?? retryAfterMs);
      return undefined;
    },
    pairing: ({ mode, wait, requestId }) => {
      if (mode === 'approve') book.approve();
      else rules.pairing = { required: mode === 'required', wait, requestId };
      return undefined;
    },
    signature: ({ accept }) => {
      rules.accept = accept === 'both' ? ['v2', 'v3'] : accept === 'none' ? [] : [accept];
      return undefined;
    },
    forget: ({ what }) => {
      if (what === 'tokens') book.revokeTokens();
      else book.unpairAll();
      return undefined;
    },
    token: ({ value }) => {
      rules.token = value;
      return undefined;
    },
    protocol: ({ expected }) => {
      rules.expectedProtocol = expected;
      return undefined;
    },
    'no-challenge': ({ times }) => {
      openclaw.challengesWithheld = counted(times);
      return undefined;
    },
    'config-conflict': ({ times }) => {
      openclaw.configuration.conflicts = counted(times);
      return undefined;
    },
    'config-lost': ({ kept, ending, times }) => {
      openclaw.configuration.loss = { kept, ending, left: counted(times) };
      return undefined;
    },
    'seq-gap': ({ skip }) => {
      openclaw.skip(skip);
      return undefined;
    },
    ticks: ({ everyMs }) => {
      openclaw.tickEvery(everyMs);
      return undefined;
    },
  };
}

export function openclawDialect(house: House, plan: OpenclawPlan): Dialect {
  const openclaw = new Openclaw(house, plan);
  return {
    name: 'openclaw',
    opened: (peer) => openclaw.opened(peer),
    text: (peer, text) => openclaw.receive(peer, text),
    binary: (peer, data) => openclaw.receive(peer, data.toString()),
    closed: (peer) => openclaw.closed(peer),
    emit: (peer, name, payload) => openclaw.event(peer, name, payload),
    leaving(peer, reason, expectedMs) {
      openclaw.event(peer, 'shutdown', { reason, restartExpectedMs: expectedMs });
      // The close code is the same for a restart and an end: only the event tells them apart.
      return { code: 1012, reason: 'service restart' };
    },
    stats: () => openclaw.stats(),
    effects: effectsOf(openclaw),
  };
}
