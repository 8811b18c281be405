/**
 * What `holdfast check` is to explore: the worlds that ship, or what a file of yours exports. It
 * promises a sentence for whatever a file lacks; it must never call an empty file proved.
 */
import { basename, extname } from 'node:path';
import { type Guarantee, goals, guarantees, kernel, steps } from '../../machines/guarantees.ts';
import { parts, unproved } from '../../machines/parts.ts';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
import { alone, isMachine } from '../verify/alone.ts';
import type { Promises, UserCommand, World } from '../verify/index.ts';
import { brokenRule, invoked } from '../verify/rules.ts';
import { UsageError, type WorldName, worldNames } from './arguments.ts';
import type { Exported } from './emit-test.ts';
import { type Exports, isObject, load } from './load.ts';

export interface Sentence {
  id: string;
  sentence: string;
  kind: 'always' | 'atRest' | 'goal' | 'step' | 'kernel';
  /** the worlds of which it is promised; all when absent */
  only?: readonly string[];
}

export interface Subworld {
  name: string;
  world: World;
  promises: Promises;
  /** roles that stand for somebody else, and whose transitions are not counted */
  standIns: readonly string[];
}

export interface Subject {
  worlds: readonly Subworld[];
  sentences: readonly Sentence[];
  /** by what a test can import it; undefined for what ships */
  exported?: Exported;
  /** what is left open when all of it holds */
  unproved: readonly string[];
}

const ofKernel: readonly Sentence[] = kernel.map(({ id, sentence }) => ({
  id,
  sentence,
  kind: 'kernel',
}));

const checksOf = (all: readonly Guarantee[], kind: Guarantee['kind']) =>
  Object.fromEntries(all.filter((one) => one.kind === kind).map(({ id, check }) => [id, check]));

const promisesWith = (promised: readonly Guarantee[]): Promises => ({
  always: checksOf([...guarantees, ...promised], 'always'),
  atRest: checksOf([...guarantees, ...promised], 'atRest'),
  goals: Object.fromEntries(goals.map(({ id, from, holds, by }) => [id, { from, holds, by }])),
  steps: Object.fromEntries(steps.map(({ id, role, check }) => [id, { role, check }])),
});

const whole = (name: string, world: World): Subworld[] => [
  { name, world, promises: promisesWith([]), standIns: [] },
];

/** One of the worlds that ship, or all of them, parts before the whole. */
export function shipped(only?: WorldName): Subject {
  const all: Readonly<Record<WorldName, readonly Subworld[]>> = {
    link: whole('link', linkAlone),
    service: whole('service', serviceAlone),
    contracts: parts.map(({ promised, ...part }) => ({
      ...part,
      promises: promisesWith(promised),
    })),
    both: whole('both', both),
  };
  const names = only === undefined ? worldNames : [only];
  const ofParts = names.includes('contracts') ? sentencesOfParts() : [];
  return {
    worlds: names.flatMap((name) => all[name]),
    sentences: [
      ...guarantees.map(({ id, sentence, kind }) => ({ id, sentence, kind })),
      ...ofParts,
      ...steps.map(({ id, sentence }) => ({ id, sentence, kind: 'step' as const })),
      ...goals.map(({ id, sentence }) => ({ id, sentence, kind: 'goal' as const })),
      ...ofKernel,
    ],
    unproved: ofParts.length > 0 ? unproved : [],
  };
}

function sentencesOfParts(): Sentence[] {
  const promised = [...new Set(parts.flatMap((part) => part.promised))];
  return promised.map((one) => {
    const only = parts.filter((part) => part.promised.includes(one)).map(({ name }) => name);
    return { id: one.id, sentence: one.sentence, kind: one.kind, only };
  });
}

/** What a file exports: `world`, and `promises` to hold it to; or one machine. */
export async function subjectOf(file: string): Promise<Subject> {
  const exported = await load(file);
  const promises = exported.promises ?? {};
  if (!isPromises(promises)) {
    throw new UsageError(
      `promises of ${file} must have always, atRest, goals or steps, and no more`,
    );
  }
  const names = (kind: keyof Promises) => Object.keys(promises[kind] ?? {});
  const sentence =
    (kind: Sentence['kind']) =>
    (id: string): Sentence => ({ id, sentence: id, kind });
  return {
    worlds: [
      {
        name: basename(file, extname(file)),
        world: worldOf(file, exported),
        promises,
        standIns: [],
      },
    ],
    exported: namesOf(file, exported),
    unproved: [],
    sentences: [
      ...names('always').map(sentence('always')),
      ...names('atRest').map(sentence('atRest')),
      ...names('goals').map(sentence('goal')),
      ...names('steps').map(sentence('step')),
      ...ofKernel,
    ],
  };
}

function worldOf(file: string, exported: Exports): World {
  const { world, input, user } = exported;
  if (world !== undefined) {
    if (isWorld(world)) return world;
    const rule = 'roles, at least one of them a machine, the name of one as root, and user';
    throw new UsageError(`world of ${file} must have ${rule}`);
  }
  const machines = [...new Set(Object.values(exported).filter(isMachine))];
  const [machine, another] = machines;
  if (machine === undefined || another !== undefined) {
    const rule = 'must export a world, or one XState machine';
    const found = machines.map(({ id }) => id).join(', ') || 'none';
    throw new UsageError(`${file} ${rule}; machines found: ${found}`);
  }
  if (user !== undefined && !isUser(user)) {
    throw new UsageError(`user of ${file} must be a list of { event: { type } }`);
  }
  const only = alone(machine, { input, ...(user === undefined ? {} : { user }) });
  const [child] = invoked(machine);
  if (child === undefined || brokenRule(only)) return only;
  const rule = `must export a world, because ${machine.id} invokes '${child}'`;
  throw new UsageError(`${file} ${rule}: what it may do has to be said`);
}

function namesOf(file: string, exported: Exports): Exported {
  const isHere = (name: string) => exported[name] !== undefined;
  const machine = Object.keys(exported).find((name) => isMachine(exported[name]));
  return isHere('world')
    ? { file, machine: undefined, also: ['promises'].filter(isHere) }
    : { file, machine, also: ['promises', 'input', 'user'].filter(isHere) };
}

const isUser = (value: unknown): value is readonly UserCommand[] =>
  Array.isArray(value) &&
  value.every((one) => isObject(one) && isObject(one.event) && typeof one.event.type === 'string');

function isWorld(value: unknown): value is World {
  if (!isObject(value) || !Array.isArray(value.roles) || !isUser(value.user)) return false;
  const roles: unknown[] = value.roles;
  return (
    roles.every((role) => isObject(role) && (isMachine(role.machine) || isLeaf(role.leaf))) &&
    roles.some((role) => isObject(role) && isMachine(role.machine) && role.name === value.root)
  );
}

const isLeaf = (value: unknown): boolean => isObject(value) && isObject(value.emits);

const isPromises = (value: unknown): value is Promises =>
  isObject(value) &&
  Object.entries(value).every(
    ([kind, all]) =>
      (['always', 'atRest'].includes(kind) && areAll(all, (one) => typeof one === 'function')) ||
      (kind === 'goals' &&
        areAll(all, (goal) => isObject(goal) && typeof goal.holds === 'function')) ||
      (kind === 'steps' &&
        areAll(all, (one) => isObject(one) && typeof one.check === 'function' && isText(one.role))),
  );

const isText = (value: unknown): value is string => typeof value === 'string';

const areAll = (value: unknown, test: (one: unknown) => boolean): boolean =>
  isObject(value) && Object.values(value).every(test);
