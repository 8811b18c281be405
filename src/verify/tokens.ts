/**
 * Generations, renamed so that any number of restarts is a finite space. In every stored state a
 * token is 1 when it equals the generation its parent last opened for that slot, and 0 when it
 * is any other; the parent's own counter is 1 once opened, 0 before. This must never change what
 * a machine can observe, and it does not:
 *
 * A machine may only copy a token, ask whether it equals `gens.x`, and raise `gens.x` by opening.
 * `gens.x` of one parent instance only grows, so a token that differs from it now differs for
 * ever, and a token that equals it now equals it until the next opening, whatever the numbers
 * are. The map "token → does it equal the present one" therefore commutes with every step, that
 * is, it is a bisimulation: two states with the same image have the same future. Within one
 * macrostep the counter runs 1 → 2 → 3 in plain numbers, all above every token in sight (0 or 1),
 * as the true ones would be; the result is renamed again. A parent that is replaced starts from 0
 * with empty channels, so tokens of its predecessor cannot meet it.
 *
 * What the argument needs is checked on every cold step (guarantee `generations`): counters never
 * go back, a spawn opens its slot, a child's `gen` comes from its input or an order, and reports
 * are stamped 0 or 1. That nothing else in a context depends on a token is shown by conformance,
 * where the real actors count without renaming.
 */
import { Broken } from './fault.ts';

export type Context = Readonly<Record<string, unknown>>;
export type Generations = Readonly<Record<string, number>>;

/** Token of something that has none: the root, or a child outside the convention. */
export const NONE = -1;
export const STALE = 0;
export const CURRENT = 1;
export type Token = typeof NONE | typeof STALE | typeof CURRENT;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The slots a context has opened, and how often. */
export function generationsOf(context: Context): Generations {
  const gens = context.gens;
  return isRecord(gens) ? (gens as Generations) : {};
}

/** The present counter of one slot, 0 before the first opening. */
export const generationOf = (gens: Generations, slot: string): number => gens[slot] ?? 0;

/** A plain number becomes 1 or 0 by comparing it with the one counter it may be compared with. */
export const rename = (token: unknown, present: number): Token =>
  typeof token !== 'number' ? NONE : token === present ? CURRENT : STALE;

/** The token by which a child or a report is known, when it is already a renamed one. */
export function renamed(token: unknown, where: string): Token {
  if (token === undefined) return NONE;
  if (token === STALE || token === CURRENT) return token;
  throw new Broken('generations', `${where} made up the generation ${String(token)}`);
}

/** The slots that a step opened, after checking that it only opened. */
export function openedSlots(before: Generations, after: Generations): string[] {
  for (const slot of Object.keys(before)) {
    if (generationOf(after, slot) >= generationOf(before, slot)) continue;
    throw new Broken('generations', `the generation of '${slot}' went back`);
  }
  return Object.keys(after).filter(
    (slot) => generationOf(after, slot) > generationOf(before, slot),
  );
}

/** The context with its own counters renamed, slots in a fixed order. */
export function renameContext(context: Context): Context {
  if (!isRecord(context.gens)) return context;
  const gens: Record<string, number> = {};
  for (const slot of Object.keys(context.gens).sort()) {
    gens[slot] = generationOf(generationsOf(context), slot) > 0 ? CURRENT : STALE;
  }
  return { ...context, gens };
}

/** An event or input with its `gen` replaced; the same object when nothing changes. */
export function withGeneration<T extends object>(value: T, token: Token): T {
  if (token === NONE || ('gen' in value && value.gen === token)) return value;
  return { ...value, gen: token };
}
