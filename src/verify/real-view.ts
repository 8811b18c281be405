/**
 * Real actors as a promise reads them: the same view as of a state of the interpreter, generations
 * renamed. A view describes the moment it was made in and must not outlive it.
 */
import type { RealActor, RealSystem } from './actors.ts';
import type { RawSnapshot } from './compile.ts';
import { stateValue } from './machine-state.ts';
import { type Context, generationOf, generationsOf, rename, renameContext } from './tokens.ts';
import type { ActorView, View } from './world.ts';

/** What a machine snapshot offers beside its data. */
interface Readable {
  tags?: ReadonlySet<string>;
  matches?: (state: string) => boolean;
}

const noTags: ReadonlySet<string> = new Set();

export function realView(real: RealSystem, bound: number): View {
  const all = real.actors();
  const actors = all.map((actor) => actorView(actor, all));
  return {
    actors,
    at: (path) => actors.find((actor) => actor.path === path),
    liveLeaves: actors.filter(({ live }) => live).length,
    armedTimers: actors.reduce((sum, { timers }) => sum + timers.length, 0),
    inFlight: real.inFlight,
    messages: () => real.messages(),
    moves: () => real.moves(bound),
  };
}

function actorView(actor: RealActor, all: readonly RealActor[]): ActorView {
  const { path, role, snapshot, state = '', live } = actor;
  const readable: (RawSnapshot & Readable) | undefined = snapshot;
  return {
    path,
    role,
    value: snapshot ? stateValue(snapshot.value) : state,
    context: snapshot ? contextOf(actor, snapshot.context, all) : {},
    tags: readable?.tags ?? noTags,
    timers: actor.timers.map((id) => ({ id, delay: delayOf(id) })),
    live,
    matches: (wanted) => readable?.matches?.(wanted) ?? state === wanted,
  };
}

/** As in every stored state of the interpreter: 1 is the generation in force, 0 any other. */
function contextOf({ path, gen }: RealActor, context: Context, all: readonly RealActor[]): Context {
  const shown = renameContext(context);
  if (!('gen' in shown)) return shown;
  const cut = path.lastIndexOf('/');
  const parent = all.find((other) => other.path === path.slice(0, cut));
  const gens = generationsOf(parent?.snapshot?.context ?? {});
  return { ...shown, gen: rename(gen, generationOf(gens, path.slice(cut + 1))) };
}

const delayOf = (id: string): string => /^xstate\.after\.([^.]+)\./.exec(id)?.[1] ?? id;
