/**
 * The service of a simulation: a process that boots, serves one of the protocols, obeys signals
 * and dies; or the same thing somewhere else when only a link is simulated. It promises to keep a
 * record of every request that it executed. It must never know what the client should do.
 */
import { field, parse } from '../protocols/hostile.ts';
import type { Call } from './network.ts';
import type { Child } from './processes.ts';
import type { World } from './world.ts';

/** Which of these the service believes in changes; nothing here is a real secret. */
export const secrets = ['s3cret-of-the-simulation-A', 's3cret-of-the-simulation-B'] as const;

/** What a client of the simulation asks for. */
export const methods = ['echo', 'fail', 'later', 'never'] as const;

/** the method that asks it to end */
export const leaves = 'leave';
/** what makes it read its configuration anew */
export const rereads = { method: 'reread', signal: 'SIGHUP' } as const;
/** the command that mends its configuration */
export const doctor = 'doctor';

const port = 18_789;
const tickMs = 30_000;
/** what a readiness proof of the simulation waits for */
export const readyLine = `listening on ${port}`;
export const addresses = [`ws://127.0.0.1:${port}/a`, `ws://127.0.0.1:${port}/b`] as const;

interface Asked {
  id: string;
  method: string;
  params: unknown;
}

export class Service {
  /** how often each numbered request was executed */
  readonly executed = new Map<number, number>();
  readonly #world: World;
  /** it does not read them; of those that are frozen it does not speak either */
  readonly #deaf = new WeakSet<Call>();
  readonly #frozen = new WeakSet<Call>();
  #serving: Child | undefined;
  #isDown = false;
  #boots = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** It accepts connections. */
  get isUp(): boolean {
    if (this.#world.script.halves === 'link') return !this.#isDown;
    return this.#serving?.alive === true;
  }

  /** Somebody looks at each caller before it is let in: only where no handshake does that. */
  get isAtTheDoor(): boolean {
    return this.#world.script.protocol !== 'openclaw';
  }

  /** From now on nothing passes, and neither end hears of it. */
  freeze(call: Call): void {
    call.stall();
    this.#frozen.add(call);
  }

  /** From now on it speaks, and does not read: no heartbeat can tell. */
  deafen(call: Call): void {
    call.stall();
    this.#deaf.add(call);
  }

  isDeaf(call: Call): boolean {
    return this.#deaf.has(call);
  }

  /** A service that nobody supervises here goes away for so long. */
  vanish(ms: number): void {
    this.#isDown = true;
    for (const call of this.#world.calls) call.reset();
    this.#world.look();
    this.#world.time.after(ms, () => {
      this.#isDown = false;
      this.#world.look();
    });
  }

