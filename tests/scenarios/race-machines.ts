/**
 * The two named races over the machines that ship, as real actors with leaves that are automata.
 * A walk takes any move at any moment: a command, a timer, a post, something the outside does. It
 * must never steer around a move that the world allows.
 */
import fc from 'fast-check';
import { both } from '../../machines/world.ts';
import { RealSystem } from '../../src/verify/actors.ts';
import type { Leaf, Message } from '../../src/verify/world.ts';

/** Numbers that choose a kind of move and one of that kind; the same numbers, the same walk. */
export const walk = fc.array(fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)), { maxLength: 40 });
type Walk = readonly (readonly [number, number])[];

/** What each child may ever report, forged or not. */
const reports: Readonly<Record<string, readonly Message[]>> = {
  service: [
    { type: 'service.launching' },
    { type: 'service.ready' },
    { type: 'service.down' },
    { type: 'service.failed', why: 'exhausted' },
    { type: 'service.rested' },
    { type: 'service.unkillable' },
  ],
  link: [
    { type: 'link.opened' },
    { type: 'link.lost', cause: 'lost' },
    { type: 'link.unreachable', cause: 'lost' },
    { type: 'link.paused', why: 'credentials' },
    { type: 'link.failed', why: 'exhausted' },
    { type: 'link.rested' },
  ],
  connection: [
    { type: 'connection.opened' },
    { type: 'connection.ended', cause: 'lost', floorMs: 1_000 },
  ],
  heartbeat: [{ type: 'heartbeat.dead' }, { type: 'heartbeat.mute' }],
  process: [
    { type: 'process.alive' },
    { type: 'process.gone', class: 'crash' },
    { type: 'process.unkillable' },
  ],
  ...Object.fromEntries(
    both.roles.flatMap((role) => ('leaf' in role ? [[role.name, reportsOf(role.leaf)]] : [])),
  ),
};

function reportsOf({ emits }: Leaf): Message[] {
  const all = Object.values(emits).flatMap((list) => list.map(({ report }) => report));
  return [...new Map(all.map((report) => [JSON.stringify(report), report])).values()];
}

/** First a kind of move, then one of that kind, so that commands do not drown the rest. */
function choose(moves: readonly string[], [kind, one]: readonly [number, number]) {
  const kinds = [...new Set(moves.map((move) => move.slice(0, move.indexOf(' '))))];
  const chosen = kinds[kind % Math.max(1, kinds.length)];
  const choice = moves.filter((move) => move.startsWith(`${chosen} `));
  return choice[one % Math.max(1, choice.length)];
}

/** The whole system as text: states, contexts, generations, timers and leaves of every actor. */
function whole(system: RealSystem): string {
  const actors = system.actors().map(({ path, snapshot, state, gen, timers }) => ({
    path,
    state: snapshot === undefined ? state : [snapshot.value, snapshot.context],
    gen,
    timers,
  }));
  return JSON.stringify([actors, system.moves(2)]);
}

const stamp = ([kind, one]: readonly [number, number]): number => kind + one;

/** A report of an older generation, for some child that a living machine has had. */
function forgery(system: RealSystem, pick: readonly [number, number]) {
  const slots = system.actors().flatMap(({ path, snapshot }) => {
    const gens = (snapshot?.context as { gens?: Record<string, number> } | undefined)?.gens ?? {};
    return Object.entries(gens).map(([child, gen]) => ({ path, child, gen }));
  });
  const old = slots.filter(({ gen }) => gen > 0);
  const slot = old[pick[0] % Math.max(1, old.length)];
  if (slot === undefined) return undefined;
  const known = reports[slot.child] ?? [];
  const report = known[pick[1] % Math.max(1, known.length)];
  if (report === undefined) return undefined;
  const gen = slot.gen - 1 - (stamp(pick) % slot.gen);
  return { path: slot.path, message: { type: `from.${slot.child}`, gen, report } };
}

/** Throws when a report of an older generation changed anything, anywhere. */
export function staleIsInert(steps: Walk): void {
  const system = new RealSystem(both);
  system.make('user 0 start');
  for (const pick of steps) {
    const move = choose(system.moves(2), pick);
    if (move !== undefined) system.make(move);
  }
  const before = whole(system);
  for (const pick of steps.slice(0, 8)) {
    const forged = forgery(system, pick);
    if (forged === undefined) continue;
    system.forge(forged.path, forged.message);
    const after = whole(system);
    if (after !== before) {
      throw new Error(`${JSON.stringify(forged)} changed ${before} to ${after}`);
    }
  }
  system.stop();
}

const connecting = (system: RealSystem): boolean =>
  system.actors().some(({ path, snapshot }) => {
    if (path !== 'gateway/link') return false;
    return JSON.stringify(snapshot?.value).includes('opening');
  });

/** What an ended system may still have: the machines it was made of, at rest. */
const resting = new Set(['gateway', 'gateway/service', 'gateway/link']);

/** Throws when something is alive or armed after a dispose that met a connection on its way. */
export function disposeLeavesNothing(steps: Walk): void {
  const system = new RealSystem(both);
  const dispose = `user ${both.user.findIndex(({ event }) => event.type === 'dispose')} dispose`;
  lead(system);
  const before = steps.slice(0, steps.length >> 1);
  for (const pick of before) {
    const onTheWay = system.moves(2).filter((move) => !/^user/.test(move));
    const move = choose(onTheWay, pick);
    if (move === undefined || !connecting(system)) break;
    system.make(move);
  }
  system.make(dispose);
  for (const pick of steps.slice(before.length)) {
    const move = choose(system.moves(2), pick);
    if (move !== undefined) system.make(move);
  }
  exhaust(system);
  const root = JSON.stringify(system.actors()[0]?.snapshot?.value);
  if (!root.includes('"life":"disposed"')) throw new Error(`it ended in ${root}`);
  const left = system
    .actors()
    .filter(({ path, timers }) => !resting.has(path) || timers.length > 0)
    .filter(({ path }) => !outlived(system, path));
  if (left.length > 0) throw new Error(`left: ${left.map(({ path }) => path).join()}`);
  system.stop();
}

/** A process that outlives every signal is on record, and no connection's doing. */
function outlived(system: RealSystem, path: string): boolean {
  const service = system.actors().find((actor) => actor.path === 'gateway/service');
  const stuck = JSON.stringify(service?.snapshot?.value).includes('unkillable');
  return stuck && path.startsWith('gateway/service/');
}

/** To a link that is being opened, past a process that serves. */
function lead(system: RealSystem): void {
  system.make('user 0 start');
  for (const post of ['custody 0', 'port 0', 'plan 0', 'process/os 0', 'readiness 0']) {
    const [leaf = '', emission] = post.split(' ');
    system.make(`world gateway/service/${leaf} ${emission}`);
    drain(system);
  }
  if (!connecting(system)) throw new Error('the walk did not reach a link that is being opened');
}

function drain(system: RealSystem): void {
  for (;;) {
    const post = system.moves(2).find((move) => move.startsWith('post '));
    if (post === undefined) return;
    system.make(post);
  }
}

/** Lets everything happen that can without another command; deadlines come last. */
function exhaust(system: RealSystem): void {
  for (let step = 0; step < 500; step += 1) {
    const moves = system.moves(2).filter((move) => !move.startsWith('user '));
    const next = moves.find((move) => /^post/.test(move)) ?? moves.find((m) => /^timer/.test(m));
    if (next === undefined) return;
    system.make(next);
  }
  throw new Error('it does not come to rest');
}
