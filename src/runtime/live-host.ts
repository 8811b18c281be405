/**
 * The leaves' side of one system: its ports, facts and stores, kept up to date as leaves report.
 * Promises that whatever belonged to a connection or a process is settled and forgotten with it.
 * It must never start, stop or repeat anything.
 */
import { HoldfastError } from '../errors.ts';
import type {
  Census,
  Clock,
  Defer,
  Inbound,
  Logger,
  ProcessDriver,
  Random,
  Transport,
} from '../ports.ts';
import type { Known } from '../redact.ts';
import { Custody } from './custody.ts';
import { isolated } from './dispatcher.ts';
import { Facts } from './facts.ts';
import { fencedController } from './fences.ts';
import type { GatewayEvents } from './gateway.ts';
import { type Host, type Level, messageOf, signalled } from './host.ts';
import type { Inspector } from './onlookers.ts';
import { OutputRing } from './output.ts';
import { OutputLog } from './output-log.ts';
import { RequestStore } from './requests.ts';
import type { Settings } from './settings.ts';
import type { Wire } from './wire.ts';

/** The drivers and ports that stand behind the options. */
export interface Environment {
  clock: (onResume: () => void) => Clock;
  defer: Defer;
  /** as `defer`, but after everything that is already due in this turn of the event loop */
  afterwards: Defer;
  random: Random;
  uuid: () => string;
  transport: Transport;
  driver: ProcessDriver;
  /** loaded when somebody wants to look on */
  inspector?: () => Promise<Inspector>;
}

export interface HostEvents {
  /** `ended` aborts when this connection ends */
  connected(generation: number, ended: AbortSignal): void;
  inbound(inbound: Inbound, generation: number): void;
  exit(exit: GatewayEvents['exit']): void;
  diagnostic(diagnostic: GatewayEvents['diagnostic']): void;
  because(): string;
}

/** A store of the host that hangs holds up a stop no longer: a token can be asked for again. */
const writingMs = 1_000;

const never = new AbortController().signal;

/** Where nobody can be recognised again nothing is written down either. */
function custodyOf({ name, process }: Settings, census: Census | undefined): Custody | null {
  const self = census?.self();
  if (process?.custodyDir === undefined || census === undefined || self === undefined) return null;
  return new Custody(census, { folder: process.custodyDir, name, self });
}

export class LiveHost implements Host {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly defer: Defer;
  readonly uuid: () => string;
  readonly transport: Transport;
  readonly driver: ProcessDriver;
  readonly census: Census | undefined;
  readonly custody: Custody | null;
  readonly facts = new Facts((text) => this.output.clean(text));
  readonly output: OutputRing;
  readonly requests: RequestStore;
  readonly held = new Set<() => void>();
  readonly processes = new Set<() => void>();
  handle: Host['handle'] = null;
  wire: Wire | null = null;
  over = false;
  #writes = new Set<Promise<void>>();
  #afterwards: Defer;
  #logger: Logger | undefined;
  #events: HostEvents;
  #generationEnd = new AbortController();

  constructor(
    settings: Settings,
    clock: Clock,
    environment: Environment,
    logger: Logger | undefined,
    events: HostEvents,
  ) {
    this.settings = settings;
    this.clock = clock;
    this.defer = environment.defer;
    this.uuid = environment.uuid;
    this.transport = environment.transport;
    this.driver = settings.process?.driver ?? environment.driver;
    this.census = this.driver.census;
    this.custody = custodyOf(settings, this.census);
    this.output = new OutputRing(this.#lineLog(), knownOf(settings));
    this.requests = new RequestStore(clock, environment.uuid);
    this.#afterwards = environment.afterwards;
    this.#logger = logger;
    this.#events = events;
  }

  /** Aborts when the present connection ends. */
  get ended(): AbortSignal {
    return this.facts.connection === null ? never : this.#generationEnd.signal;
  }

  because(): string {
    return this.#events.because();
  }

  failed(leaf: string, error: unknown) {
    this.diagnose('error', 'HF_INTERNAL', `${leaf}: ${messageOf(error)}`);
  }

  connected(wire: Wire) {
    const { facts, clock } = this;
    facts.generation += 1;
    facts.moments.opened = clock.now();
    facts.connection = {
      generation: facts.generation,
      endpoint: wire.endpoint,
      connectedAt: clock.wallNow(),
      server: wire.session.server,
      rttMs: null,
    };
    this.#generationEnd = fencedController(signalled(this, 'onConnected'));
    this.requests.attach(wire);
    const { generation } = facts;
    const { signal } = this.#generationEnd;
    this.#afterwards(() => this.#events.connected(generation, signal));
  }

  disconnected(wire: Wire) {
    const { facts, requests } = this;
    const because = facts.lastEnd?.because ?? 'the connection ended';
    const code = facts.lastEnd?.code ?? 1006;
    const lost = new HoldfastError('HF_CONNECTION_LOST', because, { details: { code } });
    if (facts.connection !== null) facts.requestsLost = requests.pending;
    requests.detach(wire, lost);
    facts.connection = null;
    const ending = this.#generationEnd;
    // outside of the step that ends it: who listens may call back in
    this.defer(() => ending.abort());
  }

  inbound(inbound: Inbound) {
    if (inbound.kind === 'answer') this.requests.answer(inbound);
    else this.#events.inbound(inbound, this.facts.generation);
  }

  saving(work: Promise<unknown>) {
    const done = () => void this.#writes.delete(written);
    const written = work.then(done, done);
    this.#writes.add(written);
  }

  /** Settles when nothing is being written any more, or `writingMs` from now. */
  async written(): Promise<void> {
    if (this.#writes.size === 0) return;
    await new Promise<unknown>((settle) => {
      const limit = this.clock.setTimeout(() => settle(undefined), writingMs);
      void Promise.all(this.#writes).then(() => {
        this.clock.clearTimeout(limit);
        settle(undefined);
      });
    });
  }

  exited() {
    const exit = this.facts.lastExit;
    if (exit === null) return;
    this.#afterwards(() => this.#events.exit(structuredClone(exit)));
  }

  diagnose(level: Level, code: string, message: string) {
    const clean = this.output.clean(message);
    this.log(level, { code }, clean);
    this.#tell({ level, code, message: clean });
  }

  /** The log of what a process writes; who says how loud a line is, in order. */
  #lineLog(): OutputLog {
    const { process, linkOptions } = this.settings;
    return new OutputLog({
      classify: [
        ['process.classify', process?.classify],
        ['link.protocol.classify', linkOptions?.protocol.classify],
      ],
      log: (level, fields, message) => {
        const pid = this.facts.process?.pid ?? this.facts.lastExit?.pid;
        this.log(level, { pid, ...fields }, message);
      },
      failed: (option, error) =>
        this.diagnose('error', 'HF_USER_FUNCTION', `${option} failed: ${messageOf(error)}`),
    });
  }

  /** A logger that fails must not stop the lifecycle, and is not told of it. */
  log(level: Level, fields: object, message: string) {
    isolated(
      () => this.#logger?.[level]({ name: this.settings.name, ...fields }, message),
      (error) => {
        const told = `logger failed: ${messageOf(error)}`;
        this.#tell({ level: 'error', code: 'HF_USER_FUNCTION', message: told });
      },
    );
  }

  #tell(diagnostic: GatewayEvents['diagnostic']) {
    this.#afterwards(() => this.#events.diagnostic(diagnostic));
  }
}

/** What its options say of a process before it is planned. */
function knownOf({ process }: Settings): Known {
  const { env = {}, command = [] } = process ?? {};
  return { env, args: command.slice(1) };
}
