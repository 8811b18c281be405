/**
 * Any statechart that XState takes, but for the corners in which SCXML has no word for what it
 * does: each is left out where it stands below, and named at the head of src/diagram/scxml.ts.
 */
import fc from 'fast-check';
import { type AnyStateMachine, createMachine } from 'xstate';

type Config = Parameters<typeof createMachine>[0];

/** A state before it has a place: numbers are drawn from what there turns out to be. */
interface Sketch {
  parent: number;
  leaf: 'atomic' | 'final' | 'shallow' | 'deep';
  isParallel: boolean;
  start: number;
  acts: boolean;
  wires: Wire[];
}

interface Wire {
  trigger: 'a' | 'b' | 'always' | 'onDone';
  target: number | undefined;
  guard: 'g' | 'h' | undefined;
  reenter: boolean;
}

const wire: fc.Arbitrary<Wire> = fc.record({
  trigger: fc.constantFrom('a', 'a', 'b', 'always', 'onDone'),
  target: fc.option(fc.nat(999), { nil: undefined, freq: 6 }),
  guard: fc.constantFrom('g', 'h', undefined),
  reenter: fc.boolean(),
});

const sketch: fc.Arbitrary<Sketch> = fc.record({
  parent: fc.nat(999),
  leaf: fc.constantFrom('atomic', 'atomic', 'atomic', 'final', 'shallow', 'deep'),
  isParallel: fc.boolean(),
  start: fc.nat(999),
  acts: fc.boolean(),
  wires: fc.array(wire, { maxLength: 3 }),
});

export const anyChart: fc.Arbitrary<AnyStateMachine> = fc
  .array(sketch, { minLength: 2, maxLength: 14 })
  .map((sketches) => new Chart(sketches).machine());

/** What such a chart hears; the number is that of the parallel states around who hears it. */
export const anyEvent = fc.constantFrom('a0', 'a0', 'b0', 'a1', 'a1', 'b1', 'a2', 'b2');

class Place {
  readonly id: string;
  readonly sketch: Sketch;
  readonly parent: Place | undefined;
  readonly inside: Place[] = [];

  constructor(id: string, sketch: Sketch, parent?: Place) {
    this.id = id;
    this.sketch = sketch;
    this.parent = parent;
    parent?.inside.push(this);
  }

  /** A composite has at least one state that is no memory; its first is one. */
  get isPast(): boolean {
    const isFirst = this.parent?.inside[0] === this;
    const { leaf } = this.sketch;
    return this.inside.length === 0 && !isFirst && (leaf === 'shallow' || leaf === 'deep');
  }

  get isFinal(): boolean {
    return this.inside.length === 0 && this.sketch.leaf === 'final' && this.parent !== undefined;
  }

  /** In SCXML, the end of a parallel state right inside another does not end that one. */
  get isParallel(): boolean {
    return this.inside.length > 0 && this.sketch.isParallel && !this.parent?.isParallel;
  }

  get states(): Place[] {
    return this.inside.filter(({ isPast }) => !isPast);
  }

  get above(): Place[] {
    return this.parent ? [this.parent, ...this.parent.above] : [];
  }
}

class Chart {
  readonly #places: Place[] = [];

  constructor(sketches: readonly Sketch[]) {
    for (const [i, one] of sketches.entries()) {
      this.#places.push(new Place(`s${i}`, one, this.#places[one.parent % Math.max(1, i)]));
    }
  }

  machine(): AnyStateMachine {
    const [top] = this.#places;
    if (!top) throw new Error('a chart has a root');
    return createMachine(this.#config(top) as Config);
  }

  #config(place: Place): object {
    const { id, sketch, states, isParallel } = place;
    if (place.isPast) return { id, type: 'history', history: sketch.leaf };
    const acts = { entry: `+${id}`, exit: `-${id}` };
    if (place.isFinal) return { id, ...acts, type: 'final' };
    const own = { id, ...acts, ...this.#wiresOf(place) };
    if (states.length === 0) return own;
    const inner = place.inside.map((one): [string, object] => [one.id, this.#config(one)]);
    const all = { ...own, states: Object.fromEntries(inner) };
    return isParallel ? { ...all, type: 'parallel' } : { ...all, initial: this.#start(place) };
  }

  /** XState skips what a start does where a memory or another region is what leads there. */
  #start({ id, sketch, states, above }: Place): string | object {
    const target = states[sketch.start % states.length]?.id;
    const isSure =
      !above.some((one) => one.isParallel) && !this.#places.some(({ isPast }) => isPast);
    return sketch.acts && isSure ? { target, actions: `>${id}` } : `${target}`;
  }

  #wiresOf(place: Place): object {
    const on: Record<string, object[]> = {};
    const [always, onDone]: object[][] = [[], []];
    // what both a region and the parallel state hear, SCXML would let both take
    const depth = place.above.filter(({ isParallel }) => isParallel).length;
    for (const [i, one] of place.sketch.wires.entries()) {
      const way = this.#way(place, one, `${place.id}:${i}`);
      if (!way) continue;
      if (one.trigger === 'always') {
        if (one.guard && 'target' in way) always?.push(way);
      } else if (one.trigger === 'onDone') {
        // XState forgets what it has raised when it ends, and a root never hears its own
        const isNearEnd = !place.parent || (!place.parent.parent && place.parent.isParallel);
        if (!isNearEnd) onDone?.push(way);
      } else {
        const event = `${one.trigger}${depth}`;
        on[event] = [...(on[event] ?? []), way];
      }
    }
    return { on, always, onDone };
  }

  #way(place: Place, { target, guard, reenter }: Wire, actions: string): object | undefined {
    const others = this.#places.slice(1);
    const to = target === undefined ? undefined : others[target % others.length];
    if (!to) return { guard, actions };
    const way = { guard, actions, reenter, target: `#${to.id}` };
    if (!to.isPast || !to.parent || ![place, ...place.above].includes(to.parent)) return way;
    // a memory of the very state that is left
    if (to.parent.isParallel) return undefined;
    const isLeft = place.parent === to.parent || place.states.length === 0;
    return { ...way, reenter: reenter || isLeft };
  }
}
