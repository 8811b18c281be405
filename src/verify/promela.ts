/**
 * The compiled tables of small worlds as a model for SPIN: delivery, channels, timers, spawns and
 * stops are written anew in Promela, so that two searches that share no code can be compared. A
 * stored state of SPIN is a state of ours, one to one: a move is atomic, and what a move needs
 * meanwhile is hidden. Before everything stands one state in which no world is chosen yet.
 * It must never drop a move silently: what is missing in the tables or does not fit is an error.
 */
import { breaks, joined, type Layout } from './joined.ts';
import type { Packed } from './packed.ts';
import { ARM, CANCEL, OPEN, REPORT, SEND, SPAWN, STOP } from './program.ts';
import type { Tables } from './tables.ts';

export interface PromelaOptions {
  /** each world says how many states were stored before it; for a search in depth alone */
  announce?: boolean;
}

/** SPIN's own reader gives up on longer lists. */
const longestList = 4_000;
const largestShort = 0x7fff;
const START = 1;

/** One model of all `worlds`, with one choice of them at its start. */
export function promela(worlds: readonly Tables[], options: PromelaOptions = {}): string {
  const layout = joined(worlds);
  const expected = worlds.reduce((sum, { states }) => sum + states, 1);
  const ports = portsOf(layout);
  return [
    headOf(expected),
    breaks.map((name, i) => `#define ${constant(name)} ${i + 1}`).join('\n'),
    ...Object.entries({ ...layout.lists, ...ports }).map(([name, list]) => table(name, list)),
    ...Object.entries(layout.packed).map(([name, packed]) => sparse(name, packed)),
    stateOf(layout, ports),
    helpers,
    systemOf(layout, ports, worlds.length, options),
    '',
  ].join('\n\n');
}

const identifier = (name: string): string => name.replaceAll('-', '_');
const constant = (name: string): string => identifier(name).toUpperCase();

function headOf(expected: number): string {
  return `/*
 * Written by holdfast check --emit promela: machines as tables. The world, the timers and the
 * user move while fewer than IN_FLIGHT messages are on their way; what the dead had sent is gone.
 *
 *   spin -a FILE && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m1000000
 *
 * "states, stored" is to be ${expected}: one in which nothing has begun, and ours.
 */`;
}

// tables -------------------------------------------------------------------

/** A list read as a macro, in pieces where it is long. */
function table(name: string, list: readonly number[]): string {
  const pieces: string[] = [];
  for (let from = 0; from === 0 || from < list.length; from += longestList) {
    const piece = list.slice(from, from + longestList);
    const values = piece.length === 0 ? [0] : piece;
    pieces.push(`hidden int ${name}_${pieces.length}[${values.length}] = {\n${wrapped(values)} };`);
  }
  const at = (i: number) => `${name}_${i}[(i) - ${i * longestList}]`;
  const read = pieces.reduceRight(
    (rest, _, i) =>
      rest === '' ? at(i) : `((i) < ${(i + 1) * longestList} -> ${at(i)} : ${rest})`,
    '',
  );
  return [...pieces, `#define ${name}(i) ${read}`].join('\n');
}

function wrapped(values: readonly number[]): string {
  const lines: string[] = [];
  for (let i = 0; i < values.length; i += 16) lines.push(values.slice(i, i + 16).join(', '));
  return lines.join(',\n');
}

const sparse = (name: string, { shift, base, owner, value }: Packed): string =>
  [
    table(`${name}_base`, base),
    table(`${name}_owner`, owner),
    table(`${name}_value`, value),
    `#define ${name}_at(r, c) (${name}_base(r) + (c) - ${shift})`,
    `#define ${name}(r, c) \\
  (${name}_owner(${name}_at(r, c)) == (r) + 1 -> ${name}_value(${name}_at(r, c)) : 0)`,
  ].join('\n');

// the state ----------------------------------------------------------------

/** A channel up from each child, and one down to each machine; 255 where there is none. */
interface Ports extends Record<string, readonly number[]> {
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** who reads it */
  readonly reader: readonly number[];
}

const nowhere = 255;

function portsOf({ isLeaf, lists }: Layout): Ports {
  const reader: number[] = [];
  const port = (slot: number) => reader.push(slot) - 1;
  const up = isLeaf.map((_, slot) => (slot === 0 ? nowhere : port(lists.parent?.[slot] ?? 0)));
  const down = isLeaf.map((leaf, slot) => (slot === 0 || leaf ? nowhere : port(slot)));
  return { up, down, reader };
}

