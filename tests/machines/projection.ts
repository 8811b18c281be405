/**
 * What the gateway comes to, together with what each half has said: read off the whole by following
 * both contracts beside it, and off the gateway above the contracts alone. It must never follow a
 * contract by anything but the orders that the gateway gives and the current reports it hears.
 */
import type { Contract } from '../../machines/automata.ts';
import { type Delivery, MAX_MOVES, MAX_ROW, USER_SLOT } from '../../src/verify/delivery.ts';
import { States } from '../../src/verify/encode.ts';
import { deliveryOf } from '../../src/verify/explore.ts';
import type { Message, World } from '../../src/verify/index.ts';
import { SEND } from '../../src/verify/program.ts';
import { CURRENT } from '../../src/verify/tokens.ts';

type Half = 'link' | 'service';
type Said = Readonly<Record<Half, string>>;
const halves: readonly Half[] = ['link', 'service'];

const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && 'type' in value;

interface Projection {
  /** each gateway with its timers, and what its halves have said */
  pairs: Set<string>;
  states: number;
}

/** The pairs among the first `maxStates` states of a world with at most one message in flight. */
export function projected(
  world: World,
  contracts: Readonly<Record<Half, Contract>>,
  maxStates = Number.POSITIVE_INFINITY,
): Projection {
  const walk = new Walk(world, contracts);
  while (walk.done < walk.count && walk.count < maxStates) walk.expand();
  return { pairs: walk.pairs, states: walk.count };
}

class Walk {
  readonly pairs = new Set<string>();
  done = 0;
  readonly #contracts: Readonly<Record<Half, Contract>>;
  readonly #delivery: Delivery;
  readonly #rows = new States();
  readonly #all: { row: number; said: Said }[] = [];
  readonly #seen = new Set<string>();
  readonly #row = new Int32Array(MAX_ROW);
  readonly #work = new Int32Array(MAX_ROW);
  readonly #moves = new Int32Array(MAX_MOVES);

  constructor(world: World, contracts: Readonly<Record<Half, Contract>>) {
    this.#contracts = contracts;
    this.#delivery = deliveryOf(world, { delivery: 'async', inFlight: 1 });
    this.#delivery.start(this.#work);
    this.#add({ link: contracts.link.initial, service: contracts.service.initial });
  }

  get count(): number {
    return this.#all.length;
  }

  expand(): void {
    const from = this.#all[this.done++];
    if (from === undefined) return;
    this.#rows.load(from.row, this.#row);
    const count = this.#delivery.moves(this.#row, this.#moves);
    for (let i = 0; i < count; i++) {
      const move = this.#moves[i] ?? -1;
      const said = this.#follow(move, from.said);
      this.#work.set(this.#row);
      this.#delivery.apply(this.#work, move);
      if (this.#delivery.fault) throw new Error(this.#delivery.fault.message);
      this.#add(said);
    }
  }

  /** What the halves have said and been told after a move, as the gateway knows it. */
  #follow(move: number, before: Said): Said {
    const { stepper, userEvents } = this.#delivery;
    const gateway = this.#delivery.cellAt(this.#row, 0);
    const slot = move >> 8;
    if (gateway === undefined || (slot !== 0 && slot !== USER_SLOT)) return before;
    const own = this.#delivery.movesOf(gateway)[move & 255];
    const event = slot === USER_SLOT ? userEvents[move & 255] : own?.event;
    if (event === undefined) return before;
    const said = { ...before };
    const { message, token, reportOf } = stepper.event(event);
    for (const half of halves) {
      if (reportOf < 0 || token !== CURRENT || stepper.names.at(reportOf) !== half) continue;
      const allowed = this.#contracts[half].emits[said[half]] ?? [];
      const heard = allowed.find(({ report }) => same(report, message.report));
      said[half] = heard?.next ?? 'breach';
    }
    for (const { kind, name, event: sent } of stepper.step(gateway.snapshot, event).effects) {
      const half = halves.find((one) => kind === SEND && stepper.names.at(name) === one);
      if (half === undefined) continue;
      const { message: told } = stepper.event(sent);
      const { type } = isMessage(told.order) ? told.order : told;
      said[half] = this.#contracts[half].receives[said[half]]?.[type] ?? said[half];
    }
    return said;
  }

  #add(said: Said): void {
    const row = this.#rows.add(this.#work, this.#delivery.length(), -1, -1);
    const key = `${row} ${said.link} ${said.service}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#all.push({ row, said });
    this.pairs.add(this.#pair(said));
  }

  #pair(said: Said): string {
    const { stepper } = this.#delivery;
    const gateway = this.#delivery.cellAt(this.#work, 0);
    if (gateway === undefined) throw new RangeError('a state without a gateway');
    const timers = gateway.timers.items.map(({ timer }) => stepper.timers.at(timer).id).sort();
    const { key } = stepper.snapshot(gateway.snapshot);
    return `${key} ${timers.join()} link ${said.link} service ${said.service}`;
  }
}

const same = (one: object, other: unknown): boolean =>
  isMessage(other) &&
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([key, value]) => other[key] === value);
