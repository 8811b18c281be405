/**
 * A model as W3C SCXML 1.0: the text for tools that know statecharts and not XState. It promises
 * every state and transition once, one line each, in the order in which XState tries them, and to
 * leave and enter what XState leaves and enters. It must never let an interpreter that does not
 * know the machine's guards believe that it does.
 *
 * So the datamodel is `x-holdfast`, which only a host that provides them by name can claim: `cond`
 * and `delayexpr` are the names of a guard and of a delay, `holdfast:action` runs an action, the
 * `src` of an invoke names an actor. Ids and events are XState's as far as SCXML has room for them
 * (`a.b` becomes `a-b`, any other sign `_x2a_`); what they were is in `holdfast:id` and
 * `holdfast:event`.
 *
 * Where the two differ: a transition that does not reenter is internal, and one from a state to
 * itself then leads to what is inside it; a parallel state that XState would not leave gets a frame
 * to stay in; a timer is sent at entry and cancelled at exit; the end of the root ends the session.
 * SCXML cannot say that `a` does not hear `a.b`, that an actor's failure which nobody handles is
 * fatal, that a final state has transitions, that the root is entered without being left, or that
 * a region which is no target skips its initial actions. The overview, a composite by itself and
 * the system are pictures of machines: their text is not to be run.
 */

import type { DiagramModel, StateModel, TransitionModel } from './model.ts';
import type { ActionModel } from './names.ts';
import {
  actorOf,
  attributes,
  element,
  ended,
  eventOf,
  framed,
  idOf,
  nmtoken,
  safe,
  type Timer,
  timerOf,
  uri,
} from './scxml-names.ts';

const mark = '<!-- Drawn from the machine by holdfast diagram. -->';

const namespaces = 'xmlns="http://www.w3.org/2005/07/scxml" xmlns:holdfast="urn:holdfast"';

export function toScxml(model: DiagramModel): string {
  const [root] = model.states;
  if (!root) throw new Error('a model has at least its root state');
  const page = new Page(model, root);
  const about = attributes({
    version: '1.0',
    name: nmtoken(model.id),
    datamodel: 'x-holdfast',
    initial: idOf(root.id),
    'holdfast:name': nmtoken(model.id) === model.id ? undefined : model.id,
  });
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    mark,
    `<scxml ${namespaces}${about}>`,
    ...indented(page.state(root)),
    ...(page.ends(root) ? indented([endOf(root)]) : []),
    '</scxml>',
  ];
  return `${lines.join('\n')}\n`;
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

const endOf = ({ id }: StateModel): string => element('final', attributes({ id: ended(id) }), '');

class Page {
  readonly #root: StateModel;
  readonly #states: ReadonlyMap<string, StateModel>;
  readonly #children: ReadonlyMap<string, StateModel[]>;
  readonly #own: ReadonlyMap<string, TransitionModel[]>;
  /** parallel states that XState stays in while it leaves their regions */
  readonly #framed: ReadonlySet<StateModel>;

