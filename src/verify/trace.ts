/**
 * Counterexamples and results for people: numbered steps, who said what to whom, and the state
 * after each. It must never leave out a step.
 */
import { type Delivery, MAX_MOVES, type Row } from './delivery.ts';
import { byName } from './program.ts';
import { brief, briefly, RowView } from './view.ts';
import type { Happening, Lasso, Result, Sent, TraceStep, View, Violation } from './world.ts';

/** Makes `moves` again, one after another, from the state in `row`. */
export function replay(delivery: Delivery, row: Row, moves: readonly number[]): TraceStep[] {
  return moves.map((move) => makeMove(delivery, row, move));
}

/** Makes one move in `row` and says what it was; look at `fault` and `full` afterwards. */
export function makeMove(delivery: Delivery, row: Row, move: number): TraceStep {
  const words = delivery.describe(row, move);
  const [what = words.what] = [...openMoves(delivery, row)].find(([, one]) => one === move) ?? [];
  const before = actorsOf(new RowView(delivery, row));
  const happened: Happening[] = [];
  delivery.log = (sent, waits) => happened.push({ kind: 'sent', ...sent, waits });
  delivery.begun = (slot, timer) => {
    if (timer < 0) happened.push({ kind: 'began', path: delivery.slots.paths[slot] ?? '' });
  };
  delivery.apply(row, move);
  delivery.log = undefined;
  delivery.begun = undefined;
  const view = new RowView(delivery, row);
  const after = actorsOf(view);
  for (const path of before.keys()) {
    if (!after.has(path)) happened.push({ kind: 'ended', path });
  }
  const sends = happened.flatMap((one) => (one.kind === 'sent' ? [line(one)] : []));
  const changed = [...after].flatMap(([path, text]) => (before.get(path) === text ? [] : [text]));
  return { ...words, what, sends, happened, changed, state: brief(view) };
}

/** The open moves of a state by their names: the words of a trace, numbered where they repeat. */
export function openMoves(delivery: Delivery, row: Row): Map<string, number> {
  const moves = new Int32Array(MAX_MOVES);
  const count = delivery.moves(row, moves);
  const open = [...moves.subarray(0, count)];
  return byName(open.map((move) => [delivery.describe(row, move).what, move] as const));
}

const line = ({ from, to, says }: Sent): string => `${from ?? 'a stopped actor'} → ${to}: ${says}`;

const actorsOf = (view: View): Map<string, string> =>
  new Map(view.actors.map((actor) => [actor.path, briefly(actor)]));

export function formatTrace(violation: Violation): string {
  const { guarantee, message, trace } = violation;
  return [`${guarantee}: ${message}`, ...numbered(trace, 0, trace.length)].join('\n');
}

/** A way in, and what goes round for ever from there. */
export function formatLasso({ goal, stem, loop }: Lasso): string {
  const count = stem.length + loop.length;
  const rest = loop.length === 0 ? 'and there it stays' : 'and from there for ever:';
  return [
    `${goal}: never comes, though the world behaves`,
    ...numbered(stem, 0, count),
    rest,
    ...numbered(loop, stem.length, count),
  ].join('\n');
}

function numbered(trace: readonly TraceStep[], before: number, count: number): string[] {
  const width = String(count).length;
  return trace.flatMap(({ what, sends, state }, i) => [
    `${String(before + i + 1).padStart(width)}. ${what}`,
    ...sends.map((line) => `${' '.repeat(width)}      ${line}`),
    `${' '.repeat(width)}   => ${state}`,
  ]);
}

/** One line: what was explored, how fast, and what the bounds cut off. */
export function formatResult(result: Result): string {
  const { states, edges, depth, ms, cut, overflow, bounds, coldSteps } = result;
  const limits = Object.entries(bounds).map(([name, bound]) => `${name} ${bound ?? '∞'}`);
  const rate = Math.round(states / Math.max(ms, 1));
  return [
    `${states} states, ${edges} edges, depth ${depth}, ${Math.round(ms)} ms (${rate} k states/s)`,
    `${coldSteps} cold steps, cut ${cut}, overflow ${overflow}`,
    `bounds: ${limits.join(', ')}`,
    result.violation ? `BROKEN ${result.violation.guarantee}` : 'no violation',
  ].join('; ');
}
