/**
 * The config of a machine as plain data: where everything that can be changed stands, and copies
 * in which one place is another. It must never change the config that it was given.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

export type Tree = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `undefined` is none, a list is itself, anything else a list of one. */
export const listed = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** A copy in which what stands at `path` is replaced; what becomes `undefined` is taken away. */
export function edited(
  value: unknown,
  [key, ...rest]: Path,
  change: (old: unknown) => unknown,
): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    const next = edited(value[Number(key)], rest, change);
    return next === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), next);
  }
  const own = isTree(value) ? value : {};
  const { [key]: old, ...others } = own;
  const next = edited(old, rest, change);
  // a new key comes last, any other stays where it is
  return next === undefined ? others : { ...own, [key]: next };
}

/** One transition of a config, in the long form. */
export interface Transition extends Tree {
  target?: unknown;
  guard?: unknown;
  actions?: unknown;
  reenter?: boolean;
}

/** The transitions of one state for one event. */
export interface Group {
  readonly path: Path;
  /** the event, `after DELAY` or `always` */
  readonly words: string;
  readonly transitions: readonly { config: Transition; definition: AnyTransitionDefinition }[];
}

const transitionOf = (value: unknown): Transition => (isTree(value) ? value : { target: value });

export const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

export const placeOf = (node: AnyStateNode): Path => node.path.flatMap((key) => ['states', key]);

/** What XState calls a state absolutely. */
export const absolute = (node: AnyStateNode): string => {
  const keys = [node.machine.id, ...node.path].map((key) => key.replaceAll('.', '\\.'));
  return `#${keys.join('.')}`;
};

export function groupsOf(node: AnyStateNode): Group[] {
  const at = placeOf(node);
  const { on, after, onDone, always, invoke } = node.config;
  const group = (path: Path, words: string, raw: unknown, type: string): Group => {
    const definitions = type === '' ? (node.always ?? []) : (node.transitions.get(type) ?? []);
    const transitions = listed(raw).flatMap((one, i) => {
      const definition = definitions[i];
      return definition === undefined ? [] : [{ config: transitionOf(one), definition }];
    });
    return { path: [...at, ...path], words, transitions };
  };
  const calls = listed(invoke).flatMap((one, i) => {
    const place = Array.isArray(invoke) ? ['invoke', i] : ['invoke'];
    const id = node.invoke[i]?.id ?? '';
    const ends = isTree(one) ? one : {};
    return [
      group([...place, 'onDone'], `${id} done`, ends.onDone, `xstate.done.actor.${id}`),
      group([...place, 'onError'], `${id} failed`, ends.onError, `xstate.error.actor.${id}`),
    ];
  });
  return [
    ...Object.entries(on ?? {}).map(([type, raw]) => group(['on', type], type, raw, type)),
    ...Object.entries(after ?? {}).map(([delay, raw]) =>
      group(['after', delay], `after ${delay}`, raw, `xstate.after.${delay}.${node.id}`),
    ),
    group(['always'], 'always', always, ''),
    group(['onDone'], 'done', onDone, `xstate.done.state.${node.id}`),
    ...calls,
  ];
}

/** The config with the transitions of one group replaced; without any the event is not heard. */
export const withGroup = (
  machine: AnyStateMachine,
  path: Path,
  change: (all: readonly Transition[]) => readonly Transition[],
): unknown =>
  edited(machine.config, path, (old) => {
    const all = change(listed(old).map(transitionOf));
    return all.length === 0 ? undefined : all;
  });
