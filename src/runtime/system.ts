/**
 * One XState system per supervised unit: the shipped machines, wired to their leaves. Promises
 * that every change of any machine is noticed, that the last transitions are at hand for an
 * error, and that an errored or stopped root leaves no leaf behind. It decides nothing: it sends
 * the commands of the host to the root and tells who listens that something changed.
 */
import {
  type Actor,
  type ActorLogic,
  type AnyActorRef,
  createActor,
  type EventObject,
  fromCallback,
  type InspectionEvent,
  type Snapshot,
} from 'xstate';
import {
  connection,
  type GatewayCommand,
  gateway,
  heartbeat,
  process,
  reconnect,
  supervisor,
} from '../../machines/index.ts';
import type { Clock } from '../ports.ts';
import { absentLink, absentService } from './absent.ts';
import { isolated } from './dispatcher.ts';
import { drainLeaf } from './drain.ts';
import { custodyLeaf, portLeaf } from './finding-leaves.ts';
import type { Host } from './host.ts';
import type { Play } from './leaf.ts';
import { credentialsLeaf, lookupLeaf, pulseLeaf, socketLeaf } from './link-leaves.ts';
import type { Onlookers, Watched } from './onlookers.ts';
import { planLeaf } from './plan-leaf.ts';
import { reloadLeaf } from './reload.ts';
import { osLeaf, readinessLeaf } from './service-leaves.ts';

/** How many transitions an error carries. */
const traceMax = 40;

/** Real logic where a machine declares a port: the one cast that XState's types ask for. */
// biome-ignore lint/suspicious/noExplicitAny: the system type of ActorLogic is not exported
const real = (logic: unknown) => logic as ActorLogic<Snapshot<unknown>, EventObject, any, any>;

/** Whose system an actor is in. */
const hosts = new WeakMap<object, Host>();

/** A leaf finds its host by the system it plays in, so that machines are wired once for all. */
const late = <I>(play: (host: Host) => Play<I>) =>
  real(
    fromCallback<EventObject, I>((scope) => {
      const host = hosts.get(scope.system);
      if (host === undefined) throw new Error('a leaf outside of a system of ours');
      return play(host)(scope);
    }),
  );

const linked = (watched: Watched) =>
  watched(reconnect).provide({
    actors: {
      connection: real(
        watched(connection).provide({
          actors: {
            lookup: late(lookupLeaf),
            socket: late(socketLeaf),
            credentials: late(credentialsLeaf),
            heartbeat: real(watched(heartbeat).provide({ actors: { pulse: late(pulseLeaf) } })),
          },
        }),
      ),
    },
  });

const supervised = (watched: Watched) =>
  watched(supervisor).provide({
    actors: {
      custody: late(custodyLeaf),
      port: late(portLeaf),
      plan: late(planLeaf),
      readiness: late(readinessLeaf),
      reload: late(reloadLeaf),
      drain: late(drainLeaf),
      process: real(
        watched(process).provide({ actors: { os: late(osLeaf), drain: late(drainLeaf) } }),
      ),
    },
  });

const whole = ({ service, link }: Host['settings'], watched: Watched): typeof gateway =>
  watched(gateway).provide({
    actors: {
      service: service === null ? late(absentService) : real(supervised(watched)),
      link: link === null ? late(absentLink) : real(linked(watched)),
    },
  });

/** The whole of it, by the halves that are there; made at the first use, then shared. */
const wired = new Map<string, typeof gateway>();

function wire(host: Host, onlookers: Onlookers): typeof gateway {
  const { settings } = host;
  const seen = seenBy(onlookers, host);
  if (seen !== undefined) return seen;
  const halves = `${settings.service !== null} ${settings.link !== null}`;
  const known = wired.get(halves);
  if (known !== undefined) return known;
  const made = whole(settings, (machine) => machine);
  wired.set(halves, made);
  return made;
}

