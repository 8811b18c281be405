/**
 * Where a scenario plays: real machines, real runtime and real protocols between leaves that the
 * test holds in its hands, under a clock that it moves from one due timer to the next. After each
 * step and after each scenario it checks what holds for all of them (G1 to G6); it must never
 * help the subject to pass.
 */
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import type { ActorRefLike, InspectionEvent } from 'xstate';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
import { writeReach } from '../../src/cli/reach.ts';
import { immediateDefer, microtaskDefer, uuid } from '../../src/drivers/host.ts';
import {
  type CommonOptions,
  type Connection,
  connect,
  createGateway,
  type Gateway,
  type GatewayEvents,
  type GatewayOptions,
  type Link,
  type Metric,
  type ProcessOptions,
  type Status,
  type Supervised,
  supervise,
} from '../../src/index.ts';
import type { ProcessDriver } from '../../src/ports.ts';
import { Gateway as Unit } from '../../src/runtime/gateway.ts';
import { type Call, Network } from '../../src/simulate/network.ts';
import { Outsiders } from '../../src/simulate/outsiders.ts';
import { type Child, ProcessTable } from '../../src/simulate/processes.ts';
import { reached, type Witness, type World, witness } from '../../src/verify/index.ts';
import { FakeClock } from '../fakes/clock.ts';
import { Claw } from './claw.ts';

/** A credential that must show nowhere (G5). */
export const secret = 's3cret-of-the-scenario-0123456789';
export const url = 'ws://127.0.0.1:18789';

/** What the scenarios are written for; the product's own defaults are others. */
const given = {
  reconnect: { firstMs: 1_000, factor: 2, maxMs: 30_000, jitter: 0 },
  limits: { openMs: 10_000, challengeMs: 10_000, helloMs: 20_000 },
  misses: { mode: 'misses', everyMs: 30_000, waitMs: 12_000, missesMax: 3 },
  stop: { graceMs: 5_000 },
  cooldownMs: 2_500,
} as const;

type Any = Gateway | Connection | Supervised;

/** One system under test, everything it said, and every promise it gave. */
export class Subject<T extends Any = Any> {
  readonly is: T;
  readonly statuses: Status[] = [];
  readonly diagnostics: { level: string; code: string; message: string }[] = [];
  readonly exits: GatewayEvents['exit'][] = [];
  readonly metrics: Metric[] = [];
  readonly said: string[];
  readonly #pending = new Map<Promise<unknown>, string>();
  readonly failures: unknown[] = [];

  constructor(real: T, said: string[]) {
    this.said = said;
    this.is = new Proxy(real, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#track(String(name), member.apply(target, args));
      },
    });
    real.on('status', (status) => this.statuses.push(status));
    real.on('diagnostic', (diagnostic) => this.diagnostics.push(diagnostic));
    real.on('exit', (exit) => this.exits.push(exit));
    real.on('metric', (metric) => this.metrics.push(metric));
  }

  /** The states in the order they were told, repetitions left out (DG-12 looks at them too). */
  get states(): string[] {
    return this.statuses
      .map(({ state }) => state)
      .filter((state, at, all) => state !== all[at - 1]);
  }

  get lines(): string[] {
    return this.statuses.map(({ line }) => line);
  }

  /** Verbs whose promise has not settled. */
  get pending(): string[] {
    return [...this.#pending.values()];
  }

  #track(verb: string, result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    this.#pending.set(result, verb);
    const settled = () => this.#pending.delete(result);
    result.then(settled, (error) => {
      settled();
      this.failures.push(error);
    });
    return result;
  }
}

export class Stage {
  readonly clock = new FakeClock();
  readonly network = new Network();
  readonly table = new ProcessTable();
  /** processes that nobody on the stage has started */
  readonly outsiders = new Outsiders(this.table);
  readonly driver: ProcessDriver = Object.assign(
    (...asked: Parameters<ProcessDriver>) => this.table.driver(...asked),
    { census: this.outsiders.census },
  );
  readonly subjects: Subject[] = [];
  /** what may outlive the scenario: a process that nobody can kill */
  unkillable = 0;
  /** luck of every subject that does not bring its own */
  luck = 0;
  readonly broken: string[] = [];
  readonly #witnesses: Witness[] = [];
  readonly #roots = new Set<ActorRefLike>();