function stateOf({ paths, timers, limited, longest, inFlight, lists }: Layout, ports: Ports) {
  const largest = Math.max(lists.next?.length ?? 0, lists.says?.length ?? 0);
  const channels = ports.reader.length;
  if (channels >= nowhere || largest > largestShort || lists.older_actor === undefined) {
    throw new RangeError('the world is too large for a model: lower the bounds');
  }
  return `
#define IN_FLIGHT ${inFlight}
#define LONGEST ${longest}

byte world;
/* who lives at ${paths.map((path) => path || 'the root').join(', ')}; 0 is nobody */
short actor[${paths.length}];
/* what each timer will raise; 0 is not armed */
short timer[${Math.max(1, timers.length)}];
byte used[${Math.max(1, limited.length)}];
byte flight;
chan mail[${Math.max(1, channels)}] = [${longest}] of { short };
short move;

hidden int broken, slot, child, port, event, step, pc, top, n, item, i;
hidden byte ${breaks.map(identifier).join(', ')};
hidden int stack_slot[${paths.length + 1}], stack_pc[${paths.length + 1}];`.trim();
}

const helpers = `
inline post(to) {
  if
  :: len(mail[to]) < LONGEST -> mail[to]!item; flight++
  :: else -> broken = CHANNEL
  fi
}

/* a newer generation is open: what waits here is of an older one */
inline outdate(from) {
  n = len(mail[from]);
  do
  :: n > 0 -> mail[from]?item; item = older_event(item); mail[from]!item; n--
  :: else -> break
  od
}

inline drain(from) {
  do
  :: len(mail[from]) > 0 -> mail[from]?item; flight--
  :: else -> break
  od
}

/* step is known: does it break a rule? */
inline judge() {
  if
  :: step == 0 -> broken = CLOSED
  :: step != 0 && breaks(step) != 0 -> broken = breaks(step)
  :: else
  fi
}

inline remove(first, last) {
  i = first;
  do
  :: i < last ->
    actor[i] = 0;
    n = timers(i);
    do
    :: n < timers(i + 1) -> timer[n] = 0; n++
    :: else -> break
    od;
    if :: up(i) != 255 -> drain(up(i)) :: else fi;
    if :: down(i) != 255 -> drain(down(i)) :: else fi;
    i++
  :: else -> break
  od
}`.trim();

/** What each effect does; `child` is set for those that name one. */
const effects = `
:: op(pc) == ${OPEN + 1} ->
  if
  :: child != 0 ->
    outdate(up(child));
    if
    :: actor[child] != 0 ->
      if :: down(child) != 255 -> outdate(down(child)) :: else fi;
      actor[child] = older_actor(actor[child]);
      if :: actor[child] == 0 -> broken = CLOSED :: else fi
    :: else
    fi
  :: else
  fi;
  pc++
:: op(pc) == ${SPAWN + 1} ->
  if
  :: child == 0 -> broken = CLOSED
  :: child != 0 && actor[child] != 0 -> broken = ONE_INSTANCE
  :: else ->
    step = with(pc);
    judge();
    if
    :: broken == 0 ->
      actor[child] = next(step);
      stack_slot[top] = slot;
      stack_pc[top] = pc + 1;
      top++;
      slot = child;
      pc = program(step)
    :: else
    fi
  fi
:: op(pc) == ${STOP + 1} ->
  if :: child != 0 -> remove(child, below(child)) :: else fi;
  pc++
:: op(pc) == ${SEND + 1} ->
  if
  :: child == 0 || actor[child] == 0 -> broken = MISSING_CHILD
  :: child != 0 && actor[child] != 0 && is_leaf(actor[child]) == 1 ->
    step = step_of(actor[child], with(pc));
    judge();
    if :: broken == 0 -> actor[child] = next(step) :: else fi
  :: else -> item = with(pc); post(down(child))
  fi;
  pc++
:: op(pc) == ${REPORT + 1} ->
  if
  :: slot == 0 -> broken = MISSING_CHILD
  :: slot != 0 && says(with(pc)) != own(slot) -> broken = NO_INNER_EVENT
  :: else -> item = with(pc); post(up(slot))
  fi;
  pc++
:: op(pc) == ${ARM + 1} ->
  i = clock(slot, arg(pc)) - 1;
  if
  :: i < 0 -> broken = CLOSED
  :: i >= 0 && timer[i] != 0 -> broken = TIMER_DISCIPLINE
  :: else -> timer[i] = with(pc)
  fi;
  pc++
:: op(pc) == ${CANCEL + 1} ->
  i = clock(slot, arg(pc)) - 1;
  if :: i >= 0 -> timer[i] = 0 :: else fi;
  pc++`.trim();

/** A rule has a variable of its own, so that the message of SPIN names it. */
const assertion = (name: string): string => {
  const rule = identifier(name);
  return `${rule} = (broken == ${constant(name)}); assert(!${rule});`;
};

// the moves ----------------------------------------------------------------

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));

/** Moves have numbers: a start, then each channel, timer, emission and command. */
interface Moves {
  readonly mail: number;
  readonly timer: number;
  readonly world: number;
  readonly user: number;
  readonly emissions: readonly { slot: number; choice: number }[];
}