/** Undefined when who looks on fails: then he sees what everybody sees. */
function seenBy({ watched }: Onlookers, host: Host): typeof gateway | undefined {
  if (watched === undefined) return undefined;
  let seen: typeof gateway | undefined;
  isolated(
    () => {
      seen = whole(host.settings, watched);
    },
    (error) => host.failed('inspect', error),
  );
  return seen;
}

export interface SystemEvents {
  /** a machine took a step; synchronous, inside the step: only note it */
  changed(): void;
  /** the root can go no further; every leaf has been released */
  broke(error: unknown): void;
}

export class System {
  readonly root: Actor<typeof gateway>;
  #trace: { actor: string; event: string; value: unknown }[] = [];
  #host: Host;
  #timers: Timers;
  /** a command on its way into the root */
  #sent: EventObject | null = null;
  /** what the observers of the host have not seen yet, until the root is started */
  #early: InspectionEvent[] | null = [];
  #onlookers: Onlookers;

  constructor(host: Host, onlookers: Onlookers, events: SystemEvents) {
    this.#host = host;
    this.#timers = new Timers(host.clock);
    const { luck, gateway: policy, service: servicePolicy, link: linkPolicy } = host.settings;
    this.#onlookers = onlookers;
    this.root = createActor(wire(host, onlookers), {
      id: host.settings.name,
      input: { luck, policy, service: servicePolicy, link: linkPolicy },
      clock: this.#timers,
      inspect: (event) => {
        if (event.type === '@xstate.snapshot') {
          this.#note(event.actorRef as AnyActorRef, event.event, event.snapshot);
          if (event.event === this.#sent) this.#sent = null;
          events.changed();
        }
        if (this.#early !== null) this.#early.push(event);
        else this.#onlookers.tell(event);
      },
    });
    hosts.set(this.root.system, host);
    this.root.subscribe({
      error: (error) => {
        this.release();
        events.broke(error);
      },
    });
  }

  /** Apart from the making: an observer may send a command already. */
  start() {
    const early = this.#early ?? [];
    this.#early = null;
    for (const event of early) this.#onlookers.tell(event);
    this.root.start();
  }

  /** The last transitions, oldest first, one line each. */
  get trace(): string[] {
    return this.#trace.map(
      ({ actor, event, value }) => `${actor} is ${JSON.stringify(value)} after ${event}`,
    );
  }

  /** Nothing happens once the root has ended. False: it will be taken when this step is over. */
  send(command: GatewayCommand): boolean {
    if (this.root.getSnapshot().status !== 'active') return true;
    this.#sent = command;
    this.root.send(command);
    const taken = this.#sent !== command || this.root.getSnapshot().status !== 'active';
    this.#sent = null;
    return taken;
  }

  /** Stops every actor; leaves that still hold something release it. */
  stop() {
    this.root.stop();
    this.release();
  }

  /**
   * Releases every leaf, whatever the machines believe. The children of an errored root are still
   * alive in XState: without timers and leaves nothing reaches them, and they reach nobody.
   */
  release() {
    this.#host.over = true;
    this.#timers.end();
    for (const release of [...this.#host.held]) release();
  }

  #note(actor: AnyActorRef, event: EventObject, snapshot: Snapshot<unknown>) {
    if (!('value' in snapshot)) return;
    const inner = 'report' in event ? event.report : 'order' in event ? event.order : event;
    const { type } = inner as EventObject;
    this.#trace.push({ actor: actor.id, event: type, value: snapshot.value });
    if (this.#trace.length > traceMax) this.#trace.shift();
  }
}

/** The machines' timers, which end with their system. */
class Timers {
  #armed: Set<unknown> | null = new Set();
  #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  setTimeout(run: () => void, ms: number): unknown {
    if (this.#armed === null) return undefined;
    const id = this.#clock.setTimeout(() => {
      this.#armed?.delete(id);
      run();
    }, ms);
    this.#armed.add(id);
    return id;
  }

  clearTimeout(id: unknown) {
    if (this.#armed?.delete(id)) this.#clock.clearTimeout(id);
  }

  end() {
    const armed = this.#armed ?? [];
    this.#armed = null;
    for (const id of armed) this.#clock.clearTimeout(id);
  }
}
