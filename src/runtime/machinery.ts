/**
 * Between the verbs and the machines. Promises that the status is derived anew after every
 * change, that its listeners hear each line once and outside any transition, and that waiters
 * look again whenever a machine has moved. It keeps what is data (facts, requests, restarts
 * asked for); it must never decide, repeat or suppress a lifecycle step.
 */
import type { GatewayCommand } from '../../machines/index.ts';
import { HoldfastError } from '../errors.ts';
import type { Facts } from './facts.ts';
import { failure } from './failure.ts';
import { fencedClock } from './fences.ts';
import type {
  Gateway,
  GatewayEvents,
  ReloadOutcome,
  RestartOutcome,
  StopOutcome,
} from './gateway.ts';
import { messageOf } from './host.ts';
import { reload, restart } from './intents.ts';
import { type Ask, Ledger, type Numbers, numbersIn } from './ledger.ts';
import { type Environment, type HostEvents, LiveHost } from './live-host.ts';
import { type Metric, Metrics } from './metrics.ts';
import { type Inspected, type InspectOptions, noInspector, Onlookers } from './onlookers.ts';
import type { GatewayOptions, LinkOptions } from './options.ts';
import { PlannedWait } from './planned-wait.ts';
import { died, outliving } from './sentences.ts';
import { type Settings, settle } from './settings.ts';
import { type Status, statusOf } from './status.ts';
import { System } from './system.ts';
import { paused, rest, type SystemView, viewOf } from './view.ts';
import { Waiters, type WaitOptions } from './waiters.ts';

export interface MachineryEvents extends Omit<HostEvents, 'because'> {
  status(status: Status): void;
  ready(status: Status): void;
  restart(intent: GatewayEvents['restart']): void;
  metric(metric: Metric): void;
}

export class Machinery {
  readonly host: LiveHost;
  readonly settings: Settings;
  readonly metrics: Metrics;
  /** how often `running` was entered */
  readies = 0;
  #readiesTold = 0;
  #system: System | null = null;
  #environment: Environment;
  #events: MachineryEvents;
  readonly waiters: Waiters;
  readonly ledger: Ledger;
  readonly onlookers: Onlookers;
  #broken: HoldfastError | null = null;
  /** broken, and disposed since */
  #ended = false;
  #status: Status;
  #told: string | null = null;
  #wasRunning = false;
  #wait: PlannedWait;
  #scheduled = false;

