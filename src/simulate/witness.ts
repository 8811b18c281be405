/**
 * Who watches a run: the record from which its digest is made, and everything that must hold at
 * any moment. It promises to keep the first thing that was broken, with its moment, and to look
 * after every hop and every step. It must never change what it looks at.
 */
import { createHash } from 'node:crypto';
import type { AnyActorRef, InspectionEvent } from 'xstate';
import { guarantees } from '../../machines/guarantees.ts';
import type { Logger } from '../ports.ts';
import type { Gateway, GatewayEvents } from '../runtime/gateway.ts';
import type { Status } from '../runtime/status.ts';
import { moment } from './faults.ts';
import { LiveView, type Outside } from './live-view.ts';
import type { Call } from './network.ts';
import { secrets } from './service.ts';
import type { World } from './world.ts';

export interface Violation {
  /** the id of the guarantee, or of a rule of the simulation */
  rule: string;
  message: string;
  /** milliseconds from the beginning of the run */
  at: number;
  /** what happened last before it, oldest first */
  story: readonly string[];
}

/** Without what speaks of a leaf's own state: a real one has none that could be read. */
const visible = guarantees.filter(({ id }) => id !== 'who-doubts-has-asked');
const always = visible.filter(({ kind }) => kind === 'always');

/** How much of what happened is told with what was broken. */
const storyMost = 25;

/** What every store of the runtime may hold at most. */
const mostLines = 500;
const mostTrace = 40;
/** In any minute, whoever asks: more dials or spawns than this are a storm. */
const mostDials = 60;
const mostSpawns = 30;
/** More steps than this without any time passing are a loop. */
const mostAtOnce = 2_000;

export class Witness {
  violation: Violation | undefined;
  readonly #world: World;
  readonly #hash = createHash('sha256');
  #root: AnyActorRef | undefined;
  /** something moved since we looked */
  #isNews = false;
  #seen = '';
  /** sockets of a readiness proof, which no link owns */
  readonly #proofs = new WeakSet<Call>();
  #calls = 0;
  #story: string[] = [];
  /** when the last dials and spawns were */
  readonly #dials: number[] = [];
  readonly #spawns: number[] = [];
  #spawned = 0;
  #moment = { at: -1, steps: 0 };

  constructor(world: World) {
    this.#world = world;
    world.time.onHop = () => this.#look(always);
  }

