/**
 * The app of a simulation: it makes a gateway, asks for things, and starts again what has stopped
 * or given up. It promises to keep every promise that it was given until that settles, and to
 * check what each request says of itself against what the service did. It must never wait.
 */
import { isHoldfastError } from '../errors.ts';
import type { Protocol } from '../ports.ts';
import { jsonrpc, openclaw, plain } from '../protocols/index.ts';
import type { Gateway } from '../runtime/gateway.ts';
import type { Environment } from '../runtime/live-host.ts';
import type {
  GatewayOptions,
  Graceful,
  LinkOptions,
  ProcessOptions,
  Ready,
  Reload,
} from '../runtime/options.ts';
import type { Status } from '../runtime/status.ts';
import type { Chance } from './chance.ts';
import type { Script } from './script.ts';
import { addresses, doctor, leaves, methods, readyLine, rereads, secrets } from './service.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** How a subject is made: another way for a simulation that must find something. */
export type Make = (options: GatewayOptions, environment: Environment) => Gateway;

interface Request {
  number: number;
  method: string;
  outcome: 'pending' | 'answered' | 'not-sent' | 'maybe-executed';
}

const soon = Promise.resolve();
const endings: Readonly<Record<Script['graceful'], Graceful | undefined>> = {
  not: undefined,
  stdin: { stdin: 'leave\n' },
  signal: { signal: 'SIGINT' },
  request: { request: leaves },
};
const reloads: Readonly<Record<Script['reload'], Reload>> = {
  restart: 'restart',
  signal: { signal: rereads.signal },
  request: { request: rereads.method },
};
const protocols: Readonly<Record<string, () => Protocol>> = { plain, jsonrpc, openclaw };

export class App {
  gateway: Gateway;
  reconnects = 0;
  /** false: nobody helps any more */
  isPatient = true;
  readonly requests: Request[] = [];
  readonly #world: World;
  readonly #witness: Witness;
  readonly #make: Make;
  readonly #environment: Environment;
  readonly #pending = new Map<Promise<unknown>, string>();
  readonly #protocol: Protocol;
  #spawnedBefore = 0;
  #restarts = 0;