  constructor({ states, transitions }: DiagramModel, root: StateModel) {
    this.#root = root;
    this.#states = new Map(states.map((state) => [state.id, state]));
    this.#children = new Map(
      states.map(({ id }) => [id, states.filter(({ parent }) => parent === id)]),
    );
    this.#own = new Map(
      states.map(({ id }) => [id, transitions.filter(({ source }) => source === id)]),
    );
    const stays = transitions.flatMap((t) => [this.#domainOf(t), ...this.#recalledIn(t)]);
    this.#framed = new Set(stays.flatMap((state) => (state?.type === 'parallel' ? [state] : [])));
  }

  // states --------------------------------------------------------------------------------------

  state(state: StateModel): string[] {
    const name = this.#elementOf(state);
    const body = name === 'history' ? [this.#otherwise(state)] : this.#bodyOf(state);
    return [
      `<${name}${this.#attributesOf(state, name)}>`,
      ...indented([...aboutOf(state), ...body]),
      `</${name}>`,
    ];
  }

  #elementOf(state: StateModel): 'state' | 'parallel' | 'final' | 'history' {
    const { type } = state;
    if (type === 'history' || (type === 'parallel' && !this.#framed.has(state))) return type;
    return type === 'final' && this.#isPlain(state) ? type : 'state';
  }

  /** A final state as SCXML has it: of a compound state, with nothing in it and no way out. */
  #isPlain({ id, parent, invokes }: StateModel): boolean {
    if (this.#states.get(parent ?? '')?.type === 'parallel') return false;
    return [invokes, this.#ownOf(id), this.#inside(id)].every(({ length }) => length === 0);
  }

  /** A final state that is a region: in SCXML only a composite can be one, and end. */
  #isRegion({ id, type, parent }: StateModel): boolean {
    if (type !== 'final' || this.#inside(id).length > 0) return false;
    return this.#states.get(parent ?? '')?.type === 'parallel';
  }

  #attributesOf(state: StateModel, name: string): string {
    const { id, key, parent, history, inside, outside } = state;
    const usual = parent === undefined ? key : `${parent}.${key}`;
    return attributes({
      id: idOf(id),
      initial: name === 'state' ? this.#initialOf(state) : undefined,
      type: history,
      'holdfast:id': id,
      'holdfast:key': id === usual ? undefined : key,
      'holdfast:type': state.type === 'final' && name !== 'final' ? 'final' : undefined,
      'holdfast:inside': inside === undefined ? undefined : `${inside}`,
      'holdfast:outside': outside ? 'true' : undefined,
    });
  }

  /** Where an attribute can say it: a start that does something has a line. */
  #initialOf(state: StateModel): string | undefined {
    const { id, initial, initialActions } = state;
    if (this.#framed.has(state)) return framed(id);
    if (this.#isRegion(state)) return ended(id);
    return initial === undefined || initialActions ? undefined : idOf(initial);
  }

  #bodyOf(state: StateModel): string[] {
    const { id, entry, exit, invokes } = state;
    const timers = this.#timersOf(state);
    return [
      ...startOf(state),
      ...entry.map((action) => element('onentry', '', elements([action]))),
      ...timers.map((timer) => element('onentry', '', send(timer))),
      ...exit.map((action) => element('onexit', '', elements([action]))),
      ...timers.map(({ event }) => element('onexit', '', `<cancel sendid="${event}"/>`)),
      ...invokes.map((invoke) => invokeOf(id, invoke.id, invoke.src)),
      ...(state === this.#root && this.ends(state) ? [lastOf(state)] : []),
      ...inPriority(this.#ownOf(id)).map((t) => this.#transition(t)),
      ...this.#insideOf(state),
    ];
  }

  /** What a frame holds; a memory of its regions stands beside them, as it outlives them. */
  #insideOf(state: StateModel): string[] {
    const inside = this.#inside(state.id);
    if (this.#isRegion(state)) return [endOf(state)];
    if (!this.#framed.has(state)) return inside.flatMap((child) => this.state(child));
    const regions = inside.filter(({ type }) => type !== 'history');
    return [
      ...inside.filter((child) => !regions.includes(child)).flatMap((child) => this.state(child)),
      `<parallel id="${framed(state.id)}">`,
      ...indented(regions.flatMap((child) => this.state(child))),
      '</parallel>',
    ];
  }

  /** Where a history state leads without a memory: as its parent starts, if it does not say. */
  #otherwise({ initial, parent = '' }: StateModel): string {
    const above = this.#states.get(parent);
    const regions = this.#inside(parent).filter(({ type }) => type !== 'history');
    const start = above?.initial === undefined ? regions.map(({ id }) => id) : [above.initial];
    const [targets, actions] = initial === undefined ? [start, above?.initialActions] : [[initial]];
    const about = attributes({ target: targets.map(idOf).join(' ') });
    return element('transition', about, elements(actions));
  }

  #timersOf({ id }: StateModel): Timer[] {
    const all = this.#ownOf(id).flatMap(({ event, delay }) =>
      delay === undefined ? [] : timerOf(event, delay),
    );
    // a closed composite has the transitions of timers that are set inside it
    const own = all.filter(({ state }) => state === id);
    return [...new Map(own.map((timer) => [timer.event, timer])).values()];
  }

  /** Whether all comes to its end with this state. */
  ends({ id, type }: StateModel): boolean {
    const inside = this.#inside(id).filter((child) => child.type !== 'history');
    if (type === 'compound') return inside.some((child) => child.type === 'final');
    if (type !== 'parallel' || inside.length === 0) return false;
    return inside.every((child) => child.type === 'final' || this.ends(child));
  }

  // transitions ---------------------------------------------------------------------------------

  #transition(t: TransitionModel): string {
    const event = this.#eventOf(t);
    const { isInternal, targets } = this.#way(t);
    const [target, wanted] = [targets.join(' '), t.targets.map(idOf).join(' ')];
    const about = attributes({
      event,
      cond: t.guard,
      type: isInternal ? 'internal' : undefined,
      target: target || undefined,
      'holdfast:event': (event ?? '') === t.event ? undefined : t.event,
      'holdfast:target': target === wanted ? undefined : wanted,
      'holdfast:plumbing': t.plumbing ? 'true' : undefined,
      'holdfast:description': t.description,
    });
    return element('transition', about, elements(t.actions));
  }

  #eventOf({ event, delay, source }: TransitionModel): string | undefined {
    if (event === '') return undefined;
    if (delay !== undefined) return timerOf(event, delay).event;
    return eventOf(event, (actor) => {
      const all = [...this.#states.values()].filter(({ invokes }) =>
        invokes.some(({ id }) => id === actor),
      );
      const own = all.filter(({ id }) => id === source);
      return (own.length > 0 ? own : all).map(({ id }) => id);
    });
  }

  /** To where, so that SCXML leaves and enters the same. */
  #way(t: TransitionModel): { isInternal: boolean; targets: string[] } {
    const source = this.#states.get(t.source);
    if (t.reenter || source === undefined || this.#domainOf(t) !== source) {
      const isInternal = !t.reenter && this.#recalledIn(t).length > 0;
      return { isInternal, targets: t.targets.map(idOf) };
    }
    const start = source.type === 'compound' && source.initial ? [idOf(source.initial)] : [];
    const inner = this.#framed.has(source) ? [framed(source.id)] : start;
    const targets = t.targets.flatMap((id) => (id === source.id ? inner : [idOf(id)]));
    return { isInternal: targets.length > 0, targets };
  }

  /** The state within which XState moves, and which it does not leave. */
  #domainOf({ source, targets, reenter }: TransitionModel): StateModel | undefined {
    const ways = targets.map((id) => this.#above(id));
    if (ways.length === 0) return undefined;
    const isInside = ways.every((way, i) => targets[i] === source || way.includes(source));
    if (isInside && !reenter) return this.#states.get(source);
    const common = this.#above(source).find((id) => ways.every((way) => way.includes(id)));
    return common === undefined ? undefined : this.#states.get(common);
  }

  /** Where a deep memory may lead back to: composites of which it is not known beforehand. */
  #recalledIn({ source, targets }: TransitionModel): StateModel[] {
    const from = [source, ...this.#above(source)];
    const ends = targets.flatMap((id) => {
      const { history, parent } = this.#states.get(id) ?? {};
      return history === 'deep' && parent !== undefined ? [from.indexOf(parent)] : [];
    });
    return from.slice(0, Math.max(0, ...ends)).flatMap((id) => this.#states.get(id) ?? []);
  }

  /** Everything that a state stands in, from the inside out. */
  #above(id: string): string[] {
    const parent = this.#states.get(id)?.parent;
    return parent === undefined ? [] : [parent, ...this.#above(parent)];
  }

  #inside(id: string): StateModel[] {
    return this.#children.get(id) ?? [];
  }

  #ownOf(id: string): TransitionModel[] {
    return this.#own.get(id) ?? [];
  }
}