  /** A process is about to live: how long until it serves, and what it does about a signal. */
  boot(child: Child): void {
    const { time, script } = this.#world;
    this.#boots += 1;
    child.onSignal = (signal) => {
      if (signal === 'SIGKILL' || this.#world.has('stubborn')) return;
      if (signal === rereads.signal) this.#reread(child);
      else this.#leave(child);
    };
    child.onWrite = () => {
      if (!this.#world.has('stubborn')) this.#leave(child);
    };
    const isDoctor = child.plan.command === doctor;
    time.after(script.bootMs, () => (isDoctor ? this.#mend(child) : this.#serve(child)));
  }

  #leave(child: Child): void {
    this.#serving = undefined;
    for (const call of this.#world.calls) call.close(1001, 'going away');
    this.#world.look();
    this.#world.time.after(this.#world.script.drainMs, () => child.exits(0));
  }

  /** It goes on, comes back, or does not survive it. */
  #reread(child: Child): void {
    const { time } = this.#world;
    if (this.#world.has('brittle')) time.after(500, () => child.exits(1));
    if (!this.#world.has('unready')) return;
    this.#serving = undefined;
    this.#world.look();
    time.after(5_000, () => this.#serve(child));
  }

  /** What helps nobody hangs as well. */
  #mend(child: Child): void {
    if (!this.#world.has('unready')) child.exits(this.#world.has('brittle') ? 1 : 0);
  }

  #serve(child: Child): void {
    const isLeaving =
      child.written.length > 0 || child.signals.some((name) => name !== rereads.signal);
    if (!child.alive || isLeaving) return;
    if (this.#world.has('unready')) {
      this.#world.time.after(5_000, () => this.#serve(child));
      return;
    }
    this.#serving = child;
    this.#world.look();
    child.says(readyLine);
  }

  /** A connection that is there, or asks for it. */
  meet(call: Call): void {
    const { time } = this.#world;
    if (call.pending) {
      const isSlow = this.#world.has('slowUpgrade');
      time.after(isSlow ? 4_000 : 0, () => this.#admit(call));
    } else if (call.open) this.#greet(call);
  }

  #admit(call: Call): void {
    const { tokens } = this.#world;
    const isStranger = this.isAtTheDoor && tokens.app !== tokens.service;
    if (this.#world.has('blackHole')) return;
    if (isStranger) call.refuse(401, 'unauthorized');
    else if (this.isAtTheDoor && this.#world.has('limited')) call.refuse(429, 'too many requests');
    else {
      call.accept();
      this.#greet(call);
    }
  }

  #greet(call: Call): void {
    call.onFrame = (data) => this.#hear(call, data);
    if (this.#world.script.protocol !== 'openclaw' || this.#world.has('mute')) return;
    const nonce = `nonce-${this.#world.network.calls.length}`;
    const ts = this.#world.time.clock.wallNow();
    this.#say(call, event('connect.challenge', { nonce, ts }));
  }

  #hear(call: Call, data: string | Uint8Array): void {
    if (this.#world.script.protocol === 'plain') return;
    const asked = read(data);
    if (asked === undefined) return;
    if (asked.method === 'connect') this.#judge(call, asked);
    else this.#execute(call, asked);
  }

  #judge(call: Call, { id, params }: Asked): void {
    const world = this.#world;
    if (world.has('mute')) return;
    const shown = field(field(params, 'auth'), 'token');
    if (shown !== secrets[world.tokens.service]) {
      const details = { code: 'AUTH_TOKEN_MISMATCH', authReason: 'token_mismatch' };
      this.#deny(call, id, { code: 'INVALID_REQUEST', message: 'unauthorized', details });
    } else if (world.has('limited')) {
      const hint = { retryable: true, retryAfterMs: world.floorMs };
      const details = { code: 'AUTH_RATE_LIMITED' };
      this.#deny(call, id, { code: 'INVALID_REQUEST', message: 'wait', ...hint, details });
    } else {
      this.#say(call, JSON.stringify({ type: 'res', id, ok: true, payload: this.#hello() }));
      this.#tick(call);
    }
  }

  #hello() {
    return {
      type: 'hello-ok',
      protocol: 4,
      server: { version: 'simulated', bootId: `boot-${this.#boots}`, connId: 'conn' },
      features: { methods: ['health', ...methods], events: ['tick'] },
      snapshot: {},
      auth: { role: 'operator', scopes: ['operator.admin'] },
      policy: { maxPayload: 1_000_000, maxBufferedBytes: 2_000_000, tickIntervalMs: tickMs },
    };
  }

  #tick(call: Call): void {
    this.#world.time.after(tickMs, () => {
      if (!call.open) return;
      this.#say(call, event('tick', { ts: this.#world.time.clock.wallNow() }));
      this.#tick(call);
    });
  }

  #deny(call: Call, id: string, error: object): void {
    this.#say(call, JSON.stringify({ type: 'res', id, ok: false, error }));
    call.close(1008, 'refused');
  }

  #execute(call: Call, { id, method, params }: Asked): void {
    const number = field(params, 'n');
    if (typeof number === 'number') {
      this.executed.set(number, (this.executed.get(number) ?? 0) + 1);
    }
    if (method === rereads.method && this.#serving) this.#reread(this.#serving);
    if (method === leaves && this.#serving) this.#leave(this.#serving);
    if (this.#world.has('unanswering') || method === 'never') return;
    const answer = this.#answer(id, method, params);
    if (method === 'later') this.#world.time.after(8_000, () => this.#say(call, answer));
    else this.#say(call, answer);
  }

  #answer(id: string, method: string, params: unknown): string {
    const isFailure = method === 'fail';
    const error = { code: 'E_SIMULATED', message: 'this one always fails' };
    if (this.#world.script.protocol === 'jsonrpc') {
      const rpcError = { code: -32_000, message: error.message };
      const outcome = isFailure ? { error: rpcError } : { result: { echo: params } };
      return JSON.stringify({ jsonrpc: '2.0', id, ...outcome });
    }
    const outcome = isFailure ? { ok: false, error } : { ok: true, payload: { echo: params } };
    return JSON.stringify({ type: 'res', id, ...outcome });
  }

  #say(call: Call, text: string): void {
    if (call.open && !this.#frozen.has(call)) call.send(text);
  }
}

/** An event in the words of OpenClaw. */
export const event = (name: string, payload: unknown): string =>
  JSON.stringify({ type: 'event', event: name, payload });

function read(data: string | Uint8Array): Asked | undefined {
  if (typeof data !== 'string') return undefined;
  const frame = parse(data)?.value;
  const id = field(frame, 'id');
  const method = field(frame, 'method');
  if (typeof id !== 'string' || typeof method !== 'string') return undefined;
  return { id, method, params: field(frame, 'params') };
}