  constructor(world: World, witness: Witness, dice: Chance, make: Make) {
    this.#world = world;
    this.#witness = witness;
    this.#make = make;
    this.#protocol = (protocols[world.script.protocol] ?? plain)();
    let names = 0;
    this.#environment = {
      clock: (onResume) => {
        world.time.onWake = onResume;
        return world.time.clock;
      },
      defer: (task) => void soon.then(task),
      afterwards: world.time.lane('afterwards'),
      random: dice.next,
      uuid: () => {
        names += 1;
        return `name-${names}`;
      },
      transport: world.network.transport,
      driver: world.table.driver,
    };
    this.gateway = this.#fresh();
  }

  /** Verbs whose promise has not settled. */
  get pending(): string[] {
    return [...this.#pending.values()];
  }

  start(): void {
    this.#track('start', this.gateway.start());
    this.#track('ready', this.gateway.ready({ timeoutMs: 600_000 }));
  }

  stop(deadlineMs: number): void {
    this.#track('stop', this.gateway.stop({ deadlineMs }));
  }

  restart(settleMs: number): void {
    this.#track('restart', this.gateway.restart({ settleMs }));
  }

  reload(settleMs: number): void {
    this.#track('reload', this.gateway.reload({ settleMs }));
  }

  retarget(value: number): void {
    this.#track('retarget', this.gateway.retarget({ url: addresses[value % 2] ?? addresses[0] }));
  }

  retryNow(): void {
    this.#track('retryNow', this.gateway.retryNow());
  }

  resume(): void {
    this.#track('resume', this.gateway.resume());
  }

  probe(): void {
    this.#track('probe', this.gateway.probe());
  }

  send(value: number): void {
    const how = this.gateway.send(value % 2 === 0 ? '{"note":1}' : 'words');
    this.#witness.note(`send ${how}`);
  }

  request(value: number): void {
    const method = methods[value % methods.length] ?? 'echo';
    const entry: Request = { number: this.requests.length, method, outcome: 'pending' };
    this.requests.push(entry);
    const settings = value % 5 === 0 ? { waitReadyMs: 20_000 } : { timeoutMs: 5_000 + value * 20 };
    const asked = this.gateway.request(method, { n: entry.number }, settings);
    this.#track(`request ${entry.number}`, asked);
    asked.then(
      (payload) => this.#answered(entry, payload),
      (error: unknown) => this.#refused(entry, error),
    );
  }

  /** Ends this gateway for ever; the next one is made when the end has come. */
  dispose(): void {
    this.#end('dispose', this.gateway.dispose());
  }

  quit(withinMs: number): void {
    this.#end('quit', this.gateway.quit({ withinMs }));
  }

  killNow(): void {
    this.gateway.killNow();
  }

  /** Somebody tells the app the right credential, and perhaps to go on. */
  learns(token: number, isToResume: boolean): void {
    this.#world.tokens.app = token;
    if (isToResume) this.resume();
  }

  /** How often a process was started again by the gateway that had started one before. */
  get restarts(): number {
    return this.#restarts + Math.max(0, this.#world.spawned - this.#spawnedBefore - 1);
  }

  /** What must be true of every request, once nothing is under way any more. */
  audit(): void {
    for (const { number, method, outcome } of this.requests) {
      const times = this.#world.service.executed.get(number) ?? 0;
      const told = `request ${number} (${method}) is ${outcome} and was executed ${times} times`;
      const isTrue =
        times <= 1 &&
        outcome !== 'pending' &&
        (outcome !== 'answered' || times === 1) &&
        (outcome !== 'not-sent' || times === 0);
      if (!isTrue) this.#witness.break('delivery-is-true', told);
    }
  }

  #fresh(): Gateway {
    const { script } = this.#world;
    const gateway = this.#make(
      {
        inspect: this.#witness.inspect,
        logger: this.#witness.logger,
        ...(script.halves === 'link' ? {} : { process: this.#process() }),
        ...(script.halves === 'process' ? {} : { link: this.#link() }),
      },
      this.#environment,
    );
    this.#witness.listen(gateway);
    gateway.on('status', (status) => this.#help(gateway, status));
    gateway.onConnected(({ generation }) => {
      if (generation > 1) this.reconnects += 1;
    });
    return gateway;
  }

  #end(verb: string, ended: Promise<unknown>): void {
    const { gateway } = this;
    this.#track(verb, ended);
    const next = () => {
      if (this.gateway !== gateway || !this.isPatient) return;
      this.#witness.note('the next gateway');
      this.#restarts = this.restarts;
      this.#spawnedBefore = this.#world.spawned;
      this.gateway = this.#fresh();
      this.start();
    };
    ended.then(next, next);
  }

  #process(): ProcessOptions {
    const { script, service } = this.#world;
    const proofs: Readonly<Record<typeof script.ready, Ready | undefined>> = {
      none: undefined,
      line: { line: new RegExp(`^${readyLine}$`) },
      probe: { probe: () => service.isUp },
      protocol: { protocol: true },
    };
    const ready = proofs[script.ready];
    const graceful = endings[script.graceful];
    return {
      command: ['service', '--token', secrets[0]],
      stop: { graceMs: script.graceMs, ...(graceful === undefined ? {} : { graceful }) },
      reload: reloads[script.reload],
      ...(script.mends ? { repair: () => ({ command: [doctor] }) } : {}),
      ...(ready === undefined ? {} : { ready }),
    };
  }

  #link(): LinkOptions {
    const { script, tokens, time } = this.#world;
    const { heartbeat: mode, beatMs, jitter, attemptsMax } = script;
    const later = <T>(value: () => T) =>
      new Promise<T>((resolve) => time.afterAwake(script.latencyMs, () => resolve(value())));
    const token = () => ({ token: secrets[tokens.app] });
    const isSlow = script.latencyMs > 0;
    return {
      url: isSlow ? () => later(() => addresses[0]) : addresses[0],
      protocol: this.#protocol,
      credentials: isSlow ? () => later(token) : token,
      heartbeat: { mode, everyMs: beatMs, silenceMs: beatMs, waitMs: 10_000, probeMs: 5_000 },
      reconnect: { jitter, attemptsMax },
      limits: { messageBytes: 65_536 },
    };
  }

  /** Whoever looks at the status presses the button after a while. */
  #help(gateway: Gateway, { state, phase, line }: Status): void {
    const isPaused = phase === 'paused';
    if (!isPaused && state !== 'stopped' && state !== 'failed') return;
    this.#world.time.afterAwake(this.#world.script.patienceMs, () => {
      if (!this.isPatient || this.gateway !== gateway || gateway.status.line !== line) return;
      if (isPaused) this.resume();
      else this.start();
    });
  }

  #answered(entry: Request, payload: unknown): void {
    this.#settled(entry, 'answered');
    const wanted = JSON.stringify({ echo: { n: entry.number } });
    if (entry.method === 'fail' || JSON.stringify(payload) !== wanted) {
      const told = `request ${entry.number} (${entry.method}) got ${JSON.stringify(payload)}`;
      this.#witness.break('answers-are-their-own', told);
    }
  }

  #refused(entry: Request, error: unknown): void {
    const delivery = isHoldfastError(error) ? error.delivery : undefined;
    if (delivery !== undefined) this.#settled(entry, delivery);
    else this.#witness.break('delivery-is-true', `request ${entry.number} says none: ${error}`);
    if (delivery === 'answered' && entry.method !== 'fail') {
      this.#witness.break('answers-are-their-own', `request ${entry.number} failed: ${error}`);
    }
  }

  #settled(entry: Request, outcome: Request['outcome']): void {
    if (entry.outcome !== 'pending') {
      this.#witness.break('settles-once', `request ${entry.number} settled twice`);
    }
    entry.outcome = outcome;
  }

  #track(verb: string, promise: Promise<unknown>): void {
    this.#witness.note(verb);
    this.#pending.set(promise, verb);
    const settled = (how: string) => {
      this.#pending.delete(promise);
      this.#witness.note(`${verb} ${how}`);
    };
    promise.then(
      () => settled('resolved'),
      (error: unknown) => {
        settled(isHoldfastError(error) ? error.code : 'failed');
        if (!isHoldfastError(error)) this.#witness.break('errors-are-named', `${verb}: ${error}`);
      },
    );
  }
}