/** As XState tries them: names, then patterns, the longest first. SCXML goes by the order alone. */
function inPriority(own: readonly TransitionModel[]): TransitionModel[] {
  const rank = ({ event }: TransitionModel): number => {
    if (event === '*' || event.endsWith('.*')) return 2;
    return own.some((other) => other.event.startsWith(`${event}.`)) ? 1 : 0;
  };
  return [...own].sort((a, b) => {
    const byRank = rank(a) - rank(b);
    return byRank || (rank(a) === 0 ? 0 : b.event.length - a.event.length);
  });
}

// lines -----------------------------------------------------------------------------------------

const aboutOf = ({ description, tags }: StateModel): string[] => [
  ...(description ? [element('holdfast:description', '', safe(description))] : []),
  ...tags.map((name) => element('holdfast:tag', attributes({ name }), '')),
];

const elements = (actions: readonly ActionModel[] = []): string =>
  actions
    .map(({ name, kind }) => attributes({ name, kind: kind === 'custom' ? undefined : kind }))
    .map((about) => element('holdfast:action', about, ''))
    .join('');

function startOf({ initial, initialActions }: StateModel): string[] {
  if (initial === undefined || !initialActions) return [];
  const about = attributes({ target: idOf(initial) });
  return [element('initial', '', element('transition', about, elements(initialActions)))];
}

/** The end of the root is the end of all. */
function lastOf({ id }: StateModel): string {
  const about = { event: `done.state.${idOf(id)}`, target: ended(id) };
  return element('transition', attributes(about), '');
}

const send = ({ event, delay }: Timer): string =>
  element('send', attributes({ event, id: event, ...delay }), '');

function invokeOf(state: string, id: string, src: string): string {
  const about = attributes({
    type: 'urn:holdfast',
    id: actorOf(state, id),
    src: uri(src),
    'holdfast:id': id,
    'holdfast:src': uri(src) === src ? undefined : src,
  });
  return element('invoke', about, '');
}
