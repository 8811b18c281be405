/**
 * What the guards and actions of a machine are made of, read off XState's own builders, and the
 * same with one part less or another. What it cannot read it leaves alone: there is then no such
 * mutant, never a wrong one.
 */
import { and, assign, enqueueActions, not, or } from 'xstate';
import { isTree } from './edit.ts';

/** One thing instead of another, and what was done to it. */
export interface Variant {
  /** a word for the id, e.g. `without-owned` */
  readonly id: string;
  readonly words: string;
  readonly made: unknown;
}

type Many = (parts: readonly unknown[]) => unknown;

// XState's builders infer their types from where they stand; here they stand nowhere
const conjunction: Many = (parts) => and(parts as never);
const disjunction: Many = (parts) => or(parts as never);
export const negated = (guard: unknown): unknown => not(guard as never);

const checkOf = (guard: unknown): unknown =>
  typeof guard === 'function' ? Reflect.get(guard, 'check') : undefined;
const checks = {
  and: checkOf(conjunction([])),
  or: checkOf(disjunction([])),
  not: checkOf(negated('none')),
};

const partsOf = (guard: unknown): readonly unknown[] => {
  const parts: unknown = typeof guard === 'function' ? Reflect.get(guard, 'guards') : undefined;
  return Array.isArray(parts) ? parts : [];
};

export function nameOfGuard(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  if (isTree(guard)) return String(guard.type);
  const check = checkOf(guard);
  const names = partsOf(guard).map(nameOfGuard).join(', ');
  if (check === checks.and) return `and(${names})`;
  if (check === checks.or) return `or(${names})`;
  if (check === checks.not) return `not(${names})`;
  if (typeof guard !== 'function') return 'guard';
  const at: unknown = Reflect.get(guard, 'stateValue');
  return at === undefined ? guard.name || 'guard' : `in ${stateText(at)}`;
}

const stateText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** A guard made of others, with one of them taken away or turned round. */
export function guardVariants(guard: unknown): Variant[] {
  const check = checkOf(guard);
  const parts = partsOf(guard);
  const [first] = parts;
  if (check === checks.not && first !== undefined) {
    const name = nameOfGuard(first);
    return [
      { id: 'without-not', words: `not of ${name} dropped`, made: first },
      ...guardVariants(first).map((one) => ({ ...one, made: negated(one.made) })),
    ];
  }
  const build = check === checks.and ? conjunction : check === checks.or ? disjunction : undefined;
  if (build === undefined) return [];
  return parts.flatMap((part, i) => partVariants(part, i, parts, build));
}

function partVariants(part: unknown, i: number, parts: readonly unknown[], build: Many): Variant[] {
  const name = nameOfGuard(part);
  const without = {
    id: `part-${i + 1}-dropped`,
    words: `${name} dropped`,
    made: build(parts.toSpliced(i, 1)),
  };
  const turned = {
    id: `part-${i + 1}-negated`,
    words: `${name} negated`,
    made: build(parts.with(i, negated(part))),
  };
  const inner = guardVariants(part).map(({ id, words, made }) => ({
    id: `part-${i + 1}-${id}`,
    words,
    made: build(parts.with(i, made)),
  }));
  // what is a `not` already is turned round by dropping it
  const own = checkOf(part) === checks.not ? [without] : [without, turned];
  return [...(parts.length > 1 ? own : own.slice(1)), ...inner];
}

export function nameOfAction(action: unknown): string {
  if (typeof action === 'string') return action;
  if (isTree(action)) return String(action.type);
  return (typeof action === 'function' && action.name) || 'action';
}

type Collect = (args: Readonly<Record<string, unknown>>) => void;
type Assignment = (args: unknown, params: unknown) => Readonly<Record<string, unknown>>;

/** An action that does several things, with one of them left out. `types`: what may arrive. */
export function actionVariants(action: unknown, types: readonly string[]): Variant[] {
  if (typeof action !== 'function') return [];
  const assignment: unknown = Reflect.get(action, 'assignment');
  if (isTree(assignment)) {
    const keys = Object.keys(assignment);
    return keys.length < 2 ? [] : keys.map((key) => assigned(key, without(assignment, key)));
  }
  if (typeof assignment === 'function') {
    const assigns = assignment as Assignment;
    const keys = keysOf(assigns, types);
    return keys.length < 2
      ? []
      : keys.map((key) =>
          assigned(key, (args: unknown, params: unknown) => without(assigns(args, params), key)),
        );
  }
  const collect: unknown = Reflect.get(action, 'collect');
  if (typeof collect !== 'function') return [];
  const kinds = kindsOf(collect as Collect, types);
  return kinds.length < 2 ? [] : kinds.map((kind) => enqueued(kind, collect as Collect));
}

const without = (values: Readonly<Record<string, unknown>>, key: string) => {
  const { [key]: _, ...others } = values;
  return others;
};

const assigned = (key: string, made: unknown): Variant => ({
  id: `${key}-kept`,
  words: `${key} not assigned`,
  made: assign(made as never),
});

const enqueued = (kind: string, collect: Collect): Variant => ({
  id: `${kind}-dropped`,
  words: `${kind} dropped`,
  made: enqueueActions(((args: Readonly<Record<string, unknown>>) => {
    const { enqueue } = args;
    if (typeof enqueue !== 'function') return;
    const any = (...given: unknown[]): unknown => Reflect.apply(enqueue, undefined, given);
    collect({ ...args, enqueue: Object.assign(any, enqueue, { [kind]: () => {} }) });
  }) as never),
});

/** Stands for any value: it can be read, called, counted with and gone through. */
const anything: unknown = new Proxy(() => {}, {
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return () => 1;
    if (key !== Symbol.iterator) return anything;
    return function* () {
      yield anything;
    };
  },
  apply: () => anything,
  ownKeys: () => ['prototype'],
});

/** Runs `ask` once for each event; what it does not understand tells nothing. */
function asked(types: readonly string[], ask: (event: unknown) => void): void {
  for (const type of types) {
    const event = new Proxy({ type }, { get: (own, key) => Reflect.get(own, key) ?? anything });
    try {
      ask(event);
    } catch {}
  }
}

function keysOf(assigns: Assignment, types: readonly string[]): string[] {
  const keys = new Set<string>();
  asked(types, (event) => {
    for (const key of Object.keys(assigns({ context: anything, event }, undefined))) keys.add(key);
  });
  return [...keys];
}

function kindsOf(collect: Collect, types: readonly string[]): string[] {
  const kinds = new Set<string>();
  const enqueue = new Proxy(() => {}, {
    get: (_, kind) => () => kinds.add(String(kind)),
  });
  asked(types, (event) => collect({ context: anything, event, enqueue, check: () => true }));
  return [...kinds];
}
