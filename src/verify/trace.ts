/**
 * Counterexamples and results for people: numbered steps, who said what to whom, and the state
 * after each. It must never leave out a step.
 */
import type { Delivery, Row } from './delivery.ts';
import { brief, RowView } from './view.ts';
import type { Lasso, Result, TraceStep, Violation } from './world.ts';

/** Makes `moves` again, one after another, from the state in `row`. */
export function replay(delivery: Delivery, row: Row, moves: readonly number[]): TraceStep[] {
  return moves.map((move) => {
    const { kind, what } = delivery.describe(row, move);
    const sends: string[] = [];
    delivery.log = (line) => sends.push(line);
    delivery.apply(row, move);
    delivery.log = undefined;
    return { kind, what, sends, state: brief(new RowView(delivery, row)) };
  });
}

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
