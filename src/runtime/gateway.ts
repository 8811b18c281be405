/**
 * The verbs. Promises that each settles in bounded time with what is true, that listeners and
 * functions of the host are isolated, and that after `stop`, `quit` or `dispose` nothing owned
 * is left or is on record as unkillable. It must never decide a lifecycle step: it sends a
 * command to the root and waits until the machines have decided.
 */
import { HoldfastError } from '../errors.ts';
import type { Inbound } from '../ports.ts';
import { invalid } from './defaults.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { Dispatcher, type Listener, type ListenOptions } from './dispatcher.ts';
import type { ExitRecord } from './facts.ts';
import { calling, type Level, messageOf } from './host.ts';
import type { Outcome } from './ledger.ts';
import type { Environment } from './live-host.ts';
import { Machinery } from './machinery.ts';
import type { Metric } from './metrics.ts';
import type { Inspected, InspectOptions } from './onlookers.ts';
import type { GatewayOptions } from './options.ts';
import { notConnected, type RequestOptions } from './requests.ts';
import { checkUrl } from './settings.ts';
import type { PendingIntent, Status } from './status.ts';
import type { WaitOptions } from './waiters.ts';

export interface GatewayEvents extends Record<string, unknown> {
  /** the line of the status changed */
  status: Status;
  /** running, again or for the first time */
  ready: Status;
  /** an event or a notification of the peer */
  event: { name: string; payload: unknown; seq?: number; generation: number };
  /** a frame that nothing else claimed */
  message: { data: unknown; generation: number };
  /** a process is gone: how, what it wrote last, and what the system went through before */
  exit: ExitRecord;
  /** a restart or a reload was asked for, or has its outcome */
  restart: PendingIntent & { outcome?: Outcome };
  diagnostic: { level: Level; code: string; message: string };
  /** a figure for whoever counts, when its outcome is known */
  metric: Metric;
}

export interface RestartOptions {
  /** for the log and the status, default "you asked" */
  because?: string;
  /** default `user`; anybody else is refused while stopped */
  by?: 'user' | 'host';
  /** waits this long for further requests; the latest deadline counts. Default 0 */
  settleMs?: number;
}

export interface RestartOutcome {
  outcome: 'replaced' | 'joined' | 'superseded' | 'refused';
  cause: string;
  pidBefore: number | undefined;
  pidAfter: number | undefined;
}

export interface ReloadOptions {
  /** for the log and the status, default "you asked for a reload" */
  because?: string;
  /** waits this long for further requests; the latest deadline counts. Default 0 */
  settleMs?: number;
}

export interface ReloadOutcome {
  /**
   * `applied`: the process has read it, serves, and has outlived it. `restarted`: a new process
   * has. `skipped`: nothing was to be done. `joined`: somebody else's request did it
   */
  outcome: 'applied' | 'restarted' | 'skipped' | 'joined' | 'superseded' | 'refused';
  /** what was done, or why not */
  cause: string;
}

export interface StopOutcome {
  /** nothing owned is left */
  gone: boolean;
  /** what it took, for a person */
  how: string;
}

export interface RequestSettings extends RequestOptions {
  /** waits for a connection first, at most this long; default 0 */
  waitReadyMs?: number;
  /** lets the peer recognise a repetition; sent as `idempotencyKey` in `params` */
  idempotencyKey?: string;
}

/** What a new connection is handed to. */
export interface Connected {
  request<T>(method: string, params?: unknown, options?: RequestOptions): Promise<T>;
  /** aborts when this connection ends */
  signal: AbortSignal;
  server: { version?: string; bootId?: string; connId?: string };
  generation: number;
}

export class Gateway {
  #dispatcher: Dispatcher<GatewayEvents>;
  #machinery: Machinery;
  /** each with the last generation it is not for */
  #welcomes = new Map<(connected: Connected) => unknown, number>();

