/**
 * A world with real XState actors in it: the machines as they ship, leaves that are faked by
 * their automata and post through a queue, and a clock whose timers the caller picks. It must
 * never take a decision of its own; every move is chosen from outside.
 */
import { type AnyActorLogic, type AnyStateMachine, createActor, fromCallback } from 'xstate';
import type { RawSnapshot } from './compile.ts';
import { Judge } from './judge.ts';
import { Network } from './network.ts';
import { label } from './program.ts';
import { pathOf, type Ref, type Relay } from './ref.ts';
import { isMachineRole } from './roles.ts';
import type { Leaf, Message, MessageView, Promises, World } from './world.ts';

interface RealLeaf {
  readonly path: string;
  readonly leaf: Leaf;
  state: string;
  gen: unknown;
  post(report: Message): void;
  /** says at once, while it is being stopped */
  part(report: Message): void;
}

interface RealTimer {
  readonly path: string;
  readonly id: string;
  fire(): void;
}

export interface RealOptions {
  /**
   * `process` (default): XState's own order. `network`: what machines send each other is held, and
   * handed over when the caller says so; what a stopped actor had sent too.
   */
  transport?: 'process' | 'network';
  /** watches for broken rules of the kernel, and for these promises (default: does not) */
  watched?: NonNullable<Promises['steps']>;
}

interface Scheduled {
  readonly source: Ref;
  readonly id: string;
}

/** One actor of the tree, for comparison. */
export interface RealActor {
  readonly path: string;
  readonly role: string;
  /** of a machine */
  readonly snapshot: RawSnapshot | undefined;
  /** of a leaf */
  readonly state: string | undefined;
  readonly gen: unknown;
  /** a leaf that holds a resource */
  readonly live: boolean;
  readonly timers: readonly string[];
}

export class RealSystem {
  readonly #world: World;
  readonly #leaves = new Map<string, RealLeaf>();
  readonly #timers = new Map<number, RealTimer>();
  readonly #seen = new Set<object>();
  readonly #leafRefs = new WeakSet<object>();
  #posts: { leaf: RealLeaf; report: Message; send: () => void }[] = [];
  #lastTimer = 0;
  readonly #root: ReturnType<typeof createActor>;
  readonly #network: Network | undefined;
  readonly judge: Judge | undefined;
  /** what an observer of the root was told */
  error: unknown;

