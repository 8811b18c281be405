/**
 * What the W3C recommendation lets stand where, as far as our texts use it: the content of each
 * element, the type of each attribute, and the rules that its schema leaves to prose.
 */
import { parse, type XmlElement } from './read-scxml.ts';

const scxml = 'http://www.w3.org/2005/07/scxml';

const name = /^[A-Za-z_][\w.-]*$/;
const descriptor = String.raw`[\w:-]+(\.[\w:-]+)*(\.\*)?`;

const types = {
  id: name,
  idref: name,
  idrefs: /^[A-Za-z_][\w.-]*( [A-Za-z_][\w.-]*)*$/,
  nmtoken: /^[\w.:-]+$/,
  events: new RegExp(`^(\\*|${descriptor}( ${descriptor})*)$`),
  event: /^[\w:-]+(\.[\w:-]+)*$/,
  text: /\S/,
  time: /^\d+(\.\d+)?(ms|s)$/,
  uri: /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/,
  version: /^1\.0$/,
  inner: /^(internal|external)$/,
  memory: /^(shallow|deep)$/,
};

interface Rule {
  attributes: Record<string, keyof typeof types>;
  children: string[];
}

const acts = ['send', 'cancel'];
const inState = ['onentry', 'onexit', 'transition', 'state', 'parallel', 'history', 'invoke'];

const rules: Record<string, Rule> = {
  scxml: {
    attributes: { version: 'version', name: 'nmtoken', datamodel: 'nmtoken', initial: 'idrefs' },
    children: ['state', 'parallel', 'final'],
  },
  state: {
    attributes: { id: 'id', initial: 'idrefs' },
    children: [...inState, 'initial', 'final'],
  },
  parallel: { attributes: { id: 'id' }, children: inState },
  final: { attributes: { id: 'id' }, children: ['onentry', 'onexit'] },
  history: { attributes: { id: 'id', type: 'memory' }, children: ['transition'] },
  initial: { attributes: {}, children: ['transition'] },
  onentry: { attributes: {}, children: acts },
  onexit: { attributes: {}, children: acts },
  transition: {
    attributes: { event: 'events', cond: 'text', target: 'idrefs', type: 'inner' },
    children: acts,
  },
  send: {
    attributes: { id: 'id', event: 'event', delay: 'time', delayexpr: 'text' },
    children: [],
  },
  cancel: { attributes: { sendid: 'idref' }, children: [] },
  invoke: { attributes: { id: 'id', type: 'uri', src: 'uri' }, children: [] },
};

/** What is wrong with a text, a line each. */
export function faultsIn(text: string): string[] {
  const top = parse(text);
  const all = [top, ...top.querySelectorAll('*')].filter((one) => one.namespaceURI === scxml);
  const ids = all.flatMap((one) => one.getAttribute('id') ?? []);
  const known = new Set(ids);
  return [
    ...(top.tagName === 'scxml' && top.getAttribute('version') ? [] : ['no scxml 1.0']),
    ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${id} is there twice`),
    ...all.flatMap((one) => [
      ...wrongShape(one).map((fault) => `<${one.tagName}> ${fault}`),
      ...refs(one)
        .filter((id) => !known.has(id))
        .map((id) => `nothing is called ${id}`),
      ...wrongPlace(one),
    ]),
  ];
}

function wrongShape(element: XmlElement): string[] {
  const rule = rules[element.tagName];
  if (!rule) return ['is no element of SCXML'];
  const attributes = [...element.attributes].filter((one) => !/^(holdfast:|xmlns)/.test(one.name));
  const children = [...element.children].filter((one) => one.namespaceURI === scxml);
  return [
    ...attributes.flatMap(({ name, value }) => {
      const type = rule.attributes[name];
      if (!type) return [`has no attribute ${name}`];
      return types[type].test(value) ? [] : [`has ${name}="${value}", which is no ${type}`];
    }),
    ...children
      .filter(({ tagName }) => !rule.children.includes(tagName))
      .map(({ tagName }) => `has no place for <${tagName}>`),
  ];
}

const words = (element: XmlElement, name: string): string[] =>
  (element.getAttribute(name) ?? '').split(' ').filter(Boolean);

const refs = (element: XmlElement): string[] =>
  ['initial', 'target', 'sendid'].flatMap((name) => words(element, name));

/** The rules that are prose. */
function wrongPlace(element: XmlElement): string[] {
  const { tagName, parentElement: parent } = element;
  const children = [...element.children].map((one) => one.tagName);
  const isFirst = tagName === 'transition' && /^(initial|history)$/.test(parent?.tagName ?? '');
  const has = (name: string) => element.getAttribute(name) !== null;
  const states = children.filter((one) => /^(state|parallel|final)$/.test(one));
  return [
    ...(/^(initial|history)$/.test(tagName) &&
    children.filter((c) => c === 'transition').length !== 1
      ? [`<${tagName}> needs one transition`]
      : []),
    ...(isFirst && (has('event') || has('cond') || !has('target'))
      ? [`what <${parent?.tagName}> leads to needs a target alone`]
      : []),
    ...(tagName === 'transition' && !has('event') && !has('cond') && !has('target')
      ? ['a transition without event, condition or target']
      : []),
    ...(tagName === 'state' && has('initial') && (children.includes('initial') || !states.length)
      ? ['an initial state too many']
      : []),
    ...(tagName === 'state' || isFirst ? strays(element, isFirst ? 'target' : 'initial') : []),
    ...(tagName === 'send' && has('delay') === has('delayexpr') ? ['one delay is needed'] : []),
  ];
}

/** A start, and what a memory leads to at first, are inside the state whose start it is. */
function strays(element: XmlElement, attribute: string): string[] {
  const home = attribute === 'target' ? element.parentElement?.parentElement : element;
  return words(element, attribute)
    .filter((id) => !home?.querySelector(`[id="${id}"]`))
    .map((id) => `${id} is not inside`);
}
