/**
 * The manager of old, on Holdfast: its verbs, its events and the names of its fields, to be pasted
 * into an app that still calls them. It promises only to translate; it must never hold a timer, a
 * flag or a state of its own: whatever it is asked, the gateway answers at that moment.
 */
import { EventEmitter } from 'node:events';
import {
  type CommonOptions,
  createGateway,
  type Gateway,
  type GatewayEvents,
  type Link,
  type ProcessOptions,
  type ReloadOutcome,
  type RestartOutcome,
  type Status,
} from '../../src/index.ts';

/** What the old class had built in, and its old `ReconnectConfig`. */
export interface GatewayManagerConfig extends CommonOptions {
  process: ProcessOptions;
  link: Link;
  maxAttempts?: number;
  baseDelay?: number;
  maxDelay?: number;
}

export type GatewayStatus = ReturnType<typeof translated>;

export interface ManagerEvents {
  status: [GatewayStatus];
  message: [unknown];
  notification: [{ method: string; params: unknown }];
  exit: [number | null];
  error: [Error];
  'channel:status': [unknown];
  'chat:message': [{ message: unknown }];
  'gateway:ready': [GatewayStatus];
}

/** The old fields. The words of `state` are the new ones: not everything bad is an `error`. */
const translated = ({ state, process: own, connection, error, attempt, ready }: Status) => ({
  state,
  pid: own?.pid,
  port: own?.port,
  connectedAt: connection?.connectedAt,
  version: connection?.server.version,
  error: error?.message,
  reconnectAttempts: attempt,
  gatewayReady: ready === true,
});

export class GatewayManager extends EventEmitter<ManagerEvents> {
  readonly #gateway: Gateway;

  constructor(config: GatewayManagerConfig) {
    super();
    const { maxAttempts = 10, baseDelay = 1_000, maxDelay = 30_000, ...options } = config;
    const backoff = { firstMs: baseDelay, maxMs: maxDelay };
    const process = { backoff, ...options.process };
    const reconnect = { ...backoff, attemptsMax: maxAttempts, ...options.link.reconnect };
    const link = { ...options.link, reconnect };
    this.#gateway = createGateway({ ...options, process, link })
      .on('status', (status) => this.emit('status', translated(status)))
      .on('ready', (status) => this.emit('gateway:ready', translated(status)))
      .on('message', ({ data }) => this.emit('message', data))
      .on('exit', ({ code }) => this.emit('exit', code))
      .on('event', (event) => this.#passOn(event))
      .on('diagnostic', ({ level, message }) => {
        // an EventEmitter throws an error that nobody listens to
        if (level === 'error' && this.listenerCount('error') > 0)
          this.emit('error', new Error(message));
      });
  }

  getStatus(): GatewayStatus {
    return translated(this.#gateway.status);
  }

  getDiagnostics(): Gateway['diagnostics'] {
    return this.#gateway.diagnostics;
  }

  isConnected(): boolean {
    return this.#gateway.status.state === 'running';
  }

  /** Resolves when it is running; rejects with the reason, also when a stop came first. */
  async start(): Promise<void> {
    await this.#gateway.start();
    await this.#gateway.ready();
  }

  async stop(): Promise<void> {
    await this.#gateway.stop();
  }

  async dispose(): Promise<void> {
    await this.#gateway.dispose();
  }

  /** True: there was a process of ours, and it is gone. Nothing starts again. */
  async forceTerminateOwnedProcessForQuit(): Promise<boolean> {
    const { owned, gone } = await this.#gateway.quit({ withinMs: 5_000 });
    return owned && gone;
  }

  /** For `process.on('exit')`. */
  killNow(): void {
    this.#gateway.killNow();
  }

  restart(because = 'the app asked for a restart'): Promise<RestartOutcome> {
    return this.#gateway.restart({ because });
  }

  /** Refused while stopped. Nobody awaits it: if it fails, the status says so. */
  debouncedRestart(delayMs = 2_000, because = 'several changes'): void {
    const ask = { because, settleMs: delayMs, by: 'host' } as const;
    this.#gateway.restart(ask).catch(() => undefined);
  }

  /** In the way that `process.reload` says; by default a new process reads what is new. */
  reload(settleMs = 0): Promise<ReloadOutcome> {
    return this.#gateway.reload({ because: 'the configuration changed', settleMs });
  }

  debouncedReload(delayMs = 1_200): void {
    this.reload(delayMs).catch(() => undefined);
  }

  rpc<T>(method: string, params?: unknown, timeoutMs = 30_000): Promise<T> {
    return this.#gateway.request<T>(method, params, { timeoutMs });
  }

  async checkHealth(): Promise<{ ok: boolean; error?: string }> {
    const { ok, because } = await this.#gateway.probe();
    return ok ? { ok } : { ok, error: because };
  }

  /** Three events of the peer have names of their own; every other one is a notification. */
  #passOn({ name, payload }: GatewayEvents['event']): void {
    if (name === 'chat') this.emit('chat:message', { message: payload });
    else if (/^channel\.status(_changed)?$/.test(name)) this.emit('channel:status', payload);
    else this.emit('notification', { method: name, params: payload });
  }
}
