/**
 * What XState's names are called where SCXML reads them: ids, events, delays, any text in XML. It
 * promises that two different names stay different, and that a name is the same whatever stands
 * beside it. It must never let through a sign that ends an attribute, or a dot by which one
 * state's event would be heard as that of another.
 */

import { systemEvent } from './names.ts';

// ids -------------------------------------------------------------------------------------------

/** A sign that has no place becomes its number; so does `_` before an x, lest two names meet. */
const hex = (sign: string): string => `_x${sign.codePointAt(0)?.toString(16)}_`;

const orNone = (text: string): string => text || '_x_';

/** Without dots, so that the event `done.state.a` is not the beginning of `done.state.a.b`. */
export const idOf = (id: string): string =>
  orNone(id.replace(/_(?=x)|^[^A-Za-z_]|[^A-Za-z0-9_.]/gu, hex).replaceAll('.', '-'));

export const nmtoken = (text: string): string =>
  orNone(text.replace(/_(?=x)|[^A-Za-z0-9_.:-]/gu, hex));

/** What the text adds to a state: no id of a state has a dot, none of an actor begins so. */
export const framed = (id: string): string => `${idOf(id)}.-regions`;
export const ended = (id: string): string => `${idOf(id)}.-end`;

/** Unique in the text, as an id must be. XState's own only number the actors of a state. */
export function actorOf(state: string, actor: string): string {
  const place = actor.endsWith(`.${state}`) ? actor.slice(0, -state.length - 1) : '';
  return `${idOf(state)}.${/^\d+$/.test(place) ? place : idOf(actor)}`;
}

/** An actor's name as a URI, which may hold no half of a character. */
export const uri = (src: string): string => encodeURI(src.replace(/\p{Surrogate}/gu, '\ufffd'));

// events ----------------------------------------------------------------------------------------

const word = (text: string): string => orNone(text.replace(/_(?=x)|[^A-Za-z0-9_:-]/gu, hex));

/** `*` and `a.*` are what SCXML has too; a star elsewhere is a sign like others. */
function ofAuthor(event: string): string {
  if (event === '*') return event;
  const isPattern = /^[^*]*\.\*$/.test(event);
  const words = (isPattern ? event.slice(0, -2) : event).split('.').map(word);
  return [...words, ...(isPattern ? ['*'] : [])].join('.');
}

const families: Readonly<Record<string, string>> = {
  done: 'done.invoke',
  failed: 'error.platform',
  changed: 'snapshot',
};

const doneState = 'xstate.done.state.';

const orAny = (id: string): string => (id === '*' ? id : idOf(id));

/** `owners` are the states that invoke an actor of that id; one that is spawned has none. */
export function eventOf(event: string, owners: (actor: string) => string[]): string {
  const system = systemEvent(event);
  if (!system) return ofAuthor(event);
  const { actor, word: what } = system;
  if (actor === undefined) return `done.state.${orAny(event.slice(doneState.length))}`;
  const actors = owners(actor).map((state) => actorOf(state, actor));
  const known = actors.length > 0 ? actors : [orAny(actor)];
  return known.map((one) => `${families[what] ?? what}.${one}`).join(' ');
}

// timers ----------------------------------------------------------------------------------------

/** Whose timer it is, the event at its end, and its delay as `send` takes it. */
export interface Timer {
  state: string;
  event: string;
  delay: { delay: string } | { delayexpr: string };
}

/** XState's event of a timer has the delay's name in it, or its number without a unit. */
export function timerOf(event: string, delay: string): Timer {
  const isNamed = event.startsWith(`xstate.after.${delay}.`);
  const raw = isNamed ? delay : delay.replace(/ ms$/, '');
  const state = event.slice(`xstate.after.${raw}.`.length);
  const isTime = !isNamed && /^\d+(\.\d+)?$/.test(raw);
  const name = orNone(raw.replace(/_(?=x)|[^A-Za-z0-9_]/gu, hex));
  return {
    state,
    event: `after.${name}.${idOf(state)}`,
    delay: isTime ? { delay: `${raw}ms` } : { delayexpr: raw },
  };
}

// XML -------------------------------------------------------------------------------------------

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };

const escaped = (sign: string): string => escapes[sign] ?? `&#${sign.codePointAt(0)};`;

/** Without what XML has no place for, and in one line. */
export const safe = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML cannot hold
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replace(/[&<>"\p{Cc}\u2028\u2029]/gu, escaped);

/** With a space before each; without those that have no value. */
export const attributes = (all: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(all)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${safe(value)}"`))
    .join('');

/** One line, whatever is in it. */
export const element = (name: string, about: string, content: string): string =>
  content === '' ? `<${name}${about}/>` : `<${name}${about}>${content}</${name}>`;
