/**
 * A global state as a promise reads it: named, nested and lazy. What belongs to one actor is
 * built once per cell. A view describes the row it was made from and must not outlive it.
 */
import type { StateValue } from 'xstate';
import type { Cell } from './cells.ts';
import { type Delivery, MAX_MOVES, type Row } from './delivery.ts';
import type { ActorView, MessageView, View } from './world.ts';

export class RowView implements View {
  readonly actors: readonly ActorView[];
  readonly liveLeaves: number;
  readonly armedTimers: number;
  readonly inFlight: number;
  readonly #delivery: Delivery;
  readonly #row: Row;

  constructor(delivery: Delivery, row: Row) {
    this.#delivery = delivery;
    this.#row = row;
    const actors: ActorView[] = [];
    let live = 0;
    let armed = 0;
    for (let slot = 0; slot < delivery.slots.size; slot++) {
      const cell = delivery.cellAt(row, slot);
      if (!cell) continue;
      cell.view ??= actorView(delivery, cell);
      actors.push(cell.view);
      if (cell.live) live += 1;
      armed += cell.timers.items.length;
    }
    this.actors = actors;
    this.liveLeaves = live;
    this.armedTimers = armed;
    this.inFlight = delivery.inFlight(row);
  }

  at(path: string): ActorView | undefined {
    return this.actors.find((actor) => actor.path === path);
  }

  messages(): readonly MessageView[] {
    return this.#delivery.messages(this.#row);
  }

  moves(): readonly string[] {
    const moves = new Int32Array(MAX_MOVES);
    const count = this.#delivery.moves(this.#row, moves);
    return [...moves.subarray(0, count)].map(
      (move) => this.#delivery.describe(this.#row, move).what,
    );
  }
}

interface Readable {
  tags?: ReadonlySet<string>;
  matches?: (state: string) => boolean;
}

const nothing: ReadonlySet<string> = new Set();

function actorView({ stepper, slots }: Delivery, cell: Cell): ActorView {
  const { snapshot, state, role } = stepper.snapshot(cell.snapshot);
  const readable = snapshot as (Readable & { value: unknown }) | undefined;
  return {
    path: slots.paths[cell.slot] ?? '',
    role: stepper.roleName(role),
    value: (readable?.value ?? state) as StateValue,
    context: snapshot?.context ?? {},
    tags: readable?.tags ?? nothing,
    timers: cell.timers.items.map(({ timer }) => stepper.timers.at(timer)),
    live: cell.live,
    matches: (wanted) => readable?.matches?.(wanted) ?? state === wanted,
  };
}

/** The whole state in one line: `gateway=running link=trying.up+1 socket=open | 1 in flight`. */
export function brief(view: View): string {
  const flight = view.inFlight === 0 ? '' : ` | ${view.inFlight} in flight`;
  return `${view.actors.map(briefly).join(' ')}${flight}`;
}

/** `link=trying.up+1` */
export function briefly({ path, value, timers }: ActorView): string {
  const armed = timers.length === 0 ? '' : `+${timers.length}`;
  return `${path.split('/').at(-1)}=${valueText(value)}${armed}`;
}

function valueText(value: StateValue): string {
  if (typeof value === 'string') return value;
  const regions = Object.entries(value).map(([key, inner]) => {
    const text = inner === undefined ? '' : valueText(inner);
    return text === '' ? key : `${key}.${text}`;
  });
  return regions.length === 1 ? (regions[0] ?? '') : `{${regions.join(' ')}}`;
}