  constructor(world: World, { transport, watched }: RealOptions = {}) {
    this.#world = world;
    const judge = watched && new Judge(world.root, watched);
    this.judge = judge;
    const clock = {
      setTimeout: (fire: () => void) => this.#schedule(fire),
      clearTimeout: (id: unknown) => {
        this.#timers.delete(id as number);
      },
    };
    const watch = judge ? { inspect: (event: unknown) => judge.inspect(event) } : {};
    const options = { id: world.root, input: world.input, clock, ...watch } as object;
    this.#root = createActor(logicOf(world) as AnyStateMachine, options);
    systems.set(this.#root.system, this);
    this.#network = this.#wire(this.#root.system as unknown as Relay, transport === 'network');
    this.#root.subscribe({
      error: (error) => {
        this.error = error;
      },
    });
    this.#root.start();
  }

  /** Every message passes here; a watched one is noted, a held one waits. */
  #wire(system: Relay, isHeld: boolean): Network | undefined {
    const relay = system._relay;
    const network = isHeld ? new Network((ref) => this.#leafRefs.has(ref), relay) : undefined;
    system._relay = (source, target, sent) => {
      // one object may be sent by many
      const event = this.judge ? { ...sent } : sent;
      this.judge?.sent(source, event);
      if (!network?.holds(source, target, event)) relay(source, target, event);
    };
    return network;
  }

  /** Messages that wait for their turn. */
  get inFlight(): number {
    return this.#network ? this.#network.size : this.#posts.length;
  }

  messages(): MessageView[] {
    if (this.#network) return this.#network.messages();
    return this.#posts.map(({ leaf, report }) => ({
      from: leaf.path,
      to: leaf.path.slice(0, leaf.path.lastIndexOf('/')),
      event: report,
    }));
  }

  /** Names of everything that may happen now, sorted; the same words as the interpreter uses. */
  moves(bound: number): string[] {
    const timers = [...this.#timers.values()].map(({ path, id }) => `timer ${path} ${id}`);
    const room = this.inFlight < bound;
    const world = [...this.#leaves.values()].flatMap(({ path, leaf, state }) =>
      room ? (leaf.emits[state] ?? []).map((_, i) => `world ${path} ${i}`) : [],
    );
    const user = this.#world.user.map(({ event }, i) => `user ${i} ${label(event)}`);
    if (this.#network) {
      const own = room ? [...timers, ...world, ...user] : [];
      return [...this.#network.offers().keys(), ...own].sort();
    }
    const first = this.#posts[0];
    const post = first ? [`post ${first.leaf.path} ${label(first.report)}`] : [];
    return [...timers, ...post, ...world, ...user].sort();
  }

  make(move: string): void {
    this.#perform(move);
    this.judge?.look(this.error, this.#timers.values());
  }

  #perform(move: string): void {
    const [kind = '', path = '', ...rest] = move.split(' ');
    if (kind === 'user') this.#root.send(this.#world.user[Number(path)]?.event ?? { type: '' });
    else if (kind === 'timer') this.#fire(path, rest.join(' '));
    else if (kind === 'deliver') this.#network?.deliver(move);
    else if (kind === 'post') this.#posts.shift()?.send();
    else this.#emit(path, Number(rest[0]));
  }

  /** Hands a message to an actor as if it had come over a channel. */
  forge(path: string, message: Message): void {
    const ref = this.#find(this.#root as unknown as Ref, path);
    if (ref === undefined) throw new RangeError(`no actor at ${path}`);
    ref.send(message);
  }

  actors(): RealActor[] {
    const found: RealActor[] = [];
    this.#visit(this.#root as unknown as Ref, found);
    return found;
  }

  stop(): void {
    this.#root.stop();
  }

  #find(ref: Ref, path: string): Ref | undefined {
    const here = pathOf(ref);
    if (here === path) return ref;
    if (!path.startsWith(`${here}/`) || this.#leaves.has(here)) return undefined;
    const children = Object.values(ref.getSnapshot().children ?? {}) as Ref[];
    return children.map((child) => this.#find(child, path)).find((found) => found !== undefined);
  }

  #visit(ref: Ref, found: RealActor[]): void {
    const path = pathOf(ref);
    const leaf = this.#leaves.get(path);
    const snapshot = leaf ? undefined : ref.getSnapshot();
    const timers = [...this.#timers.values()].filter((timer) => timer.path === path);
    found.push({
      path,
      role: typeof ref.src === 'string' ? ref.src : this.#world.root,
      snapshot,
      state: leaf?.state,
      gen: leaf?.gen ?? snapshot?.context?.gen,
      live: leaf?.leaf.live?.(leaf.state) ?? false,
      timers: timers.map(({ id }) => id).sort(),
    });
    for (const child of Object.values(snapshot?.children ?? {})) this.#visit(child as Ref, found);
  }

  #schedule(fire: () => void): number {
    const id = ++this.#lastTimer;
    const { _scheduledEvents: all } = this.#root.system.getSnapshot();
    const entry = Object.values(all as object).find((item: object) => !this.#seen.has(item));
    this.#seen.add(entry as object);
    const { source, id: name } = entry as Scheduled;
    this.#timers.set(id, { path: pathOf(source), id: name, fire });
    return id;
  }

  #fire(path: string, id: string): void {
    for (const [key, timer] of this.#timers) {
      if (timer.path !== path || timer.id !== id) continue;
      this.#timers.delete(key);
      timer.fire();
      return;
    }
    throw new RangeError(`no timer ${id} at ${path}`);
  }

  #emit(path: string, index: number): void {
    const leaf = this.#leaves.get(path);
    const emission = leaf?.leaf.emits[leaf.state]?.[index];
    if (!leaf || !emission) throw new RangeError(`no emission ${index} at ${path}`);
    leaf.state = emission.next;
    leaf.post(emission.report);
  }

  /** A leaf of this system begins. Answers how it ends. */
  adopt(path: string, real: RealLeaf, self: object): () => void {
    this.#leaves.set(path, real);
    this.#leafRefs.add(self);
    return () => {
      const { parting, mustEnd } = real.leaf;
      if (mustEnd?.(real.state)) this.judge?.abandons(path, real.state);
      if (parting) real.part(parting);
      this.#posts = this.#posts.filter((post) => post.leaf !== real);
      if (this.#leaves.get(path) === real) this.#leaves.delete(path);
    };
  }

  queue(leaf: RealLeaf, report: Message, send: () => void): void {
    if (this.#network) send();
    else this.#posts.push({ leaf, report, send });
  }
}

/** Making a machine of its parts costs more than a walk, so each world is wired once. */
const wired = new WeakMap<World, AnyActorLogic>();
/** Which of ours an actor belongs to, by XState's own system. */
const systems = new WeakMap<object, RealSystem>();

function logicOf(world: World): AnyActorLogic {
  const logic = wired.get(world) ?? wire(world, world.root);
  wired.set(world, logic);
  return logic;
}

/** The logic of one role, its children provided by the other roles. */
function wire(world: World, name: string): AnyActorLogic {
  const role = world.roles.find((candidate) => candidate.name === name);
  if (!role) throw new RangeError(`the world has no role '${name}'`);
  if (!isMachineRole(role)) return fake(role.leaf);
  const { actors } = role.machine.implementations as { actors: Record<string, unknown> };
  const known = Object.keys(actors).filter((src) =>
    world.roles.some((candidate) => candidate.name === src),
  );
  const provided = Object.fromEntries(known.map((src) => [src, wire(world, src)]));
  return role.machine.provide({ actors: provided } as object);
}

function fake(leaf: Leaf): AnyActorLogic {
  return fromCallback(({ input, self, system, receive, sendBack }) => {
    const owner = systems.get(system);
    if (owner === undefined) throw new RangeError('a leaf of a system that is not ours');
    const given = (input ?? {}) as Record<string, unknown>;
    const path = pathOf(self as unknown as Ref);
    const id = (self as unknown as Ref).id;
    const message = (report: Message): Message =>
      leaf.plain ? report : { type: `from.${id}`, gen: real.gen, report };
    const real: RealLeaf = {
      path,
      leaf,
      state: typeof leaf.initial === 'string' ? leaf.initial : leaf.initial(given),
      gen: given.gen,
      post: (report) => {
        const posted = message(report);
        owner.queue(real, report, () => sendBack(posted));
      },
      part: (report) => {
        owner.judge?.parts(path, report);
        sendBack(message(report));
      },
    };
    receive((event) => obey(real, event as Message));
    return owner.adopt(path, real, self);
  }) as unknown as AnyActorLogic;
}

function obey(real: RealLeaf, event: Message): void {
  const inner = event.type === 'order' ? (event.order as Message) : event;
  if (event.type === 'order') real.gen = event.gen;
  real.state = real.leaf.receives?.[real.state]?.[inner.type] ?? real.state;
}