  /** Throws `HF_OPTION_INVALID`. No I/O, no timer and no process before `start()`. */
  constructor(options: GatewayOptions, environment: Environment) {
    this.#dispatcher = new Dispatcher((event, error) => {
      const { host } = this.#machinery;
      const message = `a listener of "${event}" failed: ${messageOf(error)}`;
      // who fails at a diagnostic would fail at this one, and so on for ever
      if (event === 'diagnostic') host.log('error', { code: 'HF_USER_FUNCTION' }, message);
      else host.diagnose('error', 'HF_USER_FUNCTION', message);
    });
    this.#machinery = new Machinery(options, environment, {
      status: (status) => this.#dispatcher.emit('status', status),
      ready: (status) => this.#dispatcher.emit('ready', status),
      connected: (generation, ended) => this.#welcome(generation, ended),
      inbound: (inbound, generation) => this.#inbound(inbound, generation),
      exit: (exit) => this.#dispatcher.emit('exit', exit),
      restart: (intent) => this.#dispatcher.emit('restart', intent),
      diagnostic: (diagnostic) => this.#dispatcher.emit('diagnostic', diagnostic),
      metric: (metric) => this.#dispatcher.emit('metric', metric),
    });
    this.#machinery.onlookers.follow(this);
  }

  /** The same object until something changed; plain JSON. */
  get status(): Status {
    return this.#machinery.status;
  }

  /** Counters, last times and last words, a copy. Times are wall clock, milliseconds since 1970. */
  get diagnostics() {
    const { host, view, trace, metrics } = this.#machinery;
    return diagnosticsOf({ host, view, trace, counts: metrics.counts });
  }

  on<K extends keyof GatewayEvents & string>(
    name: K,
    listener: Listener<GatewayEvents[K]>,
    options?: ListenOptions,
  ): this {
    this.#dispatcher.on(name, listener, options);
    return this;
  }

  once<K extends keyof GatewayEvents & string>(
    name: K,
    listener: Listener<GatewayEvents[K]>,
    options?: ListenOptions,
  ): this {
    this.#dispatcher.once(name, listener, options);
    return this;
  }

  off<K extends keyof GatewayEvents & string>(name: K, listener: Listener<GatewayEvents[K]>): this {
    this.#dispatcher.off(name, listener);
    return this;
  }

  /**
   * Runs `welcome` for every connection from the next one on, to subscribe again. Returns how
   * to stop.
   */
  onConnected(welcome: (connected: Connected) => unknown): () => void {
    this.#welcomes.set(welcome, this.#machinery.facts.generation);
    return () => this.#welcomes.delete(welcome);
  }

  /** Wants it running. Resolves at once; a second call joins. Throws `HF_DISPOSED`. */
  async start(): Promise<void> {
    this.#alive('start()');
    this.#machinery.send({ type: 'start' });
  }

  /** Resolves when running; rejects when that cannot come true without somebody's help. */
  async ready(options: WaitOptions = {}): Promise<Status> {
    limit('ready.timeoutMs', options.timeoutMs ?? 0);
    return this.#machinery.awaitReady('ready()', 0, options);
  }

  /** As `ready`, for a running that begins after now. */
  async nextReady(options: WaitOptions = {}): Promise<Status> {
    limit('nextReady.timeoutMs', options.timeoutMs ?? 0);
    return this.#machinery.awaitReady('nextReady()', this.#machinery.readies + 1, options);
  }

  /**
   * Wants it stopped; beats everything in flight. Resolves when nothing owned is left, or it is
   * on record as unkillable. `deadlineMs`: what is left then is killed without further grace.
   */
  async stop({ deadlineMs = 0 }: { deadlineMs?: number } = {}): Promise<StopOutcome> {
    return this.#machinery.stop({ type: 'stop', withinMs: limit('stop.deadlineMs', deadlineMs) });
  }

  /** Stops for ever under a hard limit, default 5,000 ms; no recovery afterwards. */
  async quit({
    withinMs = 5_000,
  }: {
    withinMs?: number;
  } = {}): Promise<StopOutcome & { owned: boolean }> {
    const owned = this.#machinery.host.processes.size > 0;
    const limitMs = limit('quit.withinMs', withinMs);
    // the kill belongs within the limit, and takes a moment itself
    const graceMs = Math.max(1, limitMs - Math.min(500, Math.ceil(limitMs / 2)));
    return { owned, ...(await this.#machinery.stop({ type: 'quit', withinMs: graceMs })) };
  }

  /** Synchronous last resort for `process.on('exit')`: kills what is held, and says nothing. */
  killNow(): void {
    this.#machinery.killNow();
  }

  /**
   * Stops for ever, exactly once; resets an open connection instead of closing it. Resolves when
   * nothing is written any more either: a device token on its way to its store, at most 1,000 ms.
   */
  dispose(): Promise<StopOutcome> {
    return this.#machinery.stop({ type: 'dispose' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose().then(() => undefined);
  }

  /** Replaces the process, once, whoever else asks meanwhile. */
  async restart(options: RestartOptions = {}): Promise<RestartOutcome> {
    const { because = 'you asked for a restart', by = 'user', settleMs = 0 } = options;
    this.#alive('restart()');
    if (by !== 'user' && by !== 'host') throw invalid('restart.by', 'must be user or host', by);
    limit('restart.settleMs', settleMs);
    return this.#machinery.restart({ verb: 'restart', because, by, settleMs });
  }

  /**
   * Has the process read its configuration anew, as `process.reload` says; what is asked for while
   * it starts or reloads is done after that. Rejects only when a restart took its place and failed.
   */
  async reload(options: ReloadOptions = {}): Promise<ReloadOutcome> {
    const { because = 'you asked for a reload', settleMs = 0 } = options;
    this.#alive('reload()');
    limit('reload.settleMs', settleMs);
    return this.#machinery.reload({ verb: 'reload', because, by: 'user', settleMs });
  }

  /** Skips what of the present wait lies above the peer's floor. */
  async retryNow(): Promise<void> {
    this.#alive('retryNow()');
    this.#machinery.send({ type: 'retry' });
  }

  /** Leaves `paused`: asks for credentials again and connects. */
  async resume(): Promise<void> {
    this.#alive('resume()');
    this.#machinery.send({ type: 'resume' });
  }

  /** Newest target wins; an older attempt is aborted. */
  async retarget(target: Parameters<Machinery['retarget']>[0]): Promise<void> {
    this.#alive('retarget()');
    for (const name of Object.keys(target)) {
      if (!['url', 'credentials', 'authorize'].includes(name)) {
        throw invalid(`retarget: ${name}`, 'is not an option', Reflect.get(target, name));
      }
    }
    if (typeof target.url === 'string') checkUrl('retarget: url', target.url);
    this.#machinery.retarget(target);
  }

  /**
   * One request on the present connection; never replayed. Rejects with a `HoldfastError` whose
   * `delivery` says whether the peer may have acted on it.
   */
  async request<T>(method: string, params?: unknown, options: RequestSettings = {}): Promise<T> {
    const { waitReadyMs = 0, idempotencyKey, ...rest } = options;
    limit('request.waitReadyMs', waitReadyMs);
    limit('request.timeoutMs', rest.timeoutMs ?? 0);
    const { requests } = this.#machinery.host;
    if (!requests.open && waitReadyMs > 0) {
      const { signal } = rest;
      await this.ready({ timeoutMs: waitReadyMs, ...(signal ? { signal } : {}) }).catch((cause) => {
        // an abort is told by the request itself
        if (signal?.aborted) return;
        throw new HoldfastError('HF_NOT_CONNECTED', notConnected(method).message, {
          delivery: 'not-sent',
          details: { method },
          cause,
        });
      });
    }
    return requests.send<T>(method, keyed(method, params, idempotencyKey), rest);
  }

  /** One frame without an answer. `refused`: not open, or too much waits to be written. */
  send(data: string | Uint8Array): 'sent' | 'queued' | 'refused' {
    return this.#machinery.host.wire?.send(data) ?? 'refused';
  }

  /** Asks the peer for a sign of life now. Never rejects. */
  async probe({ timeoutMs = 5_000 }: { timeoutMs?: number } = {}): Promise<{
    ok: boolean;
    rttMs: number | null;
    because: string;
  }> {
    return this.#machinery.probe(limit('probe.timeoutMs', timeoutMs));
  }

  /**
   * Shows every actor in a browser, to whoever has the URL that this resolves to: on 127.0.0.1,
   * with a token of this run. Asked before `start()` it knows what guards said, too; what happened
   * before it was asked for is not in it. It keeps no process alive; `close()` ends it.
   *
   *     const { url } = await gateway.inspect();
   *
   * Rejects with `HF_OPTION_INVALID` where `NODE_ENV` is `production` and `force` is not set, and
   * with what the system says (`EADDRINUSE`) when the port cannot be had.
   */
  async inspect(options: InspectOptions = {}): Promise<Inspected> {
    this.#alive('inspect()');
    return this.#machinery.inspect(this, options);
  }

  #alive(verb: string) {
    if (this.status.intent !== 'disposed') return;
    throw new HoldfastError('HF_DISPOSED', `${verb}: this gateway is disposed; make a new one`);
  }

  #inbound(inbound: Inbound, generation: number) {
    if (inbound.kind === 'event') {
      const { name, payload, seq } = inbound;
      const event = { name, payload, generation, ...(seq === undefined ? {} : { seq }) };
      this.#dispatcher.emit('event', event);
    }
    if (inbound.kind === 'message') {
      this.#dispatcher.emit('message', { data: inbound.data, generation });
    }
  }

  #welcome(generation: number, ended: AbortSignal) {
    const { host } = this.#machinery;
    if (ended.aborted) return;
    for (const [welcome, after] of this.#welcomes) {
      if (generation <= after) continue;
      const connected: Connected = {
        request: (method, params, options = {}) =>
          ended.aborted
            ? Promise.reject(notConnected(method))
            : host.requests.send(method, params, options),
        signal: ended,
        server: host.facts.connection?.server ?? {},
        generation,
      };
      calling('onConnected', async () => welcome(connected)).catch((error) =>
        host.diagnose('error', 'HF_USER_FUNCTION', messageOf(error)),
      );
    }
  }
}

/** The key travels beside the other parameters, so they must have names. */
function keyed(method: string, params: unknown, idempotencyKey: string | undefined): unknown {
  if (idempotencyKey === undefined) return params;
  if (params === undefined || (isObject(params) && !Array.isArray(params))) {
    return { ...params, idempotencyKey };
  }
  const rule = 'must be an object to carry an idempotencyKey';
  const { code, message, details } = invalid(`request "${method}": params`, rule, params);
  throw new HoldfastError(code, message, { details, delivery: 'not-sent' });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function limit(option: string, ms: number): number {
  if (Number.isInteger(ms) && ms >= 0 && ms < 2 ** 31) return ms;
  throw invalid(option, 'must be a whole number of milliseconds from 0 to 2^31 - 1', ms);
}
