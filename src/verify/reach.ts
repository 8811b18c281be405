/**
 * Whether a good state can still be reached from one given state: a goal, asked at the end of a
 * trace. It must never answer where it has not looked: a search that became too large says so.
 */
import { type Delivery, MAX_MOVES, MAX_ROW, type Row } from './delivery.ts';
import { States } from './encode.ts';
import { RowView } from './view.ts';
import type { Goal } from './world.ts';

/** States that are looked at before the answer is `unknown`. */
const STATES_MAX = 500_000;

/** `from` of the goal is not asked: whoever calls knows that it is about this state. */
export function reaches(delivery: Delivery, from: Row, { holds, by }: Goal) {
  const states = new States();
  const row = new Int32Array(MAX_ROW);
  const work = new Int32Array(MAX_ROW);
  const moves = new Int32Array(MAX_MOVES);
  states.add(from, delivery.length(), -1, -1);
  for (let state = 0; state < states.size; state++) {
    if (state >= STATES_MAX) return 'unknown';
    states.load(state, row);
    if (holds(new RowView(delivery, row))) return 'yes';
    const count = delivery.moves(row, moves);
    for (const move of moves.slice(0, count)) {
      if (by && !by.includes(delivery.kind(row, move))) continue;
      work.set(row);
      delivery.apply(work, move);
      if (delivery.full) return 'unknown';
      if (!delivery.fault) states.add(work, delivery.length(), state, move);
    }
  }
  return 'no';
}
