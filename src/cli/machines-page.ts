/**
 * docs/machines.md: each machine by what it is, in words and tables, beside its picture. It
 * promises that everything on the page is read from the definitions, and which promises speak of a
 * machine from what their checks look at. It must never state a default that the options do not
 * have.
 */
import type { AnyStateMachine } from 'xstate';
import { guarantees, steps } from '../../machines/guarantees.ts';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
import { machinesIn, pictureName } from '../diagram/files.ts';
import { levelsOf } from '../diagram/level.ts';
import { type DiagramModel, modelOf, type StateModel } from '../diagram/model.ts';
import { systemOf } from '../diagram/system.ts';
import { type Default, defaults } from '../runtime/defaults.ts';
import { type ActorView, explore, type View, type World } from '../verify/index.ts';
import { ships } from './ships.ts';

export function machinesPage(): string {
  const about = spokenOf();
  const chapters = [...machinesIn(ships)].map(([name, machine]) => chapter(name, machine, about));
  return [
    '# Machines\n\n',
    '<!-- Written by `npm run generate` from the code; edit the code. -->\n\n',
    'Six machines, one system. Whoever runs another owns it: it gives orders, hears reports, and\n',
    'ends it. A dashed box is a leaf, which touches the outside; the states below are those in\n',
    'which it runs. Every picture is drawn by `holdfast diagram` from the definition that ships\n',
    'and is checked, and so is this page.\n\n',
    '![Who runs whom](../diagrams/actors.svg)\n\n',
    'The same [with everything that they say](../diagrams/system.svg).\n\n',
    ...chapters,
  ].join('');
}

function chapter(name: string, machine: AnyStateMachine, about: Spoken): string {
  const model = modelOf(machine);
  const role = both.roles.find((one) => 'machine' in one && one.machine === machine)?.name ?? name;
  return [
    `## ${name}\n\n`,
    ...(model.description ? [`${model.description}\n\n`] : []),
    role === name ? '' : `In the system it is the \`${role}\`.\n\n`,
    pictures(name, model),
    section('States', ['state', 'what it is', 'runs', 'ends by itself'], statesOf(model)),
    section('Messages', ['with', 'is told', 'says'], messagesOf(role)),
    section('Guards', ['guard', 'decides'], guardsOf(model)),
    section('Timers', ['timer', 'default', 'option', 'in'], timersOf(name, model, machine)),
    section('Promises', ['promise', 'which says'], promisesOf(role, about)),
  ].join('');
}

function pictures(name: string, model: DiagramModel): string {
  const levels = levelsOf(model);
  const [first = 'full'] = levels;
  const link = (level: string) => `[${level}](../diagrams/${pictureName(name, level)})`;
  const others = levels.filter((level) => level !== first).map(link);
  const more = others.length === 0 ? '' : `More of it: ${others.join(' · ')}\n\n`;
  return `![${name}](../diagrams/${pictureName(name, first)})\n\n${wrapped(more)}`;
}

function section(title: string, head: readonly string[], rows: readonly string[][]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rule = `|${'---|'.repeat(head.length)}\n`;
  return `### ${title}\n\n${line(head)}${rule}${rows.map(line).join('')}\n`;
}

/** A paragraph in lines of at most a hundred columns. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.trim().split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 99) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return text === '' ? '' : `${lines.join('\n')}\n\n`;
}

const code = (words: Iterable<string>): string =>
  [...words].map((word) => `\`${word.replaceAll('|', '\\|')}\``).join(', ');

// what a definition says ------------------------------------------------------------------------

function statesOf({ states, transitions }: DiagramModel): string[][] {
  return states
    .filter(({ path }) => path !== '')
    .map(({ id, path, invokes, description = '' }: StateModel) => {
      const timers = transitions.filter(({ source, kind }) => source === id && kind === 'after');
      const runs = invokes.map(({ src }) => src);
      const ends = new Set(timers.map(({ label }) => label));
      return [`\`${path}\``, description, code(runs), code(ends)];
    });
}

const system = systemOf(both);

function messagesOf(role: string): string[][] {
  const talk = system.transitions.filter(({ label }) => !label.startsWith('runs in '));
  const others = system.states
    .map(({ id }) => id)
    .filter((id) =>
      talk.some(
        (one) => [one.source, ...one.targets].every((x) => x === id || x === role) && id !== role,
      ),
    );
  return others.map((other) => {
    const between = (from: string, to: string) =>
      talk.filter(({ source, targets }) => source === from && targets.includes(to));
    const words = (from: string, to: string) => code(between(from, to).map(({ label }) => label));
    return [`\`${other}\``, words(other, role), words(role, other)];
  });
}

function guardsOf({ states, transitions }: DiagramModel): string[][] {
  const paths = new Map(states.map(({ id, path }) => [id, path || 'any state']));
  const uses = new Map<string, Set<string>>();
  for (const { guard, source, label, plumbing } of transitions) {
    if (guard === undefined || plumbing) continue;
    const found = uses.get(guard) ?? new Set();
    uses.set(guard, found.add(`${paths.get(source)}: ${label}`));
  }
  return [...uses].map(([guard, places]) => [code([guard]), code(places)]);
}

// timers ----------------------------------------------------------------------------------------

/** Where the options of a machine begin. */
const options: Readonly<Record<string, readonly string[]>> = {
  connection: ['link.limits.'],
  gateway: ['arbitration.', 'cooldownMs'],
  heartbeat: ['heartbeat.'],
  process: ['process.'],
  reconnect: ['link.'],
  supervisor: ['process.'],
};

