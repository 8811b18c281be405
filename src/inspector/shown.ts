/**
 * What of a value may be seen: what its name was let through for, and nothing else. It promises a
 * plain, bounded copy that JSON can hold, with secrets taken out of the texts that are let through.
 * It must never call a function of the value's, throw, or keep a reference to it.
 */
import { redactor } from '../redact.ts';
import { shipped } from './shipped.ts';

/** Plain JSON; how many fields are hidden stands under `«redacted»`. */
export type Shown = null | boolean | number | string | Shown[] | { [name: string]: Shown };

/**
 * Names that may be seen, of one machine. A name counts at any depth; `policy.*` lets through all
 * that is below it, `*` lets through everything.
 */
export interface Allow {
  context?: readonly string[];
  /** of the fields of events that the machine is sent, and of those it sends to leaves */
  events?: readonly string[];
}

const bounds = { depth: 6, entries: 50, text: 200 };
const clean = redactor();

/** What a machine may show: of its context, and of its events. */
export class Sight {
  readonly #names: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  /** Of an object the fields that may be seen, and how many there are that may not. */
  of(value: object): { [name: string]: Shown } {
    return this.#fields(value, bounds.depth, false);
  }

  #fields(value: object, depth: number, isAbove: boolean): { [name: string]: Shown } {
    const seen: { [name: string]: Shown } = {};
    let unseen = 0;
    for (const [name, field] of fieldsOf(value)) {
      const isOpen = isAbove || this.#names.has('*') || this.#names.has(`${name}.*`);
      if (isOpen || this.#names.has(name)) seen[name] = this.#plain(field, depth, isOpen);
      else unseen += 1;
    }
    // a name can be a secret too: that of a session, say
    if (unseen > 0) seen['«redacted»'] = unseen;
    return seen;
  }

  #plain(value: unknown, depth: number, isOpen: boolean): Shown {
    if (typeof value === 'string') return shownText(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'boolean' || value === null) return value;
    if (typeof value !== 'object' || depth === 0) return `«${typeof value}»`;
    if (!Array.isArray(value)) return this.#fields(value, depth - 1, isOpen);
    const items: unknown[] = value.slice(0, bounds.entries);
    return items.map((item) => this.#plain(item, depth - 1, isOpen));
  }
}

/** Data properties only: a getter is the author's code. */
function fieldsOf(value: object): [string, unknown][] {
  const found: [string, unknown][] = [];
  try {
    for (const name of Object.keys(value).slice(0, bounds.entries)) {
      const property = Object.getOwnPropertyDescriptor(value, name);
      if (property !== undefined && 'value' in property) found.push([name, property.value]);
    }
  } catch {
    // a proxy that will not be looked at has nothing to show
  }
  return found;
}

/** Cut before it is cleaned: what a cut leaves of a secret goes with it. */
export const shownText = (text: string): string =>
  text.length > bounds.text ? `${clean(text.slice(0, bounds.text), true)}…` : clean(text);

/** Of an error its class and its code, if that is one. */
export function shownError(error: unknown): Shown {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = fieldsOf(error).find(([name]) => name === 'code')?.[1];
  const name = /^[A-Z]\w{0,60}$/.test(error.constructor.name) ? error.constructor.name : 'Error';
  return { name, ...(typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) && { code }) };
}

/**
 * The machines that ship hold numbers and words of closed lists alone; frames, texts, addresses
 * and credentials never pass through them. A test fails where one gains a field that is not here.
 */
const events = [
  ...['gen', 'order', 'report', 'type', 'cause', 'floorMs', 'why', 'class', 'fatal', 'idleMs'],
  ...['silenceMs', 'heard', 'expected', 'by', 'settleMs', 'later', 'withinMs', 'slot'],
];
const context = [
  ...['gen', 'gens.*', 'policy.*', 'service.*', 'link.*', 'luck', 'settleMs', 'class'],
  ...['charged', 'stillborn', 'repaired', 'tries', 'waitMs', 'failures', 'cause', 'floorMs'],
  ...['returningMs', 'attempt', 'silenceMs', 'greeted', 'dueMs', 'missed', 'heard'],
  ...['asked', 'served', 'begun', 'applied', 'dropped', 'refused', 'doubted', 'mild'],
];

/** By the definition itself: a machine of somebody else's may have the same name. */
const ourOwn: ReadonlySet<unknown> = new Set(shipped.map(({ config }) => config));

export interface Sights {
  context: Sight;
  events: Sight;
}

/** `allow` is by the id of a machine; `*` counts for each of them. */
export function sightsOf(
  { id, config }: { id: string; config: unknown },
  allow: Readonly<Record<string, Allow>>,
): Sights {
  const own = [allow['*'], Object.hasOwn(allow, id) ? allow[id] : undefined];
  const ours: Allow[] = ourOwn.has(config) ? [{ context, events }] : [];
  const all = [...own, ...ours];
  return {
    context: new Sight(all.flatMap((one) => one?.context ?? [])),
    events: new Sight(all.flatMap((one) => one?.events ?? [])),
  };
}