function movesOf({ timers, emissionsMax }: Layout, channels: number): Moves {
  const emissions = emissionsMax.flatMap((max, slot) =>
    Array.from({ length: max }, (_, choice) => ({ slot, choice })),
  );
  const mail = START + 1;
  const timer = mail + channels;
  const world = timer + timers.length;
  return { mail, timer, world, user: world + emissions.length, emissions };
}

function guardsOf({ timers, limited }: Layout, channels: number, moves: Moves): string {
  const room = 'flight < IN_FLIGHT';
  const mail = Array.from({ length: channels }, (_, i) => `len(mail[${i}]) > 0`);
  const clocks = timers.map((_, i) => `timer[${i}] != 0 && ${room}`);
  const world = moves.emissions.map(
    ({ slot, choice }) => `${room} && choices(emission(${slot}, actor[${slot}])) > ${choice}`,
  );
  const user = limited.map((isLimited, i) => {
    const at = `world * ${limited.length} + ${i}`;
    const left = isLimited ? ` && (most(${at}) == 0 || used[${i}] < most(${at}))` : '';
    return `${room} && world != 0 && command(${at}) != 0${left}`;
  });
  return [...mail, ...clocks, ...world, ...user]
    .map((guard, i) => `:: ${guard} -> move = ${moves.mail + i}`)
    .join('\n');
}

function choiceOf(worlds: number, { announce = false }: PromelaOptions): string {
  const told = (world: number) =>
    announce ? `; c_code { printf("world ${world} from %.0f\\n", nstates); }` : '';
  return Array.from({ length: worlds }, (_, i) => `:: world = ${i + 1}${told(i + 1)}`).join('\n');
}

function systemOf(layout: Layout, ports: Ports, worlds: number, options: PromelaOptions): string {
  const channels = ports.reader.length;
  const moves = movesOf(layout, channels);
  return `
active proctype system() {
end:
  do
  :: atomic {
      if
      :: world == 0 ->
        if
${indented(choiceOf(worlds, options), 8)}
        fi;
        move = ${START}
${indented(guardsOf(layout, channels, moves), 6)}
      fi;
      d_step {
${indented(taken(layout, moves), 8)}
${indented(performed, 8)}
        move = 0
      }
    }
  od
}`.trim();
}

/** The program of the step, and those of the actors that it spawns. */
const performed = `
do
:: broken != 0 -> break
:: broken == 0 && op(pc) == 0 && top == 0 -> break
:: broken == 0 && op(pc) == 0 && top > 0 ->
  top--; slot = stack_slot[top]; pc = stack_pc[top]
:: broken == 0 && op(pc) != 0 ->
  child = (op(pc) <= ${SEND + 1} -> kid(slot, arg(pc)) : 0);
  if
${indented(effects, 2)}
  fi
od;
if
:: broken != 0 ->
${indented(breaks.map(assertion).join('\n'), 2)}
  skip
:: else
fi;`.trim();

/** The actor's own part of a move: who steps on what. */
function taken({ limited }: Layout, moves: Moves): string {
  const emitted = moves.emissions.map(({ slot, choice }, i) => {
    const entry = `emission(${slot}, actor[${slot}]) + ${choice}`;
    return `:: move == ${moves.world + i} -> slot = ${slot}; i = ${entry}`;
  });
  const stepped = `
  step = step_of(actor[slot], event);
  if
  :: step != 0 && is_stale(event) == 1 && is_noop(step) == 0 -> broken = STALE_IS_INERT
  :: else
  fi`.trim();
  return `
broken = 0; pc = 0; top = 0; step = 0; slot = 0;
if
:: move == ${START} -> step = first(world)
:: move >= ${moves.mail} && move < ${moves.timer} ->
  port = move - ${moves.mail};
  slot = reader(port);
  mail[port]?event;
  flight--;
${indented(stepped, 2)}
:: move >= ${moves.timer} && move < ${moves.world} ->
  i = move - ${moves.timer};
  slot = owner(i);
  event = timer[i];
  timer[i] = 0;
${indented(stepped, 2)}
:: move >= ${moves.user} ->
  i = world * ${limited.length} + move - ${moves.user};
  event = command(i);
  if :: most(i) > 0 -> used[move - ${moves.user}]++ :: else fi;
${indented(stepped, 2)}
:: else ->
  if
${indented([...emitted, ':: else -> broken = CLOSED'].join('\n'), 2)}
  fi;
  actor[slot] = after(i);
  item = emitted(i);
  post(up(slot))
fi;
if
:: move >= ${moves.world} && move < ${moves.user}
:: else ->
  if :: broken == 0 -> judge() :: else fi;
  if :: broken == 0 -> actor[slot] = next(step); pc = program(step) :: else fi
fi;`.trim();
}