  constructor(options: GatewayOptions, environment: Environment, events: MachineryEvents) {
    this.settings = settle(options, options.random ?? environment.random);
    this.#environment = environment;
    this.#events = events;
    const clock =
      options.clock === undefined
        ? environment.clock(() => this.#system?.send({ type: 'host.resumed' }))
        : fencedClock(options.clock, (told) =>
            this.host.diagnose('error', 'HF_USER_FUNCTION', told),
          );
    this.host = new LiveHost(this.settings, clock, environment, options.logger, {
      ...events,
      because: () => this.#status.because,
    });
    this.onlookers = new Onlookers(options.inspect, (error) => this.host.failed('inspect', error));
    this.waiters = new Waiters(clock);
    this.#wait = new PlannedWait(clock);
    this.metrics = new Metrics(clock, this.host.facts, (metric) =>
      environment.afterwards(() => this.#events.metric(metric)),
    );
    this.ledger = new Ledger(clock, (intent) =>
      environment.defer(() => this.#events.restart(intent)),
    );
    this.#status = this.#derive(null);
    this.#told = this.#status.line;
  }

  /** The page of `gateway`, whose machinery this is. */
  async inspect(gateway: Gateway, options: InspectOptions): Promise<Inspected> {
    const inspector = await this.#environment.inspector?.();
    if (inspector === undefined) throw noInspector();
    return this.onlookers.serve(inspector, gateway, options, this.#system?.root);
  }

  get facts(): Facts {
    return this.host.facts;
  }

  get view(): SystemView {
    if (this.#broken !== null) return rest(this.#ended ? 'life.disposed' : 'life.wanted.failed');
    return this.#system === null ? rest('life.resting') : viewOf(this.#system.root);
  }

  get trace(): string[] {
    return this.#system?.trace ?? [];
  }

  get status(): Status {
    const { asked: _, ...ends } = this.numbers;
    this.ledger.prune(Math.max(...Object.values(ends)));
    this.#status = this.#derive(this.#status);
    return this.#status;
  }

  /**
   * Throws when the system is broken, or breaks over it. False: it waits for the step to end from
   * within which it was called.
   */
  send(command: GatewayCommand): boolean {
    const taken = this.#begun().send(command);
    if (this.#broken !== null) throw this.#broken;
    return taken;
  }

  /** The line of what was asked is made while the process that it speaks of is still there. */
  keepLine() {
    this.#status = this.#derive(this.#status);
  }

  retarget(target: Partial<Pick<LinkOptions, 'url' | 'credentials' | 'authorize'>>) {
    if (this.settings.linkOptions !== null) Object.assign(this.settings.linkOptions, target);
    this.send({ type: 'retarget' });
  }

  awaitReady(verb: string, count: number, options: WaitOptions): Promise<Status> {
    return this.waiters.wait(
      verb,
      () => {
        const { gateway } = this.view;
        if (this.#broken !== null) throw this.#broken;
        if (gateway.in('life.wanted.running') && this.readies >= count) {
          return { value: this.status };
        }
        if (this.gaveUp !== null) throw this.gaveUp;
        if (paused(this.view)) throw this.#pausedError();
        const wanted = gateway.in('life.wanted') || gateway.in('life.falling.next.again');
        if (!wanted) throw this.#unwanted(verb);
        return undefined;
      },
      { timeoutMs: 120_000, ...options },
    );
  }

  async stop(command: Extract<GatewayCommand, { type: 'stop' | 'quit' | 'dispose' }>) {
    const { facts, clock } = this.host;
    if (this.#broken !== null) return this.#dropped(command.type);
    if (this.view.gateway.in('life.wanted')) {
      facts.moments.stopAsked = clock.now();
      facts.moments.stopped = null;
    }
    const pid = facts.process?.pid;
    if (!this.#begun().send(command)) await undefined;
    this.keepLine();
    const outcome = await this.waiters.wait<StopOutcome>(command.type, () => {
      const { gateway } = this.view;
      if (this.#broken !== null) return { value: this.#dropped(command.type) };
      if (gateway.in('life.unkillable')) {
        return { value: { gone: false, how: outliving(pid) } };
      }
      if (gateway.in('life.falling') || gateway.in('life.ending')) return undefined;
      if (gateway.in('life.wanted')) {
        return { value: { gone: false, how: 'superseded by a later start()' } };
      }
      return { value: { gone: facts.process === null, how: this.#how(pid) } };
    });
    if (this.view.gateway.in('life.disposed')) this.#end();
    await this.host.written();
    return outcome;
  }

  /** Kills what is held before it returns, and wants nothing any more. */
  killNow() {
    if (this.#broken === null) this.#system?.send({ type: 'stop', withinMs: 0 });
    for (const kill of [...this.host.processes]) kill();
  }

  restart(ask: Ask): Promise<RestartOutcome> {
    return restart(this, ask);
  }

  reload(ask: Ask): Promise<ReloadOutcome> {
    return reload(this, ask);
  }

  get supervises(): boolean {
    return this.settings.service !== null;
  }

  get broken(): HoldfastError | null {
    return this.#broken;
  }

  get gaveUp(): HoldfastError | null {
    const { gateway } = this.view;
    const stuck = gateway.in('life.wanted.failed') || gateway.in('life.unkillable');
    return stuck ? failure(this.#evidence()) : null;
  }

  async probe(timeoutMs: number): Promise<{ ok: boolean; rttMs: number | null; because: string }> {
    const { wire, clock } = this.host;
    if (wire === null || this.facts.connection === null) {
      return { ok: false, rttMs: null, because: 'there is no open connection to probe' };
    }
    const askedAt = clock.now();
    const { ended } = this.host;
    let answered = false;
    try {
      wire.ping(() => {
        answered = true;
        this.waiters.look();
      });
    } catch (error) {
      const because = `link.protocol failed: ${messageOf(error)}`;
      return { ok: false, rttMs: null, because };
    }
    const wait = this.waiters.wait(
      'probe()',
      () => (answered || ended.aborted ? { value: answered } : undefined),
      { timeoutMs },
    );
    const ok = await wait.catch(() => false);
    const rttMs = ok ? Math.round(clock.now() - askedAt) : null;
    if (ok) return { ok, rttMs, because: `answered after ${rttMs} ms` };
    const because = ended.aborted ? 'the connection ended' : `silent for ${timeoutMs} ms`;
    return { ok, rttMs, because };
  }

  /** The system is made at the first command: no actor exists before. */
  #begun(): System {
    if (this.#broken !== null) throw this.#broken;
    if (this.#system !== null) return this.#system;
    this.#system = new System(this.host, this.onlookers, {
      changed: () => this.#changed(),
      broke: (error) => this.#break(error),
    });
    // who watches may call back in from now on
    this.#system.start();
    return this.#system;
  }

  #changed() {
    if (this.#system === null) return;
    const { view } = this;
    const running = view.gateway.in('life.wanted.running');
    const { moments } = this.facts;
    if (running && !this.#wasRunning) this.readies += 1;
    if (view.gateway.in('life.resting')) moments.stopped ??= this.host.clock.now();
    if (!running && this.#wasRunning) moments.left = this.host.clock.now();
    this.#wasRunning = running;
    this.#wait.look(view);
    this.metrics.look(view);
    this.#schedule();
  }

  /** Derives and tells once per turn of the event loop, outside every transition. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#environment.afterwards(() => {
      this.#scheduled = false;
      const { status } = this;
      // who waits goes on after this turn, and has missed no event that belongs to it
      this.waiters.look();
      this.#tell(status);
      if (status.state !== 'running' || this.readies === this.#readiesTold) return;
      this.#readiesTold = this.readies;
      this.#events.ready(status);
    });
  }

  #tell(status: Status) {
    // whether an exit explains the loss is being judged: there is nothing to tell yet
    const judging = this.view.gateway.in('life.wanted.relinking.judging');
    if (judging) return;
    const { state, phase, because } = status;
    this.facts.history.note({ at: this.host.clock.wallNow(), state, phase, because });
    if (status.line === this.#told) return;
    this.#told = status.line;
    this.#log(status);
    this.#events.status(status);
  }

  #log(status: Status) {
    const { state, phase, because, attempt } = status;
    const level = state === 'failed' ? 'error' : state === 'restarting' ? 'warn' : 'info';
    this.host.log(level, { state, phase, attempt }, because);
  }

  #derive(previous: Status | null): Status {
    const { facts, settings, clock, requests } = this.host;
    const view = this.view;
    const held = paused(view);
    return statusOf({
      view,
      facts,
      settings,
      clock,
      pending: this.ledger.pending,
      failures: requests.history.consecutiveFailures,
      waitEndsAt: this.#wait.endsAt,
      error: this.#broken ?? this.gaveUp ?? (held ? this.#pausedError() : null),
      previous,
      told: this.#told,
    });
  }

  #evidence() {
    return { view: this.view, facts: this.facts, settings: this.settings, trace: this.trace };
  }

  get numbers(): Numbers {
    return numbersIn(this.view.gateway.context);
  }

  #pausedError(): HoldfastError {
    const pairing = this.view.reconnect?.in('paused.pairing') ?? false;
    const because = this.facts.lastEnd?.because ?? 'the peer refused the credentials';
    return new HoldfastError(
      pairing ? 'HF_PAIRING' : 'HF_CREDENTIALS',
      pairing
        ? `${because}; approve this device, it connects by itself then`
        : `${because}; give other credentials and call resume()`,
      { trace: this.trace },
    );
  }

  #unwanted(verb: string): HoldfastError {
    const { gateway } = this.view;
    const disposed = gateway.in('life.disposed') || gateway.in('life.ending');
    return disposed
      ? new HoldfastError('HF_DISPOSED', `${verb}: this gateway is disposed; make a new one`)
      : new HoldfastError('HF_STOPPED', `${verb}: it is stopped; call start() first`);
  }

  /** What a stop of a broken system finds. */
  #dropped(verb: 'stop' | 'quit' | 'dispose'): StopOutcome {
    if (verb !== 'stop') this.#ended = true;
    this.#schedule();
    return { gone: true, how: 'a machine had failed; everything held was released' };
  }

  #how(pid: number | undefined): string {
    const { repair } = this.facts;
    const mended = repair?.exit?.pid === pid ? repair?.exit : null;
    const lastExit = mended ?? this.facts.lastExit;
    if (this.settings.service === null) return 'the connection is closed';
    if (pid === undefined || lastExit === null) return 'nothing was running';
    return died(lastExit);
  }

  #break(error: unknown) {
    this.#broken = new HoldfastError('HF_INTERNAL', `a machine failed: ${messageOf(error)}`, {
      details: error instanceof HoldfastError ? error.details : {},
      cause: error,
      trace: this.trace,
    });
    this.host.diagnose('error', 'HF_INTERNAL', this.#broken.message);
    this.#schedule();
  }

  #end() {
    this.#system?.stop();
  }
}
