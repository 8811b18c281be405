/**
 * The outside of one simulated system: the network, the machine's processes, the service that
 * runs in one of them (or far away), and what is wrong with each at the moment. It promises that
 * a condition ends when its time is over, and that what it does follows from the script alone. It
 * must never touch the subject but through the ports.
 */
import type { Chance } from './chance.ts';
import { type Call, type Manner, Network } from './network.ts';
import { type Child, ProcessTable } from './processes.ts';
import type { Condition, Script } from './script.ts';
import { Service } from './service.ts';
import { Timeline } from './timeline.ts';

export class World {
  readonly time = new Timeline();
  readonly network: Network;
  readonly table: ProcessTable;
  readonly service: Service;
  readonly script: Script;
  /** which of the secrets the service believes in, and which the app has */
  readonly tokens = { service: 0, app: 0 };
  /** milliseconds that a limited service asks for */
  floorMs = 0;
  /** processes that came to life */
  spawned = 0;
  readonly #until = new Map<Condition, number>();
  readonly #dice: Chance;

  constructor(script: Script, dice: Chance) {
    this.script = script;
    this.#dice = dice;
    const lanes = (name: string) => this.time.lane(name);
    this.network = new Network(lanes);
    this.table = new ProcessTable(lanes);
    this.service = new Service(this);
    this.time.latency = (lane) => this.#latency(lane);
    this.table.onSpawn = (child) => this.#bear(child);
    this.network.onCall = (call) => this.service.meet(call);
    this.look();
  }

  has(condition: Condition): boolean {
    return (this.#until.get(condition) ?? 0) > this.time.now;
  }

  /** For so long from now; a longer one that is under way stays. */
  begin(condition: Condition, forMs: number): void {
    const until = Math.max(this.#until.get(condition) ?? 0, this.time.now + forMs);
    this.#until.set(condition, until);
    this.look();
    this.time.at(until, () => this.look());
  }

  /** From now on the world behaves; what no heartbeat would find out, it says. */
  calm(): void {
    this.#until.clear();
    this.tokens.app = this.tokens.service;
    const isBlind = ['observe', 'off'].includes(this.script.heartbeat);
    for (const call of this.calls) if (isBlind || this.service.isDeaf(call)) call.reset();
    this.look();
  }

  /** The process that lives, if one does. */
  get child(): Child | undefined {
    const child = this.table.children.at(-1);
    return child?.alive === true ? child : undefined;
  }

  /** Connections that the service has. */
  get calls(): readonly Call[] {
    return this.network.living.filter((call) => call.open);
  }

  /** What follows from the conditions of now. */
  look(): void {
    this.network.manner = this.#manner();
    this.time.scramble = this.has('disorder') ? (lanes) => this.#dice.below(lanes) : null;
    this.time.clock.choose = this.has('disorder') ? (ready) => this.#dice.below(ready) : () => 0;
    this.time.bunchMs = this.has('bunched') ? 2_000 : 0;
    this.table.habits = this.#habits();
    if (!this.has('unkillable')) this.#release();
    if (!this.has('spawnHangs')) this.#confirm();
  }

  /** A process that died has taken its connections with it. */
  bury(): void {
    if (this.script.halves === 'link' || this.service.isUp) return;
    for (const call of this.calls) call.reset();
    this.look();
  }

  #manner(): Manner {
    if (this.has('blackHole')) return 'hangs';
    if (this.has('refused') || !this.service.isUp) return 'nobody';
    if (this.has('unavailable')) return 'refuses';
    return this.has('slowUpgrade') || this.service.isAtTheDoor ? 'waits' : 'accepts';
  }

  #habits(): ProcessTable['habits'] {
    return {
      spawns: this.has('spawnHangs') ? 'when told' : 'at once',
      ...(this.has('unspawnable') ? { failsWith: 'EAGAIN' } : {}),
      // the service answers the signal itself, in its own time
      onTerminate: 'ignores',
      killable: !this.has('unkillable'),
      leaves: this.has('fertile') ? 2 : 0,
    };
  }

  #bear(child: Child): void {
    this.spawned += 1;
    this.service.boot(child);
  }

  /** What could not be killed dies now, if somebody has tried. */
  #release(): void {
    for (const child of this.table.living) {
      if (child.habits.killable) continue;
      child.habits = { ...child.habits, killable: true };
      const killed = child.signals.includes('SIGKILL') || child.released;
      if (killed && child.alive) child.exits(null, 'SIGKILL');
    }
  }

  /** A spawn that hung comes to an end. */
  #confirm(): void {
    for (const child of this.table.living) {
      if (child.habits.spawns !== 'when told') continue;
      child.spawned();
      child.habits = { ...child.habits, spawns: 'at once' };
    }
  }

  #latency(lane: string): number {
    if (!lane.startsWith('call')) return 0;
    return this.script.latencyMs + (this.has('slowLines') ? 1_500 : 0);
  }
}