  constructor() {
    this.clock.onStep = () => this.#look();
  }

  /** A link without a process. */
  connect(link: Partial<Link> = {}, common: CommonOptions = {}): Subject<Connection> {
    return this.#enter(linkAlone, (more) => connect(this.link(link), { ...more, ...common }));
  }

  /** A process without a link. */
  supervise(process: Partial<ProcessOptions> = {}, common: CommonOptions = {}) {
    return this.#enter(
      serviceAlone,
      (more): Supervised => supervise(this.process(process), { ...more, ...common }),
    );
  }

  /** Both. */
  gateway(
    options: CommonOptions & { process?: Partial<ProcessOptions>; link?: Partial<Link> } = {},
  ): Subject<Gateway> {
    const { process, link, ...common } = options;
    return this.#enter(both, (more) =>
      createGateway({ ...more, ...common, process: this.process(process), link: this.link(link) }),
    );
  }

  /** On a host that sleeps: `wakes` is what its own clock says once it is awake again. */
  sleeper({ process, link }: Pick<GatewayOptions, 'process' | 'link'>) {
    let wakes = () => {};
    const world = process === undefined ? linkAlone : link === undefined ? serviceAlone : both;
    const noticed = (onResume: () => void) => {
      wakes = onResume;
      return this.clock;
    };
    const { network, driver, luck } = this;
    const environment = {
      ...{ clock: noticed, defer: microtaskDefer, afterwards: immediateDefer, uuid },
      ...{ random: () => luck, transport: network.transport, driver },
    };
    const subject = this.#enter(world, ({ clock: _, ...more }): Gateway => {
      const halves = { ...(process && { process }), ...(link && { link }) };
      return new Unit({ ...more, ...halves }, environment);
    });
    return { subject, wakes: () => wakes() };
  }

  link(more: Partial<Link> = {}): Link {
    const { reconnect, limits } = given;
    return {
      url,
      protocol: 'openclaw',
      credentials: () => ({ token: secret }),
      transport: this.network.transport,
      ...more,
      reconnect: { ...reconnect, ...more.reconnect },
      limits: { ...limits, ...more.limits },
    };
  }

  process(more: Partial<ProcessOptions> = {}): ProcessOptions {
    return {
      command: ['service', '--token', secret],
      env: { SERVICE_TOKEN: secret },
      driver: this.driver,
      stop: given.stop,
      ...more,
    };
  }

  /** Mode `misses` with the figures of the scenarios. */
  get misses() {
    return given.misses;
  }

  /** Every call that arrives is challenged and accepted by itself. */
  welcomes(hello: Parameters<Claw['accepts']>[0] = {}): void {
    this.network.onCall = (call) => {
      const claw = new Claw(call).challenges();
      const look = () => {
        if (!call.open) return;
        if (claw.connects.length > 0) claw.accepts(hello);
        else setImmediate(look);
      };
      setImmediate(look);
    };
  }

  /** The calls so far, oldest first, as the gateway sees them. */
  get claws(): Claw[] {
    return this.network.calls.map((call) => new Claw(call));
  }

  /** The newest call. */
  get claw(): Claw {
    const call = this.network.calls.at(-1);
    if (call === undefined) throw new Error('nobody has called yet');
    return new Claw(call);
  }

  /** The newest process. */
  get child(): Child {
    const child = this.table.children.at(-1);
    if (child === undefined) throw new Error('nothing was spawned yet');
    return child;
  }

  get calls(): readonly Call[] {
    return this.network.calls;
  }

  /** Moves time, and looks after each timer. */
  pass(ms: number): Promise<void> {
    return this.clock.pass(ms);
  }

  /** Every subject hears what its clock would say if the host had slept just now. */
  resumes(): Promise<void> {
    for (const root of this.#roots) root.send({ type: 'host.resumed' });
    return this.settle();
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.clock.settle();
  }

  until(what: () => boolean, limitMs = 600_000): Promise<void> {
    return this.clock.until(what, limitMs);
  }

  /** A subject that runs, its hello accepted; `claw` is its gateway's end. */
  async running<T extends Any>(subject: Subject<T>, hello: Parameters<Claw['accepts']>[0] = {}) {
    this.welcomes(hello);
    await subject.is.start();
    await this.until(() => subject.is.status.state === 'running');
    this.network.onCall = () => {};
    await this.settle();
    return { subject, claw: this.network.calls.length > 0 ? this.claw : undefined };
  }

  /** What holds after every scenario. */
  async strike(): Promise<void> {
    for (const subject of this.subjects) void subject.is.dispose();
    const open = () => this.subjects.flatMap(({ pending }) => pending);
    await this.until(() => open().length === 0).catch(() => undefined);
    await this.settle();
    expect(open(), 'G6: every promise settles in bounded time').toEqual([]);
    expect(this.broken, 'G1 to G3, after each step').toEqual([]);
    expect(
      { sockets: this.network.alive, processes: this.#ours, timers: this.clock.armed },
      'G3: nothing is left',
    ).toEqual({ sockets: 0, processes: this.unkillable, timers: 0 });
    expect(
      this.#witnesses.flatMap(({ refused }) => refused),
      'the leaves keep to the automata of the checker',
    ).toEqual([]);
    const texts = this.subjects.flatMap(({ said, failures, is, ...heard }) => [
      ...said,
      JSON.stringify([heard, is.diagnostics]),
      ...failures.map((error) => `${error} ${JSON.stringify(error)}`),
    ]);
    expect(
      texts.filter((text) => text.includes(secret)),
      'G5: no secret in any text',
    ).toEqual([]);
  }

  #enter<T extends Any>(world: World, make: (common: CommonOptions) => T): Subject<T> {
    const watching = witness(world);
    this.#witnesses.push(watching);
    const said: string[] = [];
    const say = (fields: object, message: string) => {
      said.push(`${JSON.stringify(fields)} ${message}`);
    };
    const logger = { debug: say, info: say, warn: say, error: say };
    const { clock, luck } = this;
    const { cooldownMs } = given;
    const inspect = (event: InspectionEvent) => {
      if (event.actorRef.sessionId === event.rootId) this.#roots.add(event.actorRef);
      watching.inspect(event);
      if (reachedFolder !== undefined) everything.inspect(event);
    };
    const common = { clock, random: () => luck, logger, cooldownMs, inspect };
    const subject = new Subject(make(common), said);
    this.subjects.push(subject as Subject);
    return subject;
  }

  /** Processes beside those that are none of ours, or not yet. */
  get #ours(): number {
    return this.table.alive - this.outsiders.alive;
  }

  /** G1, G2, G3, whenever nothing is in flight. */
  #look(): void {
    const { network, subjects, clock } = this;
    const most = subjects.length;
    const note = (what: string) => this.broken.push(`${what} at ${clock.now()} ms`);
    if (network.alive > most) note(`G1: ${network.alive} sockets are alive`);
    if (this.#ours > most + this.unkillable) note(`G2: ${this.#ours} processes are alive`);
    const states = subjects.map(({ is }) => is.status.state);
    if (states.some((state) => state !== 'stopped' && state !== 'disposed')) return;
    if (network.alive + this.#ours > this.unkillable) note('G3: something lives on when stopped');
    if (clock.armed > 0) note(`G3: ${clock.armed} timers are armed when stopped`);
  }
}

/** Where `npm run coverage` wants to know what the scenarios reach. */
const reachedFolder = process.env.HOLDFAST_COVERAGE;
const everything = reached();

/** One stage for each test of a file; call it once, at the top. */
export function onStage(): () => Stage {
  let stage: Stage;
  const escaped: unknown[] = [];
  const note = (error: unknown) => escaped.push(error);
  beforeEach(() => {
    stage = new Stage();
    escaped.length = 0;
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
  });
  afterEach(async () => {
    try {
      await stage.strike();
      expect(escaped, 'G4: nothing is unhandled').toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
      process.off('uncaughtException', note);
    }
  });
  if (reachedFolder !== undefined) {
    const file = join(reachedFolder, `scenarios-${process.pid}.json`);
    afterAll(() => writeReach(file, everything.reach()));
  }
  return () => stage;
}