  /** Of everything that happened. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 32);
  }

  note(line: string): void {
    const { now } = this.#world.time;
    this.#hash.update(`${now} ${line}\n`);
    this.#story.push(`${moment(now)} ${line}`);
    if (this.#story.length > 2 * storyMost) this.#story = this.#story.slice(-storyMost);
  }

  break(rule: string, message: string): void {
    const story = this.#story.slice(-storyMost);
    this.violation ??= { rule, message, at: this.#world.time.now, story };
    this.note(`BROKEN ${rule}`);
  }

  /** For the option of the subject; a new root is a new subject. */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.actorRef.sessionId === event.rootId) this.#root = event.actorRef as AnyActorRef;
    if (event.type !== '@xstate.snapshot') return;
    this.#isNews = true;
    const { snapshot } = event;
    if ('value' in snapshot) {
      const { id } = event.actorRef as AnyActorRef;
      this.note(`${id} ${event.event.type} ${JSON.stringify(snapshot.value)}`);
    }
    if (snapshot.status === 'error') this.break('nothing-throws', 'an actor ended with an error');
  };

  /** What it logs is for people too. */
  readonly logger: Logger = {
    debug: (fields, message) => this.#logged(fields, message),
    info: (fields, message) => this.#logged(fields, message),
    warn: (fields, message) => this.#logged(fields, message),
    error: (fields, message) => this.#logged(fields, message),
  };

  listen(gateway: Gateway): void {
    gateway.on('status', (status) => this.told(status));
    gateway.on('diagnostic', (diagnostic) => this.#diagnosed(diagnostic));
  }

  /** What a person reads. */
  told(status: Status): void {
    const { line, because, state, phase } = status;
    this.note(line);
    const isSentence = because.length > 3 && !/undefined|NaN|\[object|Infinity/.test(because);
    if (!isSentence) this.break('status-is-a-sentence', `${state}/${phase} says "${because}"`);
    this.#mayBeRead(JSON.stringify(status));
  }

  /** After each step, when nothing is in flight that needs no time. */
  atRest(): void {
    this.#world.bury();
    this.#passes();
    // what has reached a host that sleeps is still on its way
    if (this.#world.time.isAsleep) return;
    this.#look(visible);
    this.#isNews = false;
  }

  /** What every store holds, once in a while. */
  bounded({ diagnostics }: Gateway): void {
    const { output, trace, requests } = diagnostics;
    if (output.length > mostLines) this.break('stores-are-bounded', `${output.length} lines`);
    if (trace.length > mostTrace) this.break('stores-are-bounded', `${trace.length} transitions`);
    if (requests.pending > 1_000) this.break('stores-are-bounded', `${requests.pending} requests`);
    this.#mayBeRead(JSON.stringify(diagnostics));
  }

  /** What is alive outside, whatever the machines believe. */
  get outside(): Outside {
    const { network, table, time } = this.#world;
    this.#sort();
    let sockets = 0;
    for (const call of network.living) {
      if (!call.client.over && !this.#proofs.has(call)) sockets += 1;
    }
    let processes = 0;
    for (const { group, released } of table.living) if (group > 0 && !released) processes += 1;
    return {
      sockets,
      processes,
      timers: time.clock.armed,
    };
  }

  #look(promises: typeof guarantees): void {
    const { outside } = this;
    const seen = `${outside.sockets} ${outside.processes} ${outside.timers}`;
    if (!this.#isNews && seen === this.#seen) return;
    this.#seen = seen;
    if (this.#root === undefined || this.#root.getSnapshot().status !== 'active') return;
    const view = new LiveView(this.#root, outside);
    for (const { id, check } of promises) {
      const broken = check(view);
      if (broken !== undefined) this.break(id, broken);
    }
  }

  /**
   * Whose socket each new call is: a process that is being proved has no link yet, or, after a
   * reload, one that is not just dialing.
   */
  #sort(): void {
    const { calls } = this.#world.network;
    for (; this.#calls < calls.length; this.#calls += 1) {
      const call = calls[this.#calls];
      const { service, link } = this.#root?.getSnapshot().children ?? {};
      const { owned } = service?.getSnapshot().value ?? {};
      const { linked } = link?.getSnapshot().children?.connection?.getSnapshot().value ?? {};
      const isAgain = owned?.up?.reloading?.proving !== undefined;
      const isProving = owned?.starting !== undefined || (isAgain && linked !== 'dialing');
      if (call !== undefined && isProving) this.#proofs.add(call);
      else this.#spaced('dials', this.#dials, mostDials);
    }
  }

  /** Time goes on: nothing fires, fails and is armed again in the same moment for ever. */
  #passes(): void {
    const { now } = this.#world.time;
    this.#moment = { at: now, steps: this.#moment.at === now ? this.#moment.steps + 1 : 0 };
    if (this.#moment.steps > mostAtOnce) this.break('time-passes', `${mostAtOnce} steps at once`);
    const { spawned } = this.#world;
    for (; this.#spawned < spawned; this.#spawned += 1) {
      this.#spaced('spawns', this.#spawns, mostSpawns);
    }
  }

  #spaced(what: string, moments: number[], most: number): void {
    const { now } = this.#world.time;
    moments.push(now);
    const first = moments.length > most ? moments.shift() : undefined;
    if (first === undefined || now - first >= 60_000) return;
    this.break('attempts-are-spaced', `${most + 1} ${what} within ${now - first} ms`);
  }

  #diagnosed({ code, level, message }: GatewayEvents['diagnostic']): void {
    this.note(`${level} ${code}`);
    const isOurs = code === 'HF_INTERNAL' || code === 'HF_USER_FUNCTION';
    if (isOurs) this.break('nothing-throws', message);
    this.#mayBeRead(message);
  }

  #logged(fields: object, message: string): void {
    this.#mayBeRead(`${JSON.stringify(fields)} ${message}`);
  }

  #mayBeRead(text: string): void {
    if (secrets.some((secret) => text.includes(secret))) {
      this.break('no-secret-is-told', text.slice(0, 200));
    }
  }
}