function timersOf(name: string, model: DiagramModel, machine: AnyStateMachine): string[][] {
  const delays = new Set(model.transitions.flatMap(({ delay }) => (delay ? [delay] : [])));
  return [...delays].map((delay) => {
    const places = model.transitions.filter((one) => one.delay === delay);
    const paths = places.map(({ source }) => model.states.find(({ id }) => id === source)?.path);
    const [option, rule] = optionOf(name, readBy(machine, delay)) ?? [];
    const value = rule === undefined ? 'computed' : `${rule.value?.toLocaleString('en-US')} ms`;
    const set = option === undefined ? '' : code([option]);
    return [`\`${delay}\``, value, set, code(new Set(paths.map((path) => path || 'any state')))];
  });
}

function optionOf(name: string, field: string | undefined): [string, Default] | undefined {
  return Object.entries<Default>(defaults).find(
    ([option]) =>
      (option === field || option.endsWith(`.${field}`)) &&
      options[name]?.some((start) => option.startsWith(start)),
  );
}

/** The field of the policy that a delay reads; undefined where it reads something else too. */
function readBy(machine: AnyStateMachine, delay: string): string | undefined {
  const source: unknown = machine.implementations.delays[delay];
  if (typeof source !== 'function') return undefined;
  const read: string[] = [];
  const spy = (path: readonly string[]): unknown =>
    new Proxy(() => {}, {
      get(_, key) {
        if (key === Symbol.toPrimitive) return () => read.push(path.join('.'));
        return spy([...path, String(key)]);
      },
    });
  const answer: unknown = source({ context: spy([]), event: {} }, undefined);
  if (typeof answer === 'number') return undefined;
  // whoever calculates with it has turned it into a number by now
  Number(answer);
  const [path = '', another] = read;
  return another === undefined && path.startsWith('policy.') ? path.split('.').at(-1) : undefined;
}

// promises --------------------------------------------------------------------------------------

type Spoken = ReadonlyMap<string, ReadonlySet<string>>;

/** A machine, and the leaves that it runs: they have no other voice. */
function promisesOf(role: string, about: Spoken): string[][] {
  const own = system.transitions
    .filter(({ source, label }) => source === role && label.startsWith('runs in '))
    .flatMap(({ targets }) => targets)
    .filter((name) => both.roles.some((one) => one.name === name && 'leaf' in one));
  const isAbout = (id: string) => [role, ...own].some((name) => about.get(id)?.has(name));
  const promised = guarantees.filter(({ id }) => isAbout(id));
  const stepwise = steps.filter((one) => one.role === role);
  return [...promised, ...stepwise].map(({ id, sentence }) => [`\`${id}\``, sentence]);
}

/** Enough of each world that every promise looks at whatever it is about. */
const samples: readonly (readonly [world: World, depth: number])[] = [
  [linkAlone, 12],
  [serviceAlone, 10],
  [both, 8],
];

function spokenOf(): Spoken {
  const about = new Map(guarantees.map(({ id }) => [id, new Set<string>()]));
  for (const [world, maxDepth] of samples) {
    const look = (view: View) => {
      for (const { id, check } of guarantees)
        check(watched(view, (role) => about.get(id)?.add(role)));
      return undefined;
    };
    const promises = { always: { looks: look } };
    explore(world, { delivery: 'async', inFlight: 1, maxDepth, promises });
  }
  return about;
}

/** Tells of whom more was asked than who he is. */
function watched(view: View, tell: (role: string) => void): View {
  const actors = view.actors.map(
    (actor): ActorView => ({
      path: actor.path,
      role: actor.role,
      tags: actor.tags,
      get value() {
        tell(actor.role);
        return actor.value;
      },
      get context() {
        tell(actor.role);
        return actor.context;
      },
      get timers() {
        tell(actor.role);
        return actor.timers;
      },
      get live() {
        tell(actor.role);
        return actor.live;
      },
      matches(state) {
        tell(actor.role);
        return actor.matches(state);
      },
    }),
  );
  return {
    actors,
    at: (path) => actors.find((actor) => actor.path === path),
    liveLeaves: view.liveLeaves,
    armedTimers: view.armedTimers,
    inFlight: view.inFlight,
    messages: () => view.messages(),
    moves: () => view.moves(),
  };
}
