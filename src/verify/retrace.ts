/**
 * A counterexample made again, move by move, on the interpreter and on real XState actors side by
 * side. It says in which of the two the promise still breaks. It must never call a promise kept
 * that it could not judge, nor go on when a move is no longer possible.
 */
import { RealSystem } from './actors.ts';
import { deliveryOf } from './explore.ts';
import { judged } from './judge.ts';
import { compareStates, Model } from './model.ts';
import { reaches } from './reach.ts';
import { realView } from './real-view.ts';
import { brokenRule } from './rules.ts';
import { makeMove, openMoves } from './trace.ts';
import { brief, RowView } from './view.ts';
import type { Bounds, Finding, Promises, TraceStep, View, World } from './world.ts';

export interface Recording extends Pick<Bounds, 'inFlight' | 'posts' | 'channel'> {
  delivery: 'async' | 'rtc';
  /** each as the trace prints it, in order: the `what` of its steps */
  moves: readonly string[];
  promises?: Promises;
  /** the promise in question; without it every goal is asked where the trace ends */
  guarantee?: string;
}

/** One move, and the state that each side was in after it. */
export interface Retraced {
  move: string;
  model: string;
  actors: string;
}

/** A move that could not be made. */
export interface Missing {
  /** its number in the trace, from 1 */
  number: number;
  move: string;
  /** what could have been done instead */
  possible: readonly string[];
}

export interface Retrace {
  steps: readonly Retraced[];
  /** the same steps of the interpreter, for a picture */
  trace: readonly TraceStep[];
  /** what broke first in each of the two; undefined when nothing did */
  model: Finding | undefined;
  actors: Finding | undefined;
  /** why real actors cannot show this promise broken; undefined when they can */
  unjudged: string | undefined;
  /** where the two were in different states, in words */
  difference: string | undefined;
  missing: Missing | undefined;
}

const CHANNEL = 12;
const POSTS = 2;

export function retrace(world: World, recording: Recording): Retrace {
  const rule = brokenRule(world);
  if (rule) return ruled(rule);
  return new Side(world, recording).run();
}

class Side {
  readonly #recording: Recording;
  readonly #promises: Promises;
  readonly #model: Model;
  readonly #real: RealSystem;
  readonly #steps: Retraced[] = [];
  readonly #trace: TraceStep[] = [];
  #inModel: Finding | undefined;
  #inActors: Finding | undefined;
  #difference: string | undefined;

  constructor(world: World, recording: Recording) {
    this.#recording = recording;
    this.#promises = recording.promises ?? {};
    const { delivery, posts = POSTS, inFlight = POSTS, channel = CHANNEL } = recording;
    this.#model = new Model(deliveryOf(world, { delivery, posts, inFlight, channel }));
    const { steps = {} } = this.#promises;
    this.#model.delivery.stepper.promises = steps;
    const transport = delivery === 'rtc' ? 'process' : 'network';
    this.#real = new RealSystem(world, { transport, watched: steps });
  }

  run(): Retrace {
    this.#model.start();
    this.#inModel = this.#model.delivery.fault ?? this.#checked(this.#modelView());
    this.#look();
    const missing = this.#makeAll();
    if (!missing && !this.#inModel) this.#inModel = this.#unreached();
    this.#real.stop();
    return {
      steps: this.#steps,
      trace: this.#trace,
      model: this.#inModel,
      actors: this.#inActors,
      unjudged: unjudged(this.#inModel?.guarantee ?? this.#recording.guarantee, this.#promises),
      difference: this.#difference,
      missing,
    };
  }

  #makeAll(): Missing | undefined {
    for (const [i, move] of this.#recording.moves.entries()) {
      if (this.#inModel) return undefined;
      const { delivery, row } = this.#model;
      const open = openMoves(delivery, row);
      const found = open.get(move);
      if (found === undefined) return { number: i + 1, move, possible: [...open.keys()] };
      this.#make(move, found);
    }
    return undefined;
  }

  #make(move: string, found: number): void {
    const { delivery, row } = this.#model;
    const name = this.#model.nameOf(found);
    const step = makeMove(delivery, row, found);
    this.#trace.push(step);
    this.#inModel = delivery.fault ?? this.#checked(this.#modelView());
    if (!this.#difference) this.#follow(name);
    const actors = brief(realView(this.#real, 0));
    this.#steps.push({ move, model: step.state, actors });
  }

  /** The real actors make the same move, if they can. */
  #follow(name: string): void {
    if (!this.#real.moves(Number.POSITIVE_INFINITY).includes(name)) {
      this.#difference = `real actors cannot ${name}`;
      return;
    }
    this.#real.make(name);
    this.#look();
    if (!this.#inModel && !this.#inActors) {
      this.#difference = compareStates(this.#model, this.#real);
    }
  }

  #look(): void {
    this.#inActors ??= this.#real.judge?.fault ?? this.#checked(realView(this.#real, 0));
  }

  #modelView(): View {
    return new RowView(this.#model.delivery, this.#model.row);
  }

  #checked(view: View): Finding | undefined {
    const { always = {}, atRest = {} } = this.#promises;
    const checks = Object.entries(view.inFlight === 0 ? { ...always, ...atRest } : always);
    for (const [guarantee, check] of checks) {
      const message = check(view);
      if (message !== undefined) return { guarantee, message };
    }
    return undefined;
  }

  /** Goals are about what stays possible: asked where the trace ends, of the interpreter alone. */
  #unreached(): Finding | undefined {
    const { delivery, row } = this.#model;
    for (const [guarantee, goal] of Object.entries(this.#promises.goals ?? {})) {
      if (this.#recording.guarantee !== undefined && this.#recording.guarantee !== guarantee)
        continue;
      if (goal.from && !goal.from(this.#modelView())) continue;
      if (reaches(delivery, row, goal) !== 'no') continue;
      return { guarantee, message: `no way leads on from: ${brief(this.#modelView())}` };
    }
    return undefined;
  }
}

/** A rule that a machine breaks as it is written, before any step. */
const ruled = (rule: Finding): Retrace => ({
  steps: [],
  trace: [],
  model: { guarantee: rule.guarantee, message: rule.message },
  actors: undefined,
  unjudged: ofWriting,
  difference: undefined,
  missing: undefined,
});

const ofWriting = 'it is a rule about how a machine is written, which no run can show';

function unjudged(guarantee: string | undefined, { always, atRest, goals, steps }: Promises) {
  if (guarantee === undefined) return undefined;
  if (guarantee in { ...always, ...atRest, ...steps }) return undefined;
  if (judged.some((one) => one === guarantee)) return undefined;
  if (guarantee in { ...goals }) return 'what stays possible is searched, which no run can do';
  return ofWriting;
}
